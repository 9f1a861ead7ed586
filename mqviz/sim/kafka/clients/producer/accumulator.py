"""Accumulator: send() puts a record into a batch of the partition that its client's rule chooses.

Like a real broker: as its clients, a record joins its partition's last batch while it fits (R40, R41); an
explicit partition comes first, then the partitioner, the key, the sticky partition (R48-R54); each open batch
holds batch.size bytes of buffer.memory until its outcome is known (R41, R44). Compression is a factor on a
record's bytes (R55). Left out: the CPU time of compression, and a ratio that is learned from earlier batches.
"""

from __future__ import annotations

from mqviz.kafka import partitioners
from mqviz.kafka.records import compressed
from mqviz.model.kafka.clients.producer.accumulator import OpenBatch, Queue
from mqviz.model.kafka.clients.producer.events import SendCalled, StickyMoved
from mqviz.model.kafka.clients.producer.state import Call, Producer, Sticky
from mqviz.model.kafka.log.sizes import BATCH_HEADER, record_size
from mqviz.sim.engine import Simulation
from mqviz.sim.kafka import metadata
from mqviz.sim.kafka.clients.producer import config as settings
from mqviz.sim.streams import Numbers


def append(sim: Simulation, producer: Producer, call: Call, most: int = 1) -> tuple[Queue, bool] | None:
    """Put the record of `call` into a batch: (its queue, whether that is new), None without memory for one.

    `most`: how often the application makes this call in a row; those that surely join the same batch come
    along in one event.
    """
    cluster = sim.state.cluster
    key = None if call.key is None else call.key.encode()
    partition, keyed = (call.partition, True) if call.partition >= 0 else _choose(sim, producer, call, key)
    place = cluster.partition(call.topic, partition).key
    queue = producer.queues.get(place)
    size = _size_in_last(sim, producer, queue, call, key)
    opens = size is None
    if size is None:
        size = BATCH_HEADER + _record_size(producer, call, key, 0, 0)
        if _exhausted(producer, size):
            return None
    sequence = queue.next_sequence if queue else 0
    count = 1
    if most > 1:
        count, size = _alike(producer, call, key, None if opens else queue, size, most, keyed)
    event = SendCalled(
        *sim.stamp(),
        producer.name,
        call.topic,
        partition,
        sequence,
        call.key,
        size,
        keyed,
        opens,
        call.paced,
        call.value,
        call.stamp_us,
        call.length,
        count,
    )
    sim.cause = sim.emit(event)
    if not keyed and _java_moves_after(producer):
        _move(sim, producer, call.topic)
    return producer.queues[place], opens


def has_room(producer: Producer, call: Call) -> bool:
    """Whether a batch's worth of buffer.memory is free for a call that waited for it."""
    key = None if call.key is None else call.key.encode()
    return not _exhausted(producer, BATCH_HEADER + _record_size(producer, call, key, 0, 0))


def _exhausted(producer: Producer, size: int) -> bool:
    """Whether buffer.memory has no room for another batch (R44); librdkafka counts records instead (R54)."""
    if producer.settings.partitioner != "java":
        return False
    charge = max(int(producer.settings.batch_size), size)
    return producer.buffered + charge > settings.number(producer, "buffer.memory")


def _size_in_last(
    sim: Simulation, producer: Producer, queue: Queue | None, call: Call, key: bytes | None
) -> int | None:
    """Bytes of the record in the queue's last batch; None: it needs a new batch (R41)."""
    last = queue.batches[-1] if queue and queue.batches else None
    if last is None or last.closed:
        return None
    first_us = last.created[0] if last.created else last.created_at_us
    ms_delta = (sim.now_us if call.stamp_us is None else call.stamp_us) // 1000 - first_us // 1000
    size = _record_size(producer, call, key, len(last.keys), ms_delta)
    fits = last.bytes + size <= producer.settings.batch_size
    return (
        size
        if fits and (producer.settings.partitioner == "java" or not counts_full(producer, last))
        else None
    )


def counts_full(producer: Producer, batch: OpenBatch) -> bool:
    """Whether a batch of librdkafka has as many records as it takes (R54)."""
    return len(batch.keys) >= settings.number(producer, "batch.num.messages")


def _alike(
    producer: Producer, call: Call, key: bytes | None, queue: Queue | None, first: int, most: int, keyed: bool
) -> tuple[int, int]:
    """(count, bytes) of the records like the `first` bytes that fit with it into its batch, an empty one
    without `queue`.

    Where a record's size changes with its place in the batch, and where Java would leave the partition, the
    run ends.
    """
    last = queue.batches[-1] if queue else None
    inside, held = (len(last.keys), last.bytes) if last else (0, 0)
    size = first if last else first - BATCH_HEADER
    room = producer.settings.batch_size - held - first
    if not keyed and producer.sticky is not None:
        room = min(room, 2 * producer.settings.batch_size - producer.sticky.bytes - first)
    same = next(step for step in DELTA_STEPS if step > inside) - inside - 1
    more = max(0, min(most - 1, room // size, same))
    return 1 + more, first + more * size


DELTA_STEPS = (64, 8_192, 1_048_576, 1 << 40)
"""Places in a batch from which on the offset delta takes a byte more (R40)."""


def _record_size(producer: Producer, call: Call, key: bytes | None, offset_delta: int, ms_delta: int) -> int:
    size = record_size(
        None if key is None else len(key), value_length(producer, call), offset_delta, ms_delta
    )
    kind = producer.settings.config.get("compression.type")
    return size if kind is None else compressed(kind, size)


def value_length(producer: Producer, call: Call) -> int | None:
    """Bytes of the record's value; None for a tombstone."""
    if call.value == "":
        return int(producer.settings.value_size) if call.length < 0 else call.length
    return None if call.value is None else len(call.value.encode())


def partitions(sim: Simulation, producer: Producer, name: str) -> int:
    """How many partitions of a topic this producer knows of; 0: it was told that there is no such topic."""
    cluster = sim.state.cluster
    topic = cluster.topics.get(name) or cluster.gone.get(name)
    if topic is None:
        return 0
    if not topic.counts and not topic.deleted:
        return len(topic.partitions)
    return metadata.partitions(topic, "producer", producer.name, producer.incarnation)


# -- which partition -----------------------------------------------------------------------------------------


def _choose(sim: Simulation, producer: Producer, call: Call, key: bytes | None) -> tuple[int, bool]:
    """The partition of a record, and whether its key chose it (R48)."""
    given = producer.settings
    count = partitions(sim, producer, call.topic)
    if given.config:
        if settings.text(producer, "partitioner.class").endswith("RoundRobinPartitioner"):
            return _next_in_turn(sim, producer, call.topic), True
        if given.partitioner == "java" and settings.flag(producer, "partitioner.ignore.keys"):
            key = None
    keyed = partitioners.keyed_partition(given.partitioner, key, count)
    if keyed is not None:
        return keyed, True
    sticky = producer.sticky
    if sticky is None or sticky.partition >= count or _moves(sim, producer, sticky, call):
        return _move(sim, producer, call.topic), False
    return sticky.partition, False


def _next_in_turn(sim: Simulation, producer: Producer, topic: str) -> int:
    """RoundRobinPartitioner: a cycle of unknown order over what is available (R53)."""
    drawn = Numbers(sim.seed, f"producer {producer.name} cycle")
    cycle = sorted(_available(sim, producer, topic), key=lambda number: drawn.random(number))
    return cycle[producer.sent % len(cycle)]


def _available(sim: Simulation, producer: Producer, topic: str) -> list[int]:
    """Partitions that have a leader as far as this producer knows; all of them while none has (R51, R53)."""
    known = sim.state.cluster.topic(topic).partitions[: partitions(sim, producer, topic)]
    who = (producer.name, producer.incarnation)
    led = [each.number for each in known if metadata.leader(each, "producer", *who) >= 0]
    return led or [*range(len(known))]


def _moves(sim: Simulation, producer: Producer, sticky: Sticky, call: Call) -> bool:
    """Whether records without key go elsewhere from this one on (R51, R54)."""
    if producer.settings.partitioner != "java":
        linger_us = settings.number(producer, "sticky.partitioning.linger.ms") * 1_000
        return sim.now_us - sticky.chosen_at_us >= linger_us
    queue = producer.queues.get(sim.state.cluster.partition(call.topic, sticky.partition).key)
    fits = _size_in_last(sim, producer, queue, call, None) is not None
    return partitioners.java_moves_before(sticky.bytes, int(producer.settings.batch_size), fits)


def _java_moves_after(producer: Producer) -> bool:
    sticky, given = producer.sticky, producer.settings
    return (
        sticky is not None
        and given.partitioner == "java"
        and partitioners.java_moves_after(sticky.bytes, int(given.batch_size))
    )


def _move(sim: Simulation, producer: Producer, topic: str) -> int:
    """Draw the next partition for records without key; it may be the same again (R51, R52)."""
    known = sim.state.cluster.topic(topic).partitions[: partitions(sim, producer, topic)]
    stream = sim.stream(f"producer {producer.name} partitions")
    queues = [producer.queues.get(partition.key) for partition in known]
    lengths = [len(queue.batches) for queue in queues if queue is not None]
    if len(lengths) == len(known) and len(set(lengths)) > 1 and _adapts(producer):
        chosen = partitioners.weighted(stream.random(), lengths)
    else:
        chosen = stream.choice(_available(sim, producer, topic))
    sim.emit(StickyMoved(*sim.stamp(), producer.name, chosen))
    return chosen


def _adapts(producer: Producer) -> bool:
    adaptive = "partitioner.adaptive.partitioning.enable"
    return producer.settings.partitioner == "java" and settings.flag(producer, adaptive)


def busy(producer: Producer) -> bool:
    """Whether something that it sent has no outcome yet."""
    if any(producer.requests.values()):
        return True
    return any(queue.batches or queue.in_flight for queue in producer.queues.values())
