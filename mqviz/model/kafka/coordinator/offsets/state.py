"""The offsets of a group at its coordinator, and what the group did with each partition."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from mqviz.model.trend import Samples

MOST_TENURES = 64
"""Changes of a partition's reader that are remembered."""


class Crash(msgspec.Struct):
    """A reader died: `position` is how far it had read, `working` the offset that it worked on (None: on
    none).

    `begin`: where its successor began, None while there is none.
    """

    at_us: int
    member: str
    position: int
    working: int | None = None
    begin: int | None = None


class GroupPartition(msgspec.Struct):
    """What a group has to do with one partition.

    `start`: where its first reader began; `committed`: next offset to read, None before the first commit;
    `written`: the event that wrote it to __consumer_offsets, for offsets of a transaction before its marker
    (R82); `outside`: some offset was committed by none of the simulated consumers.
    `limit`: the end of the log when that was committed. `moved`: somebody moved the position or the commit by
    hand, so that neither says what was done. `ends` and `times` are a step function that counts how often
    each record was processed: offsets from ends[i-1] to ends[i] - 1 were processed times[i] times; those
    after the last end 0 times. Neighbours with the same count are one step, so it is short however long the
    log is. `tenures`: since when who reads it, the last MOST_TENURES changes. `crash`: the last death of a
    reader.
    """

    topic: str
    partition: int
    start: int | None = None
    committed: int | None = None
    committed_at_us: int = 0
    written: int = 0
    outside: bool = False
    limit: int = 0
    moved: bool = False
    commits: Samples = msgspec.field(default_factory=Samples)
    ends: list[int] = msgspec.field(default_factory=list)
    times: list[int] = msgspec.field(default_factory=list)
    tenures: list[tuple[int, str]] = msgspec.field(default_factory=list)
    crash: Crash | None = None

    def overtakes(self, written: int) -> bool:
        """Whether what is committed was written after the event `written` (R82)."""
        return self.committed is not None and self.written > written

    def held_by(self, at_us: int, member: str) -> None:
        """`member` reads the partition from now on, "" for nobody."""
        if not self.tenures or self.tenures[-1][1] != member:
            self.tenures.append((at_us, member))
            del self.tenures[:-MOST_TENURES]

    def begin(self, offset: int) -> None:
        """A reader of this partition starts at `offset`."""
        if self.start is None:
            self.start = offset
        if self.crash is not None and self.crash.begin is None:
            self.crash.begin = offset

    def passed(self, first: int, end: int) -> None:
        """Offsets first … end - 1 were processed once more."""
        known = self.ends[-1] if self.ends else 0
        if first >= known:
            self._push(first, 0)
            self._push(end, 1)
            return
        old_ends, old_times = [*self.ends, max(known, end)], [*self.times, 0]
        self.ends, self.times = [], []
        begin = 0
        for step_end, count in zip(old_ends, old_times, strict=True):
            for cut in (first, end):
                if begin < cut < step_end:
                    self._push(cut, count + (first < cut))
                    begin = cut
            self._push(step_end, count + (first <= begin < end))
            begin = step_end

    def _push(self, end: int, count: int) -> None:
        if end <= (self.ends[-1] if self.ends else 0):
            return
        if self.times and self.times[-1] == count:
            self.ends[-1] = end
            return
        self.ends.append(end)
        self.times.append(count)

    def processed(self, offset: int) -> int:
        """How often the record at `offset` was processed."""
        return next((count for end, count in zip(self.ends, self.times, strict=True) if offset < end), 0)

    def steps(self, first: int, end: int) -> Iterator[tuple[int, int, int]]:
        """(first, end, times) of the offsets first … end - 1, those processed equally often together."""
        begin = 0
        for step_end, count in zip([*self.ends, end], [*self.times, 0], strict=True):
            low, high = max(begin, first), min(step_end, end)
            if low < high:
                yield low, high, count
            begin = max(begin, step_end)

    def more_than_once(self) -> int:
        """How many records were processed twice or more often."""
        begin, found = 0, 0
        for end, count in zip(self.ends, self.times, strict=True):
            found += end - begin if count > 1 else 0
            begin = end
        return found
