"""The ledger: what became of every record that was ever sent, in one byte a record."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import msgspec

from mqviz.model.kafka.log import state as log_state
from mqviz.model.kafka.log.batch import Batch
from mqviz.model.kafka.log.state import Log

PAGE = 4096

ACKNOWLEDGED, FAILED, COPY = 1, 2, 4

COPIES = 7 * COPY

REASONS = ("", "truncated", "unclean", "disk", "power", "never sent", "deleted", "compacted")
"""Why the last copy of a record went; "" of an acknowledged one without copies: only a deposed leader ever
had it.
"""


class Page(msgspec.Struct, frozen=True):
    """The bytes of PAGE records."""

    data: bytes


class Track(msgspec.Struct):
    """One producer's records to one partition by number; `counts`: how many records have which byte."""

    pages: list[Page] = msgspec.field(default_factory=list)
    tail: bytearray = msgspec.field(default_factory=bytearray)
    counts: dict[int, int] = msgspec.field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.pages) * PAGE + len(self.tail)

    def reach(self, end: int) -> None:
        """Know of the records before number `end`."""
        missing = end - len(self)
        if missing > 0:
            self.tail += bytes(missing)
            self.counts[0] = self.counts.get(0, 0) + missing
        while len(self.tail) >= 2 * PAGE:
            self.pages.append(_page(bytes(self.tail[:PAGE])))
            del self.tail[:PAGE]

    def change(self, first: int, end: int, table: bytes) -> None:
        """Records first … end - 1 have another byte, as `table` translates it."""
        self.reach(end)
        border = len(self.pages) * PAGE
        while first < min(end, border):
            index, at = divmod(first, PAGE)
            stop = min(end - index * PAGE, PAGE)
            data = self.pages[index].data
            piece = self._translated(data[at:stop], table)
            self.pages[index] = _page(data[:at] + piece + data[stop:])
            first = index * PAGE + stop
        if first < end:
            piece = self._translated(bytes(self.tail[first - border : end - border]), table)
            self.tail[first - border : end - border] = piece

    def _translated(self, piece: bytes, table: bytes) -> bytes:
        counts = self.counts
        values = piece[:1] if piece.count(piece[0]) == len(piece) else sorted(set(piece))
        for value in values:
            number, new = piece.count(value), table[value]
            counts[value] -= number
            counts[new] = counts.get(new, 0) + number
        return piece.translate(table)

    def byte(self, number: int) -> int:
        """The byte of one record; 0 of one that the ledger has not heard of."""
        index, at = divmod(number, PAGE)
        if index < len(self.pages):
            return self.pages[index].data[at]
        at = number - len(self.pages) * PAGE
        return self.tail[at] if at < len(self.tail) else 0


class PartitionLedger(msgspec.Struct):
    """The tracks of a partition by producer, and the leader's batches as they were last seen.

    `epoch`: the leadership that `truth` belongs to. `damaged`: brokers whose copies lost records since they
    last led, by the reason.
    `robbed`: offsets of values that the cleaner took although they were their key's last: none, ever.
    """

    tracks: dict[str, Track] = msgspec.field(default_factory=dict)
    epoch: int = -1
    damaged: dict[int, str] = msgspec.field(default_factory=dict)
    truth: log_state.Log = msgspec.field(default_factory=lambda: log_state.Log())
    robbed: tuple[int, ...] = ()

    def track(self, producer: str) -> Track:
        """The track of a producer, made when first asked for."""
        found = self.tracks.get(producer)
        if found is None:
            found = self.tracks[producer] = Track()
        return found

    def mark(self, batch: Batch, table: bytes, first: int = 0, end: int | None = None) -> None:
        """Records number first … end - 1 of `batch` have another byte."""
        if batch.first_number >= 0 and not batch.control:
            number = batch.first_number
            stop = batch.count if end is None else end
            self.track(batch.producer).change(number + first, number + stop, table)

    def appended(self, batch: Batch) -> None:
        """The leader wrote `batch`."""
        self.mark(batch, APPEND)
        self.truth.append(batch)

    def deleted_before(self, offset: int) -> None:
        """Records below `offset` can no longer be read, or are gone (R70, R72)."""
        truth, table = self.truth, removal("deleted")
        for batch in truth.forwards(truth.start):
            if batch.base_offset >= offset:
                break
            first = max(0, truth.start - batch.base_offset)
            self.mark(batch, table, first, min(batch.count, offset - batch.base_offset))
        truth.delete_before(offset)
        truth.sealed = [chunk for chunk in truth.sealed if chunk.end_offset > offset]

    def topic_deleted(self) -> None:
        """All that is left went with the topic; one of the same name begins anew."""
        self.deleted_before(self.truth.end)
        self.truth, self.epoch, self.damaged = log_state.Log(), -1, {}

    def follow(self, log: Log, reason: str) -> None:
        """`log` is the one that counts from now on: what it lacks went for `reason`, what it has more is
        there.

        What begins below either log's start or clean point is settled already.
        """
        begin = max(self.truth.start, log.start, self.truth.clean_to, log.clean_to)
        lacking: list[Batch] = []
        for batch in self.truth.backwards(self.truth.end):
            if batch.base_offset < begin:
                break
            same = next(log.forwards(batch.base_offset), None)
            if same is not None and _place(same) == _place(batch):
                begin = batch.end_offset  # and so is everything before it
                break
            lacking.append(batch)
        table = removal(reason)
        for batch in reversed(lacking):
            self.mark(batch, table)
        for batch in log.forwards(begin):
            if batch.base_offset >= begin:
                self.mark(batch, APPEND)
        self._see(log, log.start)

    def cleaned(self, log: Log, end: int) -> None:
        """The cleaner went over the leader's log below `end`: what is not in it any more was compacted away
        (R74).
        """
        kept = _runs(log, end)
        self.robbed += tuple(offset for offset in _last_values(self.truth, end) if offset not in kept)
        table = removal("compacted")
        for batch in self.truth.forwards(self.truth.start):
            if batch.base_offset >= end:
                break
            for index in range(max(0, self.truth.start - batch.base_offset), batch.count):
                if batch.base_offset + index not in kept:
                    self.mark(batch, table, index, index + 1)
        self._see(log, self.truth.start)

    def _see(self, log: Log, start: int) -> None:
        self.truth = log_state.Log(start, log.end, list(log.sealed), list(log.tail), clean_to=log.clean_to)


def _last_values(log: Log, end: int) -> list[int]:
    """Offsets below `end` of each key's last committed record, where that has a value; read from the records
    and markers alone.
    """
    last: dict[str | None, tuple[int, bool]] = {}
    undecided: dict[int, list[Batch]] = {}
    for batch in log.forwards(log.start):
        if batch.transactional and not batch.control:
            undecided.setdefault(batch.producer_id, []).append(batch)
            continue
        committed = [batch] if not batch.control else undecided.pop(batch.producer_id, [])
        for each in committed if not batch.aborts else []:
            for offset, key in enumerate(each.keys, each.base_offset):
                if log.start <= offset < end and offset >= last.get(key, (-1, False))[0]:
                    last[key] = offset, each.value(offset - each.base_offset) is not None
    return [offset for key, (offset, has_value) in last.items() if key is not None and has_value]


def _place(batch: Batch) -> tuple[int, int, int]:
    return batch.base_offset, batch.leader_epoch, batch.count


def _runs(log: Log, end: int) -> frozenset[int]:
    """Offsets below `end` that a log holds."""
    return frozenset(
        offset
        for batch in log.forwards(log.segments[0].base_offset)
        if batch.base_offset < end
        for offset in range(batch.base_offset, batch.end_offset)
    )


def _table(change: Callable[[int], int]) -> bytes:
    return bytes(change(value) for value in range(256))


def _appended(value: int) -> int:
    return (value & (ACKNOWLEDGED | FAILED)) | min(COPIES, (value & COPIES) + COPY)


APPEND = _table(_appended)

ACKNOWLEDGE = _table(lambda value: value | ACKNOWLEDGED)

FAIL = _table(lambda value: value | FAILED)


@cache
def removal(reason: str) -> bytes:
    """The table that takes one copy away; the last one goes for `reason`. Raises ValueError for an unknown
    reason.
    """
    code = REASONS.index(reason) << 5

    def change(value: int) -> int:
        copies = value & COPIES
        if copies > COPY:
            return value - COPY
        return value if not copies and value >> 5 else (value & (ACKNOWLEDGED | FAILED)) | code

    return _table(change)


@cache
def _uniform(value: int) -> Page:
    return Page(bytes((value,)) * PAGE)


def _page(data: bytes) -> Page:
    return _uniform(data[0]) if data.count(data[0]) == PAGE else Page(data)
