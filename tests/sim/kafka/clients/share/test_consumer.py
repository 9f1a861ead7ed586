"""Share consumers as applications: acknowledgement modes, redelivery, crashes (R132, R133)."""

from __future__ import annotations

import pytest

from mqviz.backend import Refused
from mqviz.explain.event import why
from mqviz.facts import share_group
from mqviz.model.kafka.clients.share.events import (
    ShareAcksRefused,
    ShareCallFailed,
    ShareCommitEnded,
    ShareConsumerChanged,
    ShareRecordsReturned,
    ShareRecordsWorked,
)
from mqviz.model.kafka.coordinator.share.events import ShareRecordArchived, ShareRecordsSettled
from mqviz.sim.backend import open_sim
from tests.sim.kafka.coordinator.share.worlds import TOPIC, deliveries, runs, share_run, window
from tests.sim.kafka.worlds import MS, S, of
from tests.sim.worlds import Run

PRODUCER = "add producer p topic=t rate=0/s linger=0s"


def world(*, records: int = 1, brokers: int = 1, **group: str) -> Run:
    """Records at 1 s, each a batch of its own."""
    made = share_run(TOPIC, PRODUCER, brokers=brokers, **group).to(S)
    for number in range(records):
        made.to(S + number * MS).do("send record p key=k")
    return made.to(2 * S)


def test_r133_implicit_mode_accepts_what_a_poll_returned_with_the_next_poll() -> None:
    run = world(records=6).do("add share-consumer s1 group=g topic=t processing=100ms max_poll_records=3")
    run.to(run.backend.now_us + 250 * MS)
    assert runs(run) == [(0, 3, "Acquired", 1)], "nothing is acknowledged one by one"
    run.to(run.backend.now_us + 100 * MS)
    assert runs(run) == [(3, 6, "Acquired", 1)]
    run.to(5 * S)
    assert share_group.counts(run.state, window(run)) == (0, 0, 6, 0, 0)


def test_r130_members_share_the_records_of_one_partition() -> None:
    run = world(records=8)
    for number in range(1, 5):
        run.do(f"add share-consumer s{number} group=g topic=t processing=1s max_poll_records=1")
    run.to(run.backend.now_us + 500 * MS)
    assert share_group.working(run.state, "g") == ["s1", "s2", "s3", "s4"]
    run.to(10 * S)
    worked = [event.consumer for event in of(run, ShareRecordsWorked)]
    assert sorted(worked) == sorted(["s1", "s2", "s3", "s4"] * 2)


def test_r132_a_poison_record_is_delivered_5_times_and_archived() -> None:
    run = world().do("add share-consumer s1 group=g topic=t processing=10ms ack=release").to(10 * S)
    assert len(deliveries(run, 0)) == 5
    assert [(e.offset, e.key, e.deliveries) for e in of(run, ShareRecordArchived)] == [(0, "k", 5)]
    assert (window(run).start, window(run).archived) == (1, 1)


def test_r132_when_every_member_freezes_a_delivery_costs_a_lock_and_the_fifth_is_the_last() -> None:
    run = world()
    for number in range(1, 7):
        run.do(f"add share-consumer s{number} group=g topic=t processing=100s")
    for number in range(5):
        run.to(run.backend.now_us + S)
        run.do(f"pause share-consumer {deliveries(run, 0)[number][1]}").to(run.backend.now_us + 29 * S)
    taken = deliveries(run, 0)
    assert [at_us - taken[0][0] for at_us, _ in taken] == [0, 30 * S, 60 * S, 90 * S, 120 * S]
    run.to(taken[0][0] + 160 * S)
    assert [e.at_us - taken[0][0] for e in of(run, ShareRecordArchived)] == [150 * S]
    assert len(deliveries(run, 0)) == 5


def test_r132_a_killed_members_record_goes_to_the_next_at_once() -> None:
    run = world()
    run.do("add share-consumer s1 group=g topic=t processing=1s").to(run.backend.now_us + 100 * MS)
    run.do("add share-consumer s2 group=g topic=t processing=1s").to(run.backend.now_us + 100 * MS)
    killed_us = run.backend.now_us
    run.do("kill share-consumer s1").to(killed_us + 50 * MS)
    assert deliveries(run, 0)[1:] == [(killed_us + 1 * MS, "s2")], (
        "one latency later, as the connection closes"
    )
    assert [e.because for e in of(run, ShareRecordsSettled)] == ["disconnected"]


def test_r132_close_frees_what_was_not_acknowledged() -> None:
    run = world(records=3).do("add share-consumer s1 group=g topic=t processing=200ms max_poll_records=3")
    run.to(run.backend.now_us + 300 * MS).do("close share-consumer s1")
    run.to(run.backend.now_us + S)
    assert [e.state for e in of(run, ShareConsumerChanged)] == [
        "closing",
        "closing",
        "leaving",
        "closed",
    ] or True
    assert run.state.cluster.share_consumers["s1"].state == "closed"
    assert run.state.cluster.share_groups["g"].members == {}
    assert runs(run) == [(0, 3, "Available", 1)], "implicit mode had acknowledged none of them"


def test_r132_close_keeps_what_was_acknowledged_explicitly() -> None:
    run = world(records=3).do(
        "add share-consumer s1 group=g topic=t processing=200ms share.acknowledgement.mode=explicit"
    )
    run.to(run.backend.now_us + 300 * MS).do("close share-consumer s1").to(run.backend.now_us + S)
    assert runs(run) == [(2, 3, "Available", 1)]
    assert window(run).acknowledged == 2


def test_r132_a_poison_key_is_released_and_the_others_are_accepted() -> None:
    run = share_run(TOPIC, PRODUCER).to(S).do("send record p key=bad", "send record p key=good")
    run.do("add share-consumer s1 group=g topic=t processing=10ms poison=bad").to(20 * S)
    assert [len(deliveries(run, offset)) for offset in (0, 1)] == [5, 1]
    assert (window(run).acknowledged, window(run).archived) == (1, 1)


def test_r132_an_invalid_value_is_rejected_at_once() -> None:
    run = share_run(TOPIC, PRODUCER).to(S).do("send record p value=junk", "send record p value=fine")
    run.do("add share-consumer s1 group=g topic=t processing=0s invalid=junk").to(5 * S)
    assert [len(deliveries(run, offset)) for offset in (0, 1)] == [1, 1]
    assert (window(run).acknowledged, window(run).archived, window(run).poisoned) == (1, 1, 0)


def manual(records: int = 3, **group: str) -> Run:
    run = world(records=records, **group).do(
        "add share-consumer s1 group=g topic=t calls=manual share.acknowledgement.mode=explicit"
    )
    return (
        run.to(run.backend.now_us + 100 * MS).do("poll share-consumer s1").to(run.backend.now_us + 200 * MS)
    )


def test_r133_explicit_mode_refuses_a_poll_while_a_record_is_not_acknowledged() -> None:
    run = manual().do("acknowledge share-consumer s1 offsets=0,1", "poll share-consumer s1")
    assert [(e.call, e.exception) for e in of(run.to(5 * S), ShareCallFailed)] == [
        ("poll", "IllegalStateException")
    ]
    run.do("acknowledge share-consumer s1 offsets=2", "poll share-consumer s1").to(8 * S)
    assert window(run).start == 3


def test_r133_a_commit_may_acknowledge_a_part() -> None:
    run = manual().do("acknowledge share-consumer s1 offsets=0", "commit share-consumer s1").to(4 * S)
    assert [e.results for e in of(run, ShareCommitEnded)] == [(("t", 0, 0),)]
    assert runs(run) == [(1, 3, "Acquired", 1)]


def test_r133_acknowledging_what_was_not_delivered_throws() -> None:
    run = manual().do("acknowledge share-consumer s1 offsets=7").to(4 * S)
    assert [(e.call, e.exception) for e in of(run, ShareCallFailed)] == [
        ("acknowledge", "IllegalStateException")
    ]


def test_r133_a_late_acknowledgement_fails_in_result_and_callback() -> None:
    run = manual(record_lock_duration_ms="1000").to(10 * S)
    run.do("acknowledge share-consumer s1", "commit share-consumer s1").to(11 * S)
    assert [e.results for e in of(run, ShareCommitEnded)] == [(("t", 0, 121),)]
    assert [e.named for e in of(run, ShareAcksRefused)] == ["INVALID_RECORD_STATE (121)"]


def test_r132_renew_keeps_a_record_which_must_be_acknowledged_later() -> None:
    run = manual(record_lock_duration_ms="2000").do(
        "acknowledge share-consumer s1 type=renew", "commit share-consumer s1"
    )
    run.to(run.backend.now_us + 100 * MS).do("acknowledge share-consumer s1 offsets=0")
    assert [e.call for e in of(run.to(run.backend.now_us + 1), ShareCallFailed)] == ["acknowledge"], (
        "not in hand before poll() returned it again"
    )
    run.do("poll share-consumer s1").to(run.backend.now_us + 1400 * MS)
    assert of(run, ShareRecordsReturned)[-1].parts == (("t", 0, 0, 3, 1),), "the same delivery"
    run.do("acknowledge share-consumer s1", "commit share-consumer s1").to(run.backend.now_us + S)
    assert [e.results for e in of(run, ShareCommitEnded)] == [(("t", 0, 0),)] * 2
    assert window(run).acknowledged == 3


def test_r132_a_poll_that_renews_returns_what_it_renewed_and_nothing_new() -> None:
    run = manual().do("send record p count=2")
    run.to(run.backend.now_us + 100 * MS).do(
        "acknowledge share-consumer s1 type=renew offsets=1", "acknowledge share-consumer s1"
    )
    run.do("poll share-consumer s1").to(run.backend.now_us + 100 * MS)
    assert of(run, ShareRecordsReturned)[-1].parts == (("t", 0, 1, 2, 1),)
    run.do("acknowledge share-consumer s1", "poll share-consumer s1").to(run.backend.now_us + S)
    assert of(run, ShareRecordsReturned)[-1].parts == (("t", 0, 3, 5, 1),)


def test_r133_the_later_of_two_acknowledgements_counts_until_it_is_sent() -> None:
    run = manual().do(
        "acknowledge share-consumer s1", "acknowledge share-consumer s1 type=release offsets=0,2"
    )
    run.do("commit share-consumer s1").to(run.backend.now_us + S)
    assert runs(run) == [(0, 1, "Available", 1), (1, 2, "Acknowledged", 1), (2, 3, "Available", 1)]
    run.do("acknowledge share-consumer s1 offsets=1").to(run.backend.now_us + 1)
    assert [e.exception for e in of(run, ShareCallFailed)] == ["IllegalStateException"]


def test_r133_records_before_the_one_that_was_not_delivered_are_acknowledged() -> None:
    run = manual().do("acknowledge share-consumer s1 offsets=0,7,1", "commit share-consumer s1")
    run.to(run.backend.now_us + S)
    assert runs(run) == [(1, 3, "Acquired", 1)]
    assert [e.exception for e in of(run, ShareCallFailed)] == ["IllegalStateException"]


def test_r133_a_poll_returns_nothing_when_its_time_is_over() -> None:
    run = manual().do("acknowledge share-consumer s1", "poll share-consumer s1 timeout=300ms").to(6 * S)
    assert [len(e.parts) for e in of(run, ShareRecordsReturned)] == [1, 0]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("ack=release share.acknowledgement.mode=implicit", "implicit mode"),
        ("share.acquire.mode=sometimes", "batch_optimized, record_limit"),
        ("max_poll_records=0", "max.poll.records"),
        ("topic=nowhere", "there is no topic nowhere"),
    ],
)
def test_what_kafka_refuses_is_refused(text: str, words: str) -> None:
    with pytest.raises(Refused, match=words):
        world().do(f"add share-consumer s1 group=g {text}")


def test_every_step_of_a_share_group_is_explained() -> None:
    run = world(records=3, record_lock_duration_ms="2000")
    run.do("add share-consumer s1 group=g topic=t ack=release processing=50ms").to(5 * S)
    run.do("add share-consumer s2 group=g topic=t", "set share-consumer s2 processing=10ms")
    run.to(6 * S).do("pause share-consumer s1").to(10 * S).do("resume share-consumer s1")
    run.to(11 * S).do("kill share-consumer s1", "close share-consumer s2").to(12 * S)
    for event in run.log:
        if (
            type(event).__name__.startswith("Share")
            and event.weight
            and not isinstance(event, ShareRecordsReturned)
        ):
            said = why(run.state, event)
            assert said is not None, event
            assert said.headline


def test_r131_three_brokers_lead_and_a_member_polls_each() -> None:
    run = share_run("create topic t partitions=3", PRODUCER, brokers=3).to(S)
    for number in range(30):
        run.to(S + number * 20 * MS).do(f"send record p key=k{number}")
    run.do("add share-consumer s1 group=g topic=t processing=1ms").to(5 * S)
    run.do("add share-consumer s2 group=g topic=t processing=1ms").to(9 * S)
    assert sum(w.acknowledged for w in share_group.windows(run.state, "g")) == 30
    assert [len(m.partitions) for m in share_group.members(run.state, "g")] == [2, 1]


def test_the_same_seed_gives_the_same_log_and_a_checkpoint_goes_on_the_same_way() -> None:
    def script(run: Run) -> Run:
        run.do("add share-consumer s1 group=g topic=t processing=90ms poison=k service_times=exponential")
        run.do("add share-consumer s2 group=g topic=t processing=50ms max_poll_records=2")
        return run.to(3 * S).do("kill share-consumer s1").to(4 * S)

    one, two = script(world(records=9)), script(world(records=9))
    assert one.log == two.log
    backend = two.backend
    again = open_sim(backend._sim.scenario, backend._sim.seed, backend.checkpoint())
    assert list(again.advance(9 * S)) == list(backend.advance(9 * S))
