"""Below the table of groups: the partitions of the chosen group, its verdict with reason and rule, its
rebalances.
"""

from __future__ import annotations

from mqviz.facts.watched.views import GroupDetail, PartitionRow
from mqviz.facts.words import clock, lasting
from mqviz.model.observed.state import Unknown
from mqviz.scenes.canvas import Canvas
from mqviz.scenes.figures import thousands
from mqviz.scenes.lag_table import LagView, about, draw_table, rate, table_rows, verdict_words
from mqviz.scenes.style import BRIGHT, PLAIN, QUIET, STRONG, WAIT, Style, style
from mqviz.scenes.text import shorten, width, wrap
from mqviz.scenes.view import View

_BAR_COLUMNS = 16
_WORST_COLUMNS = 30
_WORST_TOPIC = 20
_PANEL = 110
_WIDE = 140
_MIDDLE = 99
_WHY_ROWS = 7
"""A blank row, the rule, and five lines."""


def paint(shown: LagView, view: View) -> Canvas:
    """Table and detail, sharing the rows: the table first, but never so that the chosen group's verdict is
    hidden.
    """
    canvas = view.canvas()
    wide, middle = view.columns >= _WIDE, view.columns >= _MIDDLE
    top = 1 if wide and view.rows >= 30 else 0
    least = (3 if view.rows < 14 else 6) if not middle else 4 if wide else 2 + _WHY_ROWS
    partitions = len(shown.detail.partitions) if shown.detail and middle else 0
    below = least + min(partitions, 6) if shown.detail else 0
    table = table_rows(shown, max(3, view.rows - top - below))
    draw_table(canvas, top, table, shown, view)
    if shown.detail is None:
        return canvas
    row = top + table + (1 if top else 0)
    if wide:
        _beside(canvas, row, shown, shown.detail, view)
    elif middle:
        _below(canvas, row, shown, shown.detail, view)
    else:
        _small(canvas, row, shown, shown.detail, view)
    return canvas


# -- three arrangements ----------------------------------------------------------------------------------


def _beside(canvas: Canvas, row: int, shown: LagView, detail: GroupDetail, view: View) -> None:
    """Partitions at the left, verdict at the right, rebalances below the partitions."""
    _head(canvas, row, detail, view.columns)
    notes = min(len(detail.rebalances), 4)
    room = view.rows - row - 1 - (notes + 2 if notes else 0)
    after = _partitions(canvas, row + 1, room, detail, view)
    _why(canvas, _PANEL, row + 1, view.rows, shown, detail, view.columns - 1, True)
    if notes and after + 1 < view.rows:
        canvas.rule(1, after + 1, _PANEL - 5, "rebalances seen")
        _rebalances(canvas, after + 2, shown, detail, _PANEL - 5, view)


def _below(canvas: Canvas, row: int, shown: LagView, detail: GroupDetail, view: View) -> None:
    """Partitions, and the reason under them."""
    _head(canvas, row, detail, view.columns)
    after = _partitions(canvas, row + 1, view.rows - row - 1 - _WHY_ROWS, detail, view)
    canvas.rule(1, after + 1, view.columns - 2, "why")
    after = _why(canvas, 1, after + 2, view.rows, shown, detail, view.columns - 1, False)
    _rebalances(canvas, after, shown, detail, view.columns - 2, view)


def _small(canvas: Canvas, row: int, shown: LagView, detail: GroupDetail, view: View) -> None:
    """The reason, the worst partition against all others, the last rebalance."""
    canvas.rule(1, row, view.columns - 2, shorten(detail.row.group, view.columns - 6))
    after = _why(canvas, 1, row + 1, view.rows, shown, detail, view.columns - 1, False)
    if detail.peak is not None and after + 2 < view.rows:
        after = _worst(canvas, after + 1, detail, detail.partitions[detail.peak], view)
    _rebalances(canvas, after, shown, detail, view.columns - 2, view)


def _head(canvas: Canvas, row: int, detail: GroupDetail, columns: int) -> None:
    group = detail.row
    canvas.rule(1, row, columns - 2, shorten(group.group, columns // 2))
    if isinstance(group.lag, Unknown):
        words, look = f" lag ? {group.lag.reason}", style("wait", bold=True)
    elif group.lag is None:
        words, look = " no commit yet", STRONG
    else:
        words = f" lag {thousands(group.lag)} over {group.known} of {group.total} partition"
        words, look = words + ("" if group.total == 1 else "s"), BRIGHT
    canvas.right(columns - 2, row, shorten(words, columns // 2 - 4), look)


# -- partitions ------------------------------------------------------------------------------------------


def _partitions(canvas: Canvas, row: int, room: int, detail: GroupDetail, view: View) -> int:
    """Head and one row a partition; where they do not fit, those with the largest lag.
    Returns the next row.
    """
    ends = (27, 43, 52, 77, 84, 93) if view.columns >= _WIDE else (21, 31, 40, 65, 72, 81)
    long = view.columns >= _WIDE
    heads = ("CURRENT-OFFSET", "LOG-END-OFFSET") if long else ("CURRENT", "LOG-END")
    canvas.put(1, row, "PARTITION", QUIET)
    for end, head in zip(ends, (*heads, "LAG", "IN/S", "OUT/S", "≈BEHIND"), strict=True):
        canvas.right(end, row, head, QUIET)
    canvas.put(ends[5] + 2, row, "CONSUMER", QUIET)
    places = _shown_partitions(detail, room - 1)
    for number, place in enumerate(places, 1):
        _partition(canvas, row + number, detail, place, ends, view)
    after = row + 1 + len(places)
    hidden = len(detail.partitions) - len(places)
    if hidden > 0:
        canvas.put(1, after, f"{hidden} more, none with a larger lag", QUIET)
        after += 1
    return after


def _shown_partitions(detail: GroupDetail, room: int) -> list[int]:
    places = list(range(len(detail.partitions)))
    if len(places) <= room:
        return places

    def size(place: int) -> tuple[int, int]:
        lag = detail.partitions[place].lag
        return (-lag if isinstance(lag, int) else 0, place)

    return sorted(places, key=size)[: max(0, room - 1)]


def _partition(
    canvas: Canvas, row: int, detail: GroupDetail, place: int, ends: tuple[int, ...], view: View
) -> None:
    found = detail.partitions[place]
    peak = place == detail.peak and detail.row.worst is not None and detail.row.worst.hot
    look = BRIGHT if peak else PLAIN
    target = ("partition", found.topic, found.partition)
    label = f" p{found.partition}"
    room = ends[0] - 12 if view.columns < _WIDE else ends[0] - 11
    name = shorten(found.topic, room - width(label)) + label
    canvas.put(1, row, name, look.on("sel") if view.focus == target else look)
    canvas.mark(0, row, _PANEL - 2, 1, target)
    _number(canvas, ends[0], row, found.current_offset, look)
    _number(canvas, ends[1], row, found.log_end_offset, look)
    _number(canvas, ends[2], row, found.lag, style("quiet") if found.kind == "stale" else look)
    _note(canvas, ends[2] + 2, row, found, detail, place)
    for end, value in ((ends[3], found.in_per_s), (ends[4], found.out_per_s)):
        canvas.right(end, row, rate(value), WAIT if isinstance(value, Unknown) else look)
    _behind(canvas, ends[5], row, found, look)
    _consumer(canvas, ends[5] + 2, row, found, view)


def _number(canvas: Canvas, after: int, row: int, value: int | None | Unknown, look: Style) -> None:
    if isinstance(value, Unknown):
        canvas.right(after, row, "?", style("wait", bold=True))
    elif value is None:
        canvas.right(after, row, "–", QUIET)
    else:
        canvas.right(after, row, thousands(value), look)


def _note(
    canvas: Canvas, column: int, row: int, found: PartitionRow, detail: GroupDetail, place: int
) -> None:
    """The bar of the lag, or, where there is more to say than a number, what it is."""
    room = _BAR_COLUMNS + 1
    if found.breach:
        canvas.put(column, row, shorten(f"✗ {thousands(found.breach)} deleted", room), style("bad"))
    elif found.ahead:
        canvas.put(column, row, shorten(f"{thousands(found.ahead)} beyond end", room), WAIT)
    elif isinstance(found.lag, Unknown):
        canvas.put(column, row, shorten(found.lag.reason, room), WAIT)
    elif found.lag is None:
        words = "no commit" if found.to_read is None else f"unread {thousands(found.to_read)}"
        canvas.put(column, row, shorten(words, room), QUIET)
    elif found.lag:
        _bar(canvas, column, row, found.lag, detail, place == detail.peak, _BAR_COLUMNS)


def _bar(
    canvas: Canvas, column: int, row: int, lag: int, detail: GroupDetail, peak: bool, columns: int
) -> int:
    """A bar in proportion to the largest lag, `▎` below one cell; only the largest has a colour."""
    most = detail.partitions[detail.peak].lag if detail.peak is not None else lag
    whole = lag * columns // most if isinstance(most, int) and most else 0
    role = verdict_words(detail.row)[1]
    look = style(role if peak and role in ("bad", "wait") else "quiet")
    return canvas.put(column, row, "█" * whole if whole else "▎", look)


def _behind(canvas: Canvas, after: int, row: int, found: PartitionRow, look: Style) -> None:
    if isinstance(found.behind_us, Unknown):
        canvas.right(after, row, "?", WAIT)
    elif found.behind_us is None:
        canvas.right(after, row, "–", QUIET)
    elif found.behind_us == 0:
        canvas.right(after, row, "0 s", look)
    else:
        text = about(found.behind_us)
        canvas.right(after, row, text.replace("≈", "≥") if found.behind_capped else text, look)


def _consumer(canvas: Canvas, column: int, row: int, found: PartitionRow, view: View) -> None:
    room = (_PANEL - 2 if view.columns >= _WIDE else view.columns - 1) - column
    if isinstance(found.consumer, Unknown):
        canvas.put(column, row, shorten(f"? {found.consumer.reason}", room), WAIT)
    elif found.consumer is None:
        canvas.put(column, row, shorten("nobody", room), WAIT)
    else:
        canvas.put(column, row, shorten(found.consumer, room), PLAIN)


# -- reasons ---------------------------------------------------------------------------------------------


def _why(
    canvas: Canvas,
    column: int,
    row: int,
    end: int,
    shown: LagView,
    detail: GroupDetail,
    after: int,
    panel: bool,
) -> int:
    """Verdict, headline, evidence, rule, lesson; returns the next row."""
    words, role, _ = verdict_words(detail.row)
    verdict = detail.row.verdict
    canvas.put(column, row, words, style(role, bold=True))
    begin = column if panel else column + 11
    row += 2 if panel else 0
    row = _lines(canvas, begin, row, end, verdict.reason, after, BRIGHT)
    for text in (verdict.evidence, detail.uneven):
        row = _lines(canvas, begin, row, end, text, after, PLAIN)
    if verdict.rule and row < end:
        row += 1 if panel else 0
        canvas.put(begin, row, "rule", QUIET)
        row = _lines(canvas, begin + 6, row, end, verdict.rule, after, PLAIN)
    if shown.lesson_title and verdict.lesson is not None and row < end:
        row += 1 if panel else 0
        canvas.put(begin, row, "l", style("accent", bold=True))
        text = f"lesson {verdict.lesson}, {shown.lesson_title}"
        row = _lines(canvas, begin + 6, row, end, text, after, style("accent"))
    return row


def _lines(canvas: Canvas, column: int, row: int, end: int, text: str, after: int, look: Style) -> int:
    for line in wrap(text, after - column):
        if row >= end:
            return row
        canvas.put(column, row, line, look)
        row += 1
    return row


def _worst(canvas: Canvas, row: int, detail: GroupDetail, worst: PartitionRow, view: View) -> int:
    """The worst partition against all others together."""
    label = f"p{worst.partition} "
    if detail.row.topics > 1:
        label = f"{shorten(worst.topic, _WORST_TOPIC)} {label}"
    columns = max(1, min(_WORST_COLUMNS, view.columns - 29 - width(label)))
    canvas.put(1, row, "worst", QUIET)
    lag = worst.lag if isinstance(worst.lag, int) else 0
    after = _bar(canvas, canvas.put(12, row, label, PLAIN), row, lag, detail, True, columns)
    canvas.put(after + 1, row, thousands(lag), BRIGHT)
    others = len(detail.partitions) - 1
    if others <= 0:
        return row + 1
    after = canvas.put(12, row + 1, f"{others}× ".rjust(len(label)), QUIET)
    length = min(columns, detail.others_lag * columns // max(1, lag)) if detail.others_lag else 0
    after = canvas.put(after, row + 1, "█" * length or "▎", style("quiet"))
    canvas.put(after + 1, row + 1, f"{thousands(detail.others_lag)} together", QUIET)
    return row + 2


def _rebalances(
    canvas: Canvas, row: int, shown: LagView, detail: GroupDetail, columns: int, view: View
) -> None:
    """The last rebalances that fit, newest first."""
    for note in reversed(detail.rebalances[-(view.rows - row) :] if view.rows > row else ()):
        when = clock(shown.wall_us, note.at_us) or lasting(view.now_us - note.at_us)
        canvas.put(1, row, shorten(when, 10), QUIET)
        canvas.put(12, row, shorten(f"rebalance: {note.sentence}", columns - 11), PLAIN)
        row += 1
