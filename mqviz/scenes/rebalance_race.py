"""The rebalance race: what each protocol does to each partition when the same thing happens to its group.

A block a group, a row a partition, time to the right. A line is somebody who reads, begun with the name; `░` is nobody:
the longest pause is the biggest shape, and its milliseconds stand at the end of the row.
"""

from __future__ import annotations

from typing import NamedTuple

from mqviz.model import facts
from mqviz.model.readings import GroupReading, Stretch, Tenure
from mqviz.model.state import State
from mqviz.scenes.axis import Axis, draw_axis, fitted
from mqviz.scenes.canvas import Canvas
from mqviz.scenes.figures import duration, thousands
from mqviz.scenes.signs import to_ascii
from mqviz.scenes.style import BRIGHT, QUIET, WAIT, Style, style
from mqviz.scenes.text import shorten, width
from mqviz.scenes.view import View

_NAMES = {
    "range": ("eager", "range"),
    "roundrobin": ("eager", "round robin"),
    "sticky": ("eager", "sticky"),
    "cooperative-sticky": ("cooperative", "sticky"),
}
_SHORT = "▏"
_TOTAL_ROOM = 12
_HEAD_ROOM = 14
_TIGHT = 80
"""Below this width the group's name stands above its rows rather than beside them."""


class Lane(NamedTuple):
    """A group in the race, its partitions and how its head reads."""

    group: GroupReading
    tenures: tuple[Tenure, ...]
    names: tuple[str, str]


def draw(state: State, view: View) -> Canvas:
    """The race at `view.now_us`, on an axis from the first assignment that shows."""
    lanes = [Lane(g, facts.tenures(state, g.name), _names(g)) for g in facts.groups(state)]
    return paint(tuple(lane for lane in lanes if lane.tenures), view)


def paint(lanes: tuple[Lane, ...], view: View) -> Canvas:
    """Draw what was gathered."""
    canvas = view.canvas()
    if not lanes:
        canvas.put(1, min(1, view.rows - 1), shorten("no group reads yet", view.columns - 2), QUIET)
        return canvas
    tight = view.columns < _TIGHT
    label = max(width(_label(t, lane)) for lane in lanes for t in lane.tenures)
    begin = (1 if tight else 1 + _HEAD_ROOM) + label + 1
    axis = _axis(lanes, view, begin)
    members = {name: number for number, name in enumerate(_members(lanes))}
    canvas.right(view.columns - 1, 0, "paused", QUIET)
    row = 1
    shares = _rows(lanes, view.rows - 1 - 2, tight)
    for lane, count in zip(lanes, shares, strict=True):
        row = _block(canvas, lane, axis, row, count, view, members)
    draw_axis(canvas, axis, min(view.rows - 2, row), view.now_us)
    _legend(canvas, view.rows - 1, view.columns - 2)
    return canvas


def _names(group: GroupReading) -> tuple[str, str]:
    assignor = group.assignor if isinstance(group.assignor, str) else ""
    if group.kind == "consumer":
        return "KIP-848", assignor or "uniform"
    return _NAMES.get(assignor, (group.name, assignor))


def _label(tenure: Tenure, lane: Lane) -> str:
    several = len({each.topic for each in lane.tenures}) > 1
    return f"{tenure.topic} P{tenure.partition}" if several else f"P{tenure.partition}"


def _members(lanes: tuple[Lane, ...]) -> list[str]:
    names = {s.member: None for lane in lanes for t in lane.tenures for s in t.stretches if s.member}
    return list(names)


def _axis(lanes: tuple[Lane, ...], view: View, column: int) -> Axis:
    first = min(t.stretches[0].begin_us for lane in lanes for t in lane.tenures)
    return fitted(view, column, view.columns - column - _TOTAL_ROOM, min(first, view.now_us), view.now_us)


def _rows(lanes: tuple[Lane, ...], rows: int, tight: bool) -> list[int]:
    """How many partitions of each group show: all, else as many of each as there is room for."""
    extra = 2 if tight else 1
    wanted = [max(len(lane.tenures), 1) for lane in lanes]
    room = rows - extra * len(lanes) + (0 if tight else 1)
    while sum(wanted) > max(room, len(lanes)):
        most = max(range(len(wanted)), key=lambda index: wanted[index])
        wanted[most] -= 1
    return wanted


def _block(
    canvas: Canvas, lane: Lane, axis: Axis, row: int, count: int, view: View, members: dict[str, int]
) -> int:
    """One group from `row` on; returns the row after it and its gap."""
    paused = [tenure.paused_us(view.now_us) for tenure in lane.tenures]
    on = sum(1 for us in paused if not us)
    said = (f"{lane.names[0]}", lane.names[1], f"sum {duration(sum(paused))}", f"{on} of {len(paused)} go on")
    if view.columns < _TIGHT:
        canvas.put(1, row, shorten(f"{said[0]} {said[1]} · {said[2]} · {said[3]}", view.columns - 2), BRIGHT)
        canvas.mark(1, row, view.columns - 2, 1, ("group", lane.group.name))
        row += 1
    else:
        _head(canvas, lane, said, row, count)
    hidden = len(lane.tenures) - count
    for index, tenure in enumerate(lane.tenures[:count]):
        last = index == count - 1 and hidden
        words = f"{_label(tenure, lane)}" if not last else f"+{hidden + 1}"
        canvas.right(axis.column - 1, row + index, words, QUIET)
        if last:
            rest = sum(paused[index:])
            canvas.put(axis.column, row + index, f"{hidden + 1} more partitions", QUIET)
            _total(canvas, row + index, rest)
            continue
        _row(canvas, tenure, axis, row + index, view.now_us, members)
        canvas.mark(axis.column, row + index, axis.columns, 1, ("partition", tenure.topic, tenure.partition))
        _total(canvas, row + index, paused[index])
    return row + count + 1


def _head(canvas: Canvas, lane: Lane, said: tuple[str, str, str, str], row: int, count: int) -> None:
    canvas.put(1, row, shorten(said[0], _HEAD_ROOM - 1), BRIGHT)
    canvas.mark(1, row, _HEAD_ROOM - 1, 1, ("group", lane.group.name))
    lines = [said[1], "", said[2], said[3]] if count > 4 else [*said[1:]]
    for index, words in enumerate(lines[: max(0, count - 1)]):
        canvas.put(1, row + 1 + index, shorten(words, _HEAD_ROOM - 1), QUIET)


def _total(canvas: Canvas, row: int, paused_us: int) -> None:
    ms = -(-paused_us // 1000)
    canvas.right(canvas.columns - 1, row, f"{thousands(ms)} ms", WAIT if ms else QUIET)


def _row(canvas: Canvas, tenure: Tenure, axis: Axis, row: int, now_us: int, members: dict[str, int]) -> None:
    now = axis.cell(now_us)
    for stretch in tenure.stretches:
        if stretch.begin_us > now_us or (stretch.end_us or now_us) < axis.start_us:
            continue
        begin = axis.cell(stretch.begin_us)
        end = now if stretch.end_us is None or stretch.end_us > now_us else axis.cell(stretch.end_us)
        _stretch(canvas, stretch, begin, end, row, members)


def _stretch(
    canvas: Canvas, stretch: Stretch, begin: int, end: int, row: int, members: dict[str, int]
) -> None:
    """A line with the reader's name at its start; nobody is `░`, or `▏` where the pause is shorter than a cell."""
    cells = end - begin
    if not stretch.member:
        canvas.put(begin, row, "░" * cells if cells else _SHORT, WAIT)
        return
    look = member_style(members[stretch.member])
    if begin < canvas.columns and canvas.cell(begin, row)[0] in (_SHORT, to_ascii(_SHORT)):
        begin += 1
        cells -= 1
    canvas.put(begin, row, "━" * max(cells, 0), look)
    if cells > width(stretch.member):
        canvas.put(begin, row, stretch.member, style(look.fg, bold=True))


def member_style(number: int) -> Style:
    """The colour of a member's lane; members borrow the colours of keys, which never stand beside them."""
    return style(f"key {_LANES[number % len(_LANES)]}")


_LANES = ("B", "A", "C", "G", "E", "F", "D", "H")


def _legend(canvas: Canvas, row: int, columns: int) -> None:
    words = "c1━━ reads   ░ nobody reads   ▏ a pause shorter than a cell"
    canvas.put(1, row, shorten(words, columns), QUIET)
