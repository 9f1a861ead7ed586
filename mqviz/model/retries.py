"""Retries: batches that go back to the queue, are split, or begin their sequences anew, and send() that blocks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mqviz.model.event import Event, Weight, applies
from mqviz.model.producer import Call

if TYPE_CHECKING:
    from mqviz.model.state import State


class BatchRetried(Event, frozen=True):
    """A batch that was refused or not answered waits to be sent again, for the n-th time, from `retry_at_us` on (R46).

    `first`: running number of its first record; `named`: the error's name and code.
    """

    weight = Weight.STEP
    producer: str
    topic: str
    partition: int
    first: int
    count: int
    error: int
    named: str
    attempt: int
    retry_at_us: int
    in_order: bool


class BatchSplit(Event, frozen=True):
    """A batch that the broker found too large is cut into these (records, bytes), which are sent instead (E47)."""

    weight = Weight.STEP
    producer: str
    topic: str
    partition: int
    first: int
    parts: tuple[tuple[int, int], ...]


class SequencesResolved(Event, frozen=True):
    """Nothing is on its way any more, and all that was sent to this partition turned out to be in the log (R60)."""

    producer: str
    topic: str
    partition: int


class ProducerEpochBumped(Event, frozen=True):
    """The producer begins its sequences for this partition at 0 again, in a new epoch (R60)."""

    weight = Weight.MOMENT
    producer: str
    topic: str
    partition: int
    epoch: int


class SendCame(Event, frozen=True, omit_defaults=True):
    """The application called send() and must wait in it, or behind another send() that waits."""

    producer: str
    topic: str
    partition: int
    key: str | None
    value: str | None = ""
    stamp_us: int | None = None
    length: int = -1
    paced: bool = False


class SendBlocked(Event, frozen=True):
    """The application's oldest send() waits, until `until_us` at most, for `why`: `metadata` or `buffer.memory` (R39, R44)."""

    weight = Weight.MOMENT
    producer: str
    why: str
    until_us: int


class FlushCalled(Event, frozen=True):
    """The application called flush(): what waits leaves without waiting for linger.ms (R42)."""

    weight = Weight.STEP
    producer: str


class SendWentOn(Event, frozen=True):
    """The oldest send() that waited need not wait any more."""

    weight = Weight.STEP
    producer: str
    waited_us: int


class SendFailed(Event, frozen=True):
    """send() failed before the record was in a batch: the application gets `thrown` (E47)."""

    weight = Weight.MOMENT
    producer: str
    topic: str
    partition: int
    key: str | None
    thrown: str
    error: int
    reason: str
    waited: bool
    paced: bool


@applies(BatchRetried)
def _retried(state: State, event: BatchRetried) -> None:
    producer = state.cluster.producers[event.producer]
    queue = producer.queue(event.topic, event.partition)
    batch = queue.take(event.first)
    if batch is not None:
        producer.retries += 1
        batch.attempts, batch.retry_at_us, batch.request = event.attempt, event.retry_at_us, 0
        queue.put_back(batch, event.in_order)


@applies(BatchSplit)
def _split(state: State, event: BatchSplit) -> None:
    producer = state.cluster.producers[event.producer]
    queue = producer.queue(event.topic, event.partition)
    batch = queue.take(event.first)
    if batch is None:
        return
    producer.buffered -= batch.charge
    begin, parts = 0, []
    for count, size in event.parts:
        parts.append(batch.part(begin, begin + count, size))
        begin += count
    for part in reversed(parts):
        queue.put_back(part, in_order=part.sequence > 0)


@applies(SequencesResolved)
def _resolved(state: State, event: SequencesResolved) -> None:
    state.cluster.producers[event.producer].queue(event.topic, event.partition).unresolved = False


@applies(ProducerEpochBumped)
def _bumped(state: State, event: ProducerEpochBumped) -> None:
    producer = state.cluster.producers[event.producer]
    producer.epoch = event.epoch
    producer.queue(event.topic, event.partition).begin_epoch(event.epoch)


@applies(SendCame)
def _came(state: State, event: SendCame) -> None:
    call = Call(
        event.topic, event.partition, event.key, event.value, event.stamp_us, event.length, event.paced
    )
    state.cluster.producers[event.producer].calls.append(call)


@applies(FlushCalled)
def _flushed(state: State, event: FlushCalled) -> None:
    for queue in state.cluster.producers[event.producer].queues.values():
        if queue.batches:
            queue.batches[-1].closed = True


@applies(SendBlocked)
def _blocked(state: State, event: SendBlocked) -> None:
    producer = state.cluster.producers[event.producer]
    producer.calls[0].until_us, producer.calls[0].why = event.until_us, event.why
    producer.life += 1


@applies(SendWentOn)
def _went_on(state: State, event: SendWentOn) -> None:
    del state.cluster.producers[event.producer].calls[0]


@applies(SendFailed)
def _send_failed(state: State, event: SendFailed) -> None:
    producer = state.cluster.producers[event.producer]
    producer.refused += 1
    if event.waited:
        del producer.calls[0]
    if event.paced:
        producer.paced += 1
        producer.last_paced_at_us = event.at_us
        producer.turn += 1
