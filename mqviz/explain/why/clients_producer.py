"""Why: batches that were retried, split or given up, send() that had to wait,
and what a leader knew already.
"""

from __future__ import annotations

from functools import partial

from mqviz.explain.registry import explains, told
from mqviz.facts.views import Why
from mqviz.facts.words import lasting, number, several
from mqviz.model.kafka.clients.producer.events import (
    BatchRetried,
    BatchSplit,
    FlushCalled,
    ProducerEpochBumped,
    SendBlocked,
    SendFailed,
    SendWentOn,
)
from mqviz.model.kafka.log.events import BatchRepeated
from mqviz.model.state import State


@explains(BatchRepeated)
def _repeated(_: State, event: BatchRepeated) -> Why:
    headline = f"broker {event.broker} has {several(event.count, 'record')} of {event.producer} already"
    reason = f"its sequences are those of the batch at {event.base_offset}: nothing is written"
    rule = "the leader knows the last 5 batches of a producer id"
    return told(event, headline, reason, rule)


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
