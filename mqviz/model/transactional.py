"""Transactional: the producer's side of transactions, as the TransactionManager of Kafka's Java client.

The states and their legal moves are the table MOVES (R61); an event that asks for another move raises. What the
coordinator believes is in transactions.py; the two differ while word travels, and for good when the producer was fenced.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from mqviz.model.event import Event, Weight, applies
from mqviz.model.moves import move

if TYPE_CHECKING:
    from mqviz.model.producer import Producer
    from mqviz.model.state import State

MOVES: dict[str, tuple[str, ...]] = {
    "UNINITIALIZED": ("INITIALIZING", "FATAL_ERROR"),
    "INITIALIZING": ("READY", "FATAL_ERROR"),
    "READY": ("IN_TRANSACTION", "FATAL_ERROR"),
    "IN_TRANSACTION": ("COMMITTING", "ABORTING", "ABORTABLE_ERROR", "FATAL_ERROR"),
    "ABORTABLE_ERROR": ("ABORTING", "FATAL_ERROR"),
    "COMMITTING": ("READY", "ABORTABLE_ERROR", "FATAL_ERROR"),
    "ABORTING": ("READY", "INITIALIZING", "FATAL_ERROR"),
    "FATAL_ERROR": (),
}
"""From each state of a transactional producer the states that may follow; FATAL_ERROR: it can only be closed (R61)."""

STATE_OF_CALL = {"init": "INITIALIZING", "commit": "COMMITTING", "abort": "ABORTING"}
"""Where a call that waits for the coordinator leads at once; `offsets` stays where it is."""


class Transacting(msgspec.Struct):
    """What a transactional producer knows of its transactions.

    `call`: init, commit, abort or offsets, while it is not done; `waiting`: the application waits in it (not after it timed out);
    `called` counts such calls. `request`: the number of what it asked a coordinator, 0: nothing is on its way, and nothing
    will be before `again_at_us`. `started`: something was sent in this transaction. `error`, `thrown`: why it is in an error state. `sent`: records of the open
    transaction, the last one if none is open. `ended`: transactions so far, of which `aborted`. `group`, `offsets`,
    `generation`, `member_id`: what the last sendOffsetsToTransaction() gave. With transaction version 1: `added`, `added_groups`: what
    the coordinator knows to be in the open transaction; `adding`: the number of the request that tells it more, `add_again_at_us`: not before.
    """

    transactional_id: str
    state: str = "UNINITIALIZED"
    call: str = ""
    waiting: bool = False
    called: int = 0
    request: int = 0
    again_at_us: int = 0
    started: bool = False
    sent: int = 0
    began_at_us: int = 0
    error: int = 0
    thrown: str = ""
    ended: int = 0
    aborted: int = 0
    group: str = ""
    offsets: tuple[tuple[str, int, int], ...] = ()
    generation: int = -1
    member_id: str = ""
    added: list[tuple[str, int]] = msgspec.field(default_factory=list)
    added_groups: list[str] = msgspec.field(default_factory=list)
    adding: int = 0
    add_again_at_us: int = 0

    @property
    def open(self) -> bool:
        """Whether the application is inside a transaction, or on its way out of it."""
        return self.state in ("IN_TRANSACTION", "COMMITTING", "ABORTING", "ABORTABLE_ERROR")

    @property
    def failed(self) -> bool:
        """Whether it is in an error state."""
        return self.state in ("ABORTABLE_ERROR", "FATAL_ERROR")

    @property
    def flushes(self) -> bool:
        """Whether all that waits must leave now, because the transaction ends."""
        return self.call in ("commit", "abort") and not self.failed


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
    """The client tells the coordinator in request `number` what it is about to write to (transaction version 1, R62)."""

    producer: str
    number: int


class PartitionsRegistered(Event, frozen=True):
    """The coordinator knows that these belong to the transaction: the client may write (transaction version 1, R62)."""

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
    """The transaction is aborted, and some sequences were never written: the client needs a new epoch (transaction version 1)."""

    weight = Weight.STEP
    producer: str


class ProducerIdTaken(Event, frozen=True):
    """The client uses this producer id and epoch from now on; its sequences begin at 0 (R57, R62)."""

    producer: str
    producer_id: int
    epoch: int


class TransactionReturned(Event, frozen=True, omit_defaults=True):
    """The call is over; `thrown`: the exception that the application got, with its error's number.

    A TimeoutException leaves the call undone: the application may only call the same again. `sent`: records of a
    transaction that ended with it.
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
    """The client is in an error state now: only abortTransaction() leads out of it, or, if `fatal`, only close() (R61)."""

    weight = Weight.MOMENT
    producer: str
    fatal: bool
    error: int
    named: str
    thrown: str


def _of(state: State, name: str) -> tuple[Producer, Transacting]:
    producer = state.cluster.producers[name]
    if producer.transaction is None:
        raise TypeError(f"{name} is not transactional")
    return producer, producer.transaction


def _move(found: Transacting, then: str) -> None:
    found.state = move(MOVES, found.state, then, f"producer of {found.transactional_id}")


@applies(TransactionCalled)
def _called(state: State, event: TransactionCalled) -> None:
    producer, found = _of(state, event.producer)
    then = STATE_OF_CALL.get(event.call)
    if then is not None and found.call != event.call:
        _move(found, then)
    found.call, found.waiting = event.call, True
    found.called += 1
    producer.life += 1
    if event.call == "offsets":
        found.group, found.offsets, found.started = event.group, event.offsets, True
        found.generation, found.member_id = event.generation, event.member_id


@applies(TransactionBegan)
def _began(state: State, event: TransactionBegan) -> None:
    _, found = _of(state, event.producer)
    _move(found, "IN_TRANSACTION")
    found.started, found.sent, found.began_at_us = False, 0, event.at_us
    found.added, found.added_groups, found.adding, found.add_again_at_us = [], [], 0, 0


@applies(TransactionAsked)
def _asked(state: State, event: TransactionAsked) -> None:
    _of(state, event.producer)[1].request = event.number


@applies(TransactionDelayed)
def _delayed(state: State, event: TransactionDelayed) -> None:
    _, found = _of(state, event.producer)
    found.request, found.again_at_us = 0, event.until_us


@applies(PartitionsAsked)
def _adding(state: State, event: PartitionsAsked) -> None:
    _of(state, event.producer)[1].adding = event.number


@applies(PartitionsRegistered)
def _added(state: State, event: PartitionsRegistered) -> None:
    _, found = _of(state, event.producer)
    found.adding = 0
    found.added += event.partitions
    found.added_groups += event.groups


@applies(PartitionsNotRegistered)
def _not_added(state: State, event: PartitionsNotRegistered) -> None:
    _, found = _of(state, event.producer)
    found.adding, found.add_again_at_us = 0, event.until_us


@applies(EpochWanted)
def _wanted(state: State, event: EpochWanted) -> None:
    _, found = _of(state, event.producer)
    _move(found, "INITIALIZING")
    found.request = 0


@applies(ProducerIdTaken)
def _taken(state: State, event: ProducerIdTaken) -> None:
    producer, _ = _of(state, event.producer)
    producer.producer_id, producer.epoch = event.producer_id, event.epoch


@applies(TransactionReturned)
def _returned(state: State, event: TransactionReturned) -> None:
    _, found = _of(state, event.producer)
    found.waiting = False
    if event.thrown == "TimeoutException":
        return
    found.call, found.request = "", 0
    if event.thrown:
        return
    if event.call in ("commit", "abort"):
        found.ended += 1
        found.aborted += event.call == "abort"
        found.started, found.error, found.thrown = False, 0, ""
    if event.call != "offsets":
        _move(found, "READY")


@applies(TransactionCallRefused)
def _refused(state: State, event: TransactionCallRefused) -> None:
    """The client is as it was."""


@applies(TransactionFailed)
def _failed(state: State, event: TransactionFailed) -> None:
    _, found = _of(state, event.producer)
    _move(found, "FATAL_ERROR" if event.fatal else "ABORTABLE_ERROR")
    found.error, found.thrown, found.request = event.error, event.thrown, 0
