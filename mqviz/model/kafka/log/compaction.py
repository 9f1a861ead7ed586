"""Compaction: what one pass of the log cleaner keeps of a log, as a pure function (R74-R76).

A record is kept if it is its key's last one, or lies above what the pass looked at; offsets and order never
change. A tombstone that a pass could drop gets a date, its delete horizon; a pass after that date drops it.
Records of aborted transactions go at once and are never their key's last one, wherever the marker is (R74); a
marker goes as a tombstone does, once the data of its transaction are gone.
Left out: the empty batch that Kafka keeps where the last records of a producer were. A batch that loses
records is kept as its runs of neighbours; the header belongs to the first run, and bytes of values that
nobody looks into are shared out evenly.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from msgspec.structs import replace

from mqviz.model.kafka.log.batch import Batch
from mqviz.model.kafka.log.segment import Cleaned, Segment
from mqviz.model.kafka.log.sizes import BATCH_HEADER, record_size
from mqviz.model.kafka.log.state import Log


class _Pass(NamedTuple):
    """What a pass knows: each key's last offset in the dirty part, the batches of aborted transactions, its
    dates.
    """

    last: dict[str, int]
    aborted: frozenset[int]
    busy: frozenset[int]
    now_us: int
    keep_us: int


def clean(log: Log, end: int, now_us: int, keep_us: int, segment_bytes: int) -> Cleaned:
    """One pass over the closed segments below `end`, which is the base offset of a segment.

    `keep_us`: delete.retention.ms. Neighbouring segments become one while their sizes together are at most
    `segment_bytes` (R74).
    """
    closed = [segment for segment in log.segments if segment.base_offset < end]
    below = (
        [batch for batch in log.forwards(closed[0].base_offset) if batch.base_offset < end] if closed else []
    )
    aborted = frozenset(batch.base_offset for batch in below if log.transactions.hides(batch))
    last = _last_offsets(below, max(log.clean_to, log.start), aborted)
    known = _Pass(last, aborted, _busy(below), now_us, keep_us)
    batches: list[Batch] = []
    segments: list[Segment] = []
    for group in _groups(closed, segment_bytes):
        after = _end_of(closed, group[-1], end)
        merged = Segment(group[0].base_offset)
        for batch in below:
            if group[0].base_offset <= batch.base_offset < after:
                for kept in _kept(batch, known):
                    batches.append(kept)
                    merged.wrote(kept)
        if merged.latest_us is None:
            merged.latest_us = max(
                (each.latest_us for each in group if each.latest_us is not None), default=None
            )
        segments.append(merged)
    removed = sum(batch.count for batch in below) - sum(batch.count for batch in batches)
    return Cleaned(tuple(batches), tuple(segments), removed)


def _end_of(closed: list[Segment], segment: Segment, end: int) -> int:
    index = closed.index(segment) + 1
    return closed[index].base_offset if index < len(closed) else end


def _groups(closed: list[Segment], most_bytes: int) -> list[list[Segment]]:
    """Neighbours that fit into one segment together, by their sizes before the pass (R74)."""
    groups: list[list[Segment]] = []
    size = 0
    for segment in closed:
        if not groups or size + segment.bytes > most_bytes:
            groups.append([])
            size = 0
        groups[-1].append(segment)
        size += segment.bytes
    return groups


def _last_offsets(below: list[Batch], first: int, aborted: frozenset[int]) -> dict[str, int]:
    """The offset map: each key's last offset in the dirty part, which begins at `first`."""
    dirty = [b for b in below if b.end_offset > first and not b.control and b.base_offset not in aborted]
    return {
        key: offset
        for batch in dirty
        for offset, key in enumerate(batch.keys, batch.base_offset)
        if key is not None and offset >= first
    }


def _busy(below: list[Batch]) -> frozenset[int]:
    """Offsets of the markers whose data are still there."""
    busy: list[int] = []
    open_ids: set[int] = set()
    for batch in below:
        if not batch.control:
            open_ids |= {batch.producer_id} if batch.transactional else set()
        elif batch.producer_id in open_ids:
            open_ids.remove(batch.producer_id)
            busy.append(batch.base_offset)
    return frozenset(busy)


def _kept(batch: Batch, known: _Pass) -> Iterator[Batch]:
    """What stays of a batch: itself, its runs of kept records, or nothing."""
    if batch.control:
        yield from _kept_marker(batch, known)
        return
    if batch.base_offset in known.aborted:
        return
    stays = [index for index in range(batch.count) if _stays(batch, index, known)]
    if not stays:
        return
    horizon = batch.delete_horizon_us
    if horizon is None and batch.values is not None and any(batch.values[index] is None for index in stays):
        horizon = known.now_us + known.keep_us
    if len(stays) < batch.count:
        yield from _runs(batch, stays, horizon)
    else:
        yield batch if horizon == batch.delete_horizon_us else replace(batch, delete_horizon_us=horizon)


def _kept_marker(batch: Batch, known: _Pass) -> Iterator[Batch]:
    if batch.base_offset in known.busy:
        yield batch
    elif batch.delete_horizon_us is None:
        yield replace(batch, delete_horizon_us=known.now_us + known.keep_us)
    elif known.now_us < batch.delete_horizon_us:
        yield batch


def _stays(batch: Batch, index: int, known: _Pass) -> bool:
    key = batch.keys[index]
    if key is None or batch.base_offset + index < known.last.get(key, -1):
        return False
    horizon = batch.delete_horizon_us
    return batch.value(index) is not None or horizon is None or known.now_us < horizon


def _runs(batch: Batch, stays: list[int], horizon: int | None) -> Iterator[Batch]:
    sizes = _sizes(batch)
    header = BATCH_HEADER
    first = 0
    for place in range(1, len(stays) + 1):
        if place == len(stays) or stays[place] != stays[place - 1] + 1:
            size = header + sum(sizes[index] for index in stays[first:place])
            yield _part(batch, stays[first], stays[place - 1] + 1, size, horizon)
            first, header = place, 0


def _sizes(batch: Batch) -> list[int]:
    """Bytes of each record: as they were written where all values are told, else the same for all."""
    told = batch.values is not None and "" not in batch.values
    whole = [_size(batch, index) for index in range(batch.count)] if told else []
    if whole and BATCH_HEADER + sum(whole) == batch.bytes:
        return whole
    return [(batch.bytes - BATCH_HEADER) // batch.count] * batch.count


def _size(batch: Batch, index: int) -> int:
    key, value = batch.keys[index], batch.value(index)
    ms_delta = batch.timestamp_us(index) // 1000 - batch.timestamp_us(0) // 1000
    lengths = (None if text is None else len(text.encode()) for text in (key, value))
    return record_size(*lengths, index, ms_delta)


def _part(batch: Batch, begin: int, end: int, size: int, horizon: int | None) -> Batch:
    return replace(
        batch,
        base_offset=batch.base_offset + begin,
        count=end - begin,
        bytes=size,
        first_sequence=batch.first_sequence + begin,
        keys=batch.keys[begin:end],
        values=batch.values and batch.values[begin:end],
        created=batch.created and batch.created[begin:end],
        delete_horizon_us=horizon,
        first_number=batch.first_number + begin if batch.first_number >= 0 else -1,
    )
