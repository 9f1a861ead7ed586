"""Segments and retention: rolls, deletion by time and size, DeleteRecords, settings changed at run time."""

from __future__ import annotations

from pathlib import Path

import pytest

from mqviz.backend import Refused
from mqviz.kafka.errors import Error
from mqviz.model.kafka.clients.producer.events import RecordsFailed
from mqviz.model.kafka.log.events import BatchAppended, BatchRefused, LogStartMoved, SegmentsDeleted
from mqviz.model.kafka.log.state import Log, held_bytes
from mqviz.model.kafka.protocol.requests import DeleteRecordsRequest, FetchRequest
from mqviz.model.kafka.protocol.responses import DeleteRecordsResponse, FetchPartitionData, FetchResponse
from mqviz.scenario import Scenario, load_scenario
from tests.sim.kafka.worlds import MS, Outside, S, cluster, of, run
from tests.sim.worlds import Run

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS


def log(world: Run, broker: int = 1, topic: str = "t") -> Log:
    return world.state.cluster.partition(topic, 0).replicas[broker].log


def bases(world: Run, broker: int = 1, topic: str = "t") -> list[int]:
    return [segment.base_offset for segment in log(world, broker, topic).segments]


def one(topic: str, producer: str = "linger=0s", scaled: bool = False, **settings: object) -> Run:
    """A topic t on one broker with fast checks, and a producer p that sends what it is told."""
    scenario = scaled_cluster(
        f"create topic t {topic}", f"add producer p topic=t rate=0/s {producer}", scaled=scaled
    )
    return Run(scenario).to(10 * MS)


def scaled_cluster(*contents: str, brokers: int = 1, scaled: bool = False) -> Scenario:
    from msgspec.structs import replace

    from mqviz.model.units import Value

    found = cluster(*contents, brokers=brokers)
    fast = {"log.retention.check.interval.ms": "1000", "log.initial.task.delay.ms": "500"}
    fast |= {"log.cleaner.backoff.ms": "500", "log.segment.delete.delay.ms": "500"}
    fast |= {"log.message.timestamp.after.max.ms": str((1 << 63) - 1)}
    plan = replace(found.cluster, settings={k: Value(v) for k, v in fast.items()}, scaled=scaled)
    return replace(found, cluster=plan)


def hourly(world: Run, count: int, last_ms: int) -> Run:
    """One record an hour, one batch each, the last with timestamp `last_ms`."""
    for number in range(count):
        stamp_ms = last_ms - (count - 1 - number) * HOUR_MS
        world.do(f"send record p timestamp_ms={stamp_ms}").to(world.backend.now_us + 10 * MS)
    return world


def test_r67_a_segment_takes_25_hourly_records_and_goes_whole() -> None:
    world = hourly(one(f"segment.ms={DAY_MS} retention.ms=-1"), 60, -HOUR_MS)
    assert bases(world) == [0, 25, 50]
    world.do(f"alter topic t retention.ms={30 * HOUR_MS}").to(world.backend.now_us + 3 * S)
    assert (log(world).start, bases(world)) == (25, [25, 50])
    world.do("alter topic t retention.ms=60000").to(world.backend.now_us + 3 * S)
    assert (log(world).start, log(world).end, bases(world)) == (60, 60, [60])
    world.do("send record p").to(world.backend.now_us + 10 * MS)
    assert of(world, BatchAppended)[-1].batch.base_offset == 60


def test_r71_seven_days_of_hourly_records_at_their_own_time() -> None:
    """The log holds between 7 d and 8 d 1 h 5 min; its start moves in steps of 25."""
    world = run(f"create topic t segment.ms={DAY_MS}", "add producer p topic=t rate=0/s linger=0s", brokers=1)
    for hour in range(24 * 12):
        world.to(hour * HOUR_MS * MS + 1).do("send record p")
        held_ms = (hour * HOUR_MS) - log(world).start * HOUR_MS
        assert min(hour * HOUR_MS, 7 * DAY_MS) <= held_ms <= 8 * DAY_MS + HOUR_MS + 5 * 60_000
    starts = [event.count for event in of(world, SegmentsDeleted)]
    assert starts == [1] * 4
    assert log(world).start == 100


def test_r71_a_record_of_the_future_keeps_its_segment() -> None:
    world = one("segment.ms=60000 retention.ms=-1")
    for stamp_ms in (-7_200_000, -7_000_000, 86_400_000, -3_600_000, -3_500_000, 0):
        world.do(f"send record p timestamp_ms={stamp_ms}").to(world.backend.now_us + 10 * MS)
    assert bases(world) == [0, 1, 2]
    world.do("alter topic t retention.ms=600000").to(world.backend.now_us + 3 * S)
    assert (log(world).start, bases(world)) == (2, [2])


def test_r67_r70_rolls_by_size_and_retention_by_size() -> None:
    world = one("segment.bytes=1048576 retention.bytes=-1 retention.ms=-1", "linger=0s value_size=100000B")
    for _ in range(45):
        world.do("send record p").to(world.backend.now_us + 10 * MS)
    assert bases(world) == [0, 10, 20, 30, 40]
    assert [segment.bytes for segment in log(world).segments] == [1000720] * 4 + [500360]
    for kept, start in ((3200000, 10), (2000000, 20), (1048576, 30), (1000, 40)):
        world.do(f"alter topic t retention.bytes={kept}").to(world.backend.now_us + 3 * S)
        assert (log(world).start, bases(world)) == (start, list(range(start, 41, 10)))


def test_r70_files_vanish_later_than_their_records() -> None:
    world = one("segment.bytes=1048576 retention.bytes=-1", "linger=0s value_size=100000B")
    for _ in range(20):
        world.do("send record p").to(world.backend.now_us + 10 * MS)
    world.do("alter topic t retention.bytes=1000100").to(world.backend.now_us + 2 * S)
    (gone,) = of(world, SegmentsDeleted)
    assert held_bytes(log(world), gone.at_us) == 2 * 1000720
    assert held_bytes(log(world), gone.gone_at_us) == 1000720
    assert gone.gone_at_us - gone.at_us == 500 * MS


def test_r70_nothing_is_looked_at_while_nothing_can_go() -> None:
    world = one("").do("send record p").to(3600 * S)
    assert not of(world, SegmentsDeleted)
    looks = [due for due in world.backend._sim.agenda if "kafka.log." in due[3]]
    assert len(looks) == 1, "one look of retention at a time, none of the cleaner"


def test_r70_each_replica_deletes_its_own_and_never_above_the_high_watermark() -> None:
    scenario = scaled_cluster(
        f"create topic t replication_factor=3 segment.ms={DAY_MS} retention.ms=-1",
        "add producer p topic=t rate=0/s linger=0s",
        brokers=3,
    )
    world = hourly(Run(scenario).to(10 * MS), 60, -HOUR_MS)
    world.do("alter topic t retention.ms=60000").to(world.backend.now_us + 5 * S)
    assert [(log(world, broker).start, bases(world, broker)) for broker in (1, 2, 3)] == [(60, [60])] * 3


def test_r70_what_is_not_committed_is_kept_however_old_it_is() -> None:
    world = scaled_cluster(
        "create topic t replication_factor=3 min_insync_replicas=2 segment.ms=1000 retention.ms=2000",
        "add producer p topic=t rate=0.2/s acks=1 linger=0s",
        brokers=3,
        scaled=True,
    )
    watched = Run(world).to(20_000_000).do("kill broker 2", "kill broker 3").to(700_000_000)
    led = watched.state.cluster.partition("t", 0).led
    assert led.log.start == led.high_watermark < led.log.end - 100


def test_r72_delete_records_moves_the_log_start_everywhere_and_is_answered_with_it() -> None:
    world = run("create topic t replication_factor=3", "add producer p topic=t rate=0/s").to(10 * MS)
    world.do("send record p count=100").to(S)
    raw = Outside(world)
    assert raw.ask(DeleteRecordsRequest((("t", 0, 50),)), within_us=2 * S) == DeleteRecordsResponse(
        0, (("t", 0, 0, 50),)
    )
    assert [log(world, broker).start for broker in (1, 2, 3)] == [50, 50, 50]
    assert raw.ask(DeleteRecordsRequest((("t", 0, 500),))) == DeleteRecordsResponse(
        0, (("t", 0, Error.OFFSET_OUT_OF_RANGE, -1),)
    )
    out_of_range = FetchPartitionData("t", 0, Error.OFFSET_OUT_OF_RANGE, 40, 40)
    assert raw.ask(FetchRequest((("t", 0, 40),))) == FetchResponse(0, (out_of_range,))
    assert raw.ask(DeleteRecordsRequest((("t", 0, -1),)), within_us=2 * S) == DeleteRecordsResponse(
        0, (("t", 0, 0, 100),)
    )
    world.do("send record p").to(world.backend.now_us + S)
    assert of(world, BatchAppended)[-1].batch.base_offset == 100
    assert {event.reason for event in of(world, LogStartMoved)} == {
        "delete records",
        "the leader's log start",
    }


def test_r72_a_follower_that_ends_below_its_leaders_start_begins_anew_there() -> None:
    """A new disk is empty, and what the follower would need is deleted: nothing is fetched for ever."""
    world = run(
        "create topic t replication_factor=2", "add producer p topic=t rate=0/s", brokers=2, latency_us=0
    )
    world.do("send record p count=7").to(S).do("kill broker 2").to(20 * S).do(
        "delete records t", "fail disk 2"
    ).to(21 * S)
    world.do("restart broker 2").to(40 * S)
    assert (log(world, 2).start, log(world, 2).end, log(world, 2).epochs) == (7, 7, [])
    world.do("send record p count=2").to(41 * S)
    assert (log(world, 2).start, log(world, 2).end) == (7, 9)
    assert world.state.cluster.partition("t", 0).isr == [1, 2]


def test_r69_an_emptied_log_goes_on_counting() -> None:
    watched = run("create topic t", "add producer p topic=t rate=0/s", brokers=1).to(MS)
    watched.do("send record p count=7").to(S).do("delete records t").to(2 * S)
    log = watched.state.cluster.partition("t", 0).led.log
    assert (log.start, log.end) == (7, 7)
    watched.do("send record p").to(3 * S)
    assert (log.start, watched.state.cluster.partition("t", 0).led.log.end) == (7, 8)


def test_r72_delete_records_as_a_command() -> None:
    world = run("create topic t", "add producer p topic=t rate=0/s", brokers=1).to(10 * MS)
    world.do("send record p count=10").to(S).do("delete records t before=4").to(2 * S)
    assert log(world).start == 4
    with pytest.raises(Refused, match=r"OFFSET_OUT_OF_RANGE \(1\)"):
        world.do("delete records t before=11")


@pytest.mark.parametrize(
    ("stamp_ms", "error"), [(7_200_000, 32), (-7_200_000, 32), (-1_800_000, 0), (3_500_000, 0)]
)
def test_r68_timestamps_too_far_from_now_are_refused(stamp_ms: int, error: int) -> None:
    world = run(
        "create topic t message.timestamp.after.max.ms=3600000 message.timestamp.before.max.ms=3600000",
        "add producer p topic=t rate=0/s linger=0s",
        brokers=1,
    ).to(10 * MS)
    world.do(f"send record p timestamp_ms={stamp_ms}").to(S)
    assert [event.error for event in of(world, BatchRefused)] == ([error] if error else [])
    assert log(world).end == (0 if error else 1), "a refused record takes no offset"


def test_r68_log_append_time_overwrites_the_producers() -> None:
    world = run(
        "create topic t message.timestamp.type=LogAppendTime", "add producer p topic=t rate=0/s linger=0s"
    ).to(10 * MS)
    world.do("send record p timestamp_ms=-9000000").to(S)
    (event,) = of(world, BatchAppended)
    assert event.batch.timestamp_us(0) == event.batch.latest_us == event.at_us


def test_r68_the_topic_says_how_large_a_batch_may_be() -> None:
    world = run("create topic t max.message.bytes=500", "add producer p topic=t rate=0/s value_size=600B").to(
        MS
    )
    world.do("send record p").to(S)
    assert of(world, RecordsFailed, error=Error.MESSAGE_TOO_LARGE)


def test_r74_a_record_without_key_is_refused_by_a_compacted_topic() -> None:
    world = run("create topic t cleanup.policy=compact", "add producer p topic=t rate=0/s").to(MS)
    world.do("send record p").to(S).do("send record p key=k").to(2 * S)
    assert of(world, BatchRefused)[0].error == Error.INVALID_RECORD
    assert log(world).end == 1


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("create topic u segment.bytes=1000", "segment.bytes: Value must be at least 1048576"),
        ("alter topic t segment.bytes=1000", "segment.bytes: Value must be at least 1048576"),
        ("alter topic t cleanup.policy=shrink", "String must be one of: compact, delete"),
        ("alter topic t retention.ms=soon", "retention.ms: Not a number"),
        ("alter topic t min.compaction.lag.ms=10 max.compaction.lag.ms=5", "conflict topic config setting"),
    ],
)
def test_r12_settings_out_of_range_are_refused_in_kafkas_words(text: str, words: str) -> None:
    world = run("create topic t", brokers=1).to(MS)
    with pytest.raises(Refused, match=words) as refusal:
        world.do(text)
    assert "INVALID_CONFIG (40)" in str(refusal.value)


def test_s2_scaled_values_are_allowed_where_the_scenario_says_so() -> None:
    world = one("segment.bytes=1000", scaled=True)
    for _ in range(10):
        world.do("send record p").to(world.backend.now_us + 10 * MS)
    assert bases(world) == [0, 5]


def test_r12_a_topic_without_the_setting_has_the_brokers() -> None:
    world = one("")
    topic = world.state.cluster.topics["t"]
    assert topic.setting("file.delete.delay.ms") == 500
    assert topic.setting("retention.ms") == 7 * DAY_MS
    world.do("alter topic t min.insync.replicas=2").to(S)
    assert (topic.setting("min.insync.replicas"), topic.values.get("min.insync.replicas")) == (2, None)


def test_the_example_of_retention_deletes_by_time_and_by_size() -> None:
    world = example("retention").to(40 * S)
    reasons = {(event.topic, event.reason) for event in of(world, SegmentsDeleted)}
    assert reasons == {("by-time", "time"), ("by-size", "size")}
    assert of(world.to(60 * S), LogStartMoved, topic="by-size")
    assert log(world, 1, "by-size").start == 90, "DeleteRecords up to the high watermark of second 45"


def example(name: str) -> Run:
    """A scenario of assets/, opened."""
    return Run(load_scenario(Path(__file__).parents[4] / "assets" / "scenarios" / f"{name}.yaml"))
