"""Transactions: the coordinator of a transactional.id, and offsets that a transaction commits.

Like a real broker: InitProducerId gives epoch 0, later one more, and aborts what a former owner left open
(R61, R62, R65); EndTxn decides by one replicated write, is answered with the raised epoch and then sends the
markers (R62); a transaction older than its transaction.timeout.ms is found by a check every 10 s and aborted
with a raised epoch (R64); offsets wait in the group until the marker comes (R66); when its partition of
__transaction_state has another leader, that one goes on with what is decided and not done, and nobody writes
while fewer than transaction.state.log.min.isr are there; an unused id is forgotten after
transactional.id.expiration.ms.
Left out: time to load; a fence that is not yet written is remembered by the next coordinator; epochs that run
out, two-phase commit (KIP-939, S13).
"""

from __future__ import annotations

from mqviz.kafka.errors import Error
from mqviz.model.kafka.controller.events import CoordinatorsMoved
from mqviz.model.kafka.coordinator.classic.events import GroupCreated
from mqviz.model.kafka.coordinator.transaction.events import (
    ProducerIdAssigned,
    ProducerIdReserved,
    TransactionalIdExpired,
    TransactionalOffsetsWritten,
    TransactionFenced,
    TransactionLoaded,
    TransactionPrepared,
)
from mqviz.model.kafka.coordinator.transaction.state import Transaction
from mqviz.model.kafka.protocol.requests import (
    EndTxnRequest,
    InitProducerIdRequest,
    OffsetCommitRequest,
    TxnOffsetCommitRequest,
)
from mqviz.model.kafka.protocol.responses import (
    EndTxnResponse,
    InitProducerIdResponse,
    TxnOffsetCommitResponse,
)
from mqviz.sim.engine import TIMER, Simulation, due, reacts
from mqviz.sim.kafka.broker.verification import add, can_act, check, coordinator_of, refusal, watch, writable
from mqviz.sim.kafka.coordinator import lookup, offsets
from mqviz.sim.kafka.coordinator.consumer import reconciliation
from mqviz.sim.kafka.coordinator.lookup import write_us
from mqviz.sim.kafka.coordinator.transaction import markers
from mqviz.sim.kafka.network import sockets
from mqviz.sim.kafka.network.connection import connection_of, respond, serves

IDLE = ("Empty", "CompleteCommit", "CompleteAbort")
EXPIRY_CHECK_US = 3_600_000_000
"""transaction.remove.expired.transaction.cleanup.interval.ms"""


# -- who coordinates -----------------------------------------------------------------------------------------


def misdirected(sim: Simulation, number: int, transactional_id: str) -> Error:
    """Why this broker does not answer for the id, or NONE; a new coordinator loads it first."""
    coordinator = coordinator_of(sim, transactional_id)
    if coordinator < 0 or not writable(sim, transactional_id):
        return Error.COORDINATOR_NOT_AVAILABLE
    if connection_of(sim, number).broker != coordinator:
        return Error.NOT_COORDINATOR
    load(sim, transactional_id)
    return Error.NONE


@reacts(CoordinatorsMoved)
def _coordinators_moved(sim: Simulation, event: CoordinatorsMoved) -> None:
    """Partitions of __transaction_state may have other leaders: these load the ids in them."""
    why = sim.cause
    for name in list(sim.state.cluster.transactions.ids):
        sim.cause = why
        load(sim, name)


def load(sim: Simulation, transactional_id: str) -> None:
    """A broker that coordinates the id since now goes on with what is decided and not done (R61, R62)."""
    found = sim.state.cluster.transactions.ids.get(transactional_id)
    coordinator = coordinator_of(sim, transactional_id)
    if found is None or coordinator in (-1, found.coordinator):
        return
    sim.cause = sim.emit(TransactionLoaded(*sim.stamp(), transactional_id, coordinator))
    if found.state == "PrepareEpochFence":
        sim.schedule(write_us(sim), TIMER, _fenced, transactional_id, found.epoch)
    elif found.state in ("PrepareCommit", "PrepareAbort"):
        markers.send_markers(sim, found)
    watch(sim)


# -- InitProducerId ------------------------------------------------------------------------------------------


@serves(InitProducerIdRequest)
def _serve_init(sim: Simulation, number: int, request: InitProducerIdRequest) -> None:
    if not request.transactional_id:
        reserved = sim.state.cluster.last_producer_id + 1
        sim.emit(ProducerIdReserved(*sim.stamp(), reserved))
        respond(sim, number, InitProducerIdResponse(0, reserved, 0))
        return
    error = _init_error(sim, number, request)
    if error:
        respond(sim, number, InitProducerIdResponse(error))
    else:
        sim.schedule(write_us(sim), TIMER, _init, number)


def _init_error(sim: Simulation, number: int, request: InitProducerIdRequest) -> Error:
    """Why the owner does not get its id now; an open transaction is ended first, and the client asks again
    (R65).
    """
    error = misdirected(sim, number, request.transactional_id)
    if error:
        return error
    longest_us = sim.scenario.cluster.setting("transaction.max.timeout.ms") * 1_000
    if not 0 < request.transaction_timeout_us <= longest_us:
        return Error.INVALID_TRANSACTION_TIMEOUT
    found = sim.state.cluster.transactions.ids.get(request.transactional_id)
    if found is None or found.state in IDLE:
        return Error.NONE
    if found.state == "Ongoing":
        _fence(sim, found, "another producer began with the same transactional.id")
    return Error.CONCURRENT_TRANSACTIONS


@due
def _init(sim: Simulation, number: int) -> None:
    flight = sim.state.cluster.requests.get(number)
    if flight is None or not isinstance(flight.request, InitProducerIdRequest):
        return
    if not sockets.awake(sim, flight.broker, _init, number):
        return
    request = flight.request
    error = _init_error(sim, number, request)
    if error:
        respond(sim, number, InitProducerIdResponse(error))
        return
    found = sim.state.cluster.transactions.ids.get(request.transactional_id)
    producer_id = found.producer_id if found else sim.state.cluster.last_producer_id + 1
    epoch = found.epoch + 1 if found else 0
    here = connection_of(sim, number).broker
    name, timeout_us = request.transactional_id, request.transaction_timeout_us
    sim.cause = sim.emit(ProducerIdAssigned(*sim.stamp(), name, here, producer_id, epoch, timeout_us))
    respond(sim, number, InitProducerIdResponse(0, producer_id, epoch))
    if found is None:
        _expire_later(sim, request.transactional_id, sim.now_us)


# -- EndTxn --------------------------------------------------------------------------------------------------


@serves(EndTxnRequest)
def _serve_end(sim: Simulation, number: int, request: EndTxnRequest) -> None:
    error, acts = _verdict(sim, number, request)
    if acts:
        sim.schedule(write_us(sim), TIMER, _end, number)
    else:
        _answer_end(sim, number, request, error)


@due
def _end(sim: Simulation, number: int) -> None:
    flight = sim.state.cluster.requests.get(number)
    if flight is None or not isinstance(flight.request, EndTxnRequest):
        return
    if not sockets.awake(sim, flight.broker, _end, number):
        return
    request = flight.request
    error, acts = _verdict(sim, number, request)
    found = sim.state.cluster.transactions.ids.get(request.transactional_id)
    if found is None or not acts:
        _answer_end(sim, number, request, error)
        return
    sim.cause = _prepare(sim, found, request.commit, found.epoch + request.raises, request.raises)
    _answer_end(sim, number, request, Error.NONE)
    markers.send_markers(sim, found)


def _answer_end(sim: Simulation, number: int, request: EndTxnRequest, error: Error) -> None:
    found = sim.state.cluster.transactions.ids.get(request.transactional_id)
    granted = (found.producer_id, found.epoch) if found and not error else (-1, -1)
    respond(sim, number, EndTxnResponse(error, *granted))


def _verdict(sim: Simulation, number: int, request: EndTxnRequest) -> tuple[Error, bool]:
    """(error, whether there is something to end)."""
    error = misdirected(sim, number, request.transactional_id)
    if error:
        return error, False
    found = sim.state.cluster.transactions.ids.get(request.transactional_id)
    if found is None or found.producer_id != request.producer_id:
        return Error.INVALID_PRODUCER_ID_MAPPING, False
    judge = verdict if request.raises else verdict_1
    return judge(found, request.producer_epoch, request.commit)


def verdict(found: Transaction, epoch: int, commit: bool) -> tuple[Error, bool]:
    """(error, whether there is something to end), for an EndTxn of this epoch: the epoch before is a retry
    (R61).
    """
    state, outcome = found.state, "Commit" if commit else "Abort"
    ended = state not in ("Empty", "Ongoing", "PrepareEpochFence")
    again = ended and epoch == found.epoch - 1
    if epoch != found.epoch and not again:
        return Error.PRODUCER_FENCED, False
    if state.startswith("Prepare"):
        going = state in (f"Prepare{outcome}", "PrepareEpochFence")
        return Error.CONCURRENT_TRANSACTIONS if going else Error.INVALID_TXN_STATE, False
    if state == "Ongoing":
        return Error.NONE, True
    if again:
        return Error.NONE if state == f"Complete{outcome}" else Error.INVALID_TXN_STATE, False
    return (Error.INVALID_TXN_STATE, False) if commit else (Error.NONE, True)


def verdict_1(found: Transaction, epoch: int, commit: bool) -> tuple[Error, bool]:
    """The same for a client of transaction version 1, whose epoch stays: its retry finds the outcome, or that
    it waits for markers.
    """
    outcome = "Commit" if commit else "Abort"
    if epoch != found.epoch:
        return Error.PRODUCER_FENCED, False
    if found.state == "Ongoing":
        return Error.NONE, True
    if found.state == f"Prepare{outcome}":
        return Error.CONCURRENT_TRANSACTIONS, False
    return Error.NONE if found.state == f"Complete{outcome}" else Error.INVALID_TXN_STATE, False


def _prepare(sim: Simulation, found: Transaction, commit: bool, epoch: int, raised: bool = True) -> int:
    return sim.emit(TransactionPrepared(*sim.stamp(), found.transactional_id, commit, epoch, raised))


# -- fencing, timeout, expiry --------------------------------------------------------------------------------


def _fence(sim: Simulation, found: Transaction, reason: str) -> None:
    """Take an open transaction from its producer: epoch + 1, then abort (R64, R65)."""
    why = sim.cause
    event = TransactionFenced(*sim.stamp(), found.transactional_id, found.epoch + 1, reason)
    sim.cause = sim.emit(event)
    sim.schedule(write_us(sim), TIMER, _fenced, found.transactional_id, found.epoch)
    sim.cause = why


@due
def _fenced(sim: Simulation, transactional_id: str, epoch: int) -> None:
    found = sim.state.cluster.transactions.ids[transactional_id]
    if found.state != "PrepareEpochFence" or found.epoch != epoch:
        return
    if can_act(sim, transactional_id, _fenced, transactional_id, epoch):
        sim.cause = _prepare(sim, found, False, epoch)
        markers.send_markers(sim, found)


@check.filled
def _check(sim: Simulation) -> None:
    ids = sim.state.cluster.transactions.ids
    for found in list(ids.values()):
        alive = coordinator_of(sim, found.transactional_id) == found.coordinator
        if (
            alive
            and writable(sim, found.transactional_id)
            and found.state == "Ongoing"
            and found.began_at_us + found.timeout_us < sim.now_us
        ):
            sim.cause = found.began_by
            _fence(sim, found, "it is open for longer than transaction.timeout.ms")
    if any(found.state == "Ongoing" for found in ids.values()):
        watch(sim)


def _expire_later(sim: Simulation, transactional_id: str, since_us: int) -> None:
    lasts_us = sim.scenario.cluster.setting("transactional.id.expiration.ms") * 1_000
    at_us = -(-(since_us + lasts_us) // EXPIRY_CHECK_US) * EXPIRY_CHECK_US
    sim.schedule(max(EXPIRY_CHECK_US, at_us - sim.now_us), TIMER, _expire, transactional_id)


@due
def _expire(sim: Simulation, transactional_id: str) -> None:
    found = sim.state.cluster.transactions.ids[transactional_id]
    lasts_us = sim.scenario.cluster.setting("transactional.id.expiration.ms") * 1_000
    if found.state in IDLE and found.changed_at_us + lasts_us <= sim.now_us:
        sim.emit(TransactionalIdExpired(*sim.stamp(), transactional_id))
    else:
        _expire_later(sim, transactional_id, found.changed_at_us)


# -- TxnOffsetCommit -----------------------------------------------------------------------------------------


@serves(TxnOffsetCommitRequest)
def _serve_offsets(sim: Simulation, number: int, request: TxnOffsetCommitRequest) -> None:
    error = _offsets_error(sim, number, request)
    if error:
        respond(sim, number, TxnOffsetCommitResponse(error))
        return
    if request.group not in sim.state.cluster.groups:
        here = connection_of(sim, number).broker
        sim.cause = sim.emit(GroupCreated(*sim.stamp(), request.group, here))
    add(sim, request.producer_id, (), (request.group,))
    sim.schedule(write_us(sim), TIMER, _offsets_written, number)


def _offsets_error(sim: Simulation, number: int, request: TxnOffsetCommitRequest) -> Error:
    if not offsets.known(sim, request.offsets):
        return Error.UNKNOWN_TOPIC_OR_PARTITION
    if connection_of(sim, number).broker != lookup.coordinator_of(sim, request.group):
        return Error.NOT_COORDINATOR
    error = refusal(sim, request.producer_id, request.producer_epoch)
    if error:
        return error
    commit = OffsetCommitRequest(request.group, request.generation, request.member_id, request.offsets)
    modern = sim.state.cluster.consumer_groups.get(request.group)
    if modern:
        if commit.generation == -1 and not commit.member_id:
            return Error.NONE
        error = reconciliation.commit_error(modern, commit)
        return Error.ILLEGAL_GENERATION if error == Error.STALE_MEMBER_EPOCH else error
    return offsets.commit_error(sim.state.cluster.groups.get(request.group), commit, transactional=True)


@due
def _offsets_written(sim: Simulation, number: int) -> None:
    flight = sim.state.cluster.requests.get(number)
    if flight is None or not isinstance(flight.request, TxnOffsetCommitRequest):
        return
    if not sockets.awake(sim, flight.broker, _offsets_written, number):
        return
    request = flight.request
    error = refusal(sim, request.producer_id, request.producer_epoch)
    if not error:
        name, owner, kept = request.transactional_id, request.producer_id, offsets.known(sim, request.offsets)
        sim.cause = sim.emit(TransactionalOffsetsWritten(*sim.stamp(), request.group, name, owner, kept))
        error = Error.NONE if kept == request.offsets else Error.UNKNOWN_TOPIC_OR_PARTITION
    respond(sim, number, TxnOffsetCommitResponse(error))
