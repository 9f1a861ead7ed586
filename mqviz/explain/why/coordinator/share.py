"""Why, in plain words with the numbers of this run: the events of mqviz/model/kafka/coordinator/share."""

from __future__ import annotations

from mqviz.explain.phrases import BROKEN, EACH, records
from mqviz.explain.registry import explains, told
from mqviz.facts import share_group
from mqviz.facts.views import Why
from mqviz.facts.words import lasting, several
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

START = "where a new share group begins is the group's choice"
"""R134"""

DONE = {"accept": "acknowledged", "reject": "archived", "release": "given back", "gap": "skipped"}


@explains(ShareGroupLoaded)
def _loaded(_: State, event: ShareGroupLoaded) -> Why:
    headline = f"broker {event.coordinator} looks after {event.group} now"
    return told(
        event, headline, "it leads the group's partition of __consumer_offsets; every session begins anew"
    )


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
    what = records([(first, end) for first, end, _ in event.ranges])
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
        headline = f"{records(kinds['release'])}: the lock of {event.client} is over"
        return told(event, headline, "it did not acknowledge in time", AGAIN, change)
    if event.because in ("disconnected", "closed"):
        headline = f"{records(kinds['release'])}: {event.client} is gone"
        return told(event, headline, "its connection closed", BROKEN, change)
    headline = "; ".join(f"{records(ranges)} {DONE[kind]}" for kind, ranges in kinds.items())
    return told(event, headline, f"{event.client} says so", EACH, change)


@explains(ShareRecordArchived)
def _archived(state: State, event: ShareRecordArchived) -> Why:
    named = f" ({event.key})" if event.key is not None else ""
    headline = f"record {event.offset}{named} is archived: nobody gets it any more"
    return told(event, headline, f"{event.deliveries} deliveries, and never acknowledged", AGAIN)


@explains(ShareLocksRenewed)
def _renewed(state: State, event: ShareLocksRenewed) -> Why:
    headline = f"{records(list(event.ranges))}: {event.client} keeps it"
    return told(event, headline, f"locked anew for {lasting(event.until_us - event.at_us)}", LOCK)
