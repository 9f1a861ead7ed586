"""Player: the headless driver, all of the app that is not pixels.

It owns a backend, the history of what the backend said, a clock of its own over that history, and a State at
its cursor. Going on asks the backend; going back asks the history; acting in the past opens the backend at
the checkpoint before, runs it to that moment and submits there: a fork. Nothing here waits or reads a clock.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from mqviz import capture, commands
from mqviz.backend import Backend, Can, Open, Refused
from mqviz.history import Branch, History
from mqviz.model.apply import apply
from mqviz.model.command.base import Command
from mqviz.model.event import Event, Weight
from mqviz.model.packing import unpack
from mqviz.model.state import State
from mqviz.model.units import Duration
from mqviz.scenario import Moment, Scenario

CHUNK = 2_000
FAR_US = 1 << 62
LIVE_VALUES = 2_000_000
LIVE_WINDOW_US = 10_000_000
SLOWEST, FASTEST = 0.1, 100.0


class NotDeterministic(Exception):
    """A run that was repeated came out differently: a defect of the backend, told with the place."""


class Player:
    """Plays one scenario on one backend. `script` are commands that are given when their time comes (a
    replay).
    """

    def __init__(
        self,
        open_backend: Open,
        scenario: Scenario,
        seed: int | None = None,
        script: Sequence[tuple[int, Command]] = (),
    ) -> None:
        self.scenario = scenario
        self.seed = scenario.seed if seed is None else seed
        self.until_us = int(scenario.until)
        self.playing = False
        self.speed = 1.0
        self.now_us = 0
        self.state = State()
        self.history = History()
        self.branch = self.history.branches[0]
        self._named: dict[int, list[Moment]] = {}
        self._open = open_backend
        self._backend = open_backend(scenario, self.seed)
        self._script = list(script)
        self._index = 0
        if not self.live:
            self.seek(0)

    # -- what there is ---------------------------------------------------------------------------------

    @property
    def can(self) -> frozenset[Can]:
        """What the backend is able to do."""
        return self._backend.can

    @property
    def live(self) -> bool:
        """True if time passes by itself: a real cluster."""
        return Can.WAIT not in self.can

    @property
    def branches(self) -> list[Branch]:
        """All branches, oldest first."""
        return self.history.branches

    @property
    def family(self) -> list[Branch]:
        """The branches that belong together: all since the last one with a name (a new beginning), oldest
        first.
        """
        root = self._root(self.branch)
        return [branch for branch in self.branches if self._root(branch) is root]

    @property
    def events(self) -> Sequence[Event]:
        """The events of this branch up to the cursor, oldest first."""
        return self.branch.events[: self._index]

    @property
    def cursor(self) -> int:
        """How many events of this branch are shown."""
        return self._index

    @property
    def head_us(self) -> int:
        """How far this branch was computed."""
        return self._backend.now_us

    @property
    def following(self) -> bool:
        """True if everything that the backend said is shown."""
        return self._index == len(self.branch.events)

    @property
    def named(self) -> list[Moment]:
        """The times that were named on this branch, or on its parent before the fork."""
        return self._named.setdefault(self.branch.number, [])

    @property
    def moments(self) -> list[Moment]:
        """Named times: the scenario's, the learner's, and where a command was given; in order of time."""
        given = [Moment(Duration(at - 1 if at else 0), commands.format(c)) for at, c in self.branch.commands]
        return sorted([*self.scenario.moments, *self.named, *given], key=lambda moment: moment.at)

    def happened(self, since: int) -> Sequence[Event]:
        """The events after the first `since` ones, up to the cursor."""
        return self.branch.events[since : self._index]

    # -- the clock -------------------------------------------------------------------------------------

    def play(self) -> None:
        """Let time pass with every tick."""
        self.playing = True

    def pause(self) -> None:
        """Stop the view's clock; a live cluster goes on and is caught up with later."""
        self.playing = False

    def toggle(self) -> None:
        """Play or pause."""
        self.playing = not self.playing

    def faster(self, factor: float) -> float:
        """Change the speed by `factor`, within 0.1 and 100; returns the new one."""
        self.speed = min(FASTEST, max(SLOWEST, round(self.speed * factor, 3)))
        return self.speed

    def tick(self, elapsed_us: int) -> list[Event]:
        """Let `elapsed_us` of wall time pass; returns what became visible."""
        before = self._index
        if self.live:
            self._listen(elapsed_us)
        elif self.playing:
            self._move_to(self._target(elapsed_us))
        return list(self.branch.events[before : self._index])

    def _target(self, elapsed_us: int) -> int:
        if self.speed == float("inf"):
            return self.until_us
        return min(self.until_us, self.now_us + int(elapsed_us * self.speed))

    def _listen(self, elapsed_us: int) -> None:
        """Take what a real cluster did meanwhile; its clock goes on whether or not the view's does."""
        follow = self.playing and self.following
        events = self._backend.advance(self._backend.now_us + elapsed_us)
        self.history.append(self.branch, events)
        self.branch.size += sum(event.size() for event in events)
        if follow or (self.playing and self.now_us >= self._backend.now_us):
            self._show(len(self.branch.events))
            self.now_us = self._backend.now_us
        self._thin()

    def _thin(self) -> None:
        if self.history.fit(self.branch, LIVE_VALUES, LIVE_WINDOW_US):
            self._index = self.history.index_at(self.branch, self.now_us)

    # -- going to a time -------------------------------------------------------------------------------

    def seek(self, at_us: int) -> None:
        """Show the world at `at_us`: forwards is computed, backwards comes from the history."""
        end = self._backend.now_us if self.live else self.until_us
        at_us = min(max(0, at_us), end)
        if at_us >= self.now_us:
            self._move_to(at_us)
        else:
            self._show(self.history.index_at(self.branch, at_us))
            self.now_us = at_us

    def step(self) -> Event | None:
        """Go to the next event of weight STEP or more; None if there is none before the end."""
        at = self._index
        while True:
            for index in range(at, len(self.branch.events)):
                event = self.branch.events[index]
                if event.weight >= Weight.STEP:
                    self._show(index + 1)
                    self.now_us = max(self.now_us, event.at_us)
                    return event
            at = len(self.branch.events)
            self._show(at)
            if not self._next_instant():
                return None

    def step_back(self) -> Event | None:
        """Go back to just after the step before the one that is shown; None at time 0, where the world is set
        up.
        """
        events, first = self.branch.events, self.history.index_at(self.branch, 0)
        steps = (i for i in range(self._index - 1, first - 1, -1) if events[i].weight >= Weight.STEP)
        at = next(steps, None)
        if at is not None and at + 1 == self._index:
            at = next(steps, None)
        if at is None:
            self.seek(0)
            return None
        self._show(at + 1)
        self.now_us = events[at].at_us
        return events[at]

    def next_moment(self) -> Moment | None:
        """Go to the next named time."""
        return self._to_moment(next((m for m in self.moments if m.at > self.now_us), None))

    def previous_moment(self) -> Moment | None:
        """Go to the named time before."""
        return self._to_moment(next((m for m in reversed(self.moments) if m.at < self.now_us), None))

    def name_moment(self, name: str) -> Moment:
        """Give this time a name."""
        moment = Moment(Duration(self.now_us), name)
        self.named.append(moment)
        return moment

    def _to_moment(self, moment: Moment | None) -> Moment | None:
        if moment is not None:
            self.seek(int(moment.at))
        return moment

    def _next_instant(self) -> bool:
        waiting = self._script[0][0] if self._script else None
        coming = self._backend.next_at_us()
        at_us = min((at for at in (waiting, coming) if at is not None), default=None)
        if self.live or at_us is None or at_us > self.until_us:
            return False
        self._compute(at_us + 1)
        return True

    def _move_to(self, at_us: int) -> None:
        if not self.live:
            self._compute(at_us + 1)
        self._show(self.history.index_at(self.branch, at_us))
        self.now_us = at_us
        if at_us >= self.until_us and not self.live:
            self.playing = False

    # -- the backend -----------------------------------------------------------------------------------

    def _compute(self, until_us: int) -> None:
        """Let the backend come as far as `until_us`, giving scripted commands on the way."""
        while self._script and self._script[0][0] < until_us:
            at_us, command = self._script.pop(0)
            self._run(at_us)
            self._backend.submit(command)
            self.branch.commands.append((at_us, command))
        self._run(until_us)

    def _run(self, until_us: int) -> None:
        while self._backend.now_us < until_us:
            follow = self.following
            self.history.append(self.branch, self._backend.advance(until_us, CHUNK))
            if follow and self._backend.now_us < until_us:
                self._show(len(self.branch.events))

    def _show(self, index: int) -> None:
        """Bring the State to just after the first `index` events."""
        if index < self._index or self.history.checkpoint_before(self.branch, index).index > self._index:
            self.state = self.history.state_after(self.branch, index)
        else:
            for event in self.branch.events[self._index : index]:
                apply(self.state, event)
        self._index = index
        if self.following and self.history.due(self.branch):
            at_us, data = self._backend.now_us, self._backend.checkpoint()
            self.history.checkpoint(self.branch, self.state, at_us, data)

    # -- acting ----------------------------------------------------------------------------------------

    def submit(self, command: Command | str) -> Event | None:
        """Give a command now; in the past this forks. Raises GrammarError or Refused.

        Returns its CommandGiven; None from a real cluster, which tells it with the next tick.
        """
        if isinstance(command, str):
            command = commands.parse(command)
        if self.live:
            self._backend.submit(command)
            self.branch.commands.append((self._backend.now_us, command))
            return None
        if self._backend.now_us > self.now_us + 1 or self._script:
            self._refuse_past()
            self._fork_at(self.now_us + 1)
        self._run(self.now_us + 1)
        at_us, index = self._backend.now_us, len(self.branch.events)
        self._backend.submit(command)
        self.branch.commands.append((at_us, command))
        self._run(at_us + 1)
        self._show(len(self.branch.events))
        self.now_us = at_us
        return self.branch.events[index]

    def undo(self) -> Command | None:
        """Take the last command back: a fork just before it; None if there was none."""
        if not self.branch.commands:
            return None
        self._refuse_past()
        at_us, command = self.branch.commands[-1]
        self._fork_at(at_us)
        return command

    def fork(self) -> Branch:
        """A new branch from here; the old one stays listed."""
        self._refuse_past()
        self._fork_at(self.now_us + 1)
        return self.branch

    def switch(self, branch: Branch) -> None:
        """Go to another branch, at the time that is shown (or its end)."""
        self.branch.head_us = self._backend.now_us
        self._script = []
        self._backend.close()
        self._backend = self._reopen(branch, branch.head_us)
        self.branch = branch
        self.state, self._index = State(), 0
        at_us = min(self.now_us, max(0, branch.head_us - 1))
        self._show(self.history.index_at(branch, at_us))
        self.now_us = at_us

    def foresee(self, texts: Sequence[str], run_us: int) -> State:
        """The State `run_us` from now if these commands were given, on a throw-away fork; raises Refused."""
        self._refuse_past()
        at_us = self.now_us + 1
        found = self.history.backend_before(self.branch, at_us)
        state: State = unpack(found.state)
        backend = self._open(self.scenario, self.seed, found.backend or None)
        try:
            for event in self._repeat(backend, self.branch, at_us):
                apply(state, event)
            for text in texts:
                backend.submit(commands.parse(text))
            for event in backend.advance(at_us + run_us):
                apply(state, event)
        finally:
            backend.close()
        return state

    def save(self, path: Path) -> None:
        """Keep this branch, as far as it came, as a capture; raises yamlfile.FileError.

        What runs again the same is kept as its commands; a real cluster's run, or one replayed, as its
        events.
        """
        events = self.branch.events
        told = self.live or Can.WRITE not in self.can
        header = capture.capture_of(
            self.scenario, self.seed, events, self._backend.now_us, self.branch.commands, told
        )
        capture.write(path, header, events if told else ())

    def close(self) -> None:
        """Let go of the backend."""
        self._backend.close()

    def _root(self, branch: Branch) -> Branch:
        while branch.parent is not None and not branch.name:
            branch = self.branches[branch.parent]
        return branch

    def _refuse_past(self) -> None:
        if Can.REWIND not in self.can:
            raise Refused("a real cluster cannot go back: go to the present (End) and act there")

    def _fork_at(self, at_us: int) -> None:
        self.branch.head_us = self._backend.now_us
        branch = self.history.fork(self.branch, at_us)
        self._named[branch.number] = [moment for moment in self.named if moment.at < at_us]
        self._script = []
        self._backend.close()
        self._backend = self._reopen(branch, at_us)
        self.branch = branch
        self.state = self.history.state_after(branch, len(branch.events))
        self._index = len(branch.events)
        self.now_us = max(0, at_us - 1)

    def _reopen(self, branch: Branch, at_us: int) -> Backend:
        """A backend that has come along `branch` as far as `at_us`."""
        found = self.history.backend_before(branch, at_us)
        backend = self._open(self.scenario, self.seed, found.backend or None)
        again = self._repeat(backend, branch, at_us)
        before = branch.events[found.index : found.index + len(again)]
        if [e.id for e in again] != [e.id for e in before] or (again and again[-1] != before[-1]):
            raise NotDeterministic(f"the run differs when repeated from {found.backend_us} us to {at_us} us")
        return backend

    def _repeat(self, backend: Backend, branch: Branch, at_us: int) -> list[Event]:
        events: list[Event] = []
        for given_us, command in branch.commands:
            if backend.now_us <= given_us < at_us:
                events += backend.advance(given_us)
                backend.submit(command)
        events += backend.advance(at_us)
        return events
