"""Event: a frozen fact in the past tense, the only way anything in a State changes.

Each kind of event is a subclass with plain immutable fields, in the events.py of its component; the functions
that apply it are in apply.py, registered with `@applies(Kind)`. Events are made positionally on hot paths
(`BatchAppended(*sim.stamp(), topic, …)`): keyword construction costs five times as much.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum
from typing import Any, ClassVar, Self, TypeVar

import msgspec

from mqviz.model.registry import Registry


class Weight(IntEnum):
    """How much an event matters to a person who steps: `step` stops at STEP and above."""

    DETAIL = 0
    STEP = 1
    MOMENT = 2


class Event(msgspec.Struct, frozen=True, gc=False, tag_field="event"):
    """`id`: running number of the run, never reused. `at_us`: when. `cause`: id of the event that led to it,
    0 for none.
    """

    id: int
    at_us: int
    cause: int

    weight: ClassVar[Weight] = Weight.DETAIL

    def thin_key(self) -> str | None:
        """What this event is the latest value of, for thinning endless live runs; None: it is always kept."""
        return None

    def size(self) -> int:
        """How many values it tells, for the budget of endless live runs."""
        return 1

    def absorb(self, earlier: Self) -> Self:
        """The event that says what `earlier` and this one, of the same thin key, say together."""
        return self


Kind = TypeVar("Kind", bound=Event)

World = TypeVar("World")
Apply = Callable[[Any, Any], None]

APPLY: dict[type[Event], Apply] = {}
"""The table from event kind to the function that changes the State; its keys are all kinds there are."""

_KINDS: Registry[str, type[Event]] = Registry("two kinds of event are called")  # its name is its tag in a log


def applies(kind: type[Kind]) -> Callable[[Callable[[World, Kind], None]], Callable[[World, Kind], None]]:
    """Register the decorated function as one that applies `kind`.

    Several components may apply one event, each to its own part of the State, in the order in which they are
    registered. Raises TypeError for a second kind of the same name.
    """

    def register(function: Callable[[World, Kind], None]) -> Callable[[World, Kind], None]:
        if kind not in APPLY:
            _KINDS.add(kind.__name__, kind)
        APPLY[kind] = _after(APPLY[kind], function) if kind in APPLY else function
        return function

    return register


def _after(first: Apply, then: Apply) -> Apply:
    def both(state: Any, event: Any) -> None:
        first(state, event)
        then(state, event)

    return both
