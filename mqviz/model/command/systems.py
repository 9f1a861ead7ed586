"""Commands to the guide's other systems."""

from __future__ import annotations

from typing import Literal

from mqviz.model.command.base import Command, Named, Spread, ms
from mqviz.model.units import Duration, Rate


class AddSignUp(Command, frozen=True):
    """The sign-up service of the guide in one `design`, `synchronous` or `asynchronous` (R136, R137).

    `clients` sign-ups arrive (0: without end), `arrivals` `even` or `exponential` at `rate`, from `start`
    on, or exactly at the times listed in `at`, all counted from when the service is added; designs with the
    same `stream` see the same arrivals, database times and mail times. `threads` requests are served at once
    (0: as many as there are). `database` is the time in the database (`database_times` `even`: always that;
    `exponential`: its mean), `queue` the time to leave the note; a mail takes between `mail_min` and
    `mail_max` (`mail_times` `even`: drawn uniformly; `exponential`: exponential with mean `mail_min`; both
    0s: no mail). A synchronous sign-up waits for its mail for at most `timeout`. `workers` send the mails of
    the asynchronous design (0: as many as there are mails).
    """

    verb, kind = "add", "sign-up"
    name: str
    design: Literal["synchronous", "asynchronous"] = "synchronous"
    clients: int = 5
    rate: Rate = Rate(2)
    arrivals: Spread = "even"
    start: Duration = Duration(0)
    at: tuple[Duration, ...] = ()
    threads: int = 0
    workers: int = 0
    database: Duration = Duration(100 * ms)
    database_times: Spread = "even"
    queue: Duration = Duration(1 * ms)
    mail_min: Duration = Duration(3_000 * ms)
    mail_max: Duration = Duration(5_000 * ms)
    mail_times: Spread = "even"
    stream: str = "sign-up"
    mail_server: str = "mail-server"
    timeout: Duration = Duration(30_000 * ms)


class FailService(Named, frozen=True):
    """The service stops answering: whoever calls it fails."""

    verb, kind = "fail", "service"


class RepairService(Named, frozen=True):
    """The service answers again."""

    verb, kind = "repair", "service"
