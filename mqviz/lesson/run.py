"""Run: what a lesson needs of the player; the player stands above this floor, so it comes in from there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from mqviz.commands import Command
from mqviz.history import Branch
from mqviz.model.event import Event
from mqviz.model.state import State
from mqviz.scenario import Moment, Scenario


class Run(Protocol):
    """One run of a scenario with its clock and history: mqviz.player.Player."""

    state: State
    now_us: int
    until_us: int
    speed: float
    playing: bool
    branch: Branch

    @property
    def live(self) -> bool:
        """True if time passes by itself and there is no way back: a real cluster."""

    @property
    def named(self) -> list[Moment]:
        """The times that were named on this branch; to be changed in place."""

    @property
    def cursor(self) -> int:
        """How many events of this branch are shown."""

    def happened(self, since: int) -> Sequence[Event]:
        """The events after the first `since` ones, up to the cursor."""

    def play(self) -> None:
        """Let time pass."""

    def pause(self) -> None:
        """Stop the view's clock."""

    def seek(self, at_us: int) -> None:
        """Show the world at a time."""

    def submit(self, command: Command | str) -> Event | None:
        """Give a command now; raises NotationError or Refused."""

    def undo(self) -> Command | None:
        """Take the last command back: a fork just before it."""

    def fork(self) -> Branch:
        """A new branch from here."""

    def foresee(self, texts: Sequence[str], run_us: int) -> State:
        """The State `run_us` after giving commands, on a throw-away fork; raises Refused."""

    def close(self) -> None:
        """Let go of the backend."""


class OpenRun(Protocol):
    """How a run is opened; handed down by whoever knows players and backends."""

    def __call__(self, scenario: Scenario) -> Run:
        """A run at the start of `scenario`."""
