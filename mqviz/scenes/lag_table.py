"""The table of watched groups, worst first: lag, trend, rates and a verdict with its evidence.

Columns are given up by width, never the lag, the verdict or a `?`. Partitions and reasons of the chosen group
are drawn below it (lag_detail).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from mqviz.facts.watched.views import GroupDetail, GroupRow, OtherGroups
from mqviz.facts.words import per_second, percent
from mqviz.model.observed.state import Unknown
from mqviz.scenes.canvas import Canvas
from mqviz.scenes.figures import spark, thousands
from mqviz.scenes.style import BRIGHT, QUIET, Style, style
from mqviz.scenes.text import shorten, width, wrap
from mqviz.scenes.tiles import ARROWS
from mqviz.scenes.view import View

VERDICTS = {
    "BEHIND": ("↑", "bad"),
    "STALLED": ("▮", "bad"),
    "STOPPED": ("■", "wait"),
    "REWOUND": ("←", "wait"),
    "RECOVERING": ("↓", "wait"),
    "UNKNOWN": ("?", "quiet"),
    "OK": ("✓", "ok"),
}
"""Sign and colour of each verdict; the word always stands beside them."""

_STATES = {"PreparingRebalance": "Preparing", "CompletingRebalance": "Completes"}
_LOUD = ("BEHIND", "STALLED", "STOPPED")
_SPARK_COLUMNS = 8
_NOTE_COLUMNS = 9
_LEAST_EVIDENCE = 31
_TYPE_COLUMNS = 9
_NO_OTHERS = OtherGroups(0, (), "")


class LagView(NamedTuple):
    """What the watch screen shows: all rows, the chosen group, its detail, and the title of its verdict's
    lesson, if there is one.

    `wall_us`: the wall clock at time 0 of the watch, None where it is not known. `lost`: why nothing answers.
    """

    rows: tuple[GroupRow, ...]
    chosen: str = ""
    detail: GroupDetail | None = None
    others: OtherGroups = _NO_OTHERS
    lesson_title: str = ""
    wall_us: int | None = None
    lost: str = ""


class _Column(NamedTuple):
    """A column: its head, where it begins and ends (numbers end there), and how a row fills it."""

    head: str
    begin: int
    end: int
    right: bool
    cell: Callable[[GroupRow], tuple[str, str, bool]]


def table_rows(shown: LagView, room: int) -> int:
    """Rows that the table takes of `room`: head, groups, and the line about what does not show."""
    lines = 1 + len(shown.rows)
    return min(room, lines + 1 if lines > room or shown.others.sentence else lines)


def draw_table(canvas: Canvas, row: int, rows: int, shown: LagView, view: View) -> None:
    """The table in `rows` rows from `row` on; the chosen group is always among those that show."""
    columns = _columns(shown, view.columns)
    for column in columns:
        if len(column.head) <= column.end - column.begin:
            _put(canvas, column, row, column.head, QUIET)
    if not shown.rows:
        _nothing_yet(canvas, row + 1, shown.lost)
    room = rows - 1
    if len(shown.rows) > room or shown.others.sentence:
        room -= 1
    first = _first(shown, room, view.scroll)
    seen = shown.rows[first : first + max(0, room)]
    for number, group in enumerate(seen):
        _row(canvas, columns, row + 1 + number, group, group.group == shown.chosen, view.columns)
    words = [f"{first} more above"] if first else []
    below = len(shown.rows) - first - len(seen)
    words += [f"{below} more below"] if below > 0 else []
    words += [shown.others.sentence] if shown.others.sentence else []
    canvas.put(1, row + 1 + len(seen), shorten("    ".join(words), view.columns - 2), QUIET)


def _nothing_yet(canvas: Canvas, row: int, lost: str) -> None:
    """Why there is no group: the whole reason, which the bar may have to cut."""
    said = f"✗ {lost}; asking again" if lost else "no consumer group seen yet"
    for number, line in enumerate(wrap(said, canvas.columns - 4)):
        canvas.put(2, row + number, line, BRIGHT if lost else QUIET)


def draw_spark(canvas: Canvas, column: int, row: int, values: list[int], ground: str, last_role: str) -> None:
    """A sparkline whose past is quiet and whose last value has the colour of the verdict."""
    text = spark(values, _SPARK_COLUMNS)
    begin = column + _SPARK_COLUMNS - len(text)
    canvas.put(begin, row, text[:-1], style("past", ground))
    canvas.put(begin + len(text) - 1, row, text[-1:], style(last_role, ground))


def rate(value: float | Unknown) -> str:
    """Records a second: 410, 4.2, 0.03, ?."""
    return "?" if isinstance(value, Unknown) else per_second(value)


def about(time_us: int) -> str:
    """An estimated time: ≈6 s, ≈4 min, ≈3 h."""
    seconds = max(1, round(time_us / 1_000_000))
    if seconds < 100:
        return f"≈{seconds} s"
    minutes = round(seconds / 60)
    return f"≈{minutes} min" if minutes < 100 else f"≈{round(minutes / 60)} h"


def _first(shown: LagView, room: int, scroll: int) -> int:
    place = next((n for n, row in enumerate(shown.rows) if row.group == shown.chosen), 0)
    first = min(max(scroll, place - room + 1), place)
    return max(0, min(first, len(shown.rows) - room))


# -- one row ---------------------------------------------------------------------------------------------


def _row(canvas: Canvas, columns: list[_Column], row: int, group: GroupRow, chosen: bool, wide: int) -> None:
    ground = "sel" if chosen else "base"
    if chosen:
        canvas.fill(0, row, wide, 1, style("ink", ground))
        canvas.put(1, row, "►", style("accent", ground, True))
    canvas.mark(0, row, wide, 1, ("group", group.group))
    for column in columns:
        if column.head == "TREND":
            _trend(canvas, column, row, group, ground)
            continue
        text, role, bold = column.cell(group)
        if group.stale and role in ("ink", "bright"):
            role, bold = "quiet", False
        if chosen and column.head == "GROUP":
            role = "bright"
        _put(canvas, column, row, text, style(role, ground, bold))


def _put(canvas: Canvas, column: _Column, row: int, text: str, look: Style) -> None:
    if column.right:
        canvas.right(column.end, row, text, look)
    else:
        canvas.put(column.begin, row, shorten(text, column.end - column.begin), look)


def _trend(canvas: Canvas, column: _Column, row: int, group: GroupRow, ground: str) -> None:
    """Sparkline and arrow, or the arrow alone where the column is narrow."""
    at = column.begin
    if column.end - column.begin > _SPARK_COLUMNS:
        if group.samples:
            role = VERDICTS[group.verdict.word][1]
            last = role if role in ("bad", "wait") else "quiet"
            draw_spark(canvas, at, row, [value for _, value in group.samples], ground, last)
        at += _SPARK_COLUMNS + 1
    if isinstance(group.lag, Unknown) or group.known < group.total:
        canvas.put(at, row, "?", style("wait", ground, True))
    else:
        up = group.trend == "up"
        canvas.put(at, row, ARROWS.get(group.trend, " "), style("bad" if up else "quiet", ground, up))


def _name(group: GroupRow) -> tuple[str, str, bool]:
    return group.group, "ink", True


def _known(value: object, role: str = "quiet") -> tuple[str, str, bool]:
    if isinstance(value, Unknown):
        return "?", "wait", True
    return str(value), role, False


def _state(group: GroupRow) -> tuple[str, str, bool]:
    if group.state in ("Empty", "Dead"):
        return str(group.state), "wait", True
    if isinstance(group.state, str):
        return _STATES.get(group.state, group.state), "quiet", False
    return _known(group.state)


def _lag(group: GroupRow) -> tuple[str, str, bool]:
    if isinstance(group.lag, Unknown):
        return "?", "wait", True
    if group.lag is None:
        return "–", "quiet", False
    loud = group.verdict.word in _LOUD
    return thousands(group.lag), "bright" if loud else "ink", loud


def _note(group: GroupRow) -> tuple[str, str, bool]:
    """What the sum leaves out, else the partition that stands out."""
    if 0 < group.known < group.total:
        return f"{group.known} of {group.total}", "quiet", False
    worst = group.worst
    if worst is not None and worst.hot:
        if group.topics > 1:
            label = f" p{worst.partition}"
            return shorten(worst.topic, _NOTE_COLUMNS - len(label)) + label, "quiet", False
        return f"p{worst.partition} {percent(worst.share)}", "quiet", False
    return "", "quiet", False


def _rate(value: float | Unknown) -> tuple[str, str, bool]:
    return (rate(value), "wait", True) if isinstance(value, Unknown) else (rate(value), "ink", False)


def _eta(group: GroupRow) -> tuple[str, str, bool]:
    if isinstance(group.eta_us, Unknown):
        return "?", "wait", True
    if group.eta_us is None:
        return "–", "quiet", False
    return "0 s" if group.eta_us == 0 else about(group.eta_us), "quiet", False


def verdict_words(group: GroupRow) -> tuple[str, str, bool]:
    """Sign and word of the verdict, its colour, and that it is bold."""
    sign, role = VERDICTS[group.verdict.word]
    return f"{sign} {group.verdict.word}", role, True


_WIDE = (
    _Column("GROUP", 2, 19, False, _name),
    _Column("TYPE", 20, 29, False, lambda g: _known(g.kind)),
    _Column("STATE", 30, 41, False, _state),
    _Column("MEMBERS", 42, 49, True, lambda g: _known(g.members, "ink")),
    _Column("LAG", 50, 59, True, _lag),
    _Column("", 61, 70, False, _note),
    _Column("TREND", 71, 81, False, _name),
    _Column("IN/S", 82, 88, True, lambda g: _rate(g.in_per_s)),
    _Column("OUT/S", 89, 95, True, lambda g: _rate(g.out_per_s)),
    _Column("ETA", 96, 103, True, _eta),
    _Column("VERDICT", 105, 118, False, verdict_words),
    _Column("EVIDENCE", 119, 160, False, lambda g: (g.verdict.brief, "quiet", False)),
)
_MIDDLE = (
    _Column("GROUP", 2, 18, False, _name),
    _Column("TYPE", 19, 27, False, lambda g: _known(g.kind)),
    _Column("STATE", 28, 37, False, _state),
    _Column("MEM", 38, 41, True, lambda g: _known(g.members, "ink")),
    _Column("LAG", 42, 50, True, _lag),
    _Column("", 52, 61, False, _note),
    _Column("TREND", 62, 72, False, _name),
    _Column("IN/S", 73, 79, True, lambda g: _rate(g.in_per_s)),
    _Column("OUT/S", 80, 86, True, lambda g: _rate(g.out_per_s)),
    _Column("VERDICT", 88, 100, False, verdict_words),
)
_NARROW = (
    _Column("GROUP", 2, 18, False, _name),
    _Column("STATE", 19, 28, False, _state),
    _Column("LAG", 29, 36, True, _lag),
    _Column("", 38, 47, False, _note),
    _Column("TREND", 48, 58, False, _name),
    _Column("VERDICT", 60, 72, False, verdict_words),
)
_SMALL = (
    _Column("GROUP", 2, 18, False, _name),
    _Column("LAG", 19, 28, True, _lag),
    _Column("TREND", 30, 31, False, _name),
    _Column("", 33, 42, False, _note),
    _Column("VERDICT", 43, 57, False, verdict_words),
)


def _columns(shown: LagView, columns: int) -> list[_Column]:
    """The widest table that fits; what room is left makes the names of the groups longer.

    Long names also take room from the evidence, which is told below, and the place of the type.
    """
    tables: tuple[tuple[_Column, ...], ...] = (_WIDE, _MIDDLE, _NARROW)
    table = next((t for t in tables if t[-1].end <= columns), _SMALL)
    longest = max((width(row.group) for row in shown.rows), default=0)
    name, end = table[0], table[-1].end
    if table is _WIDE:
        end = table[-1].begin + _LEAST_EVIDENCE
    elif table is _MIDDLE and longest > name.end - name.begin:
        table, end = _without_type(table), end - _TYPE_COLUMNS
    more = max(0, min(longest - (name.end - name.begin), columns - end))
    moved = [column._replace(begin=column.begin + more, end=column.end + more) for column in table[1:]]
    moved[-1] = moved[-1]._replace(end=columns)
    return [name._replace(end=name.end + more), *moved]


def _without_type(table: tuple[_Column, ...]) -> tuple[_Column, ...]:
    kept = [column for column in table[1:] if column.head != "TYPE"]
    moved = (c._replace(begin=c.begin - _TYPE_COLUMNS, end=c.end - _TYPE_COLUMNS) for c in kept)
    return table[0], *moved
