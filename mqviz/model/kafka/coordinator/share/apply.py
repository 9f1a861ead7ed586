"""What becomes of a share group: its members, its assignment, and the records of its share-partitions."""

from __future__ import annotations

from mqviz.model.event import Event, applies
from mqviz.model.kafka.coordinator.share.events import (
    ShareGapsPassed,
    ShareGroupCreated,
    ShareGroupLoaded,
    ShareLeaderMoved,
    ShareLocksRenewed,
    ShareMemberHeard,
    ShareMemberJoined,
    ShareMemberRemoved,
    ShareMemberTold,
    SharePartitionStarted,
    ShareRecordArchived,
    ShareRecordsAcquired,
    ShareRecordsSettled,
    ShareTargetAssigned,
)
from mqviz.model.kafka.coordinator.share.state import MOVES, ShareGroup, ShareMember
from mqviz.model.kafka.coordinator.share.window import Run, SharePartition, to_state
from mqviz.model.moves import go, remember
from mqviz.model.state import State

TARGETS = {"accept": "Acknowledged", "reject": "Archived", "gap": "Archived", "release": "Available"}
"""What each acknowledgement makes of an acquired record; one delivered for the last time is archived instead
(R132).
"""


def _window(state: State, event: Event) -> SharePartition:
    """The share-partition of an event that names group, topic and partition."""
    group, topic, number = event.group, event.topic, event.partition  # type: ignore[attr-defined]
    key = state.cluster.partition(topic, number).key
    return state.cluster.share_groups[group].windows[key]


@applies(ShareGroupLoaded)
def _loaded(state: State, event: ShareGroupLoaded) -> None:
    group = state.cluster.share_groups[event.group]
    group.coordinator = event.coordinator
    for member in group.members.values():
        member.heard_at_us = event.at_us


@applies(ShareGroupCreated)
def _created(state: State, event: ShareGroupCreated) -> None:
    group = state.cluster.share_groups[event.group] = ShareGroup(event.group, event.coordinator)
    remember(group, event.at_us)


@applies(ShareMemberJoined)
def _joined(state: State, event: ShareMemberJoined) -> None:
    group = state.cluster.share_groups[event.group]
    member = group.members.get(event.member_id)
    if member is None or member.topics != event.topics:
        group.counted = {}
    if member is None:
        member = group.members[event.member_id] = ShareMember(event.member_id, event.client, event.topics)
    member.topics = event.topics
    member.told = False
    member.heard_at_us = event.at_us
    if group.state != "Stable":
        go(group, MOVES, "Stable", event.at_us, f"{event.client} joined")


@applies(ShareMemberHeard)
def _heard(state: State, event: ShareMemberHeard) -> None:
    state.cluster.share_groups[event.group].members[event.member_id].heard_at_us = event.at_us


@applies(ShareMemberRemoved)
def _removed(state: State, event: ShareMemberRemoved) -> None:
    group = state.cluster.share_groups[event.group]
    del group.members[event.member_id]
    group.counted = {}
    if not group.members:
        go(group, MOVES, "Empty", event.at_us)


@applies(ShareTargetAssigned)
def _assigned(state: State, event: ShareTargetAssigned) -> None:
    group = state.cluster.share_groups[event.group]
    group.epoch = event.epoch
    group.counted = dict(event.counted)
    for member_id, partitions in event.assignments:
        member = group.members[member_id]
        member.told = member.told and member.partitions == partitions
        member.partitions = partitions


@applies(ShareMemberTold)
def _told(state: State, event: ShareMemberTold) -> None:
    member = state.cluster.share_groups[event.group].members[event.member_id]
    member.previous_epoch, member.epoch = member.epoch, event.epoch
    member.told = True


@applies(SharePartitionStarted)
def _started(state: State, event: SharePartitionStarted) -> None:
    key = state.cluster.partition(event.topic, event.partition).key
    state.cluster.share_groups[event.group].windows[key] = SharePartition(
        event.topic,
        event.partition,
        key,
        event.start,
        event.lock_us,
        event.limit,
        event.in_flight,
        event.leader,
        event.start,
        event.start,
        written=event.start,
    )


@applies(ShareLeaderMoved)
def _moved(state: State, event: ShareLeaderMoved) -> None:
    found = _window(state, event)
    found.leader = event.leader
    found.portions = [
        (run.first, run.end) for run in found.runs if run.state != "Acquired" and run.deliveries
    ]

    def forget(run: Run) -> None:
        if run.state == "Acquired":
            to_state(run, "Available")
            run.deliveries -= 1

    if found.runs:
        found.change(found.start, found.end, forget)


@applies(ShareRecordsAcquired)
def _acquired(state: State, event: ShareRecordsAcquired) -> None:
    found = _window(state, event)
    found.locks = event.lock

    def acquire(run: Run) -> None:
        to_state(run, "Acquired")
        run.deliveries += 1
        run.member, run.client = event.member_id, event.client
        run.lock, run.until_us = event.lock, event.until_us

    if event.portion is not None:
        found.extend(event.portion[1])
        found.portions.append(event.portion)
    for first, end, _ in event.ranges:
        found.change(first, end, acquire)


@applies(ShareRecordsSettled)
def _settled(state: State, event: ShareRecordsSettled) -> None:
    found = _window(state, event)
    found.persisted = found.written
    for first, end, kind in event.moves:
        found.change(first, end, lambda run, kind=kind: settle(found, run, kind))  # type: ignore[misc]
        if TARGETS[kind] != "Available":
            _note_order(found, first, end)
    found.advance()
    found.written = found.start


def settle(found: SharePartition, run: Run, kind: str) -> None:
    """Move acquired records on by one acknowledgement (R132), and count them."""
    then = TARGETS[kind]
    if then == "Available" and run.deliveries >= found.limit:
        then = "Archived"
    to_state(run, then)
    count = run.end - run.first
    found.acknowledged += count if then == "Acknowledged" else 0
    found.archived += count if then == "Archived" else 0


def _note_order(found: SharePartition, first: int, end: int) -> None:
    """Remember that something was finished while an earlier record was not (R134)."""
    earlier = next((run for run in found.runs if run.state in ("Available", "Acquired")), None)
    if earlier is not None and earlier.first < first:
        found.overtaken = (end - 1, earlier.first)


@applies(ShareRecordArchived)
def _archived(state: State, event: ShareRecordArchived) -> None:
    _window(state, event).poisoned += 1


@applies(ShareLocksRenewed)
def _renewed(state: State, event: ShareLocksRenewed) -> None:
    found = _window(state, event)
    found.locks = event.lock

    def renew(run: Run) -> None:
        run.lock, run.until_us = event.lock, event.until_us

    for first, end in event.ranges:
        found.change(first, end, renew)


@applies(ShareGapsPassed)
def _passed(state: State, event: ShareGapsPassed) -> None:
    found = _window(state, event)
    if event.log_start:
        found.drop(event.log_start)
    for first, end in event.ranges:
        found.extend(end)
        found.change(first, end, lambda run: to_state(run, "Archived"))
    found.advance()
