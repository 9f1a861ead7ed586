"""Appends, followers, the high watermark, acks, and the exact times of an idle cluster."""

from __future__ import annotations

from itertools import pairwise

import pytest

from mqviz import facts
from mqviz.backend import Refused
from mqviz.model.kafka.clients.consumer.events import RecordsReturned
from mqviz.model.kafka.clients.producer.events import RecordsAcknowledged
from mqviz.model.kafka.log.events import BatchAppended, BatchRefused
from mqviz.model.kafka.network.events import EnteredPurgatory, RequestArrived, RequestSent, ResponseSent
from mqviz.model.kafka.protocol.responses import FetchResponse
from mqviz.model.kafka.replication.events import (
    FollowerFetched,
    HighWatermarkAdvanced,
    ReplicaAppended,
    ReplicaHighWatermarkAdvanced,
)
from tests.sim.kafka.worlds import MS, S, of, run, times
from tests.sim.worlds import Run

TOPIC = "create topic t partitions=1 replication_factor=3"


def quiet(acks: str = "all", linger: str = "0s", topic: str = TOPIC, **plan: int) -> Run:
    """An idle cluster just after all fetches, of followers and consumer, were parked."""
    watched = run(
        topic,
        f"add producer p topic=t rate=0/s linger={linger} acks={acks}",
        "add consumer c1 group=g topic=t processing=0s",
        **plan,
    ).to(10 * S)
    while True:
        watched.to(watched.backend.now_us + 10 * MS)
        in_purgatory = of(watched, EnteredPurgatory, watched.backend.now_us - 200 * MS)
        if len({event.number for event in in_purgatory}) == 3 or (
            len(in_purgatory) == 1 and plan.get("brokers") == 1
        ):
            return watched


def test_r32_exact_times_of_one_record() -> None:
    watched = quiet()
    start = watched.backend.now_us
    watched.do("send record p key=alice").to(start + S)
    assert times(watched, BatchAppended, start) == [1_200]
    assert times(watched, ReplicaAppended, start) == [2_400, 2_400]
    assert times(watched, HighWatermarkAdvanced, start) == [3_400]
    assert times(watched, RecordsAcknowledged, start) == [4_400]
    assert times(watched, RecordsReturned, start) == [4_400]
    assert times(watched, ReplicaHighWatermarkAdvanced, start) == [504_400, 504_400]


def test_r32_followers_learn_the_high_watermark_earlier_with_new_data() -> None:
    watched = quiet()
    start = watched.backend.now_us
    watched.do("send record p").to(start + 100 * MS).do("send record p").to(start + S)
    marks = of(watched, ReplicaHighWatermarkAdvanced, start, broker=2)
    assert [(event.at_us - start, event.high_watermark) for event in marks] == [
        (102_400, 1),
        (602_400 + 2_000, 2),
    ]


@pytest.mark.parametrize(("latency_us", "append_us"), [(1_000, 200), (40_000, 200), (0, 0), (3_000, 1_700)])
@pytest.mark.parametrize("linger_us", [0, 5_000])
def test_r32_latencies(latency_us: int, append_us: int, linger_us: int) -> None:
    expected = {"0": 0, "1": 2 * latency_us + append_us, "all": 4 * latency_us + 2 * append_us}
    for acks, latency in expected.items():
        watched = quiet(acks, f"{linger_us}us", latency_us=latency_us, append_us=append_us)
        start = watched.backend.now_us
        watched.do("send record p").to(start + 3 * S)
        assert times(watched, RecordsAcknowledged, start) == [linger_us + latency]
        consumed = linger_us + 4 * latency_us + 2 * append_us
        assert times(watched, RecordsReturned, start) == [consumed]


def test_r12_impossible_topics_are_refused_with_kafkas_errors() -> None:
    watched = run(TOPIC)
    for text, error in (
        ("create topic t", "TOPIC_ALREADY_EXISTS (36)"),
        ("create topic u partitions=0", "INVALID_PARTITIONS (37)"),
        ("create topic u replication_factor=4", "INVALID_REPLICATION_FACTOR (38)"),
        ("create topic u replication_factor=0", "INVALID_REPLICATION_FACTOR (38)"),
        ("create topic u min_insync_replicas=0", "INVALID_CONFIG (40)"),
        ('create topic "a b"', "INVALID_TOPIC_EXCEPTION (17)"),
    ):
        with pytest.raises(Refused, match=error.replace("(", r"\(").replace(")", r"\)")):
            watched.do(text)


def test_r13_replicas_lie_in_a_stripe() -> None:
    watched = run("create topic t partitions=4 replication_factor=3", "create topic u partitions=2").to(1)
    placed = [partition.replica_ids for partition in watched.state.cluster.topics["t"].partitions]
    assert placed == [[1, 2, 3], [2, 3, 1], [3, 1, 2], [1, 2, 3]]
    assert [partition.leader for partition in watched.state.cluster.topics["u"].partitions] == [1, 2]


def test_a_topic_made_later_is_known_after_a_decision_and_a_push() -> None:
    watched = run(TOPIC).to(S).do("create topic u replication_factor=3").to(S + 2_000)
    assert "u" not in watched.state.cluster.topics
    watched.to(S + 2_001).do("add producer p topic=u rate=0/s").do("send record p").to(3 * S)
    assert facts.tape(watched.state, "u", 0, 5).high_watermark == 1


def test_r15_records_are_readable_below_the_high_watermark_only() -> None:
    watched = quiet()
    start = watched.backend.now_us
    watched.do("send record p key=a").to(start + 3_400)
    tape = facts.tape(watched.state, "t", 0, 5)
    assert (tape.log_end, tape.high_watermark) == (1, 0)
    assert not of(watched, RecordsReturned)
    watched.to(start + 3_401)
    assert facts.tape(watched.state, "t", 0, 5).high_watermark == 1


def test_r16_the_leader_parks_a_fetch_for_500_ms() -> None:
    watched = run(TOPIC, append_us=0).to(3 * S)
    fetches = of(watched, RequestSent, client="broker", name="2")
    sent = [event.at_us for event in fetches]
    assert [later - earlier for earlier, later in pairwise(sent)] == [502_000] * (len(sent) - 1)
    answers = [event for event in of(watched, ResponseSent) if isinstance(event.response, FetchResponse)]
    assert all(event.response.partitions == () for event in answers)  # type: ignore[union-attr]


def test_r16_one_fetch_serves_all_partitions_of_a_leader() -> None:
    watched = run("create topic t partitions=9 replication_factor=3").to(2 * S)
    pairs = {(event.name, event.broker) for event in of(watched, RequestSent, client="broker")}
    assert len(pairs) == 6
    assert len(of(watched, RequestSent, client="broker", name="2", broker=1)) == 4


def test_r17_the_slowest_in_sync_replica_holds_the_high_watermark() -> None:
    watched = quiet()
    start = watched.backend.now_us
    watched.do("send record p").to(start + S)
    came = [event for event in of(watched, FollowerFetched, start) if event.offsets == (("t", 0, 1),)]
    advanced = of(watched, HighWatermarkAdvanced, start)[0]
    assert [event.follower for event in came] == [2, 3]
    assert came[0].id < came[1].id < advanced.id
    assert advanced.cause == came[1].id


def test_r17_r29_below_min_insync_replicas_nothing_moves_and_acks_all_is_refused() -> None:
    topic = "create topic t replication_factor=3 min_insync_replicas=2"
    watched = run(
        topic,
        "add producer all topic=t rate=0/s linger=0s",
        "add producer one topic=t rate=0/s acks=1 linger=0s",
    ).to(S)
    watched.do("kill broker 2", "kill broker 3").to(15 * S)
    assert watched.state.cluster.topics["t"].partitions[0].isr == [1]
    watched.do("send record all", "send record one").to(17 * S)
    assert {event.named for event in of(watched, BatchRefused)} == {"NOT_ENOUGH_REPLICAS (19)"}
    assert [event.producer for event in of(watched, RecordsAcknowledged)] == ["one"]
    assert not of(watched, HighWatermarkAdvanced)
    tape = facts.tape(watched.state, "t", 0, 5)
    assert (tape.log_end, tape.high_watermark) == (1, 0)


def test_r29_acks_0_gets_no_answer() -> None:
    watched = quiet("0")
    start = watched.backend.now_us
    watched.do("send record p").to(start + S)
    acknowledged = of(watched, RecordsAcknowledged, start)
    assert [(event.at_us - start, event.base_offset) for event in acknowledged] == [(0, -1)]
    number = of(watched, RequestSent, start, client="producer")[0].number
    assert times(watched, RequestArrived, start, number=number) == [1_000]
    assert not of(watched, ResponseSent, number=number)


def test_r30_min_insync_replicas_is_capped_by_the_replication_factor() -> None:
    watched = quiet(topic="create topic t min_insync_replicas=2", brokers=1).do("send record p").to(12 * S)
    assert len(of(watched, RecordsAcknowledged)) == 1


def test_r4_a_connection_is_a_pipe_served_in_order() -> None:
    """acks=all parks the first request; the second is served only after its answer."""
    watched = quiet()
    start = watched.backend.now_us
    watched.do("send record p key=a").to(start + 100).do("send record p key=b").to(start + S)
    assert times(watched, BatchAppended, start) == [1_200, 3_600]
    assert times(watched, RecordsAcknowledged, start) == [4_400, 6_800]


def test_replicas_end_up_with_the_same_log() -> None:
    watched = run(
        "create topic t partitions=3 replication_factor=3",
        "add producer p topic=t rate=200/s keys=alice,dave,carol count=900 batch_size=0B",
    ).to(6 * S)
    for partition in watched.state.cluster.topics["t"].partitions:
        logs = [replica.log for replica in partition.replicas.values()]
        assert logs[0] == logs[1] == logs[2]
        assert logs[0].sealed
    assert sum(p.appended for p in watched.state.cluster.topics["t"].partitions) == 900
