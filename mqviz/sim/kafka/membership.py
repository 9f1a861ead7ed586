"""Membership: a consumer's side of the classic group protocol.

Like a real broker: as its Java client, JoinGroup without id, with the id, SyncGroup, then the assignment (R101, R104);
eager: everything is revoked before joining again (R108); the group leader computes the assignment with the
range assignor (R110, R115); a background thread sends heartbeats, and what it learns takes effect at the next
poll() (R106); close() commits if it is automatic, revokes and says goodbye (R94); a poll() that comes too late
makes the client leave by itself (R93). An overtaken SyncGroup gives no callback (E31).
Left out: static members, cooperative rebalancing, finding the coordinator (S11).
"""

from __future__ import annotations

from mqviz.kafka.assignors import Subscription
from mqviz.kafka.assignors_sticky import ASSIGNORS
from mqviz.kafka.errors import Error
from mqviz.model.consumer import Consumer, ConsumerChanged, ConsumerFailed, Phase
from mqviz.model.membership import MembershipChanged, PartitionsAssigned, PartitionsRevoked, RejoinNeeded
from mqviz.model.request import (
    AnyRequest,
    Heartbeat,
    InFlight,
    Joined,
    JoinGroup,
    LeaveGroup,
    Synced,
    SyncGroup,
)
from mqviz.sim.engine import TIMER, Simulation, due
from mqviz.sim.kafka import consumer as actor
from mqviz.sim.kafka.cluster import coordinator_of
from mqviz.sim.kafka.network import ask, receives
from mqviz.sim.kafka.protocols import Protocol, register

ASSIGNORS_OFFERED = ("range",)
"""partition.assignment.strategy, as far as it is simulated; range comes first in Kafka's default too (R110)."""

Assignments = tuple[tuple[str, tuple[tuple[str, int], ...]], ...]


def ask_coordinator(sim: Simulation, consumer: Consumer, request: AnyRequest) -> int:
    """Send a request on the consumer's connection to its group's coordinator."""
    broker = coordinator_of(sim, consumer.settings.group)
    return ask(sim, "consumer", consumer.name, consumer.incarnation, broker, request, line=" as coordinator")


# -- joining ----------------------------------------------------------------------------------------------


def ready(sim: Simulation, consumer: Consumer) -> bool:
    """Inside poll(): join if that is needed; True if there is an assignment to read."""
    if consumer.rejoin:
        rejoin(sim, consumer)
    return consumer.phase == "stable" and not consumer.rejoin


def identity(_: Simulation, consumer: Consumer) -> tuple[str, int] | None:
    """Who commits: the member and its generation; None: it is no member now."""
    return (consumer.member_id, consumer.generation) if consumer.phase == "stable" else None


def resumed(sim: Simulation, consumer: Consumer) -> None:
    """The background thread goes on: its heartbeat is due."""
    beat(sim, consumer.name, consumer.life, consumer.membership)


def committed(sim: Simulation, consumer: Consumer, purpose: str) -> None:
    """The commit before giving up partitions is over: join (R83)."""
    if purpose == "rejoin":
        join(sim, consumer)


def rejoin(sim: Simulation, consumer: Consumer) -> None:
    """Inside poll(): give up what is owned and join (again)."""
    if "rejoin" in consumer.commits.values():
        return
    automatic = consumer.settings.commit == "auto" and not consumer.lost
    if not (automatic and actor.commit(sim, consumer, "rejoin")):
        join(sim, consumer)


def join(sim: Simulation, consumer: Consumer) -> None:
    """Revoke everything (R108) and send JoinGroup."""
    revoke(sim, consumer)
    _membership(sim, consumer, "joining", consumer.member_id, consumer.generation)
    _send_join(sim, consumer)


def revoke(sim: Simulation, consumer: Consumer) -> None:
    """onPartitionsRevoked, or onPartitionsLost, with everything that is owned."""
    owned = tuple((claim.topic, claim.partition) for claim in consumer.claims.values())
    if owned:
        group = consumer.settings.group
        event = PartitionsRevoked(*sim.stamp(), consumer.name, group, owned, consumer.lost)
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
        JoinGroup(
            settings.group,
            consumer.member_id,
            consumer.name,
            int(settings.session_timeout),
            int(settings.max_poll_interval),
            ASSIGNORS_OFFERED,
            tuple(consumer.topics),
        ),
    )


@receives(JoinGroup)
def _joined(sim: Simulation, name: str, flight: InFlight) -> None:
    consumer = sim.state.cluster.consumers[name]
    reply = flight.answer
    if consumer.phase != "joining" or not isinstance(reply, Joined):
        return
    if reply.error == Error.MEMBER_ID_REQUIRED:
        _membership(sim, consumer, "joining", reply.member_id, -1)
        if consumer.state == "running":
            _send_join(sim, consumer)
    elif reply.error == Error.NONE:
        _membership(sim, consumer, "syncing", reply.member_id, reply.generation)
        _beat_later(sim, consumer)
        if consumer.state == "running":
            _send_sync(sim, consumer, reply)
    elif reply.error in (Error.UNKNOWN_MEMBER_ID, Error.REBALANCE_IN_PROGRESS):
        keep = reply.error == Error.REBALANCE_IN_PROGRESS
        _again(sim, consumer, consumer.member_id if keep else "")
    else:
        _membership(sim, consumer, "unjoined", "", -1)
        fail(sim, consumer, f"{Error(reply.error).name}")


def _again(sim: Simulation, consumer: Consumer, member_id: str, lost: bool = False) -> None:
    _membership(sim, consumer, "unjoined", member_id, -1, lost)
    actor.progress(sim, consumer)


def _send_sync(sim: Simulation, consumer: Consumer, reply: Joined) -> None:
    assignments: Assignments = ()
    if reply.group_leader == reply.member_id:
        assignments = _assign(sim, reply)
    request = SyncGroup(consumer.settings.group, reply.generation, reply.member_id, assignments)
    ask_coordinator(sim, consumer, request)


def _assign(sim: Simulation, reply: Joined) -> Assignments:
    """What the group leader computes: who gets what (R104, R115)."""
    topics = sim.state.cluster.topics
    subscriptions = {member: Subscription(names) for member, names in reply.members}
    wanted = sorted({name for _, names in reply.members for name in names if name in topics})
    partitions = {name: len(topics[name].partitions) for name in wanted}
    found = ASSIGNORS[reply.assignor](partitions, subscriptions)
    return tuple((member, tuple((p.topic, p.partition) for p in found[member])) for member in found)


@receives(SyncGroup)
def _synced(sim: Simulation, name: str, flight: InFlight) -> None:
    consumer = sim.state.cluster.consumers[name]
    reply = flight.answer
    if consumer.phase != "syncing" or not isinstance(reply, Synced) or consumer.state != "running":
        return
    if reply.error:
        keep = reply.error == Error.REBALANCE_IN_PROGRESS
        _again(sim, consumer, consumer.member_id if keep else "")
        return
    _membership(sim, consumer, "stable", consumer.member_id, consumer.generation)
    if reply.partitions:
        group = consumer.settings.group
        event = PartitionsAssigned(*sim.stamp(), name, group, consumer.generation, reply.partitions)
        sim.cause = sim.emit(event)
    actor.progress(sim, consumer)


# -- staying alive ----------------------------------------------------------------------------------------


def _beat_later(sim: Simulation, consumer: Consumer) -> None:
    interval_us = int(consumer.settings.heartbeat_interval)
    sim.schedule(
        interval_us,
        TIMER,
        "kafka.heartbeat",
        consumer.name,
        consumer.life,
        consumer.membership,
        cause=0,
    )


@due("kafka.heartbeat")
def beat(sim: Simulation, name: str, life: int, membership: int) -> None:
    """The background thread sends a heartbeat, unless the process or its membership is another one by now."""
    consumer = sim.state.cluster.consumers[name]
    if (consumer.life, consumer.membership) != (life, membership):
        return
    if consumer.phase not in ("syncing", "stable") or consumer.state not in ("running", "closing"):
        return
    ask_coordinator(
        sim, consumer, Heartbeat(consumer.settings.group, consumer.generation, consumer.member_id)
    )
    _beat_later(sim, consumer)


@receives(Heartbeat)
def _heard(sim: Simulation, name: str, flight: InFlight) -> None:
    consumer = sim.state.cluster.consumers[name]
    request, error = flight.request, flight.answer.error if flight.answer else 0
    if not isinstance(request, Heartbeat) or request.generation != consumer.generation or not error:
        return
    if error == Error.REBALANCE_IN_PROGRESS:
        if consumer.phase == "stable" and not consumer.rejoin:
            sim.cause = sim.emit(RejoinNeeded(*sim.stamp(), name, consumer.settings.group))
            actor.progress(sim, consumer)
    elif consumer.phase in ("syncing", "stable"):
        _expelled(sim, consumer, error)


def _expelled(sim: Simulation, consumer: Consumer, error: int) -> None:
    """The group went on without this member: its partitions are lost (R85, E31)."""
    member_id = consumer.member_id if error == Error.ILLEGAL_GENERATION else ""
    _again(sim, consumer, member_id, lost=True)


def commit_refused(sim: Simulation, consumer: Consumer, flight: InFlight, error: int) -> None:
    """A refused commit tells the client about its membership too (R85)."""
    request = flight.request
    generation = getattr(request, "generation", None)
    if generation != consumer.generation or consumer.phase != "stable":
        return
    if error == Error.REBALANCE_IN_PROGRESS:
        if not consumer.rejoin:
            sim.emit(RejoinNeeded(*sim.stamp(), consumer.name, consumer.settings.group))
    else:
        keep = error == Error.ILLEGAL_GENERATION
        _membership(sim, consumer, "unjoined", consumer.member_id if keep else "", -1, lost=True)


def too_late(sim: Simulation, consumer: Consumer) -> None:
    """poll() did not come within max.poll.interval.ms: the client leaves by itself (R93)."""
    if consumer.phase in ("syncing", "stable"):
        ask_coordinator(sim, consumer, LeaveGroup(consumer.settings.group, consumer.member_id))
        _membership(sim, consumer, "unjoined", "", -1, lost=True)


# -- leaving ----------------------------------------------------------------------------------------------


def leave(sim: Simulation, consumer: Consumer) -> None:
    """Revoke everything and send LeaveGroup; without an id there is nobody to say goodbye to."""
    revoke(sim, consumer)
    state = "leaving" if consumer.member_id else "closed"
    event = ConsumerChanged(*sim.stamp(), consumer.name, consumer.settings.group, state)
    sim.cause = sim.emit(event)
    if consumer.member_id:
        ask_coordinator(sim, consumer, LeaveGroup(consumer.settings.group, consumer.member_id))


@receives(LeaveGroup)
def _left(sim: Simulation, name: str, flight: InFlight) -> None:
    consumer = sim.state.cluster.consumers[name]
    if consumer.state == "leaving":
        sim.emit(ConsumerChanged(*sim.stamp(), name, consumer.settings.group, "closed"))


def fail(sim: Simulation, consumer: Consumer, exception: str) -> None:
    """poll() throws and the application does what its finally block says: close()."""
    event = ConsumerFailed(*sim.stamp(), consumer.name, consumer.settings.group, exception)
    sim.cause = sim.emit(event)
    leave(sim, consumer)


register("classic", Protocol(ready, identity, commit_refused, committed, resumed, too_late, leave))
