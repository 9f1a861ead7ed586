"""Why, in plain words with the numbers of this run: the events of mqviz/model/kafka/coordinator/classic."""

from __future__ import annotations

from mqviz.explain import rules
from mqviz.explain.phrases import told_in_15
from mqviz.explain.registry import explains
from mqviz.explain.shares import dealt_out
from mqviz.facts import simulated
from mqviz.facts.views import Why
from mqviz.facts.words import lasting, names, several
from mqviz.model.kafka.coordinator.classic.events import (
    GenerationStarted,
    GroupEmptied,
    GroupLoaded,
    GroupStabilized,
    MemberJoined,
    MemberRemoved,
    MemberTimeoutsSet,
    RebalanceStarted,
    StaticMemberReplaced,
)
from mqviz.model.kafka.coordinator.classic.state import Member
from mqviz.model.state import State


@explains(StaticMemberReplaced)
def _replaced(state: State, event: StaticMemberReplaced) -> Why:
    quiet = "its share is still there, nobody else is asked" if not event.number else "all must join again"
    return told_in_15(
        event,
        f"{event.client} takes the place of {event.instance_id} in {event.group}",
        f"it came with the same group.instance.id, so {quiet}",
        "the older process with a group.instance.id is fenced",
        f"member id {event.member_id} → {event.replacement}",
    )


@explains(GroupLoaded)
def _loaded(state: State, event: GroupLoaded) -> Why:
    group = state.cluster.groups[event.group]
    return told_in_15(
        event,
        f"broker {event.coordinator} coordinates {event.group} now",
        f"it leads the group's partition of __consumer_offsets and read generation {group.generation} "
        f"with {several(len(group.members), 'member')} from it",
        "what a coordinator knows of a group is in the log",
    )


@explains(MemberTimeoutsSet)
def _timeouts(state: State, event: MemberTimeoutsSet) -> Why:
    return told_in_15(
        event,
        f"{event.member_id} has other timeouts in {event.group}",
        f"it joined again with session.timeout.ms {event.session_timeout_us // 1_000} and "
        f"max.poll.interval.ms {event.rebalance_timeout_us // 1_000}",
        "each JoinGroup brings the member's timeouts",
    )


def _clients(members: list[Member]) -> str:
    return names([member.client for member in members])


# -- the coordinator -----------------------------------------------------------------------------------------


@explains(MemberJoined)
def _joined(state: State, event: MemberJoined) -> Why:
    group = state.cluster.groups[event.group]
    count = len(group.members)
    return told_in_15(
        event,
        f"{event.client} asks to join {event.group}",
        f"as member {event.member_id}, {_nth(count)} of the group",
        rules.SECOND_JOIN,
        f"members {count - 1} → {count}",
    )


def _nth(number: int) -> str:
    return {1: "the first", 2: "the second", 3: "the third"}.get(number, f"number {number}")


@explains(RebalanceStarted)
def _rebalance(state: State, event: RebalanceStarted) -> Why:
    group = state.cluster.groups[event.group]
    headline = f"{event.reason}: {event.group} rebalances"
    if event.initial:
        delay_us = state.cluster.initial_rebalance_delay_us
        reason = f"it waits {lasting(delay_us)} for more members" if delay_us else "and waits for nobody else"
        return told_in_15(event, headline, reason, rules.DELAY)
    late = [member for member in group.members.values() if not member.joining]
    if not late:
        return told_in_15(event, headline, "nobody else has to join again", rules.EAGER)
    waits = lasting(max(_heartbeat_us(state, member) for member in late))
    reason = f"{_clients(late)} must join again; heartbeats come every {waits}"
    return told_in_15(event, headline, reason, rules.HEARTBEATS)


def _heartbeat_us(state: State, member: Member) -> int:
    consumer = state.cluster.consumers.get(member.client)
    return int(consumer.settings.heartbeat_interval) if consumer else 3_000_000


@explains(GenerationStarted)
def _generation(state: State, event: GenerationStarted) -> Why:
    group = state.cluster.groups[event.group]
    members = list(group.members.values())
    leader = group.members[event.group_leader].client
    headline = f"all have joined: generation {event.generation - 1} → {event.generation}"
    reason = f"{_clients(members)}; {leader} leads and shares out by {event.assignor}"
    return told_in_15(event, headline, reason, rules.GROUP_LEADER)


@explains(GroupStabilized)
def _stabilized(state: State, event: GroupStabilized) -> Why:
    group = state.cluster.groups[event.group]
    came = [member for member in group.members.values() if member.joined_at_us >= group.stopped_at_us]
    reason = f"{_clients(came)} joined" if came else group.reason
    headline = f"{reason}: generation {event.generation - 1} → {event.generation}"
    now = simulated.group_lag(state, event.group).value
    change = f"rebalanced in {lasting(event.at_us - group.stopped_at_us)}"
    if isinstance(now, int) and now != group.stopped_at_lag:
        change += f"; lag {group.stopped_at_lag} → {now}"
    dealt = dealt_out([(group.members[member].client, parts) for member, parts in event.assignments])
    return told_in_15(event, headline, dealt, rules.ONE_OWNER, change)


@explains(GroupEmptied)
def _emptied(_: State, event: GroupEmptied) -> Why:
    reason = "its committed offsets stay, and whoever comes next goes on there"
    return told_in_15(
        event, f"{event.group} has no members any more", reason, "", f"generation {event.generation}"
    )


@explains(MemberRemoved)
def _removed(state: State, event: MemberRemoved) -> Why:
    group = state.cluster.groups[event.group]
    consumer = state.cluster.consumers.get(event.client)
    session = lasting(int(consumer.settings.session_timeout)) if consumer else "its session timeout"
    reasons = {
        "left": ("it said goodbye", rules.GOODBYE),
        "session expired": (f"no heartbeat for {session}", rules.SILENCE),
        "never joined": (f"it took an id and did not come back for {session}", rules.SILENCE),
        "did not rejoin": ("it did not join again before the rebalance timeout", rules.POLL),
        "did not sync": ("it did not ask for its assignment before the rebalance timeout", rules.POLL),
    }
    reason, rule = reasons[event.reason]
    count = len(group.members)
    return told_in_15(
        event, f"{event.client} is out of {event.group}", reason, rule, f"members {count + 1} → {count}"
    )
