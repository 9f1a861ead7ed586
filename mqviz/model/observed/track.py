"""Track: the offsets of one topic's partitions (log ends, or a group's commits) over the last minute.

A cluster has ten thousand ends and a fifth of a million commits, so nothing here works partition by partition
when an answer arrives: the answer's own dict is merged by `dict.update` and kept, unchanged, as what changed
at that time. Looking back (rates, progress, time lag) is paid only for the partitions that are shown.
"""

from __future__ import annotations

import msgspec

from mqviz.model.packing import share

WINDOW_US = 60_000_000
"""How far back rates, trends and time lag look."""

SPACING_US = 1_900_000
"""A change that comes sooner than this after the one before is merged with the next: about 32 stay in the
window.
"""


class Change(msgspec.Struct, frozen=True, gc=False):
    """Partitions whose offset was another at `at_us` than before; `offsets` is never changed afterwards."""

    at_us: int
    offsets: dict[int, int]


share(Change)


class Track(msgspec.Struct):
    """`now`: {partition: last offset seen}. `before`: offsets as of `before_us`, ahead of all `changes`
    (oldest first).
    """

    now: dict[int, int] = {}
    before: dict[int, int] = {}
    before_us: int = -1
    changes: list[Change] = []

    def see(self, at_us: int, offsets: dict[int, int]) -> None:
        """Take the offsets that changed, seen at `at_us`."""
        self.now.update(offsets)
        if self.before_us < 0:
            self.before.update(offsets)
            self.before_us = at_us
            return
        self._fold(at_us - WINDOW_US)
        if len(self.changes) > 1 and self.changes[-1].at_us - self.changes[-2].at_us < SPACING_US:
            self.changes[-1] = Change(at_us, self.changes[-1].offsets | offsets)
        else:
            self.changes.append(Change(at_us, offsets))

    def forget(self, partitions: tuple[int, ...]) -> None:
        """Partitions that have no offset any more."""
        for partition in partitions:
            self.now.pop(partition, None)
            self.before.pop(partition, None)
        gone = frozenset(partitions)
        self.changes = [
            Change(c.at_us, {p: o for p, o in c.offsets.items() if p not in gone}) for c in self.changes
        ]

    def points(self, partition: int) -> list[tuple[int, int]]:
        """(time, offset) of one partition in the window, oldest first; the first may be older than the
        window.
        """
        found = [(self.before_us, self.before[partition])] if partition in self.before else []
        return found + [(c.at_us, c.offsets[partition]) for c in self.changes if partition in c.offsets]

    def changed_us(self, partition: int) -> int:
        """When the offset of the partition was last seen to change; `before_us` if not since then."""
        for change in reversed(self.changes):
            if partition in change.offsets:
                return change.at_us
        return self.before_us

    def _fold(self, until_us: int) -> None:
        """Merge what is older than the window into `before`."""
        old = 0
        while old < len(self.changes) and self.changes[old].at_us <= until_us:
            self.before.update(self.changes[old].offsets)
            self.before_us = self.changes[old].at_us
            old += 1
        del self.changes[:old]
