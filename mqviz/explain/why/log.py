"""Why, in plain words with the numbers of this run: the events of mqviz/model/kafka/log."""

from __future__ import annotations

from mqviz.explain import rules
from mqviz.explain.phrases import offset_range
from mqviz.explain.registry import explains, told
from mqviz.explain.why.clients.producer import _shown
from mqviz.facts.views import Why
from mqviz.facts.words import names, several
from mqviz.model.kafka.log.events import (
    BatchAppended,
    BatchRefused,
    BatchRepeated,
    LogCleaned,
    LogStartMoved,
    SegmentRolled,
    SegmentsDeleted,
)
from mqviz.model.state import State


@explains(BatchRepeated)
def _repeated(_: State, event: BatchRepeated) -> Why:
    headline = f"broker {event.broker} has {several(event.count, 'record')} of {event.producer} already"
    reason = f"its sequences are those of the batch at {event.base_offset}: nothing is written"
    rule = "the leader knows the last 5 batches of a producer id"
    return told(event, headline, reason, rule)


ROLLS = {
    "size": "the batch does not fit: segment.bytes would be passed",
    "time": "the batch is over segment.ms younger than the first one",
    "retention": "even the active segment goes, so a new one begins first",
}

DELETES = {
    "time": "the newest record in it is older than retention.ms",
    "size": "without it the log still holds retention.bytes",
    "log start": "it lies below the log start: nobody can read it",
}

STARTS = {
    "delete records": "somebody asked for it: DeleteRecords",
    "the leader's log start": "its leader's log starts there, as a fetch answer told",
}


@explains(SegmentRolled)
def _rolled(_: State, event: SegmentRolled) -> Why:
    return told(
        event,
        f"broker {event.broker} begins a segment of {event.topic} P{event.partition} at {event.base_offset}",
        ROLLS[event.reason],
        "only a new record closes a segment",
    )


@explains(SegmentsDeleted)
def _deleted(state: State, event: SegmentsDeleted) -> Why:
    what = several(event.count, "old segment")
    known = state.cluster.topics.get(event.topic)
    if known is not None and event.broker in known.partitions[event.partition].replicas:
        gone = known.partitions[event.partition].replicas[event.broker].log.gone
        what = next((f"{g.first} to {g.end - 1}" for g in gone if g.at_us == event.at_us and g.bytes), what)
    return told(
        event,
        f"broker {event.broker} deletes {what} of {event.topic} P{event.partition}",
        DELETES[event.reason],
        "whole segments go, the oldest first, read or not",
        f"{several(event.bytes, 'byte')} less in the log; the files go file.delete.delay.ms later",
    )


@explains(LogStartMoved)
def _moved(_: State, event: LogStartMoved) -> Why:
    return told(
        event,
        f"{event.topic} P{event.partition} starts at {event.start} now on broker {event.broker}",
        STARTS.get(event.reason, event.reason),
        "below the start: OFFSET_OUT_OF_RANGE",
        f"log start {event.before} → {event.start}",
    )


@explains(LogCleaned)
def _cleaned(_: State, event: LogCleaned) -> Why:
    return told(
        event,
        f"the cleaner of broker {event.broker} went over {event.topic} P{event.partition} below {event.end}",
        "enough of it was dirty: closed segments that no pass had seen",
        "the newest record of a key stays, at its offset",
        f"{several(event.removed, 'record')} removed, {event.bytes_before} bytes → {event.bytes_after}",
    )


@explains(BatchAppended)
def _appended(state: State, event: BatchAppended) -> Why:
    batch = event.batch
    partition = state.cluster.partition(event.topic, event.partition)
    headline = f"broker {event.broker} writes {_batch(batch.keys)} to P{event.partition}"
    waiting = [str(follower) for follower in partition.isr if follower != event.broker]
    if waiting and partition.led.high_watermark < batch.end_offset:
        reason = f"not readable yet: {names(waiting)} must have it first"
    else:
        reason = "readable at once: there is no other replica"
    offsets = offset_range(batch.base_offset, batch.end_offset)
    change = f"log end {batch.base_offset} → {batch.end_offset}"
    return told(event, f"{headline}, {offsets}", reason, rules.OFFSETS, change, 13)


def _batch(keys: tuple[str | None, ...]) -> str:
    return _shown(keys[0]) if len(keys) == 1 else several(len(keys), "record")


@explains(BatchRefused)
def _batch_refused(_: State, event: BatchRefused) -> Why:
    headline = f"broker {event.broker} refuses {several(event.count, 'record')} for P{event.partition}"
    return told(event, headline, event.named, rules.NOT_WRITTEN)
