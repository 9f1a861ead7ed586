"""The share group: a partition's records, who has each, how long the lock still holds, and how often it was
delivered.

One column a record; below its letter its state, its member, the seconds left of its lock and its deliveries.
What is solid is locked, an amber lock is near its end. Records are shared out, not partitions: that is what
the rows show.
"""

from __future__ import annotations

from mqviz.model.state import State
from mqviz.scenes.canvas import Canvas
from mqviz.scenes.share_group.picture import Picture, picture
from mqviz.scenes.share_group.rows import draw_marks, draw_records, draw_tape
from mqviz.scenes.style import BAD, BRIGHT, OK, QUIET, STRONG, WAIT, style
from mqviz.scenes.text import shorten, width
from mqviz.scenes.view import View

LABEL = 13
"""Columns for the names of rows."""

_TALL = 20
"""From so many rows on there is air between the parts."""

_LEDGER = (
    ("done", "█", "done", "bright", "done"),
    ("acquired", "▒", "ok", "ok", "in hand"),
    ("available", "░", "wait", "wait", "free"),
    ("waiting", "╎", "quiet", "quiet", "not begun"),
)


def draw(state: State, view: View) -> Canvas:
    """The stage at `view.now_us`; `view.scroll` chooses among several partitions."""
    column = min(LABEL, max(4, view.columns // 4)) + 1
    cell = 4 if view.columns < 140 else 6
    cells = max(1, (view.columns - column - 3) // cell)
    shown = picture(state, view, cells)
    canvas = view.canvas()
    if shown is None:
        canvas.put(1, min(1, view.rows - 1), shorten("no share group yet", view.columns - 2), QUIET)
        return canvas
    _paint(canvas, shown, view, column, cell)
    return canvas


def _paint(canvas: Canvas, shown: Picture, view: View, column: int, cell: int) -> None:
    air = 1 if view.rows >= _TALL else 0
    _head(canvas, shown, air, view.columns)
    row = 1 + 2 * air
    draw_tape(canvas, shown, column, row, cell, view.focus)
    draw_marks(canvas, shown, column, row + 2, cell)
    row = draw_records(canvas, shown, column, row + 3, cell) + air
    row = _states(canvas, shown, column, row, view) + air
    row = _ledger(canvas, shown, column, row, view.columns) + air
    if shown.order is not None and row < view.rows:
        later, earlier = shown.order
        canvas.put(1, row, "order", STRONG)
        after = canvas.put(column, row, f"{later} was finished before {earlier}: ", QUIET)
        canvas.put(after, row, shorten("no order across members", view.columns - 1 - after), BRIGHT)


def _head(canvas: Canvas, shown: Picture, row: int, columns: int) -> None:
    """Topic, group, and how many members have how little to wait for."""
    members, idle = len(shown.members), len(shown.idle)
    several = "s" if shown.partitions != 1 else ""
    words = (
        f"{members} member{'' if members == 1 else 's'}, {shown.partitions} partition{several}, {idle} idle"
    )
    begin = canvas.right(
        columns - 1, row, words, style("wait" if idle or not members else "ok", "base", True)
    )
    name = f"{shown.topic} P{shown.partition}"
    after = canvas.put(1, row, shorten(name, begin - 2), BRIGHT)
    canvas.mark(1, row, width(name), 1, ("topic", shown.topic))
    full = f"share group {shown.group}"
    room = begin - 2 - (after + 2)
    if room >= 3:
        words = full if width(full) <= room else shorten(shown.group, room)
        at = canvas.put(after + 2, row, words, QUIET)
        canvas.mark(after + 2, row, at - after - 2, 1, ("group", shown.group))


def _states(canvas: Canvas, shown: Picture, column: int, row: int, view: View) -> int:
    """The way of each record, once, in signs and words; returns the row after it."""
    lines = 3 if view.rows >= _TALL else 2
    if row + lines > view.rows or view.columns < 56:
        return row
    canvas.put(1, row, "each record", STRONG)
    at = column
    for sign, look, word in (("○", WAIT, "available"), ("●", BRIGHT, "acquired"), ("✓", OK, "acknowledged")):
        at = canvas.put(at, row, sign, look)
        at = canvas.put(at + 1, row, word) + 1
        if sign != "✓":
            at = canvas.put(at, row, "──►", style("edge")) + 1
    if lines == 3:
        canvas.put(column, row + 1, "↑", style("edge"))
    last = row + lines - 1
    at = canvas.put(column, last, "╰──", style("edge")) + 1
    lock = f"{shown.lock_us // 1_000_000} s" if shown.lock_us >= 1_000_000 else f"{shown.lock_us // 1_000} ms"
    at = canvas.put(at, last, f"released, or {lock} over", QUIET) + 1
    at = canvas.put(at, last, "╌╌►", style("edge")) + 1
    at = canvas.put(at, last, "✗", BAD) + 1
    words = f"archived after {shown.limit}"
    canvas.put(at, last, words if at + width(words) < view.columns else f"after {shown.limit}")
    return last + 1


def _ledger(canvas: Canvas, shown: Picture, column: int, row: int, columns: int) -> int:
    """One sign a record where there is room, and the sum in words; returns the row after it."""
    counts = shown.counts
    total = sum(counts.values())
    canvas.put(1, row, "ledger", STRONG)
    words = f"= {total:,} of {shown.topic} P{shown.partition}"
    room = max(4, columns - column - width(words) - 4)
    each = max(1, -(-total // room))
    at = column
    for name, sign, role, _, _ in _LEDGER:
        at = canvas.put(at, row, sign * -(-counts[name] // each), style(role))
    at = canvas.put(at, row, "✗" * -(-counts["archived"] // each), BAD)
    canvas.put(at + 2, row, shorten(words, columns - 1 - at - 2), BRIGHT)
    at = column
    for name, _, _, role, word in (*_LEDGER, ("archived", "✗", "bad", "bad", "archived")):
        text = f"{counts[name]:,} {word}"
        if counts[name] and at + width(text) < columns:
            at = canvas.put(at, row + 1, f"{counts[name]:,}", style(role, "base", True))
            at = canvas.put(at + 1, row + 1, word, style("bad") if name == "archived" else QUIET) + 2
    return row + 2
