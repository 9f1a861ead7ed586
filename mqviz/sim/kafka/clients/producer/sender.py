"""Sender: the part of a producer that turns batches into requests and learns what became of them.

Like a real broker: as its clients, a batch leaves when it is full, when another waits behind it, when
linger.ms is over or when memory is short, and a request takes the first batch of every partition of its
broker (R42); at most max.in.flight requests a broker (R43); acks 0, 1, all (R29). A batch that may succeed
later is sent again after a backoff, unless the leader has changed (R45-R47); one too large is split (R47);
one older than delivery.timeout.ms is given up (R45). Sequences are given when a batch first leaves, and begin
anew in a new epoch where they have a gap (R57, R60).
Left out: finding the leader, which is in metadata.py (R35).
"""

from __future__ import annotations

import msgspec

from mqviz.kafka.errors import Error, java_class, librdkafka_name, named, retriable
from mqviz.model.kafka.clients.producer.accumulator import OpenBatch, Queue
from mqviz.model.kafka.clients.producer.events import (
    BatchesDrained,
    BatchRetried,
    BatchSplit,
    ProducerChanged,
    ProducerEpochBumped,
    RecordsAcknowledged,
    RecordsFailed,
    RequestFinished,
    SequencesResolved,
)
from mqviz.model.kafka.clients.producer.state import Producer
from mqviz.model.kafka.log.batch import TRANSACTIONAL, Batch
from mqviz.model.kafka.network.state import InFlight
from mqviz.model.kafka.protocol.requests import ProduceRequest
from mqviz.model.kafka.protocol.responses import PartitionProduceResponse, ProduceResponse
from mqviz.sim.engine import TIMER, Simulation, due
from mqviz.sim.hook import Hook
from mqviz.sim.kafka import metadata
from mqviz.sim.kafka.clients.producer import accumulator, registration, splitting, transaction_manager
from mqviz.sim.kafka.clients.producer import config as settings
from mqviz.sim.kafka.clients.producer.accumulator import busy
from mqviz.sim.kafka.network.connection import receives, send

calls: Hook[[Simulation, str], None] = due(Hook("go on with send() calls that waited"))


class Timers(msgspec.Struct):
    """When each producer looks for batches that are too old; absent: never."""

    expiry: dict[str, int] = msgspec.field(default_factory=dict)


# -- what may leave ------------------------------------------------------------------------------------------


def opened(sim: Simulation, producer: Producer) -> None:
    """A new batch was opened: see that it leaves in time, or is given up in time."""
    if producer.settings.linger:
        sim.schedule(int(producer.settings.linger), TIMER, linger, producer.name)
    if producer.transaction is not None and registration.explicit(producer):
        registration.tell(sim, producer)
    expiry = sim.part(Timers).expiry
    if producer.name not in expiry:
        wait_us = settings.delivery_us(producer)
        expiry[producer.name] = sim.now_us + wait_us
        sim.schedule(wait_us, TIMER, _expire, producer.name, cause=0)


@due
def linger(sim: Simulation, name: str) -> None:
    """linger.ms of a producer's batch is over (R42)."""
    drain(sim, sim.state.cluster.producers[name])


@transaction_manager.drain.filled
def drain(sim: Simulation, producer: Producer) -> None:
    """Send whatever may leave now (R42, R43)."""
    if producer.state not in ("running", "closing"):
        return
    for broker, queues in _by_broker(sim, producer).items():
        while any(sendable(sim, producer, queue) for queue in queues):
            if producer.requests.get(broker, 0) >= producer.settings.max_in_flight:
                break
            _request(sim, producer, broker, queues)
    if producer.state == "closing" and not busy(producer):
        _close(sim, producer)


def _close(sim: Simulation, producer: Producer) -> None:
    waits = producer.transaction is not None and transaction_manager.close(sim, producer)
    if producer.state == "closing" and not waits:
        sim.emit(ProducerChanged(*sim.stamp(), producer.name, "closed"))


def _by_broker(sim: Simulation, producer: Producer) -> dict[int, list[Queue]]:
    """The queues whose first batch may leave if its time has come,
    by the broker that leads their partition.
    """
    found: dict[int, list[Queue]] = {}
    for queue in producer.queues.values():
        if queue.unresolved:
            _resolve(sim, producer, queue)
        if queue.batches:
            leader = leader_of(sim, producer, queue)
            if leader < 0:
                metadata.refresh(sim, "producer", producer.name, producer.incarnation)
            elif not _held(sim, producer, queue, leader):
                found.setdefault(leader, []).append(queue)
    return found


@metadata.told("producer")
def _told(sim: Simulation, name: str) -> None:
    after(sim, sim.state.cluster.producers[name])


def leader_of(sim: Simulation, producer: Producer, queue: Queue) -> int:
    """The broker that this client takes for the leader; -1: it knows none."""
    partition = sim.state.cluster.partition(queue.topic, queue.partition)
    return metadata.leader(partition, "producer", producer.name, producer.incarnation)


def _held(sim: Simulation, producer: Producer, queue: Queue, leader: int) -> bool:
    """Whether the first batch must wait whatever else is ready: backoff, muted, or sequences before it (R43,
    R46, R60).
    """
    first = queue.batches[0]
    if first.retry_at_us > sim.now_us and leader == first.broker:
        return True
    if producer.transaction is not None and registration.waits(producer, queue):
        return True
    if not queue.in_flight and first.attempts == 0 and not queue.unresolved:
        return False
    if producer.settings.max_in_flight == 1 and queue.in_flight:
        return True
    if producer.producer_id < 0:
        return False
    tracked = queue.tracked()
    if first.sequence >= 0:
        return first.attempts > 0 and first is not tracked[0]
    return queue.unresolved or (bool(tracked) and queue.epoch != producer.epoch)


def sendable(sim: Simulation, producer: Producer, queue: Queue) -> bool:
    """Whether the queue's first batch is ready (R42)."""
    if not queue.batches:
        return False
    first, given = queue.batches[0], producer.settings
    return (
        first.closed
        or len(queue.batches) > 1
        or first.bytes >= given.batch_size
        or (given.partitioner != "java" and accumulator.counts_full(producer, first))
        or sim.now_us - first.created_at_us >= given.linger
        or producer.state == "closing"
        or bool(producer.calls and producer.calls[0].why == "buffer.memory")
        or (producer.transaction is not None and producer.transaction.flushes)
    )


def _request(sim: Simulation, producer: Producer, broker: int, queues: list[Queue]) -> None:
    """One request: the first batch of each partition that this broker leads, ready or not (R42)."""
    chosen: list[Queue] = []
    total, most = 0, settings.number(producer, "max.request.size")
    for queue in queues:
        if not queue.batches or (queue.in_flight and _held(sim, producer, queue, broker)):
            continue
        if not chosen or total + queue.batches[0].bytes <= most:
            chosen.append(queue)
            total += queue.batches[0].bytes
    if not chosen:
        queues.clear()
        return
    acks = -1 if producer.settings.acks in ("all", "-1") else int(producer.settings.acks)
    batches = tuple((q.topic, q.partition, _batch(producer, q, q.batches[0])) for q in chosen)
    timeout_us = settings.number(producer, "request.timeout.ms") * 1_000
    request = ProduceRequest(acks, batches, timeout_us)
    number = send(sim, "producer", producer.name, producer.incarnation, broker, request)
    partitions = tuple((queue.topic, queue.partition) for queue in chosen)
    sim.emit(BatchesDrained(*sim.stamp(), producer.name, broker, number, partitions))
    if acks == 0:
        _written_to_socket(sim, producer, broker, chosen)


def _batch(producer: Producer, queue: Queue, waiting: OpenBatch) -> Batch:
    epoch, sequence = queue.numbering(waiting, producer.epoch)
    first = waiting.first_sequence
    return Batch(
        0,
        len(waiting.keys),
        waiting.bytes,
        producer.name,
        producer.producer_id,
        epoch,
        sequence,
        0 if producer.transaction is None else TRANSACTIONAL,
        -1,
        waiting.created_at_us,
        0,
        tuple(waiting.keys),
        None if waiting.values is None else tuple(waiting.values),
        None if waiting.created is None else tuple(waiting.created),
        None,
        queue.begin + first,
    )


def _written_to_socket(sim: Simulation, producer: Producer, broker: int, queues: list[Queue]) -> None:
    """acks=0: what is written counts as acknowledged, and nobody will ever say otherwise (R29)."""
    for queue in queues:
        _acknowledge(sim, producer, queue, queue.in_flight[-1], -1)
    sim.emit(RequestFinished(*sim.stamp(), producer.name, broker))


# -- what became of it ---------------------------------------------------------------------------------------


@receives(ProduceRequest)
def _received(sim: Simulation, name: str, flight: InFlight) -> None:
    producer = sim.state.cluster.producers[name]
    if (
        not isinstance(flight.request, ProduceRequest) or flight.request.acks == 0
    ):  # that one ended in the socket (R29)
        return
    if isinstance(flight.response, ProduceResponse):
        parts = flight.response.partitions
    else:
        error = flight.response.error if flight.response else Error.NETWORK_EXCEPTION
        parts = tuple(PartitionProduceResponse(topic, n, error) for topic, n, _ in flight.request.batches)
    if any(part.error for part in parts):
        metadata.placed(sim, "producer", name, flight, parts)
    for part in parts:
        queue = producer.queue(part.topic, part.partition)
        batch = next((b for b in queue.in_flight if b.request == flight.number), None)
        if batch is None:
            continue
        if part.error:
            _refused(sim, producer, queue, batch, Error(part.error), part.record_errors)
        else:
            _acknowledge(sim, producer, queue, batch, part.base_offset)
    broker = flight.broker
    sim.emit(RequestFinished(*sim.stamp(), name, broker))
    after(sim, producer)


@registration.go_on.filled
def after(sim: Simulation, producer: Producer) -> None:
    """Something has ended: what waited for it may go on."""
    drain(sim, producer)
    if producer.transaction is not None:
        transaction_manager.progress(sim, producer)
    if producer.calls:
        sim.schedule(0, TIMER, calls, producer.name)


def _acknowledge(sim: Simulation, producer: Producer, queue: Queue, batch: OpenBatch, base: int) -> None:
    count, first = len(batch.keys), queue.begin + batch.first_sequence
    sim.emit(
        RecordsAcknowledged(*sim.stamp(), producer.name, queue.topic, queue.partition, base, count, first)
    )


def _refused(
    sim: Simulation,
    producer: Producer,
    queue: Queue,
    batch: OpenBatch,
    error: Error,
    invalid: tuple[int, ...],
) -> None:
    """The answer to a batch is an error: split it, send it again, or give it up (R47, R60)."""
    if error == Error.MESSAGE_TOO_LARGE and len(batch.keys) > 1:
        parts = splitting.parts(producer, batch)
        sim.emit(
            BatchSplit(*sim.stamp(), producer.name, queue.topic, queue.partition, batch.first_sequence, parts)
        )
        return
    retries = settings.number(producer, "retries")
    too_late = sim.now_us - batch.created_at_us >= settings.delivery_us(producer)
    if too_late or batch.attempts >= retries or not _may_succeed(sim, producer, queue, batch, error):
        give_up(sim, producer, queue, batch, error, invalid=invalid)
        if batch.attempts < retries and producer.producer_id >= 0:
            _bump(sim, producer, queue)
        return
    _retry(sim, producer, queue, batch, error)


def _may_succeed(sim: Simulation, producer: Producer, queue: Queue, batch: OpenBatch, error: Error) -> bool:
    """Whether to send again; an idempotent producer first heals a gap in its sequences (R60)."""
    if error != Error.OUT_OF_ORDER_SEQUENCE_NUMBER or producer.producer_id < 0:
        return retriable(error)
    if producer.transaction is not None and producer.transaction.failed:
        return False  # it comes behind a batch that failed
    if queue.unresolved or (batch.sequence == queue.acked + 1 and not batch.reset):
        _bump(sim, producer, queue)
        return producer.transaction is None
    return True


def _retry(sim: Simulation, producer: Producer, queue: Queue, batch: OpenBatch, error: Error) -> None:
    attempt = batch.attempts + 1
    wait_us = backoff_us(
        attempt,
        settings.number(producer, "retry.backoff.ms"),
        settings.number(producer, "retry.backoff.max.ms"),
        sim.stream(f"producer {producer.name} backoff").random(),
    )
    event = BatchRetried(
        *sim.stamp(),
        producer.name,
        queue.topic,
        queue.partition,
        batch.first_sequence,
        len(batch.keys),
        error,
        named(error),
        attempt,
        sim.now_us + wait_us,
        producer.producer_id >= 0,
    )
    sim.emit(event)
    sim.schedule(wait_us, TIMER, linger, producer.name)


def backoff_us(attempt: int, first_ms: int, most_ms: int, number: float) -> int:
    """How long to wait before retry `attempt` (from 1), where `number` in [0, 1) is the jitter of ±20 %
    (R46).
    """
    grown = first_ms * 2 ** (attempt - 1) if attempt < 32 else most_ms
    return int(min(most_ms * 1_000, min(max(most_ms, first_ms), grown) * 1_000 * (0.8 + 0.4 * number)))


def give_up(
    sim: Simulation,
    producer: Producer,
    queue: Queue,
    batch: OpenBatch,
    error: Error,
    expired: bool = False,
    invalid: tuple[int, ...] = (),
) -> None:
    """The application is told that these records failed; `expired`:
    nobody knows whether they are in the log.
    """
    event = RecordsFailed(
        *sim.stamp(),
        producer.name,
        queue.topic,
        queue.partition,
        len(batch.keys),
        error,
        named(error),
        queue.begin + batch.first_sequence,
        java_class(error) if producer.settings.partitioner == "java" else librdkafka_name(error, expired),
        expired and batch.broker > 0 and producer.producer_id >= 0,
        invalid if len(batch.keys) > 1 and producer.settings.partitioner == "java" else (),
    )
    number = sim.emit(event)
    if producer.transaction is not None:
        sim.cause = number
        transaction_manager.batch_failed(sim, producer, error)


# -- batches that are too old, and sequences with a gap ------------------------------------------------------


@due
def _expire(sim: Simulation, name: str) -> None:
    """Give up every batch older than delivery.timeout.ms (R45), and look again when the next one is."""
    producer = sim.state.cluster.producers[name]
    timers = sim.part(Timers).expiry
    timers.pop(name, None)
    if producer.state in ("dead", "closed"):
        return
    timeout_us = settings.delivery_us(producer)
    found = False
    for queue in producer.queues.values() if producer.state != "paused" else ():
        for batch in [*queue.in_flight, *queue.batches]:
            if sim.now_us - batch.created_at_us >= timeout_us:
                give_up(sim, producer, queue, batch, Error.REQUEST_TIMED_OUT, expired=True)
                found = True
    oldest = [b.created_at_us for q in producer.queues.values() for b in (*q.in_flight, *q.batches)]
    if oldest:
        wait_us = max(min(oldest) + timeout_us - sim.now_us, 1_000)
        timers[name] = sim.now_us + wait_us
        sim.schedule(wait_us, TIMER, _expire, name, cause=0)
    if found:
        after(sim, producer)


def _resolve(sim: Simulation, producer: Producer, queue: Queue) -> None:
    """A batch expired after it was sent: once nothing is on its way, go on, or in a new epoch if there is a
    gap (R60).
    """
    if queue.tracked():
        return
    if queue.acked + 1 == queue.sequence:
        sim.emit(SequencesResolved(*sim.stamp(), producer.name, queue.topic, queue.partition))
    else:
        _bump(sim, producer, queue)


def _bump(sim: Simulation, producer: Producer, queue: Queue) -> None:
    """Begin the sequences anew, in a new epoch; a transactional producer gets that only with the end of its
    transaction.
    """
    if producer.transaction is not None:
        sim.emit(SequencesResolved(*sim.stamp(), producer.name, queue.topic, queue.partition))
        transaction_manager.fail(sim, producer, Error.OUT_OF_ORDER_SEQUENCE_NUMBER, "KafkaException")
        return
    epoch = producer.epoch + 1
    sim.emit(ProducerEpochBumped(*sim.stamp(), producer.name, queue.topic, queue.partition, epoch))
