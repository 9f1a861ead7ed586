"""A trial: one random world with its commands, played under watch; how it fails, made as short as it can be."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from io import StringIO
from pathlib import Path

from msgspec.structs import replace as changed
from ruamel.yaml import YAML

from mqviz.backend import Refused
from mqviz.capture import _without_defaults
from mqviz.commands import parse
from mqviz.invariants import broken
from mqviz.model.apply import apply
from mqviz.model.event import Event
from mqviz.model.state import State
from mqviz.model.units import Duration
from mqviz.scenario import Scenario, Timed, load_scenario
from mqviz.sim.backend import SimBackend, open_sim
from tests.soak import endings, orders, topology
from tests.soak.choose import Choose, Seeded
from tests.soak.history import History, must

Script = list[tuple[int, str]]
"""Commands with the time of the run at which each is given, in microseconds."""

MOST_EVENTS = 20_000
"""A run that is busier than this is left before its end; what was seen until then counts."""


class Enough(Exception):
    """The run has as many events as a run may have."""


@dataclass
class World:
    """A simulation whose every event is held to the invariants and to what was before."""

    scenario: Scenario
    backend: SimBackend = field(init=False)
    state: State = field(default_factory=State)
    history: History = field(default_factory=History)
    log: list[Event] = field(default_factory=list)
    script: Script = field(default_factory=list)
    most: int = MOST_EVENTS
    over: bool = False

    def __post_init__(self) -> None:
        self.backend = open_sim(self.scenario, self.scenario.seed)

    def to(self, at_us: int) -> None:
        """Let time pass; raises Broken, or whatever the simulator raises, or Enough."""
        while self.backend.now_us < at_us:
            for event in self.backend.advance(at_us, 5_000):
                apply(self.state, event)
                self.log.append(event)
                self.history.see(event, self.state)
                found = broken(self.state)
                must(not found, f"{found[:1]} after {event}")
            if len(self.log) > self.most:
                raise Enough
        endings.conserved(self.history, self.state)

    def do(self, text: str) -> bool:
        """Give a command now; False if it was refused."""
        self.script.append((self.backend.now_us, text))
        try:
            self.backend.submit(parse(text))
        except Refused as refusal:
            must(str(refusal).strip(), f"a refusal without words: {text}")
            return False
        return True

    def end(self) -> None:
        """Make peace, wait until all is at rest, and hold the logs to what was promised."""
        for text in endings.peace(self.backend.state.cluster):
            self.do(text)
        until_us = self.backend.now_us + endings.PATIENCE_US
        while self.backend.now_us < until_us:
            self.to(self.backend.now_us + 15 * endings.US)
            for text in endings.peace(self.backend.state.cluster):
                if "rate=0" not in text:
                    self.do(text)
            if not endings.unsettled(self.backend.state):
                break
        self.to(self.backend.now_us + 1)
        must(self.state == self.backend.state, "the State folded from the log is not the simulator's")
        left = endings.unsettled(self.state)
        must(
            not left,
            f"nobody is left waiting: all faults are over for {endings.PATIENCE_US // endings.US} s, and {left}",
        )
        endings.check(self.history, self.state)


@dataclass
class Trial:
    """A scenario without its commands, and these. `error`: what became of it, in words; empty if all was well."""

    scenario: Scenario
    script: Script
    error: str = ""
    events: int = 0


def drawn(seed: int, most: int = 20) -> Trial:
    """The random trial of a seed, played."""
    choose = Seeded(seed)
    scenario = topology.scenario(choose)
    count = choose.number(4, most)

    def act(world: World) -> None:
        for _ in range(count):
            wander(world, choose)

    return _play(scenario, act)


def wander(world: World, choose: Choose) -> None:
    """Wait a while, then give one random command."""
    world.to(world.backend.now_us + orders.wait_us(choose))
    world.do(orders.order(choose, world.backend.state))


def again(trial: Trial, script: Script) -> Trial:
    """The same world with other commands."""

    def act(world: World) -> None:
        for at_us, text in script:
            world.to(at_us)
            world.do(text)

    return _play(trial.scenario, act)


def _play(scenario: Scenario, act: Callable[[World], None]) -> Trial:
    world, before, error = World(scenario), 0, ""
    try:
        act(world)
        before = len(world.script)
        world.end()
    except Enough:
        pass
    except Exception as failure:
        error = f"{type(failure).__name__}: {failure}"
    script = world.script[:before] if before else world.script
    return Trial(scenario, script, error, len(world.log))


def kind_of(error: str) -> str:
    """What two failures of the same bug have in common: the exception and the invariant that it names."""
    words = error.replace("['", "").split(":")
    return ":".join(words[:2])[:60]


def minimised(trial: Trial, tries: int = 120) -> Trial:
    """The same failure with as few commands as can be found: halves, then quarters … are left out."""
    best, size = trial, max(1, len(trial.script) // 2)
    while tries and size:
        at, shorter = 0, False
        while at < len(best.script) and tries:
            tries -= 1
            found = again(best, best.script[:at] + best.script[at + size :])
            if kind_of(found.error) == kind_of(trial.error):
                best, shorter = replace(found, script=best.script[:at] + best.script[at + size :]), True
            else:
                at += size
        size = size if shorter and size == 1 else size // 2
    return best


def of_seed(seed: int) -> tuple[int, Trial]:
    """The seed and its trial, a failure as short as it can be."""
    trial = drawn(seed)
    return seed, minimised(trial) if trial.error else trial


def text_of(trial: Trial) -> str:
    """The trial as a scenario file: its commands are the timetable."""
    timetable = tuple(Timed(Duration(at_us), text) for at_us, text in trial.script)
    last_us = trial.script[-1][0] if trial.script else 0
    scenario = changed(
        trial.scenario,
        title="A failure found by the soak",
        about=trial.error[:400],
        until=Duration(last_us + endings.PATIENCE_US),
        timetable=timetable,
    )
    text = StringIO()
    yaml = YAML()
    yaml.default_flow_style = False
    yaml.width = 110
    yaml.dump(_without_defaults(scenario), text)
    return text.getvalue()


def from_file(path: Path) -> Trial:
    """The trial that a file of `text_of` describes, played again."""
    scenario = load_scenario(path)
    script = [(int(timed.at), timed.do) for timed in scenario.timetable]
    bare = changed(scenario, timetable=(), until=Duration(topology.FOR_EVER))
    return again(Trial(bare, script), script)
