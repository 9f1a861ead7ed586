"""Claim: a partition as the process that reads it sees it, and the records of it that the application has in hand."""

from __future__ import annotations

import msgspec

from mqviz.model.log import Batch


class Claim(msgspec.Struct):
    """A partition that the process believes it owns.

    `position`: next offset that poll() will return, None until it is known; `fetched`: batches that wait in
    the process, which cover position … fetched_to - 1. `hidden`: base offsets of those that read_committed does not show.
    `reset`: how a lost position is found: by the group's commit (empty), the `policy` of auto.offset.reset, `earliest`,
    `latest`, the `time` at_us; not before `not_before_us`. `paused`: by the application (R89). `handed`: the offset after
    the last record that poll() returned, `done`: after the last one that is done with, None if there was none; `stored`: which of
    them librdkafka's timer committed last (R84). `preferred`: the replica that the leader sent the consumer to, until `preferred_until_us`;
    -1: it reads from the leader (R36).
    """

    topic: str
    partition: int
    position: int | None = None
    fetched: list[Batch] = msgspec.field(default_factory=list)
    fetched_to: int = 0
    hidden: list[int] = msgspec.field(default_factory=list)
    reset: str = ""
    at_us: int = 0
    not_before_us: int = 0
    paused: bool = False
    handed: int | None = None
    done: int | None = None
    stored: int | None = None
    preferred: int = -1
    preferred_until_us: int = 0

    def forget(self) -> None:
        """What was fetched is of no use any more."""
        self.fetched, self.hidden = [], []

    def visible(self, batch: Batch) -> bool:
        """Whether an application may see the records of `batch`."""
        return not batch.control and batch.base_offset not in self.hidden


class Slice(msgspec.Struct):
    """Offsets first … end - 1 of a partition that poll() returned and that are still to be processed.

    `batches` hold the records; there may be gaps between them, where others were compacted away or are markers.
    """

    topic: str
    partition: int
    first: int
    end: int
    batches: list[Batch]

    def next_record(self) -> int | None:
        """The offset of the next record; None: only a gap is left."""
        for batch in self.batches:
            if batch.end_offset > self.first:
                return max(self.first, batch.base_offset) if batch.base_offset < self.end else None
        return None

    def end_after(self, offset: int | None) -> int:
        """Where the work is after the record at `offset`: just behind it, or behind the gap that ends what is in hand."""
        more = offset is not None and self.batches and offset + 1 < self.batches[-1].end_offset
        return offset + 1 if offset is not None and more else self.end

    def count(self, end: int) -> int:
        """How many records there are below `end`."""
        found = 0
        for batch in self.batches:
            if batch.base_offset >= end:
                break
            found += max(0, min(end, batch.end_offset) - max(self.first, batch.base_offset))
        return found


class Taken(msgspec.Struct):
    """The record that the application works on."""

    topic: str
    partition: int
    offset: int
    key: str | None
    started_at_us: int
    ends_at_us: int
