"""SimBackend: the simulator behind the Backend seam, and `open_sim`, which opens or restores one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain

import mqviz.model.apply
import mqviz.sim.kafka.handlers  # noqa: F401  (registers the handlers of Kafka)
from mqviz.backend import Can
from mqviz.commands import parse
from mqviz.model.command.base import Command
from mqviz.model.event import Event
from mqviz.model.state import State
from mqviz.scenario import Scenario
from mqviz.sim import checkpoint as checkpoints
from mqviz.sim import systems as systems
from mqviz.sim.engine import FAULT, OPENINGS, Simulation, timetable


class SimBackend:
    """A simulated world; see mqviz.backend.Backend for what each method promises."""

    can = frozenset(Can)

    def __init__(self, sim: Simulation) -> None:
        self._sim = sim
        self.now_us = sim.now_us

    @property
    def state(self) -> State:
        """The truth at `now_us`; to be read only. Headless runs use it instead of a second State."""
        return self._sim.state

    def submit(self, command: Command) -> None:
        """Do `command` at now_us; raises Refused and then leaves no trace."""
        self._sim.submit(command)

    def advance(self, until_us: int, limit: int = 1_000_000) -> Sequence[Event]:
        """The facts with at_us < until_us that were not handed out yet."""
        sim = self._sim
        if until_us <= sim.now_us:
            return []
        done = sim.run(until_us, max(limit, 1))
        sim.now_us = int(until_us) if done else sim.now_us + 1  # int: a Duration would be text in JSON
        self.now_us = sim.now_us
        events = sim.log
        sim.log = []
        return events

    def next_at_us(self) -> int | None:
        """When the next thing happens; None if nothing more ever does."""
        sim = self._sim
        if sim.log:
            return sim.now_us
        return sim.agenda[0][0] if sim.agenda else None

    def checkpoint(self) -> bytes:
        """Everything needed to go on from now_us; valid in this process."""
        return checkpoints.save(self._sim)

    def close(self) -> None:
        """Let go of the agenda; nothing more happens."""
        self._sim.agenda = []


def open_sim(scenario: Scenario, seed: int, checkpoint: bytes | None = None) -> SimBackend:
    """The world of `scenario` at time 0, or at the moment of `checkpoint` of the same scenario and seed.

    Raises Refused if a part of the scenario is impossible, GrammarError if its timetable does not parse.
    """
    sim = Simulation(scenario, seed)
    if checkpoint is not None:
        checkpoints.restore(sim, checkpoint)
        return SimBackend(sim)
    for opening in OPENINGS:
        opening(sim)
    for command in _contents(scenario):
        sim.submit(command, of_scenario=True)
    sim.cause = 0
    for timed in scenario.timetable:
        sim.schedule(timed.at, FAULT, timetable, parse(timed.do))
    return SimBackend(sim)


def _contents(scenario: Scenario) -> Iterator[Command]:
    kinds = (
        scenario.topics,
        scenario.producers,
        scenario.consumers,
        scenario.share_consumers,
        scenario.sign_ups,
    )
    return chain(*kinds)
