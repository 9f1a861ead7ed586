"""The outcome table (R33), row by row: what becomes of one record when brokers fail at its worst moment.

Three replicas, min.insync.replicas=2. The one record is sent at AT; with a latency of 1 ms it is appended 1.2 ms later, on the
followers 2.4 ms later, its acks=1 is with the producer after 2.2 ms, its acks=all after 4.4 ms. N: not idempotent, I: idempotent.
"""

from __future__ import annotations

from typing import NamedTuple

import pytest

from mqviz import facts
from mqviz.facts.fates import Fate
from mqviz.model.kafka.clients.producer.events import BatchRetried, RecordsAcknowledged, RecordsFailed
from mqviz.model.kafka.log.events import BatchAppended, BatchRefused
from tests.sim.kafka.worlds import MS, S, of, run, times
from tests.sim.worlds import Run

TOPIC = "create topic t replication_factor=3 min_insync_replicas=2"
AT = 12 * S
KINDS = ["0", "1", "all N", "all I"]


class World(NamedTuple):
    """A run with its producer p, and what its acks are."""

    run: Run
    acks: str

    @property
    def idempotent(self) -> bool:
        return self.acks == "all I"

    def fate(self, number: int = 0) -> Fate:
        found = facts.fate(self.run.state, "p", "t", 0, number)
        assert isinstance(found, Fate)
        return found

    def copies(self, number: int = 0) -> int:
        return self.fate(number).copies

    def log(self, broker: int) -> list[int]:
        """The numbers of the records in a broker's copy."""
        log = self.run.state.cluster.partition("t", 0).replicas[broker].log
        return [b.first_number + k for b in log.forwards(log.start) for k in range(b.count)]

    def settled(self) -> None:
        """All three are in sync and have the same log."""
        assert self.run.state.cluster.partition("t", 0).isr == [1, 2, 3]
        assert self.log(1) == self.log(2) == self.log(3)


def world(acks: str, *more: str, topic: str = TOPIC, given: str = "", to_us: int = AT) -> World:
    level, _, kind = acks.partition(" ")
    safe = "" if level != "all" else f" enable.idempotence={'true' if kind == 'I' else 'false'}"
    watched = run(topic, f"add producer p topic=t rate=0/s linger=0s acks={level}{safe} {given}").to(to_us)
    return World(watched.do(*more), acks)


def sent(found: World, after_us: int) -> Run:
    """Send the record at AT and let time pass to `after_us` later."""
    return found.run.to(AT).do("send record p").to(AT + after_us)


every = pytest.mark.parametrize("acks", KINDS)
followers_frozen = ("pause broker 2", "pause broker 3")


@every
def test_r33_row_a_the_leader_dies_before_the_append(acks: str) -> None:
    found = world(acks)
    sent(found, 500).do("kill broker 1").to(AT + 15 * S)
    assert found.fate().acknowledged
    assert found.copies() == (0 if acks == "0" else 1)
    assert found.fate().lost == (acks == "0")


@every
def test_r33_row_b_appended_by_the_leader_only_and_nobody_was_told(acks: str) -> None:
    """The link breaks right after the append, then the leader dies."""
    found = world(acks, given="request.timeout.ms=1000")
    sent(found, 1_201).do("isolate broker 1").to(AT + 50 * MS)
    assert found.log(1) == [0]
    found.run.do("kill broker 1").to(AT + 20 * S)
    assert found.fate().acknowledged
    assert found.copies() == (0 if acks == "0" else 1)
    found.run.do("heal broker 1", "restart broker 1").to(AT + 30 * S)
    assert found.copies() == (0 if acks == "0" else 1)
    assert found.fate().lost == (acks == "0")
    found.settled()


@every
def test_r33_row_c_appended_by_the_leader_only_and_the_producer_was_told(acks: str) -> None:
    found = world(acks, *followers_frozen, to_us=AT - 600 * MS)
    sent(found, 100 * MS)
    assert found.fate().acknowledged == (not acks.startswith("all"))
    found.run.do("kill broker 1", "resume broker 2", "resume broker 3").to(AT + 20 * S)
    assert found.fate().acknowledged
    assert found.fate().lost == (not acks.startswith("all"))
    found.run.do("restart broker 1").to(AT + 30 * S)
    assert found.copies() == (1 if acks.startswith("all") else 0)
    found.settled()


@every
def test_r33_row_d_on_all_in_sync_replicas_and_the_leader_dies_before_it_says_so(acks: str) -> None:
    found = world(acks)
    sent(found, 3 * MS).do("kill broker 1").to(AT + 15 * S)
    assert [found.log(2)[:1], found.log(3)[:1]] == [[0], [0]]
    assert found.fate().acknowledged
    assert found.copies() == (2 if acks == "all N" else 1)


@pytest.mark.parametrize("acks", ["0", "1", "1 N", "all N", "all I"])
def test_r33_row_d_on_all_in_sync_replicas_and_the_link_drops_before_the_answer(acks: str) -> None:
    """The producer alone is cut off, longer than request.timeout.ms."""
    found = world(acks, given="request.timeout.ms=1000")
    sent(found, 2 * MS).do("isolate broker 1 also=2,3,controller").to(AT + 3 * S)
    found.run.do("heal broker 1").to(AT + 6 * S)
    assert found.fate().acknowledged
    assert found.copies() == (1 if acks in ("0", "all I") else 2)


@every
def test_r33_row_e_one_follower_dies(acks: str) -> None:
    found = world(acks, "kill broker 3", to_us=AT - 500 * MS)
    sent(found, 20 * S)
    assert found.copies() == 1
    acked_us = times(found.run, RecordsAcknowledged)[0] - AT
    if acks.startswith("all"):
        assert 6_500 * MS <= acked_us <= 10_130 * MS
        assert not of(found.run, BatchRetried)
    else:
        assert acked_us <= 2_200
    assert found.run.state.cluster.partition("t", 0).isr == [1, 2]


@every
def test_r33_row_f_two_followers_die_in_flight(acks: str) -> None:
    found = world(
        acks, "kill broker 2", "kill broker 3", to_us=AT - 500 * MS, given="request.timeout.ms=15000"
    )
    sent(found, 14 * S)
    assert found.run.state.cluster.partition("t", 0).led.high_watermark == 0
    assert found.fate().acknowledged == (not acks.startswith("all"))
    found.run.to(AT + 20 * S)
    errors = [event.error for event in of(found.run, BatchRetried)]
    assert errors[:2] == ([7, 19] if acks.startswith("all") else [])
    found.run.do("restart broker 2").to(AT + 40 * S)
    assert found.run.state.cluster.partition("t", 0).led.high_watermark >= 1
    assert found.copies() == (2 if acks == "all N" else 1)
    assert found.fate().acknowledged


@every
def test_r33_row_f_two_followers_are_fenced_before_the_send(acks: str) -> None:
    found = world(
        acks,
        "kill broker 2",
        "kill broker 3",
        to_us=AT - 11 * S,
        given="request.timeout.ms=3000 delivery.timeout.ms=6000",
    )
    sent(found, 10 * S)
    if acks.startswith("all"):
        assert {event.error for event in of(found.run, BatchRefused)} == {19}
        assert of(found.run, RecordsFailed)
        assert not of(found.run, BatchAppended)
    else:
        assert found.fate().acknowledged
        assert (found.copies(), found.run.state.cluster.partition("t", 0).led.high_watermark) == (1, 0)


def deposed_by(found: World, *end: str) -> None:
    """Followers freeze and are fenced, the record comes to the leader, which ends as well, then they go on."""
    sent(found, 2 * S).do(*end).to(AT + 15 * S).do("resume broker 2", "resume broker 3").to(AT + 20 * S)


@every
@pytest.mark.parametrize("end", ["kill", "stop", "disk"])
def test_r33_row_g_the_leader_is_lost_and_an_eligible_replica_leads_first(acks: str, end: str) -> None:
    timeouts = "request.timeout.ms=1000 delivery.timeout.ms=2000"
    found = world(acks, *followers_frozen, to_us=AT - 11 * S, given=timeouts)
    partition = found.run.to(AT - S).state.cluster.partition("t", 0)
    assert (partition.isr, len(partition.elr)) == ([1], 1)
    deposed_by(found, "kill broker 1" if end == "disk" else f"{end} broker 1")
    partition = found.run.state.cluster.partition("t", 0)
    assert partition.leader in (2, 3)
    assert not partition.recovering
    if end == "disk":
        found.run.do("fail disk 1")
    found.run.do("restart broker 1").to(AT + 30 * S)
    assert found.copies() == 0
    assert found.fate().lost == (not acks.startswith("all"))
    assert found.fate().failed == acks.startswith("all")
    found.settled()


@every
def test_r33_row_h_the_leader_is_cut_off_from_the_cluster_with_its_client(acks: str) -> None:
    found = world(acks, given="request.timeout.ms=4000")
    found.run.do("isolate broker 1 also=p")
    sent(found, 3 * S)
    assert found.fate().acknowledged == (not acks.startswith("all"))
    found.run.to(AT + 14 * S)
    assert found.run.state.cluster.partition("t", 0).leader == 2
    assert found.fate().acknowledged == (not acks.startswith("all"))
    found.run.do("heal broker 1").to(AT + 30 * S)
    assert found.fate().lost == (not acks.startswith("all"))
    assert found.copies() == (1 if acks.startswith("all") else 0)
    if acks.startswith("all"):
        assert 7 in [event.error for event in of(found.run, BatchRetried)]
    found.settled()


@every
def test_r33_row_h_a_follower_had_fetched_it(acks: str) -> None:
    found = world(acks, given="request.timeout.ms=4000")
    sent(found, 2_500).do("isolate broker 1 also=p").to(AT + 14 * S)
    assert [found.log(2), found.log(3)] == [[0], [0]]
    found.run.do("heal broker 1").to(AT + 30 * S)
    assert found.fate().acknowledged
    assert found.copies() == (2 if acks == "all N" else 1)
    found.settled()


@every
def test_r33_row_h_the_leader_is_frozen_and_the_record_waits_in_its_socket(acks: str) -> None:
    found = world(acks, "pause broker 1", to_us=AT - 100 * MS)
    sent(found, 11 * S)
    assert found.run.state.cluster.partition("t", 0).leader == 2
    found.run.do("resume broker 1").to(AT + 30 * S)
    assert found.fate().acknowledged
    if acks.startswith("all"):
        assert [event.error for event in of(found.run, BatchRetried)] == [6]
        assert found.copies() == 1
    found.settled()


@every
def test_r33_row_i_a_slow_follower(acks: str) -> None:
    found = world(acks, "slow broker 3 factor=400000", to_us=AT - S, given="request.timeout.ms=60000")
    sent(found, 100 * MS)
    assert found.fate().acknowledged == (not acks.startswith("all"))
    found.run.to(AT + 60 * S)
    assert found.fate().acknowledged
    assert found.copies() == 1
    if acks.startswith("all"):
        assert 29 * S <= times(found.run, RecordsAcknowledged)[0] - AT <= 46 * S


@every
def test_r33_row_j_the_only_in_sync_replica_loses_its_disk(acks: str) -> None:
    topic = "create topic t replication_factor=3 min_insync_replicas=1"
    found = world(acks, *followers_frozen, topic=topic, to_us=AT - 11 * S)
    sent(found, 100 * MS)
    assert found.run.state.cluster.partition("t", 0).isr == [1]
    assert found.fate().acknowledged
    found.run.do("kill broker 1").to(AT + 12 * S)
    found.run.do("fail disk 1", "resume broker 2", "resume broker 3", "restart broker 1").to(AT + 25 * S)
    assert found.fate().lost
    assert found.fate().reason == "disk"
    found.settled()


@every
def test_r33_row_k_an_unclean_election_lets_an_outdated_replica_lead(acks: str) -> None:
    topic = f"{TOPIC.replace('replicas=2', 'replicas=1')} unclean.leader.election.enable=true"
    found = world(acks, *followers_frozen, topic=topic, to_us=AT - 11 * S)
    sent(found, 100 * MS)
    assert found.fate().acknowledged
    found.run.do("kill broker 1").to(AT + 12 * S).do("resume broker 2").to(AT + 14 * S)
    partition = found.run.state.cluster.partition("t", 0)
    assert (partition.leader, partition.recovering) == (2, True)
    assert found.fate().lost
    assert found.fate().reason == "unclean"
    found.run.do("resume broker 3", "restart broker 1").to(AT + 25 * S)
    found.settled()


@every
@pytest.mark.parametrize(("writeback_s", "safe"), [(30, False), (4, True)])
def test_r33_r37_row_l_all_in_sync_replicas_lose_their_power_together(
    acks: str, writeback_s: int, safe: bool
) -> None:
    found = world(acks)
    sent(found, S).to(AT + 4 * S + 100 * MS)
    assert found.fate().acknowledged
    found.run.do(*(f"fail power {broker} writeback={writeback_s}s" for broker in (1, 2, 3)))
    found.run.to(AT + 5 * S).do(*(f"restart broker {broker}" for broker in (1, 2, 3))).to(AT + 30 * S)
    assert found.fate().lost == (not safe)
    assert found.copies() == int(safe)
    assert safe or found.fate().reason == "power"
    found.settled()


@pytest.mark.parametrize("fault", ["kill broker 1", "fail power 1"])
def test_r33_r37_one_broker_without_power_loses_nothing_that_all_had(fault: str) -> None:
    found = world("all I")
    sent(found, 100 * MS).do(fault).to(AT + 12 * S).do("restart broker 1").to(AT + 20 * S)
    assert (found.copies(), found.fate().lost) == (1, False)
    found.settled()


def test_r23_all_brokers_die_at_once_and_the_last_leader_is_known() -> None:
    watched = run(TOPIC).to(AT).do("kill broker 1", "kill broker 2", "kill broker 3").to(AT + 15 * S)
    partition = watched.state.cluster.partition("t", 0)
    assert (partition.leader, partition.isr, partition.elr) == (-1, [], [2, 3])
    assert partition.last_known_elr == [3]
    watched.do("restart broker 1", "restart broker 2", "restart broker 3").to(AT + 25 * S)
    assert watched.state.cluster.partition("t", 0).isr == [1, 2, 3]


def test_r37_a_follower_without_power_is_out_of_the_isr_until_it_has_caught_up_again() -> None:
    found = world("all I")
    sent(found, 100 * MS).do("fail power 3").to(AT + 12 * S)
    assert found.log(3) == []
    assert found.run.state.cluster.partition("t", 0).isr == [1, 2]
    found.run.do("restart broker 3").to(AT + 20 * S)
    found.settled()


@pytest.mark.parametrize("fault", ["fail power 3", "kill broker 3"])
def test_r20_r37_what_a_leader_knew_of_a_follower_ends_with_the_follower_s_life(fault: str) -> None:
    found = world("all I")
    sent(found, 100 * MS).do(fault)
    if fault.startswith("kill"):
        found.run.do("fail disk 3")
    found.run.do("restart broker 3").to(AT + 9_100 * MS)
    for ms in range(9_100, 12_000, 1):
        partition = found.run.to(AT + ms * MS).state.cluster.partition("t", 0)
        assert found.log(3) == [0] or ms < 10_000 or 3 not in partition.isr
    found.settled()
