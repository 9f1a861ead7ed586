"""The table of explanations: one small function a kind of event, registered with `@explains(Kind)`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from mqviz.facts.views import Why
from mqviz.model.event import Event
from mqviz.model.registry import Registry
from mqviz.model.state import State

Explain = Callable[[State, Any], Why | None]

Function = TypeVar("Function", bound=Explain)

EXPLAIN: Registry[type[Event], Explain] = Registry("two functions explain")
"""The table from event kind to its explanation."""


def explains(kind: type[Event]) -> Callable[[Function], Function]:
    """Register the decorated function `(state after the event, event) -> Why` for `kind`."""

    return EXPLAIN.register(kind)


def told(
    event: Event, headline: str, reason: str = "", rule: str = "", change: str = "", lesson: int | None = None
) -> Why:
    """The explanation of `event`, with its time and number filled in."""
    return Why(event.at_us, event.id, headline, reason, rule, change, lesson)
