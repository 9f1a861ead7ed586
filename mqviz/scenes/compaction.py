"""Compaction: what is clean, what is dirty, and which record of each key the cleaner keeps.

The tape holds what is in the files, with `·` where offsets are gone for ever. Below it a row a key: its
letter stands under its newest record, a dot under those that a pass of the cleaner may remove; a tombstone is
a newest record that deletes its key.
"""

from __future__ import annotations

from typing import NamedTuple

from mqviz import facts
from mqviz.facts import storage
from mqviz.facts.log_files import SegmentView
from mqviz.facts.storage import Dirt, Keeping, Stored
from mqviz.model.kafka.log.segment import Pass
from mqviz.model.state import State
from mqviz.scenes.canvas import Canvas, Target
from mqviz.scenes.figures import seconds, thousands
from mqviz.scenes.letters import Letters, colour_key, letters_of
from mqviz.scenes.style import BRIGHT, OK, QUIET, STRONG, WAIT, Style, style
from mqviz.scenes.text import shorten, width
from mqviz.scenes.view import View

_WIDE = 140
_NAME = 13
_RIGHT = 14
"""Columns behind the tape, for each key's newest record."""


class Column(NamedTuple):
    """A record, or None where offsets are missing, and where it stands."""

    at: int
    record: Stored | None
    part: str


class Picture(NamedTuple):
    """All that one frame says of one partition."""

    topic: str
    partition: int
    rules: Keeping
    end: int
    parts: tuple[SegmentView, ...]
    records: tuple[Stored, ...]
    dirt: Dirt
    last_pass: Pass | None
    clean_up_to: tuple[tuple[int, int], ...]
    letters: Letters

    def part_of(self, offset: int) -> str:
        """clean, dirty or active."""
        for each in self.parts:
            if each.first <= offset < each.end:
                return "active" if each.active else "clean" if each.clean else "dirty"
        return "active"


def draw(state: State, view: View) -> Canvas:
    """The first compacted partition, or the one that `view.topic` and `view.scroll` choose."""
    canvas = view.canvas()
    shown = None if facts.is_observed(state) else _gather(state, view)
    if shown is None:
        words = facts.INSIDE.reason if facts.is_observed(state) else "no compacted topic yet"
        canvas.put(1, min(1, view.rows - 1), shorten(words, view.columns - 2), QUIET)
        return canvas
    _paint(canvas, shown, view)
    return canvas


def _gather(state: State, view: View) -> Picture | None:
    places = [
        (topic.name, number)
        for topic in facts.topics(state)
        if storage.keeping(state, topic.name).compacts
        for number in range(topic.partitions)
    ]
    if not places:
        return None
    begin = next((n for n, (topic, _) in enumerate(places) if topic == view.topic), 0)
    topic, number = places[min(begin + max(0, view.scroll), len(places) - 1)]
    return Picture(
        topic,
        number,
        storage.keeping(state, topic),
        storage.bounds(state, topic, number)[1],
        facts.segments(state, topic, number),
        storage.stored(state, topic, number, max(1, view.columns)),
        storage.dirt(state, topic, number),
        storage.last_pass(state, topic, number),
        storage.clean_up_to(state, topic, number),
        letters_of(facts.key_letters(state)),
    )


def _paint(canvas: Canvas, shown: Picture, view: View) -> None:
    air = 1 if view.rows >= 20 else 0
    cell = 4 if view.columns >= _WIDE else 2
    columns = _laid(shown, cell, _NAME + 1, view.columns - _RIGHT)
    _head(canvas, shown, air)
    row = 2 + 2 * air
    _parts(canvas, columns, cell, row)
    _tape(canvas, shown, columns, cell, row + 1, view.focus)
    _offsets(canvas, columns, cell, row + 2)
    below = _below(shown)
    last = view.rows - 1 - len(below) - air
    after = _keys(canvas, shown, columns, row + 3 + air, max(1, last - row - 3 - air))
    row = min(max(after + air, 0), max(0, view.rows - 1 - len(below)))
    for number, (name, words, look) in enumerate(below):
        canvas.put(1, row + number, name, STRONG)
        canvas.put(_NAME + 1, row + number, shorten(words, view.columns - 2 - _NAME), look)
    _legend(canvas, view.rows - 1)


def _legend(canvas: Canvas, row: int) -> None:
    wishes = (
        "a letter: the newest record of its key   · an older one, or a hole in the offsets   ✗ a tombstone",
        "letter: newest of its key  · older, or a hole  ✗ tombstone",
    )
    room = canvas.columns - 2
    canvas.put(1, row, shorten(next((w for w in wishes if width(w) <= room), wishes[-1]), room), QUIET)


def _laid(shown: Picture, cell: int, first: int, after: int) -> list[Column]:
    """The newest records that fit, each in a column, and one for every hole between two of them."""
    found: list[tuple[Stored | None, str]] = []
    room = max(1, (after - first) // cell)
    expected = shown.end
    for record in reversed(shown.records):
        if record.offset + 1 < expected:
            found.append((None, shown.part_of(expected - 1)))
        found.append((record, shown.part_of(record.offset)))
        expected = record.offset
    if expected > 0 and len(shown.records) < room:
        found.append((None, "clean"))
    kept = found[:room][::-1]
    return [Column(first + n * cell, record, part) for n, (record, part) in enumerate(kept)]


def _head(canvas: Canvas, shown: Picture, row: int) -> None:
    """The topic, its rules, and whether enough of it is dirty."""
    rules, found = shown.rules, shown.dirt
    at = canvas.put(1, row, shorten(f"{shown.topic} P{shown.partition}", 24), BRIGHT)
    canvas.mark(1, row, at - 1, 1, ("partition", shown.topic, shown.partition))
    end = canvas.right(canvas.columns - 1, row, f"end {thousands(shown.end)}", style("ink"))
    policy = f"cleanup.policy {rules.policy}"
    words = f"{policy} · segment.bytes {thousands(rules.segment_bytes)}"
    canvas.put(at + 3, row, shorten(words if width(words) <= end - at - 5 else policy, end - at - 5), QUIET)
    percent, limit = round(100 * found.ratio), round(100 * rules.dirty_ratio)
    sum_ = f"dirty {thousands(found.dirty)} of {thousands(found.total)} bytes = {percent} %"
    if found.dirty > rules.dirty_ratio * found.total:
        said, look = f"{sum_}, over {limit} %: cleaned next", WAIT
    else:
        said, look = f"{sum_}, not over {limit} %: it waits", QUIET
    canvas.put(1, row + 1, shorten(said, canvas.columns - 2), look)


_LOOKS: dict[str, Style] = {"clean": OK, "dirty": WAIT, "active": BRIGHT}


def _parts(canvas: Canvas, columns: list[Column], cell: int, row: int) -> None:
    """Which stretch of the tape is clean, dirty, or still written."""
    canvas.put(1, row, "files", QUIET)
    for part, look in _LOOKS.items():
        mine = [column.at for column in columns if column.part == part]
        if not mine:
            continue
        room = mine[-1] + cell - mine[0]
        words = f"├ {part} " if room >= len(part) + 3 or part == columns[-1].part else f"├{part}"[:room]
        at = canvas.put(mine[0], row, words, look)
        canvas.put(at, row, "─" * (mine[-1] + cell - at - 1), look)


def _tape(
    canvas: Canvas, shown: Picture, columns: list[Column], cell: int, row: int, focus: Target | None
) -> None:
    canvas.put(1, row, "records", QUIET)
    for column in columns:
        record = column.record
        if record is None:
            canvas.put(column.at, row, "·".ljust(cell), QUIET)
            continue
        letter = "∘" if record.marker else shown.letters.of(record.key)
        key = colour_key(letter)
        look = style("bright", f"lit {key}", True) if record.newest else style(f"letter {key}", f"read {key}")
        target: Target = ("record", shown.topic, shown.partition, record.offset)
        if target == focus:
            look = style("bright", "sel", True)
        text = f"{letter}✗" if record.tombstone and not record.marker else letter
        canvas.put(column.at, row, text.ljust(cell - (0 if cell == 2 else 1)), look)
        canvas.mark(column.at, row, cell, 1, target)


def _offsets(canvas: Canvas, columns: list[Column], cell: int, row: int) -> None:
    """Offsets where there is room, those beside a hole first."""
    canvas.put(1, row, "offset", QUIET)
    near = [n for n, c in enumerate(columns) if n and c.record and columns[n - 1].record is None]
    taken = [False] * (canvas.columns + 8)
    for number in dict.fromkeys([*near, len(columns) - 1, *range(len(columns))]):
        record = columns[number].record if columns else None
        if record is None:
            continue
        text, at = thousands(record.offset), columns[number].at
        if at + len(text) <= canvas.columns - 1 and not any(taken[max(0, at - 1) : at + len(text) + 1]):
            canvas.put(at, row, text, QUIET)
            taken[at : at + len(text)] = [True] * len(text)


# -- keys ----------------------------------------------------------------------------------------------------


def _keys(canvas: Canvas, shown: Picture, columns: list[Column], row: int, room: int) -> int:
    """A row a key, in the order of their letters; returns the row after them."""
    mine: dict[str, list[Column]] = {}
    for column in columns:
        if column.record is not None and column.record.key is not None and not column.record.marker:
            mine.setdefault(column.record.key, []).append(column)
    keys = sorted(mine, key=lambda key: (shown.letters.of(key), key))
    hidden = max(0, len(keys) - room)
    step = 2 if room >= 3 * len(keys) + 6 else 1
    for number, key in enumerate(keys[: len(keys) - hidden]):
        _key(canvas, shown, key, mine[key], row + number * step, columns[-1].at + 2)
    if hidden:
        canvas.right(canvas.columns - 1, row + room - 1, f"+{hidden} more keys", QUIET)
    return row + (len(keys) - hidden) * step


def _key(canvas: Canvas, shown: Picture, key: str, columns: list[Column], row: int, end: int) -> None:
    letter = shown.letters.of(key)
    look = style(f"key {colour_key(letter)}", bold=True)
    at = canvas.put(1, row, letter, look)
    canvas.put(at + 1, row, shorten(key, _NAME - 4), style("ink"))
    for column in columns:
        newest = column.record is not None and column.record.newest
        sign = "✗" if newest and column.record and column.record.tombstone else letter
        canvas.put(column.at, row, sign if newest else "·", look if newest else QUIET)
    last = columns[-1].record
    if last is None or not last.newest:
        return
    begin = min(canvas.columns - _RIGHT + 1, end + 3)
    if last.tombstone:
        canvas.put(begin, row, "✗ deleted", WAIT)
    else:
        said = f"{thousands(last.offset)} {last.value}" if last.value else f"newest {thousands(last.offset)}"
        canvas.put(begin, row, shorten(said, _RIGHT - 2), QUIET)


# -- in words ------------------------------------------------------------------------------------------------


def _below(shown: Picture) -> list[tuple[str, str, Style]]:
    """What the last pass did, what becomes of tombstones, how far each broker's own cleaner came."""
    lines: list[tuple[str, str, Style]] = []
    done = shown.last_pass
    if done is None:
        lines.append(("last pass", "none yet: the active segment is never cleaned", QUIET))
    else:
        kept = (
            f"{thousands(done.removed + done.kept)} − {thousands(done.removed)} = {thousands(done.kept)} kept"
        )
        lines.append(
            ("last pass", f"{seconds(done.at_us)}, below {thousands(done.end)}: {kept}", style("ink"))
        )
        size = f"{thousands(done.bytes_before)} bytes → {thousands(done.bytes_after)}"
        lines.append(("", f"{size}; offsets stay as they were", QUIET))
    tombstone = next((r for r in reversed(shown.records) if r.tombstone and r.newest), None)
    if tombstone is not None:
        lines.append(("tombstone", _said_of(shown, tombstone), WAIT))
    ends = {offset for _, offset in shown.clean_up_to}
    if len(ends) == 1:
        words = f"on all {len(shown.clean_up_to)} brokers below {thousands(ends.pop())}"
    else:
        words = ", ".join(f"broker {b} below {thousands(offset)}" for b, offset in shown.clean_up_to)
    lines.append(("clean", words, QUIET))
    return lines


def _said_of(shown: Picture, record: Stored) -> str:
    name = f"{record.key} at {thousands(record.offset)}"
    if record.goes_us is None:
        return f"{name}: no pass has seen it yet"
    return f"{name}: a pass after {seconds(record.goes_us)} drops it"


__all__ = ["Picture", "draw"]
