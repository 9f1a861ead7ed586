"""A transactional.id gets a producer id; partitions join its transaction, which is decided and completed."""

from __future__ import annotations

from mqviz.model.event import Event, Weight


class ProducerIdAssigned(Event, frozen=True):
    """The coordinator gave the owner of a transactional.id its producer id and epoch; no older epoch may
    write (R65).
    """

    weight = Weight.STEP
    transactional_id: str
    broker: int
    producer_id: int
    epoch: int
    timeout_us: int


class ProducerIdReserved(Event, frozen=True):
    """An idempotent producer without transactions got its id (R57)."""

    producer_id: int


class AddedToTransaction(Event, frozen=True):
    """A partition or a group's offsets belong to the transaction now; it is open (R61, R62)."""

    weight = Weight.STEP
    transactional_id: str
    partitions: tuple[tuple[str, int], ...]
    groups: tuple[str, ...]


class TransactionFenced(Event, frozen=True):
    """The coordinator took the transaction from its producer by a higher epoch; it will be aborted (R64,
    R65).
    """

    weight = Weight.MOMENT
    transactional_id: str
    epoch: int
    reason: str


class TransactionPrepared(Event, frozen=True, omit_defaults=True):
    """The outcome is decided: PrepareCommit or PrepareAbort is on __transaction_state (R62); `raised`: with a
    higher epoch.
    """

    weight = Weight.MOMENT
    transactional_id: str
    commit: bool
    epoch: int
    raised: bool = True


class MarkersWritten(Event, frozen=True):
    """These partitions and groups have the marker; the coordinator waits for the others (R62)."""

    transactional_id: str
    partitions: tuple[tuple[str, int], ...]
    groups: tuple[str, ...]


class TransactionCompleted(Event, frozen=True):
    """Every marker is written: CompleteCommit or CompleteAbort (R62)."""

    weight = Weight.MOMENT
    transactional_id: str
    commit: bool


class TransactionalIdExpired(Event, frozen=True):
    """Nobody used the id for transactional.id.expiration.ms; the coordinator forgets it (R61)."""

    transactional_id: str


class TransactionLoaded(Event, frozen=True):
    """Another broker coordinates the id now; it goes on from what is in __transaction_state (R61)."""

    weight = Weight.MOMENT
    transactional_id: str
    coordinator: int


class TransactionalOffsetsWritten(Event, frozen=True):
    """Offsets of a group are stored, but count only if the transaction commits (R66)."""

    weight = Weight.STEP
    group: str
    transactional_id: str
    producer_id: int
    offsets: tuple[tuple[str, int, int], ...]


class TransactionalOffsetsEnded(Event, frozen=True):
    """The marker reached the group: its waiting offsets of this producer id are committed, or dropped (R66).

    Those that somebody committed again since they were written do not count (R82).
    """

    weight = Weight.STEP
    group: str
    producer_id: int
    commit: bool
