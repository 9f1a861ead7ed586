"""Request: what clients and brokers ask of brokers, as plain values, and what is on its way right now.

A broker's handlers take a request value and who asked, and answer with a value, at once or later; both ways
take the time of the link. What is on its way is part of the State, so that it can be drawn by arithmetic.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import msgspec

from mqviz.model.answers import AddPartitionsToTxnResponse as AddPartitionsToTxnResponse
from mqviz.model.answers import Answer as Answer
from mqviz.model.answers import DeleteRecordsResponse as DeleteRecordsResponse
from mqviz.model.answers import EndTxnResponse as EndTxnResponse
from mqviz.model.answers import Failed as Failed
from mqviz.model.answers import FetchResponse as FetchResponse
from mqviz.model.answers import GroupHeartbeatAnswered as GroupHeartbeatAnswered
from mqviz.model.answers import HeartbeatResponse as HeartbeatResponse
from mqviz.model.answers import InitProducerIdResponse as InitProducerIdResponse
from mqviz.model.answers import Joined as Joined
from mqviz.model.answers import LeaveGroupResponse as LeaveGroupResponse
from mqviz.model.answers import ListOffsetsResponse as ListOffsetsResponse
from mqviz.model.answers import OffsetCommitResponse as OffsetCommitResponse
from mqviz.model.answers import OffsetFetchResponse as OffsetFetchResponse
from mqviz.model.answers import ProduceResponse as ProduceResponse
from mqviz.model.answers import Synced as Synced
from mqviz.model.answers import TxnOffsetCommitResponse as TxnOffsetCommitResponse
from mqviz.model.answers import WriteTxnMarkersResponse as WriteTxnMarkersResponse
from mqviz.model.connection import Client as Client
from mqviz.model.connection import Connection as Connection
from mqviz.model.event import Event, Weight, applies
from mqviz.model.group_messages import ConsumerGroupHeartbeat as ConsumerGroupHeartbeat
from mqviz.model.group_messages import Heartbeat as Heartbeat
from mqviz.model.group_messages import JoinGroup as JoinGroup
from mqviz.model.group_messages import LeaveGroup as LeaveGroup
from mqviz.model.group_messages import OffsetCommit as OffsetCommit
from mqviz.model.group_messages import OffsetFetch as OffsetFetch
from mqviz.model.group_messages import SyncGroup as SyncGroup
from mqviz.model.log import Batch
from mqviz.model.message import Request as Request
from mqviz.model.recent import take_out
from mqviz.model.request_epochs import EpochEnds as EpochEnds
from mqviz.model.request_epochs import OffsetForLeaderEpoch as OffsetForLeaderEpoch
from mqviz.model.request_offsets import DeleteRecords as DeleteRecords
from mqviz.model.request_offsets import ListOffsets as ListOffsets
from mqviz.model.request_transactions import AddPartitionsToTxn as AddPartitionsToTxn
from mqviz.model.request_transactions import EndTxn as EndTxn
from mqviz.model.request_transactions import InitProducerId as InitProducerId
from mqviz.model.request_transactions import TxnOffsetCommit as TxnOffsetCommit
from mqviz.model.request_transactions import WriteTxnMarkers as WriteTxnMarkers
from mqviz.model.share_messages import AnyShareAnswer, AnyShareRequest, ShareFetched

if TYPE_CHECKING:
    from mqviz.model.cluster import Cluster, Partition
    from mqviz.model.state import State


class Produce(Request, frozen=True):
    """Batches to append, at most one a partition; `acks` -1 is all, for which the broker waits `timeout_us` at most."""

    acks: int
    batches: tuple[tuple[str, int, Batch], ...]
    timeout_us: int = 30_000_000


class ReplicaFetch(Request, frozen=True):
    """A follower asks for what is new: (topic, partition, its log end, epoch of its last record).

    Only partitions whose log end moved are in it (a fetch session, S11).
    """

    follower: int
    offsets: tuple[tuple[str, int, int, int], ...]


class Fetch(Request, frozen=True, omit_defaults=True):
    """A consumer asks for records from these offsets on (R80).

    Answered with at least `min_bytes`, or when `max_wait_us` are over; with at most `partition_bytes` a partition and `max_bytes` in all, but the
    first batch always. `committed`: isolation.level read_committed. `rack`: client.rack (R36). `epochs`: leader epochs that it believes in (R27).
    """

    offsets: tuple[tuple[str, int, int], ...]
    max_wait_us: int = 500_000
    min_bytes: int = 1
    max_bytes: int = 52_428_800
    partition_bytes: int = 1_048_576
    committed: bool = False
    rack: str = ""
    epochs: tuple[int, ...] = ()


AnyRequest = (
    Produce
    | ReplicaFetch
    | Fetch
    | ListOffsets
    | DeleteRecords
    | OffsetForLeaderEpoch
    | JoinGroup
    | SyncGroup
    | Heartbeat
    | LeaveGroup
    | ConsumerGroupHeartbeat
    | OffsetCommit
    | OffsetFetch
    | AnyShareRequest
    | InitProducerId
    | AddPartitionsToTxn
    | TxnOffsetCommit
    | EndTxn
    | WriteTxnMarkers
)


AnyAnswer = (
    Failed
    | AddPartitionsToTxnResponse
    | DeleteRecordsResponse
    | EndTxnResponse
    | HeartbeatResponse
    | InitProducerIdResponse
    | LeaveGroupResponse
    | ListOffsetsResponse
    | OffsetCommitResponse
    | OffsetFetchResponse
    | TxnOffsetCommitResponse
    | ProduceResponse
    | WriteTxnMarkersResponse
    | FetchResponse
    | EpochEnds
    | Joined
    | Synced
    | GroupHeartbeatAnswered
    | AnyShareAnswer
)


class InFlight(msgspec.Struct):
    """A request from its sending to the receipt of its answer.

    `incarnation`: which start of the client's process sent it. `appended`: what a Produce wrote (topic, partition, base, end);
    `refused`: (topic, partition, error) of what it could not.
    `carried`: batches that the answer brings, by partition.
    """

    number: int
    connection: str
    incarnation: int
    request: AnyRequest
    sent_at_us: int
    arrives_at_us: int
    arrived: bool = False
    answer: AnyAnswer | None = None
    answered_at_us: int = 0
    returns_at_us: int = 0
    appended: list[tuple[str, int, int, int]] = msgspec.field(default_factory=list)
    refused: list[tuple[str, int, int]] = msgspec.field(default_factory=list)
    broker: int = 0
    carried: dict[str, tuple[Batch, ...]] = msgspec.field(default_factory=dict)


class RequestSent(Event, frozen=True):
    """A client wrote a request to its connection."""

    number: int
    client: Client
    name: str
    broker: int
    connection: str
    incarnation: int
    arrives_at_us: int
    request: AnyRequest


class RequestArrived(Event, frozen=True):
    """The broker has it; it is served at once or after those before it on this connection."""

    number: int


class RequestParked(Event, frozen=True):
    """The broker cannot answer yet: a produce waits for replicas, a fetch for data."""

    number: int


class AnswerSent(Event, frozen=True):
    """The broker wrote the answer and is free for the connection's next request."""

    number: int
    arrives_at_us: int
    answer: AnyAnswer


class AnswerReceived(Event, frozen=True):
    """The client has the answer, or nobody is there any more to have it."""

    number: int


class ConnectionBroken(Event, frozen=True, omit_defaults=True):
    """A client noticed that its connection is gone, and every request on it with it (R4).

    `error`: 13, or 7 if request `late` had no answer within the client's time; then the client closed it itself. `left`: those of
    the requests whose bytes lie in the socket of a broker that lives: it will do them, for nobody (R31).
    """

    weight = Weight.STEP
    connection: str
    broker: int
    error: int
    named: str
    late: int
    numbers: tuple[int, ...]
    left: tuple[int, ...] = ()


class RequestEnded(Event, frozen=True):
    """The broker is done with a request that gets no answer (acks=0)."""

    number: int


@applies(RequestSent)
def _sent(state: State, event: RequestSent) -> None:
    cluster = state.cluster
    cluster.last_request = event.number
    cluster.requests[event.number] = InFlight(
        event.number,
        event.connection,
        event.incarnation,
        event.request,
        event.at_us,
        event.arrives_at_us,
        broker=event.broker,
    )
    pipe = cluster.connections.get(event.connection)
    if pipe is None:
        pipe = cluster.connections[event.connection] = Connection(
            event.client, event.name, event.broker, opened_at_us=event.at_us
        )
    pipe.asked_until_us = event.arrives_at_us
    if isinstance(event.request, ReplicaFetch):
        fetcher = cluster.brokers[event.request.follower].fetchers[event.broker]
        fetcher.running = True
        fetcher.news = {}


@applies(RequestArrived)
def _arrived(state: State, event: RequestArrived) -> None:
    request = state.cluster.requests[event.number]
    request.arrived = True
    if isinstance(request.request, ReplicaFetch):
        state.cluster.brokers[request.broker].feeds[request.request.follower].asked_us = event.at_us
    pipe = state.cluster.connections[request.connection]
    if pipe.serving:
        pipe.waiting.append(event.number)
    else:
        pipe.serving = event.number


@applies(RequestParked)
def _parked(state: State, event: RequestParked) -> None:
    flight = state.cluster.requests[event.number]
    request = flight.request
    if isinstance(request, ReplicaFetch):
        broker = state.cluster.connections[flight.connection].broker
        state.cluster.brokers[broker].feeds[request.follower].waiting = event.number
    for partition in _watched(state.cluster, request):
        waiting = partition.parked_fetches if isinstance(request, Fetch) else partition.parked_produces
        waiting.append(event.number)


@applies(AnswerSent)
def _answered(state: State, event: AnswerSent) -> None:
    cluster = state.cluster
    flight = cluster.requests[event.number]
    flight.answer = event.answer
    flight.answered_at_us = event.at_us
    flight.returns_at_us = event.arrives_at_us
    pipe = cluster.connections[flight.connection]
    pipe.answered_until_us = event.arrives_at_us
    _next(pipe)
    _unpark(cluster, flight)
    if isinstance(event.answer, FetchResponse):
        _load(cluster, flight, event.answer, pipe.broker)
    elif isinstance(event.answer, ShareFetched):
        _load_shared(cluster, flight, event.answer, pipe.broker)


@applies(AnswerReceived)
def _received(state: State, event: AnswerReceived) -> None:
    cluster = state.cluster
    flight = take_out(cluster, event.number, event.at_us)
    _close(cluster, flight)
    if not flight.carried:
        return
    pipe = cluster.connections[flight.connection]
    if pipe.client == "broker":
        cluster.brokers[int(pipe.name)].carried.update(flight.carried)
    elif pipe.client == "share":
        cluster.share_consumers[pipe.name].carried = flight.carried
    elif pipe.name in cluster.consumers:
        cluster.consumers[pipe.name].carried = flight.carried


@applies(ConnectionBroken)
def _broken(state: State, event: ConnectionBroken) -> None:
    cluster = state.cluster
    for number in event.numbers:
        flight = take_out(cluster, number, event.at_us, broken=True)
        _unpark(cluster, flight)
        if isinstance(flight.request, ReplicaFetch):
            cluster.brokers[flight.request.follower].fetchers[event.broker].running = False
        if number in event.left:
            half = f"{event.connection} (closed {event.id})"
            cluster.requests[number] = msgspec.structs.replace(
                flight, connection=half, appended=[], refused=[], carried={}
            )
    pipe = cluster.connections.pop(event.connection)
    if event.left:
        serving, *waiting = event.left
        half = f"{event.connection} (closed {event.id})"
        cluster.connections[half] = Connection(
            "outside", pipe.name, pipe.broker, serving, waiting, opened_at_us=event.at_us, closed=True
        )


@applies(RequestEnded)
def _ended(state: State, event: RequestEnded) -> None:
    flight = take_out(state.cluster, event.number, event.at_us)
    _next(state.cluster.connections[flight.connection])
    _close(state.cluster, flight)


def _close(cluster: Cluster, flight: InFlight) -> None:
    """The broker did what lay in the socket of a client that is gone: it closes its end, too."""
    pipe = cluster.connections[flight.connection]
    if pipe.closed and not any(each.connection == flight.connection for each in cluster.requests.values()):
        del cluster.connections[flight.connection]


def _next(pipe: Connection) -> None:
    pipe.serving = pipe.waiting.pop(0) if pipe.waiting else 0


def _watched(cluster: Cluster, request: AnyRequest) -> list[Partition]:
    """Partitions on which a parked request waits for the high watermark."""
    places: Iterable[tuple[str, int]] = ()
    if isinstance(request, Produce):
        places = ((topic, number) for topic, number, _ in request.batches)
    elif isinstance(request, WriteTxnMarkers):
        places = request.partitions
    elif isinstance(request, Fetch):
        places = ((topic, number) for topic, number, _ in request.offsets)
    return [found for place in places if (found := cluster.find(*place)) is not None]


def _unpark(cluster: Cluster, flight: InFlight) -> None:
    number, request = flight.number, flight.request
    if isinstance(request, ReplicaFetch):
        feed = cluster.brokers[cluster.connections[flight.connection].broker].feeds[request.follower]
        if feed.waiting == number:
            feed.waiting = 0
    for partition in _watched(cluster, request):
        parked = partition.parked_fetches if isinstance(request, Fetch) else partition.parked_produces
        if number in parked:
            parked.remove(number)


def _load(cluster: Cluster, flight: InFlight, answer: FetchResponse, broker: int) -> None:
    """Put the batches of the answer on board; a follower's feed has nothing more to tell of what they bring."""
    request = flight.request
    feed = cluster.brokers[broker].feeds[request.follower] if isinstance(request, ReplicaFetch) else None
    for part in answer.partitions:
        if part.error or part.diverging_epoch is not None:
            continue
        partition = cluster.partition(part.topic, part.partition)
        log = partition.replicas[broker].log
        if part.end > part.first:
            flight.carried[partition.key] = log.read(part.first, part.end)
        if feed is not None:
            feed.marks.pop(partition.key, None)
            if part.end >= log.end:
                feed.fresh.pop(partition.key, None)


def _load_shared(cluster: Cluster, flight: InFlight, answer: ShareFetched, broker: int) -> None:
    for topic, number, error, first, end, _ in answer.partitions:
        if not error:
            partition = cluster.partition(topic, number)
            held = flight.carried.get(partition.key, ())
            read = partition.replicas[broker].log.read(first, end)
            flight.carried[partition.key] = held + tuple(batch for batch in read if batch not in held[-1:])
