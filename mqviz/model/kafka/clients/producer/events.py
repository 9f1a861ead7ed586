"""A producer's records and batches are sent, retried, split, acknowledged, given up; its transactions."""

from __future__ import annotations

from mqviz.model.command.producer import AddProducer
from mqviz.model.event import Event, Weight


class ProducerAdded(Event, frozen=True):
    """A producer application started; -1 is the id of one that is not idempotent (R57)."""

    name: str
    producer_id: int
    settings: AddProducer


class SendCalled(Event, frozen=True, omit_defaults=True):
    """The application called send(), or `count` times in a row with a like record: they are in a batch;
    `opens`: a new one, after closing the last.


    `keyed`: the key chose the partition. `paced`: it is one of those that the producer's rate asked for.
    `sequence` counts this producer's records to this partition. `value`: a text, None for a tombstone, "" for
    a payload that nobody looks into. `stamp_us`: the timestamp that the application gave; None: now.
    `length`: of a payload that has not the usual size, in bytes. `bytes`: of all.
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

    `first_number`: as in Batch; `thrown`: the exception that the application gets. Unless a leader said no
    before it wrote, they may be in the log all the same (R31); `unresolved`: that leaves a gap in an
    idempotent producer's sequences, perhaps (R60). `invalid`: the broker refused the batch for these of its
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
    """The producer knows that these records are safe, as its `acks` count safe; base offset -1 for acks=0
    (R29).

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


class BatchRetried(Event, frozen=True):
    """A batch that was refused or not answered waits to be sent again, for the n-th time, from `retry_at_us`
    on (R46).

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
    """A batch that the broker found too large is cut into these (records, bytes), which are sent instead
    (R47).
    """

    weight = Weight.STEP
    producer: str
    topic: str
    partition: int
    first: int
    parts: tuple[tuple[int, int], ...]


class SequencesResolved(Event, frozen=True):
    """Nothing is on its way any more, and all that was sent to this partition turned out to be in the log
    (R60).
    """

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
    """The application's oldest send() waits, until `until_us` at most, for `why`: `metadata` or
    `buffer.memory` (R39, R44).
    """

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
    """send() failed before the record was in a batch: the application gets `thrown` (R47)."""

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


class TransactionCalled(Event, frozen=True, omit_defaults=True):
    """The application called initTransactions() (`init`), commitTransaction(), abortTransaction() or
    sendOffsetsToTransaction() (`offsets`, with what it gave), and waits in it."""

    weight = Weight.STEP
    producer: str
    call: str
    group: str = ""
    offsets: tuple[tuple[str, int, int], ...] = ()
    generation: int = -1
    member_id: str = ""


class TransactionBegan(Event, frozen=True):
    """The application called beginTransaction(): nothing is asked of anybody (R61)."""

    weight = Weight.STEP
    producer: str
    transactional_id: str


class TransactionAsked(Event, frozen=True):
    """The client asked a coordinator in request `number`, on behalf of the call that waits."""

    producer: str
    number: int


class TransactionDelayed(Event, frozen=True):
    """The answer was an error that passes; the client asks again at `until_us`."""

    producer: str
    error: int
    named: str
    until_us: int


class PartitionsAsked(Event, frozen=True):
    """The client tells the coordinator in request `number` what it is about to write to (transaction version
    1, R62).
    """

    producer: str
    number: int


class PartitionsRegistered(Event, frozen=True):
    """The coordinator knows that these belong to the transaction: the client may write (transaction version
    1, R62).
    """

    weight = Weight.STEP
    producer: str
    partitions: tuple[tuple[str, int], ...]
    groups: tuple[str, ...]


class PartitionsNotRegistered(Event, frozen=True):
    """The coordinator refused to add them; the client asks again at `until_us`, 0: it does not."""

    producer: str
    error: int
    named: str
    until_us: int


class EpochWanted(Event, frozen=True):
    """The transaction is aborted, and some sequences were never written: the client needs a new epoch
    (transaction version 1).
    """

    weight = Weight.STEP
    producer: str


class ProducerIdTaken(Event, frozen=True):
    """The client uses this producer id and epoch from now on; its sequences begin at 0 (R57, R62)."""

    producer: str
    producer_id: int
    epoch: int


class TransactionReturned(Event, frozen=True, omit_defaults=True):
    """The call is over; `thrown`: the exception that the application got, with its error's number.

    A TimeoutException leaves the call undone: the application may only call the same again. `sent`: records
    of a transaction that ended with it.
    """

    weight = Weight.MOMENT
    producer: str
    call: str
    thrown: str = ""
    error: int = 0
    sent: int = 0


class TransactionCallRefused(Event, frozen=True):
    """The call threw at once, for the state that the client is in (R61)."""

    weight = Weight.MOMENT
    producer: str
    call: str
    state: str
    thrown: str
    error: int
    reason: str


class TransactionFailed(Event, frozen=True):
    """The client is in an error state now: only abortTransaction() leads out of it, or, if `fatal`, only
    close() (R61).
    """

    weight = Weight.MOMENT
    producer: str
    fatal: bool
    error: int
    named: str
    thrown: str
