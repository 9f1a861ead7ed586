"""Consumer group of the consumer protocol (KIP-848), as its coordinator sees it: epochs, targets, members' states.

The coordinator decides who should own what (the target) and leads each member there with its heartbeats,
without a moment at which all must stop. Committed offsets are in group.py, as for a classic group.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from mqviz.model.event import Event, Weight, applies
from mqviz.model.group import Group
from mqviz.model.moves import IllegalMove, Step, go, move, remember

if TYPE_CHECKING:
    from mqviz.model.state import State

Partitions = tuple[tuple[str, int], ...]
"""(topic, partition), sorted."""

CONSUMER_GROUP_MOVES: dict[str, tuple[str, ...]] = {
    "Empty": ("Assigning", "Reconciling", "Stable", "Dead"),
    "Assigning": ("Reconciling", "Stable", "Empty", "Dead"),
    "Reconciling": ("Stable", "Assigning", "Empty", "Dead"),
    "Stable": ("Assigning", "Reconciling", "Empty", "Dead"),
    "Dead": (),
}
"""From each state the states that may follow (R129)."""

CONSUMER_MEMBER_MOVES: dict[str, tuple[str, ...]] = {
    "STABLE": ("STABLE", "UNREVOKED", "UNRELEASED", "gone"),
    "UNREVOKED": ("STABLE", "UNREVOKED", "UNRELEASED", "gone"),
    "UNRELEASED": ("STABLE", "UNREVOKED", "UNRELEASED", "gone"),
    "gone": (),
}
"""The same for a member (R123).

STABLE: has what its epoch gives it. UNREVOKED: was told to give up partitions and has not said yet that it
did. UNRELEASED: waits for partitions that another member still has.
"""

AWAY = -2
"""The epoch of a static member that left and may come back (R128)."""


class ConsumerGroupMember(msgspec.Struct):
    """A member, by its id; `client` is its client.id, `instance_id` the group.instance.id of a static one, else "".

    `epoch`: the target epoch that it has reached, 0 until its first; `previous_epoch`: the one before (E7). `assigned`: what it may
    read; `revoking`: what it was told to give up, by `revoke_by_us` at the latest.
    `server_assignor`: the one that it asks for, "" for none.
    """

    member_id: str
    client: str
    instance_id: str = ""
    state: str = "STABLE"
    epoch: int = 0
    previous_epoch: int = 0
    rebalance_timeout_us: int = 0
    topics: tuple[str, ...] = ()
    server_assignor: str = ""
    assigned: Partitions = ()
    revoking: Partitions = ()
    revoke_by_us: int = 0
    joined_at_us: int = 0
    heard_at_us: int = 0

    @property
    def partitions(self) -> Partitions:
        """What the group thinks it reads, as of a member of the classic protocol."""
        return self.assigned


class ConsumerGroup(msgspec.Struct):
    """Members by id, in the order they joined. `target`: who should own what, by member id, as of `assignment_epoch`.

    `metadata`: partitions of each subscribed topic that exists, as of `epoch`. `owners`: who has each
    partition, also one that it was told to give up, by the partition's key. `assigned_at_us`: when the target was computed last, -1 for never.
    `reason`: why the epoch was raised last; `began_at_us`: when the group was stable last. `path`: its last moves.
    `most`: how many members it had at most at once before the last one came or went.
    """

    name: str
    coordinator: int
    state: str = "Empty"
    epoch: int = 0
    assignment_epoch: int = 0
    assigned_at_us: int = -1
    assignor: str = ""
    reason: str = ""
    began_at_us: int = 0
    metadata: tuple[tuple[str, int], ...] = ()
    members: dict[str, ConsumerGroupMember] = msgspec.field(default_factory=dict)
    target: dict[str, Partitions] = msgspec.field(default_factory=dict)
    owners: dict[str, str] = msgspec.field(default_factory=dict)
    path: list[Step] = msgspec.field(default_factory=list)
    most: int = 0

    @property
    def generation(self) -> int:
        """The group epoch, which is what a generation is in the classic protocol."""
        return self.epoch

    def static(self, instance_id: str) -> ConsumerGroupMember | None:
        """The member with this group.instance.id."""
        return next((m for m in self.members.values() if m.instance_id == instance_id), None)

    def state_now(self) -> str:
        """The group's state, the first that fits (E22)."""
        if not self.members:
            return "Empty"
        if self.epoch > self.assignment_epoch:
            return "Assigning"
        reached = all(m.state == "STABLE" and m.epoch == self.assignment_epoch for m in self.members.values())
        return "Stable" if reached else "Reconciling"


class ConsumerGroupCreated(Event, frozen=True):
    """The first member of a group of the consumer protocol asks its coordinator (R99, R120)."""

    group: str
    coordinator: int


class ConsumerGroupLoaded(Event, frozen=True):
    """Another broker coordinates the group now; it read everything from the log and gives every member a new session (R99)."""

    weight = Weight.STEP
    group: str
    coordinator: int


class ConsumerGroupMemberJoined(Event, frozen=True):
    """A member came with epoch 0; `replaces`: the id of the static member that was away and whose place it takes (R128)."""

    weight = Weight.STEP
    group: str
    member_id: str
    client: str
    instance_id: str
    replaces: str


class ConsumerGroupMemberUpdated(Event, frozen=True):
    """A member told its subscription, its rebalance timeout or the assignor that it wants."""

    group: str
    member_id: str
    rebalance_timeout_us: int
    topics: tuple[str, ...]
    server_assignor: str


class ConsumerGroupMemberHeard(Event, frozen=True):
    """A heartbeat counted, so the member's session starts anew (R120)."""

    group: str
    member_id: str


class GroupEpochRaised(Event, frozen=True):
    """The group needs a new target assignment; `reason` is a few words, `metadata` what it knows of its topics now (R122)."""

    weight = Weight.MOMENT
    group: str
    epoch: int
    reason: str
    metadata: tuple[tuple[str, int], ...]


class TargetAssigned(Event, frozen=True):
    """The coordinator computed who should own what (R122)."""

    weight = Weight.MOMENT
    group: str
    epoch: int
    assignor: str
    target: tuple[tuple[str, Partitions], ...]


class MemberReconciled(Event, frozen=True):
    """A member's heartbeat led it a step towards its target (R123); `revoke_by_us`: 0 if it has nothing to give up."""

    weight = Weight.STEP
    group: str
    member_id: str
    state: str
    epoch: int
    assigned: Partitions
    revoking: Partitions
    revoke_by_us: int


class StaticMemberAway(Event, frozen=True):
    """A static member closed with epoch -2: it keeps what it has until its session ends (R128)."""

    weight = Weight.STEP
    group: str
    member_id: str


class ConsumerGroupMemberRemoved(Event, frozen=True):
    """A member is out, which raises the group epoch; `reason`: left, session expired, did not revoke (R122, E8, E12)."""

    weight = Weight.MOMENT
    group: str
    member_id: str
    client: str
    reason: str
    epoch: int
    metadata: tuple[tuple[str, int], ...]


def _settle(group: ConsumerGroup, at_us: int) -> None:
    """The group's state follows from its epochs and members."""
    state = group.state_now()
    if state != group.state:
        if group.state in ("Empty", "Stable"):
            group.began_at_us = at_us
        go(group, CONSUMER_GROUP_MOVES, state, at_us, group.reason if state in ("Assigning", "Empty") else "")


def _own(state: State, group: ConsumerGroup, member: ConsumerGroupMember, then: Partitions) -> None:
    """`member` has just these partitions, instead of those that it has now."""
    for topic, number in (*member.assigned, *member.revoking):
        group.owners.pop(_key(topic, number), None)
    for topic, number in then:
        group.owners[_key(topic, number)] = member.member_id


def _key(topic: str, number: int) -> str:
    return f"{topic}-{number}"


@applies(ConsumerGroupCreated)
def _created(state: State, event: ConsumerGroupCreated) -> None:
    cluster = state.cluster
    group = cluster.consumer_groups[event.group] = ConsumerGroup(event.group, event.coordinator)
    remember(group, event.at_us)
    if event.group not in cluster.groups:
        cluster.groups[event.group] = Group(event.group, event.coordinator)
    cluster.groups[event.group].protocol = "consumer"


@applies(ConsumerGroupLoaded)
def _loaded(state: State, event: ConsumerGroupLoaded) -> None:
    cluster = state.cluster
    group = cluster.consumer_groups[event.group]
    group.coordinator = cluster.groups[event.group].coordinator = event.coordinator
    for member in group.members.values():
        member.heard_at_us = event.at_us
        if member.revoke_by_us:
            member.revoke_by_us = event.at_us + member.rebalance_timeout_us


@applies(ConsumerGroupMemberJoined)
def _joined(state: State, event: ConsumerGroupMemberJoined) -> None:
    group = state.cluster.consumer_groups[event.group]
    member = ConsumerGroupMember(event.member_id, event.client, event.instance_id)
    group.most = max(group.most, len(group.members))
    if event.replaces:
        before = group.members.pop(event.replaces)
        member.topics, member.server_assignor = before.topics, before.server_assignor
        member.rebalance_timeout_us = before.rebalance_timeout_us
        member.state, member.assigned = before.state, before.assigned
        group.target[event.member_id] = group.target.pop(event.replaces, ())
        _own(state, group, before, ())
        _own(state, group, member, member.assigned)
    member.joined_at_us = member.heard_at_us = event.at_us
    group.members[event.member_id] = member


@applies(ConsumerGroupMemberUpdated)
def _updated(state: State, event: ConsumerGroupMemberUpdated) -> None:
    member = state.cluster.consumer_groups[event.group].members[event.member_id]
    member.rebalance_timeout_us = event.rebalance_timeout_us
    member.topics = event.topics
    member.server_assignor = event.server_assignor


@applies(ConsumerGroupMemberHeard)
def _heard(state: State, event: ConsumerGroupMemberHeard) -> None:
    state.cluster.consumer_groups[event.group].members[event.member_id].heard_at_us = event.at_us


@applies(GroupEpochRaised)
def _raised(state: State, event: GroupEpochRaised) -> None:
    group = state.cluster.consumer_groups[event.group]
    group.reason = event.reason
    _raise(group, event)


def _raise(group: ConsumerGroup, event: GroupEpochRaised | ConsumerGroupMemberRemoved) -> None:
    if event.epoch != group.epoch + 1:
        raise IllegalMove(f"{group.name} cannot go from epoch {group.epoch} to {event.epoch}")
    group.epoch = event.epoch
    group.metadata = event.metadata
    _settle(group, event.at_us)


@applies(TargetAssigned)
def _targeted(state: State, event: TargetAssigned) -> None:
    group = state.cluster.consumer_groups[event.group]
    group.assignment_epoch = event.epoch
    group.assigned_at_us = event.at_us
    group.assignor = event.assignor
    group.target = dict(event.target)
    _settle(group, event.at_us)


@applies(MemberReconciled)
def _reconciled(state: State, event: MemberReconciled) -> None:
    group = state.cluster.consumer_groups[event.group]
    member = group.members[event.member_id]
    _own(state, group, member, (*event.assigned, *event.revoking))
    member.state = move(CONSUMER_MEMBER_MOVES, member.state, event.state, member.member_id)
    member.previous_epoch, member.epoch = member.epoch, event.epoch
    member.assigned, member.revoking = event.assigned, event.revoking
    member.revoke_by_us = event.revoke_by_us
    _settle(group, event.at_us)


@applies(StaticMemberAway)
def _away(state: State, event: StaticMemberAway) -> None:
    group = state.cluster.consumer_groups[event.group]
    member = group.members[event.member_id]
    member.epoch = AWAY
    _own(state, group, member, member.assigned)
    member.revoking, member.revoke_by_us = (), 0
    _settle(group, event.at_us)


@applies(ConsumerGroupMemberRemoved)
def _removed(state: State, event: ConsumerGroupMemberRemoved) -> None:
    group = state.cluster.consumer_groups[event.group]
    group.most = max(group.most, len(group.members))
    member = group.members.pop(event.member_id)
    move(CONSUMER_MEMBER_MOVES, member.state, "gone", event.member_id)
    _own(state, group, member, ())
    group.target.pop(event.member_id, None)
    group.reason = f"{event.client}: {event.reason}"
    _raise(group, event)
