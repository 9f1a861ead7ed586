"""The transport bar: moments, the line of time with its playhead, buttons, clock, speed and the next keys.

Pure functions of what the player says; playback.py adds the mouse: a click on a button acts, a click or drag
on the line of time scrubs.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from mqviz.player import Player
from mqviz.scenes.canvas import Canvas
from mqviz.scenes.figures import seconds
from mqviz.scenes.style import style
from mqviz.scenes.text import shorten, width

BAR = style("ink", "bar")
QUIET = style("quiet", "bar")
BRIGHT = style("bright", "bar", bold=True)
YOU = style("accent", "bar", bold=True)
AHEAD = style("edge", "bar")
WAIT = style("wait", "bar")

BEGIN = 8
"""Column where the line of time begins; it ends as far from the right edge."""

SPANS_S = (30, 60, 120, 300, 600, 1_200, 1_800, 3_600)
"""Lengths of a line of time before the run's end: it grows by steps, so that the playhead is seen to move."""

BUTTONS = ((1, "|◄", "previous_moment"), (5, "◄", "step_back"), (8, "▮▮", "play_pause"), (12, "►", "step"))
LAST_BUTTON = (15, "►|", "next_moment")

Hint = tuple[str, str]


class Bar(NamedTuple):
    """What the bar says. Times in us; `until_us`: the end of the line, 0: an open end (a real cluster)."""

    now_us: int
    until_us: int
    playing: bool
    speed: float
    moments: Sequence[tuple[int, str]] = ()
    branch: str = ""
    hints: Sequence[Hint] = ()
    notice: str = ""
    ascii: bool = False


def bar_of(player: Player, hints: Sequence[Hint], notice: str, ascii: bool) -> Bar:
    """The bar of a player's moment."""
    branches = player.family
    return Bar(
        player.now_us,
        span_of(player),
        player.playing,
        player.speed,
        [(int(moment.at), _short(moment.name)) for moment in player.moments],
        f"branch {branches.index(player.branch) + 1} of {len(branches)}" if len(branches) > 1 else "",
        hints,
        notice,
        ascii,
    )


def span_of(player: Player) -> int:
    """The end of the line of time: the run's, or less while a long run has begun; 0 for a real cluster."""
    if player.live:
        return 0
    reached = max(player.now_us, player.head_us, *(int(moment.at) for moment in player.moments), 0)
    fits = (span * 1_000_000 for span in SPANS_S if span * 1_000_000 * 9 >= reached * 10)
    return min(player.until_us, next(fits, player.until_us))


def _short(name: str) -> str:
    """A command without its settings."""
    return " ".join(word for word in name.split() if "=" not in word)


def draw_bar(bar: Bar, columns: int, rows: int) -> Canvas:
    """Three rows: moments, line of time, buttons and keys."""
    canvas = Canvas(columns, rows, bar.ascii, BAR)
    end = _end(columns)
    span = bar.until_us or max(bar.now_us, 1)
    head = column_at(bar.now_us, span, columns)
    if bar.notice:
        canvas.put(1, 0, shorten(bar.notice, columns - 2), WAIT)
    else:
        _labels(canvas, bar, span, end)
    canvas.right(BEGIN - 1, 1, "0 s", QUIET)
    canvas.put(BEGIN, 1, "━" * (head - BEGIN), BAR)
    canvas.put(head, 1, "─" * (end - head), AHEAD)
    for at_us, _ in bar.moments:
        canvas.put(column_at(at_us, span, columns), 1, "◆", style("bright", "bar"))
    canvas.put(head, 1, "●", YOU)
    canvas.put(end + 1, 1, _span(span) if bar.until_us else "now", QUIET)
    _buttons(canvas, bar)
    return canvas


def column_at(at_us: int, span_us: int, columns: int) -> int:
    """Column of a time on the line."""
    return BEGIN + min(at_us, span_us) * (_end(columns) - 1 - BEGIN) // max(1, span_us)


def time_at(column: int, span_us: int, columns: int) -> int:
    """The time under a column of the line, clamped to it."""
    room = max(1, _end(columns) - 1 - BEGIN)
    return min(max(0, column - BEGIN), room) * span_us // room


def _end(columns: int) -> int:
    return columns - BEGIN


def _span(span_us: int) -> str:
    whole, rest = divmod(span_us, 1_000_000)
    return f"{whole} s" if rest == 0 else f"{span_us / 1_000_000:.1f} s"


def _labels(canvas: Canvas, bar: Bar, span: int, end: int) -> None:
    """Names over their moments; where two would touch, the one nearer to now stays."""
    taken: list[tuple[int, int]] = []
    for at_us, name in sorted(bar.moments, key=lambda moment: abs(moment[0] - bar.now_us)):
        name = shorten(name, 28)
        begin = min(column_at(at_us, span, canvas.columns), canvas.columns - 1 - width(name))
        after = begin + width(name)
        if begin > 0 and all(after + 1 < left or begin > right + 1 for left, right in taken):
            canvas.put(begin, 0, name, QUIET)
            taken.append((begin, after))


def _buttons(canvas: Canvas, bar: Bar) -> None:
    for column, sign, action in (*BUTTONS, LAST_BUTTON):
        lit = action == "play_pause"
        canvas.put(column, 2, sign, YOU if lit else QUIET)
        canvas.mark(column - 1, 2, len(sign) + 2, 1, ("button", action))
    after = canvas.put(20, 2, _speed(bar.speed), BAR)
    after = canvas.put(max(25, after + 2), 2, seconds(bar.now_us), BRIGHT)
    said = "" if bar.playing else "paused"
    after = canvas.put(after + 2, 2, said, WAIT) if said else after
    if bar.branch:
        after = canvas.put(after + 2, 2, bar.branch, QUIET)
    _hints(canvas, bar.hints, after + 2)


def _hints(canvas: Canvas, hints: Sequence[Hint], after: int) -> None:
    """Keys at the right, as many as there is room for; the last ones matter most."""
    shown = list(hints)
    gap = 3
    while shown and sum(len(k) + 1 + len(s) + gap for k, s in shown) > canvas.columns - after:
        shown.pop(0)
    column = canvas.columns - 1 - sum(len(k) + 1 + len(s) + gap for k, s in shown) + gap
    for key, says in shown:
        canvas.mark(column, 2, len(key) + 1 + len(says), 1, ("key", key))
        column = canvas.put(column, 2, key, YOU)
        column = canvas.put(column + 1, 2, says, QUIET) + gap


def _speed(speed: float) -> str:
    if speed == float("inf"):
        return "max"
    return f"{speed:g}×"
