"""Why, in plain words with the numbers of this run: transactions, as their coordinator sees them."""

from __future__ import annotations

from mqviz.explain.registry import explains, told
from mqviz.facts.views import Why
from mqviz.facts.words import several
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
from mqviz.model.state import State


@explains(ProducerIdAssigned)
def _assigned(_: State, event: ProducerIdAssigned) -> Why:
    return told(
        event,
        f"{event.transactional_id} has producer id {event.producer_id}, epoch {event.epoch}",
        "it called initTransactions(); the epoch is written down",
        "one live epoch an id: who has an older one is fenced",
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
        "the transaction writes there for the first time",
        "until it ends, read_committed stops before it",
    )


@explains(TransactionFenced)
def _fenced(_: State, event: TransactionFenced) -> Why:
    return told(
        event,
        f"the transaction of {event.transactional_id} is taken from its producer: epoch {event.epoch}",
        f"{event.reason}",
        "the old epoch is refused, the transaction aborted",
    )


@explains(TransactionPrepared)
def _prepared(_: State, event: TransactionPrepared) -> Why:
    outcome = "commit" if event.commit else "abort"
    return told(
        event,
        f"the transaction of {event.transactional_id} is decided: {outcome}",
        f"it is in the coordinator's log; next epoch {event.epoch}",
        "decided is decided: the markers will follow",
    )


@explains(MarkersWritten)
def _written(state: State, event: MarkersWritten) -> Why:
    found = state.cluster.transactions.ids[event.transactional_id]
    left = len(found.partitions) + len(found.groups)
    return told(
        event,
        f"{several(len(event.partitions) + len(event.groups), 'marker')} of {event.transactional_id} written",
        f"{several(left, 'marker')} to go" if left else "that was the last one",
    )


@explains(TransactionCompleted)
def _completed(_: State, event: TransactionCompleted) -> Why:
    outcome = "committed" if event.commit else "aborted"
    return told(
        event,
        f"the transaction of {event.transactional_id} is {outcome} everywhere",
        "every partition and group of it has its marker",
        "a marker takes an offset, and no application sees it",
    )


@explains(TransactionalIdExpired)
def _expired(_: State, event: TransactionalIdExpired) -> Why:
    return told(
        event,
        f"the coordinator forgot {event.transactional_id}",
        "nobody used it for transactional.id.expiration.ms",
    )


@explains(TransactionLoaded)
def _loaded(_: State, event: TransactionLoaded) -> Why:
    return told(
        event,
        f"broker {event.coordinator} coordinates {event.transactional_id} now",
        "it leads the id's partition of __transaction_state",
        "what was decided is done by the next coordinator",
    )


@explains(TransactionalOffsetsWritten)
def _offsets(_: State, event: TransactionalOffsetsWritten) -> Why:
    said = ", ".join(f"{topic}-{number} {offset}" for topic, number, offset in event.offsets)
    return told(
        event,
        f"group {event.group} holds offsets of {event.transactional_id}: {said}",
        "they count when their transaction commits",
        "until then the answer is UNSTABLE_OFFSET_COMMIT",
    )


@explains(TransactionalOffsetsEnded)
def _ended(_: State, event: TransactionalOffsetsEnded) -> Why:
    return told(
        event,
        f"the offsets that group {event.group} held for a transaction are "
        f"{'committed' if event.commit else 'dropped'}",
        "the marker of their transaction arrived",
        "exactly once: offsets and output share one fate",
    )
