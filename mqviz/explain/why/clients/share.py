"""Why, in plain words with the numbers of this run: the events of mqviz/model/kafka/clients/share."""

from __future__ import annotations

from mqviz.explain.phrases import BROKEN, EACH, records
from mqviz.explain.registry import explains, told
from mqviz.facts.views import Why
from mqviz.facts.words import lasting
from mqviz.model.kafka.clients.share.events import (
    ShareAcksRefused,
    ShareCallFailed,
    ShareConsumerChanged,
    ShareProcessingSet,
    ShareRecordsReturned,
)
from mqviz.model.state import State

LATE = "an acknowledgement after the lock changes nothing"
"""R133"""


@explains(ShareRecordsReturned)
def _returned(state: State, event: ShareRecordsReturned) -> Why | None:
    if not event.parts:
        return None
    what = records([(first, end) for _, _, first, end, _ in event.parts])
    return told(event, f"poll() of {event.consumer} returns {what}", "", EACH)


@explains(ShareAcksRefused)
def _refused(state: State, event: ShareAcksRefused) -> Why:
    headline = f"{event.consumer} acknowledges too late: {event.named}"
    return told(event, headline, "its lock was over: the record is free or somebody else's", LATE)


@explains(ShareCallFailed)
def _failed(state: State, event: ShareCallFailed) -> Why:
    reason = (
        "a record of the last poll was not acknowledged" if event.call == "poll" else "not delivered to it"
    )
    return told(event, f"{event.call}() of {event.consumer} throws {event.exception}", reason, EACH)


@explains(ShareProcessingSet)
def _slower(state: State, event: ShareProcessingSet) -> Why:
    return told(event, f"{event.consumer} now takes {lasting(event.processing_us)} a record")


@explains(ShareConsumerChanged)
def _changed(state: State, event: ShareConsumerChanged) -> Why:
    said = {
        "paused": "is frozen: its records stay locked until their locks are over",
        "running": "goes on",
        "dead": "is killed: its connections close",
        "closing": "is asked to close",
        "leaving": "leaves the group",
        "closed": "is gone",
    }
    return told(event, f"{event.consumer} {said[event.state]}", "", BROKEN if event.state == "dead" else "")
