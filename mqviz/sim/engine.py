"""The engine: one agenda of plain data, one State, one log; everything else is handlers.

Like a real broker: nothing here; this is the clock and the order of things under all that is simulated
(R1-R3). Left out: real time, threads and generators, whose state could not be drawn, copied or saved.

A due is a tuple (at_us, priority, sequence, handler, cause, args): its handler is saved by its name and its
arguments are plain values, so the agenda can be pickled. Handlers are functions(sim, *args), registered
with `@due`; commands have a check part (`@checks`) and a do part (`@handles`), so that a refused
command leaves no trace. Handlers decide on `sim.state`, which is always the truth of this moment, and
change it only by `emit`.
"""

from __future__ import annotations

from collections.abc import Callable
from heapq import heappop, heappush
from typing import Any, TypeVar, TypeVarTuple

import mqviz.model.apply  # noqa: F401  (registers what changes the State)
from mqviz.backend import Refused
from mqviz.commands import in_short
from mqviz.kafka.versions import Version, version
from mqviz.model.command.base import Command
from mqviz.model.command.events import CommandGiven, CommandRefused
from mqviz.model.event import APPLY, Event
from mqviz.model.registry import Registry
from mqviz.model.state import State
from mqviz.scenario import Scenario
from mqviz.sim.streams import Stream

FAULT, ARRIVAL, TIMER, STEP = range(4)
"""Who goes first at one instant (R3): faults and users, arrivals of messages, timers,
steps of applications.
"""

Due = tuple[int, int, int, str, int, tuple[Any, ...]]

Args = TypeVarTuple("Args")
Handler = TypeVar("Handler", bound=Callable[..., None])
C = TypeVar("C", bound=Command)
E = TypeVar("E", bound=Event)
Part = TypeVar("Part")

DUES: Registry[str, Callable[..., None]] = Registry("two functions are due as")
NAMES: dict[Callable[..., None], str] = {}
CHECKS: Registry[type[Command], Callable[[Simulation, Any], Command]] = Registry("two functions check")
DOES: Registry[type[Command], Callable[[Simulation, Any], None]] = Registry("two functions do")
OPENINGS: list[Callable[[Simulation], None]] = []
REACTIONS: dict[type[Event], list[Callable[[Simulation, Any], None]]] = {}


def due(handler: Handler) -> Handler:
    """Register a handler of the agenda, a function(sim, *plain values); it is saved by its module and name.

    A Hook may be one, too: then what is due is written in a higher file.
    """
    name = f"{handler.__module__}.{getattr(handler, '__name__', None) or getattr(handler, 'what', '')}"
    DUES.add(name, handler)
    NAMES[handler] = name
    return handler


def checks(
    kind: type[C],
) -> Callable[[Callable[[Simulation, C], C]], Callable[[Simulation, C], C]]:
    """Register what decides whether a command can be done: raises Refused, else returns it with its gaps
    filled.

    It may only look: it draws nothing, schedules nothing and emits nothing. Given its own answer, it must
    return it unchanged, so that a replayed command is the same command.
    """

    return CHECKS.register(kind)


def handles(
    kind: type[C],
) -> Callable[[Callable[[Simulation, C], None]], Callable[[Simulation, C], None]]:
    """Register what does a command; it runs after CommandGiven, which is the cause of what it emits."""

    return DOES.register(kind)


def reacts(
    kind: type[E],
) -> Callable[[Callable[[Simulation, E], None]], Callable[[Simulation, E], None]]:
    """Register what a component does when another one's event has happened, as Kafka's metadata publishers
    do.

    It runs inside `emit`, when the event is applied and logged, with the event as the cause of what it emits.
    So whoever emits need not know who follows. Several functions for a kind run in the order in which their
    modules were imported: one that must come later imports the earlier one.
    """

    def register(function: Callable[[Simulation, E], None]) -> Callable[[Simulation, E], None]:
        REACTIONS.setdefault(kind, []).append(function)
        return function

    return register


def opens(function: Callable[[Simulation], None]) -> Callable[[Simulation], None]:
    """Register what happens at time 0, before the scenario's first command."""
    OPENINGS.append(function)
    return function


ENDLESS = 3_000_000
"""More events at one instant than any world needs: some of them cause each other in a circle."""


class Endless(RuntimeError):
    """Time stands still: the simulator would fill the memory with events of one instant. Always a mistake in
    it.
    """


class Simulation:
    """Time, agenda, State and log of one run.

    `log`: events in order that nobody has taken yet. `ticket`: the number of the due that runs now, as
    `schedule` returned it. `parts`: what a part of the simulator must remember that no event tells, one
    plain struct a kind.
    """

    __slots__ = (
        "agenda",
        "cause",
        "log",
        "now_us",
        "parts",
        "scenario",
        "seed",
        "sequence",
        "state",
        "streams",
        "ticket",
    )

    def __init__(self, scenario: Scenario, seed: int) -> None:
        self.scenario = scenario
        self.seed = seed
        self.state = State()
        self.now_us = 0
        self.cause = 0
        self.ticket = 0
        self.sequence = 0
        self.agenda: list[Due] = []
        self.log: list[Event] = []
        self.streams: dict[str, Stream] = {}
        self.parts: dict[type[Any], Any] = {}

    # -- what handlers use -----------------------------------------------------------------------------

    def stamp(self, cause: int | None = None) -> tuple[int, int, int]:
        """The first three fields of the event that is emitted next: id, at_us, cause (None: the handler's
        own).
        """
        return self.state.last_event + 1, self.now_us, self.cause if cause is None else cause

    def emit(self, event: Event) -> int:
        """Apply and log `event`, made with `stamp` in the same breath, and let others react to it.

        Returns its id, to be named as a cause.
        """
        state, kind = self.state, type(event)
        APPLY[kind](state, event)
        state.now_us = event.at_us
        state.last_event = number = event.id
        self.log.append(event)
        if kind in REACTIONS:
            cause = self.cause
            for react in REACTIONS[kind]:
                self.cause = number
                react(self, event)
            self.cause = cause
        return number

    def schedule(
        self,
        delay_us: int,
        priority: int,
        handler: Callable[[Simulation, *Args], None],
        *args: *Args,
        cause: int | None = None,
    ) -> int:
        """Put a due on the agenda, `delay_us` >= 0 from now: `handler(sim, *args)`; returns its ticket.

        There is no way to take a due off again. A handler whose due may have become void compares an epoch
        among its arguments, or `sim.ticket` with the ticket that still counts, and returns.
        """
        if delay_us < 0:
            raise ValueError(f"{NAMES[handler]} is scheduled {-delay_us} us in the past")
        self.sequence = ticket = self.sequence + 1
        why = self.cause if cause is None else cause
        heappush(self.agenda, (self.now_us + delay_us, priority, ticket, NAMES[handler], why, args))
        return ticket

    def stream(self, name: str) -> Stream:
        """The random stream of one purpose."""
        found = self.streams.get(name)
        if found is None:
            found = self.streams[name] = Stream(self.seed, name)
        return found

    def part(self, kind: type[Part]) -> Part:
        """The one `kind` of this run, made without arguments when first asked for."""
        found = self.parts.get(kind)
        if found is None:
            found = self.parts[kind] = kind()
        return found

    @property
    def version(self) -> Version:
        """Which Apache Kafka this run simulates (R7)."""
        return version(self.scenario.kafka_version, self.scenario.cluster.features)

    # -- what the backend uses -------------------------------------------------------------------------

    def run(self, until_us: int, limit: int) -> bool:
        """Do all dues before `until_us`; False if it stopped after an instant because `log` holds `limit`
        events.

        `limit` is at least 1. What `log` already holds happened at now_us, whose dues still belong to it.
        """
        agenda, log, dues = self.agenda, self.log, DUES
        now_us = self.now_us if log else -1
        while agenda:
            next_due = at_us, _, ticket, name, cause, args = heappop(agenda)
            if at_us != now_us:
                late = at_us >= until_us
                if late or len(log) >= limit:
                    heappush(agenda, next_due)
                    return late
                self.now_us = now_us = at_us
            elif len(log) > ENDLESS:
                raise Endless(
                    f"at {at_us / 1e6:g} s over {ENDLESS:,} events at one instant: time stands still"
                )
            self.ticket = ticket
            self.cause = cause
            match args:
                case first, second:  # most handlers; a starred call costs three times a plain one
                    dues[name](self, first, second)
                case _:
                    dues[name](self, *args)
        return True

    def submit(self, command: Command, of_scenario: bool = False) -> None:
        """Check, record and do `command` now; raises Refused and leaves no trace."""
        command = self.check(command)
        number = self.state.commands.given + 1
        given = CommandGiven(*self.stamp(0), number, command, of_scenario)  # type: ignore[arg-type]
        self.cause = self.emit(given)
        DOES[type(command)](self, command)

    def check(self, command: Command) -> Command:
        """The command with its gaps filled; raises Refused."""
        kind = type(command)
        command = in_short(command)
        if kind not in DOES:
            raise Refused(f"the simulator cannot {command.verb} a {command.kind}")
        return CHECKS[kind](self, command) if kind in CHECKS else command


@due
def timetable(sim: Simulation, command: Command) -> None:
    """A command of the scenario's timetable: it was accepted with the file, so a refusal is an event."""
    try:
        sim.submit(command, of_scenario=True)
    except Refused as refusal:
        number = sim.state.commands.given + 1
        given = sim.emit(CommandGiven(*sim.stamp(0), number, command, True))  # type: ignore[arg-type]
        sim.emit(CommandRefused(*sim.stamp(given), number, str(refusal)))
