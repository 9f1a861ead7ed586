"""Connection: what a client and a broker have between them, and who may ask."""

from __future__ import annotations

from typing import Literal

import msgspec

Client = Literal["producer", "consumer", "share", "broker", "outside"]
"""Who asks; of an outside client only the requests are known, and its answers are facts for it to read."""


class Connection(msgspec.Struct):
    """A TCP connection: a FIFO pipe each way; the broker serves one request at a time, in order (R4).

    `serving`: the number that the broker works on, 0 for none; `waiting`: those that arrived behind it.
    `closed`: the client closed it, but the broker has not yet read all that the client wrote.
    """

    client: Client
    name: str
    broker: int
    serving: int = 0
    waiting: list[int] = msgspec.field(default_factory=list)
    asked_until_us: int = 0
    answered_until_us: int = 0
    opened_at_us: int = 0
    closed: bool = False
