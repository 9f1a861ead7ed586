"""Share window: the records of a partition that a share group has begun and not finished, as ranges of one
state.

A share-partition keeps a window [start, end) of the log. Every record in it is in one of four states; the
legal moves are the table RECORD_MOVES (RecordState in Kafka, R131). Records next to each other of one state,
count and lock are one `Run`; a batch of thousands is one too.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from itertools import pairwise

import msgspec

from mqviz.model.moves import move

RECORD_MOVES: dict[str, tuple[str, ...]] = {
    "Available": ("Acquired", "Archived"),
    "Acquired": ("Available", "Acknowledged", "Archived"),
    "Acknowledged": (),
    "Archived": (),
}
"""From each state of a record the states that may follow (R131)."""

TERMINAL = ("Acknowledged", "Archived")

REMEMBERED = 48
"""Runs before the window that are kept, so that they can still be drawn."""


class Run(msgspec.Struct):
    """Offsets first … end - 1, alike in everything. `lock` and `until_us` count while they are acquired."""

    first: int
    end: int
    state: str = "Available"
    deliveries: int = 0
    member: str = ""
    client: str = ""
    lock: int = 0
    until_us: int = 0

    def like(self, other: Run) -> bool:
        """Whether the two differ in nothing but their offsets."""
        return (self.state, self.deliveries, self.lock, self.member) == (
            other.state,
            other.deliveries,
            other.lock,
            other.member,
        )


class SharePartition(msgspec.Struct):
    """The window of a share group on one partition, kept by the partition's leader (R131).

    `start` and `end`: SPSO and SPEO. `persisted`: the start offset that was written last, one write behind
    (R131); `written`: the start after the last write's own change, which the next one writes. `locks` counts
    locks. `limit`: deliveries at most; `in_flight`: the longest window; `lock_us`: how long a lock holds.
    `portions`: (first, end) as records were acquired for the first time, which is how they come again (R131).
    `leader`: the broker that keeps it. `past`: runs that the start has passed, the last ones. `poisoned`:
    records archived because they were delivered `limit` times. `overtaken`: (later, earlier) of the last
    record finished while an earlier one was not.
    """

    topic: str
    partition: int
    key: str
    start: int
    lock_us: int
    limit: int
    in_flight: int
    leader: int
    end: int = 0
    persisted: int = 0
    locks: int = 0
    acknowledged: int = 0
    archived: int = 0
    poisoned: int = 0
    runs: list[Run] = msgspec.field(default_factory=list)
    portions: list[tuple[int, int]] = msgspec.field(default_factory=list)
    past: list[Run] = msgspec.field(default_factory=list)
    overtaken: tuple[int, int] | None = None
    written: int = 0

    @property
    def next_offset(self) -> int:
        """Where the next fetch begins to look: at the first record that is available,
        or behind the window.
        """
        return next((run.first for run in self.runs if run.state == "Available"), self.end)

    def between(self, first: int, end: int) -> list[Run]:
        """Copies of the runs in first … end - 1, cut to it."""
        found: list[Run] = []
        for run in self.runs[self._at(first) :]:
            if run.first >= end:
                break
            found.append(msgspec.structs.replace(run, first=max(run.first, first), end=min(run.end, end)))
        return found

    def change(self, first: int, end: int, alter: Callable[[Run], None]) -> None:
        """Apply `alter` to the records first … end - 1, which are in the window."""
        low = high = self._at(first)
        pieces: list[Run] = []
        while high < len(self.runs) and self.runs[high].first < end:
            pieces += _cut(self.runs[high], first, end)
            high += 1
        for run in pieces:
            if first <= run.first and run.end <= end:
                alter(run)
        before, after = self.runs[max(0, low - 1) : low], self.runs[high : high + 1]
        self.runs[low - len(before) : high + len(after)] = _joined([*before, *pieces, *after])

    def extend(self, end: int) -> None:
        """Let the window end at `end`; new records are available."""
        if end > self.end:
            self.runs.append(Run(self.end, end))
            self.end = end

    def advance(self) -> None:
        """Move the start over records that are finished (R131)."""
        passed = 0
        for run in self.runs:
            if run.state not in TERMINAL:
                break
            passed += 1
        if passed:
            self.past = (self.past + self.runs[:passed])[-REMEMBERED:]
            self.start = self.runs[passed - 1].end
            del self.runs[:passed]
            del self.portions[: bisect_right(self.portions, self.start, key=lambda portion: portion[1])]

    def drop(self, offset: int) -> None:
        """The log begins at `offset` now: nothing below is left to deliver, whoever holds it."""
        self.extend(offset)
        self.change(self.start, offset, _archive)
        self.advance()
        self.written = max(self.written, offset)

    def _at(self, offset: int) -> int:
        return bisect_right(self.runs, offset, key=lambda run: run.end)


def to_state(run: Run, state: str) -> None:
    """Move the records of `run` to `state`; raises IllegalMove."""
    run.state = move(RECORD_MOVES, run.state, state, f"records {run.first} to {run.end - 1}")
    if state != "Acquired":
        run.lock = run.until_us = 0
    if state == "Available":
        run.member = run.client = ""


def _archive(run: Run) -> None:
    if run.state not in TERMINAL:
        to_state(run, "Archived")


def _cut(run: Run, first: int, end: int) -> list[Run]:
    """The one, two or three runs that `run` falls into at `first` and `end`."""
    marks = [run.first, *(mark for mark in (first, end) if run.first < mark < run.end), run.end]
    return [msgspec.structs.replace(run, first=a, end=b) for a, b in pairwise(marks)]


def _joined(runs: list[Run]) -> list[Run]:
    """Neighbours that are alike become one."""
    found: list[Run] = []
    for run in runs:
        if found and found[-1].like(run):
            found[-1].end = run.end
        else:
            found.append(run)
    return found
