"""What becomes of a transactional.id: its producer id and epoch, its partitions, its state."""

from __future__ import annotations

from mqviz.model.event import applies
from mqviz.model.kafka.coordinator.transaction.events import (
    AddedToTransaction,
    MarkersWritten,
    ProducerIdAssigned,
    ProducerIdReserved,
    TransactionalIdExpired,
    TransactionalOffsetsEnded,
    TransactionalOffsetsWritten,
    TransactionCompleted,
    TransactionFenced,
    TransactionLoaded,
    TransactionPrepared,
)
from mqviz.model.kafka.coordinator.transaction.state import MOVES, Transaction
from mqviz.model.moves import move
from mqviz.model.state import State


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
