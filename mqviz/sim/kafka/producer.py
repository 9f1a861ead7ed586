"""Producer: an application that calls send() at its rate, and the client that batches and sends.

Like a real broker: as its clients, Java and librdkafka, the partition is chosen by each client's own rule (R48-R51, R54); a record joins
its partition's last batch while it fits (R40, R41); a batch leaves when it is full, when another waits behind
it or when linger.ms is over, and a request takes the first batch of every partition of its broker (R42); at
most max.in.flight requests a broker (R43); acks 0, 1, all (R29).
Left out: buffer.memory and its backpressure (R44), retries and timeouts (R45-R47), adaptive choice (R52),
compression (R55). An idempotent producer has its id from the start (R57).
"""

from __future__ import annotations

from mqviz.kafka import partitioners
from mqviz.kafka.errors import named
from mqviz.kafka.records import BATCH_HEADER, record_size
from mqviz.kafka.settings import number as setting
from mqviz.model.log import Batch
from mqviz.model.producer import (
    BatchesDrained,
    Producer,
    ProducerChanged,
    Queue,
    RecordsAcknowledged,
    RecordsFailed,
    RequestFinished,
    SendCalled,
    Sticky,
    StickyMoved,
)
from mqviz.model.request import InFlight, Produce, Produced
from mqviz.sim.engine import STEP, TIMER, Simulation, due
from mqviz.sim.kafka.network import ask, receives

MAX_REQUEST_BYTES = setting("max.request.size")


# -- the application ---------------------------------------------------------------------------------------


def pace(sim: Simulation, producer: Producer) -> None:
    """Schedule the next send() that the producer's rate asks for, if there is one."""
    settings = producer.settings
    if producer.rate_per_s <= 0 or (settings.count and producer.turn >= settings.count):
        return
    if settings.arrivals == "exponential":
        gap_us = sim.stream(f"producer {producer.name} arrivals").exponential(1e6 / producer.rate_per_s)
        at_us = max(sim.now_us, producer.paced_from_us if not producer.paced else 0) + gap_us
    else:
        at_us = producer.paced_from_us + int(producer.paced * 1e6 / producer.rate_per_s)
    delay_us = max(0, at_us - sim.now_us)
    sim.schedule(delay_us, STEP, "kafka.pace", producer.name, producer.life, cause=0)


@due("kafka.pace")
def _pace(sim: Simulation, name: str, life: int) -> None:
    producer = sim.state.cluster.producers[name]
    if producer.life != life:
        return
    if send(sim, producer, _next_key(sim, producer), paced=True):
        drain(sim, producer)
    pace(sim, producer)


def _next_key(sim: Simulation, producer: Producer) -> str | None:
    keys = producer.settings.keys
    if not keys:
        return None
    if producer.settings.key_choice == "random":
        return sim.stream(f"producer {producer.name} keys").choice(keys)
    return keys[producer.turn % len(keys)]


# -- send(): partition and batch -----------------------------------------------------------------------------


def send(
    sim: Simulation,
    producer: Producer,
    key: str | None,
    *,
    paced: bool,
    value: str | None = "",
    stamp_us: int | None = None,
) -> bool:
    """The application calls send(); True if a batch may leave now."""
    settings = producer.settings
    raw = None if key is None else key.encode()
    partition, keyed = _choose(sim, producer, raw)
    queue = producer.queues.get(sim.state.cluster.partition(settings.topic, partition).key)
    size = _size_in_last(sim, producer, queue, raw, value, stamp_us)
    opens = size is None
    if size is None:
        size = BATCH_HEADER + _record_size(producer, raw, 0, 0, value)
    sequence = queue.next_sequence if queue else 0
    event = SendCalled(
        *sim.stamp(),
        producer.name,
        settings.topic,
        partition,
        sequence,
        key,
        size,
        keyed,
        opens,
        paced,
        value,
        stamp_us,
    )
    sim.cause = sim.emit(event)
    if not keyed and _java_moves_after(producer):
        _move(sim, producer)
    if opens and settings.linger:
        sim.schedule(int(settings.linger), TIMER, "kafka.linger", producer.name)
    queue = producer.queues[sim.state.cluster.partition(settings.topic, partition).key]
    return _sendable(sim, producer, queue)


def _size_in_last(
    sim: Simulation,
    producer: Producer,
    queue: Queue | None,
    key: bytes | None,
    value: str | None = "",
    stamp_us: int | None = None,
) -> int | None:
    """Bytes of the record in the queue's last batch; None: it needs a new batch (R41)."""
    last = queue.batches[-1] if queue and queue.batches else None
    if last is None or last.closed:
        return None
    first_us = last.created[0] if last.created else last.created_at_us
    ms_delta = (sim.now_us if stamp_us is None else stamp_us) // 1000 - first_us // 1000
    size = _record_size(producer, key, len(last.keys), ms_delta, value)
    return size if last.bytes + size <= producer.settings.batch_size else None


def _record_size(
    producer: Producer, key: bytes | None, offset_delta: int, ms_delta: int, value: str | None = ""
) -> int:
    length = None if key is None else len(key)
    payload = (
        int(producer.settings.value_size) if value == "" else None if value is None else len(value.encode())
    )
    return record_size(length, payload, offset_delta, ms_delta)


def _choose(sim: Simulation, producer: Producer, key: bytes | None) -> tuple[int, bool]:
    """The partition of a record, and whether its key chose it (R48)."""
    settings = producer.settings
    count = len(sim.state.cluster.topics[settings.topic].partitions)
    keyed = partitioners.keyed_partition(settings.partitioner, key, count)
    if keyed is not None:
        return keyed, True
    sticky = producer.sticky
    if sticky is None or _moves(sim, producer, sticky):
        return _move(sim, producer), False
    return sticky.partition, False


def _moves(sim: Simulation, producer: Producer, sticky: Sticky) -> bool:
    """Whether records without key go elsewhere from this one on (R51, R54)."""
    if producer.settings.partitioner != "java":
        return partitioners.librdkafka_moves(sticky.chosen_at_us, sim.now_us)
    queue = producer.queues.get(sim.state.cluster.partition(producer.settings.topic, sticky.partition).key)
    fits = _size_in_last(sim, producer, queue, None) is not None
    return partitioners.java_moves_before(sticky.bytes, int(producer.settings.batch_size), fits)


def _java_moves_after(producer: Producer) -> bool:
    sticky, settings = producer.sticky, producer.settings
    return (
        sticky is not None
        and settings.partitioner == "java"
        and partitioners.java_moves_after(sticky.bytes, int(settings.batch_size))
    )


def _move(sim: Simulation, producer: Producer) -> int:
    """Draw the next partition for records without key; it may be the same again."""
    count = len(sim.state.cluster.topics[producer.settings.topic].partitions)
    chosen = sim.stream(f"producer {producer.name} partitions").choice(range(count))
    sim.emit(StickyMoved(*sim.stamp(), producer.name, chosen))
    return chosen


# -- the sender ------------------------------------------------------------------------------------------------


@due("kafka.linger")
def _linger(sim: Simulation, name: str) -> None:
    drain(sim, sim.state.cluster.producers[name])


def drain(sim: Simulation, producer: Producer) -> None:
    """Send whatever may leave now (R42, R43)."""
    if producer.state not in ("running", "closing"):
        return
    for broker, queues in _by_broker(sim, producer).items():
        while any(_sendable(sim, producer, queue) for queue in queues):
            if producer.requests.get(broker, 0) >= producer.settings.max_in_flight:
                break
            _request(sim, producer, broker, queues)
    if producer.state == "closing" and not any(producer.requests.values()):
        sim.emit(ProducerChanged(*sim.stamp(), producer.name, "closed"))


def _by_broker(sim: Simulation, producer: Producer) -> dict[int, list[Queue]]:
    """The queues that hold batches, by the broker that leads their partition."""
    found: dict[int, list[Queue]] = {}
    for queue in producer.queues.values():
        if queue.batches:
            leader = sim.state.cluster.partition(queue.topic, queue.partition).leader
            if leader >= 0:
                found.setdefault(leader, []).append(queue)
    return found


def _sendable(sim: Simulation, producer: Producer, queue: Queue) -> bool:
    if not queue.batches:
        return False
    first, settings = queue.batches[0], producer.settings
    return (
        first.closed
        or len(queue.batches) > 1
        or first.bytes >= settings.batch_size
        or sim.now_us - first.created_at_us >= settings.linger
        or producer.state == "closing"
    )


def _request(sim: Simulation, producer: Producer, broker: int, queues: list[Queue]) -> None:
    """One request: the first batch of each partition that this broker leads, ready or not (R42)."""
    chosen: list[Queue] = []
    total = 0
    for queue in queues:
        if queue.batches and (not chosen or total + queue.batches[0].bytes <= MAX_REQUEST_BYTES):
            chosen.append(queue)
            total += queue.batches[0].bytes
    acks = -1 if producer.settings.acks in ("all", "-1") else int(producer.settings.acks)
    batches = tuple((q.topic, q.partition, _batch(producer, q)) for q in chosen)
    number = ask(sim, "producer", producer.name, producer.incarnation, broker, Produce(acks, batches))
    partitions = tuple((queue.topic, queue.partition) for queue in chosen)
    sim.emit(BatchesDrained(*sim.stamp(), producer.name, broker, number, partitions))
    if acks == 0:
        _written_to_socket(sim, producer, broker, batches)


def _batch(producer: Producer, queue: Queue) -> Batch:
    waiting = queue.batches[0]
    return Batch(
        0,
        len(waiting.keys),
        waiting.bytes,
        producer.name,
        producer.producer_id,
        producer.epoch,
        waiting.first_sequence,
        0,
        -1,
        waiting.created_at_us,
        0,
        tuple(waiting.keys),
        None if waiting.values is None else tuple(waiting.values),
        None if waiting.created is None else tuple(waiting.created),
        None,
        queue.begin + waiting.first_sequence,
    )


def _written_to_socket(
    sim: Simulation, producer: Producer, broker: int, batches: tuple[tuple[str, int, Batch], ...]
) -> None:
    """acks=0: what is written counts as acknowledged, and nobody will ever say otherwise (R29)."""
    for topic, partition, batch in batches:
        sim.emit(
            RecordsAcknowledged(
                *sim.stamp(), producer.name, topic, partition, -1, batch.count, batch.first_number
            )
        )
    sim.emit(RequestFinished(*sim.stamp(), producer.name, broker))


@receives(Produce)
def _received(sim: Simulation, name: str, flight: InFlight) -> None:
    producer = sim.state.cluster.producers[name]
    if not isinstance(flight.request, Produce):
        return
    broker = flight.broker
    if not isinstance(flight.answer, Produced):
        sim.emit(RequestFinished(*sim.stamp(), name, broker))
        drain(sim, producer)
        return
    batches = {(topic, partition): batch for topic, partition, batch in flight.request.batches}
    for topic, partition, error, base in flight.answer.parts:
        count, number = batches[topic, partition].count, batches[topic, partition].first_number
        if error:
            sim.emit(RecordsFailed(*sim.stamp(), name, topic, partition, count, error, named(error), number))
        else:
            sim.emit(RecordsAcknowledged(*sim.stamp(), name, topic, partition, base, count, number))
    sim.emit(RequestFinished(*sim.stamp(), name, broker))
    drain(sim, producer)
