"""Group takeover: a process takes a static member's place, a broker takes a group over (R99, R113)."""

from __future__ import annotations

from copy import copy
from typing import TYPE_CHECKING

from mqviz.model.event import Event, Weight, applies
from mqviz.model.group import make_static, store
from mqviz.model.group_member import Member
from mqviz.model.holdings import Holdings
from mqviz.model.moves import remember

if TYPE_CHECKING:
    from mqviz.model.state import State


class StaticMemberReplaced(Event, frozen=True):
    """A JoinGroup with a known group.instance.id: the new process takes the old one's place and share (R113).

    `number`: the JoinGroup, if it waits for the others; 0 if it was answered at once. The id `member_id` is fenced.
    """

    weight = Weight.MOMENT
    group: str
    instance_id: str
    member_id: str
    replacement: str
    client: str
    number: int
    session_timeout_us: int
    rebalance_timeout_us: int
    assignors: tuple[str, ...]
    topics: tuple[str, ...]
    holdings: Holdings = Holdings()


class GroupLoaded(Event, frozen=True):
    """Another broker coordinates the group now; it goes on from what is stored in __consumer_offsets (R99)."""

    weight = Weight.MOMENT
    group: str
    coordinator: int


class MemberTimeoutsSet(Event, frozen=True):
    """A known member joined again with another session or rebalance timeout."""

    group: str
    member_id: str
    session_timeout_us: int
    rebalance_timeout_us: int


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
        holdings=event.holdings,
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
