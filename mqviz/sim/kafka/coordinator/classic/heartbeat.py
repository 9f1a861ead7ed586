"""Classic members: they fetch their shares, stay alive, and leave (R104, R106, R112, R113).

Like a real broker: the leader's assignment is stored before anybody is told (R104); heartbeats (R106),
sessions that expire (R112), goodbyes (R94). Unknown members are told before wrong generations before the
group's state (R104), and whoever comes with the group.instance.id of another member is fenced first (R113). A
member that waits in SyncGroup is told of a new rebalance; a JoinGroup whose member is removed is answered
UNKNOWN_MEMBER_ID. Whoever leaves lets the group rebalance, even if it only had an id so far; one whose
session expires ends the initial delay if nobody else is missing. Left out: nothing.
"""

from __future__ import annotations

from mqviz.kafka.errors import Error
from mqviz.model.kafka.coordinator.classic.events import (
    GroupStabilized,
    MemberAssigned,
    MemberHeard,
    MemberRemoved,
    MemberSynced,
    RebalanceStarted,
)
from mqviz.model.kafka.coordinator.classic.state import Group, Member
from mqviz.model.kafka.protocol.requests import HeartbeatRequest, LeaveGroupRequest, SyncGroupRequest
from mqviz.model.kafka.protocol.responses import (
    HeartbeatResponse,
    JoinGroupResponse,
    LeaveGroupResponse,
    SyncGroupResponse,
)
from mqviz.sim.engine import TIMER, Simulation, due
from mqviz.sim.kafka.coordinator.classic.failover import looks_after, session, unnamed, watch
from mqviz.sim.kafka.coordinator.classic.rebalance import (
    complete,
    complete_if_all_joined,
    rebalance,
    sync_timeout,
)
from mqviz.sim.kafka.coordinator.classic.validation import fenced, member_error
from mqviz.sim.kafka.coordinator.lookup import write_us
from mqviz.sim.kafka.network import sockets
from mqviz.sim.kafka.network.connection import respond, serves

REASONS = {
    "left": "{} left",
    "session expired": "{} fell silent",
    "did not sync": "{} did not ask for its share",
}
"""Why a group rebalances when a member is removed, as it is told."""

Assignments = tuple[tuple[str, tuple[tuple[str, int], ...]], ...]


# -- SyncGroup --------------------------------------------------------------------------------------------


@serves(SyncGroupRequest)
def _sync(sim: Simulation, number: int, request: SyncGroupRequest) -> None:
    group = sim.state.cluster.groups.get(request.group)
    error = unnamed(sim, number, request.group) or member_error(group, request)
    if not error and group is not None:
        error = _sync_error(group, request)
    if group is None or error:
        respond(sim, number, SyncGroupResponse(error))
        return
    member = group.members[request.member_id]
    if group.state == "Stable":
        if member.state != "stable":
            sim.emit(MemberAssigned(*sim.stamp(), group.name, member.member_id))
        respond(sim, number, SyncGroupResponse(0, member.partitions))
        return
    sim.cause = sim.emit(MemberSynced(*sim.stamp(), group.name, member.member_id, number))
    if member.member_id == group.group_leader:
        sim.schedule(write_us(sim), TIMER, _assigned, group.name, group.generation, request.assignments)


def _sync_error(group: Group, request: SyncGroupRequest) -> Error:
    """It believes in another assignor than the group's, or the group is being put together anew."""
    if request.protocol_type not in (None, "consumer") or request.protocol_name not in (None, group.assignor):
        return Error.INCONSISTENT_GROUP_PROTOCOL
    preparing = group.state == "PreparingRebalance"
    return Error.REBALANCE_IN_PROGRESS if preparing else Error.NONE


@due
def _assigned(sim: Simulation, name: str, generation: int, assignments: Assignments) -> None:
    group = sim.state.cluster.groups.get(name)
    if group is None or group.state != "CompletingRebalance" or group.generation != generation:
        return
    syncs = [(member, member.syncing) for member in group.members.values() if member.syncing]
    known = tuple((member, parts) for member, parts in assignments if member in group.members)
    sim.cause = sim.emit(GroupStabilized(*sim.stamp(), name, generation, known))
    for member, number in syncs:
        respond(sim, number, SyncGroupResponse(0, member.partitions))


@sync_timeout.filled
def _sync_timeout(sim: Simulation, name: str, generation: int) -> None:
    group = sim.state.cluster.groups.get(name)
    if group is None or not looks_after(sim, group) or group.generation != generation:
        return
    if group.state not in ("CompletingRebalance", "Stable"):
        return
    late = [m for m in group.members.values() if m.state == "awaiting sync" and not m.syncing]
    for member in late:
        remove(sim, group, member, "did not sync")


# -- staying and leaving ------------------------------------------------------------------------------------


@serves(HeartbeatRequest)
def _heartbeat(sim: Simulation, number: int, request: HeartbeatRequest) -> None:
    group = sim.state.cluster.groups.get(request.group)
    error = unnamed(sim, number, request.group) or member_error(group, request)
    if group is not None and not error:
        sim.emit(MemberHeard(*sim.stamp(), group.name, request.member_id))
        error = Error.REBALANCE_IN_PROGRESS if group.state == "PreparingRebalance" else Error.NONE
    respond(sim, number, HeartbeatResponse(error))


@serves(LeaveGroupRequest)
def _leave(sim: Simulation, number: int, request: LeaveGroupRequest) -> None:
    group = sim.state.cluster.groups.get(request.group)
    error = unnamed(sim, number, request.group)
    member_id = request.member_id
    if group is not None and not member_id and request.instance_id is not None:
        member_id = group.static.get(request.instance_id, "")
    member = group.pending.get(member_id) if group is not None and not error else None
    if member is None:
        error = error or fenced(group, member_id, request.instance_id)
        member = group.members.get(member_id) if group is not None and not error else None
    if group is None or member is None:
        respond(sim, number, LeaveGroupResponse(error or Error.UNKNOWN_MEMBER_ID))
        return
    remove(sim, group, member, "left")
    respond(sim, number, LeaveGroupResponse())


def remove(sim: Simulation, group: Group, member: Member, reason: str) -> None:
    """A member is out: its JoinGroup is answered, its SyncGroup never will be, the others rebalance."""
    if member.joining:
        respond(sim, member.joining, JoinGroupResponse(Error.UNKNOWN_MEMBER_ID))
    was_member = member.member_id in group.members
    event = MemberRemoved(*sim.stamp(), group.name, member.member_id, member.client, reason)
    sim.cause = sim.emit(event)
    if group.state == "PreparingRebalance":
        complete_if_all_joined(sim, group, initially=reason in ("session expired", "never joined"))
    elif was_member or (reason == "left" and group.state != "Empty"):  # also an id that was only given
        _rebalance_without(sim, group, REASONS[reason].format(member.client))


def _rebalance_without(sim: Simulation, group: Group, reason: str) -> None:
    if group.members:
        rebalance(sim, group, reason)
    else:
        sim.emit(RebalanceStarted(*sim.stamp(), group.name, reason, False, 0))
        complete(sim, group)


@session.filled
def _session(sim: Simulation, name: str, member_id: str, loads: int) -> None:
    """Look at a member when its session would be over; the timer is set anew as it is heard of (R112)."""
    group = sim.state.cluster.groups.get(name)
    member = (group.members.get(member_id) or group.pending.get(member_id)) if group else None
    if group is None or member is None or group.loads != loads or not looks_after(sim, group):
        return
    if not sockets.awake(sim, group.coordinator, session, name, member_id, loads):
        return
    in_purgatory = member.joining or member.syncing
    ends_us = (sim.now_us if in_purgatory else member.heard_at_us) + member.session_timeout_us
    if ends_us > sim.now_us:
        watch(sim, group, member_id, ends_us - sim.now_us)
    else:
        remove(sim, group, member, "never joined" if member.state == "pending" else "session expired")
