"""Random topics with retention, compaction, deletions and settings that change: invariants, and the ledger by brute force."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, note, settings
from hypothesis import strategies as st

from mqviz.backend import Refused
from mqviz.facts.fates import record_ledger
from mqviz.model.kafka.clients.producer.events import RecordsAcknowledged
from mqviz.model.kafka.log.events import BatchAppended, LogStartMoved, SegmentsDeleted
from mqviz.model.kafka.replication.events import HighWatermarkAdvanced
from tests.sim.kafka.log.test_retention import scaled_cluster
from tests.sim.worlds import Run

KEYS = st.sampled_from(["a", "b", "c", ""])
COMMANDS = st.one_of(
    st.builds("send record p key={} value=v count={}".format, KEYS, st.integers(1, 9)).map(
        lambda text: text.replace("key= ", "")
    ),
    st.builds("send record p key={} tombstone=true".format, st.sampled_from("abc")),
    st.builds(
        "send record p key={} timestamp_ms={}".format, st.sampled_from("abc"), st.integers(-200_000, 200_000)
    ),
    st.builds("delete records t before={}".format, st.integers(-1, 40)),
    st.builds(
        "alter topic t {}".format,
        st.sampled_from(
            [
                "retention.ms=3000",
                "retention.ms=-1",
                "retention.bytes=1000",
                "retention.bytes=-1",
                "cleanup.policy=compact",
                "cleanup.policy=delete",
                "cleanup.policy=compact,delete",
                "segment.ms=2000",
                "delete.retention.ms=500",
                "min.compaction.lag.ms=4000",
                "max.compaction.lag.ms=6000",
                "message.timestamp.type=LogAppendTime",
                "min.cleanable.dirty.ratio=0.1",
            ]
        ),
    ),
)
SCRIPTS = st.lists(st.tuples(st.sampled_from([0, 1_000, 40_000, 700_000, 5_000_000]), COMMANDS), max_size=25)


def play(seed: int, brokers: int, script: list[tuple[int, str]]) -> Run:
    world = scaled_cluster(
        f"create topic t replication_factor={brokers} segment.bytes=600",
        "add producer p topic=t rate=0/s linger=2ms",
        brokers=brokers,
        scaled=True,
    )
    run = Run(world, seed)
    for after_us, text in script:
        run.to(run.backend.now_us + after_us + 1)
        try:
            run.do(text)
        except Refused as refusal:
            note(f"refused: {refusal}")
    return run.to(run.backend.now_us + 20_000_000)


def check(run: Run) -> None:
    """High watermarks, log starts, offsets and the ledger, from nothing but the events."""
    marks: dict[int, int] = {}
    starts: dict[int, int] = {}
    copies: Counter[int] = Counter()
    acknowledged: Counter[int] = Counter()
    ends = 0
    for event in run.log:
        if isinstance(event, HighWatermarkAdvanced):
            assert event.high_watermark > event.before == marks.get(0, 0)
            marks[0] = event.high_watermark
        elif isinstance(event, BatchAppended):
            assert event.batch.base_offset == ends, "offsets are never used again"
            ends = event.batch.end_offset
            first = event.batch.first_number
            copies.update(range(first, first + event.batch.count))
        elif isinstance(event, RecordsAcknowledged):
            acknowledged.update(range(event.first_number, event.first_number + event.count))
        elif isinstance(event, LogStartMoved):
            assert starts.get(event.broker, 0) <= event.before < event.start <= marks[0]
            starts[event.broker] = event.start
        elif isinstance(event, SegmentsDeleted):
            assert event.count > 0
    found = record_ledger(run.state, "t")
    led = run.state.cluster.partition("t", 0).led.log
    present = sum(
        led.start <= batch.base_offset + index
        for batch in led.forwards(led.start)
        for index in range(batch.count)
    )
    assert found.acknowledged == len(acknowledged) == sum(acknowledged.values())
    assert found.in_log == present
    assert found.in_log + found.deleted + found.compacted == len(copies) == sum(copies.values())
    assert (found.lost, found.gone, found.duplicates) == ({}, {}, 0)


@settings(max_examples=15)
@given(st.integers(0, 99), st.sampled_from((1, 3)), SCRIPTS)
def test_invariants_hold_whatever_is_deleted_or_compacted(
    seed: int, brokers: int, script: list[tuple[int, str]]
) -> None:
    check(play(seed, brokers, script))


@pytest.mark.slow
@settings(max_examples=25)
@given(st.integers(0, 99), st.sampled_from((1, 3)), SCRIPTS)
def test_the_same_for_longer_and_twice_alike(seed: int, brokers: int, script: list[tuple[int, str]]) -> None:
    first = play(seed, brokers, script)
    check(first)
    assert play(seed, brokers, script).log == first.log
