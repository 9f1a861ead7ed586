"""Commands to share consumers (KIP-932): applications that take records of a share group and acknowledge
each.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from mqviz.model.command.base import Command, Config, Named, Spread, ms
from mqviz.model.units import Duration


class AddShareConsumer(Command, frozen=True):
    """A share consumer: one member of the share group `group` that processes each record for `processing`.

    `ack` is what it says of each record in the end: `accept`, `release` or `reject`; keys or values in
    `poison` are always released, those in `invalid` always rejected. `commit` says when acknowledgements are
    sent: with the next `poll`, by commitSync() after the records of a poll (`batch`), or after each `record`.
    With the default settings it is in Kafka's implicit mode, unless it has to say something else than accept.
    `calls=manual`: it polls, acknowledges and commits only when told to. Other settings are in `config`, such
    as share.acknowledgement.mode and share.acquire.mode.
    """

    verb, kind = "add", "share-consumer"
    name: str = ""
    group: str = ""
    topic: str = ""
    processing: Duration = Duration(100 * ms)
    service_times: Spread = "even"
    ack: Literal["accept", "release", "reject"] = "accept"
    poison: tuple[str, ...] = ()
    invalid: tuple[str, ...] = ()
    commit: Literal["poll", "batch", "record"] = "poll"
    max_poll_records: int = 500
    calls: Literal["loop", "manual"] = "loop"
    config: Config = msgspec.field(default_factory=dict)


class CloseShareConsumer(Named, frozen=True):
    """The application closes its consumer after the record in hand; what it did not acknowledge is free
    again.
    """

    verb, kind = "close", "share-consumer"


class KillShareConsumer(Named, frozen=True):
    """The process dies at once: its connections break, and its records are free again."""

    verb, kind = "kill", "share-consumer"


class PauseShareConsumer(Named, frozen=True):
    """The process freezes (SIGSTOP): its records stay locked until their locks are over."""

    verb, kind = "pause", "share-consumer"


class ResumeShareConsumer(Named, frozen=True):
    """The frozen process goes on with its old beliefs."""

    verb, kind = "resume", "share-consumer"


class SetShareConsumer(Command, frozen=True):
    """Change how long a running share consumer takes for a record."""

    verb, kind = "set", "share-consumer"
    name: str
    processing: Duration


class PollShareConsumer(Command, frozen=True):
    """The application of a consumer with `calls=manual` calls poll() and waits for at most `timeout`."""

    verb, kind = "poll", "share-consumer"
    name: str
    timeout: Duration = Duration(1_000 * ms)


class AcknowledgeShareConsumer(Command, frozen=True):
    """The application acknowledges offsets that poll() returned, as `accept`, `release`, `reject` or `renew`.

    `offsets` are of `topic` and `partition`; without any, all that it has not acknowledged.
    """

    verb, kind = "acknowledge", "share-consumer"
    name: str
    type: Literal["accept", "release", "reject", "renew"] = "accept"
    topic: str = ""
    partition: int = 0
    offsets: tuple[int, ...] = ()


class CommitShareConsumer(Named, frozen=True):
    """The application calls commitSync(): its acknowledgements are sent now."""

    verb, kind = "commit", "share-consumer"


AnyShareCommand = (
    AddShareConsumer
    | CloseShareConsumer
    | KillShareConsumer
    | PauseShareConsumer
    | ResumeShareConsumer
    | SetShareConsumer
    | PollShareConsumer
    | AcknowledgeShareConsumer
    | CommitShareConsumer
)
