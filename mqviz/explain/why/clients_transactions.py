"""Why: what a transactional producer's application called, what came of it, and what went wrong."""

from __future__ import annotations

from mqviz.explain.registry import explains, told
from mqviz.facts.views import Why
from mqviz.facts.words import lasting, several
from mqviz.model.kafka.clients.producer.events import (
    EpochWanted,
    PartitionsAsked,
    PartitionsNotRegistered,
    PartitionsRegistered,
    ProducerIdTaken,
    TransactionAsked,
    TransactionBegan,
    TransactionCalled,
    TransactionCallRefused,
    TransactionDelayed,
    TransactionFailed,
    TransactionReturned,
)
from mqviz.model.state import State

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
