"""Why: the members of a simulated group and their rebalances, in plain words with the numbers of this run."""

from __future__ import annotations

from functools import partial

from mqviz.explain import rules
from mqviz.explain.registry import explains, told
from mqviz.explain.shares import dealt_out, listed
from mqviz.facts import simulated
from mqviz.facts.views import Why
from mqviz.facts.words import lasting, names, several
from mqviz.model.kafka.clients.consumer.events import (
    CommitRefused,
    ConsumerChanged,
    ConsumerFailed,
    ConsumerProcessingSet,
    PartitionsAssigned,
    PartitionsRevoked,
    PositionsSet,
)
from mqviz.model.kafka.clients.consumer.state import REBALANCING, Consumer
from mqviz.model.kafka.coordinator.classic.events import (
    GenerationStarted,
    GroupEmptied,
    GroupStabilized,
    MemberJoined,
    MemberRemoved,
    RebalanceStarted,
)
from mqviz.model.kafka.coordinator.classic.state import Member
from mqviz.model.state import State

_why = partial(told, lesson=15)


def _clients(members: list[Member]) -> str:
    return names([member.client for member in members])


# -- the coordinator -----------------------------------------------------------------------------------------


@explains(MemberJoined)
def _joined(state: State, event: MemberJoined) -> Why:
    group = state.cluster.groups[event.group]
    count = len(group.members)
    return _why(
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
        return _why(event, headline, reason, rules.DELAY)
    late = [member for member in group.members.values() if not member.joining]
    if not late:
        return _why(event, headline, "nobody else has to join again", rules.EAGER)
    waits = lasting(max(_heartbeat_us(state, member) for member in late))
    reason = f"{_clients(late)} must join again; heartbeats come every {waits}"
    return _why(event, headline, reason, rules.HEARTBEATS)


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
    return _why(event, headline, reason, rules.GROUP_LEADER)


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
    return _why(event, headline, dealt, rules.ONE_OWNER, change)


@explains(GroupEmptied)
def _emptied(_: State, event: GroupEmptied) -> Why:
    reason = "its committed offsets stay, and whoever comes next goes on there"
    return _why(event, f"{event.group} has no members any more", reason, "", f"generation {event.generation}")


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
    return _why(
        event, f"{event.client} is out of {event.group}", reason, rule, f"members {count + 1} → {count}"
    )


# -- the process ---------------------------------------------------------------------------------------------


@explains(PartitionsAssigned)
def _assigned(_: State, event: PartitionsAssigned) -> Why:
    headline = f"{event.consumer} gets {listed(event.partitions)}"
    return _why(
        event, headline, f"generation {event.generation} of {event.group} begins for it", rules.ONE_OWNER
    )


@explains(PartitionsRevoked)
def _revoked(state: State, event: PartitionsRevoked) -> Why:
    given = listed(event.partitions)
    if event.lost:
        reason = "the group went on without it; what it did not commit is done again by others"
        return _why(event, f"{event.consumer} has lost {given}", reason, rules.REFUSED, lesson=18)
    closing = state.cluster.consumers[event.consumer].state == "closing"
    reason = "it is about to leave" if closing else "nobody reads them until the new assignment"
    rule = rules.GOODBYE if closing else rules.EAGER
    return _why(event, f"{event.consumer} gives up {given}", reason, rule, lesson=18)


@explains(PositionsSet)
def _positions(_: State, event: PositionsSet) -> Why:
    begin = ", ".join(f"P{number} at {offset}" for _, number, offset, _ in event.positions[:3])
    how = {
        "committed": "committed offsets: where the last owner got to",
        "earliest": "no commit yet, auto.offset.reset=earliest: the oldest record",
        "latest": "no commit yet, auto.offset.reset=latest: only what comes from now on",
    }
    reasons = list(dict.fromkeys(how[why] for _, _, _, why in event.positions))
    return _why(event, f"{event.consumer} reads {begin}", "; ".join(reasons), rules.START)


@explains(CommitRefused)
def _commit_refused(state: State, event: CommitRefused) -> Why:
    if event.named == REBALANCING:
        reason = f"{event.named}: its group rebalances, and it commits again once it has joined"
        return _why(event, f"{event.consumer} cannot commit now", reason, rules.REFUSED, lesson=16)
    consumer = state.cluster.consumers[event.consumer]
    open_ = _uncommitted(state, consumer)
    reason = f"{event.named}: {open_} may be read again by the next owner"
    return _why(event, f"{event.consumer} may not commit", reason, rules.REFUSED, lesson=16)


def _uncommitted(state: State, consumer: Consumer) -> str:
    count = 0
    for partition_state in consumer.partition_states.values():
        done = simulated.committed(
            state, consumer.settings.group, partition_state.topic, partition_state.partition
        )
        count += max(0, (partition_state.position or 0) - (done or 0))
    return several(count, "record")


@explains(ConsumerFailed)
def _failed(_: State, event: ConsumerFailed) -> Why:
    reasons = {"NoOffsetForPartitionException": "no committed offset, and auto.offset.reset=none"}
    reason = reasons.get(event.exception, "the coordinator refused it")
    return _why(event, f"poll() throws {event.exception} in {event.consumer}", reason, rules.START)


@explains(ConsumerProcessingSet)
def _slower(_: State, event: ConsumerProcessingSet) -> Why:
    each = lasting(event.processing_us)
    rate = f", at most {1e6 / event.processing_us:.3g} records a second" if event.processing_us else ""
    return _why(
        event,
        f"{event.consumer} takes {each} for a record from now on{rate}",
        rule=rules.NO_FASTER,
        lesson=17,
    )


@explains(ConsumerChanged)
def _changed(state: State, event: ConsumerChanged) -> Why:
    consumer = state.cluster.consumers[event.consumer]
    left = sum(part.end - part.first for part in consumer.hand)
    session = lasting(int(consumer.settings.session_timeout))
    finish = f"it finishes {several(left, 'record')} first, then " if left else "it "
    texts = {
        "paused": ("is frozen", f"no heartbeats either: in {session} the group removes it", rules.SILENCE),
        "running": ("goes on", "with its old beliefs, which may be wrong by now", ""),
        "closing": ("closes", f"{finish}leaves the group", rules.GOODBYE),
        "leaving": ("says goodbye", "the others hear of it with their next heartbeat", rules.HEARTBEATS),
        "closed": ("has ended", "the group let it go", ""),
        "dead": ("is killed", f"nobody is told; the group notices after {session}", rules.SILENCE),
    }
    word, reason, rule = texts[event.state]
    return _why(event, f"{event.consumer} {word}", reason, rule)
