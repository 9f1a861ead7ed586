"""Share fetch: what a partition leader does with ShareFetch and ShareAcknowledge, and with share sessions.

Like a real broker: a member has one share session on a broker, which counts its requests and belongs to its
connection; acknowledgements come alone or with a fetch, and are dealt with first; a fetch that gets nothing
waits for records, for released ones, or until fetch.max.wait.ms is over; one over several partitions begins
with another one each time, and the group's first one is answered by the first partition alone (R131); when
the session ends or its connection closes, the member's records are free at once (R132).
Left out: sessions that send only changes (S11), share.fetch.max.fetch.records, the answer's bytes, reading
the state of a share-partition as something that takes time.
"""

from __future__ import annotations

import msgspec

from mqviz.kafka.errors import Error
from mqviz.kafka.settings import number as setting
from mqviz.model.kafka.broker.events import BrokerProcessChanged
from mqviz.model.kafka.cluster import partition_key
from mqviz.model.kafka.coordinator.share.state import ShareGroup
from mqviz.model.kafka.coordinator.share.window import SharePartition
from mqviz.model.kafka.network.events import ConnectionBroken
from mqviz.model.kafka.protocol.requests import Acks, ShareAcknowledgeRequest, ShareFetchRequest
from mqviz.model.kafka.protocol.responses import ShareAcknowledgeResponse, ShareFetchResponse
from mqviz.model.kafka.replication.events import HighWatermarkAdvanced
from mqviz.sim.engine import ARRIVAL, TIMER, Simulation, due, reacts
from mqviz.sim.kafka.coordinator.lookup import write_us
from mqviz.sim.kafka.coordinator.share import partition as share_partition
from mqviz.sim.kafka.network import sockets
from mqviz.sim.kafka.network.connection import connection_of, end, enter_purgatory, respond, serves

WAIT_US = setting("fetch.max.wait.ms") * 1_000

Acked = tuple[tuple[str, int, int], ...]


class Session(msgspec.Struct):
    """A member's session on a broker: the epoch of its next request, the connection that it belongs to, and
    what it fetches.

    `partitions`: those that gave records last stand last.
    """

    group: str
    member_id: str
    broker: int
    connection: str
    epoch: int = 1
    partitions: list[tuple[str, int]] = msgspec.field(default_factory=list)


class ShareSessions(msgspec.Struct):
    """What brokers remember of share fetches: sessions, and for each group and partition the fetches that
    wait.

    `looked`: the offset that was looked up in the log last, for each group and partition.
    """

    sessions: dict[str, Session] = msgspec.field(default_factory=dict)
    waiting: dict[str, list[int]] = msgspec.field(default_factory=dict)
    acked: dict[int, Acked] = msgspec.field(default_factory=dict)
    looked: dict[str, int] = msgspec.field(default_factory=dict)


# -- sessions -----------------------------------------------------------------------------------------------


def _session_error(
    sim: Simulation, number: int, request: ShareFetchRequest | ShareAcknowledgeRequest
) -> Error:
    """Open, count or end the member's session on this broker; an error if the two are out of step."""
    group = sim.state.cluster.share_groups.get(request.group)
    if group is None:
        return Error.UNKNOWN_MEMBER_ID
    connection = sim.state.cluster.requests[number].connection
    broker = connection_of(sim, number).broker
    sessions = sim.part(ShareSessions).sessions
    key = f"{request.group} {request.member_id} {broker}"
    found = sessions.get(key)
    if request.epoch == 0:
        if request.acks or isinstance(request, ShareAcknowledgeRequest):
            return Error.INVALID_SHARE_SESSION_EPOCH
        sessions[key] = Session(request.group, request.member_id, broker, connection)
        return Error.NONE
    if found is None:
        return Error.SHARE_SESSION_NOT_FOUND
    if request.epoch == -1:
        return Error.NONE
    if request.epoch != found.epoch:
        return Error.INVALID_SHARE_SESSION_EPOCH
    found.epoch += 1
    return Error.NONE


@reacts(ConnectionBroken)
def _hung_up(sim: Simulation, event: ConnectionBroken) -> None:
    """The broker notices one latency later, if it lives."""
    lives = sim.state.cluster.brokers[event.broker].process in ("running", "stopping", "paused")
    if lives and event.connection.startswith("share "):
        delay_us = sim.state.cluster.link_latency_us
        sim.schedule(delay_us, ARRIVAL, _noticed, event.connection, event.broker)


@due
def _noticed(sim: Simulation, connection: str, broker: int) -> None:
    """A broker notices that the connection of a share consumer is gone: its records are free (R132)."""
    name = connection.partition(" ")[2].rpartition(" to ")[0]
    if not sockets.passes(sim, name, broker, _noticed, connection, broker):
        return
    if sockets.awake(sim, broker, _noticed, connection, broker):
        _disconnected(sim, connection)


def _disconnected(sim: Simulation, connection: str) -> None:
    """A connection ended: its sessions end, fetches that wait are forgotten, records are free (R132)."""
    requests = sim.state.cluster.requests
    for number in sorted({n for line in sim.part(ShareSessions).waiting.values() for n in line}):
        if number not in requests or requests[number].connection == connection:
            _forget(sim, number)
            if number in requests:
                end(sim, number)
    sessions = sim.part(ShareSessions).sessions
    for key in [key for key, session in sessions.items() if session.connection == connection]:
        _end_session(sim, key, "disconnected")


@reacts(BrokerProcessChanged)
def _broker_ended(sim: Simulation, event: BrokerProcessChanged) -> None:
    """The sessions and the fetches that it kept are gone, and nothing is written about them."""
    if event.process not in ("dead", "stopped"):
        return
    broker, part, requests = event.broker, sim.part(ShareSessions), sim.state.cluster.requests
    for number in sorted({n for line in part.waiting.values() for n in line}):
        if number in requests and requests[number].broker == broker:
            _forget(sim, number)
    for key in [key for key, session in part.sessions.items() if session.broker == broker]:
        del part.sessions[key]


@due
def closed(sim: Simulation, connection: str) -> None:
    """The connection of a share consumer that closed is at its end."""
    _disconnected(sim, connection)


def _end_session(sim: Simulation, key: str, because: str) -> None:
    """Free all that the session's member holds of the partitions that this broker leads."""
    session = sim.part(ShareSessions).sessions.pop(key, None)
    if session is None:
        return
    group = sim.state.cluster.share_groups[session.group]
    for name, found in group.windows.items():
        leads = sim.state.cluster.partition(found.topic, found.partition).leader == session.broker
        if leads and share_partition.release_member(sim, group, found, session.member_id, because):
            sim.schedule(0, TIMER, _woken, session.group, name)


# -- acknowledgements ---------------------------------------------------------------------------------------


@serves(ShareAcknowledgeRequest)
def _acknowledge(sim: Simulation, number: int, request: ShareAcknowledgeRequest) -> None:
    error = _session_error(sim, number, request)
    if error:
        respond(sim, number, ShareAcknowledgeResponse(error))
        return
    acked = _acks(sim, number, request.group, request.member_id, request.acks)
    if request.epoch == -1:
        broker = connection_of(sim, number).broker
        _end_session(sim, f"{request.group} {request.member_id} {broker}", "closed")
    sim.schedule(write_us(sim), TIMER, _acked, number, acked)


@due
def _acked(sim: Simulation, number: int, acked: Acked) -> None:
    """The states are written: the member is told, and whoever waits may have what is free now."""
    if number not in sim.state.cluster.requests:
        return
    request = sim.state.cluster.requests[number].request
    respond(sim, number, ShareAcknowledgeResponse(0, acked))
    if isinstance(request, ShareAcknowledgeRequest):
        for topic, partition, _ in acked:
            if topic in sim.state.cluster.topics:
                wake(sim, request.group, sim.state.cluster.partition(topic, partition).key)


def _acks(sim: Simulation, number: int, group_name: str, member_id: str, acks: Acks) -> Acked:
    """Deal with acknowledgements partition by partition; what became of each (R133)."""
    moves: dict[tuple[str, int], list[tuple[int, int, str]]] = {}
    for topic, partition, first, last, kind in acks:
        moves.setdefault((topic, partition), []).append((first, last, kind))
    found: list[tuple[str, int, int]] = []
    why = sim.cause
    group = sim.state.cluster.share_groups[group_name]
    for (topic, partition), ranges in moves.items():
        sim.cause = why
        error = _disordered(ranges) or _unled(sim, number, topic, partition)
        window = group.windows.get(f"{topic}-{partition}")
        if not error:
            error = (
                Error.UNKNOWN_TOPIC_OR_PARTITION
                if window is None
                else share_partition.acknowledge(sim, group, window, member_id, ranges)
            )
        found.append((topic, partition, int(error)))
    return tuple(found)


def _disordered(ranges: share_partition.Ranges) -> Error:
    """Batches of a partition ascend and hold something (R133).

    As in Kafka one may begin at the last offset of the one before; that record is found finished then.
    """
    last = -1
    for first, until, _ in ranges:
        if until <= first or first < last:
            return Error.INVALID_REQUEST
        last = until - 1
    return Error.NONE


def _unled(sim: Simulation, number: int, topic: str, partition: int) -> Error:
    found = sim.state.cluster.topics.get(topic)
    if found is None or not 0 <= partition < len(found.partitions):
        return Error.UNKNOWN_TOPIC_OR_PARTITION
    leads = found.partitions[partition].leader == connection_of(sim, number).broker
    return Error.NONE if leads else Error.NOT_LEADER_OR_FOLLOWER


# -- fetching -----------------------------------------------------------------------------------------------


@serves(ShareFetchRequest)
def _fetch(sim: Simulation, number: int, request: ShareFetchRequest) -> None:
    error = _session_error(sim, number, request)
    if not error and request.record_limit and not sim.version.share_record_limit:
        error = Error.INVALID_REQUEST
    if error:
        respond(sim, number, ShareFetchResponse(error))
        return
    part = sim.part(ShareSessions)
    acked = _acks(sim, number, request.group, request.member_id, request.acks)
    if request.epoch == -1:
        _end_session(
            sim, f"{request.group} {request.member_id} {connection_of(sim, number).broker}", "closed"
        )
        respond(sim, number, ShareFetchResponse(0, (), acked))
        return
    part.acked[number] = acked
    session = _session(sim, number, request)
    kept = [place for place in session.partitions if place in request.partitions]
    session.partitions = kept + [place for place in request.partitions if place not in kept]
    if acked and write_us(sim):
        sim.schedule(write_us(sim), TIMER, _try, number)
    else:
        _try(sim, number)


@due
def _try(sim: Simulation, number: int) -> None:
    """Acknowledgements are written: now the fetch; without records it waits (R131)."""
    flight = sim.state.cluster.requests.get(number)
    if flight is None or not isinstance(flight.request, ShareFetchRequest):
        return
    request = flight.request
    told = sim.part(ShareSessions).acked[number]
    if not _answer(sim, number, at_once=bool(told and any(error for _, _, error in told))):
        enter_purgatory(sim, number)
        waiting = sim.part(ShareSessions).waiting
        for topic, partition in request.partitions:
            waiting.setdefault(f"{request.group} {topic}-{partition}", []).append(number)
        sim.schedule(WAIT_US, TIMER, _waited, number)
    for topic, partition, error in told:
        if not error:
            wake(sim, request.group, f"{topic}-{partition}")


@due
def _waited(sim: Simulation, number: int) -> None:
    flight = sim.state.cluster.requests.get(number)
    if flight is not None and flight.response is None:
        _answer(sim, number, at_once=True)


def wake(sim: Simulation, group: str, key: str) -> None:
    """Something of this share-partition may be had: those who wait get it in the order in which they came."""
    for number in list(sim.part(ShareSessions).waiting.get(f"{group} {key}", ())):
        _answer(sim, number, at_once=False)


@due
def _woken(sim: Simulation, group: str, key: str) -> None:
    wake(sim, group, key)


@reacts(HighWatermarkAdvanced)
def _wake_all(sim: Simulation, event: HighWatermarkAdvanced) -> None:
    for group in sim.state.cluster.share_groups:
        wake(sim, group, partition_key(event.topic, event.partition))


@share_partition.lock_over.filled
def _lock_over(sim: Simulation, name: str, key: str, lock: int) -> None:
    group = sim.state.cluster.share_groups.get(name)
    if group and share_partition.expired(sim, group, key, lock):
        wake(sim, name, key)


def _answer(sim: Simulation, number: int, *, at_once: bool) -> bool:
    """Answer a share fetch if it gets records or has an error, or anyway if `at_once`; True if it was
    answered.
    """
    cluster = sim.state.cluster
    flight = cluster.requests.get(number)
    if flight is None or not isinstance(flight.request, ShareFetchRequest):
        _forget(sim, number)  # its connection ended
        return False
    request = flight.request
    if request.group not in cluster.share_groups:
        return False
    parts = _acquire(sim, number, request, cluster.share_groups[request.group])
    if not parts and not at_once:
        return False
    _forget(sim, number)
    _move_back(sim, number, request, list(dict.fromkeys(part[:2] for part in parts if not part[2])))
    acked = sim.part(ShareSessions).acked.pop(number, ())
    respond(sim, number, ShareFetchResponse(0, tuple(parts), acked))
    return True


def _acquire(
    sim: Simulation, number: int, request: ShareFetchRequest, group: ShareGroup
) -> list[tuple[str, int, int, int, int, int]]:
    """Ranges (topic, partition, error, first, end, deliveries), up to `max_records` in all.

    Windows that the broker has yet to open are opened one after the other, and the first one with records is
    answered with at once; the others are asked the next time.
    """
    parts: list[tuple[str, int, int, int, int, int]] = []
    for topic, partition, is_open in _in_turn(sim, number, request, group):
        error = _unled(sim, number, topic, partition)
        if error:
            parts.append((topic, partition, int(error), -1, -1, 0))
            continue
        found = share_partition.opened(sim, group, sim.state.cluster.partition(topic, partition))
        taken = sum(until - first for *_, first, until, _ in parts)
        if is_open or not taken:
            sim.part(ShareSessions).looked[f"{group.name} {found.key}"] = found.next_offset
            left = request.max_records - taken
            ranges = _acquired(sim, number, request, group, found, left) if left > 0 else ()
            parts += [(topic, partition, 0, *each) for each in ranges]
    return parts


def _acquired(
    sim: Simulation,
    number: int,
    request: ShareFetchRequest,
    group: ShareGroup,
    found: SharePartition,
    left: int,
) -> tuple[tuple[int, int, int], ...]:
    member = group.members.get(request.member_id)
    client = member.client if member else connection_of(sim, number).name
    return share_partition.acquire(sim, group, found, request.member_id, client, left, request.record_limit)


def _session(sim: Simulation, number: int, request: ShareFetchRequest) -> Session:
    """The request's session; one of its own if somebody ended it while the request waited."""
    pipe = connection_of(sim, number)
    gone = Session(request.group, request.member_id, pipe.broker, pipe.name, 0, list(request.partitions))
    return sim.part(ShareSessions).sessions.get(f"{request.group} {request.member_id} {pipe.broker}", gone)


def _in_turn(
    sim: Simulation, number: int, request: ShareFetchRequest, group: ShareGroup
) -> list[tuple[str, int, bool]]:
    """The session's partitions, and whether this broker has each one's state in memory.

    Each request begins one further on, but those that gave records since anybody looked for the next ones
    come later, as in Kafka, which reads them first and appends them; and last those that are yet to be
    opened.
    """
    places = _session(sim, number, request).partitions
    at = request.epoch % len(places) if places else 0
    broker, looked = connection_of(sim, number).broker, sim.part(ShareSessions).looked
    found: list[tuple[int, tuple[str, int, bool]]] = []
    for topic, partition in places[at:] + places[:at]:
        window = group.windows.get(f"{topic}-{partition}")
        is_open = window is not None and window.leader == broker
        known = window is not None and looked.get(f"{group.name} {window.key}") == window.next_offset
        found.append((0 if is_open and known else 1 if is_open else 2, (topic, partition, is_open)))
    return [place for _, place in sorted(found, key=lambda each: each[0])]


def _move_back(sim: Simulation, number: int, request: ShareFetchRequest, gave: list[tuple[str, int]]) -> None:
    """Partitions that gave records go to the end of the session's, but for the request that opened it."""
    if request.epoch:
        session = _session(sim, number, request)
        session.partitions = [place for place in session.partitions if place not in gave] + gave


def _forget(sim: Simulation, number: int) -> None:
    for line in sim.part(ShareSessions).waiting.values():
        if number in line:
            line.remove(number)
