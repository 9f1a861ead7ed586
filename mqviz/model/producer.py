"""Producer: an application that sends records, its batches that wait, and what became of them.

A record that `send()` took waits in its partition's queue until a batch is full or `linger` is over, then
travels in a request, then is in the leader's log, then is acknowledged.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from mqviz.model import ledger
from mqviz.model.command import AddProducer
from mqviz.model.event import Event, Weight, applies

if TYPE_CHECKING:
    from mqviz.model.state import State


class OpenBatch(msgspec.Struct):
    """A batch that still waits at the producer; `closed`: takes no more records.

    `values` and `created` are kept as in Batch: only once a record has a value, or a timestamp, of its own.
    """

    created_at_us: int
    first_sequence: int
    bytes: int
    keys: list[str | None]
    closed: bool = False
    values: list[str | None] | None = None
    created: list[int] | None = None

    def note(self, value: str | None, stamp_us: int) -> None:
        """The record that was put in last has this value and timestamp."""
        before = len(self.keys) - 1
        if self.values is None and value != "":
            self.values = [""] * before
        if self.created is None and stamp_us != self.created_at_us:
            self.created = [self.created_at_us] * before
        if self.values is not None:
            self.values.append(value)
        if self.created is not None:
            self.created.append(stamp_us)


class Queue(msgspec.Struct):
    """A partition's batches at the producer, oldest first.

    `begin`: the running number of the record that has sequence 0; whoever lets sequences begin again adds `next_sequence` to it.
    """

    topic: str
    partition: int
    next_sequence: int = 0
    begin: int = 0
    batches: list[OpenBatch] = msgspec.field(default_factory=list)


class Sticky(msgspec.Struct):
    """Where records without key go for now: since when, and how many bytes went there (R51, R54)."""

    partition: int
    chosen_at_us: int
    bytes: int = 0


class Producer(msgspec.Struct):
    """A producer application.

    `state`: running, paused, closing, closed, dead. `incarnation` counts its
    starts, `life` its starts, pauses, changes of rate and ends: a timer of an earlier life is void. The n-th record since `paced_from_us` is due at n / rate. `sent`: records that
    send() took; `appended`: of these in the log; `acknowledged`: of these known to be safe; `dropped`: died
    with the process. `requests` in flight, by broker. `numbers`: records of earlier processes of this name, by partition.
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
    numbers: dict[str, int] = msgspec.field(default_factory=dict)

    def numbered(self) -> dict[str, int]:
        """How many records it and those of its name before it sent to each partition."""
        return self.numbers | {key: queue.begin + queue.next_sequence for key, queue in self.queues.items()}


class ProducerAdded(Event, frozen=True):
    """A producer application started; -1 is the id of one that is not idempotent (R57)."""

    name: str
    producer_id: int
    settings: AddProducer


class SendCalled(Event, frozen=True, omit_defaults=True):
    """The application called send(): the record is in a batch; `opens`: in a new one, after closing the last.

    `keyed`: the key chose the partition. `paced`: it is one of those that the producer's rate asked for. `sequence` counts this producer's records
    to this partition. `value`: a text, None for a tombstone, "" for a payload that nobody looks into. `stamp_us`: the
    timestamp that the application gave; None: now.
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


class StickyMoved(Event, frozen=True):
    """Records without key go to another partition from now on (R51, R54)."""

    producer: str
    partition: int


class RecordsFailed(Event, frozen=True, omit_defaults=True):
    """The broker refused these records, and the producer gave up on them; `named` is the error's name and code."""

    weight = Weight.MOMENT
    producer: str
    topic: str
    partition: int
    count: int
    error: int
    named: str
    first_number: int = -1


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
    )
    cluster.last_producer_id = max(cluster.last_producer_id, event.producer_id)
    for key in settings.keys:
        cluster.note_key(key)


@applies(SendCalled)
def _sent(state: State, event: SendCalled) -> None:
    cluster = state.cluster
    producer = cluster.producers[event.producer]
    partition = cluster.topics[event.topic].partitions[event.partition]
    queue = producer.queues.get(partition.key)
    if queue is None:
        begin = producer.numbers.get(partition.key, 0)
        queue = producer.queues[partition.key] = Queue(event.topic, event.partition, 0, begin)
    if event.opens:
        if queue.batches:
            queue.batches[-1].closed = True
        queue.batches.append(OpenBatch(event.at_us, event.sequence, event.bytes, [event.key]))
    else:
        queue.batches[-1].bytes += event.bytes
        queue.batches[-1].keys.append(event.key)
    last = queue.batches[-1]
    if event.value != "" or event.stamp_us is not None or last.values or last.created:
        last.note(event.value, event.at_us if event.stamp_us is None else event.stamp_us)
    queue.next_sequence = event.sequence + 1
    producer.sent += 1
    partition.sent += 1
    if event.paced:
        producer.paced += 1
        producer.last_paced_at_us = event.at_us
        producer.turn += 1
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
        del producer.queues[state.cluster.partition(topic, number).key].batches[0]


@applies(RecordsAcknowledged)
def _acknowledged(state: State, event: RecordsAcknowledged) -> None:
    state.cluster.producers[event.producer].acknowledged += event.count
    ledger.told(
        state.cluster,
        event.producer,
        event.topic,
        event.partition,
        event.first_number,
        event.count,
        ledger.ACKNOWLEDGE,
    )


@applies(RecordsFailed)
def _failed(state: State, event: RecordsFailed) -> None:
    state.cluster.producers[event.producer].dropped += event.count
    state.cluster.partition(event.topic, event.partition).dropped += event.count
    ledger.told(
        state.cluster,
        event.producer,
        event.topic,
        event.partition,
        event.first_number,
        event.count,
        ledger.FAIL,
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
    for queue in producer.queues.values():
        count = sum(len(batch.keys) for batch in queue.batches)
        for batch in queue.batches:
            number, gone = queue.begin + batch.first_sequence, ledger.removal("never sent")
            ledger.told(
                state.cluster, producer.name, queue.topic, queue.partition, number, len(batch.keys), gone
            )
        queue.batches = []
        producer.dropped += count
        state.cluster.partition(queue.topic, queue.partition).dropped += count
