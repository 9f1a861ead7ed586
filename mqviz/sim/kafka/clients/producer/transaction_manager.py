"""Transactional: what the client of a transactional producer does when its application calls it, and what can
go wrong.

Like a real broker: as TransactionManager and Sender of the Java client. Calls that the state does not allow
throw at once; initTransactions(), commitTransaction(), abortTransaction() and sendOffsetsToTransaction() wait
for their coordinator, at most max.block.ms, and can only be repeated after that (R61). An end flushes what
was sent, asks nobody if that is nothing, and takes the raised epoch from the answer (R62). An error of a
batch or a request makes the transaction one that can only be aborted; PRODUCER_FENCED is final; an old epoch
on send is not (R64, R65). librdkafka says the same with its own codes, but takes an old epoch on send for
final, and speaks transaction version 1 (clients/producer/registration.py). Left out: finding coordinators
(S11), adjusting the sequences behind a failed batch: those batches fail too.
"""

from __future__ import annotations

from mqviz.kafka.errors import Error, java_class, named, retriable
from mqviz.model.kafka.clients.producer.events import (
    EpochWanted,
    ProducerIdTaken,
    RecordsFailed,
    TransactionAsked,
    TransactionBegan,
    TransactionCalled,
    TransactionCallRefused,
    TransactionDelayed,
    TransactionFailed,
    TransactionReturned,
)
from mqviz.model.kafka.clients.producer.state import STATE_OF_CALL, TRANSACTION_MOVES, Producer
from mqviz.model.kafka.network.state import InFlight
from mqviz.model.kafka.protocol.requests import (
    AnyRequest,
    EndTxnRequest,
    InitProducerIdRequest,
    TxnOffsetCommitRequest,
)
from mqviz.model.kafka.protocol.responses import EndTxnResponse, InitProducerIdResponse
from mqviz.sim.engine import TIMER, Simulation, due
from mqviz.sim.hook import Hook
from mqviz.sim.kafka.broker import verification
from mqviz.sim.kafka.clients.producer import config as settings
from mqviz.sim.kafka.clients.producer import registration
from mqviz.sim.kafka.clients.producer.accumulator import busy
from mqviz.sim.kafka.clients.producer.registration import AGAIN, FENCED, of
from mqviz.sim.kafka.coordinator import lookup
from mqviz.sim.kafka.network.connection import receives, send

METHODS = {
    "init": "initTransactions",
    "begin": "beginTransaction",
    "commit": "commitTransaction",
    "abort": "abortTransaction",
    "offsets": "sendOffsetsToTransaction",
}

SAID = (Error.INVALID_TXN_STATE, Error.INVALID_PRODUCER_ID_MAPPING)
"""Final answers that the Java client throws as they are; any other one that it does not expect is a
KafkaException.
"""

Thrown = tuple[str, Error, str]
"""(exception, error, reason) of a call that throws at once."""

drain: Hook[[Simulation, Producer], None] = Hook("send what may leave")
returned: Hook[[Simulation, Producer, str, str], None] = Hook("let the application go on after a call")


# -- what the application calls ------------------------------------------------------------------------------


def begin(sim: Simulation, producer: Producer) -> bool:
    """beginTransaction(); False if it threw."""
    if _refused(sim, producer, "begin", "IN_TRANSACTION"):
        return False
    name = of(producer).transactional_id
    sim.cause = sim.emit(TransactionBegan(*sim.stamp(), producer.name, name))
    return True


def call(sim: Simulation, producer: Producer, what: str) -> bool:
    """initTransactions() (`init`), commitTransaction() or abortTransaction(); False if it threw at once."""
    if _refused(sim, producer, what, STATE_OF_CALL[what]):
        return False
    _wait(sim, producer, TransactionCalled(*sim.stamp(), producer.name, what))
    return True


def send_offsets(
    sim: Simulation,
    producer: Producer,
    group: str,
    offsets: tuple[tuple[str, int, int], ...],
    identity: tuple[str, int] | None,
) -> bool:
    """sendOffsetsToTransaction() with a member's (id, generation); False if it threw at once (R66)."""
    if _refused(sim, producer, "offsets", "IN_TRANSACTION"):
        return False
    member_id, generation = identity or ("", -1)
    event = TransactionCalled(*sim.stamp(), producer.name, "offsets", group, offsets, generation, member_id)
    _wait(sim, producer, event)
    return True


def send_error(producer: Producer) -> Thrown | None:
    """Why send() of this transactional producer throws now (R61)."""
    found = of(producer)
    if found.failed:
        return _failure(producer)
    if found.call and not (found.call == "offsets" and found.waiting):
        return _unfinished(producer, "send")
    if found.state != "IN_TRANSACTION":
        reason = f"Cannot add partition to transaction while in state {found.state}"
        if producer.producer_id < 0:
            reason = "Cannot add partition to transaction before completing a call to initTransactions"
        return _illegal(producer, reason)
    return None


def _refused(sim: Simulation, producer: Producer, what: str, then: str) -> bool:
    """Whether the call throws at once; then the application is told."""
    thrown = _wrong(producer, what, then)
    if thrown is None:
        return False
    exception, error, reason = thrown
    state = of(producer).state
    event = TransactionCallRefused(*sim.stamp(), producer.name, what, state, exception, error, reason)
    sim.cause = sim.emit(event)
    return True


def _wrong(producer: Producer, what: str, then: str) -> Thrown | None:
    found = of(producer)
    if found.call:
        same = found.call == what and not found.waiting
        return None if same else _unfinished(producer, METHODS[what])
    if found.failed and not (what == "abort" and found.state == "ABORTABLE_ERROR"):
        return _failure(producer)
    if what == "offsets":
        reason = f"Cannot send offsets if a transaction is not in progress (currentState= {found.state})"
        return None if found.state == then else _illegal(producer, reason)
    if then in TRANSACTION_MOVES[found.state]:
        return None
    start = f"TransactionalId {found.transactional_id}: Invalid transition attempted from state"
    return _illegal(producer, f"{start} {found.state} to state {then}")


def _unfinished(producer: Producer, what: str) -> Thrown:
    before = METHODS[of(producer).call]
    reason = (
        f"Cannot attempt operation `{what}` because the previous call to `{before}` timed out and "
        "must be retried"
    )
    return _illegal(producer, reason)


def _illegal(producer: Producer, reason: str) -> Thrown:
    java = producer.settings.partitioner == "java"
    return ("IllegalStateException" if java else "KafkaError _STATE"), Error.NONE, reason


def _failure(producer: Producer) -> Thrown:
    """What every call throws in an error state: the error itself if it is about the epoch, else what wraps
    it.
    """
    found = of(producer)
    error = Error(found.error)
    if error in FENCED or producer.settings.partitioner != "java":
        return found.thrown, error, f"the producer of {found.transactional_id} was refused: {named(error)}"
    reason = "Cannot execute transactional method because we are in an error state"
    return f"KafkaException<-{found.thrown}", error, reason


def _wait(sim: Simulation, producer: Producer, event: TransactionCalled) -> None:
    sim.cause = sim.emit(event)
    wait_us = settings.number(producer, "max.block.ms") * 1_000
    args = (producer.name, producer.incarnation, of(producer).called)
    sim.schedule(wait_us, TIMER, blocked, *args)
    progress(sim, producer)
    if of(producer).flushes:
        drain(sim, producer)


@due
def blocked(sim: Simulation, name: str, incarnation: int, called: int) -> None:
    """The call took max.block.ms: the application gets a TimeoutException, the call goes on behind it."""
    producer = sim.state.cluster.producers[name]
    found = producer.transaction
    if found is None or (producer.incarnation, found.called) != (incarnation, called) or not found.waiting:
        return
    java = producer.settings.partitioner == "java"
    if producer.state in ("running", "closing"):
        _return(
            sim, producer, "TimeoutException" if java else "KafkaError _TIMED_OUT", Error.REQUEST_TIMED_OUT
        )


# -- what the client does ------------------------------------------------------------------------------------


@registration.progress.filled
def progress(sim: Simulation, producer: Producer) -> None:
    """Do what can be done now of the call that is not done: flush, ask, or return."""
    found = of(producer)
    if producer.state not in ("running", "closing"):
        return
    if found.state in ("ABORTING", "ABORTABLE_ERROR"):
        _drop(sim, producer, sent_too=False)
    if not found.call or found.request or found.failed or sim.now_us < found.again_at_us:
        return
    if found.flushes and found.adding:
        return
    if not found.flushes:
        _ask(sim, producer)
    elif not busy(producer) and not producer.calls:
        if registration.begun(producer):
            _ask(sim, producer)
        else:
            _return(sim, producer)


def _ask(sim: Simulation, producer: Producer) -> None:
    found = of(producer)
    to_group = found.call == "offsets"
    if to_group and registration.explicit(producer) and found.group not in found.added_groups:
        registration.tell(sim, producer)
        return
    if to_group:
        broker = lookup.coordinator_of(sim, found.group)
    else:
        broker = verification.coordinator_of(sim, found.transactional_id)
    if broker < 0:
        _later(sim, producer, Error.COORDINATOR_NOT_AVAILABLE)
        return
    number = send(sim, "producer", producer.name, producer.incarnation, broker, _request(producer))
    sim.emit(TransactionAsked(*sim.stamp(), producer.name, number))


def _request(producer: Producer) -> AnyRequest:
    found = of(producer)
    name, owner, epoch = found.transactional_id, producer.producer_id, producer.epoch
    if found.state == "INITIALIZING":
        return InitProducerIdRequest(name, settings.number(producer, "transaction.timeout.ms") * 1_000)
    if found.call == "offsets":
        return TxnOffsetCommitRequest(
            name, owner, epoch, found.group, found.offsets, found.generation, found.member_id
        )
    return EndTxnRequest(name, owner, epoch, found.call == "commit", not registration.explicit(producer))


def _later(sim: Simulation, producer: Producer, error: Error) -> None:
    wait_us = max(settings.number(producer, "retry.backoff.ms"), 1) * 1_000
    until_us = sim.now_us + wait_us
    sim.emit(TransactionDelayed(*sim.stamp(), producer.name, error, named(error), until_us))
    sim.schedule(wait_us, TIMER, _again, producer.name, producer.incarnation)


@due
def _again(sim: Simulation, name: str, incarnation: int) -> None:
    producer = sim.state.cluster.producers[name]
    if producer.incarnation == incarnation and producer.transaction is not None:
        progress(sim, producer)


@receives(InitProducerIdRequest)
def _initialized(sim: Simulation, name: str, flight: InFlight) -> None:
    _answered(sim, name, flight)


@receives(EndTxnRequest)
def _ended(sim: Simulation, name: str, flight: InFlight) -> None:
    _answered(sim, name, flight)


@receives(TxnOffsetCommitRequest)
def _remembered(sim: Simulation, name: str, flight: InFlight) -> None:
    _answered(sim, name, flight)


def _answered(sim: Simulation, name: str, flight: InFlight) -> None:
    producer = sim.state.cluster.producers[name]
    found = producer.transaction
    if found is None or found.request != flight.number:
        return
    answer = flight.response
    error = Error(answer.error) if answer else Error.NETWORK_EXCEPTION
    if error in AGAIN:
        _later(sim, producer, error)
    elif error:
        _request_failed(sim, producer, error)
    else:
        _granted(sim, producer, answer)


def _granted(sim: Simulation, producer: Producer, answer: object) -> None:
    """The coordinator did what was asked; a new epoch may come with its answer, or be needed after it."""
    if isinstance(answer, InitProducerIdResponse | EndTxnResponse):
        own = (answer.producer_id, answer.producer_epoch)
        if own != (producer.producer_id, producer.epoch):
            sim.emit(ProducerIdTaken(*sim.stamp(), producer.name, *own))
    if of(producer).state == "ABORTING" and registration.explicit(producer) and registration.gap(producer):
        sim.cause = sim.emit(EpochWanted(*sim.stamp(), producer.name))
        _ask(sim, producer)
    else:
        _return(sim, producer)


def _return(sim: Simulation, producer: Producer, thrown: str = "", error: Error = Error.NONE) -> None:
    """The call is over; the application goes on."""
    found = of(producer)
    what, waited = found.call, found.waiting
    sent = found.sent if what in ("commit", "abort") and not thrown else 0
    sim.cause = sim.emit(TransactionReturned(*sim.stamp(), producer.name, what, thrown, error, sent))
    if waited:
        returned(sim, producer, what, thrown)
    if producer.state == "closing":
        drain(sim, producer)


# -- what goes wrong -----------------------------------------------------------------------------------------


def _request_failed(sim: Simulation, producer: Producer, error: Error) -> None:
    """A coordinator refused: some errors leave the transaction to be aborted, the others are final."""
    if error in FENCED:
        fail(sim, producer, Error.PRODUCER_FENCED, fatal=True)
    elif of(producer).call == "offsets" and error in (Error.UNKNOWN_MEMBER_ID, Error.ILLEGAL_GENERATION):
        fail(sim, producer, error, thrown="CommitFailedException")
    elif of(producer).call == "offsets" and error == Error.FENCED_INSTANCE_ID:
        fail(sim, producer, error)
    else:
        fail(sim, producer, error, thrown="" if error in SAID else "KafkaException", fatal=True)


def batch_failed(sim: Simulation, producer: Producer, error: Error) -> None:
    """Records of the transaction were given up: it can only be aborted, unless another owner has the id (R61,
    R64).
    """
    if error in FENCED and producer.settings.partitioner != "java":
        fail(sim, producer, Error.PRODUCER_FENCED, fatal=True)
    elif error == Error.PRODUCER_FENCED:
        fail(sim, producer, error, fatal=True)
    else:
        fail(sim, producer, error, thrown="TransactionAbortableException" if retriable(error) else "")


@registration.fail.filled
def fail(sim: Simulation, producer: Producer, error: Error, thrown: str = "", *, fatal: bool = False) -> None:
    """Go to an error state, and let the call that is not done throw."""
    found = of(producer)
    if found.state == "FATAL_ERROR" or (not fatal and found.state not in ("IN_TRANSACTION", "COMMITTING")):
        return
    thrown = _spoken(producer, error, thrown or java_class(error))
    event = TransactionFailed(*sim.stamp(), producer.name, fatal, error, named(error), thrown)
    sim.cause = sim.emit(event)
    _drop(sim, producer, sent_too=fatal)
    if found.call:
        _return(sim, producer, thrown, error)


def _spoken(producer: Producer, error: Error, thrown: str) -> str:
    """How the client's own library calls it."""
    if producer.settings.partitioner == "java":
        return thrown
    return "KafkaError _FENCED" if error == Error.PRODUCER_FENCED else f"KafkaError {error.name}"


def _drop(sim: Simulation, producer: Producer, *, sent_too: bool) -> None:
    """Records that never left fail with the transaction; `sent_too`: the others as well."""
    found = of(producer)
    thrown = found.thrown if found.failed else "TransactionAbortedException"
    why = sim.cause
    for queue in producer.queues.values():
        for batch in [*(queue.in_flight if sent_too else ()), *queue.batches]:
            if batch.sequence < 0 or sent_too:
                first = queue.begin + batch.first_sequence
                event = RecordsFailed(
                    *sim.stamp(why),
                    producer.name,
                    queue.topic,
                    queue.partition,
                    len(batch.keys),
                    found.error,
                    named(found.error) if found.error else thrown,
                    first,
                    thrown,
                )
                sim.emit(event)


def close(sim: Simulation, producer: Producer) -> bool:
    """close(), when all that was sent has its outcome: an open transaction is aborted first; True if that
    takes time.
    """
    found = of(producer)
    if not found.call and found.open:
        call(sim, producer, "abort")
    return bool(found.call) and producer.state == "closing"
