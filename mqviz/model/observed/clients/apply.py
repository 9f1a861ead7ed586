"""How the State changes by what the clients of mqviz did on a real cluster."""

from __future__ import annotations

from mqviz.model.event import applies
from mqviz.model.observed.clients.events import (
    AssignmentReported,
    ClientEnded,
    ClientNotice,
    ClientPaused,
    ClientResumed,
    CommitMade,
    ConsumerStarted,
    ProducerRateSet,
    ProducerStarted,
    RecordDelivered,
    RecordFailed,
    RecordProcessed,
    RecordProduced,
    RecordSent,
)
from mqviz.model.observed.state import (
    Driven,
    DrivenConsumer,
    DrivenPartition,
    DrivenProducer,
    KnownRecord,
    Outgoing,
    SeenGroup,
    SeenTopic,
    Taken,
)
from mqviz.model.observed.track import Track
from mqviz.model.state import State

LAST_RECORDS = 256
"""Records of a partition whose content is kept in the State."""

MOST_KEYS = 4_096
"""Keys whose order of appearance is kept; letters end long before."""

# -- how they change the State -----------------------------------------------------------------------------


@applies(ProducerStarted)
def _producer_started(state: State, event: ProducerStarted) -> None:
    """One that is started again goes on counting."""
    producers = state.observed.driven.producers
    known = producers.get(event.name)
    started = DrivenProducer(event.topic, event.rate_per_s, event.acks, event.partitioner, event.pid)
    if known:
        started.sent, started.acknowledged, started.failed = known.sent, known.acknowledged, known.failed
    producers[event.name] = started


@applies(ConsumerStarted)
def _consumer_started(state: State, event: ConsumerStarted) -> None:
    """One that is started again goes on counting."""
    consumers = state.observed.driven.consumers
    known = consumers.get(event.name)
    started = DrivenConsumer(event.group, event.topic, event.pid)
    if known:
        started.fetched, started.processed = known.fetched, known.processed
    consumers[event.name] = started


@applies(ClientPaused)
def _paused(state: State, event: ClientPaused) -> None:
    _client(state, event.name).state = "paused"


@applies(ClientResumed)
def _resumed(state: State, event: ClientResumed) -> None:
    _client(state, event.name).state = "running"


@applies(ClientEnded)
def _ended(state: State, event: ClientEnded) -> None:
    client = _client(state, event.name)
    client.state = "closed" if event.how == "closed" else "dead"
    client.ended = event.reason
    if isinstance(client, DrivenConsumer):
        client.in_hand = None
        client.partitions = () if event.how == "closed" else client.partitions
    else:
        client.failed += len(client.outgoing)
        client.outgoing = {}


@applies(ClientNotice)
def _notice(state: State, event: ClientNotice) -> None:
    """A notice is for its reader; nothing is otherwise than before."""


@applies(ProducerRateSet)
def _rate_set(state: State, event: ProducerRateSet) -> None:
    state.observed.driven.producers[event.name].rate_per_s = event.rate_per_s


@applies(RecordSent)
def _sent(state: State, event: RecordSent) -> None:
    driven = state.observed.driven
    producer = driven.producers[event.producer]
    producer.sent += 1
    producer.outgoing[event.number] = Outgoing(
        event.number, event.topic, event.key, event.at_us, event.partition, event.arrives_at_us
    )
    _know_key(driven, event.key)


@applies(RecordProduced)
def _produced(state: State, event: RecordProduced) -> None:
    driven = state.observed.driven
    producer = driven.producers[event.producer]
    producer.acknowledged += 1
    if producer.outgoing.pop(event.number, None) is None and producer.state != "running":
        producer.failed = max(0, producer.failed - 1)
    if event.offset < 0:
        return
    partition = _partition(driven, event.topic, event.partition, event.offset)
    _keep(partition, KnownRecord(event.offset, event.key, event.producer, event.at_us))
    _mark(partition, partition.ours, event.offset)
    _see_end(state, event.at_us, event.topic, event.partition, event.offset + 1)


@applies(RecordFailed)
def _failed(state: State, event: RecordFailed) -> None:
    producer = state.observed.driven.producers[event.producer]
    producer.failed += 1
    producer.outgoing.pop(event.number, None)


@applies(RecordDelivered)
def _delivered(state: State, event: RecordDelivered) -> None:
    driven = state.observed.driven
    consumer = driven.consumers[event.consumer]
    consumer.fetched += 1
    consumer.in_hand = Taken(event.topic, event.partition, event.offset, event.key, event.at_us)
    consumer.positions.setdefault(event.topic, {})[event.partition] = event.offset + 1
    partition = _partition(driven, event.topic, event.partition, event.offset)
    if not any(record.offset == event.offset for record in partition.last_records):
        _know_key(driven, event.key)
        _keep(partition, KnownRecord(event.offset, event.key, "", 0))
    _see_end(state, event.at_us, event.topic, event.partition, event.offset + 1)


@applies(RecordProcessed)
def _processed(state: State, event: RecordProcessed) -> None:
    driven = state.observed.driven
    consumer = driven.consumers[event.consumer]
    consumer.processed += 1
    consumer.in_hand = None
    partition = _partition(driven, event.topic, event.partition, event.offset)
    _mark(partition, partition.done.setdefault(consumer.group, bytearray()), event.offset)


@applies(CommitMade)
def _committed(state: State, event: CommitMade) -> None:
    name = state.observed.driven.consumers[event.consumer].group
    group = state.observed.groups.setdefault(name, SeenGroup())
    track = group.commits.setdefault(event.topic, Track())
    if event.offset > track.now.get(event.partition, -1):
        group.progress_us = event.at_us
    track.see(event.at_us, {event.partition: event.offset})


@applies(AssignmentReported)
def _assigned(state: State, event: AssignmentReported) -> None:
    consumer = state.observed.driven.consumers[event.consumer]
    consumer.partitions = event.partitions
    consumer.settled = event.settled
    held = consumer.positions
    consumer.positions = {}
    for topic, partition in event.partitions:
        if partition in held.get(topic, {}):
            consumer.positions.setdefault(topic, {})[partition] = held[topic][partition]


def _client(state: State, name: str) -> DrivenProducer | DrivenConsumer:
    driven = state.observed.driven
    return driven.consumers[name] if name in driven.consumers else driven.producers[name]


def _know_key(driven: Driven, key: str | None) -> None:
    if key is not None and key not in driven.keys and len(driven.keys) < MOST_KEYS:
        driven.keys[key] = len(driven.keys)


def _partition(driven: Driven, topic: str, number: int, offset: int) -> DrivenPartition:
    return driven.partitions.setdefault(topic, {}).setdefault(number, DrivenPartition(offset))


def _keep(partition: DrivenPartition, record: KnownRecord) -> None:
    """Records come nearly in the order of their offsets: the place is at the end or just before."""
    records = partition.last_records
    at = len(records)
    while at and records[at - 1].offset > record.offset:
        at -= 1
    records.insert(at, record)
    if len(records) > LAST_RECORDS:
        del records[0]


def _mark(partition: DrivenPartition, marks: bytearray, offset: int) -> None:
    """Count one more for `offset` in one of the partition's tables, which all begin at `first`."""
    if offset < partition.first:
        earlier = bytes(partition.first - offset)
        for table in (partition.ours, *partition.done.values()):
            table[:0] = earlier
        partition.first = offset
    at = offset - partition.first
    if at >= len(marks):
        marks.extend(bytes(at + 1 - len(marks)))
    marks[at] = min(marks[at] + 1, 255)


def _see_end(state: State, at_us: int, topic: str, partition: int, end: int) -> None:
    seen = state.observed.topics.setdefault(topic, SeenTopic())
    if end > seen.ends.now.get(partition, -1):
        seen.ends.see(at_us, {partition: end})
        seen.ends_unknown.pop(partition, None)
