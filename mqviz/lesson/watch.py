"""Watch: which goals of a step are reached, as facts of the run and not of the screen.

A goal is reached once its check was true at some time since the step began, on this branch, up to the
cursor. So it stays ticked when the world moves on, and it is open again after undo, a fork before that time,
or a step back to before it. A new branch knows what its parent had reached before the fork.
"""

from __future__ import annotations

from collections.abc import Sequence

from mqviz.lesson.goals import Both, Check, Happened
from mqviz.model.event import Event
from mqviz.model.observed.state import Unknown
from mqviz.player import Player


class Watch:
    """Watches checks from now on. `reached[i]` is when check i was first true on the branch that is shown."""

    def __init__(self, checks: Sequence[Check], run: Player) -> None:
        self.checks = checks
        self.since_us = run.now_us
        self._index = run.cursor
        self._thinned = run.branch.thinned
        self._branches: dict[int, dict[int, int]] = {run.branch.number: {}}
        self._unknown: dict[int, str] = {}
        self._reached: dict[int, int] = self._branches[run.branch.number]
        self._now_us = run.now_us

    def look(self, run: Player) -> list[int]:
        """Check everything that is not reached yet; returns the checks that have just become true."""
        self._reached = self._of_branch(run)
        self._now_us = run.now_us
        self._unknown.clear()
        events = self._events(run)
        return [i for i in range(len(self.checks)) if i not in self._reached and self._true(i, run, events)]

    def reached(self, number: int) -> bool:
        """True if this check was true at or before the time that is shown."""
        return self._reached.get(number, self._now_us + 1) <= self._now_us

    def reached_us(self, number: int) -> int:
        """When the check was first true."""
        return self._reached[number]

    def unknown(self, number: int) -> str:
        """Why it is not known whether this check is true; "" if it is known."""
        return self._unknown.get(number, "")

    @property
    def all_reached(self) -> bool:
        """True if every check is reached."""
        return all(self.reached(number) for number in range(len(self.checks)))

    def _of_branch(self, run: Player) -> dict[int, int]:
        branch = run.branch
        if branch.number not in self._branches:
            parent = self._branches.get(-1 if branch.parent is None else branch.parent, {})
            kept = {number: at for number, at in parent.items() if at < branch.forked_at_us}
            self._branches[branch.number] = kept
        return self._branches[branch.number]

    def _events(self, run: Player) -> Sequence[Event]:
        if not any(isinstance(check, Happened | Both) for check in self.checks):
            return ()
        gone = run.branch.thinned - self._thinned
        return run.happened(max(0, self._index - gone))

    def _true(self, number: int, run: Player, events: Sequence[Event]) -> bool:
        check = self.checks[number]
        found = check.holds(run.state, events)
        if isinstance(found, Unknown):
            self._unknown[number] = found.reason
            return False
        if found and run.now_us >= self.since_us:
            self._reached[number] = _when(check, run, events)
            return True
        return False


def _when(check: Check, run: Player, events: Sequence[Event]) -> int:
    if isinstance(check, Happened):
        return next(event.at_us for event in events if check.matches(event))
    return run.now_us
