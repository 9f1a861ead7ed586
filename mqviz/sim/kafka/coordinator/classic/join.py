"""Classic group: who may join, and as whom: the group coordinator's JoinGroup.

Like a real broker: ids before membership for dynamic members (R101); sessions within the broker's bounds;
group.max.size; an assignor that all support, with what the member itself said before (R105); a rejoin with
nothing new is only told again (R111). A static member needs no id first, and one that comes back takes its
old place: in a stable group nobody else notices (R113). The states of R100 are the table MOVES in
model/kafka/coordinator/classic/state.py; the rest of the protocol is in coordinator/classic/rebalance.py,
coordinator/classic/heartbeat.py and coordinator/classic/failover.py. Left out: groups of another protocol
type than consumer.
"""

from __future__ import annotations

from mqviz.kafka.assignors import choose_assignor
from mqviz.kafka.errors import Error
from mqviz.model.kafka.coordinator.classic.events import (
    GroupCreated,
    MemberIdGiven,
    MemberJoined,
    MemberRejoined,
    MemberTimeoutsSet,
    StaticMemberReplaced,
)
from mqviz.model.kafka.coordinator.classic.state import Group, Member
from mqviz.model.kafka.protocol.requests import JoinGroupRequest
from mqviz.model.kafka.protocol.responses import JoinGroupResponse, SyncGroupResponse
from mqviz.sim.engine import Simulation
from mqviz.sim.kafka.coordinator.classic.failover import unnamed, watch
from mqviz.sim.kafka.coordinator.classic.heartbeat import remove
from mqviz.sim.kafka.coordinator.classic.rebalance import complete_if_all_joined, rebalance, told
from mqviz.sim.kafka.coordinator.classic.validation import fenced
from mqviz.sim.kafka.coordinator.lookup import coordinator_of
from mqviz.sim.kafka.network.connection import respond, serves


@serves(JoinGroupRequest)
def _join(sim: Simulation, number: int, request: JoinGroupRequest) -> None:
    error = unnamed(sim, number, request.group)
    if not error and not _session_in_bounds(sim, request):
        error = Error.INVALID_SESSION_TIMEOUT
    if not error and request.member_id and request.group not in sim.state.cluster.groups:
        error = Error.UNKNOWN_MEMBER_ID
    if error:
        respond(sim, number, JoinGroupResponse(error))
        return
    group = _group(sim, request.group)
    error = _refused(sim, group, request)
    if error:
        respond(sim, number, JoinGroupResponse(error))
        _forget(sim, group, request.member_id, error)
    elif request.instance_id is not None and not request.member_id:
        _join_static(sim, group, number, request, request.instance_id)
    elif not request.member_id:
        _give_id(sim, group, number, request)
    elif request.member_id in group.pending:
        _join_new(sim, group, number, request)
    else:
        _join_known(sim, group, group.members[request.member_id], number, request)


def _session_in_bounds(sim: Simulation, request: JoinGroupRequest) -> bool:
    low, high = (
        sim.scenario.cluster.setting(f"group.{end}.session.timeout.ms") * 1_000 for end in ("min", "max")
    )
    return bool(low <= request.session_timeout_us <= high)


def _group(sim: Simulation, name: str) -> Group:
    groups = sim.state.cluster.groups
    if name not in groups:
        sim.emit(GroupCreated(*sim.stamp(), name, coordinator_of(sim, name)))
    return groups[name]


def _refused(sim: Simulation, group: Group, request: JoinGroupRequest) -> Error:
    """Why the group does not take this one: it is full, nothing is in common, it is another or nobody."""
    if _full(sim, group, request.member_id):
        return Error.GROUP_MAX_SIZE_REACHED
    if not _in_common(group, request):
        return Error.INCONSISTENT_GROUP_PROTOCOL
    if not request.member_id or request.member_id in group.pending:
        return Error.NONE
    error = fenced(group, request.member_id, request.instance_id)
    unknown = request.member_id not in group.members
    return error or (Error.UNKNOWN_MEMBER_ID if unknown else Error.NONE)


def _in_common(group: Group, request: JoinGroupRequest) -> bool:
    """Whether all members support one of these assignors; a member that changes its list is asked, too, what
    it said before (R105).
    """
    if group.state == "Empty":
        return bool(request.assignors and request.protocol_type)
    lists = [member.assignors for member in group.members.values()]
    common = any(all(name in other for other in lists) for name in request.assignors)
    return common and request.protocol_type == "consumer"


def _full(sim: Simulation, group: Group, member_id: str) -> bool:
    """group.max.size counts members, while the group prepares those who have joined again."""
    most = sim.scenario.cluster.setting("group.max.size")
    member = group.members.get(member_id)
    if group.state == "PreparingRebalance":
        joined = sum(bool(m.joining) for m in group.members.values())
        return not (member and member.joining) and joined >= most
    return group.state != "Empty" and member is None and len(group.members) >= most


def _forget(sim: Simulation, group: Group, member_id: str, error: Error) -> None:
    """An id was given to one who finds the group full now: nobody waits for it any more."""
    if error == Error.GROUP_MAX_SIZE_REACHED and member_id in group.pending:
        remove(sim, group, group.pending[member_id], "never joined")


def _give_id(sim: Simulation, group: Group, number: int, request: JoinGroupRequest) -> None:
    member_id = _next_id(group, request.client_id)
    sim.cause = sim.emit(
        MemberIdGiven(*sim.stamp(), group.name, member_id, request.client_id, request.session_timeout_us)
    )
    watch(sim, group, member_id, request.session_timeout_us)
    respond(sim, number, JoinGroupResponse(Error.MEMBER_ID_REQUIRED, member_id))


def _next_id(group: Group, name: str) -> str:
    """A readable id where Kafka appends a UUID to client.id or group.instance.id (S8)."""
    return f"{name}-{group.ids_given.get(name, 0) + 1}"


def _join_new(
    sim: Simulation, group: Group, number: int, request: JoinGroupRequest, member_id: str = ""
) -> None:
    event = MemberJoined(
        *sim.stamp(),
        group.name,
        member_id or request.member_id,
        request.client_id,
        number,
        request.session_timeout_us,
        request.rebalance_timeout_us,
        request.assignors,
        request.topics,
        request.instance_id,
        request.owned_partitions,
    )
    sim.cause = sim.emit(event)
    _go_on(sim, group, f"{request.client_id} joined")


def _go_on(sim: Simulation, group: Group, reason: str) -> None:
    if group.state == "PreparingRebalance":
        complete_if_all_joined(sim, group)
    else:
        rebalance(sim, group, reason)


def _join_known(
    sim: Simulation, group: Group, member: Member, number: int, request: JoinGroupRequest
) -> None:
    """A rejoin; where nothing changed it is only told again what it is in (R111). One that waits already is
    answered no more.
    """
    told_before = (member.assignors, member.topics, member.owned_partitions)
    same = told_before == (request.assignors, request.topics, request.owned_partitions)
    leads = group.group_leader == member.member_id
    if same and (group.state == "CompletingRebalance" or (group.state == "Stable" and not leads)):
        respond(sim, number, told(group, member))
        return
    _set_timeouts(sim, group, member, request)
    event = MemberRejoined(
        *sim.stamp(),
        group.name,
        member.member_id,
        number,
        request.assignors,
        request.topics,
        request.owned_partitions,
    )
    sim.cause = sim.emit(event)
    _go_on(sim, group, f"{member.client} joined again")


def _set_timeouts(sim: Simulation, group: Group, member: Member, request: JoinGroupRequest) -> None:
    """A rejoin may bring other timeouts."""
    new = (request.session_timeout_us, request.rebalance_timeout_us)
    shorter = request.session_timeout_us < member.session_timeout_us
    if new != (member.session_timeout_us, member.rebalance_timeout_us):
        sim.emit(MemberTimeoutsSet(*sim.stamp(), group.name, member.member_id, *new))
    if shorter:
        watch(sim, group, member.member_id, request.session_timeout_us)


# -- static members ---------------------------------------------------------------------------------------


def _join_static(
    sim: Simulation, group: Group, number: int, request: JoinGroupRequest, instance_id: str
) -> None:
    """A static member without id: new, or a new process in the place of an old one,
    which is fenced (R113).
    """
    member_id = _next_id(group, instance_id)
    watch(sim, group, member_id, request.session_timeout_us)
    if instance_id not in group.static:
        _join_new(sim, group, number, request, member_id)
        return
    old = group.members[group.static[instance_id]]
    if old.joining:
        respond(sim, old.joining, JoinGroupResponse(Error.FENCED_INSTANCE_ID))
    if old.syncing:
        respond(sim, old.syncing, SyncGroupResponse(Error.FENCED_INSTANCE_ID))
    quiet = group.state == "Stable" and _keeps_assignor(group, old, request)
    event = StaticMemberReplaced(
        *sim.stamp(),
        group.name,
        instance_id,
        old.member_id,
        member_id,
        request.client_id,
        0 if quiet else number,
        request.session_timeout_us,
        request.rebalance_timeout_us,
        request.assignors,
        request.topics,
        request.owned_partitions,
    )
    sim.cause = sim.emit(event)
    if quiet:
        respond(sim, number, told(group, group.members[member_id], skip_assignment=True))
    else:
        _go_on(sim, group, f"{request.client_id} came back as {instance_id}")


def _keeps_assignor(group: Group, old: Member, request: JoinGroupRequest) -> bool:
    preferences = {m.member_id: m.assignors for m in group.members.values()}
    preferences[old.member_id] = request.assignors
    return choose_assignor(preferences) == group.assignor
