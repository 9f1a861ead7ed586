"""How commands change the State: they are counted and remembered."""

from __future__ import annotations

from mqviz.model.command.events import CommandGiven, CommandRefused
from mqviz.model.event import applies
from mqviz.model.state import State


@applies(CommandGiven)
def _given(state: State, event: CommandGiven) -> None:
    state.commands.given = event.number


@applies(CommandRefused)
def _refused(state: State, event: CommandRefused) -> None:
    state.commands.refused += 1
