"""Why, in plain words with the numbers of this run: the events of mqviz/model/kafka/clients/producer."""

from __future__ import annotations

from functools import partial

from mqviz.explain import rules
from mqviz.explain.registry import explains, told
from mqviz.facts.views import Why
from mqviz.facts.words import lasting, number, several
from mqviz.model.kafka.clients.producer.events import (
    BatchRetried,
    BatchSplit,
    EpochWanted,
    FlushCalled,
    PartitionsAsked,
    PartitionsNotRegistered,
    PartitionsRegistered,
    ProducerChanged,
    ProducerEpochBumped,
    ProducerIdTaken,
    ProducerPaced,
    RecordsAcknowledged,
    RecordsFailed,
    SendBlocked,
    SendCalled,
    SendFailed,
    SendWentOn,
    TransactionAsked,
    TransactionBegan,
    TransactionCalled,
    TransactionCallRefused,
    TransactionDelayed,
    TransactionFailed,
    TransactionReturned,
)
from mqviz.model.kafka.clients.producer.state import Producer
from mqviz.model.state import State

_why = partial(told, lesson=20)


@explains(BatchRetried)
def _retried(_: State, event: BatchRetried) -> Why:
    what = several(event.count, "record")
    headline = f"{event.producer} will send {what} for P{event.partition} again, try {event.attempt + 1}"
    wait = lasting(event.retry_at_us - event.at_us)
    reason = f"the answer was {event.named}; it waits {wait}, or for a new leader"
    order = (
        "with idempotence a retry keeps its place in order"
        if event.in_order
        else "without idempotence a retry may be late, or twice"
    )
    return _why(event, headline, reason, order)


@explains(BatchSplit)
def _split(_: State, event: BatchSplit) -> Why:
    counts = " + ".join(str(count) for count, _ in event.parts)
    headline = f"{event.producer} cuts a batch for P{event.partition} into {counts} records"
    return _why(event, headline, "the broker answered MESSAGE_TOO_LARGE (10)", "the parts keep their order")


@explains(ProducerEpochBumped)
def _bumped(_: State, event: ProducerEpochBumped) -> Why:
    headline = f"{event.producer} begins epoch {event.epoch} for P{event.partition}"
    reason = "its sequences there have a gap that no retry can fill, so they begin at 0 again"
    return _why(event, headline, reason, "a new epoch begins at sequence 0")


@explains(FlushCalled)
def _flushed(_: State, event: FlushCalled) -> Why:
    return _why(event, f"the application of {event.producer} calls flush()", "it waits for what it sent")


@explains(SendBlocked)
def _blocked(state: State, event: SendBlocked) -> Why:
    producer = state.cluster.producers[event.producer]
    headline = f"send() blocks in {event.producer}, for {lasting(event.until_us - event.at_us)} at most"
    reason = "the client knows no such partition and waits for metadata"
    if event.why == "buffer.memory":
        reason = f"its batches hold {number(producer.buffered)} bytes of buffer.memory: no room for another"
    return _why(event, headline, reason, "a full buffer blocks send(): nothing is dropped")


@explains(SendWentOn)
def _went_on(_: State, event: SendWentOn) -> Why:
    return _why(event, f"send() goes on in {event.producer}", f"it waited {lasting(event.waited_us)}")


@explains(SendFailed)
def _send_failed(_: State, event: SendFailed) -> Why:
    return _why(event, f"send() fails in {event.producer}: {event.thrown}", event.reason)


CALLS = {
    "init": "initTransactions()",
    "begin": "beginTransaction()",
    "commit": "commitTransaction()",
    "abort": "abortTransaction()",
    "offsets": "sendOffsetsToTransaction()",
}


@explains(TransactionCalled)
def _called(_: State, event: TransactionCalled) -> Why:
    reasons = {
        "init": "it asks for an epoch, which fences whoever had the id",
        "commit": "first all it sent must be acknowledged",
        "abort": "first what has not left yet is dropped",
        "offsets": f"{several(len(event.offsets), 'offset')} of group {event.group} go with the transaction",
    }
    return told(event, f"{event.producer} calls {CALLS[event.call]}", reasons[event.call])


@explains(TransactionBegan)
def _began(_: State, event: TransactionBegan) -> Why:
    reason = "the coordinator hears of it by its first record"
    return told(event, f"{event.producer} begins a transaction", reason)


@explains(TransactionAsked)
def _asked(_: State, event: TransactionAsked) -> Why:
    return told(event, f"{event.producer} asks the coordinator and waits")


@explains(TransactionDelayed)
def _delayed(_: State, event: TransactionDelayed) -> Why:
    headline = f"{event.producer} will ask again in {lasting(event.until_us - event.at_us)}"
    return told(event, headline, f"the answer was {event.named}, which passes")


@explains(PartitionsAsked)
def _partitions_asked(_: State, event: PartitionsAsked) -> Why:
    return told(event, f"{event.producer} tells the coordinator where it will write, and waits")


@explains(PartitionsRegistered)
def _partitions_added(_: State, event: PartitionsRegistered) -> Why:
    count = len(event.partitions) + len(event.groups)
    headline = f"{several(count, 'partition')} more belong to the transaction of {event.producer}"
    return told(event, headline, "the coordinator has written that down, so it may write there now")


@explains(PartitionsNotRegistered)
def _partitions_not_added(_: State, event: PartitionsNotRegistered) -> Why:
    headline = f"{event.producer} may not write in its transaction yet"
    return told(event, headline, f"the coordinator answered {event.named}")


@explains(EpochWanted)
def _epoch_wanted(_: State, event: EpochWanted) -> Why:
    headline = f"{event.producer} asks for a new epoch"
    return told(
        event, headline, "its sequences have a gap since records failed, so they must begin at 0 again"
    )


@explains(ProducerIdTaken)
def _taken(_: State, event: ProducerIdTaken) -> Why:
    headline = f"{event.producer} writes as producer id {event.producer_id}, epoch {event.epoch}, from now on"
    return told(
        event,
        headline,
        rule="each transaction has an epoch of its own",
    )


@explains(TransactionReturned)
def _returned(_: State, event: TransactionReturned) -> Why:
    call = CALLS[event.call]
    if not event.thrown:
        done = f", with {several(event.sent, 'record')}" if event.sent else ""
        return told(event, f"{call} of {event.producer} returns{done}")
    if "Timeout" in event.thrown or "TIMED_OUT" in event.thrown:
        reason, rule = "no coordinator answered within max.block.ms", "the call may only be repeated"
    else:
        reason, rule = "the transaction is in an error state", ""
    return told(event, f"{call} of {event.producer} throws {event.thrown}", reason, rule)


@explains(TransactionCallRefused)
def _refused(_: State, event: TransactionCallRefused) -> Why:
    return told(event, f"{CALLS[event.call]} of {event.producer} throws {event.thrown}", event.reason)


@explains(TransactionFailed)
def _failed(_: State, event: TransactionFailed) -> Why:
    if event.fatal:
        rule = "only close() is left: another owns the id"
        return told(event, f"{event.producer} is out: {event.thrown}", f"it was told {event.named}", rule)
    rule = "abortTransaction() is the only way on"
    return told(
        event,
        f"the transaction of {event.producer} cannot be committed any more",
        f"error: {event.named}",
        rule,
    )


HASHES = {"java": "murmur2", "librdkafka": "crc32", "murmur2_random": "murmur2"}


def _shown(key: str | None) -> str:
    return "a record without key" if key is None else key


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
def _records_failed(_: State, event: RecordsFailed) -> Why:
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
