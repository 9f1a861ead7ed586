"""Membership: a consumer's side of the classic group protocol.

Like a real broker: as its Java client, JoinGroup without id, with the id, SyncGroup, then the assignment
(R101, R104). Eager: everything is revoked before joining again (R108). Cooperative: what is owned is kept and
read on while joining; what the new share lacks is revoked after it, and the member joins at once again
(R109). A background thread sends heartbeats, and what it learns takes effect at the next poll() (R106);
close() commits if it is automatic, revokes and says goodbye (R94); a poll() that comes too late makes the
client leave by itself (R93). An overtaken SyncGroup gives no callback (R108). A static member says no
goodbye, and is fenced when another process comes with its group.instance.id (R113). The group leader joins
again when a topic got more partitions (R111). Another coordinator is looked for after retry.backoff.ms (R99).
Left out: asking where the coordinator is (S11).
"""

from __future__ import annotations

from mqviz.kafka.errors import Error
from mqviz.kafka.settings import of
from mqviz.model.kafka.clients.consumer.events import (
    ConsumerChanged,
    MembershipChanged,
    PartitionsAssigned,
    PartitionsRevoked,
    RejoinNeeded,
    ShareArrived,
)
from mqviz.model.kafka.clients.consumer.state import Consumer, Phase
from mqviz.model.kafka.network.state import InFlight
from mqviz.model.kafka.protocol.requests import (
    HeartbeatRequest,
    JoinGroupRequest,
    LeaveGroupRequest,
    SyncGroupRequest,
)
from mqviz.model.kafka.protocol.responses import JoinGroupResponse, SyncGroupResponse
from mqviz.model.kafka.protocol.subscription import Parts
from mqviz.sim.engine import TIMER, Simulation, due
from mqviz.sim.kafka.clients.consumer import commits, wakeup
from mqviz.sim.kafka.clients.consumer.assignors import (
    compute,
    cooperative,
    look_at_metadata,
    owned_partitions,
    strategies,
)
from mqviz.sim.kafka.clients.consumer.coordinator_client import ask_coordinator, instance_id
from mqviz.sim.kafka.clients.consumer.protocol import Protocol, register
from mqviz.sim.kafka.network.connection import receives

ELSEWHERE = (
    Error.COORDINATOR_LOAD_IN_PROGRESS,
    Error.COORDINATOR_NOT_AVAILABLE,
    Error.NOT_COORDINATOR,
    Error.NETWORK_EXCEPTION,
    Error.REQUEST_TIMED_OUT,
)
"""Answers after which the client looks for the coordinator and asks again."""

THROWN = {
    Error.INCONSISTENT_GROUP_PROTOCOL: "InconsistentGroupProtocolException",
    Error.INVALID_SESSION_TIMEOUT: "InvalidSessionTimeoutException",
    Error.GROUP_MAX_SIZE_REACHED: "GroupMaxSizeReachedException",
    Error.FENCED_INSTANCE_ID: "FencedInstanceIdException",
}
"""What poll() throws for an error of the group that does not go away."""


# -- joining ----------------------------------------------------------------------------------------------


def ready(sim: Simulation, consumer: Consumer) -> bool:
    """Inside poll(): join if that is needed; True if there are partitions to read, a cooperative member's
    always.
    """
    if consumer.arrived is not None:
        _take_share(sim, consumer, consumer.arrived)
    if consumer.rejoin:
        rejoin(sim, consumer)
    if consumer.state != "running":
        return False
    if consumer.phase == "stable" and not consumer.rejoin:
        return True
    return bool(consumer.partition_states) and not consumer.lost and cooperative(consumer)


def identity(_: Simulation, consumer: Consumer) -> tuple[str, int] | None:
    """Who commits: the member and its generation; None: it is no member now."""
    return (consumer.member_id, consumer.generation) if consumer.phase == "stable" else None


def resumed(sim: Simulation, consumer: Consumer) -> None:
    """The background thread goes on: its heartbeat is due."""
    heartbeat(sim, consumer.name, consumer.life, consumer.membership)


def committed(sim: Simulation, consumer: Consumer, purpose: str) -> None:
    """The commit before giving up partitions is over: join (R83)."""
    if purpose == "rejoin":
        join(sim, consumer)


def rejoin(sim: Simulation, consumer: Consumer) -> None:
    """Inside poll(): commit if that is automatic, and join (again)."""
    if consumer.fenced:
        fail(sim, consumer, THROWN[Error.FENCED_INSTANCE_ID])
        return
    if "rejoin" in consumer.commits.values():
        return
    automatic = consumer.settings.commit == "auto" and not consumer.lost
    if not (automatic and commits.commit(sim, consumer, "rejoin")):
        join(sim, consumer)


def join(sim: Simulation, consumer: Consumer) -> None:
    """Send JoinGroup; an eager member revokes everything before (R108), as does one whose partitions are
    lost.
    """
    if consumer.lost or not cooperative(consumer):
        revoke(sim, consumer)
    _membership(sim, consumer, "joining", consumer.member_id, consumer.generation)
    _send_join(sim, consumer)


def revoke(sim: Simulation, consumer: Consumer, keeps: Parts = ()) -> None:
    """onPartitionsRevoked, or onPartitionsLost, with everything that is owned but `keeps`."""
    owned = (
        (partition_state.topic, partition_state.partition)
        for partition_state in consumer.partition_states.values()
    )
    gone = tuple(place for place in owned if place not in keeps)
    if gone:
        group = consumer.settings.group
        event = PartitionsRevoked(*sim.stamp(), consumer.name, group, gone, consumer.lost)
        sim.cause = sim.emit(event)


def _membership(
    sim: Simulation,
    consumer: Consumer,
    phase: Phase,
    member_id: str,
    generation: int,
    lost: bool = False,
) -> None:
    event = MembershipChanged(*sim.stamp(), consumer.name, phase, member_id, generation, lost)
    sim.cause = sim.emit(event)


def _send_join(sim: Simulation, consumer: Consumer) -> None:
    settings = consumer.settings
    ask_coordinator(
        sim,
        consumer,
        JoinGroupRequest(
            settings.group,
            consumer.member_id,
            consumer.name,
            int(settings.session_timeout),
            int(settings.max_poll_interval),
            strategies(consumer),
            tuple(consumer.topics),
            instance_id(consumer),
            owned_partitions(consumer),
        ),
    )


@receives(JoinGroupRequest)
def _joined(sim: Simulation, name: str, flight: InFlight) -> None:
    consumer = sim.state.cluster.consumers[name]
    reply = flight.response
    if consumer.phase != "joining" or reply is None:
        return
    if reply.error == Error.MEMBER_ID_REQUIRED and isinstance(reply, JoinGroupResponse):
        _membership(sim, consumer, "joining", reply.member_id, -1)
        if consumer.state == "running":
            _send_join(sim, consumer)
    elif isinstance(reply, JoinGroupResponse) and not reply.error:
        _membership(sim, consumer, "syncing", reply.member_id, reply.generation)
        _heartbeat_later(sim, consumer)
        if consumer.state == "running":
            _send_sync(sim, consumer, reply)
    else:
        _not_joined(sim, consumer, reply.error)


def _not_joined(sim: Simulation, consumer: Consumer, error: int) -> None:
    """JoinGroup or SyncGroup was refused: as whom to try again, when, or not at all."""
    if error in ELSEWHERE:
        _membership(sim, consumer, "joining", consumer.member_id, consumer.generation)
        _join_later(sim, consumer)
    elif error == Error.FENCED_INSTANCE_ID:
        _fenced(sim, consumer)
    elif error in THROWN:
        _membership(sim, consumer, "unjoined", "", -1)
        fail(sim, consumer, THROWN[Error(error)])
    else:
        keep = error == Error.REBALANCE_IN_PROGRESS
        _again(
            sim,
            consumer,
            consumer.member_id if keep else "",
            lost=not keep and bool(consumer.partition_states),
        )


def _join_later(sim: Simulation, consumer: Consumer) -> None:
    backoff_us = 1_000 * int(of(consumer.settings.config, "consumer", "retry.backoff.ms"))
    sim.schedule(backoff_us, TIMER, _join_again, consumer.name, consumer.membership)


@due
def _join_again(sim: Simulation, name: str, membership: int) -> None:
    consumer = sim.state.cluster.consumers[name]
    if consumer.membership != membership or consumer.phase != "joining":
        return
    if consumer.state == "running":
        _send_join(sim, consumer)
    elif consumer.state == "paused":
        _join_later(sim, consumer)


def _again(sim: Simulation, consumer: Consumer, member_id: str, lost: bool = False) -> None:
    _membership(sim, consumer, "unjoined", member_id, -1, lost)
    wakeup.progress(sim, consumer)


def _fenced(sim: Simulation, consumer: Consumer) -> None:
    """Another process has this group.instance.id: no callback any more, the next poll() throws (R113)."""
    event = MembershipChanged(*sim.stamp(), consumer.name, "unjoined", "", -1, fenced=True)
    sim.cause = sim.emit(event)
    wakeup.progress(sim, consumer)


def _send_sync(sim: Simulation, consumer: Consumer, reply: JoinGroupResponse) -> None:
    leads = reply.group_leader == reply.member_id
    assignments = compute(sim, consumer, reply) if leads else ()
    if leads:
        look_at_metadata(sim, consumer)
    request = SyncGroupRequest(
        consumer.settings.group, reply.generation, reply.member_id, assignments, instance_id(consumer)
    )
    ask_coordinator(sim, consumer, request)


@receives(SyncGroupRequest)
def _synced(sim: Simulation, name: str, flight: InFlight) -> None:
    consumer = sim.state.cluster.consumers[name]
    reply = flight.response
    if consumer.phase != "syncing" or reply is None or consumer.state != "running":
        return
    if reply.error or not isinstance(reply, SyncGroupResponse):
        _not_joined(sim, consumer, reply.error)
    elif consumer.activity == "polling":
        _take_share(sim, consumer, reply.assignment)
        wakeup.progress(sim, consumer)
    else:
        group, generation = consumer.settings.group, consumer.generation
        sim.emit(ShareArrived(*sim.stamp(), name, group, generation, reply.assignment))


def _take_share(sim: Simulation, consumer: Consumer, share: Parts) -> None:
    """The callbacks: revoked for what is no longer there, assigned for what is new (R108, R109).

    None for a share with topics that it does not subscribe to, as a static member finds that came back with
    others: it joins again.
    """
    if any(topic not in consumer.topics for topic, _ in share):
        _membership(sim, consumer, "stable", consumer.member_id, consumer.generation)
        sim.cause = sim.emit(RejoinNeeded(*sim.stamp(), consumer.name, consumer.settings.group))
        return
    held = {
        (partition_state.topic, partition_state.partition)
        for partition_state in consumer.partition_states.values()
    }
    loses = bool(held - set(share))
    revoke(sim, consumer, share)
    event = MembershipChanged(
        *sim.stamp(), consumer.name, "stable", consumer.member_id, consumer.generation, given=share
    )
    sim.cause = sim.emit(event)
    new = tuple(place for place in share if place not in held)
    group = consumer.settings.group
    if new:
        event_id = sim.emit(PartitionsAssigned(*sim.stamp(), consumer.name, group, consumer.generation, new))
        sim.cause = event_id
    if loses:  # others wait for what was revoked
        sim.cause = sim.emit(RejoinNeeded(*sim.stamp(), consumer.name, group))


# -- staying alive ----------------------------------------------------------------------------------------


def _heartbeat_later(sim: Simulation, consumer: Consumer) -> None:
    interval_us = int(consumer.settings.heartbeat_interval)
    sim.schedule(
        interval_us,
        TIMER,
        heartbeat,
        consumer.name,
        consumer.life,
        consumer.membership,
        cause=0,
    )


@due
def heartbeat(sim: Simulation, name: str, life: int, membership: int) -> None:
    """The background thread sends a heartbeat, unless the process or its membership is another one by now."""
    consumer = sim.state.cluster.consumers[name]
    if (consumer.life, consumer.membership) != (life, membership):
        return
    if consumer.phase not in ("syncing", "stable") or consumer.state not in ("running", "closing"):
        return
    group, generation = consumer.settings.group, consumer.generation
    ask_coordinator(
        sim, consumer, HeartbeatRequest(group, generation, consumer.member_id, instance_id(consumer))
    )
    _heartbeat_later(sim, consumer)


@receives(HeartbeatRequest)
def _heard(sim: Simulation, name: str, flight: InFlight) -> None:
    consumer = sim.state.cluster.consumers[name]
    request, error = flight.request, flight.response.error if flight.response else 0
    if not isinstance(request, HeartbeatRequest) or request.generation != consumer.generation or not error:
        return
    if error == Error.REBALANCE_IN_PROGRESS:
        if consumer.phase == "stable" and not consumer.rejoin:
            sim.cause = sim.emit(RejoinNeeded(*sim.stamp(), name, consumer.settings.group))
            wakeup.progress(sim, consumer)
    elif consumer.phase in ("syncing", "stable") and error not in ELSEWHERE:
        _expelled(sim, consumer, error)


def _expelled(sim: Simulation, consumer: Consumer, error: int) -> None:
    """The group went on without this member: its partitions are lost (R85, R93), unless it is fenced."""
    if error == Error.FENCED_INSTANCE_ID:
        _fenced(sim, consumer)
        return
    member_id = consumer.member_id if error == Error.ILLEGAL_GENERATION else ""
    _again(sim, consumer, member_id, lost=True)


def commit_refused(sim: Simulation, consumer: Consumer, flight: InFlight, error: int) -> None:
    """A refused commit tells the client about its membership too (R85)."""
    request = flight.request
    generation = getattr(request, "generation", None)
    if generation != consumer.generation or consumer.phase != "stable" or error in ELSEWHERE:
        return
    if error == Error.FENCED_INSTANCE_ID:
        event = MembershipChanged(*sim.stamp(), consumer.name, "unjoined", "", -1, fenced=True)
        sim.cause = sim.emit(event)
        return
    if error == Error.REBALANCE_IN_PROGRESS:
        if not consumer.rejoin:
            sim.emit(RejoinNeeded(*sim.stamp(), consumer.name, consumer.settings.group))
    else:
        keep = error == Error.ILLEGAL_GENERATION
        _membership(sim, consumer, "unjoined", consumer.member_id if keep else "", -1, lost=True)


def too_late(sim: Simulation, consumer: Consumer) -> None:
    """poll() did not come within max.poll.interval.ms: the client leaves by itself, a static one only forgets
    (R93).
    """
    if consumer.phase in ("syncing", "stable"):
        if instance_id(consumer) is None:
            ask_coordinator(sim, consumer, LeaveGroupRequest(consumer.settings.group, consumer.member_id))
        _membership(sim, consumer, "unjoined", "", -1, lost=True)


# -- leaving ----------------------------------------------------------------------------------------------


def leave(sim: Simulation, consumer: Consumer) -> None:
    """Revoke everything and send LeaveGroup; static members and those in no group say no goodbye (R113)."""
    if not consumer.fenced:
        revoke(sim, consumer)
    member = bool(consumer.member_id) and consumer.phase != "unjoined"
    goodbye = member and instance_id(consumer) is None
    state = "leaving" if goodbye else "closed"
    event = ConsumerChanged(*sim.stamp(), consumer.name, consumer.settings.group, state)
    sim.cause = sim.emit(event)
    if goodbye:
        ask_coordinator(sim, consumer, LeaveGroupRequest(consumer.settings.group, consumer.member_id))


@receives(LeaveGroupRequest)
def _left(sim: Simulation, name: str, flight: InFlight) -> None:
    consumer = sim.state.cluster.consumers[name]
    if consumer.state == "leaving":
        sim.emit(ConsumerChanged(*sim.stamp(), name, consumer.settings.group, "closed"))


def fail(sim: Simulation, consumer: Consumer, exception: str) -> None:
    """poll() throws."""
    wakeup.throw(sim, consumer, exception)


register("classic", Protocol(ready, identity, commit_refused, committed, resumed, too_late, leave))
