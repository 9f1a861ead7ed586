"""What becomes of a group of the consumer protocol: epochs, members, what each has and should have."""

from __future__ import annotations

from mqviz.model.event import applies
from mqviz.model.kafka.coordinator.classic.state import Group
from mqviz.model.kafka.coordinator.consumer.events import (
    ConsumerGroupCreated,
    ConsumerGroupLoaded,
    ConsumerGroupMemberHeard,
    ConsumerGroupMemberJoined,
    ConsumerGroupMemberRemoved,
    ConsumerGroupMemberUpdated,
    GroupEpochRaised,
    MemberReconciled,
    StaticMemberAway,
    TargetAssigned,
)
from mqviz.model.kafka.coordinator.consumer.state import (
    AWAY,
    CONSUMER_GROUP_MOVES,
    CONSUMER_MEMBER_MOVES,
    ConsumerGroup,
    ConsumerGroupMember,
    Partitions,
)
from mqviz.model.moves import IllegalMove, go, move, remember
from mqviz.model.state import State


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
