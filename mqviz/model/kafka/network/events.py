"""Requests are sent, received, kept in purgatory and answered; connections break, links are cut and heal."""

from __future__ import annotations

from mqviz.model.event import Event, Weight
from mqviz.model.kafka.network.state import Client
from mqviz.model.kafka.protocol.requests import AnyRequest
from mqviz.model.kafka.protocol.responses import AnyResponse


class RequestSent(Event, frozen=True):
    """A client wrote a request to its connection."""

    number: int
    client: Client
    name: str
    broker: int
    connection: str
    incarnation: int
    arrives_at_us: int
    request: AnyRequest


class RequestArrived(Event, frozen=True):
    """The broker has it; it is served at once or after those before it on this connection."""

    number: int


class EnteredPurgatory(Event, frozen=True):
    """The broker cannot answer yet: a produce waits for replicas, a fetch for data."""

    number: int


class ResponseSent(Event, frozen=True):
    """The broker wrote the answer and is free for the connection's next request."""

    number: int
    arrives_at_us: int
    response: AnyResponse


class ResponseReceived(Event, frozen=True):
    """The client has the answer, or nobody is there any more to have it."""

    number: int


class ConnectionBroken(Event, frozen=True, omit_defaults=True):
    """A client noticed that its connection is gone, and every request on it with it (R4).

    `error`: 13, or 7 if request `late` had no answer within the client's time; then the client closed it
    itself. `left`: those of the requests whose bytes lie in the socket of a broker that lives: it will do
    them, for nobody (R31).
    """

    weight = Weight.STEP
    connection: str
    broker: int
    error: int
    named: str
    late: int
    numbers: tuple[int, ...]
    left: tuple[int, ...] = ()


class RequestEnded(Event, frozen=True):
    """The broker is done with a request that gets no answer (acks=0)."""

    number: int


class LinksCut(Event, frozen=True):
    """No byte passes between these nodes and all others, either way, and nobody is told (R5)."""

    weight = Weight.MOMENT
    nodes: tuple[str, ...]


class LinksHealed(Event, frozen=True):
    """Bytes pass again between these nodes and the others."""

    weight = Weight.MOMENT
    nodes: tuple[str, ...]
