"""Facts of a producer's accumulator: what is filling, ready, on its way, acknowledged; memory, and send()
that waits.
"""

from __future__ import annotations

from mqviz.facts.views import Reading
from mqviz.model.kafka.clients.producer.accumulator import OpenBatch, Past, Queue
from mqviz.model.kafka.clients.producer.state import Producer
from mqviz.model.kafka.network.state import InFlight
from mqviz.model.kafka.protocol.responses import ProduceResponse
from mqviz.model.state import State

FILLING, READY, GOING, THERE, ANSWERED = "filling", "ready", "going", "there", "answered"


class BatchView(Reading, frozen=True):
    """A batch. `place`: filling, ready, going (to the broker), there (it works on it), answered (the answer
    is on its way).

    `due_us`: when linger.ms, or the backoff of a batch that is sent again, is over. `sent_at_us` to
    `arrives_at_us`: of the request, or of its answer once it is answered. `attempts`: sendings that failed;
    `split`: part of one that was too large.
    """

    place: str
    keys: tuple[str | None, ...]
    bytes: int
    created_at_us: int
    due_us: int
    attempts: int = 0
    split: bool = False
    broker: int = 0
    request: int = 0
    sent_at_us: int = 0
    arrives_at_us: int = 0
    refused: bool = False


class QueueView(Reading, frozen=True):
    """A partition at the producer; `waiting` oldest first, then those that left. `leader` -1: nobody leads
    it.

    `confirmed`: records acknowledged; `past`: the last batches that were (opened, left, acknowledged,
    records, bytes).
    """

    topic: str
    partition: int
    leader: int
    waiting: tuple[BatchView, ...]
    left: tuple[BatchView, ...]
    confirmed: int
    past: tuple[Past, ...]


class AccumulatorView(Reading, frozen=True):
    """A producer and its queues, by partition. `requests`: in flight, by broker; `calls`: send() that wait.

    `blocked`: what the first of them waits for, "" if none does; `until_us`: when it fails. `retries`,
    `lost`: batches sent again, records given up. `config`: settings by Kafka's names that are not in
    `linger_us`, `batch_size`, `most_in_flight`, `acks`.
    """

    name: str
    state: str
    acks: str
    linger_us: int
    batch_size: int
    most_in_flight: int
    config: dict[str, str]
    java: bool
    buffered: int
    calls: int
    blocked: str
    until_us: int
    retries: int
    lost: int
    requests: tuple[tuple[int, int], ...]
    queues: tuple[QueueView, ...]


def accumulators(state: State) -> tuple[AccumulatorView, ...]:
    """Producers that have not ended, in the order they were added; of a real cluster none is seen."""
    return tuple(_accumulator(state, p) for p in state.cluster.producers.values() if p.state != "closed")


def _accumulator(state: State, producer: Producer) -> AccumulatorView:
    given = producer.settings
    first = producer.calls[0] if producer.calls else None
    queues = sorted(_queues(state, producer), key=lambda queue: (queue.topic, queue.partition))
    return AccumulatorView(
        producer.name,
        producer.state,
        given.acks,
        int(given.linger),
        int(given.batch_size),
        given.max_in_flight,
        dict(given.config),
        given.partitioner == "java",
        producer.buffered,
        len(producer.calls),
        first.why if first else "",
        first.until_us if first else 0,
        producer.retries,
        producer.dropped,
        tuple((broker, producer.requests.get(broker, 0)) for broker in state.cluster.brokers),
        tuple(_queue(state, producer, queue) for queue in queues),
    )


def _queues(state: State, producer: Producer) -> list[Queue]:
    """Those that it has, and an empty one for each partition of its topic that it has not written to yet."""
    found = dict(producer.queues)
    topic = state.cluster.topics.get(producer.settings.topic)
    for partition in topic.partitions if topic else ():
        found.setdefault(partition.key, Queue(partition.topic, partition.number))
    return list(found.values())


def _queue(state: State, producer: Producer, queue: Queue) -> QueueView:
    return QueueView(
        queue.topic,
        queue.partition,
        state.cluster.partition(queue.topic, queue.partition).leader,
        tuple(_waiting(state, producer, queue, batch) for batch in queue.batches),
        tuple(_left(state, queue, batch) for batch in queue.in_flight),
        queue.confirmed,
        tuple(queue.past),
    )


def _waiting(state: State, producer: Producer, queue: Queue, batch: OpenBatch) -> BatchView:
    """A batch is filling while it may take another record and need not leave yet (R42)."""
    given = producer.settings
    over_us = batch.created_at_us + int(given.linger)
    full = batch.closed or batch is not queue.batches[-1] or batch.bytes >= int(given.batch_size)
    place = READY if full or state.now_us >= over_us else FILLING
    due_us = batch.retry_at_us if batch.attempts else over_us
    return BatchView(
        place,
        tuple(batch.keys),
        batch.bytes,
        batch.created_at_us,
        due_us,
        batch.attempts,
        batch.split,
        batch.broker,
    )


def _left(state: State, queue: Queue, batch: OpenBatch) -> BatchView:
    flight = state.cluster.requests.get(batch.request)
    place, begin_us, end_us = _way(flight)
    return BatchView(
        place,
        tuple(batch.keys),
        batch.bytes,
        batch.created_at_us,
        0,
        batch.attempts,
        batch.split,
        batch.broker,
        batch.request,
        begin_us,
        end_us,
        flight is not None and _is_refused(flight, queue),
    )


def _is_refused(flight: InFlight, queue: Queue) -> bool:
    """Whether the answer says that the batch of this partition was not written."""
    parts = flight.response.partitions if isinstance(flight.response, ProduceResponse) else ()
    return any(part.error for part in parts if (part.topic, part.partition) == (queue.topic, queue.partition))


def _way(flight: InFlight | None) -> tuple[str, int, int]:
    """Where a batch that left is, and the times between which it, or its answer, is on its way."""
    if flight is None:
        return THERE, 0, 0
    if flight.response is not None:
        return ANSWERED, flight.answered_at_us, flight.returns_at_us
    return (THERE if flight.arrived else GOING), flight.sent_at_us, flight.arrives_at_us
