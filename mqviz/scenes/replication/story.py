"""What became of records in danger: on one broker only, in a log that does not count,
or cut off and falling.
"""

from __future__ import annotations

from collections.abc import Sequence

from mqviz.facts.fates import RecordLedger
from mqviz.facts.replication import CopyCell, CutView
from mqviz.scenes.canvas import Canvas
from mqviz.scenes.figures import seconds, thousands
from mqviz.scenes.replication.picture import Picture
from mqviz.scenes.replication.tapes import Place
from mqviz.scenes.style import BAD, QUIET, WAIT, Style, style
from mqviz.scenes.text import width, wrap

Line = tuple[tuple[str, ...], Style]
"""A line in its wordings, from long to short, and how it looks."""
_FALLING_US = 400_000
"""How long a record falls one step."""
_WORDS = 30
"""Columns in which the words stand well."""


def draw_story(
    canvas: Canvas, shown: Picture, place: Place, rows: dict[int, int], row: int, bottom: int, now_us: int
) -> int:
    """Below the tapes, from `row` to `bottom` at most; returns the row after it."""
    fallen = shown.fallen
    if fallen is not None and fallen.cut is not None and fallen.broker in rows:
        return _fall(canvas, shown, place, fallen.cut, rows[fallen.broker], bottom, now_us)
    lines = _apart(shown) or _only_there(shown)
    return _write(canvas, place.column, row, bottom, canvas.columns - 1, lines)


def counted(ledger: RecordLedger, high_watermark: int, end: int) -> tuple[tuple[int, str, str, str], ...]:
    """(how many, sign, role, word): together every record that was sent, and those that are there twice."""
    lost, gone = sum(ledger.lost.values()), sum(ledger.gone.values())
    elsewhere = ledger.sent - ledger.in_log - lost - gone - ledger.deleted - ledger.compacted
    waiting = min(ledger.in_log, max(0, end - high_watermark))
    return (
        (ledger.in_log - waiting, "█", "done", "readable"),
        (waiting, "╎", "quiet", "not yet"),
        (lost, "✗", "bad", "lost"),
        (gone, "·", "quiet", "gone, never acknowledged"),
        (ledger.deleted + ledger.compacted, "░", "quiet", "deleted"),
        (max(0, elsewhere), "━", "bright", "on the way"),
    )


def _fall(
    canvas: Canvas,
    shown: Picture,
    place: Place,
    cut: CutView,
    row: int,
    bottom: int,
    now_us: int,
) -> int:
    """A bracket over what went, each record at the end of its trail, and beside them the words."""
    high = 2 if place.tall else 1
    begin, end = place.wall(cut.end), place.wall(cut.before)
    canvas.put(begin, row + high, "├" + "╌" * (end - begin - 1) + "┤", BAD)
    seen = [cell for cell in cut.cells if place.first <= cell.offset < place.first + place.cells]
    levels = max(1, min(len(seen), (bottom - row - high - 1) // 2))
    for number, cell in enumerate(seen):
        wanted = row + high + 1 + number % levels * 2
        fell = row + high + 1 + max(0, now_us - cut.at_us) // _FALLING_US
        _tile(canvas, shown, place, cell, row + high + 1, min(wanted, fell))
    left = begin - 1 - place.column >= min(_WORDS, canvas.columns - end - 3)
    column, after = (place.column, begin - 1) if left else (end + 3, canvas.columns - 1)
    lines = _why_cut(shown, cut)
    first = row + high + (1 if left and bottom - row - high > 4 else 0)
    return max(_write(canvas, column, first, bottom, after, lines), row + high + 2 * levels)


def _tile(canvas: Canvas, shown: Picture, place: Place, cell: CopyCell, top: int, row: int) -> None:
    column, letter = place.wall(cell.offset) + 1, shown.letters.of(cell.key)
    room = place.cell - 1
    look = style("base", "bad", True) if cell.lost else style("wait", bold=True)
    for line in range(top, row):
        canvas.put(column + room // 2, line, "╎", BAD if cell.lost else QUIET)
    canvas.put(column, row, letter.center(room), look)
    canvas.put(column, row + 1, f"✗{thousands(cell.offset)}".center(room), BAD if cell.lost else QUIET)


# -- in words ------------------------------------------------------------------------------------------------


def _why_cut(shown: Picture, cut: CutView) -> list[Line]:
    """Names, offset, epochs, and why they are gone."""
    cells = [cell for cell in cut.cells if cell.lost] or list(cut.cells)
    if not cells:
        return []
    last: Line = (("nothing was promised, so nothing is lost", "not promised, so not lost"), QUIET)
    if any(cell.lost for cell in cells):
        last = (("✗ lost: in no log any more",), BAD)
    return [_record_line(shown, cells), _told(cells), _began(cut.epoch, cut.end, cut.leader, cells), last]


def _apart(shown: Picture) -> list[Line]:
    """A broker has records that the log that counts does not have, and nobody can read."""
    found = shown.apart()
    if not found:
        return []
    lost = [pair for pair in found if pair[1].lost]
    cells, copy = [cell for _, cell in lost or found], (lost or found)[0][0]
    epoch, start = shown.facts.epochs[-1]
    last: Line = ((f"only broker {copy.broker} has {_it(cells)}: not promised, so not lost",), QUIET)
    if lost:
        only = f"✗ lost: only broker {copy.broker} has {_it(cells)}"
        last = ((f"{only}, which leads no more", only), BAD)
    return [_record_line(shown, cells), _told(cells), _began(epoch, start, shown.facts.led_by, cells), last]


def _only_there(shown: Picture) -> list[Line]:
    """The leader does not answer, and has records that nobody else has."""
    cells = [cell for cell in shown.only_there() if cell.acknowledged]
    if not cells:
        return []
    led = shown.led
    gone = {"dead": "dead", "paused": "frozen", "stopped": "stopped"}.get(led.process, "cut off")
    words = f"nobody else has {_it(cells)}, and broker {led.broker} is {gone}"
    return [_record_line(shown, cells), _told(cells), ((words,), WAIT)]


def _record_line(shown: Picture, cells: Sequence[CopyCell]) -> Line:
    """`G gil, offset 9, epoch 0`, or several of them."""
    bright = style("bright", bold=True)
    if len(cells) == 1:
        cell = cells[0]
        name = f"{shown.letters.of(cell.key)} {cell.key}" if cell.key is not None else "no key"
        return (f"{name}, offset {thousands(cell.offset)}, epoch {cell.epoch}",), bright
    names = ", ".join(f"{shown.letters.of(cell.key)} {thousands(cell.offset)}" for cell in cells[:4])
    more = f" and {len(cells) - 4} more" if len(cells) > 4 else ""
    return (f"{names}{more}, epoch {cells[-1].epoch}",), bright


def _told(cells: Sequence[CopyCell]) -> Line:
    at = seconds(cells[0].at_us)
    at = at if len(cells) == 1 else f"{at[:-2]} to {seconds(cells[-1].at_us)}"
    said = "acknowledged" if all(cell.acknowledged for cell in cells) else "not acknowledged"
    return (f"written {at}, {said}", f"written and {said}", said), style("ink")


def _began(epoch: int, start: int, leader: int, cells: Sequence[CopyCell]) -> Line:
    it = _it(cells)
    return (
        f"broker {leader} began epoch {epoch} at {thousands(start)} without {it}",
        f"epoch {epoch} began at {thousands(start)} without {it}",
        f"epoch {epoch} began without {it}",
    ), style("ink")


def _it(cells: Sequence[CopyCell]) -> str:
    return "it" if len(cells) == 1 else "them"


def _write(canvas: Canvas, column: int, row: int, bottom: int, after: int, lines: Sequence[Line]) -> int:
    """Lines, wrapped; what does not fit gives up its middle, never the last."""
    laid: list[tuple[str, Style]] = []
    for wordings, look in lines:
        text = next((text for text in wordings if width(text) <= after - column), wordings[-1])
        laid += [(part, look) for part in wrap(text, max(8, after - column))]
    room = max(1, bottom - row)
    if len(laid) > room:
        laid = [*laid[: room - 1], laid[-1]]
    for number, (text, look) in enumerate(laid):
        canvas.put(column, row + number, text, look)
    return row + len(laid)
