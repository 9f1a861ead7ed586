"""What becomes of a classic group: its members, its generation, its state and what each member was given."""

from __future__ import annotations

from copy import copy

from mqviz.model.event import applies
from mqviz.model.kafka.coordinator.classic.events import (
    GenerationStarted,
    GroupCreated,
    GroupEmptied,
    GroupLoaded,
    GroupStabilized,
    InitialDelayExtended,
    MemberAssigned,
    MemberHeard,
    MemberIdGiven,
    MemberJoined,
    MemberRejoined,
    MemberRemoved,
    MemberSynced,
    MemberTimeoutsSet,
    RebalanceStarted,
    StaticMemberReplaced,
)
from mqviz.model.kafka.coordinator.classic.state import MEMBER_MOVES, MOVES, Group, Member, Stored
from mqviz.model.moves import go, move, remember
from mqviz.model.state import State


@applies(GroupCreated)
def _created(state: State, event: GroupCreated) -> None:
    group = state.cluster.groups[event.group] = Group(event.group, event.coordinator)
    remember(group, event.at_us)


@applies(MemberIdGiven)
def _id_given(state: State, event: MemberIdGiven) -> None:
    group = state.cluster.groups[event.group]
    group.ids_given[event.client] = group.ids_given.get(event.client, 0) + 1
    group.pending[event.member_id] = Member(
        event.member_id, event.client, "pending", event.session_timeout_us, heard_at_us=event.at_us
    )


@applies(MemberJoined)
def _joined(state: State, event: MemberJoined) -> None:
    group = state.cluster.groups[event.group]
    member = group.pending.pop(event.member_id, None) or Member(
        event.member_id, event.client, "pending", event.session_timeout_us
    )
    member.state = move(MEMBER_MOVES, member.state, "joining", event.member_id)
    member.session_timeout_us = event.session_timeout_us
    member.rebalance_timeout_us = event.rebalance_timeout_us
    member.assignors, member.topics, member.owned_partitions = (
        event.assignors,
        event.topics,
        event.owned_partitions,
    )
    member.joining = event.number
    member.joined_at_us = member.heard_at_us = event.at_us
    group.members[event.member_id] = member
    if event.instance_id is not None:
        make_static(group, member, event.instance_id)
    group.settled = False
    group.extended = group.initial
    if not group.group_leader:
        group.group_leader = event.member_id


def make_static(group: Group, member: Member, instance_id: str) -> None:
    """Remember who the static member is; its ids are counted as those of clients are."""
    group.static[instance_id] = member.member_id
    group.ids_given[instance_id] = group.ids_given.get(instance_id, 0) + 1
    member.instance_id = instance_id


def store(group: Group) -> None:
    """What the coordinator writes to __consumer_offsets: the group with everybody's share."""
    members = {name: copy(member) for name, member in group.members.items()}
    for member in members.values():
        member.state, member.joining, member.syncing = "stable", 0, 0
    group.stored = Stored(group.generation, group.assignor, group.group_leader, members)


@applies(MemberRejoined)
def _rejoined(state: State, event: MemberRejoined) -> None:
    group = state.cluster.groups[event.group]
    group.settled = False
    member = group.members[event.member_id]
    member.state = move(MEMBER_MOVES, member.state, "joining", event.member_id)
    member.assignors, member.topics, member.owned_partitions = (
        event.assignors,
        event.topics,
        event.owned_partitions,
    )
    member.joining = event.number
    member.heard_at_us = event.at_us


@applies(RebalanceStarted)
def _rebalance(state: State, event: RebalanceStarted) -> None:
    group = state.cluster.groups[event.group]
    go(group, MOVES, "PreparingRebalance", event.at_us, event.reason)
    group.round += 1
    group.reason = event.reason
    group.stopped_at_us = event.at_us
    group.stopped_at_lag = sum(
        state.cluster.partition(record.topic, record.partition).led.high_watermark - record.committed
        for record in group.records.values()
        if record.committed is not None
    )
    group.settled = False
    group.initial = event.initial
    group.extended = False
    group.window_left_us = event.window_left_us
    for member in group.members.values():
        member.syncing = 0
        if member.state != "joining":
            member.state = move(MEMBER_MOVES, member.state, "rejoining", member.member_id)


@applies(InitialDelayExtended)
def _extended(state: State, event: InitialDelayExtended) -> None:
    group = state.cluster.groups[event.group]
    group.extended = False
    group.window_left_us = event.window_left_us


@applies(GenerationStarted)
def _generation(state: State, event: GenerationStarted) -> None:
    group = state.cluster.groups[event.group]
    go(group, MOVES, "CompletingRebalance", event.at_us)
    group.generation = event.generation
    group.assignor = event.assignor
    group.group_leader = event.group_leader
    group.initial = False
    for member in group.members.values():
        member.state = move(MEMBER_MOVES, member.state, "awaiting sync", member.member_id)
        member.joining = 0
        member.partitions = ()
        member.heard_at_us = event.at_us


@applies(GroupEmptied)
def _emptied(state: State, event: GroupEmptied) -> None:
    group = state.cluster.groups[event.group]
    go(group, MOVES, "Empty", event.at_us)
    group.generation = event.generation
    group.assignor = group.group_leader = ""
    group.initial = False
    store(group)
    group.emptied_at_us = event.at_us


@applies(MemberSynced)
def _synced(state: State, event: MemberSynced) -> None:
    member = state.cluster.groups[event.group].members[event.member_id]
    member.syncing = event.number
    member.heard_at_us = event.at_us


@applies(GroupStabilized)
def _stabilized(state: State, event: GroupStabilized) -> None:
    group = state.cluster.groups[event.group]
    go(group, MOVES, "Stable", event.at_us)
    group.settled = True
    shares = dict(event.assignments)
    for member in group.members.values():
        member.partitions = shares.get(member.member_id, ())
        if member.syncing:
            member.state = move(MEMBER_MOVES, member.state, "stable", member.member_id)
            member.syncing = 0
            member.heard_at_us = event.at_us
    store(group)


@applies(MemberAssigned)
def _told(state: State, event: MemberAssigned) -> None:
    member = state.cluster.groups[event.group].members[event.member_id]
    member.state = move(MEMBER_MOVES, member.state, "stable", member.member_id)
    member.heard_at_us = event.at_us


@applies(MemberHeard)
def _heard(state: State, event: MemberHeard) -> None:
    group = state.cluster.groups[event.group]
    member = group.members[event.member_id]
    member.heard_at_us = event.at_us


@applies(MemberRemoved)
def _removed(state: State, event: MemberRemoved) -> None:
    group = state.cluster.groups[event.group]
    member = group.pending.pop(event.member_id, None)
    if member is None:
        member = group.members.pop(event.member_id)
        group.settled = False
    if member.instance_id is not None:
        del group.static[member.instance_id]
    move(MEMBER_MOVES, member.state, "gone", event.member_id)
    if group.group_leader == event.member_id:
        group.group_leader = ""


@applies(StaticMemberReplaced)
def _replaced(state: State, event: StaticMemberReplaced) -> None:
    group = state.cluster.groups[event.group]
    old = group.members.pop(event.member_id)
    member = Member(
        event.replacement,
        event.client,
        "joining" if event.number else "awaiting sync",
        event.session_timeout_us,
        event.rebalance_timeout_us,
        event.assignors,
        event.topics,
        old.joined_at_us,
        event.at_us,
        event.number,
        partitions=old.partitions,
        owned_partitions=event.owned_partitions,
    )
    group.members[event.replacement] = member
    make_static(group, member, event.instance_id)
    if group.group_leader == event.member_id:
        group.group_leader = event.replacement
    if group.state == "Stable" and not event.number:
        store(group)


@applies(GroupLoaded)
def _loaded(state: State, event: GroupLoaded) -> None:
    """Not a move of the state machine: another memory of the group, read from the log."""
    group = state.cluster.groups[event.group]
    stored = group.stored
    group.coordinator = event.coordinator
    group.loads += 1
    group.round += 1
    group.state = "Stable" if stored.members else "Empty"
    remember(group, event.at_us, f"broker {event.coordinator} took it over")
    group.generation, group.assignor = stored.generation, stored.assignor
    group.group_leader = stored.group_leader
    group.members = {name: copy(member) for name, member in stored.members.items()}
    group.pending = {}
    group.static = {m.instance_id: m.member_id for m in group.members.values() if m.instance_id is not None}
    group.initial = group.extended = False
    group.settled = bool(group.members)
    for member in group.members.values():
        member.heard_at_us = event.at_us


@applies(MemberTimeoutsSet)
def _timeouts(state: State, event: MemberTimeoutsSet) -> None:
    member = state.cluster.groups[event.group].members[event.member_id]
    member.session_timeout_us = event.session_timeout_us
    member.rebalance_timeout_us = event.rebalance_timeout_us
