"""Commit and crash: groups that commit at different moments read the same records; what a crash costs each of
them.

A lane a group, one above the other with equal offsets in one column. `▲` is its commit, where a successor
begins; `△` its position, what it has read; the solid record is the one it works on. Beside its name stands
what a crash would cost now, and what crashes did cost.
"""

from __future__ import annotations

from mqviz import facts
from mqviz.model.state import State
from mqviz.scenes.canvas import Canvas
from mqviz.scenes.commit_and_crash.picture import Lane, Picture, picture
from mqviz.scenes.commit_and_crash.rows import (
    LOST,
    TWICE,
    Strip,
    draw_lane,
    draw_offsets,
    draw_tally,
    draw_words,
)
from mqviz.scenes.style import BRIGHT, QUIET
from mqviz.scenes.text import shorten, width
from mqviz.scenes.view import View

LABEL = 10
"""Columns for who reads."""

BLOCK = 16
"""Columns of three costs: again, twice, lost."""

_NOBODY = "no group has read anything yet"
_TALL = 20
_WORDY = 30
_SPACIOUS = 40
"""From so many rows on there is air between the lanes; a sentence below each; a sum of all its records."""

_LEGENDS = (
    "▲ committed   △ position   ■ died here   ×2 done twice   ✗ lost   2? ✗? twice, lost if it dies now",
    "▲ committed  △ position  ■ died  ×2 twice  ✗ lost  ? at stake",
    "▲ commit △ position ■ died ×2 twice ✗ lost ? at stake",
)
"""What the signs mean, the longest that there is room for."""


def draw(state: State, view: View) -> Canvas:
    """The stage at `view.now_us`; `view.scroll` or the focus chooses among several partitions."""
    cell = 3 if view.columns < 140 else 6
    column = min(LABEL, max(1, view.columns // 5)) + 1
    cells = max(1, (view.columns - column - 2) // cell)
    canvas = view.canvas()
    shown = picture(state, view, cells)
    if shown is None:
        words = "only a simulated cluster shows what a crash costs" if facts.is_observed(state) else _NOBODY
        canvas.put(1, min(1, view.rows - 1), shorten(words, view.columns - 2), QUIET)
        return canvas
    _paint(canvas, shown, view, Strip(column, cell, cell > 3 and view.rows >= _SPACIOUS))
    return canvas


def _paint(canvas: Canvas, shown: Picture, view: View, strip: Strip) -> None:
    air, wordy, sums = (view.rows >= most for most in (_TALL, _WORDY, _SPACIOUS))
    row = _head(canvas, shown, int(air), view.columns) + sums
    each = 2 + strip.rows + air + wordy + 3 * sums
    room = max(1, (view.rows - row - 1 - (not strip.tall)) // each)
    if room < len(shown.lanes):
        room = max(1, (view.rows - row - 2) // each)
    names = min(12, max(width(lane.group) for lane in shown.lanes))
    for lane in shown.lanes[:room]:
        _title(canvas, lane, names, row, view.columns)
        draw_lane(canvas, shown, lane, strip, row + 1, view.focus)
        below = row + 2 + strip.rows
        if wordy:
            draw_words(canvas, lane, strip.column, below, view.columns - strip.column - 1)
        if sums:
            draw_tally(canvas, lane, strip.column, below + 2, view.columns - strip.column - 1)
        row += each
    if not strip.tall:
        draw_offsets(canvas, shown, strip, min(row - air, view.rows - 2))
    if len(shown.lanes) > room:
        canvas.right(view.columns - 1, view.rows - 2, f"+{len(shown.lanes) - room} more groups", QUIET)
    words = next((each for each in _LEGENDS if len(each) <= view.columns - 2), _LEGENDS[-1])
    canvas.put(1, view.rows - 1, shorten(words, view.columns - 2), QUIET)


def _head(canvas: Canvas, shown: Picture, row: int, columns: int) -> int:
    """Topic and partition, and the heads of the costs; returns the row after them."""
    later, now = columns - 1 - BLOCK, columns - 1 - 2 * BLOCK - 3
    name = f"{shown.topic} P{shown.partition}"
    after = canvas.put(1, row, shorten(name, max(4, now - 2)), BRIGHT)
    canvas.mark(1, row, width(name), 1, ("partition", shown.topic, shown.partition))
    many = len(shown.lanes)
    words = f"{many} group{'' if many == 1 else 's'}"
    if after + 2 + len(words) < now:
        canvas.put(after + 2, row, words, QUIET)
    for begin, head in ((now, "at stake now"), (later, "cost so far")):
        canvas.put(begin, row, head, QUIET)
        for at, word in zip((0, 6, 12), ("again", "twice", "lost"), strict=True):
            canvas.put(begin + at, row + 1, word, QUIET)
    return row + 2


def _title(canvas: Canvas, lane: Lane, names: int, row: int, columns: int) -> None:
    """Group, when it commits, and the two costs."""
    later, now = columns - 1 - BLOCK, columns - 1 - 2 * BLOCK - 3
    canvas.put(1, row, shorten(lane.group, names), BRIGHT)
    canvas.mark(1, row, names, 1, ("group", lane.group))
    room = now - names - 3
    words = next((each for each in lane.words if width(each) <= room), lane.words[-1])
    canvas.put(names + 2, row, shorten(words, max(0, room)), QUIET)
    _cost(canvas, lane.now, now, row)
    _cost(canvas, lane.did, later, row, crashed=lane.crash is not None)


def _cost(canvas: Canvas, cost: tuple[int, int, int], column: int, row: int, crashed: bool = True) -> None:
    for value, after, look in zip(cost, (5, 11, 16), (BRIGHT, TWICE, LOST), strict=True):
        text = str(value) if crashed else "–"
        canvas.right(column + after, row, text, look if crashed and value else QUIET)
