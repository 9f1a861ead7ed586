"""Why: transactions, from the first record to the marker, in plain words with the numbers of this run."""

from __future__ import annotations

from mqviz.model.readings import Why
from mqviz.model.state import State
from mqviz.model.transactions import (
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
from mqviz.model.why import explains, told
from mqviz.model.words import several


@explains(ProducerIdAssigned)
def _assigned(_: State, event: ProducerIdAssigned) -> Why:
    return told(
        event,
        f"{event.transactional_id} has producer id {event.producer_id}, epoch {event.epoch}",
        "Its producer called initTransactions(); the coordinator wrote the new epoch down.",
        "A transactional.id has one live epoch: whoever comes with an older one is fenced.",
    )


@explains(ProducerIdReserved)
def _reserved(_: State, event: ProducerIdReserved) -> Why:
    return told(event, f"an idempotent producer has producer id {event.producer_id}, epoch 0")


@explains(AddedToTransaction)
def _added(_: State, event: AddedToTransaction) -> Why:
    parts = [f"{topic}-{number}" for topic, number in event.partitions]
    groups = [f"the offsets of group {group}" for group in event.groups]
    return told(
        event,
        f"{', '.join(parts + groups)} joined the transaction of {event.transactional_id}",
        "It is the first time that this transaction writes there.",
        "Until the transaction ends, read_committed consumers of a partition stop before its first record.",
    )


@explains(TransactionFenced)
def _fenced(_: State, event: TransactionFenced) -> Why:
    return told(
        event,
        f"the transaction of {event.transactional_id} is taken from its producer: epoch {event.epoch}",
        f"The coordinator did it because {event.reason}.",
        "What has the old epoch is refused from now on; the open transaction is aborted.",
    )


@explains(TransactionPrepared)
def _prepared(_: State, event: TransactionPrepared) -> Why:
    outcome = "commit" if event.commit else "abort"
    return told(
        event,
        f"the transaction of {event.transactional_id} is decided: {outcome}",
        f"The coordinator's record of it is replicated; the next epoch is {event.epoch}.",
        "From here on the outcome cannot change: the markers follow, whatever fails.",
    )


@explains(MarkersWritten)
def _written(state: State, event: MarkersWritten) -> Why:
    found = state.cluster.transactions.ids[event.transactional_id]
    left = len(found.partitions) + len(found.groups)
    return told(
        event,
        f"{several(len(event.partitions) + len(event.groups), 'marker')} of {event.transactional_id} written",
        f"{several(left, 'marker')} to go." if left else "That was the last one.",
    )


@explains(TransactionCompleted)
def _completed(_: State, event: TransactionCompleted) -> Why:
    outcome = "committed" if event.commit else "aborted"
    return told(
        event,
        f"the transaction of {event.transactional_id} is {outcome} everywhere",
        "Every partition and group that it touched has its marker.",
        "A marker takes one offset and is never handed to an application.",
    )


@explains(TransactionalIdExpired)
def _expired(_: State, event: TransactionalIdExpired) -> Why:
    return told(
        event,
        f"the coordinator forgot {event.transactional_id}",
        "Nobody used it for transactional.id.expiration.ms.",
    )


@explains(TransactionLoaded)
def _loaded(_: State, event: TransactionLoaded) -> Why:
    return told(
        event,
        f"broker {event.coordinator} coordinates {event.transactional_id} now",
        "It leads the partition of __transaction_state that holds the id, and read there how things stand.",
        "What was decided is done by whoever coordinates next: no outcome is ever lost.",
    )


@explains(TransactionalOffsetsWritten)
def _offsets(_: State, event: TransactionalOffsetsWritten) -> Why:
    said = ", ".join(f"{topic}-{number} {offset}" for topic, number, offset in event.offsets)
    return told(
        event,
        f"group {event.group} holds offsets of {event.transactional_id}: {said}",
        "They came inside of a transaction, so they count only when it commits.",
        "Who asks for them meanwhile is told UNSTABLE_OFFSET_COMMIT and asks again.",
    )


@explains(TransactionalOffsetsEnded)
def _ended(_: State, event: TransactionalOffsetsEnded) -> Why:
    return told(
        event,
        f"the offsets that group {event.group} held for a transaction are {'committed' if event.commit else 'dropped'}",
        "The marker of their transaction arrived.",
        "Offsets and output have the same fate: that is what exactly-once means here.",
    )
