"""Requests on their way and the connections that carry them, as part of the State so that they can be drawn
by arithmetic.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from mqviz.model.kafka.log.batch import Batch
from mqviz.model.kafka.protocol.requests import AnyRequest
from mqviz.model.kafka.protocol.responses import AnyResponse

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


class InFlight(msgspec.Struct):
    """A request from its sending to the receipt of its answer.

    `incarnation`: which start of the client's process sent it. `appended`: what a Produce wrote (topic,
    partition, base, end);
    `refused`: (topic, partition, error) of what it could not.
    `parked`: the broker keeps it in its purgatory. `carried`: batches that the answer brings, by partition.
    """

    number: int
    connection: str
    incarnation: int
    request: AnyRequest
    sent_at_us: int
    arrives_at_us: int
    arrived: bool = False
    in_purgatory: bool = False
    response: AnyResponse | None = None
    answered_at_us: int = 0
    returns_at_us: int = 0
    appended: list[tuple[str, int, int, int]] = msgspec.field(default_factory=list)
    refused: list[tuple[str, int, int]] = msgspec.field(default_factory=list)
    broker: int = 0
    carried: dict[str, tuple[Batch, ...]] = msgspec.field(default_factory=dict)


KEPT = 48
"""So many of each are remembered at least, and fewer than twice as many."""

_QUIET = ("Fetch", "ShareFetch", "Heartbeat", "ConsumerGroupHeartbeat", "ShareGroupHeartbeat")
"""Requests that are sent again and again, and say something only with what their answer brings."""


class Passage(msgspec.Struct, frozen=True, gc=False):
    """A request that is over. Times in us; `answered_at_us` 0: without an answer, `broken`: because the
    connection was.

    `kind`: the request's name; `asked`, `told`: what it and its answer say, partition by partition, as their
    own fields do;
    `appended`: what it wrote (topic, partition, base, end).
    """

    number: int
    kind: str
    client: str
    name: str
    broker: int
    sent_at_us: int
    arrives_at_us: int
    answered_at_us: int
    returned_at_us: int
    asked: tuple[Any, ...]
    told: tuple[Any, ...]
    error: int
    appended: tuple[tuple[str, int, int, int], ...]
    broken: bool


class Mark(msgspec.Struct, frozen=True, gc=False):
    """A leader moved the high watermark of a partition."""

    at_us: int
    broker: int
    topic: str
    partition: int
    before: int
    high_watermark: int


class Recent(msgspec.Struct):
    """The last of both, oldest first."""

    passages: list[Passage] = msgspec.field(default_factory=list)
    marks: list[Mark] = msgspec.field(default_factory=list)
