"""Why: share groups, their members and what became of each record, in plain words with the numbers of this
run.
"""

from __future__ import annotations

from mqviz.explain.registry import explains, told
from mqviz.facts import share_group
from mqviz.facts.views import Why
from mqviz.facts.words import lasting, several
from mqviz.model.kafka.clients.share.events import (
    ShareAcksRefused,
    ShareCallFailed,
    ShareConsumerChanged,
    ShareProcessingSet,
    ShareRecordsReturned,
)
from mqviz.model.kafka.coordinator.share.events import (
    ShareGroupLoaded,
    ShareLeaderMoved,
    ShareLocksRenewed,
    ShareMemberJoined,
    ShareMemberRemoved,
    SharePartitionStarted,
    ShareRecordArchived,
    ShareRecordsAcquired,
    ShareRecordsSettled,
    ShareTargetAssigned,
)
from mqviz.model.state import State

ANY_MEMBER = "any member may get any record of its partitions"
"""R130"""
LOCK = "a record is locked for one member, then free again"
"""R131"""
AGAIN = "released, or lock over: again, up to the limit"
"""R132"""
EACH = "each record is acknowledged on its own"
"""R133"""
START = "where a new share group begins is the group's choice"
"""R134"""
BROKEN = "a closed connection frees its records at once"
"""R132"""
LATE = "an acknowledgement after the lock changes nothing"
"""R133"""

DONE = {"accept": "acknowledged", "reject": "archived", "release": "given back", "gap": "skipped"}


@explains(ShareGroupLoaded)
def _loaded(_: State, event: ShareGroupLoaded) -> Why:
    headline = f"broker {event.coordinator} looks after {event.group} now"
    return told(
        event, headline, "it leads the group's partition of __consumer_offsets; every session begins anew"
    )


def _span(ranges: list[tuple[int, int]]) -> str:
    """`record 4` or `3 records, 4 to 9`."""
    count = sum(end - first for first, end in ranges)
    if count == 1:
        return f"record {ranges[0][0]}"
    return f"{several(count, 'record')}, {ranges[0][0]} to {ranges[-1][1] - 1}"


@explains(ShareMemberJoined)
def _joined(state: State, event: ShareMemberJoined) -> Why:
    count = len(state.cluster.share_groups[event.group].members)
    return told(
        event, f"{event.client} joins share group {event.group}", several(count, "member"), ANY_MEMBER
    )


@explains(ShareMemberRemoved)
def _removed(state: State, event: ShareMemberRemoved) -> Why:
    count = len(state.cluster.share_groups[event.group].members)
    headline = f"{event.client} is out of {event.group}: {event.reason}"
    return told(event, headline, "", ANY_MEMBER, f"members {count + 1} → {count}")


@explains(ShareTargetAssigned)
def _assigned(state: State, event: ShareTargetAssigned) -> Why:
    partitions = sum(count for _, count in event.counted)
    reason = f"{several(len(event.assignments), 'member')}, {several(partitions, 'partition')}"
    change = f"epoch {event.epoch - 1} → {event.epoch}"
    return told(event, f"{event.group} shares its partitions out", reason, ANY_MEMBER, change)


@explains(SharePartitionStarted)
def _started(state: State, event: SharePartitionStarted) -> Why:
    headline = f"{event.group} begins {event.topic} P{event.partition} at {event.start}"
    return told(event, headline, f"share.auto.offset.reset is {event.reset}", START)


@explains(ShareLeaderMoved)
def _moved(state: State, event: ShareLeaderMoved) -> Why:
    headline = f"broker {event.leader} keeps {event.topic} P{event.partition} for {event.group} now"
    return told(event, headline, "it knows the written states: what was acquired is free", AGAIN)


@explains(ShareRecordsAcquired)
def _acquired(state: State, event: ShareRecordsAcquired) -> Why:
    what = _span([(first, end) for first, end, _ in event.ranges])
    most = max(count for _, _, count in event.ranges)
    again = f", delivery {most}" if most > 1 else ""
    reason = f"locked for {lasting(event.until_us - event.at_us)}{again}"
    return told(event, f"{what}: acquired by {event.client}", reason, AGAIN if most > 1 else LOCK)


@explains(ShareRecordsSettled)
def _settled(state: State, event: ShareRecordsSettled) -> Why:
    kinds: dict[str, list[tuple[int, int]]] = {}
    for first, end, kind in event.moves:
        kinds.setdefault(kind, []).append((first, end))
    found = share_group.window(state, event.group, event.topic, event.partition)
    change = f"start {found.persisted} → {found.start}" if found.start != found.persisted else ""
    if event.because == "lock over":
        headline = f"{_span(kinds['release'])}: the lock of {event.client} is over"
        return told(event, headline, "it did not acknowledge in time", AGAIN, change)
    if event.because in ("disconnected", "closed"):
        headline = f"{_span(kinds['release'])}: {event.client} is gone"
        return told(event, headline, "its connection closed", BROKEN, change)
    headline = "; ".join(f"{_span(ranges)} {DONE[kind]}" for kind, ranges in kinds.items())
    return told(event, headline, f"{event.client} says so", EACH, change)


@explains(ShareRecordArchived)
def _archived(state: State, event: ShareRecordArchived) -> Why:
    named = f" ({event.key})" if event.key is not None else ""
    headline = f"record {event.offset}{named} is archived: nobody gets it any more"
    return told(event, headline, f"{event.deliveries} deliveries, and never acknowledged", AGAIN)


@explains(ShareLocksRenewed)
def _renewed(state: State, event: ShareLocksRenewed) -> Why:
    headline = f"{_span(list(event.ranges))}: {event.client} keeps it"
    return told(event, headline, f"locked anew for {lasting(event.until_us - event.at_us)}", LOCK)


@explains(ShareRecordsReturned)
def _returned(state: State, event: ShareRecordsReturned) -> Why | None:
    if not event.parts:
        return None
    what = _span([(first, end) for _, _, first, end, _ in event.parts])
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
