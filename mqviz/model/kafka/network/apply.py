"""What becomes of requests and connections; applied after what the clients make of an event."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from mqviz.model.event import applies
from mqviz.model.kafka.cluster import Cluster, Partition
from mqviz.model.kafka.log.events import BatchAppended, BatchRefused, BatchRepeated
from mqviz.model.kafka.network.events import (
    ConnectionBroken,
    EnteredPurgatory,
    LinksCut,
    LinksHealed,
    RequestArrived,
    RequestEnded,
    RequestSent,
    ResponseReceived,
    ResponseSent,
)
from mqviz.model.kafka.network.state import _QUIET, KEPT, Connection, InFlight, Mark, Passage
from mqviz.model.kafka.protocol.requests import (
    AnyRequest,
    FetchRequest,
    ProduceRequest,
    ReplicaFetchRequest,
    WriteTxnMarkersRequest,
)
from mqviz.model.kafka.protocol.responses import FetchResponse, ShareFetchResponse
from mqviz.model.kafka.replication.events import HighWatermarkAdvanced
from mqviz.model.state import State


def take_out(cluster: Cluster, number: int, at_us: int, broken: bool = False) -> InFlight:
    """Request `number` is over: take it out, and remember it if it, or its answer, said something."""
    flight = cluster.requests.pop(number)
    request, answer = flight.request, flight.response
    kind = request.api
    told = () if answer is None else getattr(answer, "partitions", ())
    error = 0 if answer is None else answer.error
    asked = request.batches if isinstance(request, ProduceRequest) else getattr(request, "offsets", ())
    said = told or error or broken or (asked if kind == "ReplicaFetch" else kind not in _QUIET)
    if said:
        pipe = cluster.connections[flight.connection]
        passages = cluster.recent.passages
        passages.append(
            Passage(
                number,
                kind,
                pipe.client,
                pipe.name,
                flight.broker,
                flight.sent_at_us,
                flight.arrives_at_us,
                flight.answered_at_us,
                at_us,
                asked,
                told,
                error,
                tuple(flight.appended),
                broken,
            )
        )
        if len(passages) >= 2 * KEPT:
            del passages[:KEPT]
    return flight


def _mark(cluster: Cluster, mark: Mark) -> None:
    """A high watermark moved."""
    marks = cluster.recent.marks
    marks.append(mark)
    if len(marks) >= 2 * KEPT:
        del marks[:KEPT]


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
    if isinstance(event.request, ReplicaFetchRequest):
        fetcher = cluster.brokers[event.request.follower].fetchers[event.broker]
        fetcher.running = True
        fetcher.news = {}


@applies(RequestArrived)
def _arrived(state: State, event: RequestArrived) -> None:
    request = state.cluster.requests[event.number]
    request.arrived = True
    if isinstance(request.request, ReplicaFetchRequest):
        state.cluster.brokers[request.broker].feeds[request.request.follower].asked_us = event.at_us
    pipe = state.cluster.connections[request.connection]
    if pipe.serving:
        pipe.waiting.append(event.number)
    else:
        pipe.serving = event.number


@applies(EnteredPurgatory)
def _parked(state: State, event: EnteredPurgatory) -> None:
    flight = state.cluster.requests[event.number]
    flight.in_purgatory = True
    request = flight.request
    if isinstance(request, ReplicaFetchRequest):
        broker = state.cluster.connections[flight.connection].broker
        state.cluster.brokers[broker].feeds[request.follower].waiting = event.number
    for partition in _watched(state.cluster, request):
        waiting = (
            partition.purgatory_fetches if isinstance(request, FetchRequest) else partition.purgatory_produces
        )
        waiting.append(event.number)


@applies(ResponseSent)
def _answered(state: State, event: ResponseSent) -> None:
    cluster = state.cluster
    flight = cluster.requests[event.number]
    flight.response = event.response
    flight.answered_at_us = event.at_us
    flight.returns_at_us = event.arrives_at_us
    pipe = cluster.connections[flight.connection]
    pipe.answered_until_us = event.arrives_at_us
    _next(pipe)
    _unpark(cluster, flight)
    if isinstance(event.response, FetchResponse):
        _load(cluster, flight, event.response, pipe.broker)
    elif isinstance(event.response, ShareFetchResponse):
        _load_shared(cluster, flight, event.response, pipe.broker)


@applies(ResponseReceived)
def _received(state: State, event: ResponseReceived) -> None:
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
        if isinstance(flight.request, ReplicaFetchRequest):
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
    if isinstance(request, ProduceRequest):
        places = ((topic, number) for topic, number, _ in request.batches)
    elif isinstance(request, WriteTxnMarkersRequest):
        places = request.partitions
    elif isinstance(request, FetchRequest):
        places = ((topic, number) for topic, number, _ in request.offsets)
    return [found for place in places if (found := cluster.find(*place)) is not None]


def _unpark(cluster: Cluster, flight: InFlight) -> None:
    number, request = flight.number, flight.request
    if isinstance(request, ReplicaFetchRequest):
        feed = cluster.brokers[cluster.connections[flight.connection].broker].feeds[request.follower]
        if feed.waiting == number:
            feed.waiting = 0
    for partition in _watched(cluster, request):
        in_purgatory = (
            partition.purgatory_fetches if isinstance(request, FetchRequest) else partition.purgatory_produces
        )
        if number in in_purgatory:
            in_purgatory.remove(number)


def _load(cluster: Cluster, flight: InFlight, answer: FetchResponse, broker: int) -> None:
    """Put the batches of the answer on board;
    a follower's feed has nothing more to tell of what they bring.
    """
    request = flight.request
    feed = (
        cluster.brokers[broker].feeds[request.follower] if isinstance(request, ReplicaFetchRequest) else None
    )
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


def _load_shared(cluster: Cluster, flight: InFlight, answer: ShareFetchResponse, broker: int) -> None:
    for topic, number, error, first, end, _ in answer.partitions:
        if not error:
            partition = cluster.partition(topic, number)
            held = flight.carried.get(partition.key, ())
            read = partition.replicas[broker].log.read(first, end)
            flight.carried[partition.key] = held + tuple(batch for batch in read if batch not in held[-1:])


@applies(LinksCut)
def _cut(state: State, event: LinksCut) -> None:
    state.cluster.cuts.append(event.nodes)


@applies(LinksHealed)
def _healed(state: State, event: LinksHealed) -> None:
    state.cluster.cuts.remove(event.nodes)


# -- what the log and the replicas tell of requests ----------------------------------------------------------


@applies(BatchAppended)
def _appended(state: State, event: BatchAppended) -> None:
    request, batch = state.cluster.requests.get(event.number), event.batch
    if request is not None:
        request.appended.append((event.topic, event.partition, batch.base_offset, batch.end_offset))


@applies(BatchRepeated)
def _repeated(state: State, event: BatchRepeated) -> None:
    request = state.cluster.requests.get(event.number)
    if request is not None:
        end = event.base_offset + event.count
        request.appended.append((event.topic, event.partition, event.base_offset, end))


@applies(BatchRefused)
def _refused(state: State, event: BatchRefused) -> None:
    request = state.cluster.requests.get(event.number)
    if request is not None:
        request.refused.append((event.topic, event.partition, event.error))


@applies(HighWatermarkAdvanced)
def _advanced(state: State, event: HighWatermarkAdvanced) -> None:
    place = event.broker, event.topic, event.partition
    _mark(state.cluster, Mark(event.at_us, *place, event.before, event.high_watermark))
