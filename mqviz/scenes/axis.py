"""A time axis: cells to times and back, ticks with units, the playhead."""

from __future__ import annotations

from typing import NamedTuple

from mqviz.scenes.canvas import Canvas
from mqviz.scenes.style import QUIET, style
from mqviz.scenes.view import View

SECOND = 1_000_000
_NICE = (1, 2, 5)
_SPANS = (8, 10, 12, 15, 20, 30, 40, 60)
_BETWEEN_TICKS = 5


class Axis(NamedTuple):
    """`columns` cells from `column` on, for the time from `start_us` to `until_us`."""

    column: int
    columns: int
    start_us: int
    until_us: int

    def cell(self, at_us: int) -> int:
        """The column of a time, clamped to the axis."""
        inside = min(max(at_us, self.start_us), self.until_us) - self.start_us
        return self.column + min(self.columns - 1, inside * self.columns // (self.until_us - self.start_us))

    @property
    def end(self) -> int:
        """The column after the last cell."""
        return self.column + self.columns


def fitted(view: View, column: int, columns: int, begin_us: int, last_us: int) -> Axis:
    """The axis that holds everything from `begin_us` to `last_us`, from one round time to another.

    It is at least 8 s long, so that it rarely changes; it does not begin before `view.start_us`, nor reach
    beyond `view.until_us` where that is given.
    """
    start = max(view.start_us, begin_us // SECOND * SECOND)
    until = start + _round_up(max(last_us - start, 1))
    if view.until_us > start:
        until = min(until, max(view.until_us, start + SECOND))
    return Axis(column, max(1, columns), start, until)


def draw_axis(canvas: Canvas, axis: Axis, row: int, now_us: int) -> None:
    """Ticks at round times, the unit behind the last, and `●` where now is."""
    step = _step(axis)
    unit, shown = ("s", SECOND) if step >= SECOND else ("ms", 1_000)
    first = -(-axis.start_us // step) * step
    for at_us in range(first, axis.until_us, step):
        canvas.put(axis.cell(at_us), row, str(at_us // shown), QUIET)
    canvas.put(axis.end, row, f"{axis.until_us // shown} {unit}", QUIET)
    if axis.start_us <= now_us < axis.until_us:
        canvas.put(axis.cell(now_us), row, "●", style("accent", bold=True))


def _step(axis: Axis) -> int:
    """The smallest round step whose ticks keep apart from each other."""
    span = axis.until_us - axis.start_us
    size = 1_000
    while True:
        for nice in _NICE:
            step = nice * size
            digits = len(str(axis.until_us // (SECOND if step >= SECOND else 1_000)))
            if axis.columns * step >= span * (_BETWEEN_TICKS + digits - 1):
                return step
        size *= 10


def _round_up(span_us: int) -> int:
    """The smallest of 8, 10, 12, 15, 20, 30, 40, 60 s, 80 s, 100 s … that holds the span."""
    size = SECOND
    while True:
        for nice in _SPANS:
            if span_us <= nice * size:
                return nice * size
        size *= 10
