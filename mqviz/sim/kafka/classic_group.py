"""Classic group: the group coordinator's side of the classic protocol.

Like a real broker: the states and moves of R100; ids before membership (R101); an initial delay that grows
while members come (R102); later rebalances end when all have joined again, or without the missing ones at the
rebalance timeout (R103); the leader's assignment is stored before anybody is told (R104); most votes choose
the assignor (R105); heartbeats (R106), sessions that expire (R112), goodbyes (R94). A member that waits in
SyncGroup is told of a new rebalance; a JoinGroup whose member is removed is answered UNKNOWN_MEMBER_ID.
Left out: static members (R113), a coordinator that moves, group.max.size.
"""

from __future__ import annotations

from mqviz.kafka.assignors import choose_assignor
from mqviz.kafka.errors import Error
from mqviz.kafka.settings import session_timeout_in_range
from mqviz.model.group import (
    GenerationStarted,
    Group,
    GroupCreated,
    GroupEmptied,
    GroupStabilized,
    InitialDelayExtended,
    Member,
    MemberAssigned,
    MemberHeard,
    MemberIdGiven,
    MemberJoined,
    MemberRejoined,
    MemberRemoved,
    MemberSynced,
    RebalanceStarted,
)
from mqviz.model.request import Heartbeat, Joined, JoinGroup, LeaveGroup, Plain, Synced, SyncGroup
from mqviz.sim.engine import TIMER, Simulation, due
from mqviz.sim.kafka.cluster import coordinator_of
from mqviz.sim.kafka.network import answer, serves
from mqviz.sim.kafka.offsets import write_us

REASONS = {
    "left": "{} left",
    "session expired": "{} fell silent",
    "did not sync": "{} did not ask for its share",
}
"""Why a group rebalances when a member is removed, as it is told."""

Assignments = tuple[tuple[str, tuple[tuple[str, int], ...]], ...]


# -- JoinGroup --------------------------------------------------------------------------------------------


@serves(JoinGroup)
def _join(sim: Simulation, number: int, request: JoinGroup) -> None:
    if not session_timeout_in_range(request.session_timeout_us // 1000):
        answer(sim, number, Joined(Error.INVALID_SESSION_TIMEOUT))
        return
    group = _group(sim, request.group)
    preferences = {m.member_id: m.assignors for m in group.members.values()}
    preferences[request.member_id] = request.assignors
    if choose_assignor(preferences) is None:
        answer(sim, number, Joined(Error.INCONSISTENT_GROUP_PROTOCOL))
    elif not request.member_id:
        _give_id(sim, group, number, request)
    elif request.member_id in group.pending:
        _join_new(sim, group, number, request)
    elif request.member_id in group.members:
        _join_known(sim, group, group.members[request.member_id], number, request)
    else:
        answer(sim, number, Joined(Error.UNKNOWN_MEMBER_ID))


def _group(sim: Simulation, name: str) -> Group:
    groups = sim.state.cluster.groups
    if name not in groups:
        sim.emit(GroupCreated(*sim.stamp(), name, coordinator_of(sim, name)))
    return groups[name]


def _give_id(sim: Simulation, group: Group, number: int, request: JoinGroup) -> None:
    member_id = f"{request.client_id}-{group.ids_given.get(request.client_id, 0) + 1}"
    sim.cause = sim.emit(
        MemberIdGiven(*sim.stamp(), group.name, member_id, request.client_id, request.session_timeout_us)
    )
    _watch(sim, group.name, member_id, request.session_timeout_us)
    answer(sim, number, Joined(Error.MEMBER_ID_REQUIRED, member_id))


def _join_new(sim: Simulation, group: Group, number: int, request: JoinGroup) -> None:
    event = MemberJoined(
        *sim.stamp(),
        group.name,
        request.member_id,
        request.client_id,
        number,
        request.session_timeout_us,
        request.rebalance_timeout_us,
        request.assignors,
        request.topics,
    )
    sim.cause = sim.emit(event)
    if group.state == "PreparingRebalance":
        _complete_if_all_joined(sim, group)
    else:
        _rebalance(sim, group, f"{request.client_id} joined")


def _join_known(sim: Simulation, group: Group, member: Member, number: int, request: JoinGroup) -> None:
    """A rejoin; where nothing changed it is only told again what it is in (R111)."""
    same = (member.assignors, member.topics) == (request.assignors, request.topics)
    leads = group.group_leader == member.member_id
    if same and (group.state == "CompletingRebalance" or (group.state == "Stable" and not leads)):
        answer(sim, number, _told(group, member))
        return
    if member.joining:
        answer(sim, member.joining, Joined(Error.REBALANCE_IN_PROGRESS, member.member_id))
    event = MemberRejoined(
        *sim.stamp(), group.name, member.member_id, number, request.assignors, request.topics
    )
    sim.cause = sim.emit(event)
    if group.state == "PreparingRebalance":
        _complete_if_all_joined(sim, group)
    else:
        _rebalance(sim, group, f"{member.client} joined again")


# -- rebalance --------------------------------------------------------------------------------------------


def _rebalance(sim: Simulation, group: Group, reason: str) -> None:
    """Everybody must join again; those who wait for an assignment are told at once."""
    for member in list(group.members.values()):
        if member.syncing:
            answer(sim, member.syncing, Synced(Error.REBALANCE_IN_PROGRESS))
    initial = group.state == "Empty"
    longest_us = max(member.rebalance_timeout_us for member in group.members.values())
    first_us = min(sim.state.cluster.initial_rebalance_delay_us, longest_us)
    left_us = longest_us - first_us if initial else 0
    event = RebalanceStarted(*sim.stamp(), group.name, reason, initial, left_us)
    sim.cause = sim.emit(event)
    if initial:
        sim.schedule(first_us, TIMER, "kafka.initial_delay", group.name, group.round)
    else:
        sim.schedule(longest_us, TIMER, "kafka.rebalance_timeout", group.name, group.round)
        _complete_if_all_joined(sim, group)


@due("kafka.initial_delay")
def _initial_delay(sim: Simulation, name: str, round_number: int) -> None:
    group = sim.state.cluster.groups[name]
    if group.round != round_number or group.state != "PreparingRebalance":
        return
    if group.extended and group.window_left_us:
        wait_us = min(sim.state.cluster.initial_rebalance_delay_us, group.window_left_us)
        left_us = group.window_left_us - wait_us
        sim.cause = sim.emit(InitialDelayExtended(*sim.stamp(), name, left_us))
        sim.schedule(wait_us, TIMER, "kafka.initial_delay", name, round_number)
    else:
        _complete(sim, group)


@due("kafka.rebalance_timeout")
def _rebalance_timeout(sim: Simulation, name: str, round_number: int) -> None:
    group = sim.state.cluster.groups[name]
    if group.round == round_number and group.state == "PreparingRebalance":
        _complete(sim, group)


def _complete_if_all_joined(sim: Simulation, group: Group) -> None:
    waiting = group.initial or group.pending
    if not waiting and all(member.joining for member in group.members.values()):
        _complete(sim, group)


def _complete(sim: Simulation, group: Group) -> None:
    """The new generation: whoever did not join is out, the others are told who leads (R103, R104)."""
    for member in [member for member in group.members.values() if not member.joining]:
        event = MemberRemoved(*sim.stamp(), group.name, member.member_id, member.client, "did not rejoin")
        sim.emit(event)
    if not group.members:
        sim.emit(GroupEmptied(*sim.stamp(), group.name, group.generation + 1))
        return
    members = {m.member_id: m.assignors for m in group.members.values()}
    group_leader = group.group_leader or next(iter(members))
    assignor = choose_assignor(members) or ""
    joins = [(member, member.joining) for member in group.members.values()]
    event_id = sim.emit(
        GenerationStarted(*sim.stamp(), group.name, group.generation + 1, assignor, group_leader)
    )
    sim.cause = event_id
    for member, number in joins:
        answer(sim, number, _told(group, member))
    longest_us = max(member.rebalance_timeout_us for member in group.members.values())
    sim.schedule(longest_us, TIMER, "kafka.sync_timeout", group.name, group.generation)


def _told(group: Group, member: Member) -> Joined:
    """The answer to a JoinGroup that counted; only the leader hears of the others (E27)."""
    leads = group.group_leader == member.member_id
    members = tuple((m.member_id, m.topics) for m in group.members.values()) if leads else ()
    return Joined(0, member.member_id, group.generation, group.assignor, group.group_leader, members)


# -- SyncGroup --------------------------------------------------------------------------------------------


@serves(SyncGroup)
def _sync(sim: Simulation, number: int, request: SyncGroup) -> None:
    group = sim.state.cluster.groups.get(request.group)
    error = _error(group, request.member_id, request.generation)
    if not error and group is not None and group.state == "PreparingRebalance":
        error = Error.REBALANCE_IN_PROGRESS
    if group is None or error:
        answer(sim, number, Synced(error))
        return
    member = group.members[request.member_id]
    if group.state == "Stable":
        if member.state != "stable":
            sim.emit(MemberAssigned(*sim.stamp(), group.name, member.member_id))
        answer(sim, number, Synced(0, member.partitions))
        return
    sim.cause = sim.emit(MemberSynced(*sim.stamp(), group.name, member.member_id, number))
    if member.member_id == group.group_leader:
        sim.schedule(
            write_us(sim), TIMER, "kafka.assigned", group.name, group.generation, request.assignments
        )


@due("kafka.assigned")
def _assigned(sim: Simulation, name: str, generation: int, assignments: Assignments) -> None:
    group = sim.state.cluster.groups[name]
    if group.state != "CompletingRebalance" or group.generation != generation:
        return
    syncs = [(member, member.syncing) for member in group.members.values() if member.syncing]
    known = tuple((member, parts) for member, parts in assignments if member in group.members)
    sim.cause = sim.emit(GroupStabilized(*sim.stamp(), name, generation, known))
    for member, number in syncs:
        answer(sim, number, Synced(0, member.partitions))


@due("kafka.sync_timeout")
def _sync_timeout(sim: Simulation, name: str, generation: int) -> None:
    group = sim.state.cluster.groups[name]
    if group.generation != generation or group.state not in ("CompletingRebalance", "Stable"):
        return
    late = [m for m in group.members.values() if m.state == "awaiting sync" and not m.syncing]
    for member in late:
        _remove(sim, group, member, "did not sync")


# -- staying and leaving ------------------------------------------------------------------------------------


def _error(group: Group | None, member_id: str, generation: int) -> Error:
    """Unknown member before wrong generation (E27)."""
    if group is None or member_id not in group.members:
        return Error.UNKNOWN_MEMBER_ID
    return Error.ILLEGAL_GENERATION if generation != group.generation else Error.NONE


@serves(Heartbeat)
def _heartbeat(sim: Simulation, number: int, request: Heartbeat) -> None:
    group = sim.state.cluster.groups.get(request.group)
    error = _error(group, request.member_id, request.generation)
    if group is not None and not error:
        sim.emit(MemberHeard(*sim.stamp(), group.name, request.member_id))
        error = Error.REBALANCE_IN_PROGRESS if group.state == "PreparingRebalance" else Error.NONE
    answer(sim, number, Plain(error))


@serves(LeaveGroup)
def _leave(sim: Simulation, number: int, request: LeaveGroup) -> None:
    group = sim.state.cluster.groups.get(request.group)
    member = None
    if group is not None:
        member = group.members.get(request.member_id) or group.pending.get(request.member_id)
    if group is None or member is None:
        answer(sim, number, Plain(Error.UNKNOWN_MEMBER_ID))
        return
    _remove(sim, group, member, "left")
    answer(sim, number, Plain())


def _remove(sim: Simulation, group: Group, member: Member, reason: str) -> None:
    """A member is out: its parked requests end, the others rebalance."""
    if member.joining:
        answer(sim, member.joining, Joined(Error.UNKNOWN_MEMBER_ID))
    if member.syncing:
        answer(sim, member.syncing, Synced(Error.UNKNOWN_MEMBER_ID))
    was_member = member.member_id in group.members
    event = MemberRemoved(*sim.stamp(), group.name, member.member_id, member.client, reason)
    sim.cause = sim.emit(event)
    if group.state == "PreparingRebalance":
        _complete_if_all_joined(sim, group)
    elif was_member:
        _rebalance_without(sim, group, REASONS[reason].format(member.client))


def _rebalance_without(sim: Simulation, group: Group, reason: str) -> None:
    if group.members:
        _rebalance(sim, group, reason)
    else:
        sim.emit(RebalanceStarted(*sim.stamp(), group.name, reason, False, 0))
        _complete(sim, group)


def _watch(sim: Simulation, group: str, member_id: str, after_us: int) -> None:
    sim.schedule(after_us, TIMER, "kafka.session", group, member_id, cause=0)


@due("kafka.session")
def _session(sim: Simulation, name: str, member_id: str) -> None:
    """Look at a member when its session would be over; one timer a member, set anew as it is heard of (R112)."""
    group = sim.state.cluster.groups[name]
    member = group.members.get(member_id) or group.pending.get(member_id)
    if member is None:
        return
    parked = member.joining or member.syncing
    ends_us = (sim.now_us if parked else member.heard_at_us) + member.session_timeout_us
    if ends_us > sim.now_us:
        _watch(sim, name, member_id, ends_us - sim.now_us)
    else:
        _remove(sim, group, member, "never joined" if member.state == "pending" else "session expired")
