"""A log as batches, the sealed chunks that hold most of them, and a replica's copy of a partition."""

from __future__ import annotations

import sys
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence

import msgspec

from mqviz.model.kafka.log.batch import TRANSACTIONAL, Batch, Chunk
from mqviz.model.kafka.log.cut import Cut
from mqviz.model.kafka.log.producer_state import ProducerTable, rebuilt
from mqviz.model.kafka.log.segment import Cleaned, Gone, Pass, Segment
from mqviz.model.kafka.log.transactions import LogTransactions, recorded

SEAL = 256
"""Batches in a sealed chunk."""


class Log(msgspec.Struct):
    """Batches from `start` (first offset that can be read) to `end` (next offset to write), in segments
    (R67).

    `clean_to`: where the dirty part begins that no pass of the cleaner has seen. `doomed`: (gone at, bytes)
    of files that wait for their deletion. `epochs`: each leader epoch of the log and its first offset.
    `gone`: what was deleted last; `last_pass`: the cleaner's.
    """

    start: int = 0
    end: int = 0
    sealed: list[Chunk] = msgspec.field(default_factory=list)
    tail: list[Batch] = msgspec.field(default_factory=list)
    segments: list[Segment] = msgspec.field(default_factory=lambda: [Segment(0)])
    clean_to: int = 0
    doomed: list[tuple[int, int]] = msgspec.field(default_factory=list)
    epochs: list[tuple[int, int]] = msgspec.field(default_factory=list)
    transactions: LogTransactions = msgspec.field(default_factory=LogTransactions)
    gone: list[Gone] = msgspec.field(default_factory=list)
    last_pass: Pass | None = None

    @property
    def last_epoch(self) -> int:
        """The leader epoch of the last record, or of the leadership that began here; -1 for none."""
        return self.epochs[-1][0] if self.epochs else -1

    def begin_epoch(self, epoch: int) -> None:
        """A leadership begins at the end of this log (R25)."""
        if epoch > self.last_epoch:
            self.epochs.append((epoch, self.end))

    def end_of_epoch(self, epoch: int) -> tuple[int, int]:
        """The largest epoch <= `epoch` that this log knows, and where it ends; knowing none, `epoch` and
        where the first begins (R26).
        """
        ends = [*(start for _, start in self.epochs[1:]), self.end]
        known = [(e, end) for (e, _), end in zip(self.epochs, ends, strict=True) if e <= epoch]
        return known[-1] if known else (epoch, self.epochs[0][1] if self.epochs else self.end)

    def append(self, batch: Batch) -> None:
        """Put `batch` at the end."""
        tail = self.tail
        tail.append(batch)
        self.segments[-1].wrote(batch)
        if not self.epochs or batch.leader_epoch > self.epochs[-1][0]:
            self.epochs.append((batch.leader_epoch, batch.base_offset))
        self.end = batch.base_offset + batch.count
        if batch.attributes & TRANSACTIONAL:
            self.transactions.note(batch)
        if len(tail) >= SEAL:
            self.sealed.append(Chunk(tail[0].base_offset, self.end, tuple(tail)))
            self.tail = []

    def read(self, first: int, end: int, most_bytes: int = sys.maxsize) -> tuple[Batch, ...]:
        """Whole batches with records in first … end - 1, oldest first, up to `most_bytes`, at least one
        (R80).
        """
        found: list[Batch] = []
        total = 0
        for batch in self.forwards(first):
            total += batch.bytes
            if batch.base_offset >= end or (found and total > most_bytes):
                break
            found.append(batch)
        return tuple(found)

    def forwards(self, first: int) -> Iterator[Batch]:
        """Batches from the one that holds offset `first` on, oldest first."""
        for index in range(
            bisect_right(self.sealed, first, key=lambda chunk: chunk.end_offset), len(self.sealed)
        ):
            yield from _from(self.sealed[index].batches, first)
        yield from _from(self.tail, first)

    def backwards(self, end: int) -> Iterator[Batch]:
        """Batches that begin below `end`, newest first."""
        for batch in reversed(self.tail):
            if batch.base_offset < end:
                yield batch
        for index in range(self._chunk(end), -1, -1):
            for batch in reversed(self.sealed[index].batches):
                if batch.base_offset < end:
                    yield batch

    def truncate(self, offset: int) -> None:
        """Take away every batch that ends above `offset`, and leaderships that begin there; the next append
        gets `offset` (R26).
        """
        if offset >= self.end:
            self.epochs = [(epoch, start) for epoch, start in self.epochs if start < self.end]
            return
        kept = self._cut(lambda batch: batch.end_offset <= offset)
        self.sealed, self.tail = kept
        self.end = offset
        self.epochs = [(epoch, start) for epoch, start in self.epochs if start < offset]
        self.start = min(self.start, offset)
        self._truncate_segments()
        self.clean_to = min(self.clean_to, self.segments[-1].base_offset)
        self.transactions = recorded(self.forwards(self.segments[0].base_offset))

    def _truncate_segments(self) -> None:
        kept = [segment for segment in self.segments if segment.base_offset <= self.end]
        last = Segment(kept[-1].base_offset if kept else self.end)
        for batch in self.forwards(last.base_offset):
            last.wrote(batch)
        self.segments = [*kept[:-1], last]

    def roll(self) -> None:
        """Close the active segment; the next batch begins a new one (R67)."""
        self.segments.append(Segment(self.end))

    def drop_segments(self, count: int) -> None:
        """Take away the `count` oldest segments, which are not all, with their batches; the log starts after
        them (R70).
        """
        self.segments = self.segments[count:]
        first = self.segments[0].base_offset
        kept = [batch for batch in self.forwards(first) if batch.base_offset >= first]
        self._lay(kept, [chunk for chunk in self.sealed if chunk.base_offset >= first])
        self.delete_before(first)

    def put(self, cleaned: Cleaned, end: int) -> None:
        """Put what a pass of the cleaner left in the place of everything below `end` (R74)."""
        after = [batch for batch in self.forwards(end) if batch.base_offset >= end]
        self._lay([*cleaned.batches, *after], [])
        self.segments = [*cleaned.segments, *(each for each in self.segments if each.base_offset >= end)]
        self.clean_to = end

    def _lay(self, batches: list[Batch], ready: list[Chunk]) -> None:
        """Hold these batches; the ones from the first chunk that is `ready` on are in those chunks
        already.
        """
        border = ready[0].base_offset if ready else self.end
        fresh = [batch for batch in batches if batch.base_offset < border] if ready else batches
        whole = len(fresh) if ready else len(fresh) // SEAL * SEAL
        self.sealed = [_chunk(fresh[at : min(at + SEAL, whole)]) for at in range(0, whole, SEAL)] + ready
        self.tail = self.tail if ready else fresh[whole:]

    def delete_before(self, offset: int) -> None:
        """Move the first offset that can be read; the batches stay until their segment goes (R72).

        Leader epochs whose records are all below it are forgotten; the one it lies in begins there (R25).
        """
        self.start = max(self.start, min(offset, self.end))
        begun = [epoch for epoch, first in self.epochs if first <= self.start]
        self.epochs = [(epoch, self.start) for epoch in begun[-1:]] + self.epochs[len(begun) :]
        self.transactions.forget_before(self.segments[0].base_offset)

    def restart(self, offset: int) -> None:
        """Begin anew, empty, at `offset`: a follower that is behind its leader's log start."""
        self.sealed, self.tail = [], []
        self.start = self.end = self.clean_to = offset
        self.segments, self.epochs = [Segment(offset)], []
        self.transactions = LogTransactions()

    def offset_for_time(self, at_us: int) -> tuple[int, int] | None:
        """(offset, timestamp) of the first record with a timestamp of `at_us` or later; None: there is none
        (R88).
        """
        for batch in self.forwards(self.start):
            if batch.latest_us < at_us:
                continue
            for index in range(batch.count):
                offset, stamp_us = batch.base_offset + index, batch.timestamp_us(index)
                if stamp_us >= at_us and offset >= self.start:
                    return offset, stamp_us
        return None

    def _cut(self, keeps: Callable[[Batch], bool]) -> tuple[list[Chunk], list[Batch]]:
        """Chunks and tail up to the first batch that `keeps` is false for."""
        sealed: list[Chunk] = []
        for chunk in self.sealed:
            if not keeps(chunk.batches[-1]):
                return sealed, [batch for batch in chunk.batches if keeps(batch)]
            sealed.append(chunk)
        return sealed, [batch for batch in self.tail if keeps(batch)]

    def _chunk(self, offset: int) -> int:
        """Index of the last chunk that begins below `offset`."""
        return bisect_right(self.sealed, offset - 1, key=lambda chunk: chunk.base_offset) - 1


class Replica(msgspec.Struct):
    """One broker's copy of a partition, and what this broker believes about the partition (R15, R27).

    `high_watermark`, `leader` (-1: nobody), `leader_epoch`, `partition_epoch`, `isr` are what it was told
    last. The rest is what it knows as a leader: `follower_ends`, how far each follower has fetched (-1: it
    has not yet); `caught_up_us`, when each was last known to have everything, and `looked`, time and log end
    of its last fetch (R18); `pending`: in-sync replicas that it asked the controller for, () for none.
    `cut`: what it took off its log last (R26).
    """

    log: Log = msgspec.field(default_factory=Log)
    high_watermark: int = 0
    producers: ProducerTable = msgspec.field(default_factory=ProducerTable)
    leader: int = -1
    leader_epoch: int = -1
    partition_epoch: int = -1
    isr: list[int] = msgspec.field(default_factory=list)
    follower_ends: dict[int, int] = msgspec.field(default_factory=dict)
    caught_up_us: dict[int, int] = msgspec.field(default_factory=dict)
    looked: dict[int, tuple[int, int]] = msgspec.field(default_factory=dict)
    pending: tuple[int, ...] = ()
    cut: Cut | None = None

    @property
    def maximal_isr(self) -> list[int]:
        """Every replica that is in sync now or will be if the controller agrees: the high watermark waits for
        all (R17).
        """
        return [*self.isr, *(broker for broker in self.pending if broker not in self.isr)]

    @property
    def last_stable_offset(self) -> int:
        """The first offset that a read_committed consumer may not read (R63)."""
        transactions = self.log.transactions
        if not transactions.open and not transactions.ended:
            return self.high_watermark
        return transactions.stable(self.high_watermark, self.log.start)

    def mark(self, high_watermark: int) -> None:
        """The high watermark is known to be here now."""
        self.high_watermark = high_watermark
        if self.log.transactions.ended:
            self.log.transactions.replicated(high_watermark)


def _chunk(batches: Sequence[Batch]) -> Chunk:
    return Chunk(batches[0].base_offset, batches[-1].end_offset, tuple(batches))


def _from(batches: Sequence[Batch], first: int) -> Sequence[Batch]:
    return batches[bisect_right(batches, first, key=lambda batch: batch.end_offset) :]


def table(replica: Replica, leader_epoch: int) -> ProducerTable:
    """What `replica`, the leader in `leader_epoch`, remembers; read from its log if it has only just become
    leader.
    """
    found = replica.producers
    if found.leader_epoch == leader_epoch:
        return found
    return rebuilt(replica.log.forwards(replica.log.start), leader_epoch)


def note(replica: Replica, batch: Batch) -> None:
    """The leader wrote `batch`, which is in the log already."""
    if replica.producers.leader_epoch == batch.leader_epoch:
        replica.producers.note(batch)
    else:
        replica.producers = rebuilt(replica.log.forwards(replica.log.start), batch.leader_epoch)


def held_bytes(log: Log, now_us: int) -> int:
    """Bytes that this copy takes on disk at `now_us`, files that wait for their deletion included (R78)."""
    doomed = sum(size for gone_at_us, size in log.doomed if gone_at_us > now_us)
    return doomed + sum(segment.bytes for segment in log.segments)
