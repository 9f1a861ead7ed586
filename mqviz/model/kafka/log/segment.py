"""Segments: one file of a log, as its size and its timestamps; and what left the log, or was cleaned."""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from mqviz.model.kafka.log.batch import Batch


class Cleaned(NamedTuple):
    """What is left below the end of a pass: batches, the segments they are in, and how many records went."""

    batches: tuple[Batch, ...]
    segments: tuple[Segment, ...]
    removed: int


class Segment(msgspec.Struct):
    """One file of a log: offsets from `base_offset` up to the next one's.

    `first_us`: the largest timestamp of the first batch in it, from which a roll by time counts (R67);
    `latest_us`: the largest of all, from which retention counts (R70); None: nothing was written yet.
    """

    base_offset: int
    bytes: int = 0
    first_us: int | None = None
    latest_us: int | None = None

    def wrote(self, batch: Batch) -> None:
        """`batch` was put at its end."""
        self.bytes += batch.bytes
        stamp_us = batch.latest_us
        if self.latest_us is None:
            self.first_us = self.latest_us = stamp_us
        elif stamp_us > self.latest_us:
            self.latest_us = stamp_us


REMEMBERED = 4
"""Deletions of a log that are remembered."""


class Gone(msgspec.Struct, frozen=True):
    """Offsets first … end - 1 left the log at `at_us`; `reason`: time, size, log start, or delete records.

    `bytes` of their files, which vanish at `gone_at_us`; 0 where the records stay in a file that nobody reads
    any more.
    """

    at_us: int
    first: int
    end: int
    bytes: int
    gone_at_us: int
    reason: str


class Pass(msgspec.Struct, frozen=True):
    """A pass of the cleaner over everything below `end`: how many records went and stayed, and the bytes
    (R74).
    """

    at_us: int
    end: int
    removed: int
    kept: int
    bytes_before: int
    bytes_after: int
