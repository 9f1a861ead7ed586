"""The tapes of the replicas: one column an offset in all of them, so that what one lacks is a hole that can
be pointed at.
"""

from __future__ import annotations

from typing import NamedTuple

from mqviz.facts.replication import CopyCell, CopyView
from mqviz.scenes.canvas import Canvas, Target
from mqviz.scenes.edges import progress
from mqviz.scenes.figures import thousands
from mqviz.scenes.letters import colour_key
from mqviz.scenes.replication.picture import Picture
from mqviz.scenes.style import BAD, BRIGHT, EDGE, OK, QUIET, WAIT, Style, style
from mqviz.scenes.text import shorten, width

_ACCENT = style("accent", bold=True)
_HIGH = style("bright")


class Place(NamedTuple):
    """Where the tapes lie: `cell` columns an offset from `column` on, beginning with offset `first`."""

    column: int
    row: int
    cell: int
    first: int
    cells: int

    @property
    def tall(self) -> bool:
        """Two rows high, offsets inside."""
        return self.cell > 4

    def wall(self, offset: int) -> int:
        """The column of the wall before `offset`."""
        return self.column + min(max(0, offset - self.first), self.cells + 1) * self.cell

    @property
    def end(self) -> int:
        """The column of the last wall."""
        return self.column + self.cells * self.cell


def draw_epochs(canvas: Canvas, shown: Picture, place: Place, row: int) -> None:
    """The leader epochs of the log that counts, each above its records; the newest in the accent."""
    led = shown.led
    ends = [*(start for _, start in shown.facts.epochs[1:]), led.end]
    for (epoch, start), end in zip(shown.facts.epochs, ends, strict=True):
        newest = epoch == shown.facts.epochs[-1][0]
        if end < place.first or (end == place.first and not newest):
            continue
        look = _ACCENT if newest and len(ends) > 1 else QUIET
        begin = place.wall(start)
        words = f"├─ epoch {epoch} " if start >= place.first else f"─ epoch {epoch} "
        if newest or width(words) <= place.wall(end) - begin:
            at = canvas.put(begin, row, words, look)
            canvas.put(at, row, "─" * (place.wall(end) - at) + ("┤" if newest else ""), look)
        else:
            canvas.put(begin, row, "├" + "─" * (place.wall(end) - begin - 1), look)


def draw_copies(
    canvas: Canvas, shown: Picture, place: Place, row: int, fitting: tuple[int, int], focus: Target | None
) -> dict[int, int]:
    """Every copy that fits; returns broker → row of its tape."""
    count, pitch = fitting
    rows: dict[int, int] = {}
    hidden = max(0, len(shown.copies) - count)
    for number, copy in enumerate(
        (shown.copies[0], *shown.copies[1 + hidden :])
    ):  # what is in sync hides first
        rows[copy.broker] = row + number * pitch
        _copy(canvas, shown, place, copy, rows[copy.broker], focus)
    if hidden:
        canvas.right(canvas.columns - 1, row + 1, f"+{hidden} more", QUIET)
    return rows


def draw_watermark(canvas: Canvas, shown: Picture, place: Place, row: int, end: int) -> None:
    """The high watermark of the log that counts, a line through all tapes."""
    column = place.wall(shown.facts.high_watermark)
    if column > place.end or shown.facts.high_watermark < place.first:
        return
    for line in range(row, end):
        if _sign(canvas, column, line) in (" ", "│", "|", "╌", "-"):
            canvas.put(column, line, "┊", _HIGH)


def draw_flights(canvas: Canvas, shown: Picture, place: Place, rows: dict[int, int], now_us: int) -> None:
    """Records on their way from the leader's tape down to a follower's, in the rows between tapes."""
    busy = [row + line for row in rows.values() for line in range(2 if place.tall else 1)]
    for each in shown.facts.on_the_way:
        if each.leader not in rows or each.follower not in rows:
            continue
        begin, end = rows[each.leader], rows[each.follower]
        part = progress(each.sent_at_us, each.arrives_at_us, now_us)
        row = begin + round((end - begin) * part)
        if row in busy and row != end:
            row += 2 if place.tall else 1
        after = place.column
        for number, key in enumerate(each.keys):
            offset = each.first + number
            if place.first <= offset < place.first + place.cells and row != begin:
                letter = shown.letters.of(key)
                look = style("base", f"key {colour_key(letter)}", True)
                after = canvas.put(place.wall(offset) + place.cell // 2, row, letter, look) + 1
        while after > place.column and _sign(canvas, after, row) in ("┊", "!", "│", "|"):
            after += 2
        words = f"to {each.follower}"
        if row not in busy and all(
            _sign(canvas, at, row) == " " for at in range(after, min(after + 5, canvas.columns))
        ):
            canvas.put(after, row, words, QUIET)


def _sign(canvas: Canvas, column: int, row: int) -> str:
    """What is written in a cell; nothing outside of the canvas."""
    if column >= canvas.columns or row >= canvas.rows:
        return ""
    return canvas.cell(column, row)[0]


def _copy(
    canvas: Canvas, shown: Picture, place: Place, copy: CopyView, row: int, focus: Target | None
) -> None:
    sign, look, word, word_look = standing(shown, copy)
    canvas.put(1, row, sign, look)
    canvas.put(1, row + 1, "╎" if sign == "✗" else sign, look)
    canvas.put(3, row, f"broker {copy.broker}", BRIGHT if copy.up else QUIET)
    canvas.put(3, row + 1, shorten(word, place.column - 3), word_look)
    canvas.mark(1, row, place.column - 2, 2, ("broker", copy.broker))
    _tape(canvas, shown, place, copy, row, focus)
    counts = copy.broker == shown.facts.led_by
    longest = max(shown.facts.high_watermark, *(each.end for each in shown.copies))
    column = min(place.wall(longest), place.end) + 2
    words = f"end {thousands(copy.end)}"
    canvas.put(column, row, words, style("ink") if counts else QUIET)
    if place.tall and not counts:
        canvas.put(column, row + 1, f"knows watermark {thousands(copy.high_watermark)}", QUIET)


def standing(shown: Picture, copy: CopyView) -> tuple[str, Style, str, Style]:
    """The sign at a replica's left edge and the word under its name."""
    away = _away(copy)
    if away:
        return ("✗" if copy.process in ("dead", "stopped") else "╎"), BAD, away, BAD
    if copy.broker == shown.facts.leader:
        return "║", OK, "leads", OK
    if copy.believes:
        return "╎", WAIT, "old leader", WAIT
    if copy.role == "isr":
        return "│", style("bright"), "in ISR", style("ink", bold=True)
    word = "fenced" if copy.fenced else "catching up"
    return "╎", WAIT, "in ELR" if copy.role == "elr" and not copy.fenced else word, WAIT


def _away(copy: CopyView) -> str:
    """Why nobody hears of this broker; "" if it is there."""
    words = {"dead": "dead", "stopped": "stopped", "paused": "frozen", "starting": "starting"}
    return words.get(copy.process, "") or ("cut off" if copy.cut_off else "")


def _tape(
    canvas: Canvas, shown: Picture, place: Place, copy: CopyView, row: int, focus: Target | None
) -> None:
    counts = copy.broker == shown.facts.led_by
    for cell in copy.cells:
        column = place.wall(cell.offset)
        _wall(canvas, shown, place, copy, cell.offset, row)
        letter = shown.letters.of(cell.key)
        target: Target = ("record", shown.facts.topic, shown.facts.partition, cell.offset)
        look, said = _tile(shown, copy, cell, letter)
        if counts and target == focus:
            look, said = style("bright", "sel", True), "►"
        room = place.cell - 1
        canvas.put(column + 1, row, f"{letter:>{room // 2 + 1}}".ljust(room), look)
        if said:
            canvas.put(column + 2 + room // 2, row, said, OK.on(look.bg) if said == "✓" else look)
        offset = thousands(cell.offset)
        if place.tall:
            canvas.put(column + 1, row + 1, offset.center(room), style("quiet", look.bg))
        elif counts and (len(offset) <= room or cell.offset % 2 == 0):
            canvas.put(column + (place.cell + 1 - len(offset)) // 2, row + 1, offset, QUIET)
        if counts:
            canvas.mark(column + 1, row, room, 2, target)
    last = copy.cells[-1].offset + 1 if copy.cells else max(copy.end, place.first)
    _wall(canvas, shown, place, copy, last, row)


def _wall(canvas: Canvas, shown: Picture, place: Place, copy: CopyView, offset: int, row: int) -> None:
    apart = offset > copy.agrees_to or (offset == copy.agrees_to and copy.end > offset)
    sign = "╎" if apart or offset > shown.facts.high_watermark else "│"
    for line in range(2 if place.tall else 1):
        canvas.put(place.wall(offset), row + line, sign, BAD if apart else EDGE)


def _tile(shown: Picture, copy: CopyView, cell: CopyCell, letter: str) -> tuple[Style, str]:
    """How a record lies there, and a sign beside its letter."""
    key = colour_key(letter)
    if cell.offset >= copy.agrees_to:
        return (style("bad", bold=True), "✓") if cell.acknowledged else (style("wait"), "")
    if cell.offset >= shown.facts.high_watermark:
        return QUIET, "✓" if cell.acknowledged else ""
    if len(shown.facts.epochs) > 1 and cell.epoch == shown.facts.epochs[-1][0]:
        return style("bright", f"lit {key}", True), ""
    return style(f"letter {key}", f"read {key}"), ""
