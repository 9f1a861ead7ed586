"""What scenes read of a simulated cluster: tapes, flights, producers, members, lag, the ledger."""

from __future__ import annotations

from itertools import pairwise

import pytest

from mqviz import facts
from mqviz.facts.views import Cell, Flight, Ledger
from tests.sim.kafka.worlds import MS, S, run
from tests.sim.worlds import Run

TOPIC = "create topic t partitions=3 replication_factor=3"
READER = "group=g topic=t auto_offset_reset=earliest"


def slow(*more: str) -> Run:
    """A cluster with 200 ms of link latency and one silent producer."""
    return run(TOPIC, "add producer p topic=t rate=0/s linger=0s", *more, latency_us=200 * MS).to(20 * S)


def test_topics_and_a_tape_with_its_marks() -> None:
    watched = slow().do("send record p key=alice", "send record p key=bob").to(24 * S)
    assert [(t.name, t.partitions, t.replication_factor) for t in facts.topics(watched.state)] == [
        ("t", 3, 3)
    ]
    tape = facts.tape(watched.state, "t", 0, 5)
    assert (tape.partition_leader, tape.log_start, tape.log_end, tape.high_watermark) == (1, 0, 2, 2)
    assert tape.cells == (
        Cell(0, "alice", True, "p", 20_200_200),
        Cell(1, "bob", True, "p", tape.cells[1].appended_at_us),
    )
    assert [cell.offset for cell in facts.tape(watched.state, "t", 0, 1).cells] == [1]
    assert facts.tape(watched.state, "t", 1, 5).cells == ()


def test_a_flight_to_the_leader_and_one_to_the_reader() -> None:
    watched = slow(f"add consumer c1 {READER} processing=1ms")
    while facts.flights(watched.state):
        watched.to(watched.backend.now_us + MS)
    start = watched.backend.now_us
    watched.do("send record p key=alice").to(start + MS)
    assert facts.flights(watched.state) == (
        Flight("produce", "t", 0, "p", ("alice",), None, start, start + 200 * MS),
    )
    assert facts.producers(watched.state)[0].in_flight == 1
    found: tuple[Flight, ...] = ()
    while not found or found[0].kind != "deliver":
        watched.to(watched.backend.now_us + MS)
        found = facts.flights(watched.state)
    assert (found[0].client, found[0].first_offset, found[0].keys) == ("c1", 0, ("alice",))
    assert found[0].arrives_at_us - found[0].sent_at_us == 200 * MS
    watched.do("kill consumer c1").to(watched.backend.now_us + 1)
    assert facts.flights(watched.state) == ()


def test_a_batch_in_flight_shows_all_its_keys() -> None:
    watched = run(TOPIC, "add producer p topic=t rate=0/s linger=5ms", latency_us=200 * MS).to(S)
    watched.do("send record p key=alice", "send record p key=bob", "send record p key=dave").to(S + 6 * MS)
    assert [(flight.partition, flight.keys) for flight in facts.flights(watched.state)] == [
        (0, ("alice", "bob")),
        (1, ("dave",)),
    ]


def test_what_a_producer_is_and_did() -> None:
    watched = run(TOPIC, "add producer p topic=t rate=5/s acks=1 partitioner=librdkafka keys=a").to(2 * S)
    reading = facts.producers(watched.state)[0]
    assert (reading.name, reading.topic, reading.acks, reading.partitioner) == ("p", "t", "1", "librdkafka")
    assert (reading.state, reading.rate_per_s, reading.sent, reading.acknowledged) == ("running", 5, 10, 10)
    watched.do("close producer p").to(3 * S)
    assert facts.producers(watched.state) == ()


def test_what_a_member_has_in_hand() -> None:
    watched = run(TOPIC, "add producer p topic=t rate=0/s", f"add consumer c1 {READER} processing=400ms").to(
        S
    )
    watched.do("send record p key=alice count=3").to(S + 700 * MS)
    member = facts.members(watched.state, "g")[0]
    assert (member.state, member.processed, member.fetched) == ("working", 1, 0)
    hand = member.in_hand
    assert hand is not None
    assert (hand.topic, hand.partition, hand.offset, hand.key) == ("t", 0, 1, "alice")
    assert hand.ends_at_us == hand.started_at_us + 400 * MS
    assert hand.started_at_us <= S + 700 * MS < hand.ends_at_us  # type: ignore[operator]


def test_lag_has_samples_and_a_trend() -> None:
    watched = run(
        TOPIC, "add producer p topic=t rate=10/s keys=alice", f"add consumer c1 {READER} processing=400ms"
    ).to(20 * S)
    lag = facts.partition_lag(watched.state, "g", "t", 0)
    assert isinstance(lag.value, int)
    assert lag.trend == "up"
    assert len(lag.samples) <= 32
    assert lag.samples[-1] == (watched.state.now_us, lag.value)
    times = [at_us for at_us, _ in lag.samples]
    assert {later - earlier for earlier, later in pairwise(times[:-1])} == {500 * MS}
    watched.do("set producer p rate=0/s", "set consumer c1 processing=10ms").to(40 * S)
    after = facts.group_lag(watched.state, "g")
    assert (after.value, after.known, after.total) == (0, 3, 3)


def test_the_ledger_adds_up_and_says_where_everything_is() -> None:
    watched = run(
        "create topic t partitions=1 replication_factor=3",
        "add producer p topic=t rate=0/s linger=0s",
        f"add consumer c1 {READER} processing=1s max_poll_records=2",
        latency_us=100 * MS,
    ).to(10 * S)
    watched.do("send record p key=a count=5").to(13 * S).do("send record p key=a count=2").to(13_150 * MS)
    watched.do("send record p key=a").to(13_160 * MS)
    ledger = facts.ledger(watched.state, "g")
    assert isinstance(ledger, Ledger)
    assert (ledger.sent, ledger.done, ledger.in_hand, ledger.waiting) == (8, 2, 2, 1)
    assert (ledger.not_readable, ledger.in_flight, ledger.lost, ledger.twice) == (2, 1, 0, 0)
    watched.do("pause producer p").to(60 * S)
    ledger = facts.ledger(watched.state, "g")
    assert (ledger.sent, ledger.done) == (8, 8)


def test_lost_are_records_that_died_in_a_producer() -> None:
    watched = run(
        TOPIC, "add producer p topic=t rate=0/s linger=9s", f"add consumer c1 {READER} processing=1ms"
    ).to(S)
    watched.do("send record p key=alice count=2").to(2 * S).do("kill producer p").to(5 * S)
    ledger = facts.ledger(watched.state, "g")
    assert (ledger.sent, ledger.lost, ledger.done) == (2, 2, 0)


def test_groups_and_named_facts() -> None:
    watched = run(TOPIC, f"add consumer c1 {READER}").to(1)
    group = facts.groups(watched.state)[0]
    assert (group.name, group.kind, group.state, group.generation, group.members) == (
        "g",
        "classic",
        "Empty",
        0,
        0,
    )
    watched.to(2 * S)
    group = facts.groups(watched.state)[0]
    assert (group.state, group.assignor, group.topics, group.members) == ("Stable", "range", ("t",), 1)
    assert facts.generation(watched.state, "g") == 1
    assert facts.owned_partitions(watched.state, "g", "c1") == 3
    assert facts.members(watched.state, "nobody") == ()
    with pytest.raises(KeyError):
        facts.tape(watched.state, "nothing", 0, 1)


def test_r86_lost_to_a_group_is_what_it_committed_before_a_crash_and_never_did() -> None:
    watched = run(
        TOPIC,
        "add producer p topic=t rate=0/s linger=0s",
        f"add consumer c1 {READER} commit=before processing=1s max_poll_records=4",
    ).to(10 * S)
    watched.do("send record p key=alice count=6").to(12_500 * MS)
    ledger = facts.ledger(watched.state, "g")
    assert isinstance(ledger, Ledger)
    assert (ledger.done, ledger.in_hand, ledger.waiting, ledger.lost) == (2, 2, 2, 0)
    watched.do("kill consumer c1", f"add consumer c2 {READER} commit=before processing=1ms").to(90 * S)
    ledger = facts.ledger(watched.state, "g")
    assert isinstance(ledger, Ledger)
    assert (ledger.sent, ledger.done, ledger.in_hand, ledger.lost, ledger.twice) == (6, 4, 0, 2, 0)
    exposures = [e for p in range(3) for e in facts.exposures(watched.state, "t", p)]
    assert sum(each.did.lost for each in exposures) == 2


def test_r88_what_an_administrator_passes_over_is_not_lost() -> None:
    watched = run(
        TOPIC, "add producer p topic=t rate=0/s linger=0s", f"add consumer c1 {READER} processing=1ms"
    )
    watched.to(10 * S).do("send record p key=alice count=6").to(12 * S).do("close consumer c1").to(14 * S)
    watched.do("send record p key=alice count=3").to(16 * S)
    watched.do("reset group g to=latest").to(17 * S)
    ledger = facts.ledger(watched.state, "g")
    assert isinstance(ledger, Ledger)
    assert (ledger.sent, ledger.done, ledger.lost) == (9, 9, 0)
