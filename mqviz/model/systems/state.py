"""The guide's other systems, complete; today the sign-up service in its two designs (R136, R137)."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from functools import partial

import msgspec

from mqviz.model.command.systems import AddSignUp

REMEMBERED = 256
"""How many ended sign-ups a service keeps to be looked at."""


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
