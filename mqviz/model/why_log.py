"""Why: segments, retention and compaction, in plain words with the numbers of this run."""

from __future__ import annotations

from mqviz.model.cluster import TopicAltered
from mqviz.model.event import Event
from mqviz.model.readings import Why
from mqviz.model.segments import LogCleaned, LogStartMoved, SegmentRolled, SegmentsDeleted
from mqviz.model.state import State
from mqviz.model.why import explains
from mqviz.model.words import several

ROLLS = {
    "size": "The batch did not fit: segment.bytes would have been passed.",
    "time": "The batch is more than segment.ms younger than the first one in the segment.",
    "retention": "All segments are to be deleted, the active one too, so a new one begins first.",
}

DELETES = {
    "time": "The newest record in it is older than retention.ms. Whether anybody read it does not matter.",
    "size": "Without it the log still holds retention.bytes.",
    "log start": "Everything in it lies below the log start, so nobody can read it any more.",
}


def _why(event: Event, headline: str, reason: str = "", rule: str = "", change: str = "") -> Why:
    return Why(event.at_us, event.id, headline, reason, rule, change, None)


@explains(TopicAltered)
def _altered(_: State, event: TopicAltered) -> Why:
    said = ", ".join(f"{name}={value}" for name, value in event.values.items())
    return _why(event, f"{event.topic} has new settings: {said}", "The controller told every broker.")


@explains(SegmentRolled)
def _rolled(_: State, event: SegmentRolled) -> Why:
    return _why(
        event,
        f"{event.topic}-{event.partition} on broker {event.broker}: a new segment begins at offset {event.base_offset}",
        ROLLS[event.reason],
        "A segment is closed only when a record comes that does not go in, so an idle log keeps its old records longer.",
    )


@explains(SegmentsDeleted)
def _deleted(_: State, event: SegmentsDeleted) -> Why:
    return _why(
        event,
        f"{event.topic}-{event.partition} on broker {event.broker}: {several(event.count, 'old segment')} deleted",
        DELETES[event.reason],
        "Retention deletes whole segments, oldest first, and stops at the first that it must keep.",
        f"{event.bytes} bytes are no longer part of the log; the files vanish file.delete.delay.ms later.",
    )


@explains(LogStartMoved)
def _moved(_: State, event: LogStartMoved) -> Why:
    return _why(
        event,
        f"{event.topic}-{event.partition} on broker {event.broker} starts at offset {event.start} now",
        f"The reason: {event.reason}.",
        "Whoever asks for an earlier offset gets OFFSET_OUT_OF_RANGE and goes where auto.offset.reset says.",
        f"{several(event.start - event.before, 'offset')} can no longer be read.",
    )


@explains(LogCleaned)
def _cleaned(_: State, event: LogCleaned) -> Why:
    return _why(
        event,
        f"the cleaner of broker {event.broker} compacted {event.topic}-{event.partition} up to offset {event.end}",
        "Enough of the log was dirty: closed segments that no pass had seen.",
        "Of each key the last record stays; offsets and order never change, so gaps remain.",
        f"{several(event.removed, 'record')} removed, {event.bytes_before} bytes became {event.bytes_after}.",
    )
