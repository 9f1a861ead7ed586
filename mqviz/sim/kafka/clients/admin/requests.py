"""Admin: requests of an administrator's client, and what becomes of the command when the answer is an error.

Like a real broker: a request of kafka-consumer-groups or kafka-delete-records goes to one broker, and its
error is what the tool prints; a connection that breaks and an answer that does not come within
request.timeout.ms are errors, too (R31).
Left out: the tool's own retries within default.api.timeout.ms.
"""

from __future__ import annotations

import msgspec

from mqviz.kafka.errors import Error, named
from mqviz.kafka.settings import of
from mqviz.model.command.events import CommandRefused
from mqviz.model.kafka.network.state import InFlight
from mqviz.model.kafka.protocol.requests import AnyRequest
from mqviz.model.kafka.protocol.responses import (
    AnyResponse,
    DeleteRecordsResponse,
    ListOffsetsResponse,
    NoResponse,
)
from mqviz.sim.engine import TIMER, Simulation, due
from mqviz.sim.kafka.network import connection


class Asked(msgspec.Struct):
    """Requests that wait for their answer: the number of the command that each belongs to."""

    commands: dict[int, int] = msgspec.field(default_factory=dict)


def ask(sim: Simulation, broker: int, request: AnyRequest) -> None:
    """Send what the command that was given last asks of `broker`; an error turns it into a CommandRefused."""
    number = connection.send(sim, "outside", "admin", 1, broker, request)
    sim.part(Asked).commands[number] = sim.state.commands.given
    patience_us = of({}, "consumer", "request.timeout.ms") * 1_000
    sim.schedule(patience_us, TIMER, _impatient, number, broker)


@connection.receives("outside")
def _answered(sim: Simulation, _: str, flight: InFlight) -> None:
    """The answer is here, or it is known that none will come."""
    command = sim.part(Asked).commands.pop(flight.number, None)
    error = _error(flight.response)
    if command is not None and error:
        lost = isinstance(flight.response, NoResponse)
        said = "the connection broke before its answer came" if lost else "it refused"
        _refuse(sim, command, flight.broker, said, error)


def _error(reply: AnyResponse | None) -> int:
    """The first error of an answer, of the whole or of a partition; 0: none."""
    parts = reply.partitions if isinstance(reply, DeleteRecordsResponse | ListOffsetsResponse) else ()
    return (reply.error if reply else 0) or next((part[2] for part in parts if part[2]), 0)


@due
def _impatient(sim: Simulation, number: int, broker: int) -> None:
    command = sim.part(Asked).commands.pop(number, None)
    if command is not None:
        _refuse(sim, command, broker, "no answer came within request.timeout.ms", Error.REQUEST_TIMED_OUT)


def _refuse(sim: Simulation, command: int, broker: int, said: str, error: int) -> None:
    sim.emit(CommandRefused(*sim.stamp(), command, f"broker {broker} was asked: {said} ({named(error)})"))
