"""The rows of the commit and crash scene: offsets once, then for each group its records, its marks and what
became of each.
"""

from __future__ import annotations

from typing import NamedTuple

from mqviz.scenes.canvas import Canvas, Target
from mqviz.scenes.commit_and_crash.picture import Lane, Picture, sentence
from mqviz.scenes.letters import colour_key
from mqviz.scenes.style import BAD, BRIGHT, EDGE, OK, QUIET, WAIT, Style, style
from mqviz.scenes.text import shorten

LOST = style("bad", "base", True)
TWICE = style("wait", "base", True)


class Strip(NamedTuple):
    """Where records lie: the first wall at `column`, `cell` columns a record; `tall`: two rows high, offsets
    inside.
    """

    column: int
    cell: int
    tall: bool

    @property
    def rows(self) -> int:
        """How many rows a tape takes."""
        return 2 if self.tall else 1

    def wall(self, shown: Picture, offset: int) -> int | None:
        """The column of the wall before `offset`, None if it does not show."""
        number = offset - shown.first
        return self.column + number * self.cell if 0 <= number <= len(shown.letters) else None


def draw_offsets(canvas: Canvas, shown: Picture, strip: Strip, row: int) -> None:
    """Offsets in their records' columns, as many as there is room for."""
    canvas.put(1, row, shorten("offset", strip.column - 2), QUIET)
    free = 0
    for number in range(len(shown.letters)):
        text = str(shown.first + number)
        begin = strip.column + number * strip.cell + 1 + (strip.cell - len(text)) // 2
        if begin > free:
            free = canvas.put(begin, row, text, QUIET)


def draw_lane(
    canvas: Canvas, shown: Picture, lane: Lane, strip: Strip, row: int, focus: Target | None
) -> None:
    """The records; below them the marks between and the fates under them."""
    look = OK if lane.doing in ("works", "commits") else BAD if lane.doing == "dead" else WAIT
    after = canvas.put(1, row, shorten(lane.member, strip.column - 3), style("bright")) + 1
    canvas.put(after, row, shorten(lane.doing, max(0, strip.column - 1 - after)), look)
    canvas.mark(1, row, strip.column - 2, 1, ("member", lane.member))
    for number in range(len(shown.letters)):
        _record(canvas, shown, lane, strip, row, number, focus)
    end = strip.column + len(shown.letters) * strip.cell
    full = shown.first + len(shown.letters) == shown.high
    canvas.column_of(end, row, strip.rows, "┊" if full else "│", BRIGHT if full else EDGE)
    _marks(canvas, shown, lane, strip, row)


def _record(
    canvas: Canvas, shown: Picture, lane: Lane, strip: Strip, row: int, number: int, focus: Target | None
) -> None:
    at, offset = strip.column + number * strip.cell, shown.first + number
    canvas.column_of(at, row, strip.rows, "│", EDGE)
    target: Target = ("record", shown.topic, shown.partition, offset)
    look = style("bright", "sel", True) if target == focus else _tile(shown, lane, number)
    letter = shown.letters[number]
    canvas.put(at + 1, row, f"{letter:>2}" if strip.cell == 3 else letter.center(strip.cell - 1), look)
    if strip.tall:
        ink = "base" if look.fg == "base" else "ink"
        canvas.put(at + 1, row + 1, str(offset).center(strip.cell - 1), style(ink, look.bg))
    canvas.mark(at + 1, row, strip.cell - 1, strip.rows, target)
    sign, sign_look = _fate(lane, offset, lane.times[number])
    canvas.put(at + 1 + (strip.cell - len(sign)) // 2, row + strip.rows, sign, sign_look)


def _tile(shown: Picture, lane: Lane, number: int) -> Style:
    key, offset = colour_key(shown.letters[number]), shown.first + number
    if offset == lane.working:
        return style("base", f"key {key}", True)
    if lane.times[number]:
        return style(f"letter {key}", f"read {key}")
    if offset < lane.begin and not lane.holds(offset):
        return style("bad", f"read {key}", True)
    return style("bright", f"lit {key}", True)


def _fate(lane: Lane, offset: int, times: int) -> tuple[str, Style]:
    """What became of a record, or with `?` what a crash now would make of it."""
    if times > 1 and not lane.once:
        return f"×{times}", TWICE
    if not times and offset < lane.begin:
        return ("✗?", QUIET) if lane.holds(offset) else ("✗", LOST)
    if times and lane.begin <= offset < lane.position and not lane.once:
        return "2?", QUIET
    return "", QUIET


def _marks(canvas: Canvas, shown: Picture, lane: Lane, strip: Strip, row: int) -> None:
    """Where its reader died, then its position, then its commit, which covers the others."""
    crash, below = lane.crash, row + strip.rows
    died = strip.wall(shown, crash.position if crash.working is None else crash.working) if crash else None
    if died is not None:
        canvas.column_of(died, row, strip.rows, "■", LOST)
    position = strip.wall(shown, lane.position)
    if position is not None and not lane.waits:
        canvas.put(position, below, "△", BRIGHT)
    commit = strip.wall(shown, lane.begin if lane.committed is None else lane.committed)
    if commit is not None and lane.committed is not None:
        canvas.put(commit, below, "▲", BRIGHT)
    words = "no commit" if lane.committed is None else f"▲ {lane.committed}"
    canvas.put(1, below, shorten(words, strip.column - 2), QUIET)


_TALLY = (
    ("once", "█", style("done"), BRIGHT, "done"),
    ("more", "█", WAIT, WAIT, "done twice"),
    ("lost", "✗", BAD, BAD, "lost"),
    ("in_hand", "▒", OK, OK, "in hand"),
    ("waiting", "░", WAIT, WAIT, "waiting"),
)


def draw_tally(canvas: Canvas, lane: Lane, column: int, row: int, columns: int) -> None:
    """One sign a record where there is room, and the counts that add up to all of them."""
    counts = [(getattr(lane.tally, name), sign, look, said, word) for name, sign, look, said, word in _TALLY]
    total = sum(count for count, *_ in counts)
    words = "   ".join(f"{count} {word}" for count, *_, word in counts if count)
    end = f"{words}   = {total} in the log"
    room = max(1, columns - len(end) - 3)
    each = max(1, -(-total // room))
    at = column
    for count, sign, look, _, _ in counts:
        at = canvas.put(at, row, sign * -(-count // each), look)
    at += 3
    for count, _, _, said, word in counts:
        if count:
            at = canvas.put(at, row, str(count), said) + 1
            at = canvas.put(at, row, word, QUIET) + 3
    canvas.put(at, row, f"= {total} in the log", BRIGHT)


def draw_words(canvas: Canvas, lane: Lane, column: int, row: int, columns: int) -> None:
    """What is at stake, or what happened, as a sentence."""
    canvas.put(column, row, shorten(sentence(lane), columns), QUIET)
