"""Consumer group member: a consumer's side of the consumer protocol (KIP-848).

Like a real broker: as its Java client, one request says everything: a heartbeat at the coordinator's
interval, and at once when the process joins, leaves or has taken over an assignment (R120, R124); what did
not change is not said again (R121). poll() takes a new assignment over: auto-commit, onPartitionsRevoked,
onPartitionsAssigned, then the acknowledgement; what is kept is never stopped (R124, R125). Fenced (110, 25)
it has lost everything and joins again with epoch 0; a poll() that comes too late makes it leave (R93); static
members leave with -2 (R128).
Left out: joining again by commits that are refused: the next heartbeat tells; a new epoch in the middle of a
commit.
"""

from __future__ import annotations

from mqviz.kafka.errors import Error
from mqviz.kafka.settings import of
from mqviz.model.kafka.clients.consumer.events import (
    ClientHeartbeatEnded,
    ClientHeartbeatSent,
    ClientMemberChanged,
    ClientMemberStarted,
    ConsumerChanged,
    MembershipChanged,
    PartitionsAssigned,
    PartitionsRevoked,
)
from mqviz.model.kafka.clients.consumer.state import ClientMember, Consumer
from mqviz.model.kafka.coordinator.consumer.state import Partitions
from mqviz.model.kafka.network.state import InFlight
from mqviz.model.kafka.protocol.requests import ConsumerGroupHeartbeatRequest
from mqviz.model.kafka.protocol.responses import ConsumerGroupHeartbeatResponse
from mqviz.sim.engine import TIMER, Simulation, due
from mqviz.sim.kafka.clients.consumer import commits, wakeup
from mqviz.sim.kafka.clients.consumer.coordinator_client import ask_coordinator
from mqviz.sim.kafka.clients.consumer.membership.classic import revoke
from mqviz.sim.kafka.clients.consumer.protocol import Protocol, register
from mqviz.sim.kafka.coordinator.lookup import coordinator_of
from mqviz.sim.kafka.network.connection import receives

IN_GROUP = ("JOINING", "RECONCILING", "ACKNOWLEDGING", "STABLE")
"""States in which heartbeats are sent."""

FENCED = (Error.FENCED_MEMBER_EPOCH, Error.UNKNOWN_MEMBER_ID)
"""Errors after which the member joins again (R121)."""

FATAL = {
    Error.UNSUPPORTED_ASSIGNOR: "UnsupportedAssignorException",
    Error.UNRELEASED_INSTANCE_ID: "UnreleasedInstanceIdException",
    Error.FENCED_INSTANCE_ID: "FencedInstanceIdException",
    Error.GROUP_MAX_SIZE_REACHED: "GroupMaxSizeReachedException",
    Error.GROUP_ID_NOT_FOUND: "GroupIdNotFoundException",
    Error.INVALID_REQUEST: "InvalidRequestException",
}
"""What poll() throws after an error that joining again does not mend (R120)."""


# -- inside poll() ------------------------------------------------------------------------------------------


def poll(sim: Simulation, consumer: Consumer) -> bool:
    """Join, give up what is lost, take over an assignment; True if there is something to read meanwhile."""
    member = _member(sim, consumer)
    if member.state == "FATAL":
        exception = FATAL.get(Error(member.error), "KafkaException")
        wakeup.throw(sim, consumer, exception)
        return False
    if member.state in ("UNSUBSCRIBED", "FENCED", "STALE"):
        revoke(sim, consumer)
        _know(sim, consumer, "joining")
        _change(sim, consumer, "JOINING", 0)
        _heartbeat_now(sim, consumer, member)
    elif member.state == "RECONCILING":
        _reconcile(sim, consumer, member)
    return member.state in IN_GROUP and not _is_committing(consumer)


def _member(sim: Simulation, consumer: Consumer) -> ClientMember:
    """The process's membership; a process that starts makes its id (S8)."""
    members = sim.state.cluster.client_members
    known = members.get(consumer.name)
    if known is None or known.incarnation != consumer.incarnation:
        member_id = f"{consumer.name}-{consumer.incarnation}"
        sim.emit(ClientMemberStarted(*sim.stamp(), consumer.name, member_id, consumer.incarnation))
    return members[consumer.name]


def _change(sim: Simulation, consumer: Consumer, state: str, epoch: int, error: int = 0) -> None:
    sim.cause = sim.emit(ClientMemberChanged(*sim.stamp(), consumer.name, state, epoch, error))


def _know(sim: Simulation, consumer: Consumer, phase: str, *, lost: bool = False) -> None:
    """What everybody who does not know the protocol sees of the membership."""
    member = _member(sim, consumer)
    event = MembershipChanged(
        *sim.stamp(),
        consumer.name,
        phase,  # type: ignore[arg-type]
        member.member_id,
        member.epoch,
        lost,
    )
    sim.cause = sim.emit(event)


def _is_committing(consumer: Consumer) -> bool:
    return "reconcile" in consumer.commits.values()


def _reconcile(sim: Simulation, consumer: Consumer, member: ClientMember) -> None:
    """Take the assignment over, after an auto-commit of what was read until now (R124)."""
    if _is_committing(consumer):
        return
    automatic = consumer.settings.commit == "auto"
    if not (automatic and commits.commit(sim, consumer, "reconcile")):
        _take_over(sim, consumer, member)


def _take_over(sim: Simulation, consumer: Consumer, member: ClientMember) -> None:
    """onPartitionsRevoked, onPartitionsAssigned, and the acknowledgement; what is kept is not touched."""
    name, group = consumer.name, consumer.settings.group
    owned = _owned(consumer)
    gone = tuple(p for p in owned if p not in member.target)
    new = tuple(p for p in member.target if p not in owned)
    if gone:
        sim.cause = sim.emit(PartitionsRevoked(*sim.stamp(), name, group, gone, False))
    if consumer.phase != "stable":
        _know(sim, consumer, "stable")
    if new:
        sim.cause = sim.emit(PartitionsAssigned(*sim.stamp(), name, group, member.epoch, new))
    _change(sim, consumer, "ACKNOWLEDGING", member.epoch)
    _heartbeat_now(sim, consumer, member)


def _owned(consumer: Consumer) -> Partitions:
    return tuple(
        sorted(
            (partition_state.topic, partition_state.partition)
            for partition_state in consumer.partition_states.values()
        )
    )


# -- heartbeats ----------------------------------------------------------------------------------------------


def _heartbeat_now(sim: Simulation, consumer: Consumer, member: ClientMember) -> None:
    """Send a heartbeat now, unless one is on its way: then right after it."""
    if member.in_flight:
        return
    if coordinator_of(sim, consumer.settings.group) < 0:
        _later(sim, consumer, member, _backoff_us(consumer, member))
        return
    owned = _owned(consumer)
    number = ask_coordinator(sim, consumer, _request(consumer, member, owned))
    sim.emit(ClientHeartbeatSent(*sim.stamp(), consumer.name, number, owned))
    if member.state == "ACKNOWLEDGING":
        _change(sim, consumer, "STABLE" if owned == member.target else "RECONCILING", member.epoch)


def _request(consumer: Consumer, member: ClientMember, owned: Partitions) -> ConsumerGroupHeartbeatRequest:
    """What has changed since the last heartbeat; everything after joining or a failure."""
    settings, everything = consumer.settings, member.told is None
    return ConsumerGroupHeartbeatRequest(
        settings.group,
        member.member_id,
        member.epoch,
        consumer.name,
        _instance(consumer) or None,
        int(settings.max_poll_interval) if everything else -1,
        tuple(consumer.topics) if everything else None,
        (of(settings.config, "consumer", "group.remote.assignor") or None) if everything else None,
        owned if everything or owned != member.told else None,
    )


def _instance(consumer: Consumer) -> str:
    return str(of(consumer.settings.config, "consumer", "group.instance.id"))


def _later(sim: Simulation, consumer: Consumer, member: ClientMember, after_us: int) -> None:
    sim.schedule(
        max(0, after_us), TIMER, _next_heartbeat, consumer.name, consumer.life, member.heartbeats, cause=0
    )


def _backoff_us(consumer: Consumer, member: ClientMember) -> int:
    """How long to wait after failures in a row: retry.backoff.ms, doubled up to retry.backoff.max.ms."""
    config = consumer.settings.config
    first_ms, most_ms = (of(config, "consumer", f"retry.backoff.{name}") for name in ("ms", "max.ms"))
    return int(min(first_ms << min(member.failures, 20), most_ms)) * 1_000


@due
def _next_heartbeat(sim: Simulation, name: str, life: int, heartbeats: int) -> None:
    """The background thread's next heartbeat, unless another one left meanwhile or the process is another
    one.
    """
    consumer = sim.state.cluster.consumers[name]
    member = sim.state.cluster.client_members[name]
    counts = (consumer.life, member.heartbeats) == (life, heartbeats) and member.state in IN_GROUP
    if counts and consumer.state in ("running", "closing"):
        _heartbeat_now(sim, consumer, member)


@receives(ConsumerGroupHeartbeatRequest)
def _answered(sim: Simulation, name: str, flight: InFlight) -> None:
    consumer = sim.state.cluster.consumers[name]
    member = sim.state.cluster.client_members[name]
    if flight.number != member.in_flight:
        return
    if consumer.state == "leaving":
        sim.emit(ConsumerChanged(*sim.stamp(), name, consumer.settings.group, "closed"))
        return
    reply = flight.response
    known = (Error.NONE, *FENCED, *FATAL)
    told = isinstance(reply, ConsumerGroupHeartbeatResponse) and reply.error in known
    target = reply.assignment if told and isinstance(reply, ConsumerGroupHeartbeatResponse) else None
    interval_us = reply.heartbeat_interval_us if isinstance(reply, ConsumerGroupHeartbeatResponse) else 0
    awaited = member.state in IN_GROUP and not (member.state == "JOINING" and member.told is None)
    event = ClientHeartbeatEnded(*sim.stamp(), name, not told, interval_us, target if awaited else None)
    sim.cause = sim.emit(event)
    if told and awaited and isinstance(reply, ConsumerGroupHeartbeatResponse):
        _learn(sim, consumer, member, reply)
    if member.state not in IN_GROUP:
        return
    if not told:
        _later(sim, consumer, member, _backoff_us(consumer, member))
    elif member.state == "ACKNOWLEDGING" or member.told is None:
        _heartbeat_now(sim, consumer, member)
    elif not member.in_flight:
        _later(sim, consumer, member, flight.sent_at_us + member.interval_us - sim.now_us)


def _learn(
    sim: Simulation, consumer: Consumer, member: ClientMember, reply: ConsumerGroupHeartbeatResponse
) -> None:
    """What the coordinator said: fenced, hopeless, a new epoch, another assignment."""
    if reply.error in FENCED:
        _change(sim, consumer, "FENCED", 0)
        _know(sim, consumer, "unjoined", lost=True)
        wakeup.progress(sim, consumer)
    elif reply.error:
        _change(sim, consumer, "FATAL", 0, reply.error)
        wakeup.progress(sim, consumer)
    elif reply.assignment is not None and (member.state == "JOINING" or reply.assignment != _owned(consumer)):
        _change(sim, consumer, "RECONCILING", reply.member_epoch)
        wakeup.progress(sim, consumer)
    elif reply.member_epoch != member.epoch:
        _change(sim, consumer, member.state, reply.member_epoch)


# -- what the consumer asks its protocol ---------------------------------------------------------------------


def identity(sim: Simulation, consumer: Consumer) -> tuple[str, int] | None:
    """Who commits: the member and its epoch; None: it is no member now."""
    member = _member(sim, consumer)
    return (member.member_id, member.epoch) if member.state in IN_GROUP and member.epoch else None


def commit_refused(sim: Simulation, consumer: Consumer, flight: InFlight, error: int) -> None:
    """A refused commit changes nothing here: if the member is out, its next heartbeat says so."""


def committed(sim: Simulation, consumer: Consumer, purpose: str) -> None:
    """The commit before giving up partitions is over."""
    member = _member(sim, consumer)
    if purpose == "reconcile" and consumer.state == "running" and member.state == "RECONCILING":
        _take_over(sim, consumer, member)
        wakeup.progress(sim, consumer)


def resumed(sim: Simulation, consumer: Consumer) -> None:
    """The background thread goes on: its heartbeat is due."""
    member = _member(sim, consumer)
    if member.state in IN_GROUP:
        _heartbeat_now(sim, consumer, member)


def too_late(sim: Simulation, consumer: Consumer) -> None:
    """poll() did not come within max.poll.interval.ms: the client leaves by itself (R93)."""
    if _member(sim, consumer).state in IN_GROUP:
        _say_goodbye(sim, consumer, "STALE")
        _know(sim, consumer, "unjoined", lost=True)


def _say_goodbye(sim: Simulation, consumer: Consumer, state: str) -> None:
    """Leave: for good, or for a while if the member is static (R128)."""
    member = _member(sim, consumer)
    epoch = -2 if _instance(consumer) else -1
    request = ConsumerGroupHeartbeatRequest(
        consumer.settings.group, member.member_id, epoch, consumer.name, _instance(consumer) or None
    )
    _change(sim, consumer, state, 0)
    if coordinator_of(sim, consumer.settings.group) >= 0:
        number = ask_coordinator(sim, consumer, request)
        sim.emit(ClientHeartbeatSent(*sim.stamp(), consumer.name, number, ()))


def leave(sim: Simulation, consumer: Consumer) -> None:
    """Revoke everything and say goodbye; who is no member has nobody to say it to (R94)."""
    member = _member(sim, consumer)
    if member.state != "FATAL":
        revoke(sim, consumer)
    says = member.state in IN_GROUP and coordinator_of(sim, consumer.settings.group) >= 0
    event = ConsumerChanged(
        *sim.stamp(), consumer.name, consumer.settings.group, "leaving" if says else "closed"
    )
    sim.cause = sim.emit(event)
    if says:
        _say_goodbye(sim, consumer, "LEAVING")


register("consumer", Protocol(poll, identity, commit_refused, committed, resumed, too_late, leave))
