"""Why: what a transactional producer's application called, what came of it, and what went wrong."""

from __future__ import annotations

from mqviz.model.readings import Why
from mqviz.model.state import State
from mqviz.model.transactional import (
    ProducerIdTaken,
    TransactionAsked,
    TransactionBegan,
    TransactionCalled,
    TransactionCallRefused,
    TransactionDelayed,
    TransactionFailed,
    TransactionReturned,
)
from mqviz.model.why import explains, told
from mqviz.model.words import lasting, several

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
        "init": "it asks the coordinator of its transactional.id for an epoch, which shuts out whoever had the id before",
        "commit": "what it has sent must be acknowledged first, then the coordinator decides",
        "abort": "what has not left yet is dropped, then the coordinator decides",
        "offsets": f"{several(len(event.offsets), 'offset')} of group {event.group} are to be committed with the transaction",
    }
    return told(event, f"{event.producer} calls {CALLS[event.call]}", reasons[event.call])


@explains(TransactionBegan)
def _began(_: State, event: TransactionBegan) -> Why:
    reason = "only the client knows of it: the coordinator hears of a transaction by its first record"
    return told(event, f"{event.producer} begins a transaction", reason)


@explains(TransactionAsked)
def _asked(_: State, event: TransactionAsked) -> Why:
    return told(event, f"{event.producer} asks the coordinator and waits")


@explains(TransactionDelayed)
def _delayed(_: State, event: TransactionDelayed) -> Why:
    headline = f"{event.producer} will ask again in {lasting(event.until_us - event.at_us)}"
    return told(event, headline, f"the answer was {event.named}, which passes")


@explains(ProducerIdTaken)
def _taken(_: State, event: ProducerIdTaken) -> Why:
    headline = f"{event.producer} writes as producer id {event.producer_id}, epoch {event.epoch}, from now on"
    return told(
        event,
        headline,
        rule="Each transaction with data has an epoch of its own; sequences begin at 0 in it.",
    )


@explains(TransactionReturned)
def _returned(_: State, event: TransactionReturned) -> Why:
    call = CALLS[event.call]
    if not event.thrown:
        done = f", with {several(event.sent, 'record')}" if event.sent else ""
        return told(event, f"{call} of {event.producer} returns{done}")
    if "Timeout" in event.thrown or "TIMED_OUT" in event.thrown:
        reason, rule = "no coordinator answered within max.block.ms", "The call may only be repeated."
    else:
        reason, rule = "the transaction is in an error state", ""
    return told(event, f"{call} of {event.producer} throws {event.thrown}", reason, rule)


@explains(TransactionCallRefused)
def _refused(_: State, event: TransactionCallRefused) -> Why:
    return told(event, f"{CALLS[event.call]} of {event.producer} throws {event.thrown}", event.reason)


@explains(TransactionFailed)
def _failed(_: State, event: TransactionFailed) -> Why:
    if event.fatal:
        rule = "Nothing but close() is possible now: a newer owner of the id may be at work."
        return told(event, f"{event.producer} is out: {event.thrown}", f"it was told {event.named}", rule)
    rule = "abortTransaction() is the only way on."
    return told(
        event,
        f"the transaction of {event.producer} cannot be committed any more",
        f"error: {event.named}",
        rule,
    )
