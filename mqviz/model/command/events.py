"""What became of a command: it was given, and perhaps refused later."""

from __future__ import annotations

from mqviz.model.command.any import AnyCommand
from mqviz.model.event import Event, Weight


class CommandGiven(Event, frozen=True, omit_defaults=True):
    """Somebody asked for something and it was accepted; number counts from 1.

    `of_scenario`: the scenario asks for it itself, with its contents or its timetable (not written where it
    is False, so that captures from before this field keep their hash).
    """

    weight = Weight.MOMENT
    number: int
    command: AnyCommand
    of_scenario: bool = False


class CommandRefused(Event, frozen=True):
    """An accepted command turned out to be impossible; `reason` is a sentence."""

    weight = Weight.STEP
    number: int
    reason: str
