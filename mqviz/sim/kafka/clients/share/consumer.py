"""Share consumer: an application that polls a share group, works on each record and says what became of it.

Like a real broker: as its Java client, poll() asks for records if it has none, with one ShareFetch to each
leader, which takes the acknowledgements of the poll before along; they are sent again and again until one
acquired something, also after poll() has returned with nothing, so that records may be kept for the next one
(R131); implicit mode accepts all of a poll with the next poll or commit; explicit mode throws
IllegalStateException if a record was forgotten (R133); a heartbeat of its own every 5 s (R130); close()
acknowledges what was acknowledged, frees the rest and leaves.
Left out: finding brokers (S11), acknowledgement callbacks as calls, idle time between polls.
"""

from __future__ import annotations

from collections.abc import Iterator

from mqviz.kafka.errors import Error, named
from mqviz.kafka.settings import number as setting
from mqviz.model.kafka.clients.share.events import (
    ShareAcksRefused,
    ShareCommitCalled,
    ShareCommitEnded,
    ShareConsumerChanged,
    ShareMembershipChanged,
    SharePollCalled,
    ShareRecordsReturned,
    ShareRequestEnded,
    ShareRequestStarted,
)
from mqviz.model.kafka.clients.share.state import HELD, Delivered, ShareConsumer, up_to
from mqviz.model.kafka.network.state import InFlight
from mqviz.model.kafka.protocol.requests import (
    Acks,
    ShareAcknowledgeRequest,
    ShareFetchRequest,
    ShareGroupHeartbeatRequest,
)
from mqviz.model.kafka.protocol.responses import (
    ShareAcknowledgeResponse,
    ShareFetchResponse,
    ShareGroupHeartbeatResponse,
)
from mqviz.sim.engine import TIMER, Simulation, due
from mqviz.sim.hook import Hook
from mqviz.sim.kafka import metadata
from mqviz.sim.kafka.coordinator.lookup import coordinator_of
from mqviz.sim.kafka.network.connection import receives, send

BACKOFF_US = setting("retry.backoff.ms") * 1_000

# -- membership ---------------------------------------------------------------------------------------------

work: Hook[[Simulation, ShareConsumer], None] = Hook("work on what poll() returned")
go_on: Hook[[Simulation, ShareConsumer], None] = Hook("come round in the application's loop")
fail: Hook[[Simulation, ShareConsumer, str, str], None] = Hook("throw an exception out of a call")
change: Hook[..., None] = Hook("change a share consumer's state")


def heartbeat(sim: Simulation, consumer: ShareConsumer, epoch: int) -> None:
    """Tell the coordinator that this member is there; epoch 0 joins, -1 leaves."""
    settings = consumer.settings
    topics = tuple(settings.topic.split(",")) if epoch == 0 else None
    broker = coordinator_of(sim, settings.group)
    if broker < 0:
        _heartbeat_later(sim, consumer, BACKOFF_US)
        return
    request = ShareGroupHeartbeatRequest(settings.group, consumer.member_id, epoch, consumer.name, topics)
    send(sim, "share", consumer.name, consumer.incarnation, broker, request, line=" as coordinator")


def _heartbeat_later(sim: Simulation, consumer: ShareConsumer, delay_us: int) -> None:
    sim.schedule(delay_us, TIMER, heartbeat_due, consumer.name, consumer.life, cause=0)


@due
def heartbeat_due(sim: Simulation, name: str, life: int) -> None:
    """The background thread's heartbeat."""
    consumer = sim.state.cluster.share_consumers[name]
    if consumer.life == life and consumer.state in ("running", "closing"):
        heartbeat(sim, consumer, consumer.epoch)


@receives(ShareGroupHeartbeatRequest)
def _heard(sim: Simulation, name: str, flight: InFlight) -> None:
    consumer = sim.state.cluster.share_consumers[name]
    reply = flight.response
    if consumer.state == "leaving":
        sim.emit(ShareConsumerChanged(*sim.stamp(), name, consumer.settings.group, "closed"))
    elif not isinstance(reply, ShareGroupHeartbeatResponse):
        _heartbeat_later(sim, consumer, BACKOFF_US)
    elif reply.error in (Error.UNKNOWN_MEMBER_ID, Error.FENCED_MEMBER_EPOCH):
        event = ShareMembershipChanged(*sim.stamp(), name, 0, consumer.interval_us, ())
        sim.cause = sim.emit(event)
        heartbeat(sim, consumer, 0)
    elif reply.error in (Error.NOT_COORDINATOR, Error.COORDINATOR_NOT_AVAILABLE):
        _heartbeat_later(sim, consumer, BACKOFF_US)
    elif reply.error:
        fail(sim, consumer, "poll", Error(reply.error).name)
        change(sim, consumer, "closed")
    else:
        _told(sim, consumer, reply)


def _told(sim: Simulation, consumer: ShareConsumer, reply: ShareGroupHeartbeatResponse) -> None:
    if reply.assignment is not None or reply.member_epoch != consumer.epoch:
        event = ShareMembershipChanged(
            *sim.stamp(), consumer.name, reply.member_epoch, reply.interval_us, reply.assignment
        )
        sim.cause = sim.emit(event)
    _heartbeat_later(sim, consumer, reply.interval_us)
    progress(sim, consumer)


# -- poll() -------------------------------------------------------------------------------------------------


def poll(sim: Simulation, consumer: ShareConsumer, timeout_us: int = -1) -> None:
    """The application calls poll(); a negative timeout means that its loop calls it again and again."""
    if consumer.explicit and consumer.unacknowledged:
        fail(sim, consumer, "poll", "IllegalStateException")
        return
    sim.emit(SharePollCalled(*sim.stamp(), consumer.name))
    if timeout_us >= 0:
        sim.schedule(timeout_us, TIMER, _poll_over, consumer.name, consumer.life, consumer.polls)
    progress(sim, consumer)


@due
def _poll_over(sim: Simulation, name: str, life: int, polls: int) -> None:
    consumer = sim.state.cluster.share_consumers[name]
    if (consumer.life, consumer.polls, consumer.activity) == (life, polls, "polling"):
        sim.emit(ShareRecordsReturned(*sim.stamp(), name, consumer.settings.group, ()))


def progress(sim: Simulation, consumer: ShareConsumer) -> None:
    """Do what poll(), commitSync() or close() waits for, if the process is there to do it."""
    if consumer.state == "paused":
        return
    if consumer.activity == "polling" and consumer.state == "running":
        renewals = [part for part in consumer.delivered if part.ack in HELD]
        if renewals or consumer.buffered:
            send_acks(sim, consumer)
        if renewals:
            _return_renewed(sim, consumer, renewals)
        elif consumer.buffered:
            _return(sim, consumer)
    elif consumer.activity == "committing":
        send_acks(sim, consumer)
        if not consumer.acks and not _carries(sim, consumer):
            _commit_over(sim, consumer)
    elif consumer.activity == "closing" and not consumer.busy:
        _leave(sim, consumer)
    if consumer.fetching and consumer.state == "running" and not _acknowledges(sim, consumer):
        _fetch(sim, consumer)


def _carries(sim: Simulation, consumer: ShareConsumer) -> bool:
    """Whether acknowledgements are on their way; a fetch may wait at a broker all the while."""
    return any(request.acks for request in _asked(sim, consumer))


def _acknowledges(sim: Simulation, consumer: ShareConsumer) -> bool:
    """Nothing is fetched before acknowledgements that went alone are answered."""
    return any(isinstance(request, ShareAcknowledgeRequest) for request in _asked(sim, consumer))


def _asked(sim: Simulation, consumer: ShareConsumer) -> Iterator[ShareFetchRequest | ShareAcknowledgeRequest]:
    """The requests that are on their way."""
    flights = (sim.state.cluster.requests.get(number) for number in consumer.busy.values())
    for request in (flight.request for flight in flights if flight):
        if isinstance(request, ShareFetchRequest | ShareAcknowledgeRequest):
            yield request


def _return(sim: Simulation, consumer: ShareConsumer) -> None:
    parts = tuple(up_to(consumer.buffered, consumer.settings.max_poll_records))
    event = ShareRecordsReturned(*sim.stamp(), consumer.name, consumer.settings.group, parts)
    sim.cause = sim.emit(event)
    work(sim, consumer)


def _return_renewed(sim: Simulation, consumer: ShareConsumer, renewals: list[Delivered]) -> None:
    """poll() returns what was renewed once more, and fetches nothing new while a renewal is on its way
    (KIP-1222).
    """
    parts = tuple(
        (p.topic, p.partition, p.first, p.end, p.deliveries) for p in renewals if p.ack == "renewed"
    )
    if len(parts) == len(renewals):
        group = consumer.settings.group
        sim.cause = sim.emit(ShareRecordsReturned(*sim.stamp(), consumer.name, group, parts, True))
        work(sim, consumer)


def _fetch(sim: Simulation, consumer: ShareConsumer) -> None:
    """One ShareFetch to each leader that has none of this consumer's; acknowledgements go along (R131).

    What is left of them is of partitions that are not this member's any more.
    """
    wanted: dict[int, list[tuple[str, int]]] = {}
    for topic, number in consumer.partitions:
        leader = _leader(sim, consumer, topic, number)
        if leader > 0:
            wanted.setdefault(leader, []).append((topic, number))
        else:
            metadata.refresh(sim, "share", consumer.name, consumer.incarnation)
    settings = consumer.settings
    cut = settings.config.get("share.acquire.mode") == "record_limit"
    for broker in sorted(wanted):
        if broker in consumer.busy:
            continue
        epoch = consumer.sessions.get(broker, 0)
        acks = _acks_for(sim, consumer, broker) if epoch else ()
        request = ShareFetchRequest(
            settings.group,
            consumer.member_id,
            epoch,
            tuple(wanted[broker]),
            settings.max_poll_records,
            cut,
            acks,
        )
        _send(sim, consumer, broker, request)
    send_acks(sim, consumer)


def send_acks(sim: Simulation, consumer: ShareConsumer) -> None:
    """Send acknowledgements to every leader that is not busy with this consumer."""
    brokers = sorted({_leader(sim, consumer, topic, number) for topic, number, *_ in consumer.acks})
    for broker in brokers:
        if broker > 0 and broker not in consumer.busy:
            acks = _acks_for(sim, consumer, broker)
            epoch = consumer.sessions.get(broker, 1)
            request = ShareAcknowledgeRequest(consumer.settings.group, consumer.member_id, epoch, acks)
            _send(sim, consumer, broker, request)


def _acks_for(sim: Simulation, consumer: ShareConsumer, broker: int) -> Acks:
    return tuple(ack for ack in consumer.acks if _leader(sim, consumer, ack[0], ack[1]) == broker)


def _leader(sim: Simulation, consumer: ShareConsumer, topic: str, number: int) -> int:
    """Which broker leads, as this client believes."""
    found = sim.state.cluster.partition(topic, number)
    return metadata.leader(found, "share", consumer.name, consumer.incarnation)


@metadata.told("share")
def _metadata(sim: Simulation, name: str) -> None:
    progress(sim, sim.state.cluster.share_consumers[name])


def _send(
    sim: Simulation,
    consumer: ShareConsumer,
    broker: int,
    request: ShareFetchRequest | ShareAcknowledgeRequest,
) -> None:
    number = send(sim, "share", consumer.name, consumer.incarnation, broker, request)
    sim.emit(ShareRequestStarted(*sim.stamp(), consumer.name, broker, number, request.acks))


@receives(ShareFetchRequest)
@receives(ShareAcknowledgeRequest)
def _answered(sim: Simulation, name: str, flight: InFlight) -> None:
    """Whatever came back: records wait for poll(), acknowledgements are told, and what waits for this goes
    on.
    """
    consumer = sim.state.cluster.share_consumers[name]
    broker = flight.broker
    if consumer.busy.get(broker) != flight.number:
        return
    reply, request = flight.response, flight.request
    if not isinstance(request, ShareFetchRequest | ShareAcknowledgeRequest):
        return
    error = reply.error if reply is not None else 0
    parts = reply.partitions if isinstance(reply, ShareFetchResponse) else ()
    acked = reply.acked if isinstance(reply, ShareFetchResponse | ShareAcknowledgeResponse) else ()
    if error:
        acked = tuple(dict.fromkeys((topic, number, error) for topic, number, *_ in request.acks))
    good = {(topic, number) for topic, number, code in acked if not code}
    renewed = tuple(a[:4] for a in request.acks if a[4] == "renew" and (a[0], a[1]) in good)
    event = ShareRequestEnded(
        *sim.stamp(),
        name,
        broker,
        tuple((t, p, first, last, count) for t, p, code, first, last, count in parts if not code),
        acked,
        not error,
        renewed,
    )
    sim.cause = sim.emit(event)
    metadata.failed(sim, "share", name, flight, [part[2] for part in parts] + [part[2] for part in acked])
    _tell_refusals(sim, consumer, acked)
    if error or any(code for _, _, code, *_ in parts):
        sim.schedule(BACKOFF_US, TIMER, _again, name, consumer.life)
    else:
        progress(sim, consumer)


def _tell_refusals(sim: Simulation, consumer: ShareConsumer, acked: tuple[tuple[str, int, int], ...]) -> None:
    for topic, number, code in acked:
        if code:
            group = consumer.settings.group
            sim.emit(ShareAcksRefused(*sim.stamp(), consumer.name, group, topic, number, code, named(code)))


@due
def _again(sim: Simulation, name: str, life: int) -> None:
    consumer = sim.state.cluster.share_consumers[name]
    if consumer.life == life:
        progress(sim, consumer)


# -- commit and close ---------------------------------------------------------------------------------------


def commit(sim: Simulation, consumer: ShareConsumer) -> None:
    """The application calls commitSync()."""
    sim.emit(ShareCommitCalled(*sim.stamp(), consumer.name))
    progress(sim, consumer)


def _commit_over(sim: Simulation, consumer: ShareConsumer) -> None:
    event = ShareCommitEnded(*sim.stamp(), consumer.name, consumer.settings.group, tuple(consumer.results))
    sim.cause = sim.emit(event)
    go_on(sim, consumer)


def close(sim: Simulation, consumer: ShareConsumer) -> None:
    """close(): say what was acknowledged, end the sessions, leave the group (R132)."""
    change(sim, consumer, "closing", "closing")
    progress(sim, consumer)


def _leave(sim: Simulation, consumer: ShareConsumer) -> None:
    for broker in sorted(consumer.sessions):
        acks = tuple(
            (part.topic, part.partition, part.first, part.end, part.ack)
            for part in consumer.delivered
            if part.ack in ("accept", "release", "reject")
            and _leader(sim, consumer, part.topic, part.partition) == broker
        )
        request = ShareAcknowledgeRequest(
            consumer.settings.group, consumer.member_id, -1, _acks_for(sim, consumer, broker) + acks
        )
        send(sim, "share", consumer.name, consumer.incarnation, broker, request)
    change(sim, consumer, "leaving")
    if consumer.epoch:
        heartbeat(sim, consumer, -1)
    else:
        change(sim, consumer, "closed")
