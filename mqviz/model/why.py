"""Why: every event that a person steps over, in plain words.

Each protocol part registers one small function per kind of event with `@explains(Kind)`; it reads the State
just after the event through facts and returns headline, reason, rule and what changed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from mqviz.model.event import Event
from mqviz.model.readings import Why
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


def why(state: State, event: Event) -> Why | None:
    """The explanation of `event`, or None where there is nothing to say; `state` is the one just after it."""
    import mqviz.model.why_parts  # noqa: F401  (registers every explanation)

    explain = EXPLAIN.get(type(event))
    return explain(state, event) if explain else None


def is_explained(event: Event) -> bool:
    """Whether there may be something to say about `event`; cheap, for looking through many."""
    import mqviz.model.why_parts  # noqa: F401  (registers every explanation)

    return type(event) in EXPLAIN
