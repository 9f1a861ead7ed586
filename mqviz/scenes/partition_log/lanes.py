"""Lanes: each partition's name, tape, marks of every group, and the row that tells its lag."""

from __future__ import annotations

from mqviz.facts.views import Lag
from mqviz.model.observed.state import Unknown
from mqviz.scenes import tiles
from mqviz.scenes.figures import spark
from mqviz.scenes.partition_log.layout import TALL, Frame
from mqviz.scenes.partition_log.picture import Hold, Lane
from mqviz.scenes.style import BAD, BRIGHT, QUIET, WAIT, style
from mqviz.scenes.tapes import Drawn, Strip, draw_marks, draw_offsets, draw_tape
from mqviz.scenes.text import shorten

_SPARK_TOP = 4
_SPARK_COLUMNS = 16
_LEAST_NAME = 4
_NOTHING_LIT = 1 << 62


def draw_lanes(frame: Frame) -> None:
    """All lanes that show."""
    for number, lane in enumerate(frame.shown.lanes):
        _lane(frame, number, lane)


def _lane(frame: Frame, number: int, lane: Lane) -> None:
    canvas, columns, tape = frame.canvas, frame.columns, lane.tape
    row = frame.plan.row(number)
    target = ("partition", tape.topic, tape.partition)
    ground = "sel" if frame.view.focus == target else "base"
    canvas.put(columns.label, row, f"P{tape.partition}", style("ink", ground, True))
    canvas.mark(columns.label, row, columns.tape - columns.label, 1, target)
    if tape.partition_leader is None:
        canvas.put(columns.label - 1, row, "✗", BAD)
    strip = Strip(columns.tape, row, columns.cell, columns.cells)
    hold = lane.holds[0] if lane.holds else None
    drawn = draw_tape(canvas, strip, tape, _lit_from(hold), frame.shown.letters, frame.view.focus)
    _marks(frame, strip, drawn, hold)
    for other, held in enumerate(lane.holds[1 : 1 + frame.plan.others], 1):
        _other_marks(frame, other, strip, drawn, held)
    if frame.plan.lag_row is not None:
        _lag_line(frame, row + frame.plan.lag_row, lane, hold, drawn)


def _lit_from(hold: Hold | None) -> int:
    if hold is None:
        return _NOTHING_LIT
    return hold.committed if isinstance(hold.committed, int) else 0


def _offsets(hold: Hold | None) -> dict[str, int]:
    """Sign → offset of the marks of one group."""
    if hold is None:
        return {}
    found = {"▲": hold.committed, "△": hold.position}
    return {sign: offset for sign, offset in found.items() if isinstance(offset, int)}


def _marks(frame: Frame, strip: Strip, drawn: Drawn, hold: Hold | None) -> None:
    row = strip.row + frame.plan.marks_row
    tall = frame.plan.mode == TALL
    marks, free = draw_marks(frame.canvas, strip, drawn, row, _offsets(hold), tall)
    if not tall:
        draw_offsets(frame.canvas, strip, drawn, row, marks, free)


def _other_marks(frame: Frame, other: int, strip: Strip, drawn: Drawn, hold: Hold) -> None:
    """One more group on the same tape: its own two marks, and its name where its reader stands far away."""
    row = strip.row + frame.plan.others_row + other - 1
    columns = frame.columns
    room = columns.tape - columns.label - 1
    if room >= _LEAST_NAME:
        name = frame.shown.outline.crews[other].group.name
        frame.canvas.put(columns.label, row, shorten(name, room), QUIET)
    marks, _ = draw_marks(frame.canvas, strip, drawn, row, _offsets(hold), False)
    for column, sign in marks.items():
        frame.canvas.put(column, row, sign, BRIGHT)


def _lag_line(frame: Frame, row: int, lane: Lane, hold: Hold | None, drawn: Drawn) -> None:
    """Lag as number, trend and sparkline; only the last value has a colour."""
    canvas, columns = frame.canvas, frame.columns
    column = columns.tape + 1
    room = columns.reach + columns.reach_columns - column
    if lane.tape.partition_leader is None:
        canvas.put(column, row, shorten("✗ no leader: nothing can be written or read", room), BAD)
        return
    if hold is None:
        return
    lag = hold.lag
    word, look, arrow, arrow_look = tiles.lag_words(lag, "base")
    after = canvas.put(canvas.put(column, row, "lag ", QUIET), row, word, look) + 1
    if isinstance(lag.value, Unknown):
        canvas.put(after, row, shorten(lag.value.reason, column + room - after), WAIT)
        return
    if lag.value is None:
        canvas.put(after, row, shorten("no commit yet", column + room - after), QUIET)
        return
    canvas.put(after, row, arrow, arrow_look)
    after = _spark(frame, max(after + 2, columns.tape + 10), row, lag)
    if any(not cell.seen for cell in drawn.cells) and after + 13 <= columns.tile:
        canvas.put(after, row, "keys not read", QUIET)


def _spark(frame: Frame, column: int, row: int, lag: Lag) -> int:
    """The sparkline, if there is room; returns the column after it and a gap."""
    room = min(_SPARK_COLUMNS, (frame.columns.tape_end - column) // 8 * 8)
    if room <= 0 or not lag.samples:
        return column
    text = spark([value for _, value in lag.samples], room, _SPARK_TOP)
    frame.canvas.put(column, row, text[:-1], style("past"))
    last = style("wait" if lag.trend == "up" else "quiet")
    return frame.canvas.put(column + len(text) - 1, row, text[-1:], last) + 2
