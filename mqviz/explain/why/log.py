"""Why: segments, retention and compaction, in plain words with the numbers of this run."""

from __future__ import annotations

from mqviz.explain.registry import explains, told
from mqviz.facts.views import Why
from mqviz.facts.words import several
from mqviz.model.kafka.controller.events import TopicAltered
from mqviz.model.kafka.log.events import LogCleaned, LogStartMoved, SegmentRolled, SegmentsDeleted
from mqviz.model.state import State

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


@explains(TopicAltered)
def _altered(_: State, event: TopicAltered) -> Why:
    said = ", ".join(f"{name}={value}" for name, value in event.values.items())
    return told(event, f"{event.topic} has new settings: {said}", "the controller told every broker")


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
