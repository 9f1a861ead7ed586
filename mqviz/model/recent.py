"""Recent: the last requests that said something, and the last moves of high watermarks, in bounded memory.

What is on its way is in request.py and is forgotten with its answer; here is what a picture of the last moments needs.
Heartbeats and polls that found nothing are left out, so that an idle minute does not push out what happened before it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from mqviz.model.packing import share

if TYPE_CHECKING:
    from mqviz.model.cluster import Cluster
    from mqviz.model.request import InFlight

KEPT = 48
"""So many of each are remembered at least, and fewer than twice as many."""

_QUIET = ("Fetch", "ShareFetch", "Heartbeat", "ConsumerGroupHeartbeat", "ShareGroupHeartbeat")
"""Requests that are sent again and again, and say something only with what their answer brings."""


class Passage(msgspec.Struct, frozen=True, gc=False):
    """A request that is over. Times in us; `answered_at_us` 0: without an answer, `broken`: because the connection was.

    `kind`: the request's name; `asked`, `told`: what it and its answer say, partition by partition, as their own fields do;
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


share(Passage, Mark)


class Recent(msgspec.Struct):
    """The last of both, oldest first."""

    passages: list[Passage] = msgspec.field(default_factory=list)
    marks: list[Mark] = msgspec.field(default_factory=list)


def take_out(cluster: Cluster, number: int, at_us: int, broken: bool = False) -> InFlight:
    """Request `number` is over: take it out, and remember it if it, or its answer, said something."""
    flight = cluster.requests.pop(number)
    request, answer = flight.request, flight.answer
    kind = type(request).__name__
    told = () if answer is None else getattr(answer, "partitions", ())
    error = 0 if answer is None else answer.error
    asked = request.batches if kind == "Produce" else getattr(request, "offsets", ())  # type: ignore[union-attr]
    said = told or error or broken or (asked if kind == "ReplicaFetch" else kind not in _QUIET)
    if said:
        pipe = cluster.connections[flight.connection]
        passages = cluster.recent.passages
        passages.append(
            Passage(
                number,
                kind,
                pipe.client,
                pipe.name,
                flight.broker,
                flight.sent_at_us,
                flight.arrives_at_us,
                flight.answered_at_us,
                at_us,
                asked,
                told,
                error,
                tuple(flight.appended),
                broken,
            )
        )
        if len(passages) >= 2 * KEPT:
            del passages[:KEPT]
    return flight


def marked(cluster: Cluster, mark: Mark) -> None:
    """A high watermark moved."""
    marks = cluster.recent.marks
    marks.append(mark)
    if len(marks) >= 2 * KEPT:
        del marks[:KEPT]
