"""Why: static members, new coordinators and the group leader's work, in plain words."""

from __future__ import annotations

from functools import partial

from mqviz.explain.registry import explains, told
from mqviz.facts.views import Why
from mqviz.facts.words import several
from mqviz.model.kafka.clients.consumer.events import AssignmentComputed, ShareArrived
from mqviz.model.kafka.coordinator.classic.events import GroupLoaded, MemberTimeoutsSet, StaticMemberReplaced
from mqviz.model.state import State

_why = partial(told, lesson=15)


@explains(StaticMemberReplaced)
def _replaced(state: State, event: StaticMemberReplaced) -> Why:
    quiet = "its share is still there, nobody else is asked" if not event.number else "all must join again"
    return _why(
        event,
        f"{event.client} takes the place of {event.instance_id} in {event.group}",
        f"it came with the same group.instance.id, so {quiet}",
        "the older process with a group.instance.id is fenced",
        f"member id {event.member_id} → {event.replacement}",
    )


@explains(GroupLoaded)
def _loaded(state: State, event: GroupLoaded) -> Why:
    group = state.cluster.groups[event.group]
    return _why(
        event,
        f"broker {event.coordinator} coordinates {event.group} now",
        f"it leads the group's partition of __consumer_offsets and read generation {group.generation} "
        f"with {several(len(group.members), 'member')} from it",
        "what a coordinator knows of a group is in the log",
    )


@explains(AssignmentComputed)
def _computed(state: State, event: AssignmentComputed) -> Why:
    count = sum(number for _, number in event.partitions)
    return _why(
        event,
        f"{event.consumer} shares out {several(count, 'partition')} with {event.assignor}",
        f"it is the group leader of generation {event.generation}, with "
        f"{several(len(event.assignments), 'member')}",
        "the group leader, a client, computes who gets what",
    )


@explains(ShareArrived)
def _arrived(state: State, event: ShareArrived) -> Why:
    return _why(
        event,
        f"the new share of {event.consumer} waits for its next poll()",
        "the application works on records that it was given before",
        "callbacks run inside poll()",
    )


@explains(MemberTimeoutsSet)
def _timeouts(state: State, event: MemberTimeoutsSet) -> Why:
    return _why(
        event,
        f"{event.member_id} has other timeouts in {event.group}",
        f"it joined again with session.timeout.ms {event.session_timeout_us // 1_000} and "
        f"max.poll.interval.ms {event.rebalance_timeout_us // 1_000}",
        "each JoinGroup brings the member's timeouts",
    )
