"""Why: records on their way through the simulated Kafka, in plain words with the numbers of this run."""

from __future__ import annotations

from msgspec.structs import fields

from mqviz.explain import rules
from mqviz.explain.registry import explains, told
from mqviz.facts import simulated
from mqviz.facts.views import Why
from mqviz.facts.words import lasting, names, several
from mqviz.model.command.events import CommandGiven, CommandRefused
from mqviz.model.kafka.clients.consumer.events import RecordsProcessed, RecordsReturned
from mqviz.model.kafka.clients.producer.events import (
    ProducerChanged,
    ProducerPaced,
    RecordsAcknowledged,
    RecordsFailed,
    SendCalled,
)
from mqviz.model.kafka.clients.producer.state import Producer
from mqviz.model.kafka.controller.events import TopicCreated
from mqviz.model.kafka.coordinator.offsets.events import OffsetsCommitted
from mqviz.model.kafka.log.events import BatchAppended, BatchRefused
from mqviz.model.kafka.replication.events import HighWatermarkAdvanced
from mqviz.model.state import State

HASHES = {"java": "murmur2", "librdkafka": "crc32", "murmur2_random": "murmur2"}


def _shown(key: str | None) -> str:
    return "a record without key" if key is None else key


# -- commands and topics ------------------------------------------------------------------------------------


@explains(CommandGiven)
def _given(_: State, event: CommandGiven) -> Why:
    command = event.command
    said = [
        f"{field.name}={_value(getattr(command, field.name))}"
        for field in fields(command)
        if field.name not in ("name", "config") and getattr(command, field.name) != field.default
    ]
    said += [f"{name}={value}" for name, value in getattr(command, "config", {}).items()]
    name = getattr(command, "name", "")
    whose = "the scenario" if event.of_scenario else "command"
    return told(event, f"{whose}: {command.verb} {command.kind} {name}".rstrip(), "  ".join(said))


def _value(value: object) -> str:
    return ",".join(map(str, value)) if isinstance(value, tuple) else str(value)


@explains(CommandRefused)
def _refused(_: State, event: CommandRefused) -> Why:
    return told(event, f"command {event.number} could not be done", event.reason)


@explains(TopicCreated)
def _topic(_: State, event: TopicCreated) -> Why:
    partitions = several(len(event.placement), "partition")
    copies = several(len(event.placement[0]), "replica")
    places = ", ".join(
        f"P{number} on {' '.join(map(str, ids))}" for number, ids in enumerate(event.placement[:3])
    )
    more = " …" if len(event.placement) > 3 else ""
    headline = f"topic {event.topic}: {partitions}, {copies} each"
    return told(event, headline, f"{places}{more}; the first leads", rules.STRIPE, lesson=13)


# -- producing ----------------------------------------------------------------------------------------------


@explains(SendCalled)
def _sent(state: State, event: SendCalled) -> Why:
    producer = state.cluster.producers[event.producer]
    often = f", {event.count} times in a row" if event.count > 1 else ""
    where = f"{event.producer} sends {_shown(event.key)} to P{event.partition}{often}"
    reason, rule = _choice(state, producer, event)
    fate = "a new batch opens" if event.opens else "it joins the batch that waits"
    change = f"{fate}; it leaves after {lasting(producer.settings.linger)} or when full"
    return told(event, where, reason, rule, change, 14)


def _choice(state: State, producer: Producer, event: SendCalled) -> tuple[str, str]:
    """Why this partition, and the rule behind it."""
    client = producer.settings.partitioner
    count = len(state.cluster.topic(event.topic).partitions)
    if event.keyed:
        return f'{HASHES[client]}("{event.key}") % {count} = {event.partition}', rules.SAME_KEY
    rule = rules.STICKY if client == "java" else rules.STICKY_LIBRDKAFKA
    return f"no key: P{event.partition} is where it sends for now", rule


@explains(BatchAppended)
def _appended(state: State, event: BatchAppended) -> Why:
    batch = event.batch
    partition = state.cluster.partition(event.topic, event.partition)
    headline = f"broker {event.broker} writes {_batch(batch.keys)} to P{event.partition}"
    waiting = [str(follower) for follower in partition.isr if follower != event.broker]
    if waiting and partition.led.high_watermark < batch.end_offset:
        reason = f"not readable yet: {names(waiting)} must have it first"
    else:
        reason = "readable at once: there is no other replica"
    offsets = _range(batch.base_offset, batch.end_offset)
    change = f"log end {batch.base_offset} → {batch.end_offset}"
    return told(event, f"{headline}, {offsets}", reason, rules.OFFSETS, change, 13)


def _batch(keys: tuple[str | None, ...]) -> str:
    return _shown(keys[0]) if len(keys) == 1 else several(len(keys), "record")


def _range(first: int, end: int) -> str:
    return f"offset {first}" if end - first == 1 else f"offsets {first} to {end - 1}"


@explains(BatchRefused)
def _batch_refused(_: State, event: BatchRefused) -> Why:
    headline = f"broker {event.broker} refuses {several(event.count, 'record')} for P{event.partition}"
    return told(event, headline, event.named, rules.NOT_WRITTEN)


@explains(HighWatermarkAdvanced)
def _readable(state: State, event: HighWatermarkAdvanced) -> Why:
    partition = state.cluster.partition(event.topic, event.partition)
    have = names([str(broker) for broker in partition.isr])
    what = _range(event.before, event.high_watermark)
    reason = f"brokers {have} have it" if len(partition.isr) > 1 else f"broker {have} is the only replica"
    change = _lag_change(state, event) or f"high watermark {event.before} → {event.high_watermark}"
    return told(event, f"P{event.partition}: {what} can be read", reason, rules.MARK, change, 19)


def _lag_change(state: State, event: HighWatermarkAdvanced) -> str:
    """How the lag of the groups that read this partition grew."""
    found = []
    for group in sorted(state.cluster.groups):
        committed = simulated.committed(state, group, event.topic, event.partition)
        if committed is not None:
            was, now = event.before - committed, event.high_watermark - committed
            found.append(f"lag of {group} on P{event.partition} {was} → {now}")
    return "; ".join(found[:2])


@explains(RecordsAcknowledged)
def _acknowledged(state: State, event: RecordsAcknowledged) -> Why:
    producer = state.cluster.producers[event.producer]
    acks = "all" if producer.settings.acks == "-1" else producer.settings.acks
    what = several(event.count, "record")
    headline = (
        f"{event.producer} is told that {what} on P{event.partition} "
        f"{'is' if event.count == 1 else 'are'} safe"
    )
    if acks == "0":
        headline = f"{event.producer} counts {what} on P{event.partition} as sent"
    change = f"acknowledged {producer.acknowledged - event.count} → {producer.acknowledged}"
    return told(event, headline, f"{producer.sent} sent so far", rules.ACKS[acks], change, 20)


@explains(RecordsFailed)
def _failed(_: State, event: RecordsFailed) -> Why:
    headline = f"{event.producer} gives up {several(event.count, 'record')} for P{event.partition}"
    if event.error == 7:
        reason = "delivery.timeout.ms is over: nobody knows whether they are in the log"
        return told(event, headline, reason, lesson=20)
    return told(event, headline, f"the broker answered {event.named}", rules.NOT_WRITTEN, lesson=20)


@explains(ProducerPaced)
def _paced(_: State, event: ProducerPaced) -> Why:
    return told(event, f"{event.producer} sends {event.rate_per_s:g} records a second from now on")


@explains(ProducerChanged)
def _producer(state: State, event: ProducerChanged) -> Why:
    producer = state.cluster.producers[event.producer]
    waiting = sum(len(batch.keys) for queue in producer.queues.values() for batch in queue.batches)
    reasons = {
        "paused": f"its process is frozen; {several(waiting, 'record')} wait in it",
        "running": "its process goes on where it was",
        "closing": f"it sends {several(waiting, 'record')} that still wait, then it ends",
        "closed": "all that it sent was answered",
        "dead": f"{several(producer.dropped, 'record')} that still waited in its process died with it",
    }
    words = {"running": "goes on", "dead": "is killed", "closing": "closes", "closed": "has ended"}
    headline = f"{event.producer} {words.get(event.state, 'is ' + event.state)}"
    return told(event, headline, reasons[event.state])


# -- consuming ----------------------------------------------------------------------------------------------


@explains(RecordsReturned)
def _returned(state: State, event: RecordsReturned) -> Why:
    count = sum(end - first for _, _, first, end in event.parts)
    consumer = state.cluster.consumers[event.consumer]
    ranges = ", ".join(f"P{p} {_range(first, end)}" for _, p, first, end in event.parts[:3])
    limit = consumer.settings.max_poll_records
    more = f", at most {limit} at a time" if count == limit else ""
    moved = "; ".join(f"position of P{p} {first} → {end}" for _, p, first, end in event.parts[:2])
    headline = f"poll() gives {event.consumer} {several(count, 'record')}"
    return told(event, headline, f"{ranges}{more}", rules.POSITION, moved, 16)


@explains(RecordsProcessed)
def _processed(state: State, event: RecordsProcessed) -> Why:
    consumer = state.cluster.consumers[event.consumer]
    what = f"P{event.partition} {_range(event.first, event.end)}"
    record = state.cluster.groups[event.group].records[
        state.cluster.partition(event.topic, event.partition).key
    ]
    times = record.processed(event.first)
    again = f"; it had been done {'once' if times == 2 else f'{times - 1} times'} before" if times > 1 else ""
    left = sum(part.end - part.first for part in consumer.hand)
    reason = f"{left} more in hand" if left else "all that poll() gave is done"
    headline = f"{event.consumer} is done with {what}{again}"
    change = f"processed {consumer.processed - event.end + event.first} → {consumer.processed}"
    return told(event, headline, reason, rules.ONE_AT_A_TIME, change, 30 if again else 16)


@explains(OffsetsCommitted)
def _committed(state: State, event: OffsetsCommitted) -> Why:
    moved = [
        (topic, partition, was, now)
        for (topic, partition, now), was in zip(event.offsets, event.before, strict=True)
        if was != now
    ]
    if not moved:
        return told(
            event, f"{event.client} commits the same offsets again", "nothing was read since", rules.NEXT
        )
    steps = ", ".join(f"P{p} {'–' if was is None else was} → {now}" for _, p, was, now in moved[:3])
    lags = []
    for topic, partition, was, now in moved[:2]:
        mark = state.cluster.partition(topic, partition).led.high_watermark
        before = "–" if was is None else str(max(0, mark - was))
        after = str(max(0, mark - now))
        if before != after:
            lags.append(f"lag of P{partition} {before} → {after}")
    headline = f"{event.client} commits {steps}"
    return told(event, headline, f"{event.group} would go on there", rules.NEXT, "; ".join(lags), 16)
