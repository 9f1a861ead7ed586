"""Consumer group: the group coordinator's side of the consumer protocol (KIP-848), one request for
everything.

Like a real broker: ConsumerGroupHeartbeat joins, keeps, leaves (R120, R121); the group epoch rises with each
join, leave, expiry, change of a subscription or of the topics, and the next heartbeat computes a target with
a server-side assignor (R122), from 4.3 on at most once a second (R7); each heartbeat leads its member one
step towards the target (R123); who does not give up in time is removed (R123); static members come and go
without a rebalance (R128). Sessions, intervals and assignors are the coordinator's settings. A group survives
its coordinator, with new sessions.
Left out: regular expressions as subscriptions, racks, members of the classic protocol in such a group (S10).
"""

from __future__ import annotations

from collections.abc import Iterable

from mqviz.kafka.assignors import Subscription, TopicPartition
from mqviz.kafka.errors import Error
from mqviz.kafka.server_assignors import SERVER_ASSIGNORS, choose_server_assignor
from mqviz.kafka.uniform import timeline_order
from mqviz.model.kafka.controller.events import CoordinatorsMoved
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
from mqviz.model.kafka.coordinator.consumer.state import ConsumerGroup, ConsumerGroupMember
from mqviz.model.kafka.protocol.requests import ConsumerGroupHeartbeatRequest
from mqviz.model.kafka.protocol.responses import ConsumerGroupHeartbeatResponse
from mqviz.sim.engine import TIMER, Simulation, due, reacts
from mqviz.sim.kafka.choices import group_setting, own_group_setting
from mqviz.sim.kafka.coordinator.consumer.reconciliation import epoch_error, next_step
from mqviz.sim.kafka.coordinator.lookup import coordinator_of, write_us
from mqviz.sim.kafka.network.connection import connection_of, respond, serves

JOIN, LEAVE, LEAVE_STATIC = 0, -1, -2
"""Epochs that mean something else than an epoch (R121)."""


@serves(ConsumerGroupHeartbeatRequest)
def _heartbeat(sim: Simulation, number: int, request: ConsumerGroupHeartbeatRequest) -> None:
    error = _refused(sim, number, request)
    if error:
        respond(sim, number, ConsumerGroupHeartbeatResponse(error))
        return
    before = sim.state.last_event
    leaves = request.member_epoch < JOIN
    serve = _leave if leaves else _stay
    reply = serve(sim, sim.state.cluster.consumer_groups[request.group], request)
    changed = leaves or sim.state.last_event > before + 1
    wait_us = write_us(sim) if changed else 0
    if wait_us:
        sim.schedule(wait_us, TIMER, _answer, number, reply)
    else:
        respond(sim, number, reply)


@due
def _answer(sim: Simulation, number: int, reply: ConsumerGroupHeartbeatResponse) -> None:
    """What was changed is replicated; unless the connection is gone, the member is told (R6)."""
    if number in sim.state.cluster.requests:
        respond(sim, number, reply)


# -- what is refused --------------------------------------------------------------------------------------


def _refused(sim: Simulation, number: int, request: ConsumerGroupHeartbeatRequest) -> Error:
    """The checks in Kafka's order; a group that a first member may join is there after them."""
    if coordinator_of(sim, request.group) != connection_of(sim, number).broker:
        return Error.NOT_COORDINATOR
    if _is_invalid(request):
        return Error.INVALID_REQUEST
    if request.server_assignor is not None and request.server_assignor not in _assignors(sim):
        return Error.UNSUPPORTED_ASSIGNOR
    group = _group(sim, request)
    if group is None:
        return Error.GROUP_ID_NOT_FOUND
    full = len(group.members) >= sim.scenario.cluster.setting("group.consumer.max.size")
    if full and request.member_epoch >= JOIN and request.member_id not in group.members:
        return Error.GROUP_MAX_SIZE_REACHED
    return _member_refused(group, request)


def _is_invalid(request: ConsumerGroupHeartbeatRequest) -> bool:
    """Requests that no client sends: a first one is complete and owns nothing, only static members leave for
    a while.
    """
    names = (request.group, request.member_id, request.instance_id)
    if "" in names or request.member_epoch < LEAVE_STATIC:
        return True
    if request.member_epoch == LEAVE_STATIC:
        return not request.instance_id
    incomplete = request.rebalance_timeout_us < 0 or request.topics is None or request.owned != ()
    return request.member_epoch == JOIN and incomplete


def _assignors(sim: Simulation) -> list[str]:
    """The server-side assignors that this cluster offers, the default first."""
    names = str(sim.scenario.cluster.setting("group.consumer.assignors")).split(",")
    return [name.strip() for name in names if name.strip() in SERVER_ASSIGNORS]


def _group(sim: Simulation, request: ConsumerGroupHeartbeatRequest) -> ConsumerGroup | None:
    """The group, made by the first who joins it; None: there is none, or one with classic members (S10)."""
    cluster = sim.state.cluster
    group = cluster.consumer_groups.get(request.group)
    coordinator = coordinator_of(sim, request.group)
    if group is None and request.member_epoch == JOIN:
        classic = cluster.groups.get(request.group)
        if classic is not None and (classic.members or classic.pending):
            return None
        sim.emit(ConsumerGroupCreated(*sim.stamp(), request.group, coordinator))
        return cluster.consumer_groups[request.group]
    if group is not None and group.coordinator != coordinator:
        _load(sim, group, coordinator)
    return group


def _member_refused(group: ConsumerGroup, request: ConsumerGroupHeartbeatRequest) -> Error:
    """Unknown ids 25, foreign instance ids 82 and 111, epochs 110 (R121, R128)."""
    if request.instance_id:
        found = group.static(request.instance_id)
        if request.member_epoch == JOIN:
            return Error.UNRELEASED_INSTANCE_ID if found and found.epoch != LEAVE_STATIC else Error.NONE
        if found is None:
            return Error.UNKNOWN_MEMBER_ID
        if found.member_id != request.member_id:
            return Error.FENCED_INSTANCE_ID
    else:
        found = group.members.get(request.member_id)
        if found is None:
            return Error.NONE if request.member_epoch == JOIN else Error.UNKNOWN_MEMBER_ID
    return Error.NONE if request.member_epoch < JOIN else epoch_error(found, request)


# -- joining and staying ------------------------------------------------------------------------------------


def _stay(
    sim: Simulation, group: ConsumerGroup, request: ConsumerGroupHeartbeatRequest
) -> ConsumerGroupHeartbeatResponse:
    """A heartbeat that counts: subscription, group epoch, target, one step of the member (R122, R123)."""
    member = _joined(sim, group, request)
    told = member.assigned
    _update(sim, group, member, request)
    _raise_if_topics_changed(sim, group)
    if group.epoch > group.assignment_epoch and _may_assign(sim, group):
        _assign(sim, group, member)
    _reconcile(sim, group, member, request)
    sim.emit(ConsumerGroupMemberHeard(*sim.stamp(), group.name, member.member_id))
    complete = request.rebalance_timeout_us >= 0 and None not in (request.topics, request.owned)
    show = request.member_epoch == JOIN or complete or member.assigned != told
    interval_us = group_setting(sim, group.name, "consumer.heartbeat.interval.ms") * 1_000
    return ConsumerGroupHeartbeatResponse(
        0, member.member_id, member.epoch, interval_us, member.assigned if show else None
    )


def _joined(
    sim: Simulation, group: ConsumerGroup, request: ConsumerGroupHeartbeatRequest
) -> ConsumerGroupMember:
    """The member; a new one comes in, or takes the place of the static one that is away (R128)."""
    away = group.static(request.instance_id) if request.instance_id else None
    replaces = away is not None and request.member_epoch == JOIN
    if request.member_id not in group.members or replaces:
        event = ConsumerGroupMemberJoined(
            *sim.stamp(),
            group.name,
            request.member_id,
            request.client_id or request.member_id,
            request.instance_id or "",
            away.member_id if away is not None else "",
        )
        sim.cause = sim.emit(event)
        watch(sim, group.name, request.member_id, session_us(sim, group.name))
    return group.members[request.member_id]


def _update(
    sim: Simulation, group: ConsumerGroup, member: ConsumerGroupMember, request: ConsumerGroupHeartbeatRequest
) -> None:
    """Take over what the heartbeat says of its member; another subscription raises the group epoch."""
    before = member.topics
    timeout_us = request.rebalance_timeout_us
    timeout_us = member.rebalance_timeout_us if timeout_us < 0 else timeout_us
    topics = before if request.topics is None else tuple(sorted(set(request.topics)))
    assignor = member.server_assignor if request.server_assignor is None else request.server_assignor
    if (timeout_us, topics, assignor) != (member.rebalance_timeout_us, before, member.server_assignor):
        event = ConsumerGroupMemberUpdated(
            *sim.stamp(), group.name, member.member_id, timeout_us, topics, assignor
        )
        sim.emit(event)
    if topics != before or not group.epoch:
        joined = request.member_epoch == JOIN
        _raise(sim, group, f"{member.client} {'joined' if joined else 'subscribes to other topics'}")


def _raise(sim: Simulation, group: ConsumerGroup, reason: str) -> None:
    metadata = _metadata(sim, group.members.values())
    event = GroupEpochRaised(*sim.stamp(), group.name, group.epoch + 1, reason, metadata)
    sim.cause = sim.emit(event)


def _metadata(sim: Simulation, members: Iterable[ConsumerGroupMember]) -> tuple[tuple[str, int], ...]:
    """How many partitions each topic that one of them subscribes to has, as far as the topics exist."""
    topics = sim.state.cluster.topics
    names = sorted({name for member in members for name in member.topics})
    return tuple((name, len(topics[name].partitions)) for name in names if name in topics)


def _raise_if_topics_changed(sim: Simulation, group: ConsumerGroup) -> None:
    """A topic that was made or that grew is noticed by the next heartbeat of any member (R122)."""
    now = _metadata(sim, group.members.values())
    if now != group.metadata:
        changed = sorted({name for name, _ in set(now) ^ set(group.metadata)})
        _raise(sim, group, f"{', '.join(changed)} changed")


def _may_assign(sim: Simulation, group: ConsumerGroup) -> bool:
    """Whether the least time between two computations is over; it is 0 before 4.3 (R7, R122)."""
    plan, name = sim.scenario.cluster, "consumer.assignment.interval.ms"
    interval_ms = sim.version.assignment_interval_ms
    if f"group.{name}" in plan.settings or own_group_setting(sim, group.name, name) is not None:
        interval_ms = group_setting(sim, group.name, name)
    return group.assigned_at_us < 0 or sim.now_us - group.assigned_at_us >= interval_ms * 1_000


def _assign(sim: Simulation, group: ConsumerGroup, member: ConsumerGroupMember) -> None:
    """Compute in the heartbeat of `member` who should own what, from what the last target gave (R122)."""
    members = group.members.values()
    others = [m.server_assignor for m in members if m is not member]
    name = choose_server_assignor(others, member.server_assignor, _assignors(sim)[0])
    known = [m.member_id for m in members if m is not member or member.epoch]
    order = timeline_order(known, max(group.most, len(known)))
    subscriptions = {
        m.member_id: Subscription(
            m.topics,
            tuple(TopicPartition(*p) for p in group.target.get(m.member_id, ())),
            m.instance_id or None,
        )
        for m in (*(group.members[each] for each in order), *([] if member.epoch else [member]))
    }
    found = SERVER_ASSIGNORS[name](dict(group.metadata), subscriptions)
    target = tuple((m, tuple((p.topic, p.partition) for p in sorted(found[m]))) for m in found)
    sim.cause = sim.emit(TargetAssigned(*sim.stamp(), group.name, group.epoch, name, target))


def _reconcile(
    sim: Simulation, group: ConsumerGroup, member: ConsumerGroupMember, request: ConsumerGroupHeartbeatRequest
) -> None:
    step = next_step(group, member, request.owned)
    if step is None:
        return
    revoking = step.state == "UNREVOKED"
    revoke_by_us = sim.now_us + member.rebalance_timeout_us if revoking else 0
    event = MemberReconciled(
        *sim.stamp(),
        group.name,
        member.member_id,
        step.state,
        step.epoch,
        step.assigned,
        step.revoking,
        revoke_by_us,
    )
    sim.cause = sim.emit(event)
    if revoking:
        _watch_revocation(sim, group.name, member)


# -- leaving ------------------------------------------------------------------------------------------------


def _leave(
    sim: Simulation, group: ConsumerGroup, request: ConsumerGroupHeartbeatRequest
) -> ConsumerGroupHeartbeatResponse:
    """A goodbye: for good, or of a static member for a while, whose session runs on (R122, R128)."""
    if request.member_epoch == LEAVE_STATIC:
        sim.emit(StaticMemberAway(*sim.stamp(), group.name, request.member_id))
    else:
        _remove(sim, group, group.members[request.member_id], "left")
    return ConsumerGroupHeartbeatResponse(0, request.member_id, request.member_epoch)


def _remove(sim: Simulation, group: ConsumerGroup, member: ConsumerGroupMember, reason: str) -> None:
    """A member is out; the target is computed with the next heartbeat of another one (R122, R123)."""
    metadata = _metadata(sim, [m for m in group.members.values() if m is not member])
    event = ConsumerGroupMemberRemoved(
        *sim.stamp(), group.name, member.member_id, member.client, reason, group.epoch + 1, metadata
    )
    sim.cause = sim.emit(event)


def session_us(sim: Simulation, group: str) -> int:
    """How long a member may be silent: the coordinator says so, not the client (R120)."""
    return int(group_setting(sim, group, "consumer.session.timeout.ms")) * 1_000


def watch(sim: Simulation, group: str, member_id: str, after_us: int) -> None:
    """Look at the member's session later."""
    sim.schedule(after_us, TIMER, _session, group, member_id, cause=0)


def watch_anew(sim: Simulation, name: str) -> None:
    """The session timeout may be another now."""
    group = sim.state.cluster.consumer_groups.get(name)
    for member_id in group.members if group else ():
        watch(sim, name, member_id, session_us(sim, name))


@due
def _session(sim: Simulation, name: str, member_id: str) -> None:
    """Look at a member when its session would be over; one timer a member, set anew as it is heard of."""
    group = sim.state.cluster.consumer_groups.get(name)
    member = group.members.get(member_id) if group else None
    if group is None or member is None:
        return
    heard_at_us = member.heard_at_us if _coordinated(sim, group) else sim.now_us
    left_us = heard_at_us + session_us(sim, name) - sim.now_us
    if left_us > 0:
        watch(sim, name, member_id, left_us)
    else:
        _remove(sim, group, member, "session expired")


def _watch_revocation(sim: Simulation, group: str, member: ConsumerGroupMember) -> None:
    by_us = member.revoke_by_us
    sim.schedule(by_us - sim.now_us, TIMER, _revocation, group, member.member_id, by_us, cause=0)


@due
def _revocation(sim: Simulation, name: str, member_id: str, by_us: int) -> None:
    """Remove a member that did not say in its rebalance timeout that it gave up its partitions (R123)."""
    group = sim.state.cluster.consumer_groups.get(name)
    member = group.members.get(member_id) if group else None
    if group is None or member is None or member.revoke_by_us != by_us:
        return
    if _coordinated(sim, group) and member.revoke_by_us == by_us:
        _remove(sim, group, member, "did not revoke")


def _coordinated(sim: Simulation, group: ConsumerGroup) -> bool:
    """Whether a broker coordinates the group; one that just took over gives every member a new session."""
    coordinator = coordinator_of(sim, group.name)
    if coordinator >= 0 and coordinator != group.coordinator:
        _load(sim, group, coordinator)
    return coordinator >= 0 and sim.state.cluster.brokers[coordinator].up


@reacts(CoordinatorsMoved)
def _coordinators_moved(sim: Simulation, event: CoordinatorsMoved) -> None:
    """Partitions of __consumer_offsets have other leaders: these load the groups in them (R99)."""
    for group in list(sim.state.cluster.consumer_groups.values()):
        coordinator = coordinator_of(sim, group.name)
        if coordinator in event.back:
            _load(sim, group, coordinator)


def _load(sim: Simulation, group: ConsumerGroup, coordinator: int) -> None:
    """`coordinator` takes the group over from its log; all timers start anew (R99)."""
    sim.emit(ConsumerGroupLoaded(*sim.stamp(), group.name, coordinator))
    for member in group.members.values():
        if member.revoke_by_us:
            _watch_revocation(sim, group.name, member)
