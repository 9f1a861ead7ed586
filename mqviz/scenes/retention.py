"""Retention: a log as a row of segments, how old or how big each one is, and what the next check will delete.

A block a partition: files from old to new, the records in them, what was deleted on the left. Time deletes a
segment when its newest record is too old, size when the log still holds its bytes without it; the active
segment is only written.
"""

from __future__ import annotations

from typing import NamedTuple

from mqviz import facts
from mqviz.facts import storage
from mqviz.facts.log_files import SegmentView
from mqviz.facts.storage import Keeping, Stored
from mqviz.model.kafka.log.segment import Gone
from mqviz.model.state import State
from mqviz.scenes.canvas import Canvas
from mqviz.scenes.figures import duration, thousands
from mqviz.scenes.letters import Letters, colour_key, letters_of
from mqviz.scenes.style import BAD, BRIGHT, EDGE, OK, QUIET, WAIT, Style, style
from mqviz.scenes.text import shorten, width
from mqviz.scenes.view import View

_WIDE = 140
_MOST = 24
"""Records of a segment that are drawn one by one."""
_LEAST = 12
"""Columns of the smallest tile."""
_GONE = 15
"""Columns for what was deleted last."""
_HOLE = 5
"""Columns for segments that do not show."""


class Block(NamedTuple):
    """One partition: its rules, its files and records, what went, and who reads it: (group, next offset)."""

    topic: str
    partition: int
    rules: Keeping
    start: int
    end: int
    parts: tuple[SegmentView, ...]
    records: tuple[Stored, ...]
    gone: Gone | None
    readers: tuple[tuple[str, int], ...]
    doomed: dict[int, str]

    @property
    def by_size(self) -> bool:
        """Whether bytes are what it is kept by."""
        return self.rules.retention_bytes >= 0


def draw(state: State, view: View) -> Canvas:
    """As many partitions as there is room for, from `view.scroll` on."""
    canvas = view.canvas()
    places = [] if facts.is_observed(state) else _places(state, view)
    if not places:
        words = facts.INSIDE.reason if facts.is_observed(state) else "no topic yet"
        canvas.put(1, min(1, view.rows - 1), shorten(words, view.columns - 2), QUIET)
        return canvas
    letters = letters_of(facts.key_letters(state))
    room = view.rows - 2
    high = min(14 if view.columns >= _WIDE else 10, max(7, room // len(places)))
    shown = max(1, room // high)
    for number, (topic, partition) in enumerate(places[:shown]):
        block = _gather(state, view, topic, partition)
        _block(canvas, block, (1 if view.rows >= 20 else 0) + number * high, high, view, letters)
    _legend(canvas, view.rows - 1, len(places) - shown)
    return canvas


def _places(state: State, view: View) -> list[tuple[str, int]]:
    found = [(topic.name, number) for topic in facts.topics(state) for number in range(topic.partitions)]
    begin = next((n for n, (topic, _) in enumerate(found) if topic == view.topic), 0)
    begin = 0 if len(found) <= 2 else begin
    return found[min(begin + max(0, view.scroll), max(0, len(found) - 1)) :]


def _gather(state: State, view: View, topic: str, partition: int) -> Block:
    rules = storage.keeping(state, topic)
    start, end = storage.bounds(state, topic, partition)
    parts = facts.segments(state, topic, partition)
    gone = [each for each in storage.gone(state, topic, partition) if each.bytes]
    readers = []
    for group in facts.groups(state):
        if topic not in group.topics:
            continue
        at = facts.position(state, group.name, topic, partition)
        at = at if isinstance(at, int) else facts.committed(state, group.name, topic, partition)
        if isinstance(at, int):
            readers.append((group.name, at))
    return Block(
        topic,
        partition,
        rules,
        start,
        end,
        parts,
        storage.stored(state, topic, partition, view.columns),
        gone[-1] if gone else None,
        tuple(readers),
        storage.doomed(parts, rules, start, view.now_us),
    )


# -- one partition -------------------------------------------------------------------------------------------


class Tile(NamedTuple):
    """Where a segment stands; `cell` columns a record, 0: too many to draw."""

    part: SegmentView
    column: int
    columns: int
    cell: int

    def at(self, offset: int) -> int:
        """The column of a record."""
        return self.column + 1 + (offset - self.part.first) * self.cell


def _block(canvas: Canvas, block: Block, row: int, high: int, view: View, letters: Letters) -> None:
    _head(canvas, block, row)
    rows = _rows(row, high, view.columns >= _WIDE)
    tiles = _laid(block, view.columns)
    hidden = len(block.parts) - len(tiles)
    if hidden and len(tiles) > 1:
        canvas.put(tiles[1].column - _HOLE + 1, rows.heads, f"+{hidden}"[:_HOLE], WAIT)
        canvas.put(tiles[1].column - _HOLE + 1, rows.letters, "…", WAIT)
    if block.gone is not None and tiles and tiles[0].column > _GONE:
        _deleted(canvas, block.gone, rows, tiles[0].column, view.now_us)
    for tile in tiles:
        _tile(canvas, block, tile, rows, letters, view.now_us)
    _marks(canvas, block, tiles, rows.marks)
    words, look = _said(block, view.now_us)
    canvas.put(1, rows.said, shorten(words, canvas.columns - 2), look)
    _readers(canvas, block, rows.said + 1)


class Rows(NamedTuple):
    """Rows of a block: heads, letters, offsets (-1: none), marks, the age as a bar (-1: none), the measures,
    the verdict.
    """

    heads: int
    letters: int
    offsets: int
    marks: int
    bar: int
    measure: int
    said: int


def _rows(row: int, high: int, wide: bool) -> Rows:
    heads = row + (2 if high >= 9 else 1)
    offsets = heads + 2 if wide and high >= 10 else -1
    marks = heads + (3 if offsets > 0 else 2)
    bar = marks + 1 if high >= 8 else -1
    measure = marks + (2 if bar > 0 else 1)
    return Rows(heads, heads + 1, offsets, marks, bar, measure, measure + (2 if high >= 11 else 1))


def _head(canvas: Canvas, block: Block, row: int) -> None:
    rules = block.rules
    at = canvas.put(1, row, shorten(f"{block.topic} P{block.partition}", 18), BRIGHT)
    canvas.mark(1, row, at - 1, 1, ("partition", block.topic, block.partition))
    kept = _limit(rules, block.by_size)
    words = f"{kept} · segment.bytes {thousands(rules.segment_bytes)}"
    span = f"start {thousands(block.start)}   end {thousands(block.end)}"
    begin = canvas.right(canvas.columns - 1, row, span, style("ink"))
    words = words if at + 3 + width(words) < begin - 1 else kept
    canvas.put(at + 3, row, shorten(words, max(0, begin - at - 5)), QUIET)


def _limit(rules: Keeping, by_size: bool) -> str:
    if not rules.deletes:
        return f"cleanup.policy {rules.policy}"
    if by_size:
        return f"retention.bytes {thousands(rules.retention_bytes)}"
    if rules.retention_ms < 0:
        return "retention.ms -1: for ever"
    return f"retention.ms {thousands(rules.retention_ms)}"


def _laid(block: Block, columns: int) -> list[Tile]:
    """Segments beside each other: all, with room for the last deleted one if there is any; else the oldest
    and the newest.
    """
    cell = 3 if columns >= _WIDE else 1
    sizes = [_size(part, cell) for part in block.parts]
    room = columns - 3
    begin = 1 + (_GONE if block.gone is not None and sum(sizes) + _GONE <= room else 0)
    kept = list(range(len(sizes)))
    while len(kept) > 1 and begin + sum(sizes[n] for n in kept) + _HOLE * (len(kept) < len(sizes)) > room + 1:
        del kept[1 if len(kept) > 2 else 0]
    tiles: list[Tile] = []
    for number in kept:
        part = block.parts[number]
        if tiles and tiles[-1].part is not block.parts[number - 1]:
            begin += _HOLE
        drawn = cell if part.end - part.first <= _MOST else 0
        tiles.append(Tile(part, begin, sizes[number], drawn))
        begin += sizes[number]
    return tiles


def _size(part: SegmentView, cell: int) -> int:
    span = part.end - part.first
    return max(_LEAST, span * cell + 1 if span <= _MOST else 0)


def _tile(canvas: Canvas, block: Block, tile: Tile, rows: Rows, letters: Letters, now_us: int) -> None:
    """Name, records, and how near its end it is."""
    part = tile.part
    goes = part.first in block.doomed
    wall, look = ("╎", BAD) if goes else ("│", EDGE)
    last = tile.column + tile.columns
    for row in range(rows.heads, rows.marks):
        canvas.put(tile.column, row, wall, look)
        if part is block.parts[-1] and row > rows.heads:
            canvas.put(last, row, "╎", EDGE)
    at = canvas.put(tile.column + 1, rows.heads, thousands(part.first), BRIGHT)
    name = "active" if part.active else "goes" if goes else ""
    canvas.put(at + 1, rows.heads, shorten(name, last - at - 2), OK if part.active else BAD)
    _records(canvas, block, tile, rows, letters)
    _measure(canvas, block, tile, rows, now_us)


def _records(canvas: Canvas, block: Block, tile: Tile, rows: Rows, letters: Letters) -> None:
    if not tile.cell:
        words = f"{thousands(tile.part.records)} records"
        canvas.put(tile.column + 1, rows.letters, shorten(words, tile.columns - 2), QUIET)
        return
    for record in block.records:
        if not tile.part.first <= record.offset < tile.part.end:
            continue
        letter = letters.of(record.key)
        key, at = colour_key(letter), tile.at(record.offset)
        look: Style = style("bright", f"lit {key}", True)
        if record.offset < block.start:
            letter, look = "·", QUIET
        elif tile.part.first in block.doomed:
            look = style(f"letter {key}", f"read {key}")
        canvas.put(at, rows.letters, letter.center(tile.cell), look)
        canvas.mark(at, rows.letters, tile.cell, 1, ("record", block.topic, block.partition, record.offset))
        offset = thousands(record.offset)
        if rows.offsets > 0 and (len(offset) < tile.cell or record.offset % 2 == tile.part.first % 2):
            canvas.put(at + (tile.cell - len(offset) + 1) // 2, rows.offsets, offset, QUIET)


def _measure(canvas: Canvas, block: Block, tile: Tile, rows: Rows, now_us: int) -> None:
    """Bytes, or the age of the newest record against retention.ms."""
    part, at = tile.part, tile.column + 1
    limit_us = block.rules.retention_ms * 1_000
    if block.by_size or limit_us < 0 or not block.rules.deletes or part.latest_us is None:
        canvas.put(at, rows.measure, f"{thousands(part.bytes)} bytes", QUIET)
        _bar(canvas, tile, rows.bar, part.bytes, block.rules.segment_bytes, EDGE)
        return
    age_us = max(0, now_us - part.latest_us)
    old = age_us > limit_us and not part.active
    canvas.put(at, rows.measure, f"{duration(age_us)} old", BAD if old else QUIET)
    _bar(canvas, tile, rows.bar, age_us, limit_us, BAD if old else WAIT)


def _bar(canvas: Canvas, tile: Tile, row: int, part: int, whole: int, look: Style) -> None:
    if row > 0:
        room = tile.columns - 2
        done = min(room, room * part // max(1, whole))
        canvas.put(tile.column + 1, row, "━" * done, look)
        canvas.put(tile.column + 1 + done, row, "─" * (room - done), style("rule"))


def _deleted(canvas: Canvas, gone: Gone, rows: Rows, after: int, now_us: int) -> None:
    """What went last, on the left of what is still there."""
    names = f"✗ {thousands(gone.first)} to {thousands(gone.end - 1)}"
    canvas.put(1, rows.heads, shorten(names, after - 2), BAD)
    words = {"time": "too old", "size": "too many bytes", "log start": "below start"}.get(gone.reason, "")
    canvas.put(1, rows.letters, shorten(words, after - 2), QUIET)
    left_us = gone.gone_at_us - now_us
    said = f"on disk {left_us / 1e6:.1f} s" if left_us > 0 else "file deleted"
    canvas.put(1, rows.measure, shorten(said, after - 2), WAIT if left_us > 0 else QUIET)


# -- marks and words -----------------------------------------------------------------------------------------


def _marks(canvas: Canvas, block: Block, tiles: list[Tile], row: int) -> None:
    """Where each group reads next, and a log start inside of a segment."""
    for tile in tiles:
        if not tile.cell:
            continue
        if tile.part.first < block.start < tile.part.end:
            canvas.put(tile.at(block.start), row, f"╰ start {thousands(block.start)}", style("ink"))
        for group, at in block.readers:
            if tile.part.first <= at < tile.part.end or (tile.part.active and at == tile.part.end):
                canvas.put(tile.at(at), row, f"▲ {group}", BRIGHT)


def _said(block: Block, now_us: int) -> tuple[str, Style]:
    """The rule with the numbers of this moment: does the oldest segment stay?"""
    if not block.parts or not block.rules.deletes:
        return "nothing is deleted: the cleaner compacts this topic", QUIET
    oldest = block.parts[0]
    why = block.doomed.get(oldest.first, "")
    if why == "log start":
        return f"{oldest.first} lies below the log start: the next check deletes it", BAD
    if block.by_size:
        return _said_of_size(block, oldest)
    if block.rules.retention_ms < 0 or oldest.latest_us is None:
        return "nothing is ever too old", QUIET
    age, limit = duration(max(0, now_us - oldest.latest_us)), duration(block.rules.retention_ms * 1_000)
    if why == "time":
        return f"newest record of {oldest.first}: {age} old, over {limit}: goes next", BAD
    if oldest.active:
        return f"only the active segment is left, its newest record {age} old", QUIET
    return f"newest record of {oldest.first}: {age} old, under {limit}: it stays", QUIET


def _said_of_size(block: Block, oldest: SegmentView) -> tuple[str, Style]:
    total, limit = sum(part.bytes for part in block.parts), block.rules.retention_bytes
    rest = total - oldest.bytes
    sum_ = f"{thousands(total)} − {thousands(oldest.bytes)} = {thousands(rest)} bytes"
    if rest >= limit and not oldest.active:
        return f"{sum_} ≥ {thousands(limit)}: {oldest.first} goes next", BAD
    return f"{sum_}, under {thousands(limit)}: {oldest.first} stays", QUIET


def _readers(canvas: Canvas, block: Block, row: int) -> None:
    """Whether the next record of the group that is furthest behind is still there."""
    if not block.readers:
        return
    group, at = min(block.readers, key=lambda reader: reader[1])
    name, room = shorten(group, 16), canvas.columns - 2
    if at >= block.start:
        words = f"{name} is at {thousands(at)}, {thousands(max(0, block.end - at))} before the end"
        canvas.put(1, row, shorten(words, room), QUIET)
        return
    where = f"{name} is at {thousands(at)}, deleted"
    for words in (
        f"{where}: a fetch from there gets OFFSET_OUT_OF_RANGE, then auto.offset.reset decides",
        f"{where}: a fetch gets OFFSET_OUT_OF_RANGE",
    ):
        if width(words) <= room:
            canvas.put(1, row, words, WAIT)
            return
    canvas.put(1, row, shorten(where, room), WAIT)


def _legend(canvas: Canvas, row: int, hidden: int) -> None:
    room = canvas.columns - 2 - (9 if hidden > 0 else 0)
    wishes = (
        "a segment is a file, named by its first offset · ▲ reads next · ✗ deleted last · ━ age of "
        "retention.ms, bytes of segment.bytes",
        "a segment is a file, named by its first offset · ▲ reads next",
        "a segment is a file, named by its first offset",
    )
    if hidden > 0:
        canvas.right(canvas.columns - 1, row, f"+{hidden} more", QUIET)
    canvas.put(1, row, shorten(next((w for w in wishes if width(w) <= room), wishes[-1]), room), QUIET)
