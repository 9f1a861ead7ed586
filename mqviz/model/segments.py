"""Segments: the files of a log, named by their first offset; only the last one, the active one, is written.

A segment knows its size and its timestamps; which batches it holds follows from the offsets. What rolls, deletes
or cleans segments is decided in mqviz/sim/kafka/log_segments.py, retention.py and cleaner.py, each broker for its own copy.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mqviz.model import ledger
from mqviz.model.event import Event, Weight, applies
from mqviz.model.segment import REMEMBERED, Gone, Pass

if TYPE_CHECKING:
    from mqviz.model.cluster import Partition
    from mqviz.model.log import Log, Replica
    from mqviz.model.state import State


class SegmentRolled(Event, frozen=True):
    """The active segment was closed and a new one begins at `base_offset`; `reason`: size, time, or retention (R67)."""

    topic: str
    partition: int
    broker: int
    base_offset: int
    reason: str


class SegmentsDeleted(Event, frozen=True):
    """The `count` oldest segments, `bytes` in all, are no longer part of the log; their files go at `gone_at_us` (R70).

    `reason`: time, size, or log start.
    """

    weight = Weight.MOMENT
    topic: str
    partition: int
    broker: int
    count: int
    bytes: int
    gone_at_us: int
    reason: str


class LogStartMoved(Event, frozen=True):
    """Offsets below `start` can no longer be read; `reason`: retention, delete records, or the leader's log start (R72)."""

    weight = Weight.MOMENT
    topic: str
    partition: int
    broker: int
    before: int
    start: int
    reason: str


class LogCleaned(Event, frozen=True):
    """The cleaner went over the closed segments below `end`: `removed` records are gone, the others kept their offsets (R74).

    `keep_tombstones_us`: how long a tombstone stays after the first pass that could drop it (R75).
    """

    weight = Weight.MOMENT
    topic: str
    partition: int
    broker: int
    end: int
    removed: int
    bytes_before: int
    bytes_after: int
    keep_tombstones_us: int
    segment_bytes: int


def held_bytes(log: Log, now_us: int) -> int:
    """Bytes that this copy takes on disk at `now_us`, files that wait for their deletion included (R78)."""
    doomed = sum(size for gone_at_us, size in log.doomed if gone_at_us > now_us)
    return doomed + sum(segment.bytes for segment in log.segments)


def _replica(state: State, topic: str, partition: int, broker: int) -> Replica:
    return state.cluster.partition(topic, partition).replicas[broker]


@applies(SegmentRolled)
def _rolled(state: State, event: SegmentRolled) -> None:
    _replica(state, event.topic, event.partition, event.broker).log.roll()


@applies(SegmentsDeleted)
def _deleted(state: State, event: SegmentsDeleted) -> None:
    log = _replica(state, event.topic, event.partition, event.broker).log
    log.doomed = [each for each in log.doomed if each[0] > event.at_us]
    if event.gone_at_us > event.at_us:
        log.doomed.append((event.gone_at_us, event.bytes))
    first = log.segments[0].base_offset
    log.drop_segments(event.count)
    end = log.segments[0].base_offset
    _remember(log, Gone(event.at_us, first, end, event.bytes, event.gone_at_us, event.reason))
    _tell_ledger(state, event.topic, event.partition, event.broker)


def _remember(log: Log, gone: Gone) -> None:
    log.gone = [*log.gone[1 - REMEMBERED :], gone]


@applies(LogStartMoved)
def _moved(state: State, event: LogStartMoved) -> None:
    partition = state.cluster.partition(event.topic, event.partition)
    log = partition.replicas[event.broker].log
    if event.start > log.end:
        _begin_anew(state, partition, event)
    log.delete_before(event.start)
    _remember(log, Gone(event.at_us, event.before, event.start, 0, event.at_us, event.reason))
    _tell_ledger(state, event.topic, event.partition, event.broker)
    if event.broker == partition.leader:
        feeds = state.cluster.brokers[event.broker].feeds
        for follower in partition.follower_ends:
            feeds[follower].marks[partition.key] = True


def _begin_anew(state: State, partition: Partition, event: LogStartMoved) -> None:
    """A follower ends below its leader's log start: what it has is of no use, and it fetches from that start on."""
    copy = partition.replicas[event.broker]
    copy.log.restart(event.start)
    copy.mark(max(copy.high_watermark, event.start))
    news = event.topic, event.partition, event.start, copy.log.last_epoch
    state.cluster.brokers[event.broker].fetchers[copy.leader].news[partition.key] = news


@applies(LogCleaned)
def _cleaned(state: State, event: LogCleaned) -> None:
    from mqviz.model.compaction import clean

    log = _replica(state, event.topic, event.partition, event.broker).log
    cleaned = clean(log, event.end, event.at_us, event.keep_tombstones_us, event.segment_bytes)
    log.put(cleaned, event.end)
    kept = sum(batch.count for batch in cleaned.batches)
    log.last_pass = Pass(event.at_us, event.end, event.removed, kept, event.bytes_before, event.bytes_after)
    partition = state.cluster.partition(event.topic, event.partition)
    if event.broker == partition.leader:
        ledger.of(state.cluster, partition).cleaned(log, event.end)


def _tell_ledger(state: State, topic: str, number: int, broker: int) -> None:
    """The start of this copy moved: if it is the leader's, records are gone."""
    partition = state.cluster.partition(topic, number)
    if broker == partition.leader:
        ledger.of(state.cluster, partition).deleted_before(partition.replicas[broker].log.start)
