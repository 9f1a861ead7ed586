"""What happens to the guide's other systems."""

from __future__ import annotations

from mqviz.model.command.systems import AddSignUp
from mqviz.model.event import Event, Weight

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
    """The client heard that it is not signed up. `reason` is a sentence; `culprit`: the service that did not
    do its part.
    """

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
