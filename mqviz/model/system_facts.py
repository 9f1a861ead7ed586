"""Facts about the guide's other systems."""

from __future__ import annotations

from mqviz.model.readings import RequestReading, ServiceReading
from mqviz.model.state import State


def requests(state: State, service: str) -> tuple[RequestReading, ...]:
    """Sign-ups of a service."""
    return ()


def services(state: State) -> tuple[ServiceReading, ...]:
    """Sign-up services."""
    return ()


def service(state: State, service: str) -> ServiceReading:
    """One service."""
    raise KeyError(service)


def answer_ms(state: State, service: str, client: int) -> float | None:
    """How long a client waited."""
    return None
