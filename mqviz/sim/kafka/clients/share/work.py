"""Share work: what the application of a share consumer does with the records that poll() returned.

Like a real broker: as a real application, one thread, one record at a time (S18); each record is accepted,
released or rejected on its own (R133), and a slow or poisoned one holds up only itself (R135). Left out:
renewing locks by itself.
"""

from __future__ import annotations

from bisect import bisect_right

from mqviz.model.kafka.clients.share.events import (
    ShareCallFailed,
    ShareConsumerChanged,
    ShareRecordsAcked,
    ShareRecordsWorked,
    ShareRecordTaken,
)
from mqviz.model.kafka.clients.share.state import ShareConsumer
from mqviz.model.kafka.log.batch import Batch
from mqviz.sim.engine import STEP, Simulation, due
from mqviz.sim.kafka.clients.share import consumer as actor


@actor.work.filled
def work(sim: Simulation, consumer: ShareConsumer) -> None:
    """Take the next record of the last poll; after the last one commit, or poll again."""
    if consumer.settings.calls == "manual":
        return
    while consumer.hand:
        if consumer.state == "closing":
            actor.close(sim, consumer)
            return
        if consumer.processing_us:
            _take(sim, consumer)
            return
        topic, partition, first, _ = consumer.hand[0]
        _done(sim, consumer, topic, partition, first, _alike(consumer))
    if consumer.state == "closing":
        actor.close(sim, consumer)
    elif consumer.settings.commit == "batch" and consumer.delivered:
        actor.commit(sim, consumer)
    else:
        actor.poll(sim, consumer)


def _take(sim: Simulation, consumer: ShareConsumer) -> None:
    topic, partition, first, _ = consumer.hand[0]
    key, _value = _content(consumer, topic, partition, first)
    takes_us = consumer.processing_us
    if consumer.settings.service_times == "exponential":
        takes_us = sim.stream(f"share consumer {consumer.name} service").exponential(takes_us)
    event = ShareRecordTaken(*sim.stamp(), consumer.name, topic, partition, first, key, sim.now_us + takes_us)
    sim.schedule(takes_us, STEP, _processed, consumer.name, consumer.life, cause=sim.emit(event))


@due
def _processed(sim: Simulation, name: str, life: int) -> None:
    consumer = sim.state.cluster.share_consumers[name]
    taken = consumer.taken
    if consumer.life != life or taken is None:
        return
    _done(sim, consumer, taken.topic, taken.partition, taken.offset, taken.offset + 1)
    if consumer.settings.commit == "record" and consumer.state == "running":
        actor.commit(sim, consumer)
    else:
        work(sim, consumer)


def _done(sim: Simulation, consumer: ShareConsumer, topic: str, partition: int, first: int, end: int) -> None:
    """The work on these records is done; in explicit mode each is acknowledged at once."""
    sim.cause = sim.emit(ShareRecordsWorked(*sim.stamp(), consumer.name, topic, partition, first, end))
    if consumer.explicit:
        acks = ((topic, partition, first, end, verdict(consumer, topic, partition, first)),)
        sim.emit(ShareRecordsAcked(*sim.stamp(), consumer.name, acks))


def _alike(consumer: ShareConsumer) -> int:
    """The end of the records at hand that are acknowledged alike."""
    topic, partition, first, end = consumer.hand[0]
    settings = consumer.settings
    if not consumer.explicit or not (settings.poison or settings.invalid):
        return end
    kind = verdict(consumer, topic, partition, first)
    offset = first + 1
    while offset < end and verdict(consumer, topic, partition, offset) == kind:
        offset += 1
    return offset


def verdict(consumer: ShareConsumer, topic: str, partition: int, offset: int) -> str:
    """What the application says of a record: by its key or value, else what it says of all."""
    settings = consumer.settings
    if settings.poison or settings.invalid:
        content = _content(consumer, topic, partition, offset)
        if any(text in settings.poison for text in content):
            return "release"
        if any(text in settings.invalid for text in content):
            return "reject"
    return settings.ack


def _content(
    consumer: ShareConsumer, topic: str, partition: int, offset: int
) -> tuple[str | None, str | None]:
    """Key and value of a record that poll() returned."""
    batch = _batch(consumer, topic, partition, offset)
    if batch is None:
        return None, None
    index = offset - batch.base_offset
    return batch.keys[index], batch.value(index)


def _batch(consumer: ShareConsumer, topic: str, partition: int, offset: int) -> Batch | None:
    for part in consumer.delivered:
        if (part.topic, part.partition) == (topic, partition) and part.first <= offset < part.end:
            index = bisect_right(part.batches, offset, key=lambda batch: batch.end_offset)
            found = part.batches[index] if index < len(part.batches) else None
            return found if found is not None and found.base_offset <= offset else None  # None: a gap
    return None


@actor.go_on.filled
def go_on(sim: Simulation, consumer: ShareConsumer) -> None:
    """After a commit, or when a frozen process goes on."""
    if consumer.settings.calls == "manual":
        actor.progress(sim, consumer)
    elif consumer.taken is not None:
        left_us = max(0, consumer.taken.ends_at_us - sim.now_us)
        sim.schedule(left_us, STEP, _processed, consumer.name, consumer.life)
    elif consumer.activity in ("idle", "processing"):
        work(sim, consumer)
    else:
        actor.progress(sim, consumer)


@actor.fail.filled
def fail(sim: Simulation, consumer: ShareConsumer, call: str, exception: str) -> None:
    """A call of the application threw."""
    sim.emit(ShareCallFailed(*sim.stamp(), consumer.name, consumer.settings.group, call, exception))


@actor.change.filled
def change(sim: Simulation, consumer: ShareConsumer, state: str, activity: str = "") -> None:
    """The process is in another state; see ShareConsumer.state."""
    group = consumer.settings.group
    sim.cause = sim.emit(ShareConsumerChanged(*sim.stamp(), consumer.name, group, state, activity))
