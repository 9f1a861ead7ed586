"""Parked requests: what a broker cannot answer yet, and the moments when it can (the purgatory).

Like a real broker: a produce with acks=all waits until the high watermark passes its records (R29); a fetch
waits for data below the high watermark or until its time is over (R80).
What waited at a leader that leads no more is answered NOT_LEADER_OR_FOLLOWER, what waited too long REQUEST_TIMED_OUT (R31).
Left out: limits of a whole fetch (fetch.max.bytes).
"""

from __future__ import annotations

from mqviz.kafka.errors import Error
from mqviz.model.answers import FetchPartitionData, PartitionProduceResponse
from mqviz.model.cluster import Topic
from mqviz.model.isolation import readable_to
from mqviz.model.leadership import LeadershipLearned
from mqviz.model.log import HighWatermarkAdvanced, Log, ReplicaHighWatermarkAdvanced
from mqviz.model.request import (
    Fetch,
    FetchResponse,
    InFlight,
    Produce,
    ProduceResponse,
    WriteTxnMarkersResponse,
)
from mqviz.sim.engine import Simulation, due, reacts
from mqviz.sim.kafka import closest, epochs, log_segments, metadata, sockets
from mqviz.sim.kafka.network import answer


@reacts(HighWatermarkAdvanced)
def _wake(sim: Simulation, event: HighWatermarkAdvanced) -> None:
    partition = sim.state.cluster.partition(event.topic, event.partition)
    for number in list(partition.parked_produces):
        if replicated(sim, number):
            answer_produce(sim, number)
    for number in list(partition.parked_fetches):
        answer_fetch(sim, number, at_once=False)


@reacts(ReplicaHighWatermarkAdvanced)
def _wake_at_a_follower(sim: Simulation, event: ReplicaHighWatermarkAdvanced) -> None:
    """Who waits there has something to read."""
    for number in list(sim.state.cluster.partition(event.topic, event.partition).parked_fetches):
        if sim.state.cluster.requests[number].broker == event.broker:
            answer_fetch(sim, number, at_once=False)


def replicated(sim: Simulation, number: int) -> bool:
    """Whether everything that this produce wrote is below the high watermark."""
    cluster = sim.state.cluster
    flight = cluster.requests[number]
    return all(
        cluster.partition(topic, partition).replicas[flight.broker].high_watermark >= end
        for topic, partition, _, end in flight.appended
    )


def answer_produce(sim: Simulation, number: int, error: Error = Error.NONE) -> None:
    """Tell who wrote where the batches are, or why one was refused; `error` is what is said of those not replicated (R31, E42)."""
    flight = sim.state.cluster.requests[number]
    written = tuple(
        _produced(sim, flight, topic, partition, _after(sim, number, topic, partition, end, error), base)
        for topic, partition, base, end in flight.appended
    )
    parts = written + tuple(_produced(sim, flight, *each, -1) for each in flight.refused)
    if isinstance(flight.request, Produce):
        answer(sim, number, ProduceResponse(0, parts))
    else:
        told = tuple((part.topic, part.partition, part.error) for part in parts)
        answer(sim, number, WriteTxnMarkersResponse(0, told))


def _produced(
    sim: Simulation, flight: InFlight, topic: str, partition: int, error: int, base: int
) -> PartitionProduceResponse:
    """What is said of one batch."""
    if not error:
        return PartitionProduceResponse(topic, partition, 0, base)
    leader = metadata.current_leader(sim, flight.broker, topic, partition, error)
    records = _record_errors(sim, flight, topic, partition, error)
    return PartitionProduceResponse(topic, partition, error, base, records, leader)


def _record_errors(
    sim: Simulation, flight: InFlight, topic: str, partition: int, error: int
) -> tuple[int, ...]:
    """Which records of a refused batch the log does not take."""
    if error not in (Error.INVALID_TIMESTAMP, Error.INVALID_RECORD) or not isinstance(
        flight.request, Produce
    ):
        return ()
    batch = next(b for t, p, b in flight.request.batches if (t, p) == (topic, partition))
    return log_segments.invalid(sim, sim.state.cluster.topic(topic), batch)


def _after(sim: Simulation, number: int, topic: str, partition: int, end: int, error: Error) -> Error:
    """What is said of a batch that was written: it may be in the log although this is an error (R31)."""
    flight = sim.state.cluster.requests[number]
    found = sim.state.cluster.partition(topic, partition)
    copy = found.replicas[flight.broker]
    if copy.high_watermark < end:
        return error
    fewest = min(sim.state.cluster.topic(topic).min_insync_replicas, len(found.replica_ids))
    acks = flight.request.acks if isinstance(flight.request, Produce) else 1
    if acks == -1 and copy.leader == flight.broker and len(copy.isr) < fewest:
        return Error.NOT_ENOUGH_REPLICAS_AFTER_APPEND
    return Error.NONE


@reacts(LeadershipLearned)
def _leads_no_more(sim: Simulation, event: LeadershipLearned) -> None:
    """Whoever waits at a broker that led until now is told so."""
    if not (event.led and event.moved):
        return
    cluster, broker = sim.state.cluster, event.broker
    partition = cluster.partition(event.topic, event.partition)
    for number in list(partition.parked_produces):
        if cluster.requests[number].broker == broker:
            answer_produce(sim, number, Error.NOT_LEADER_OR_FOLLOWER)
    for number in list(partition.parked_fetches):
        if cluster.requests[number].broker == broker:
            answer_fetch(sim, number, at_once=True)


@due("kafka.produce_timeout")
def timed_out(sim: Simulation, number: int) -> None:
    """A produce waited for its replicas as long as its client said (R31)."""
    flight = sim.state.cluster.requests.get(number)
    if flight is None or flight.answer is not None:
        return
    if sockets.awake(sim, flight.broker, "kafka.produce_timeout", number):
        answer_produce(sim, number, Error.REQUEST_TIMED_OUT)


def answer_fetch(sim: Simulation, number: int, *, at_once: bool) -> bool:
    """Answer a consumer's fetch if it has enough data, an error or a closer replica, or anyway if `at_once`; True if it was answered (R80).

    The first batch of the first partition that has one comes always; the others as far as the limits allow.
    """
    request = sim.state.cluster.requests[number].request
    if not isinstance(request, Fetch):
        return False
    broker = sim.state.cluster.requests[number].broker
    parts: list[FetchPartitionData] = []
    total = 0
    topics = sim.state.cluster.topics
    for at, (topic, partition, offset) in enumerate(request.offsets):
        epoch = request.epochs[at] if request.epochs else -1
        if not request.rack and _has_all(topics.get(topic), partition, broker, offset, epoch):
            continue
        part, size = _readable(sim, broker, topic, partition, offset, epoch, request, total)
        total += size
        if part is not None:
            parts.append(part)
    urgent = at_once or any(part.error or part.preferred_read_replica >= 0 for part in parts)
    if urgent or total >= request.min_bytes:
        answer(sim, number, FetchResponse(0, tuple(parts)))
        return True
    return False


def _aborted(log: Log, first: int, end: int) -> tuple[tuple[int, int], ...]:
    """The aborted transactions that touch what is sent: the client leaves their records out by itself (R63)."""
    touching = sorted(log.transactions.aborted(first, end), key=lambda each: each.first)
    return tuple((each.producer_id, each.first) for each in touching)


def _has_all(topic: Topic | None, number: int, broker: int, offset: int, epoch: int) -> bool:
    """Whether the reader has what this leader shows, which is all that there is to say of an idle partition."""
    if topic is None or not 0 <= number < len(topic.partitions):
        return False
    copy = topic.partitions[number].replicas.get(broker)
    if copy is None or copy.leader != broker or epoch not in (-1, copy.leader_epoch):
        return False
    return copy.high_watermark == offset


def _readable(
    sim: Simulation, broker: int, topic: str, number: int, offset: int, epoch: int, request: Fetch, used: int
) -> tuple[FetchPartitionData | None, int]:
    """What a fetch answer says of one partition, and its bytes; None: nothing."""
    found = sim.state.cluster.topics.get(topic)
    if found is None or not 0 <= number < len(found.partitions):
        return FetchPartitionData(topic, number, Error.UNKNOWN_TOPIC_OR_PARTITION, offset, offset), 0
    partition = found.partitions[number]
    copy = partition.replicas.get(broker)
    error = epochs.checked(copy, broker, epoch)
    if copy is None or error not in (
        Error.NONE,
        Error.NOT_LEADER_OR_FOLLOWER,
    ):  # whoever has a copy serves it (R36)
        leader = metadata.current_leader(sim, broker, topic, number, error)
        return FetchPartitionData(topic, number, error, offset, offset, current_leader=leader), 0
    log, mark = copy.log, copy.high_watermark
    closer = closest.replica(sim, partition, broker, request.rack, offset) if request.rack else -1
    if closer >= 0:
        return (
            FetchPartitionData(
                topic, number, 0, offset, offset, mark, log.start, preferred_read_replica=closer
            ),
            0,
        )
    if not log.start <= offset <= log.end:
        return FetchPartitionData(topic, number, Error.OFFSET_OUT_OF_RANGE, offset, offset), 0
    limit = readable_to(copy, request.committed)
    if offset >= limit:
        return None, 0
    most = min(request.partition_bytes, request.max_bytes - used)
    batches = log.read(offset, limit, most)
    size = sum(batch.bytes for batch in batches)
    if not batches or (used and size > most):
        return None, 0
    end = min(batches[-1].end_offset, limit)
    aborted = _aborted(log, offset, end) if request.committed else ()
    return FetchPartitionData(topic, number, 0, offset, end, mark, log.start, aborted), size
