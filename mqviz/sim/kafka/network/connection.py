"""Network: requests and answers on their way, and who handles them.

Like a real broker: a FIFO pipe each way for each connection, one request served at a time on each, the next
only after the answer (R4); a frozen process finds its answers when it goes on (R5); connections break
(network/sockets.py). A broker's handler takes a request value and answers with a value, at once or later; it
does not know who asks.
Left out: jitter, bytes a second, finding brokers (S11).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, TypeVar

from mqviz.model.kafka.broker.state import UP
from mqviz.model.kafka.clients.consumer.state import Consumer
from mqviz.model.kafka.clients.producer.state import Producer
from mqviz.model.kafka.clients.share.state import ShareConsumer
from mqviz.model.kafka.cluster import Cluster
from mqviz.model.kafka.network.events import (
    EnteredPurgatory,
    RequestArrived,
    RequestEnded,
    RequestSent,
    ResponseReceived,
    ResponseSent,
)
from mqviz.model.kafka.network.state import Client, Connection, InFlight
from mqviz.model.kafka.protocol.requests import AnyRequest, Request
from mqviz.model.kafka.protocol.responses import AnyResponse
from mqviz.model.registry import Registry
from mqviz.sim.engine import ARRIVAL, Simulation, due
from mqviz.sim.kafka.network import sockets

LISTENING = (*UP, "paused")
"""States of a broker's process in which its port accepts bytes: a frozen one's sockets stay open."""

Serve = Callable[[Simulation, int, Any], None]
Receive = Callable[[Simulation, str, InFlight], None]
Handler = TypeVar("Handler", bound=Callable[..., None])

SERVES: Registry[type[Request], Serve] = Registry("two functions serve")
RECEIVES: Registry[type[Request] | Literal["outside"], Receive] = Registry(
    "two functions receive the answer to"
)


def serves(kind: type[Request]) -> Callable[[Handler], Handler]:
    """Register what a broker does with a request: function(sim, number, request)."""

    return SERVES.register(kind)


def receives(kind: type[Request] | Literal["outside"]) -> Callable[[Handler], Handler]:
    """Register what a client does with the answer to a request: function(sim, client's name, flight).

    "outside": clients of that kind have one function for all answers.
    """

    return RECEIVES.register(kind)


def send(
    sim: Simulation,
    client: Client,
    name: str,
    incarnation: int,
    broker: int,
    request: AnyRequest,
    line: str = "",
) -> int:
    """Send `request` to `broker`; returns its number. `line` names a second connection of the same client."""
    cluster = sim.state.cluster
    process = name if incarnation == 1 else f"{name}#{incarnation}"
    connection = f"{client} {process} to {broker}{line}"
    pipe = cluster.connections.get(connection)
    arrives_us = max(sim.now_us + takes_us(cluster, client, name, broker), pipe.asked_until_us if pipe else 0)
    number = cluster.last_request + 1
    sent = sim.emit(
        RequestSent(*sim.stamp(), number, client, name, broker, connection, incarnation, arrives_us, request)
    )
    if cluster.brokers[broker].process in LISTENING:
        sim.schedule(arrives_us - sim.now_us, ARRIVAL, _arrive, number, cause=sent)
    return number


def takes_us(cluster: Cluster, client: Client, name: str, broker: int) -> int:
    """How long a byte takes one way (R4)."""
    delay_us = cluster.brokers[broker].delay_us
    if client == "broker":
        delay_us += cluster.brokers[int(name)].delay_us
    return cluster.link_latency_us + delay_us


def respond(sim: Simulation, number: int, value: AnyResponse) -> None:
    """Send the broker's answer to request `number`; the connection's next request is served.

    Nobody is told if the connection broke while the broker was at work: what it did stays done (R31).
    """
    cluster = sim.state.cluster
    if number not in cluster.requests:
        return
    pipe = cluster.connections[cluster.requests[number].connection]
    way_us = takes_us(cluster, pipe.client, pipe.name, pipe.broker)
    arrives_us = max(sim.now_us + way_us, pipe.answered_until_us)
    sent = sim.emit(ResponseSent(*sim.stamp(), number, arrives_us, value))
    sim.schedule(arrives_us - sim.now_us, ARRIVAL, _answered, number, cause=sent)
    _serve_next(sim, pipe)


def end(sim: Simulation, number: int) -> None:
    """The broker is done with a request that gets no answer."""
    pipe = connection_of(sim, number)
    sim.emit(RequestEnded(*sim.stamp(), number))
    _serve_next(sim, pipe)


def enter_purgatory(sim: Simulation, number: int) -> None:
    """The broker keeps request `number` until what it waits for happens."""
    sim.emit(EnteredPurgatory(*sim.stamp(), number))


def connection_of(sim: Simulation, number: int) -> Connection:
    """The connection that request `number` came by."""
    return sim.state.cluster.connections[sim.state.cluster.requests[number].connection]


def catch_up(sim: Simulation, client: Client, name: str) -> None:
    """A process goes on: it finds the answers that came while it was frozen, in their order."""
    cluster = sim.state.cluster
    late = [
        flight
        for flight in cluster.requests.values()
        if flight.response is not None
        and flight.returns_at_us < sim.now_us
        and (pipe := cluster.connections[flight.connection]).client == client
        and pipe.name == name
    ]
    for flight in sorted(late, key=lambda flight: (flight.returns_at_us, flight.number)):
        _receive(sim, flight.number)


@due
def _arrive(sim: Simulation, number: int) -> None:
    cluster = sim.state.cluster
    flight = cluster.requests.get(number)
    if flight is None:
        return
    pipe = cluster.connections[flight.connection]
    if cluster.cuts and not sockets.passes(sim, pipe.name, pipe.broker, _arrive, number):
        return
    if cluster.brokers[pipe.broker].process not in LISTENING:
        return
    sim.cause = sim.emit(RequestArrived(*sim.stamp(), number))
    if pipe.serving == number:
        serve(sim, number)


@due
def serve(sim: Simulation, number: int) -> None:
    """The broker turns to a request that has arrived."""
    cluster = sim.state.cluster
    flight = cluster.requests.get(number)
    if flight is None:
        return
    broker = cluster.connections[flight.connection].broker
    if sockets.awake(sim, broker, serve, number):
        SERVES[type(flight.request)](sim, number, flight.request)


def _serve_next(sim: Simulation, pipe: Connection) -> None:
    if pipe.serving:
        sim.schedule(0, ARRIVAL, serve, pipe.serving)


@due
def _answered(sim: Simulation, number: int) -> None:
    cluster = sim.state.cluster
    flight = cluster.requests.get(number)
    if flight is None:
        return
    pipe = cluster.connections[flight.connection]
    if cluster.cuts and not sockets.passes(sim, pipe.name, pipe.broker, _answered, number):
        return
    if pipe.client == "broker" and not sockets.awake(sim, int(pipe.name), _answered, number):
        return
    client = _client(sim, pipe)
    if client is None or client.state != "paused":
        _receive(sim, number)


def _receive(sim: Simulation, number: int) -> None:
    cluster = sim.state.cluster
    flight = cluster.requests[number]
    pipe = cluster.connections[flight.connection]
    sim.cause = sim.emit(ResponseReceived(*sim.stamp(), number))
    received(sim, pipe, flight)


def received(sim: Simulation, pipe: Connection, flight: InFlight) -> None:
    """The client at the other end of `pipe` has the answer to `flight`, or knows that none will come."""
    client = _client(sim, pipe)
    gone = client is not None and (
        client.incarnation != flight.incarnation or client.state in ("dead", "closed")
    )
    if pipe.client == "outside":
        RECEIVES["outside"](sim, pipe.name, flight)
    elif not gone:
        RECEIVES[type(flight.request)](sim, pipe.name, flight)


def _client(sim: Simulation, pipe: Connection) -> Producer | Consumer | ShareConsumer | None:
    """The process at the other end; None for a broker, and for a client from outside."""
    if pipe.client == "consumer":
        return sim.state.cluster.consumers[pipe.name]
    if pipe.client == "share":
        return sim.state.cluster.share_consumers[pipe.name]
    return sim.state.cluster.producers[pipe.name] if pipe.client == "producer" else None
