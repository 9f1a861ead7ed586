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


def fitted(view: View, column: int, columns: int, begin_us: int, last_us: int, unit_us: int = SECOND) -> Axis:
    """The axis that holds everything from `begin_us` to `last_us`, from one round time to another.

    It is at least 8 units long, so that it rarely changes; it does not begin before `view.start_us`, nor
    reach beyond `view.until_us` where that is given.
    """
    start = max(view.start_us, begin_us // unit_us * unit_us)
    until = start + _round_up(max(last_us - start, 1), unit_us)
    if view.until_us > start:
        until = min(until, max(view.until_us, start + unit_us))
    return Axis(column, max(1, columns), start, until)


def draw_axis(canvas: Canvas, axis: Axis, row: int, now_us: int) -> None:
    """Ticks at round times, the unit behind the last, and `●` where now is."""
    step = _step(axis)
    first = -(-axis.start_us // step) * step
    now = axis.cell(now_us) if axis.start_us <= now_us < axis.until_us else None
    for at_us in range(first, axis.until_us, step):
        column, text = axis.cell(at_us), _seconds(at_us, step)
        free = now is None or not column <= now < column + len(text)
        if free and column + len(text) < axis.end:
            canvas.put(column, row, text, QUIET)
    canvas.put(axis.end, row, f"{_seconds(axis.until_us, step)} s", QUIET)
    if now is not None:
        canvas.put(now, row, "●", style("accent", bold=True))


def _step(axis: Axis) -> int:
    """The smallest round step whose ticks keep apart from each other."""
    span = axis.until_us - axis.start_us
    size = 1_000
    while True:
        for nice in _NICE:
            step = nice * size
            digits = len(_seconds(axis.until_us, step))
            if axis.columns * step >= span * (_BETWEEN_TICKS + digits - 1):
                return step
        size *= 10


def _seconds(at_us: int, step: int) -> str:
    """A time in seconds, with as many decimals as the step needs."""
    return f"{at_us / SECOND:.{sum(step < size for size in (SECOND, 100_000, 10_000))}f}"


def _round_up(span_us: int, unit_us: int) -> int:
    """The smallest of 8, 10, 12, 15, 20, 30, 40, 60 units, 80, 100 … that holds the span."""
    size = unit_us
    while True:
        for nice in _SPANS:
            if span_us <= nice * size:
                return nice * size
        size *= 10
