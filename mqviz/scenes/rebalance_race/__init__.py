"""The rebalance race: what each protocol does to each partition when the same thing happens to its group.

A block a group, a row a partition, time to the right. A line is somebody who reads, begun with the name; `░`
is nobody: the longest pause is the biggest shape, and its milliseconds stand at the end of the row. What
counts is from the last time that a process of the group came or went. Where room is short, partitions with
the same history share a row.
"""

from __future__ import annotations

from typing import NamedTuple

from mqviz import facts
from mqviz.facts.views import Disturbance, GroupView, Stretch, Tenure
from mqviz.model.state import State
from mqviz.scenes.axis import Axis, draw_axis, fitted
from mqviz.scenes.canvas import Canvas
from mqviz.scenes.figures import duration, thousands
from mqviz.scenes.rebalance_race.words import told
from mqviz.scenes.signs import to_ascii
from mqviz.scenes.style import BRIGHT, QUIET, Style, style
from mqviz.scenes.text import shorten, width
from mqviz.scenes.view import View

_NAMES = {
    "range": ("eager", "range"),
    "roundrobin": ("eager", "round robin"),
    "sticky": ("eager", "sticky"),
    "cooperative-sticky": ("cooperative", "sticky"),
}
_SHORT = "▏"
_TOTAL_ROOM = 14
_HEAD_ROOM = 14
_TIGHT = 80
"""Below this width the group's name stands above its rows rather than beside them."""
_LEAD_US = 1_000_000
"""How much of the time before the disturbance shows."""
_PAUSED = style("wait", bold=True)


class Lane(NamedTuple):
    """A group in the race, its partitions, how its head reads, and what happened to it last."""

    group: GroupView
    tenures: tuple[Tenure, ...]
    names: tuple[str, str]
    last: Disturbance | None = None

    @property
    def since_us(self) -> int:
        """From when on pauses count."""
        return self.last.at_us if self.last else 0

    def members(self) -> dict[str, int]:
        """Its members in the order in which they first read."""
        found = sorted((s.begin_us, s.member) for t in self.tenures for s in t.stretches if s.member)
        return {name: number for number, name in enumerate(dict.fromkeys(name for _, name in found))}


class Row(NamedTuple):
    """Partitions with one history, or (`hidden`) those for which there is no room."""

    tenures: tuple[Tenure, ...]
    hidden: bool = False


def draw(state: State, view: View) -> Canvas:
    """The race at `view.now_us`, on an axis from just before the last disturbance."""
    lanes = [
        Lane(g, facts.tenures(state, g.name), _names(g), facts.disturbance(state, g.name))
        for g in facts.groups(state)
    ]
    return paint(tuple(lane for lane in lanes if lane.tenures), view)


def paint(lanes: tuple[Lane, ...], view: View) -> Canvas:
    """Draw what was gathered."""
    canvas = view.canvas()
    if not lanes:
        canvas.put(1, min(1, view.rows - 1), shorten("no group reads yet", view.columns - 2), QUIET)
        return canvas
    tight = view.columns < _TIGHT
    rows = _rows(lanes, view.rows - (1 if tight else 2), tight)
    label = max(width(_label(row, lane)) for lane, found in zip(lanes, rows, strict=True) for row in found)
    begin = (1 if tight else 1 + _HEAD_ROOM) + label + 1
    axis = _axis(lanes, view, begin)
    used = sum(len(found) for found in rows) + (len(lanes) if tight else 1) + 1
    spare = view.rows - used
    gap, words = _air(len(lanes), spare, tight)
    if not tight:
        canvas.right(view.columns - 1, 0, "paused", QUIET)
    row, least = (0 if tight else 1), min(_sum(lane, view.now_us) for lane in lanes)
    for lane, found in zip(lanes, rows, strict=True):
        row = _block(canvas, lane, axis, row, found, view, least) + words
        if words:
            room = view.columns - axis.column - 1
            wishes = told(lane.names[0], lane.tenures, lane.since_us, view.now_us)
            said = next((each for each in wishes if width(each) <= room), wishes[-1])
            canvas.put(axis.column, row - 1, shorten(said, room), QUIET)
        row += gap
    row = min(view.rows - 1, row - gap + (1 if gap > 1 else 0))
    draw_axis(canvas, axis, row, view.now_us)
    _disturbances(canvas, lanes, axis, row + 1, view)
    if row + 1 < view.rows - 1:
        _legend(canvas, view.rows - 1, view.columns - 2)
    return canvas


def _air(lanes: int, spare: int, tight: bool) -> tuple[int, int]:
    """Blank rows between groups, and 1 if each has a row of words."""
    words = 1 if not tight and spare >= 2 * lanes + 3 else 0
    spare -= words * lanes + 2
    return max(0, min(5, spare // max(1, lanes - 1))), words


def _names(group: GroupView) -> tuple[str, str]:
    assignor = group.assignor if isinstance(group.assignor, str) else ""
    if group.kind == "consumer":
        return "KIP-848", assignor or "uniform"
    return _NAMES.get(assignor, (group.name, assignor))


def _label(row: Row, lane: Lane) -> str:
    if row.hidden:
        return f"+{len(row.tenures)}"
    several = len({each.topic for each in lane.tenures}) > 1
    numbers = [each.partition for each in row.tenures]
    name = f"{row.tenures[0].topic} " if several else ""
    if len(numbers) > 2 and numbers == list(range(numbers[0], numbers[-1] + 1)):
        return f"{name}P{numbers[0]}-{numbers[-1]}"
    return name + (f"P{numbers[0]}" if len(numbers) == 1 else f"P{','.join(map(str, numbers[:3]))}")


def _axis(lanes: tuple[Lane, ...], view: View, column: int) -> Axis:
    first = min(t.stretches[0].begin_us for lane in lanes for t in lane.tenures)
    begin = max(first, min(lane.since_us for lane in lanes) - _LEAD_US)
    return fitted(view, column, view.columns - column - _TOTAL_ROOM, min(begin, view.now_us), view.now_us)


# -- rows ----------------------------------------------------------------------------------------------------


def _rows(lanes: tuple[Lane, ...], room: int, tight: bool) -> list[list[Row]]:
    """All partitions; else one row for those with the same history; else those that paused first of all."""
    room -= len(lanes) if tight else len(lanes) - 1
    every = [[Row((tenure,)) for tenure in lane.tenures] for lane in lanes]
    if sum(map(len, every)) <= room:
        return every
    merged = [_merged(lane) for lane in lanes]
    while sum(map(len, merged)) > max(room, len(lanes)):
        longest = max(range(len(merged)), key=lambda index: len(merged[index]))
        if len(merged[longest]) == 1:
            break
        merged[longest] = _fewer(merged[longest], lanes[longest].since_us)
    return merged


def _merged(lane: Lane) -> list[Row]:
    found: dict[tuple[str, tuple[Stretch, ...]], list[Tenure]] = {}
    for tenure in lane.tenures:
        seen = tuple(s for s in tenure.stretches if s.end_us is None or s.end_us > lane.since_us)
        if seen:  # what was before does not show
            seen = (Stretch(max(seen[0].begin_us, lane.since_us), seen[0].end_us, seen[0].member), *seen[1:])
        found.setdefault((tenure.topic, seen), []).append(tenure)
    return [Row(tuple(each)) for each in found.values()]


def _fewer(rows: list[Row], since_us: int) -> list[Row]:
    """One row less: what paused least goes among the hidden ones, which are last."""
    hidden = rows[-1].tenures if rows[-1].hidden else ()
    shown = [row for row in rows if not row.hidden]
    least = min(reversed(shown), key=lambda row: row.tenures[0].paused_us(1 << 62, since_us))
    shown.remove(least)
    if not hidden and shown:  # the hidden ones need a row themselves
        second = min(reversed(shown), key=lambda row: row.tenures[0].paused_us(1 << 62, since_us))
        shown.remove(second)
        return [*shown, Row((*least.tenures, *second.tenures), True)]
    return [*shown, Row((*hidden, *least.tenures), True)]


def _sum(lane: Lane, now_us: int) -> int:
    return sum(tenure.paused_us(now_us, lane.since_us) for tenure in lane.tenures)


def _block(canvas: Canvas, lane: Lane, axis: Axis, row: int, rows: list[Row], view: View, least: int) -> int:
    """One group from `row` on; returns the row after it."""
    paused = [tenure.paused_us(view.now_us, lane.since_us) for tenure in lane.tenures]
    on = f"{sum(1 for us in paused if not us)} of {len(paused)} go on"
    total = duration(sum(paused))
    look = _PAUSED if sum(paused) > least else style("ok", bold=True)
    if view.columns < _TIGHT:
        _head_above(canvas, lane, row, total, on, look)
        row += 1
    else:
        _head_beside(canvas, lane, row, len(rows), total, on, look)
    members = lane.members()
    for number, each in enumerate(rows):
        _row(canvas, lane, each, axis, row + number, view.now_us, members)
    return row + len(rows)


def _head_above(canvas: Canvas, lane: Lane, row: int, total: str, on: str, look: Style) -> None:
    at = canvas.put(1, row, f"{lane.names[0]} ", BRIGHT)
    at = canvas.put(at, row, f"{lane.names[1]} · sum ", QUIET)
    at = canvas.put(at, row, total, look)
    canvas.put(at, row, f" · {on}", QUIET)
    canvas.right(canvas.columns - 1, row, "paused", QUIET)
    canvas.mark(1, row, canvas.columns - 2, 1, ("group", lane.group.name))


def _head_beside(canvas: Canvas, lane: Lane, row: int, count: int, total: str, on: str, look: Style) -> None:
    canvas.put(1, row, shorten(lane.names[0], _HEAD_ROOM - 1), BRIGHT)
    canvas.mark(1, row, _HEAD_ROOM - 1, 1, ("group", lane.group.name))
    last = row + max(1, count) - 1
    if count >= 4:
        canvas.put(1, row + 1, shorten(lane.names[1], _HEAD_ROOM - 1), QUIET)
        canvas.put(1, last, on, QUIET)
    if count >= 2:
        sum_row = last - 1 if count >= 4 else row + 1
        canvas.put(canvas.put(1, sum_row, "sum ", QUIET), sum_row, total, look)


def _row(
    canvas: Canvas, lane: Lane, row: Row, axis: Axis, line: int, now_us: int, members: dict[str, int]
) -> None:
    canvas.right(axis.column - 1, line, _label(row, lane), QUIET)
    each_us = row.tenures[0].paused_us(now_us, lane.since_us)
    if row.hidden:
        each_us = sum(tenure.paused_us(now_us, lane.since_us) for tenure in row.tenures)
        canvas.put(axis.column, line, f"{len(row.tenures)} more partitions, together", QUIET)
    else:
        for tenure in row.tenures[:1]:
            _history(canvas, tenure, axis, line, now_us, members)
            canvas.mark(axis.column, line, axis.columns, 1, ("partition", tenure.topic, tenure.partition))
    ms = -(-each_us // 1000)
    look = QUIET if not ms else _PAUSED if ms >= 100 else style("ink")
    times = f"{len(row.tenures)} × " if len(row.tenures) > 1 and not row.hidden and ms else ""
    begin = canvas.right(canvas.columns - 1, line, f"{thousands(ms)} ms", look)
    canvas.right(begin, line, times, QUIET)


def _history(
    canvas: Canvas, tenure: Tenure, axis: Axis, row: int, now_us: int, members: dict[str, int]
) -> None:
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
    """A line with the reader's name at its start; nobody is `░`, or `▏` where the pause is shorter than a
    cell.
    """
    cells = end - begin
    if not stretch.member:
        ground = (
            canvas.cell(begin - 1, row)[1].bg if 0 < begin <= canvas.columns and row < canvas.rows else "base"
        )
        if cells:
            canvas.put(begin, row, "░" * cells, style("wait"))
        else:
            canvas.put(begin, row, _SHORT, style("bright", ground))
        return
    look = member_style(members[stretch.member])
    inside = begin < canvas.columns and row < canvas.rows
    if inside and canvas.cell(begin, row)[0] in (_SHORT, to_ascii(_SHORT)):
        begin += 1
        cells -= 1
    canvas.put(begin, row, "━" * max(cells, 0), look)
    if cells > width(stretch.member):
        canvas.put(begin, row, stretch.member, style("bright", look.bg, True))


def member_style(number: int) -> Style:
    """The colour of a member's lane; members borrow the colours of keys, which never stand beside them."""
    letter = _LANES[number % len(_LANES)]
    return style(f"key {letter}", f"lit {letter}")


_LANES = ("B", "A", "C", "G", "E", "F", "D", "H")


# -- below ---------------------------------------------------------------------------------------------------


def _disturbances(canvas: Canvas, lanes: tuple[Lane, ...], axis: Axis, row: int, view: View) -> None:
    """`◆` where it happened, below the axis: once for groups to which it happened at the same time."""
    if row >= view.rows:
        return
    found: dict[tuple[int, str], list[str]] = {}
    for lane in lanes:
        if lane.last is not None and axis.start_us <= lane.last.at_us <= view.now_us:
            found.setdefault((lane.last.at_us, lane.last.what), []).extend(lane.last.names)
    free = 1
    for (at_us, what), names in sorted(found.items()):
        column = max(free, axis.cell(at_us))
        verb = what if len(names) == 1 else {"dies": "die", "joins": "join"}.get(what, what[:-1])
        listed = ", ".join(names[:-1]) + " and " + names[-1] if len(names) > 1 else names[0]
        canvas.put(column, row, "◆", BRIGHT)
        free = canvas.put(column + 2, row, shorten(f"{listed} {verb}", view.columns - column - 3)) + 2


def _legend(canvas: Canvas, row: int, columns: int) -> None:
    wishes = (
        "c1━━ reads   ░ nobody reads   ▏ a pause shorter than a cell",
        "c1━━ reads   ░ nobody reads   ▏ a short pause",
    )
    words = next((each for each in wishes if width(each) <= columns), wishes[-1])
    canvas.put(1, row, shorten(words, columns), QUIET)
