"""The simulator as a library: open a world, tell it what to do, let time pass, read facts.

    run = open_world("scenario.yaml")
    run.to("5s").do("kill consumer c1").to("60s")
    facts.lag(run.state, "billing")

Whatever is written here as a text is the same text that scenarios, lessons and the command line use.
docs/simulator.md shows it at work.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TypeVar

from mqviz.backend import Refused
from mqviz.commands import GrammarError, parse
from mqviz.model.event import Event
from mqviz.model.state import State
from mqviz.model.units import Duration
from mqviz.scenario import Scenario, load_scenario, read_scenario
from mqviz.sim.backend import SimBackend, open_sim

__all__ = ["GrammarError", "Refused", "Run", "open_world"]

Kind = TypeVar("Kind", bound=Event)


class Run:
    """A simulated world at one moment. `log`: everything that happened, oldest first. Same seed, same log."""

    def __init__(
        self, scenario: Scenario, seed: int, log: Iterable[Event] = (), at: bytes | None = None
    ) -> None:
        self.scenario = scenario
        self.seed = seed
        self.log: list[Event] = list(log)
        self._backend: SimBackend = open_sim(scenario, seed, at)

    @property
    def now_us(self) -> int:
        """Simulated time in microseconds."""
        return self._backend.now_us

    @property
    def state(self) -> State:
        """What is true now, to be read with mqviz.facts."""
        return self._backend.state

    def do(self, *commands: str) -> Run:
        """Give commands now; raises GrammarError if one does not parse, Refused if one cannot be done."""
        for text in commands:
            self._backend.submit(parse(text))
        return self

    def to(self, time: str | int) -> Run:
        """Let time pass up to `time`, exclusive (a text with its unit, or microseconds); raises ValueError
        for a text that is none.
        """
        until_us = int(Duration.parse(time)) if isinstance(time, str) else time
        while self.now_us < until_us:
            self.log += self._backend.advance(until_us)
        return self

    def fork(self) -> Run:
        """Another world that is the same until now, and goes its own way from here."""
        return Run(self.scenario, self.seed, self.log, self._backend.checkpoint())

    def events(self, kind: type[Kind]) -> list[Kind]:
        """What happened so far, of one kind."""
        return [event for event in self.log if isinstance(event, kind)]


def open_world(source: str | Path, seed: int | None = None) -> Run:
    """The world at time 0 of a scenario: a file's path, or the YAML text itself (with line breaks).

    `seed` None takes the scenario's own. Raises yamlfile.FileError, which tells the place of what is wrong,
    and Refused if the world is impossible.
    """
    is_text = isinstance(source, str) and "\n" in source
    scenario = read_scenario(str(source), "scenario") if is_text else load_scenario(Path(source))
    return Run(scenario, scenario.seed if seed is None else seed)
