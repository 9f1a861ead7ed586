"""Share group: the coordinator's side of a share group, by ShareGroupHeartbeat.

Like a real broker: members choose their id and join with epoch 0; every change of members, topics or
partitions raises the group's epoch and shares the partitions out by the assignor `simple`; members hear of
theirs with the next heartbeat, without giving anything up first, as several may have a partition (R130).
Epochs are checked, silent members are removed after group.share.session.timeout.ms, and a full group takes
nobody (200 by default).
Left out: the share coordinator's own topic as records, assignments computed later (KIP-1263), regular
expressions.
"""

from __future__ import annotations

from mqviz.kafka.errors import Error
from mqviz.kafka.share_assignor import simple
from mqviz.model.kafka.controller.events import SeatsMoved
from mqviz.model.kafka.coordinator.share.events import (
    ShareGroupCreated,
    ShareGroupLoaded,
    ShareMemberHeard,
    ShareMemberJoined,
    ShareMemberRemoved,
    ShareMemberTold,
    ShareTargetAssigned,
)
from mqviz.model.kafka.coordinator.share.state import ShareGroup, ShareMember
from mqviz.model.kafka.protocol.requests import ShareGroupHeartbeatRequest
from mqviz.model.kafka.protocol.responses import ShareGroupHeartbeatResponse
from mqviz.sim.engine import TIMER, Simulation, due, reacts
from mqviz.sim.kafka.choices import group_setting
from mqviz.sim.kafka.coordinator.lookup import coordinator_of, write_us
from mqviz.sim.kafka.network import sockets
from mqviz.sim.kafka.network.connection import connection_of, respond, serves


@serves(ShareGroupHeartbeatRequest)
def _heartbeat(sim: Simulation, number: int, request: ShareGroupHeartbeatRequest) -> None:
    error = _refusal(sim, number, request)
    if error:
        respond(sim, number, ShareGroupHeartbeatResponse(error))
        return
    if request.member_epoch < 0:
        group = sim.state.cluster.share_groups[request.group]
        _remove(sim, group, group.members[request.member_id], "left")
        _later(sim, number, ShareGroupHeartbeatResponse(0, request.member_id, -1))
    else:
        _stay(sim, number, request)


def _refusal(sim: Simulation, number: int, request: ShareGroupHeartbeatRequest) -> Error:
    cluster = sim.state.cluster
    if connection_of(sim, number).broker != coordinator_of(sim, request.group):
        return Error.NOT_COORDINATOR
    group = cluster.share_groups.get(request.group)
    member = group.members.get(request.member_id) if group else None
    if not request.member_id or (request.member_epoch == 0 and not request.topics):
        return Error.INVALID_REQUEST
    if request.member_epoch == 0:
        full = group is not None and member is None and len(group.members) >= _max_size(sim)
        return Error.GROUP_MAX_SIZE_REACHED if full else Error.NONE
    if member is None:
        return Error.UNKNOWN_MEMBER_ID
    stale = request.member_epoch < member.epoch and request.member_epoch != member.previous_epoch
    if request.member_epoch > 0 and (request.member_epoch > member.epoch or stale):
        return Error.FENCED_MEMBER_EPOCH
    return Error.NONE


def _max_size(sim: Simulation) -> int:
    return int(sim.scenario.cluster.setting("group.share.max.size"))


def _stay(sim: Simulation, number: int, request: ShareGroupHeartbeatRequest) -> None:
    """A member joins or goes on; whatever changed is shared out before it is answered."""
    groups = sim.state.cluster.share_groups
    if request.group not in groups:
        coordinator = connection_of(sim, number).broker
        sim.cause = sim.emit(ShareGroupCreated(*sim.stamp(), request.group, coordinator))
    group = groups[request.group]
    epoch = group.epoch
    _hear(sim, group, request)
    _share_out(sim, group)
    member = group.members[request.member_id]
    partitions = None if member.told and request.member_epoch else member.partitions
    if member.epoch != group.epoch or not member.told:
        sim.emit(ShareMemberTold(*sim.stamp(), group.name, member.member_id, group.epoch))
    interval_us = 1000 * int(group_setting(sim, group.name, "share.heartbeat.interval.ms"))
    value = ShareGroupHeartbeatResponse(0, member.member_id, group.epoch, interval_us, partitions)
    if group.epoch == epoch:
        respond(sim, number, value)
    else:
        _later(sim, number, value)


def _hear(sim: Simulation, group: ShareGroup, request: ShareGroupHeartbeatRequest) -> None:
    member = group.members.get(request.member_id)
    topics = request.topics if request.topics is not None else member.topics if member else ()
    if member is None or request.member_epoch == 0 or topics != member.topics:
        event = ShareMemberJoined(*sim.stamp(), group.name, request.member_id, request.client_id, topics)
        sim.cause = sim.emit(event)
        if member is None:
            _watch(sim, group.name, request.member_id, _session_us(sim, group.name))
    else:
        sim.emit(ShareMemberHeard(*sim.stamp(), group.name, request.member_id))


def _share_out(sim: Simulation, group: ShareGroup) -> None:
    """A new target, if members, topics or numbers of partitions changed (R130)."""
    topics = sim.state.cluster.topics
    subscriptions = {member.member_id: member.topics for member in group.members.values()}
    names = sorted({name for wanted in subscriptions.values() for name in wanted if name in topics})
    counted = {name: len(topics[name].partitions) for name in names}
    current = {member.member_id: member.partitions for member in group.members.values()}
    target = simple(counted, subscriptions, current)
    if target == current and counted == group.counted and group.epoch:
        return
    sim.cause = sim.emit(
        ShareTargetAssigned(
            *sim.stamp(), group.name, group.epoch + 1, tuple(counted.items()), tuple(target.items())
        )
    )


def _remove(sim: Simulation, group: ShareGroup, member: ShareMember, reason: str) -> None:
    event = ShareMemberRemoved(*sim.stamp(), group.name, member.member_id, member.client, reason)
    sim.cause = sim.emit(event)
    _share_out(sim, group)


@reacts(SeatsMoved)
def _coordinators_moved(sim: Simulation, event: SeatsMoved) -> None:
    """Other brokers look after groups: every member's session begins anew (R99)."""
    for group in list(sim.state.cluster.share_groups.values()):
        coordinator = coordinator_of(sim, group.name)
        if coordinator in event.back:
            sim.emit(ShareGroupLoaded(*sim.stamp(), group.name, coordinator))


# -- answers that wait for a write, sessions -----------------------------------------------------------------


def _later(sim: Simulation, number: int, value: ShareGroupHeartbeatResponse) -> None:
    sim.schedule(write_us(sim), TIMER, _written, number, value)


@due
def _written(sim: Simulation, number: int, value: ShareGroupHeartbeatResponse) -> None:
    if number in sim.state.cluster.requests:
        respond(sim, number, value)


def _session_us(sim: Simulation, group: str) -> int:
    return 1000 * int(group_setting(sim, group, "share.session.timeout.ms"))


def _watch(sim: Simulation, group: str, member_id: str, after_us: int) -> None:
    sim.schedule(after_us, TIMER, _session, group, member_id, cause=0)


def watch_anew(sim: Simulation, name: str) -> None:
    """The session timeout may be another now."""
    group = sim.state.cluster.share_groups.get(name)
    for member_id in group.members if group else ():
        _watch(sim, name, member_id, _session_us(sim, name))


@due
def _session(sim: Simulation, name: str, member_id: str) -> None:
    """Look at a member when its session would be over; one timer a member, set anew as it is heard of."""
    group = sim.state.cluster.share_groups.get(name)
    if group is None:
        return
    member = group.members.get(member_id)
    if member is None or not sockets.awake(sim, group.coordinator, _session, name, member_id):
        if member is not None and sim.state.cluster.brokers[group.coordinator].process != "paused":
            _watch(sim, name, member_id, _session_us(sim, name))
        return
    left_us = member.heard_at_us + _session_us(sim, name) - sim.now_us
    if left_us > 0:
        _watch(sim, name, member_id, left_us)
    else:
        _remove(sim, group, member, "session expired")
