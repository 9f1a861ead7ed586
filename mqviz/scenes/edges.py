"""Edges: from producers along a spine to the partitions, and what flies on them.

A mark in flight is arithmetic on when it was sent, when it arrives and the moment shown, so that pause, slow
motion and stepping back need no code. A row counts as two columns, which is what it is for the eye.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from mqviz.scenes.canvas import Canvas
from mqviz.scenes.letters import colour_key
from mqviz.scenes.style import EDGE, style

TAIL = 3
_MOST_TOGETHER = 3
_ROW_WEIGHT = 2


class Way(NamedTuple):
    """From `begin` on row `source` to the spine, along it, and on to `end` (the arrow) on row `target`."""

    begin: int
    source: int
    spine: int
    target: int
    end: int

    @property
    def length(self) -> int:
        """Steps from the first cell to the arrow."""
        return self.end - self.begin + _ROW_WEIGHT * abs(self.target - self.source)

    def at(self, step: int) -> tuple[int, int, int]:
        """Column and row of a step, and how many cells lie behind it on the same straight line (-1: on the
        spine).
        """
        first = self.spine - self.begin
        down = _ROW_WEIGHT * abs(self.target - self.source)
        if step < first or (down == 0 and step <= first):
            return self.begin + step, self.source, step
        if step < first + down:
            rows = (step - first) // _ROW_WEIGHT + (1 if step > first else 0)
            return self.spine, self.source + (rows if self.target > self.source else -rows), -1
        column = self.spine + step - first - down
        return column, self.target, step if down == 0 else step - first - down


def straight(begin: int, row: int, end: int) -> Way:
    """An edge without a spine."""
    return Way(begin, row, begin, row, end)


def draw_edge(canvas: Canvas, begin: int, row: int, end: int) -> None:
    """A quiet edge with its arrow at `end`."""
    if end >= begin:
        canvas.put(begin, row, "╌" * (end - begin) + "►", EDGE)


def draw_spine(canvas: Canvas, spine: int, sources: Iterable[int], targets: Iterable[int]) -> None:
    """The line that joins producers' rows and partitions' rows."""
    left, right = sorted(sources), sorted(targets)
    if not left or not right:
        return
    first, last = min(left[0], right[0]), max(left[-1], right[-1])
    for row in range(first, last + 1):
        canvas.put(spine, row, _joint(row in left, row in right, row > first, row < last), EDGE)


def progress(sent_at_us: int, arrives_at_us: int, now_us: int) -> float:
    """How much of the way lies behind at `now_us`, 0 to 1."""
    if arrives_at_us <= sent_at_us:
        return 1.0
    return min(1.0, max(0.0, (now_us - sent_at_us) / (arrives_at_us - sent_at_us)))


def draw_flight(canvas: Canvas, way: Way, part: float, signs: str) -> None:
    """Solid cells at `part` of the way: the first letters of what travels together, and a tail of at most
    three.
    """
    step = min(way.length, int(part * (way.length + 1)))
    column, row, behind = way.at(step)
    together = signs[:_MOST_TOGETHER] if behind >= 0 else signs[:1]
    together = together[: behind + 1] if behind >= 0 else together
    for number, sign in enumerate(together):
        canvas.put(column - number, row, sign, style("base", f"key {colour_key(sign)}", True))
    key = colour_key(signs[0])
    for number in range(1, min(TAIL, behind - len(together) + 1) + 1):
        canvas.put(column - len(together) + 1 - number, row, "━", style(f"tail{number} {key}"))


def _joint(left: bool, right: bool, up: bool, down: bool) -> str:
    lines = (left, right, up, down)
    return {
        (True, True, False, False): "╌",
        (True, True, False, True): "┬",
        (True, True, True, False): "┴",
        (True, True, True, True): "┼",
        (True, False, False, True): "╮",
        (True, False, True, False): "╯",
        (True, False, True, True): "┤",
        (False, True, False, True): "╭",
        (False, True, True, False): "╰",
        (False, True, True, True): "├",
    }.get(lines, "│")
