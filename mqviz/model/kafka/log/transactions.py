"""Transactions in a log: which are open, where they began, and which ended in an abort.

Each copy of a log keeps this as it is written, so the last stable offset needs no search and a new leader
knows it at once; only a truncation reads the log again.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from itertools import islice

import msgspec

from mqviz.model.kafka.log.batch import Batch
from mqviz.model.packing import share


class Ended(msgspec.Struct, frozen=True):
    """A transaction of `producer_id` with data from `first` on, whose marker is at offset `marker`."""

    producer_id: int
    first: int
    marker: int
    aborted: bool


share(Ended)


class LogTransactions(msgspec.Struct):
    """`open`: first offset of each producer id's open transaction. `ended`, in the order of their markers:
    all that were aborted, and the committed ones whose marker was above the high watermark when that last
    moved (R63).
    """

    open: dict[int, int] = msgspec.field(default_factory=dict)
    ended: list[Ended] = msgspec.field(default_factory=list)

    def note(self, batch: Batch) -> None:
        """A transactional batch or a marker was appended."""
        if not batch.control:
            self.open.setdefault(batch.producer_id, batch.base_offset)
            return
        first = self.open.pop(batch.producer_id, None)
        if first is not None:
            self.ended.append(Ended(batch.producer_id, first, batch.base_offset, batch.aborts))

    def stable(self, high_watermark: int, log_start: int) -> int:
        """The last stable offset: no transaction below it is open, or ended by a marker that is not
        replicated (R63).
        """
        found = min(self.open.values(), default=high_watermark)
        for each in reversed(self.ended):
            if each.marker < high_watermark:
                break
            found = min(found, each.first)
        return max(log_start, min(found, high_watermark))

    def replicated(self, high_watermark: int) -> None:
        """Forget committed transactions whose marker is below the high watermark."""
        if any(not each.aborted and each.marker < high_watermark for each in self.ended):
            self.ended = [each for each in self.ended if each.aborted or each.marker >= high_watermark]

    def aborted(self, first: int, end: int) -> list[Ended]:
        """The aborted transactions that touch offsets first … end - 1, if only by their marker: what a fetch
        answer tells (R63).
        """
        return [each for each in self.ended if each.aborted and each.first < end and each.marker >= first]

    def hides(self, batch: Batch) -> bool:
        """Whether a read_committed consumer skips these records: their transaction was aborted (R63)."""
        if not batch.transactional:
            return False
        later = bisect_right(self.ended, batch.base_offset, key=lambda each: each.marker)
        for each in islice(self.ended, later, None):
            if each.producer_id == batch.producer_id:
                return each.aborted and each.first <= batch.base_offset
        return False

    def forget_before(self, offset: int) -> None:
        """Nothing below `offset` is in a file any more."""
        if self.ended and self.ended[0].marker < offset:
            self.ended = [each for each in self.ended if each.marker >= offset]


def recorded(batches: Iterable[Batch]) -> LogTransactions:
    """What these batches of a log, oldest first, tell."""
    found = LogTransactions()
    for batch in batches:
        if batch.transactional:
            found.note(batch)
    return found
