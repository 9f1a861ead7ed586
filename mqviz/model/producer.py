"""Producer: an application that sends records, its batches that wait, and what became of them.

A record that `send()` took waits in its partition's queue until a batch is full or `linger` is over, then
travels in a request, then is in the leader's log, then is acknowledged.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from mqviz.model import ledger
from mqviz.model.accumulator import OpenBatch, Queue
from mqviz.model.command import AddProducer
from mqviz.model.event import Event, Weight, applies
from mqviz.model.transactional import Transacting

if TYPE_CHECKING:
    from mqviz.model.cluster import Partition
    from mqviz.model.log import Batch
    from mqviz.model.state import State


class Sticky(msgspec.Struct):
    """Where records without key go for now: since when, and how many bytes went there (R51, R54)."""

    partition: int
    chosen_at_us: int
    bytes: int = 0


class Call(msgspec.Struct):
    """A send() that waits in the application: the first one blocks, the others come after it.

    `until_us`: when max.block.ms is over, 0: it does not block yet; `why`: what it waits for.
    """

    topic: str
    partition: int
    key: str | None
    value: str | None
    stamp_us: int | None
    length: int
    paced: bool
    until_us: int = 0
    why: str = ""


class Producer(msgspec.Struct):
    """A producer application.

    `state`: running, paused, closing, closed, dead. `incarnation` counts its
    starts, `life` its starts, pauses, changes of rate and ends: a timer of an earlier life is void. The n-th record since `paced_from_us` is due at n / rate. `sent`: records that
    send() took; `appended`: of these in the log; `acknowledged`: of these known to be safe; `dropped`: died
    with the process, or was given up. `requests` in flight, by broker. `retries`, `duplicates`: batches sent again, records that came
    into the log once more. `buffered`: bytes of buffer.memory in use, or of librdkafka's queue. `calls`: send() that wait; `refused`: those that failed at once. `numbers`: records of
    earlier processes of this name, by partition. `transaction`: what a producer with a transactional.id knows of its transactions.
    """

    name: str
    settings: AddProducer
    producer_id: int
    rate_per_s: float
    incarnation: int
    life: int
    state: str = "running"
    epoch: int = 0
    paced_from_us: int = 0
    paced: int = 0
    last_paced_at_us: int = 0
    turn: int = 0
    sent: int = 0
    appended: int = 0
    acknowledged: int = 0
    dropped: int = 0
    sticky: Sticky | None = None
    queues: dict[str, Queue] = msgspec.field(default_factory=dict)
    requests: dict[int, int] = msgspec.field(default_factory=dict)
    retries: int = 0
    duplicates: int = 0
    buffered: int = 0
    refused: int = 0
    calls: list[Call] = msgspec.field(default_factory=list)
    numbers: dict[str, int] = msgspec.field(default_factory=dict)
    transaction: Transacting | None = None

    def numbered(self) -> dict[str, int]:
        """How many records it and those of its name before it sent to each partition."""
        return self.numbers | {key: queue.begin + queue.next_sequence for key, queue in self.queues.items()}

    def queue(self, topic: str, partition: int) -> Queue:
        """The queue of a partition that was written to."""
        return self.queues[f"{topic}-{partition}"]


class ProducerAdded(Event, frozen=True):
    """A producer application started; -1 is the id of one that is not idempotent (R57)."""

    name: str
    producer_id: int
    settings: AddProducer


class SendCalled(Event, frozen=True, omit_defaults=True):
    """The application called send(), or `count` times in a row with a like record: they are in a batch; `opens`: a new one, after closing the last.


    `keyed`: the key chose the partition. `paced`: it is one of those that the producer's rate asked for. `sequence` counts this producer's records
    to this partition. `value`: a text, None for a tombstone, "" for a payload that nobody looks into. `stamp_us`: the
    timestamp that the application gave; None: now. `length`: of a payload that has not the usual size, in bytes. `bytes`: of all.
    """

    weight = Weight.STEP
    producer: str
    topic: str
    partition: int
    sequence: int
    key: str | None
    bytes: int
    keyed: bool
    opens: bool
    paced: bool
    value: str | None = ""
    stamp_us: int | None = None
    length: int = -1
    count: int = 1


class StickyMoved(Event, frozen=True):
    """Records without key go to another partition from now on (R51, R54)."""

    producer: str
    partition: int


INVALID_RECORD = 87
"""Kafka's number of that error."""


class RecordsFailed(Event, frozen=True, omit_defaults=True):
    """The producer gave up on these records; `named` is the error's name and code.

    `first_number`: as in Batch; `thrown`: the exception that the
    application gets. Unless a leader said no before it wrote, they may be in the log all the same (R31); `unresolved`: that
    leaves a gap in an idempotent producer's sequences, perhaps (R60). `invalid`: the broker refused the batch for these of its
    records, by their place in it.
    """

    weight = Weight.MOMENT
    producer: str
    topic: str
    partition: int
    count: int
    error: int
    named: str
    first_number: int = -1
    thrown: str = ""
    unresolved: bool = False
    invalid: tuple[int, ...] = ()

    def exception(self, index: int) -> tuple[str, int]:
        """(exception, error) that the application gets for record `index` of these, in Java (KIP-467)."""
        if not self.invalid or self.invalid == (index,):
            return self.thrown, self.error
        if index in self.invalid:
            return "InvalidRecordException", INVALID_RECORD
        return "KafkaException", 0


class BatchesDrained(Event, frozen=True):
    """The first batch of each of these partitions left the queue, into request `number`."""

    producer: str
    broker: int
    number: int
    partitions: tuple[tuple[str, int], ...]


class RecordsAcknowledged(Event, frozen=True, omit_defaults=True):
    """The producer knows that these records are safe, as its `acks` count safe; base offset -1 for acks=0 (R29).

    `first_number`: as in Batch, for the ledger.
    """

    weight = Weight.STEP
    producer: str
    topic: str
    partition: int
    base_offset: int
    count: int
    first_number: int = -1


class RequestFinished(Event, frozen=True):
    """A produce request of this producer is over; another may leave for that broker."""

    producer: str
    broker: int


class ProducerPaced(Event, frozen=True):
    """The application sends at another rate from now on."""

    weight = Weight.STEP
    producer: str
    rate_per_s: float
    paced_from_us: int


class ProducerChanged(Event, frozen=True):
    """The process was paused, resumed, killed, or asked to close, or is gone: see Producer.state."""

    weight = Weight.MOMENT
    producer: str
    state: str


@applies(ProducerAdded)
def _added(state: State, event: ProducerAdded) -> None:
    cluster = state.cluster
    before = cluster.producers.pop(event.name, None)
    settings = event.settings
    cluster.producers[event.name] = Producer(
        event.name,
        settings,
        event.producer_id,
        float(settings.rate),
        before.incarnation + 1 if before else 1,
        before.life + 1 if before else 1,
        paced_from_us=event.at_us + settings.start,
        numbers=before.numbered() if before else {},
        transaction=Transacting(name) if (name := settings.config.get("transactional.id")) else None,
    )
    cluster.last_producer_id = max(cluster.last_producer_id, event.producer_id)
    for key in settings.keys:
        cluster.note_key(key)


@applies(SendCalled)
def _sent(state: State, event: SendCalled) -> None:
    cluster = state.cluster
    producer = cluster.producers[event.producer]
    partition = cluster.partition(event.topic, event.partition)
    queue = producer.queues.get(partition.key)
    if queue is None:
        begin = producer.numbers.get(partition.key, 0)
        queue = producer.queues[partition.key] = Queue(event.topic, event.partition, begin)
    if event.opens:
        if queue.batches:
            queue.batches[-1].closed = True
        java = producer.settings.partitioner == "java"
        charge = max(int(producer.settings.batch_size), event.bytes) if java else 0
        queue.batches.append(OpenBatch(event.at_us, event.sequence, 0, [], charge=charge))
        producer.buffered += charge
    last = queue.batches[-1]
    last.bytes += event.bytes
    if producer.settings.partitioner != "java":  # librdkafka holds its records, and no buffer for each batch
        last.charge += event.bytes
        producer.buffered += event.bytes
    last.keys += [event.key] * event.count
    own = event.value != "" or event.stamp_us is not None or event.length >= 0
    if own or last.values or last.created or last.lengths:
        stamp_us = event.at_us if event.stamp_us is None else event.stamp_us
        last.note(event.value, stamp_us, event.length, int(producer.settings.value_size), event.count)
    queue.next_sequence = event.sequence + event.count
    producer.sent += event.count
    partition.sent += event.count
    if event.paced:
        producer.paced += event.count
        producer.last_paced_at_us = event.at_us
        producer.turn += event.count
    if producer.transaction is not None:
        producer.transaction.started = True
        producer.transaction.sent += event.count
    if not event.keyed and producer.sticky is not None:
        producer.sticky.bytes += event.bytes
    cluster.note_key(event.key)


@applies(StickyMoved)
def _moved(state: State, event: StickyMoved) -> None:
    state.cluster.producers[event.producer].sticky = Sticky(event.partition, event.at_us)


@applies(BatchesDrained)
def _drained(state: State, event: BatchesDrained) -> None:
    producer = state.cluster.producers[event.producer]
    producer.requests[event.broker] = producer.requests.get(event.broker, 0) + 1
    for topic, number in event.partitions:
        queue = producer.queues[state.cluster.partition(topic, number).key]
        queue.left(event.number, event.broker, producer.epoch, event.at_us)


@applies(RecordsAcknowledged)
def _acknowledged(state: State, event: RecordsAcknowledged) -> None:
    producer = state.cluster.producers[event.producer]
    producer.acknowledged += event.count
    queue = producer.queue(event.topic, event.partition)
    batch = queue.take(event.first_number - queue.begin)
    if batch is not None:
        producer.buffered -= batch.charge
        queue.acked = max(queue.acked, batch.sequence + event.count - 1)
        queue.note(batch, event.at_us)
    _tell(state, event, ledger.ACKNOWLEDGE)


@applies(RecordsFailed)
def _failed(state: State, event: RecordsFailed) -> None:
    producer = state.cluster.producers[event.producer]
    queue = producer.queue(event.topic, event.partition)
    batch = queue.take(event.first_number - queue.begin)
    if batch is None:
        return
    producer.buffered -= batch.charge
    queue.give_up(batch)
    queue.unresolved = queue.unresolved or event.unresolved
    if not batch.written:
        producer.dropped += event.count
        state.cluster.partition(event.topic, event.partition).dropped += event.count
    _tell(state, event, ledger.FAIL)


def _tell(state: State, event: RecordsAcknowledged | RecordsFailed, what: bytes) -> None:
    """The ledger hears what the producer was told of these records."""
    ledger.told(
        state.cluster,
        event.producer,
        event.topic,
        event.partition,
        event.first_number,
        event.count,
        what,
    )


@applies(RequestFinished)
def _finished(state: State, event: RequestFinished) -> None:
    state.cluster.producers[event.producer].requests[event.broker] -= 1


@applies(ProducerPaced)
def _rate(state: State, event: ProducerPaced) -> None:
    producer = state.cluster.producers[event.producer]
    producer.rate_per_s = event.rate_per_s
    producer.paced_from_us = event.paced_from_us
    producer.paced = 0
    producer.life += 1


@applies(ProducerChanged)
def _changed(state: State, event: ProducerChanged) -> None:
    producer = state.cluster.producers[event.producer]
    producer.state = event.state
    producer.life += 1
    if event.state == "running":
        producer.paced_from_us = event.at_us
        producer.paced = 0
    if event.state == "dead":
        _drop(state, producer)


def _drop(state: State, producer: Producer) -> None:
    """What still waited in the process dies with it."""
    producer.calls = []
    for queue in producer.queues.values():
        count = sum(len(batch.keys) for batch in queue.batches if not batch.written)
        gone = ledger.removal("never sent")
        for batch in queue.batches:
            queue.give_up(batch)
            first, size = queue.begin + batch.first_sequence, len(batch.keys)
            if not batch.written:
                ledger.told(state.cluster, producer.name, queue.topic, queue.partition, first, size, gone)
        queue.batches = []
        producer.dropped += count
        state.cluster.partition(queue.topic, queue.partition).dropped += count


def wrote(producer: Producer, partition: Partition, batch: Batch) -> None:
    """A leader wrote a batch of this producer: count its records once, and every further time as duplicates (R34)."""
    queue = producer.queues.get(partition.key)
    first = batch.first_number - (queue.begin if queue is not None else 0)
    waiting = queue.find(first) if queue is not None else None
    if waiting is not None and not waiting.written:
        waiting.written = True
        producer.appended += batch.count
    elif waiting is None and queue is not None and queue.given_up.pop(first, 0):
        producer.appended += batch.count
        producer.dropped -= batch.count
        partition.dropped -= batch.count
    else:
        producer.duplicates += batch.count
        partition.sent += batch.count
        partition.duplicates += batch.count
