"""The ledger: one cell a record, so that what happened to everything sent can be counted and adds up."""

from __future__ import annotations

from mqviz.facts.views import Ledger
from mqviz.model.observed.state import Unknown
from mqviz.scenes.canvas import Canvas
from mqviz.scenes.figures import compact, thousands
from mqviz.scenes.style import BRIGHT, QUIET, STRONG, WAIT, style

_PARTS = (
    ("done", "█", "done", "bright", "done"),
    ("in_hand", "▒", "ok", "ok", "in hand"),
    ("waiting", "░", "wait", "wait", "waiting"),
    ("not_readable", "╎", "quiet", "bright", "not yet readable"),
    ("in_flight", "━", "bright", "bright", "in flight"),
)
_LABEL_COLUMNS = 19
_COUNTS_COLUMNS = 74
_SUM_COLUMNS = 34
_STEPS = (2, 5, 10)


def draw_ledger(
    canvas: Canvas, column: int, row: int, bar: int, columns: int, ledger: Ledger | Unknown
) -> None:
    """Two rows in `columns` cells from `column` on: cells and their sum, then the counts in words.

    The bar begins at column `bar` (below the tapes), or further left where there is too little room.
    """
    bar = max(column + _LABEL_COLUMNS, min(bar, column + columns - _COUNTS_COLUMNS))
    canvas.put(column, row, "ledger", STRONG)
    if isinstance(ledger, Unknown):
        canvas.put(bar, row, f"? {ledger.reason}", WAIT)
        return
    each = _records_a_cell(ledger, columns - (bar - column) - _SUM_COLUMNS)
    canvas.put(
        column, row + 1, "one cell a record" if each == 1 else f"{compact(each, 3)} records a cell", QUIET
    )
    after = _cells(canvas, bar, row, ledger, each) + 3
    after = canvas.put(after, row, f"= {thousands(ledger.sent)} sent", BRIGHT) + 3
    for count, word, role in ((ledger.twice, "twice", "wait"), (ledger.lost, "lost", "bad")):
        look = style(role, "base", True) if count else QUIET
        after = canvas.put(after, row, f"{thousands(count)} {word}", look) + 3
    _counts(canvas, bar, row + 1, ledger)


def _records_a_cell(ledger: Ledger, room: int) -> int:
    size = each = 1
    while ledger.sent > max(10, room) * each:
        each = next((n * size for n in _STEPS if ledger.sent <= max(10, room) * n * size), 10 * size)
        size *= 10
    return each


def _cells(canvas: Canvas, column: int, row: int, ledger: Ledger, each: int) -> int:
    for field, sign, role, _, _ in _PARTS:
        count = getattr(ledger, field)
        column = canvas.put(column, row, sign * (-(-count // each)), style(role))
    return canvas.put(column, row, "✗" * (-(-ledger.lost // each)), style("bad", "base", True))


def _counts(canvas: Canvas, column: int, row: int, ledger: Ledger) -> None:
    for field, _, _, role, word in _PARTS:
        count = thousands(getattr(ledger, field))
        column = canvas.put(column, row, count, style(role, "base", True))
        column = canvas.put(column, row, f" {word}", QUIET) + 3
