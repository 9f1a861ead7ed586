"""Small helpers for tests of the simulator: run a world, fold its log, hold every event to the invariants."""

from __future__ import annotations

from collections.abc import Iterable

from mqviz.commands import parse
from mqviz.invariants import broken
from mqviz.model.apply import apply
from mqviz.model.command.systems import AddSignUp
from mqviz.model.event import Event
from mqviz.model.state import State
from mqviz.model.units import Duration
from mqviz.scenario import Scenario
from mqviz.sim.backend import SimBackend, open_sim

FOR_EVER = 1 << 50


def world(*sign_ups: AddSignUp | str) -> Scenario:
    """A scenario of sign-up services, each a command or its text after `add sign-up`."""
    plans = [parse(f"add sign-up {each}") if isinstance(each, str) else each for each in sign_ups]
    return Scenario("test", Duration(FOR_EVER), "request-timing", sign_ups=tuple(plans))  # type: ignore[arg-type]


class Run:
    """A run under watch: `state` is folded from the log and must never break an invariant."""

    def __init__(self, scenario: Scenario, seed: int = 7) -> None:
        self.backend: SimBackend = open_sim(scenario, seed)
        self.state = State()
        self.log: list[Event] = []

    def to(self, at_us: int) -> Run:
        """Let time pass up to `at_us`, exclusive."""
        self.follow(self.backend.advance(at_us))
        return self

    def do(self, *texts: str) -> Run:
        """Give commands now."""
        for text in texts:
            self.backend.submit(parse(text))
        return self

    def end(self) -> Run:
        """Run until nothing more happens."""
        return self.to(FOR_EVER)

    def follow(self, events: Iterable[Event]) -> None:
        for event in events:
            self.follow_one(event)
        if self.state.last_event == self.backend.state.last_event:
            assert self.state == self.backend.state

    def follow_one(self, event: Event) -> None:
        assert event.id == self.state.last_event + 1, "stamped, then another event was emitted"
        apply(self.state, event)
        self.log.append(event)
        assert event.id == len(self.log), "ids run: an event is stamped in the breath in which it is emitted"
        assert not broken(self.state), (event, broken(self.state))

    def of(self, *kinds: type[Event]) -> list[Event]:
        """The events of these kinds."""
        return [event for event in self.log if isinstance(event, kinds)]
