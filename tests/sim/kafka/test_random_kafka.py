"""Whatever is done to producers and consumers in whatever order: no invariant breaks, and the run can be repeated.

A failure prints the seed and the commands, ready to paste.
"""

from __future__ import annotations

from hypothesis import Phase, given, note, settings
from hypothesis import strategies as st

from mqviz.backend import Refused
from mqviz.model.event import Event
from mqviz.model.kafka.clients.consumer.events import PositionsSet, RecordsReturned
from mqviz.model.kafka.coordinator.classic.events import GenerationStarted, GroupEmptied
from mqviz.model.kafka.replication.events import HighWatermarkAdvanced
from mqviz.model.state import State
from tests.sim.kafka.worlds import cluster
from tests.sim.worlds import Run

NO_SHRINK = (Phase.explicit, Phase.reuse, Phase.generate)
"""A script is short enough to be read as it is; making it shorter would take minutes."""

CONSUMERS = ("c1", "c2", "c3", "c4")
PRODUCERS = ("p1", "p2")

consumers = st.sampled_from(CONSUMERS)
producers = st.sampled_from(PRODUCERS)
groups = st.sampled_from(("g1", "g1", "g1", "g2"))
joins = st.builds(
    "add consumer {} group={} topic={} processing={}ms max_poll_records={} commit={} "
    "auto_offset_reset={} service_times={}".format,
    consumers,
    groups,
    st.sampled_from(("t", "t", "u")),
    st.sampled_from((0, 40, 300)),
    st.sampled_from((1, 3, 500)),
    st.sampled_from(("after", "after", "auto")),
    st.sampled_from(("latest", "earliest", "none")),
    st.sampled_from(("even", "exponential")),
)
ends = st.builds(
    "{} consumer {}".format, st.sampled_from(("kill", "close", "pause", "resume", "resume")), consumers
)
slower = st.builds("set consumer {} processing={}ms".format, consumers, st.sampled_from((0, 10, 2000)))
starts = st.builds(
    "add producer {} topic={} rate={}/s keys={} linger={}ms acks={} partitioner={} max_in_flight={} "
    "arrivals={} batch_size={}B key_choice=random".format,
    producers,
    st.sampled_from(("t", "u")),
    st.sampled_from((0, 3, 40)),
    st.sampled_from(("a", "a,b,c,d,e")),
    st.sampled_from((0, 5, 200)),
    st.sampled_from(("0", "1", "all")),
    st.sampled_from(("java", "librdkafka", "murmur2_random")),
    st.sampled_from((1, 5)),
    st.sampled_from(("even", "exponential")),
    st.sampled_from((0, 500, 16384)),
)
keyless = st.builds("add producer {} topic=t rate={}/s".format, producers, st.sampled_from((1, 50)))
sends = st.builds(
    "send record {} key={} count={}".format, producers, st.sampled_from("abc"), st.integers(1, 40)
)
faults = st.builds(
    "{} producer {}".format, st.sampled_from(("kill", "close", "pause", "resume", "resume")), producers
)
rates = st.builds("set producer {} rate={}/s".format, producers, st.sampled_from((0, 0.5, 30)))
commands = st.one_of(joins, joins, ends, ends, slower, starts, keyless, sends, faults, rates)
waits = st.sampled_from((0, 1, 700, 40_000, 900_000, 5_000_000, 50_000_000))
scripts = st.lists(st.tuples(waits, commands), max_size=14)
latencies = st.sampled_from((0, 1_000, 250_000))
delays = st.sampled_from((0, 3_000_000))


def check_sends(state: State) -> None:
    """Between instants each send() is acknowledged, given up, waiting in the producer, or on its way (R39, R45)."""
    for producer in state.cluster.producers.values():
        queues = producer.queues.values()
        waiting = sum(len(batch.keys) for queue in queues for batch in (*queue.batches, *queue.in_flight))
        seen = producer.acknowledged + producer.dropped + waiting
        assert producer.state == "dead" or producer.incarnation > 1 or seen == producer.sent


def check_history(log: list[Event]) -> None:
    """High watermarks and generations only rise, a reader's offsets too, until it starts anew (R15, R69, R98, R104, R122)."""
    marks: dict[tuple[str, int], int] = {}
    generations: dict[str, int] = {}
    read: dict[tuple[str, str, int], int] = {}
    for event in log:
        if isinstance(event, HighWatermarkAdvanced):
            place = (event.topic, event.partition)
            assert marks.get(place, 0) == event.before < event.high_watermark
            marks[place] = event.high_watermark
        elif isinstance(event, GenerationStarted | GroupEmptied):
            assert event.generation == generations.get(event.group, 0) + 1
            generations[event.group] = event.generation
        elif isinstance(event, PositionsSet):
            read.update({(event.consumer, topic, p): offset for topic, p, offset, _ in event.positions})
        elif isinstance(event, RecordsReturned):
            for topic, partition, first, end in event.parts:
                assert read[event.consumer, topic, partition] == first < end
                read[event.consumer, topic, partition] = end


def play(seed: int, brokers: int, latency_us: int, delay_us: int, script: list[tuple[int, str]]) -> Run:
    world = cluster(
        f"create topic t partitions=3 replication_factor={brokers} min_insync_replicas=2",
        "create topic u partitions=1",
        "add producer p1 topic=t rate=4/s keys=a,b,c",
        "add consumer c1 group=g1 topic=t processing=100ms max_poll_records=5 auto_offset_reset=earliest",
        "add consumer c2 group=g1 topic=t processing=100ms max_poll_records=5 auto_offset_reset=earliest",
        brokers=brokers,
        latency_us=latency_us,
        delay_us=delay_us,
    )
    run = Run(world, seed)
    for after_us, text in script:
        run.to(run.backend.now_us + after_us)
        check_sends(run.backend.state)
        try:
            run.do(text)
        except Refused as refusal:
            note(f"refused: {refusal}")
    run.to(run.backend.now_us + 20_000_000)
    check_sends(run.backend.state)
    check_history(run.log)
    return run


@settings(max_examples=4, phases=NO_SHRINK)
@given(st.integers(0, 99), st.sampled_from((1, 3)), latencies, delays, scripts)
def test_invariants_hold_whatever_is_done(
    seed: int, brokers: int, latency_us: int, delay_us: int, script: list[tuple[int, str]]
) -> None:
    hold(seed, brokers, latency_us, delay_us, script)


def hold(seed: int, brokers: int, latency_us: int, delay_us: int, script: list[tuple[int, str]]) -> None:
    note(f"seed {seed}, {brokers} brokers, latency {latency_us} us, delay {delay_us} us, commands {script}")
    first = play(seed, brokers, latency_us, delay_us, script)
    assert play(seed, brokers, latency_us, delay_us, script).log == first.log
