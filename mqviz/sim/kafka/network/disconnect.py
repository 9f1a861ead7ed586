"""Disconnect: what ends a connection, and who is told.

Like a real broker: a process that dies closes its connections, and the other end knows one latency later (R4,
R5); a client gives a request up after request.timeout.ms and closes the connection, with all that was on it
(R31).
Left out: TCP's own retransmission timers.
"""

from __future__ import annotations

import msgspec

from mqviz.kafka import settings
from mqviz.kafka.errors import Error, named
from mqviz.model.kafka.network.events import ConnectionBroken, RequestSent
from mqviz.model.kafka.network.state import Client, Connection, InFlight
from mqviz.model.kafka.protocol.requests import JoinGroupRequest, OffsetCommitRequest, ProduceRequest
from mqviz.model.kafka.protocol.responses import NoResponse
from mqviz.sim.engine import ARRIVAL, TIMER, Simulation, due, reacts
from mqviz.sim.kafka import metadata
from mqviz.sim.kafka.network import connection as network_connection
from mqviz.sim.kafka.network import sockets
from mqviz.sim.kafka.network.connection import serve

JOIN_EXTRA_US = 5_000_000
"""What a JoinGroup may last beyond the rebalance timeout before its client gives it up."""


FROZEN_US = 1_000_000
"""How long after a look at a frozen client the next one is."""


class Timers(msgspec.Struct):
    """Connections on which somebody watches the clock."""

    running: dict[str, bool] = msgspec.field(default_factory=dict)


def hang_up(sim: Simulation, number: int) -> None:
    """Broker `number` is gone: everybody it was connected with notices one latency later."""
    cluster = sim.state.cluster
    for name, pipe in list(cluster.connections.items()):
        if number == pipe.broker or (pipe.client == "broker" and pipe.name == str(number)):
            sim.schedule(cluster.link_latency_us, ARRIVAL, _disconnected, name, pipe.opened_at_us)


def close(sim: Simulation, pipe: Connection) -> None:
    """A broker closes a connection by itself; its client notices one latency later (R29)."""
    cluster = sim.state.cluster
    name = next((name for name, each in cluster.connections.items() if each is pipe), "")
    sim.schedule(cluster.link_latency_us, ARRIVAL, _disconnected, name, pipe.opened_at_us)


@due
def _disconnected(sim: Simulation, connection: str, opened_at_us: int) -> None:
    pipe = sim.state.cluster.connections.get(connection)
    if pipe is None or pipe.opened_at_us != opened_at_us:
        return
    if sockets.passes(sim, pipe.name, pipe.broker, _disconnected, connection, opened_at_us):
        end(sim, connection, Error.NETWORK_EXCEPTION)


@reacts(RequestSent)
def _sent(sim: Simulation, event: RequestSent) -> None:
    """Where nobody listens, the client hears of it one way later; else it begins to watch the clock."""
    cluster, broker = sim.state.cluster, event.broker
    reachable = cluster.linked(event.name, str(broker)) and not cluster.brokers[broker].dark
    if cluster.brokers[broker].process not in network_connection.LISTENING and reachable:
        delay_us = (
            event.arrives_at_us
            - sim.now_us
            + network_connection.takes_us(cluster, event.client, event.name, broker)
        )
        sim.schedule(delay_us, ARRIVAL, _unreachable, event.number)
    _watch(sim, event.client, event.name, event.connection)


@due
def _unreachable(sim: Simulation, number: int) -> None:
    """Nobody listens at the other end."""
    flight = sim.state.cluster.requests.get(number)
    if flight is not None and flight.response is None:
        end(sim, flight.connection, Error.NETWORK_EXCEPTION)


def end(sim: Simulation, connection: str, error: Error, late: int = 0) -> None:
    """The client notices that `connection` is gone; each of its requests fails, `late` by its own time."""
    cluster = sim.state.cluster
    pipe = cluster.connections[connection]
    lost = [flight for flight in cluster.requests.values() if flight.connection == connection]
    numbers, left = tuple(flight.number for flight in lost), _unread(sim, lost)
    sim.cause = why = sim.emit(
        ConnectionBroken(*sim.stamp(), connection, pipe.broker, error, named(error), late, numbers, left)
    )
    if left and left[0] != pipe.serving:
        sim.schedule(0, ARRIVAL, serve, left[0])
    for flight in lost:
        sim.cause = why
        own = Error.REQUEST_TIMED_OUT if flight.number == late else Error.NETWORK_EXCEPTION
        flight.response = NoResponse(own)
        network_connection.received(sim, pipe, flight)
    if pipe.client in ("producer", "consumer", "share"):
        metadata.lost(sim, pipe.client, pipe.name, pipe.broker)


def _unread(sim: Simulation, lost: list[InFlight]) -> tuple[int, ...]:
    """Writes that arrived at a broker that lives and were not done yet: it does not know that nobody waits
    for them (R31).
    """
    return tuple(
        flight.number
        for flight in lost
        if flight.arrived
        and flight.response is None
        and isinstance(flight.request, ProduceRequest | OffsetCommitRequest)
        and not (flight.appended or flight.refused)
        and sim.state.cluster.brokers[flight.broker].process in ("running", "stopping", "paused")
    )


# -- patience ----------------------------------------------------------------------------------------------


def _watch(sim: Simulation, client: Client, name: str, connection: str) -> None:
    """See to it that somebody watches the clock of this connection; one timer a connection, not one a
    request.
    """
    running = sim.part(Timers).running
    if client != "outside" and connection not in running:
        running[connection] = True
        sim.schedule(_patience_us(sim, client, name), TIMER, _patience, client, name, connection, cause=0)


def _patience_us(sim: Simulation, client: Client, name: str) -> int:
    cluster = sim.state.cluster
    if client == "producer":
        config = cluster.producers[name].settings.config
        return int(settings.of(config, "producer", "request.timeout.ms")) * 1_000
    config = cluster.consumers[name].settings.config if client == "consumer" else {}
    return int(settings.of(config, "consumer", "request.timeout.ms")) * 1_000


@due
def _patience(sim: Simulation, client: Client, name: str, connection: str) -> None:
    cluster = sim.state.cluster
    waiting = [flight for flight in cluster.requests.values() if flight.connection == connection]
    del sim.part(Timers).running[connection]
    if not waiting:
        return
    patience_us = _patience_us(sim, client, name)
    if _frozen(sim, client, name):
        sim.part(Timers).running[connection] = True
        sim.schedule(FROZEN_US, TIMER, _patience, client, name, connection, cause=0)
        return
    ends_us = {flight.number: flight.sent_at_us + _lasts_us(flight, patience_us) for flight in waiting}
    first = min(waiting, key=lambda flight: (ends_us[flight.number], flight.number)).number
    if ends_us[first] <= sim.now_us:
        end(sim, connection, Error.REQUEST_TIMED_OUT, first)
        return
    sim.part(Timers).running[connection] = True
    sim.schedule(ends_us[first] - sim.now_us, TIMER, _patience, client, name, connection, cause=0)


def _frozen(sim: Simulation, client: Client, name: str) -> bool:
    """Whether the process that watches the clock is frozen itself: it looks at its sockets before its clock
    when it goes on.
    """
    cluster = sim.state.cluster
    if client == "producer":
        return cluster.producers[name].state == "paused"
    if client == "consumer":
        return cluster.consumers[name].state == "paused"
    if client == "share":
        return cluster.share_consumers[name].state == "paused"
    return cluster.brokers[int(name)].process == "paused"


def _lasts_us(flight: InFlight, patience_us: int) -> int:
    if isinstance(flight.request, JoinGroupRequest):
        return max(patience_us, flight.request.rebalance_timeout_us + JOIN_EXTRA_US)
    return patience_us
