"""Systems: the guide's other systems, complete; today the sign-up service in its two designs (R136, R137).

A synchronous sign-up writes the user to the database and sends the welcome mail before it answers. An
asynchronous one leaves a note in a queue instead, and workers send the mail later. Clients are numbered
from 1 and served in that order, so the line at the door needs no list: it is the clients from `taken` + 1
to `arrived`. Only sign-ups that are going on and the last 256 that ended are kept; totals remember the rest.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

import msgspec

from mqviz.model.command import AddSignUp
from mqviz.model.event import Event, Weight, applies
from mqviz.model.packing import share

if TYPE_CHECKING:
    from mqviz.model.state import State

REMEMBERED = 256
"""How many ended sign-ups a service keeps to be looked at."""

share(AddSignUp)


class SignUp(msgspec.Struct, gc=False):
    """One client's sign-up and its mail. Times in us; None: not yet."""

    client: int
    arrived_at_us: int
    started_at_us: int | None = None
    stored_at_us: int | None = None
    answered_at_us: int | None = None
    """When the client heard how it went: success, or the failure that `failed` tells."""
    failed: str = ""
    mail_started_at_us: int | None = None
    mail_sent_at_us: int | None = None
    mail_failed: bool = False

    @property
    def mailing(self) -> bool:
        """True while the mail server works on its mail."""
        return self.mail_started_at_us is not None and self.mail_sent_at_us is None


@dataclass(slots=True)
class SignUpService:
    """A sign-up service. `going`: sign-ups by client until both answer and mail are done, oldest first.

    `busy`: threads at work. `queue`: clients whose mail waits for a worker. `mails_in_hand`: mails that the
    mail server is working on. `ended`: the last REMEMBERED that ended, newest last.
    A dataclass, because a store into a msgspec struct costs four times as much.
    """

    plan: AddSignUp
    opened_at_us: int
    working: bool = True
    arrived: int = 0
    taken: int = 0
    busy: int = 0
    answered: int = 0
    failed: int = 0
    answer_us: int = 0
    waited_us: int = 0
    mails_queued: int = 0
    mails_in_hand: int = 0
    mails_sent: int = 0
    mails_failed: int = 0
    going: dict[int, SignUp] = field(default_factory=dict)
    queue: deque[int] = field(default_factory=deque)
    ended: deque[SignUp] = field(default_factory=partial(deque, maxlen=REMEMBERED))

    @property
    def synchronous(self) -> bool:
        """True if the client waits for the mail."""
        return self.plan.design == "synchronous"

    @property
    def mails(self) -> bool:
        """True if a sign-up sends a mail at all."""
        return self.plan.mail_min > 0 or self.plan.mail_max > 0

    @property
    def in_line(self) -> int:
        """How many clients wait for a thread."""
        return self.arrived - self.taken

    @property
    def last_ended(self) -> SignUp:
        """The sign-up that ended last; there must be one."""
        return self.ended[-1]


class MailServer(msgspec.Struct):
    """The server that takes mails; `working` False: it refuses every call."""

    name: str
    working: bool = True


class Systems(msgspec.Struct):
    """Sign-up services and mail servers by name, in the order they were added."""

    sign_ups: dict[str, SignUpService] = {}
    mail_servers: dict[str, MailServer] = {}


# -- events ----------------------------------------------------------------------------------------------


class SignUpServiceAdded(Event, frozen=True):
    """A sign-up service opened."""

    weight = Weight.STEP
    plan: AddSignUp


class AtSignUp(Event, frozen=True):
    """Base of what happens to one client's sign-up."""

    service: str
    client: int


class SignUpArrived(AtSignUp, frozen=True):
    """A client asked to sign up."""

    weight = Weight.STEP


class SignUpStarted(AtSignUp, frozen=True):
    """A thread took the next client from the line."""


class UserStored(AtSignUp, frozen=True):
    """The database wrote the user; where no mail follows, the answer itself tells it."""


class AnswerGiven(AtSignUp, frozen=True):
    """The client heard that it is signed up; its thread is free."""

    weight = Weight.MOMENT


class SignUpFailed(AtSignUp, frozen=True):
    """The client heard that it is not signed up. `reason` is a sentence; `culprit`: the service that did not do its part."""

    weight = Weight.MOMENT
    reason: str
    culprit: str


class MailQueued(AtSignUp, frozen=True):
    """The note "send a mail" is in the queue."""


class MailStarted(AtSignUp, frozen=True):
    """The mail server began with the mail, called by the request itself or by a worker."""


class MailSent(AtSignUp, frozen=True):
    """The mail is out."""

    weight = Weight.STEP


class MailFailed(AtSignUp, frozen=True):
    """A worker's call to the mail server broke; the note is back at the head of the queue."""

    weight = Weight.MOMENT


class ServiceFailed(Event, frozen=True):
    """A service stopped answering."""

    weight = Weight.MOMENT
    name: str


class ServiceRepaired(Event, frozen=True):
    """A service answers again."""

    weight = Weight.MOMENT
    name: str


# -- how they change the State ---------------------------------------------------------------------------


@applies(SignUpServiceAdded)
def _added(state: State, event: SignUpServiceAdded) -> None:
    plan, systems = event.plan, state.systems
    systems.sign_ups[plan.name] = SignUpService(plan, event.at_us)
    systems.mail_servers.setdefault(plan.mail_server, MailServer(plan.mail_server))


@applies(SignUpArrived)
def _arrived(state: State, event: SignUpArrived) -> None:
    service = state.systems.sign_ups[event.service]
    service.arrived = client = event.client
    service.going[client] = SignUp(client, event.at_us)


@applies(SignUpStarted)
def _started(state: State, event: SignUpStarted) -> None:
    service = state.systems.sign_ups[event.service]
    service.taken = client = event.client
    service.busy += 1
    service.going[client].started_at_us = event.at_us


@applies(UserStored)
def _stored(state: State, event: UserStored) -> None:
    state.systems.sign_ups[event.service].going[event.client].stored_at_us = event.at_us


@applies(AnswerGiven)
def _answered(state: State, event: AnswerGiven) -> None:
    service, at_us = state.systems.sign_ups[event.service], event.at_us
    sign_up = service.going[event.client]
    sign_up.answered_at_us = at_us
    service.busy -= 1
    service.answered += 1
    service.answer_us += at_us - sign_up.arrived_at_us
    stored_at_us = sign_up.stored_at_us
    if stored_at_us is None:
        sign_up.stored_at_us = at_us
        _end(service, sign_up)
        return
    service.waited_us += at_us - stored_at_us
    if sign_up.mail_sent_at_us is not None:
        _end(service, sign_up)


@applies(SignUpFailed)
def _failed(state: State, event: SignUpFailed) -> None:
    service, at_us = state.systems.sign_ups[event.service], event.at_us
    sign_up = service.going[event.client]
    sign_up.failed = event.reason
    sign_up.answered_at_us = at_us
    service.failed += 1
    if sign_up.started_at_us is None:
        service.taken = event.client
    else:
        service.busy -= 1
    if sign_up.mail_started_at_us is not None:
        service.mails_in_hand -= 1
    if sign_up.stored_at_us is not None:
        service.waited_us += at_us - sign_up.stored_at_us
    if event.culprit == service.plan.mail_server:
        sign_up.mail_failed = True
        service.mails_failed += 1
    _end(service, sign_up)


@applies(MailQueued)
def _queued(state: State, event: MailQueued) -> None:
    service = state.systems.sign_ups[event.service]
    service.mails_queued += 1
    service.queue.append(event.client)


@applies(MailStarted)
def _mail_started(state: State, event: MailStarted) -> None:
    service = state.systems.sign_ups[event.service]
    if not service.synchronous:
        service.queue.popleft()
    service.mails_in_hand += 1
    sign_up = service.going[event.client]
    sign_up.mail_started_at_us = event.at_us
    sign_up.mail_failed = False


@applies(MailSent)
def _mail_sent(state: State, event: MailSent) -> None:
    service = state.systems.sign_ups[event.service]
    service.mails_in_hand -= 1
    service.mails_sent += 1
    sign_up = service.going[event.client]
    sign_up.mail_sent_at_us = event.at_us
    if sign_up.answered_at_us is not None:
        _end(service, sign_up)


@applies(MailFailed)
def _mail_failed(state: State, event: MailFailed) -> None:
    service = state.systems.sign_ups[event.service]
    service.mails_in_hand -= 1
    service.mails_failed += 1
    service.queue.appendleft(event.client)
    sign_up = service.going[event.client]
    sign_up.mail_started_at_us = None
    sign_up.mail_failed = True


@applies(ServiceFailed)
def _service_failed(state: State, event: ServiceFailed) -> None:
    _set_working(state.systems, event.name, False)


@applies(ServiceRepaired)
def _service_repaired(state: State, event: ServiceRepaired) -> None:
    _set_working(state.systems, event.name, True)


def _set_working(systems: Systems, name: str, working: bool) -> None:
    found = systems.sign_ups.get(name) or systems.mail_servers[name]
    found.working = working


def _end(service: SignUpService, sign_up: SignUp) -> None:
    del service.going[sign_up.client]
    service.ended.append(sign_up)
