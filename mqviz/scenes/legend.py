"""The legend: which letter is which key, and what the marks mean."""

from __future__ import annotations

from collections.abc import Sequence

from mqviz.scenes.canvas import Canvas
from mqviz.scenes.letters import MANY, colour_key, letters_of
from mqviz.scenes.style import BRIGHT, QUIET, Style, style
from mqviz.scenes.text import shorten, width

_LONGEST = 12
_MOST_KEYS = 64
_MARKS = (("▲", "committed"), ("△", "position"), ("┊", "high watermark"))
_SHORT_MARKS = (*_MARKS[:2], ("┊", "watermark"))
_AWAY = (("◄▲", "committed, further left"), ("◄▲", "further left"))
_GAP = 3


def _tight(keys: Sequence[str], compact: bool) -> bool:
    """Whether every name begins with its own letter, so that one letter says both."""
    return compact and all(_merged((sign, key)) for key, sign in letters_of(keys).items())


def key_rows(keys: Sequence[str], columns: int, compact: bool, most: int = 2) -> list[list[tuple[str, str]]]:
    """Rows of (letter, name) that fit; what does not is counted in a last entry without a letter."""
    found = sorted(letters_of(keys[:_MOST_KEYS]).items(), key=lambda pair: (pair[1] == MANY, pair[1]))
    entries = [(sign, shorten(key, _LONGEST)) for key, sign in found]
    if not entries:
        return []
    compact = _tight(keys, compact)
    fits = _per_row(entries, columns, compact)
    if fits * most < len(keys):
        kept = fits * most - 1 if most > 1 else _in_one_row(entries, columns, compact)
        entries = [*entries[:kept], ("", f"+{len(keys) - kept} more")]
        fits = fits if most > 1 else len(entries)
    return [entries[begin : begin + fits] for begin in range(0, len(entries), fits)]


def draw_keys(
    canvas: Canvas, column: int, row: int, columns: int, keys: Sequence[str], compact: bool, most: int = 2
) -> int:
    """Draw letters and names; returns how many rows they took. One row runs on, several stand in columns."""
    rows = key_rows(keys, columns, compact, most)
    compact = _tight(keys, compact)
    gap = 1 if compact else _GAP
    widest = max((_width(entry, compact) for entries in rows for entry in entries), default=0)
    for number, entries in enumerate(rows):
        at = column
        for place, entry in enumerate(entries):
            begin = at if len(rows) == 1 else column + place * (widest + gap)
            at = _entry(canvas, begin, row + number, entry, compact) + gap
    return len(rows)


def draw_marks(
    canvas: Canvas, column: int, row: int, columns: int, extra: str = "", away: bool = False
) -> None:
    """What `▲ △ ┊` mean, and with `away` what `◄▲` does; then `extra` if it fits,
    in fewer words if need be.
    """
    wishes: list[tuple[tuple[str, str], ...]] = [_MARKS, _SHORT_MARKS]
    if away:
        wishes = [
            (*_MARKS, _AWAY[0]),
            (*_MARKS, _AWAY[1]),
            (*_SHORT_MARKS, _AWAY[1]),
            (*_MARKS[:2], _AWAY[1]),
        ]
    beside = width(extra) + 2 if extra else 0
    fits = [wish for room in (columns - beside, columns) for wish in wishes if _marks_width(wish) <= room]
    marks = fits[0] if fits else wishes[-1]
    after = column
    for sign, word in marks:
        if after + len(sign) + 1 + len(word) > column + columns:
            return
        after = canvas.put(after, row, sign, BRIGHT)
        after = canvas.put(after + 1, row, word, QUIET) + 2
    if extra and after + width(extra) <= column + columns:
        canvas.put(after, row, extra, QUIET)


def _marks_width(marks: Sequence[tuple[str, str]]) -> int:
    return sum(len(sign) + 3 + len(word) for sign, word in marks) - 2


def _in_one_row(entries: Sequence[tuple[str, str]], columns: int, compact: bool) -> int:
    """How many fit before the count of the others."""
    room = columns - len(f"+{len(entries)} more")
    kept = 0
    while kept < len(entries) and room >= _width(entries[kept], compact) + _GAP:
        room -= _width(entries[kept], compact) + _GAP
        kept += 1
    return kept


def _per_row(entries: Sequence[tuple[str, str]], columns: int, compact: bool) -> int:
    gap = 1 if compact else _GAP
    if sum(_width(entry, compact) + gap for entry in entries) - gap <= columns:
        return len(entries)
    widest = max(_width(entry, compact) for entry in entries)
    most = max(1, (columns + gap) // (widest + gap))
    rows = -(-len(entries) // most)
    return -(-len(entries) // rows)


def _merged(entry: tuple[str, str]) -> bool:
    """A name that begins with its own letter needs it only once."""
    return entry[1][:1].upper() == entry[0]


def _width(entry: tuple[str, str], compact: bool) -> int:
    return width(entry[1]) + (0 if compact or not entry[0] else 2)


def _entry(canvas: Canvas, column: int, row: int, entry: tuple[str, str], compact: bool) -> int:
    sign, name = entry
    look: Style = style(f"key {colour_key(sign)}", "base", True)
    if not sign:
        return canvas.put(column, row, name, QUIET)
    after = canvas.put(column, row, sign, look)
    if compact:
        return canvas.put(after, row, name[1:], QUIET)
    return canvas.put(after + 1, row, name, QUIET)
