"""What becomes of a log: batches at its end, segments, its start, and what it knows of producers."""

from __future__ import annotations

from mqviz.model.event import applies
from mqviz.model.kafka.cluster import Partition
from mqviz.model.kafka.log.compaction import clean
from mqviz.model.kafka.log.events import (
    BatchAppended,
    LogCleaned,
    LogStartMoved,
    SegmentRolled,
    SegmentsDeleted,
)
from mqviz.model.kafka.log.segment import REMEMBERED, Gone, Pass
from mqviz.model.kafka.log.state import Log, Replica
from mqviz.model.kafka.log.state import note as note_producer
from mqviz.model.state import State


@applies(BatchAppended)
def _appended(state: State, event: BatchAppended) -> None:
    partition = state.cluster.partition(event.topic, event.partition)
    batch, replica = event.batch, partition.replicas[event.broker]
    replica.log.append(batch)
    if batch.producer_id >= 0:
        note_producer(replica, batch)
    partition.appended += batch.count


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
    if event.broker == partition.leader:
        feeds = state.cluster.brokers[event.broker].feeds
        for follower in partition.follower_ends:
            feeds[follower].marks[partition.key] = True


def _begin_anew(state: State, partition: Partition, event: LogStartMoved) -> None:
    """A follower ends below its leader's log start: what it has is of no use, and it fetches from that start
    on.
    """
    copy = partition.replicas[event.broker]
    copy.log.restart(event.start)
    copy.mark(max(copy.high_watermark, event.start))
    news = event.topic, event.partition, event.start, copy.log.last_epoch
    state.cluster.brokers[event.broker].fetchers[copy.leader].news[partition.key] = news


@applies(LogCleaned)
def _cleaned(state: State, event: LogCleaned) -> None:
    log = _replica(state, event.topic, event.partition, event.broker).log
    cleaned = clean(log, event.end, event.at_us, event.keep_tombstones_us, event.segment_bytes)
    log.put(cleaned, event.end)
    kept = sum(batch.count for batch in cleaned.batches)
    log.last_pass = Pass(event.at_us, event.end, event.removed, kept, event.bytes_before, event.bytes_after)
