"""History: the events of one run as branches, and the State at any of them.

What Kafka teaches is how this file works: the log is the truth, a checkpoint every so often makes reading
from the middle cheap, and a State is the fold of the events before it. A branch begins as a copy of its
parent's events up to the fork (pointers, not events). When checkpoints outgrow their budget every second
one is dropped and the distance doubles; when an endless live log outgrows its own, old values that were
replaced within a window are thinned out.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence

import msgspec

from mqviz.model.apply import apply
from mqviz.model.command.base import Command
from mqviz.model.event import Event
from mqviz.model.packing import pack, unpack
from mqviz.model.state import State

CHECKPOINT_EVERY = 1_000
CHECKPOINT_BUDGET = 64 << 20
LONGEST_WINDOW_US = 86_400_000_000


class Checkpoint(msgspec.Struct):
    """The State after the first `index` events, and the backend that had come so far (b"" if it cannot go
    back).
    """

    index: int
    backend_us: int
    state: bytes
    backend: bytes


class Branch(msgspec.Struct):
    """One line of events. `forked_at_us` and `parent` say where it left another one; `name`: whose new
    beginning it is.
    """

    number: int
    parent: int | None = None
    forked_at_us: int = 0
    name: str = ""
    events: list[Event] = []
    times: list[int] = []
    commands: list[tuple[int, Command]] = []
    """What was submitted from outside, and the backend's time when it was."""
    head_us: int = 0
    """How far the backend had come when this branch was left."""
    checkpoints: list[Checkpoint] = []
    every: int = CHECKPOINT_EVERY
    thinned: int = 0
    """How many events thinning removed; 0 in every simulated run."""
    size: int = 0
    """How many values the events of a live run tell."""
    fitted: int = 0
    """What `size` was after the last thinning."""


class History:
    """The branches of a run; the newest is the last of `branches`. `budget`:
    bytes of checkpoints a branch.
    """

    def __init__(self, budget: int = CHECKPOINT_BUDGET) -> None:
        self.budget = budget
        self.branches: list[Branch] = []
        self.begin()

    def begin(self) -> Branch:
        """A branch without a past."""
        branch = Branch(len(self.branches))
        branch.checkpoints.append(Checkpoint(0, 0, pack(State()), b""))
        self.branches.append(branch)
        return branch

    def append(self, branch: Branch, events: Sequence[Event]) -> None:
        """Add what happened, oldest first."""
        branch.events.extend(events)
        branch.times.extend([event.at_us for event in events])

    def due(self, branch: Branch) -> bool:
        """True if the log has grown so far that a checkpoint at its end is worth having."""
        return len(branch.events) - branch.checkpoints[-1].index >= branch.every

    def checkpoint(self, branch: Branch, state: State, backend_us: int, backend: bytes | None) -> None:
        """Keep `state`, which is the one after all events of the branch."""
        found = Checkpoint(len(branch.events), backend_us, pack(state), backend or b"")
        branch.checkpoints.append(found)
        while self.checkpoint_bytes(branch) > self.budget and len(branch.checkpoints) > 2:
            del branch.checkpoints[1::2]
            branch.every *= 2

    def checkpoint_bytes(self, branch: Branch) -> int:
        """Memory of the branch's checkpoints in bytes."""
        return sum(len(c.state) + len(c.backend) for c in branch.checkpoints)

    def index_at(self, branch: Branch, at_us: int) -> int:
        """How many events happened at or before `at_us`."""
        return bisect_right(branch.times, at_us)

    def state_after(self, branch: Branch, index: int) -> State:
        """The State after the first `index` events, made from the checkpoint before and the events since."""
        found = self.checkpoint_before(branch, index)
        state: State = unpack(found.state)
        for event in branch.events[found.index : index]:
            apply(state, event)
        return state

    def backend_before(self, branch: Branch, at_us: int) -> Checkpoint:
        """The last checkpoint from which a backend can go on to `at_us`; the first one means:
        open it anew.
        """
        usable = [c for c in branch.checkpoints if c.backend and c.backend_us <= at_us]
        return usable[-1] if usable else branch.checkpoints[0]

    def fork(self, branch: Branch, at_us: int) -> Branch:
        """A new branch that shares everything before `at_us` (exclusive) with `branch`."""
        index = bisect_left(branch.times, at_us)
        forked = Branch(
            len(self.branches),
            branch.number,
            at_us,
            events=branch.events[:index],
            times=branch.times[:index],
            commands=[given for given in branch.commands if given[0] < at_us],
            head_us=at_us,
            checkpoints=[c for c in branch.checkpoints if c.index <= index and c.backend_us <= at_us],
            every=branch.every,
        )
        self.branches.append(forked)
        return forked

    def fit(self, branch: Branch, most: int, window_us: int) -> bool:
        """Thin an endless live run once its events tell more than `most` values; True if that was done.

        The newest half of `most` stays whole. Where one value a window is still too much, the windows double,
        up to a day. What is left is the least that the next call begins from, so that few calls do anything.
        """
        if branch.size <= max(most, branch.fitted * 5 // 4):
            return False
        keep, told = 0, 0
        while keep < len(branch.events) and told <= most // 2:
            keep += 1
            told += branch.events[-keep].size()
        while branch.size > most and window_us <= LONGEST_WINDOW_US:
            self.thin(branch, keep, window_us)
            branch.size = sum(event.size() for event in branch.events)
            window_us *= 2
        branch.fitted = branch.size
        return True

    def thin(self, branch: Branch, keep: int, window_us: int) -> int:
        """Thin all but the last `keep` events to one value a key and window; returns how many went.

        Only events with a `thin_key` go, each replaced by a later one of the same key in the same window,
        so the State at every window's end is the same. Checkpoints inside are dropped, their events shift.
        """
        old, recent = branch.events[:-keep], branch.events[-keep:]
        kept = _latest_a_window(old, window_us)
        gone = len(old) - len(kept)
        if gone:
            first = branch.checkpoints[0]
            later = [c for c in branch.checkpoints[1:] if c.index >= len(old)]
            branch.checkpoints = [first, *(_moved(c, gone) for c in later)]
            branch.events = kept + recent
            branch.times = [event.at_us for event in branch.events]
            branch.thinned += gone
        return gone

    def checkpoint_before(self, branch: Branch, index: int) -> Checkpoint:
        """The last checkpoint among the first `index` events."""
        at = bisect_right(branch.checkpoints, index, key=lambda c: c.index)
        return branch.checkpoints[at - 1]


def _latest_a_window(events: Sequence[Event], window_us: int) -> list[Event]:
    """The events with those of one thin key and window put together in the last of them, oldest first."""
    places: dict[tuple[str, int], int] = {}
    kept: list[Event] = []
    for event in reversed(events):
        key = event.thin_key()
        place = None if key is None else places.setdefault((key, event.at_us // window_us), len(kept))
        if place is None or place == len(kept):
            kept.append(event)
        else:
            kept[place] = kept[place].absorb(event)
    kept.reverse()
    return kept


def _moved(found: Checkpoint, gone: int) -> Checkpoint:
    return Checkpoint(found.index - gone, found.backend_us, found.state, found.backend)
