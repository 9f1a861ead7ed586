"""Whatever an application or an administrator does with consumers, in whatever order: no invariant breaks.

A failure prints the seed and the commands, ready to paste.
"""

from __future__ import annotations

from hypothesis import Phase, given, note, settings
from hypothesis import strategies as st

from mqviz.backend import Refused
from mqviz.model.event import Event
from mqviz.model.kafka.clients.consumer.events import (
    PartitionsAssigned,
    PartitionsPaused,
    PartitionsRevoked,
    PositionLost,
    PositionsMoved,
    PositionsSet,
    RecordsReturned,
    Sought,
)
from tests.sim.kafka.worlds import cluster
from tests.sim.worlds import Run

NO_SHRINK = (Phase.explicit, Phase.reuse, Phase.generate)

consumers = st.sampled_from(("c1", "c2", "c3"))
partitions = st.sampled_from((-1, 0, 1))
joins = st.builds(
    "add consumer {} {} processing={}ms max_poll_records={} commit={} client={} auto_offset_reset={} loop={} "
    "session_timeout=6s heartbeat_interval=1s group.protocol={}".format,
    consumers,
    st.sampled_from(("group=g topic=t", "group=g topic=t", "group=h topics=t,u", "group=k assign=t-0,u-0")),
    st.sampled_from((0, 30, 400)),
    st.sampled_from((1, 4, 500)),
    st.sampled_from(("after", "before", "each", "async", "auto", "none", "dedupe")),
    st.sampled_from(("java", "java", "librdkafka")),
    st.sampled_from(("earliest", "latest", "none", "by_duration:PT2S")),
    st.sampled_from(("true", "true", "false")),
    st.sampled_from(("classic", "classic", "classic", "consumer")),
)
seeks = st.builds(
    "seek consumer {} partition={} {}".format,
    consumers,
    partitions,
    st.sampled_from(("offset=0", "offset=3", "offset=99", "to=beginning", "to=end", "time=2s")),
)
pauses = st.builds(
    "{} partition {} consumer={}".format,
    st.sampled_from(("pause", "resume", "resume")),
    st.sampled_from(("t-0", "t-1", "u-0")),
    consumers,
)
orders = st.builds(
    "{1} consumer {0}{2}".format,
    consumers,
    st.just("set"),
    st.sampled_from((" loop=true", " loop=false", " processing=5ms")),
)
calls = st.builds(
    "{1} consumer {0}".format,
    consumers,
    st.sampled_from(("commit", "poll", "kill", "close", "pause", "resume", "resume")),
)
busy = st.builds("busy consumer {} time={}s".format, consumers, st.sampled_from((1, 20)))
resets = st.builds(
    "reset group {} topic=t {}".format,
    st.sampled_from(("g", "h", "k")),
    st.sampled_from(("offset=0", "offset=50", "to=earliest", "to=latest", "time=1s")),
)
deletes = st.builds(
    "delete records t partition={} before={}".format, st.sampled_from((0, 1)), st.sampled_from((2, -1))
)
commands = st.one_of(joins, joins, joins, seeks, seeks, pauses, orders, calls, calls, busy, resets, deletes)
waits = st.sampled_from((0, 500, 40_000, 700_000, 700_000, 4_000_000))
scripts = st.lists(st.tuples(waits, commands), min_size=4, max_size=10)


def check_reads(log: list[Event]) -> None:
    """What is returned follows what was returned, until the reader seeks or begins anew; R89: nothing of a paused partition (R98)."""
    read: dict[tuple[str, str, int], int] = {}
    paused: set[tuple[str, str, int]] = set()
    for event in log:
        if isinstance(event, PositionsSet):
            read.update({(event.consumer, topic, p): offset for topic, p, offset, _ in event.positions})
        elif isinstance(event, Sought):
            read.update({(event.consumer, topic, p): offset for topic, p, offset in event.positions})
        elif isinstance(event, PositionLost):
            for topic, p in event.partitions:
                read.pop((event.consumer, topic, p), None)
        elif isinstance(event, PartitionsPaused):
            places = {(event.consumer, topic, p) for topic, p in event.partitions}
            paused = paused | places if event.paused else paused - places
        elif isinstance(event, PartitionsAssigned | PartitionsRevoked):
            paused -= {(event.consumer, topic, p) for topic, p in event.partitions}
        elif isinstance(event, RecordsReturned | PositionsMoved):
            for topic, p, first, end in event.parts:
                assert read[event.consumer, topic, p] == first < end
                read[event.consumer, topic, p] = end
                assert isinstance(event, PositionsMoved) or (event.consumer, topic, p) not in paused


def play(seed: int, brokers: int, script: list[tuple[int, str]]) -> Run:
    world = cluster(
        "create topic t partitions=2",
        "create topic u partitions=1",
        "add producer p topic=t rate=2/s keys=a,b,c linger=0s",
        "add producer q topic=u rate=1/s linger=0s",
        "add consumer c1 group=g topic=t processing=100ms max_poll_records=5 auto_offset_reset=earliest",
        "add consumer h1 group=other topic=t processing=10ms auto_offset_reset=earliest",
        brokers=brokers,
    )
    run = Run(world, seed)
    for after_us, text in script:
        run.to(run.backend.now_us + after_us)
        try:
            run.do(text)
        except Refused as refusal:
            note(f"refused: {refusal}")
    run.to(run.backend.now_us + 4_000_000)
    check_reads(run.log)
    return run


def hold(seed: int, brokers: int, script: list[tuple[int, str]]) -> None:
    note(f"seed {seed}, {brokers} brokers, commands {script}")
    first = play(seed, brokers, script)
    assert play(seed, brokers, script).log == first.log


@settings(max_examples=5, phases=NO_SHRINK)
@given(st.integers(0, 99), st.sampled_from((1, 1, 3)), scripts)
def test_invariants_hold_whatever_is_done_with_consumers(
    seed: int, brokers: int, script: list[tuple[int, str]]
) -> None:
    hold(seed, brokers, script)
