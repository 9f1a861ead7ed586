"""Share: a share group (KIP-932) as its coordinator and the partition leaders see it.

The group has members and hands each some partitions, several members a partition (R130); which record is whose is kept
partition by partition in share_window.py. The group's states are ShareGroupState in Kafka, the table MOVES.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from mqviz.model.event import Event, Weight, applies
from mqviz.model.moves import Step, go, remember
from mqviz.model.share_window import Run, SharePartition, to_state

if TYPE_CHECKING:
    from mqviz.model.state import State

MOVES: dict[str, tuple[str, ...]] = {
    "Empty": ("Stable", "Dead"),
    "Stable": ("Empty", "Stable", "Dead"),
    "Dead": (),
}
"""From each state of a share group the states that may follow."""

TARGETS = {"accept": "Acknowledged", "reject": "Archived", "gap": "Archived", "release": "Available"}
"""What each acknowledgement makes of an acquired record; one delivered for the last time is archived instead (R132)."""


class ShareMember(msgspec.Struct):
    """A member. `epoch`: the one it was told last; `partitions`: its target; `told`: it knows them."""

    member_id: str
    client: str
    topics: tuple[str, ...]
    epoch: int = 0
    previous_epoch: int = 0
    partitions: tuple[tuple[str, int], ...] = ()
    told: bool = False
    heard_at_us: int = 0


class ShareGroup(msgspec.Struct):
    """A share group. Members by id in the order of joining; `windows` by partition key; `counted`: partitions by topic
    when they were shared out last, empty until that is done anew.

    `epoch` goes up with each change of members or partitions. `path`: its last moves.
    """

    name: str
    coordinator: int
    state: str = "Empty"
    epoch: int = 0
    members: dict[str, ShareMember] = msgspec.field(default_factory=dict)
    counted: dict[str, int] = msgspec.field(default_factory=dict)
    windows: dict[str, SharePartition] = msgspec.field(default_factory=dict)
    path: list[Step] = msgspec.field(default_factory=list)


class ShareGroupLoaded(Event, frozen=True):
    """Another broker looks after a share group now; every member's session begins anew (R99)."""

    weight = Weight.STEP
    group: str
    coordinator: int


class ShareGroupCreated(Event, frozen=True):
    """Somebody asked for a share group that did not exist; `coordinator` is the broker that looks after it."""

    group: str
    coordinator: int


class ShareMemberJoined(Event, frozen=True):
    """A heartbeat with epoch 0 made a new member, or told the topics of one (R130)."""

    weight = Weight.STEP
    group: str
    member_id: str
    client: str
    topics: tuple[str, ...]


class ShareMemberHeard(Event, frozen=True):
    """Something came from a member, so its session starts anew."""

    group: str
    member_id: str


class ShareMemberRemoved(Event, frozen=True):
    """A member is out; `reason`: left, or session expired."""

    weight = Weight.MOMENT
    group: str
    member_id: str
    client: str
    reason: str


class ShareTargetAssigned(Event, frozen=True):
    """The coordinator shared the partitions out anew (E63); each member hears of it with its next heartbeat."""

    weight = Weight.STEP
    group: str
    epoch: int
    counted: tuple[tuple[str, int], ...]
    assignments: tuple[tuple[str, tuple[tuple[str, int], ...]], ...]


class ShareMemberTold(Event, frozen=True):
    """A member was told the epoch and its partitions."""

    group: str
    member_id: str
    epoch: int


class SharePartitionStarted(Event, frozen=True):
    """The partition leader opened the group's window at `start`, because of `reset`: earliest, latest … (R134)."""

    weight = Weight.STEP
    group: str
    topic: str
    partition: int
    start: int
    reset: str
    lock_us: int
    limit: int
    in_flight: int
    leader: int


class ShareLeaderMoved(Event, frozen=True):
    """Another broker leads the partition: it knows what was written, so what was acquired is free, as if not delivered."""

    weight = Weight.STEP
    group: str
    topic: str
    partition: int
    leader: int


class ShareRecordsAcquired(Event, frozen=True):
    """A member has these records (first, end, deliveries), alone, until `until_us` (R131, R132).

    `portion`: (first, end) of what the window took in for it; there may be more than the member has.
    """

    weight = Weight.STEP
    group: str
    topic: str
    partition: int
    member_id: str
    client: str
    lock: int
    until_us: int
    ranges: tuple[tuple[int, int, int], ...]
    portion: tuple[int, int] | None = None


class ShareRecordsSettled(Event, frozen=True):
    """Acquired records moved on: (first, end, type of acknowledgement); one state write (E60).

    `because`: acknowledged, lock over, or disconnected.
    """

    weight = Weight.STEP
    group: str
    topic: str
    partition: int
    member_id: str
    client: str
    because: str
    moves: tuple[tuple[int, int, str], ...]


class ShareRecordArchived(Event, frozen=True):
    """A record was given back after its last delivery: nobody gets it any more (R132)."""

    weight = Weight.MOMENT
    group: str
    topic: str
    partition: int
    offset: int
    key: str | None
    deliveries: int
    client: str


class ShareLocksRenewed(Event, frozen=True):
    """The member goes on having these records (first, end), with a new lock until `until_us` (R132)."""

    weight = Weight.STEP
    group: str
    topic: str
    partition: int
    member_id: str
    client: str
    lock: int
    until_us: int
    ranges: tuple[tuple[int, int], ...]


class ShareGapsPassed(Event, frozen=True):
    """These offsets (first, end) hold nothing to deliver: markers, or what the cleaner took.

    `log_start`: where the log begins now, 0 if the window begins there or later: what is before it is over for everybody.
    """

    group: str
    topic: str
    partition: int
    ranges: tuple[tuple[int, int], ...]
    log_start: int = 0


def window(state: State, event: Event) -> SharePartition:
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
    found = window(state, event)
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
    found = window(state, event)
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
    found = window(state, event)
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
    window(state, event).poisoned += 1


@applies(ShareLocksRenewed)
def _renewed(state: State, event: ShareLocksRenewed) -> None:
    found = window(state, event)
    found.locks = event.lock

    def renew(run: Run) -> None:
        run.lock, run.until_us = event.lock, event.until_us

    for first, end in event.ranges:
        found.change(first, end, renew)


@applies(ShareGapsPassed)
def _passed(state: State, event: ShareGapsPassed) -> None:
    found = window(state, event)
    if event.log_start:
        found.drop(event.log_start)
    for first, end in event.ranges:
        found.extend(end)
        found.change(first, end, lambda run: to_state(run, "Archived"))
    found.advance()
