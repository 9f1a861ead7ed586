"""Causes: the walk from an event up to the command that led to it, each step in plain words."""

from __future__ import annotations

from collections.abc import Sequence

from mqviz.explain.event import why
from mqviz.facts.views import Why
from mqviz.model.apply import apply
from mqviz.model.event import Event
from mqviz.model.state import State


def chain(events: Sequence[Event], number: int) -> list[Event]:
    """Event `number` and its causes, the effect first; `events` is the log from event 1 on. Raises
    IndexError.
    """
    found: list[Event] = []
    while number:
        event = events[number - 1]
        found.append(event)
        number = event.cause
    return found


def explained(events: Sequence[Event], number: int) -> list[Why]:
    """The causes of event `number` that there is something to say about, the effect first."""
    wanted = {event.id: event for event in chain(events, number)}
    state, found = State(), []
    for event in events[:number]:
        apply(state, event)
        if event.id in wanted and (told := why(state, event)):
            found.append(told)
    return found[::-1]


def last_of(events: Sequence[Event], kind: str) -> int | None:
    """The number of the last event of this kind; None if there was none."""
    return next((event.id for event in reversed(events) if type(event).__name__ == kind), None)
