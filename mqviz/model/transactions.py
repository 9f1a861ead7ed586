"""Transactions: what the coordinator of a transactional.id knows, and offsets that wait for the end of a transaction.

The states and their legal moves are the table MOVES, TransactionState in Kafka (R61); an event that asks for another
move raises. Partitions are added by the first batch that is written to them, groups by the first offsets (TV2, R62).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from mqviz.model.event import Event, Weight, applies
from mqviz.model.group import move

if TYPE_CHECKING:
    from mqviz.model.state import State

MOVES: dict[str, tuple[str, ...]] = {
    "Empty": ("Empty", "Ongoing", "PrepareAbort", "Dead"),
    "Ongoing": ("Ongoing", "PrepareCommit", "PrepareAbort", "PrepareEpochFence"),
    "PrepareEpochFence": ("PrepareAbort",),
    "PrepareCommit": ("CompleteCommit",),
    "PrepareAbort": ("CompleteAbort",),
    "CompleteCommit": ("Empty", "Ongoing", "PrepareAbort", "Dead"),
    "CompleteAbort": ("Empty", "Ongoing", "PrepareAbort", "Dead"),
    "Dead": (),
}
"""From each state of a transactional.id the states that may follow (R61)."""


class Transaction(msgspec.Struct):
    """A transactional.id, its producer id and newest epoch, and its transaction, if there is one.

    `partitions`, `groups`: what belongs to the open transaction, or still waits for its marker; `commit`: how it ends.
    `began_at_us`: since when it is Ongoing; `changed_at_us`: when the coordinator last wrote about it. `coordinator`: the broker that
    looks after it. `began_by`, `decided_by`: the events with which its transaction was opened and decided. `raised`: the epoch
    was raised for its end.
    """

    transactional_id: str
    producer_id: int
    epoch: int
    timeout_us: int
    state: str = "Empty"
    partitions: list[tuple[str, int]] = msgspec.field(default_factory=list)
    groups: list[str] = msgspec.field(default_factory=list)
    commit: bool = False
    began_at_us: int = 0
    changed_at_us: int = 0
    coordinator: int = -1
    began_by: int = 0
    decided_by: int = 0
    raised: bool = True


class Transactions(msgspec.Struct):
    """`ids`: every transactional.id by name; `owners`: the id of each producer id. `pending`: by group and producer id the
    offsets (topic, partition, offset, the event that wrote them) that count only when the transaction commits (R66, E65)."""

    ids: dict[str, Transaction] = msgspec.field(default_factory=dict)
    owners: dict[int, str] = msgspec.field(default_factory=dict)
    pending: dict[str, dict[int, list[tuple[str, int, int, int]]]] = msgspec.field(default_factory=dict)

    def of(self, producer_id: int) -> Transaction | None:
        """The transactional.id that has this producer id."""
        return self.ids.get(self.owners.get(producer_id, ""))

    def unstable(self, group: str, topic: str, partition: int) -> bool:
        """Whether an open transaction holds an offset of this partition (E45)."""
        held = self.pending.get(group, {}).values()
        return any((t, p) == (topic, partition) for offsets in held for t, p, *_ in offsets)


class ProducerIdAssigned(Event, frozen=True):
    """The coordinator gave the owner of a transactional.id its producer id and epoch; no older epoch may write (R65)."""

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
    """The coordinator took the transaction from its producer by a higher epoch; it will be aborted (R64, R65)."""

    weight = Weight.MOMENT
    transactional_id: str
    epoch: int
    reason: str


class TransactionPrepared(Event, frozen=True, omit_defaults=True):
    """The outcome is decided: PrepareCommit or PrepareAbort is on __transaction_state (R62); `raised`: with a higher epoch."""

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
    """The marker reached the group: its waiting offsets of this producer id are committed, or dropped (R66, E45).

    Those that somebody committed again since they were written do not count (E65).
    """

    weight = Weight.STEP
    group: str
    producer_id: int
    commit: bool


def _moved(state: State, transactional_id: str, then: str, at_us: int) -> Transaction:
    found = state.cluster.transactions.ids[transactional_id]
    found.state = move(MOVES, found.state, then, f"transactional.id {transactional_id}")
    found.changed_at_us = at_us
    return found


@applies(ProducerIdAssigned)
def _assigned(state: State, event: ProducerIdAssigned) -> None:
    table = state.cluster.transactions
    name = event.transactional_id
    if name in table.ids:
        found = _moved(state, name, "Empty", event.at_us)
        table.owners.pop(found.producer_id)
        found.producer_id, found.epoch, found.timeout_us = event.producer_id, event.epoch, event.timeout_us
    else:
        table.ids[name] = Transaction(name, event.producer_id, event.epoch, event.timeout_us)
        table.ids[name].changed_at_us = event.at_us
    table.ids[name].coordinator = event.broker
    table.owners[event.producer_id] = name
    state.cluster.last_producer_id = max(state.cluster.last_producer_id, event.producer_id)


@applies(ProducerIdReserved)
def _reserved(state: State, event: ProducerIdReserved) -> None:
    state.cluster.last_producer_id = event.producer_id


@applies(AddedToTransaction)
def _added(state: State, event: AddedToTransaction) -> None:
    before = state.cluster.transactions.ids[event.transactional_id].state
    found = _moved(state, event.transactional_id, "Ongoing", event.at_us)
    if before != "Ongoing":
        found.began_at_us, found.began_by = event.at_us, event.id
    found.partitions += [each for each in event.partitions if each not in found.partitions]
    found.groups += [each for each in event.groups if each not in found.groups]


@applies(TransactionFenced)
def _fenced(state: State, event: TransactionFenced) -> None:
    _moved(state, event.transactional_id, "PrepareEpochFence", event.at_us).epoch = event.epoch


@applies(TransactionPrepared)
def _prepared(state: State, event: TransactionPrepared) -> None:
    then = "PrepareCommit" if event.commit else "PrepareAbort"
    found = _moved(state, event.transactional_id, then, event.at_us)
    found.commit, found.epoch, found.decided_by = event.commit, event.epoch, event.id
    found.raised = event.raised


@applies(MarkersWritten)
def _written(state: State, event: MarkersWritten) -> None:
    found = state.cluster.transactions.ids[event.transactional_id]
    found.partitions = [each for each in found.partitions if each not in event.partitions]
    found.groups = [each for each in found.groups if each not in event.groups]


@applies(TransactionCompleted)
def _completed(state: State, event: TransactionCompleted) -> None:
    then = "CompleteCommit" if event.commit else "CompleteAbort"
    _moved(state, event.transactional_id, then, event.at_us)


@applies(TransactionalIdExpired)
def _expired(state: State, event: TransactionalIdExpired) -> None:
    found = _moved(state, event.transactional_id, "Dead", event.at_us)
    del state.cluster.transactions.ids[event.transactional_id]
    del state.cluster.transactions.owners[found.producer_id]


@applies(TransactionLoaded)
def _loaded(state: State, event: TransactionLoaded) -> None:
    state.cluster.transactions.ids[event.transactional_id].coordinator = event.coordinator


@applies(TransactionalOffsetsWritten)
def _offsets(state: State, event: TransactionalOffsetsWritten) -> None:
    held = state.cluster.transactions.pending.setdefault(event.group, {}).setdefault(event.producer_id, [])
    again = [(topic, partition) for topic, partition, _ in event.offsets]
    held[:] = [each for each in held if each[:2] not in again]
    held += [(topic, partition, offset, event.id) for topic, partition, offset in event.offsets]


@applies(TransactionalOffsetsEnded)
def _ended(state: State, event: TransactionalOffsetsEnded) -> None:
    held = state.cluster.transactions.pending.get(event.group, {})
    held.pop(event.producer_id, None)
    if not held:
        state.cluster.transactions.pending.pop(event.group, None)
