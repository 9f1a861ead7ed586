"""A tape: the log of a partition, one cell a record, with the marks that stand between cells.

Level of light says where a record is: lit tile, waiting to be read (committed offset up to the high
watermark); faint tile, read; no tile, above the high watermark and not yet readable.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from mqviz.model.observed import Unknown
from mqviz.model.readings import Cell, Tape
from mqviz.scenes import letters
from mqviz.scenes.canvas import Canvas, Target
from mqviz.scenes.style import BRIGHT, EDGE, QUIET, WAIT, Style, style

_MARK = style("bright")


class Strip(NamedTuple):
    """Where a tape lies: first wall at `column`, `cell` columns a record (3; from 4 on it is two rows high)."""

    column: int
    row: int
    cell: int
    cells: int

    @property
    def tall(self) -> bool:
        """Two rows high, offsets inside."""
        return self.cell > 3

    @property
    def end(self) -> int:
        """Column of the last wall of a full tape."""
        return self.column + self.cell * self.cells


def shown_cells(tape: Tape, most: int) -> tuple[Cell, ...]:
    """The last `most` cells, with quiet ones where the content of records was not seen."""
    if isinstance(tape.log_end, Unknown) or tape.log_end <= 0:
        return tape.cells[-most:]
    start = 0 if isinstance(tape.log_start, Unknown) else tape.log_start
    known = {cell.offset: cell for cell in tape.cells}
    first = max(start, tape.log_end - most)
    return tuple(known.get(o) or Cell(o, seen=False) for o in range(first, tape.log_end))


def draw_tape(
    canvas: Canvas, strip: Strip, tape: Tape, lit_from: int, letter_of: dict[str, str], focus: Target | None
) -> tuple[Cell, ...]:
    """Draw walls, tiles and letters; records from offset `lit_from` to the high watermark are lit."""
    drawn = shown_cells(tape, strip.cells)
    first = drawn[0].offset if drawn else (tape.log_end if isinstance(tape.log_end, int) else 0)
    high = tape.high_watermark if isinstance(tape.high_watermark, int) else None
    for number, cell in enumerate(drawn):
        column = strip.column + number * strip.cell
        _wall(canvas, strip, column, cell.offset, high)
        target: Target = ("record", tape.topic, tape.partition, cell.offset)
        _record(canvas, strip, column + 1, cell, _level(cell, lit_from, high), letter_of, target == focus)
        canvas.mark(column + 1, strip.row, strip.cell - 1, 2 if strip.tall else 1, target)
    _wall(canvas, strip, strip.column + len(drawn) * strip.cell, first + len(drawn), high)
    return drawn


def offset_column(strip: Strip, drawn: tuple[Cell, ...], offset: int) -> int | None:
    """Column of the wall before `offset`, or None if it is not on the tape."""
    if not drawn:
        return strip.column
    number = offset - drawn[0].offset
    return strip.column + number * strip.cell if 0 <= number <= len(drawn) else None


def draw_offsets(
    canvas: Canvas, strip: Strip, drawn: tuple[Cell, ...], row: int, marks: dict[int, str]
) -> None:
    """Offsets in a row: those next to a mark, then the last, then from the left wherever there is room.

    `marks`: column of a wall → the sign that stands there.
    """
    taken = [False] * canvas.columns
    for column, sign in marks.items():
        canvas.put(column, row, sign, BRIGHT if sign == "▲" else _MARK)
        taken[min(column, canvas.columns - 1)] = True
    for number in _label_order(strip, drawn, marks):
        _label(canvas, strip, row, number, drawn[number].offset, taken, marks)


def draw_marks(
    canvas: Canvas, strip: Strip, drawn: tuple[Cell, ...], row: int, marks: dict[str, int], named: bool
) -> dict[int, str]:
    """Find the columns of committed `▲` and position `△` (hidden when equal); with `named`, draw them in words."""
    found: dict[int, str] = {}
    for sign, offset in marks.items():
        column = offset_column(strip, drawn, offset)
        if column is not None and found.get(column) is None:
            found[column] = sign
            if named:
                _named(canvas, strip, row, column, sign, offset)
        elif column is None and drawn and offset < drawn[0].offset:
            _before(canvas, strip, row, sign, offset)
    return found


def _wall(canvas: Canvas, strip: Strip, column: int, offset: int, high: int | None) -> None:
    sign, look = "│", EDGE
    if high is not None and offset >= high:
        sign, look = ("┊", _MARK) if offset == high else ("╎", EDGE)
    canvas.put(column, strip.row, sign, look)
    if strip.tall:
        canvas.put(column, strip.row + 1, sign, look)


def _level(cell: Cell, lit_from: int, high: int | None) -> str:
    if high is not None and cell.offset >= high:
        return "open"
    return "lit" if cell.offset >= lit_from else "read"


def _record(
    canvas: Canvas, strip: Strip, column: int, cell: Cell, level: str, letter_of: dict[str, str], focus: bool
) -> None:
    sign = letters.UNSEEN if not cell.seen else letters.NULL
    if cell.seen and cell.key is not None:
        sign = letter_of.get(cell.key, letters.MANY)
    look = _look(sign, level)
    room = strip.cell - 1
    text = f"{sign:>2}" if not strip.tall else sign.center(room)
    if focus:
        look = style("bright", "sel", True)
        text = "►" + text[1:]
    canvas.put(column, strip.row, text, look)
    if strip.tall:
        number = str(cell.offset) if cell.offset > 9 else str(cell.offset).center(room)
        ink = style("bright" if level == "lit" else "quiet", look.bg)
        canvas.put(column, strip.row + 1, number.rjust(room), ink)


def _look(sign: str, level: str) -> Style:
    key = letters.colour_key(sign)
    if level == "open":
        return QUIET
    if level == "lit":
        return style("bright", f"lit {key}", True)
    return style(f"letter {key}", f"read {key}")


def _label_order(strip: Strip, drawn: tuple[Cell, ...], marks: dict[int, str]) -> Iterable[int]:
    near = []
    for column in marks:
        number = (column - strip.column) // strip.cell
        near += [n for n in (number, number - 1) if 0 <= n < len(drawn)]
    rest = [*near, *([len(drawn) - 1] if drawn else []), *range(len(drawn))]
    return dict.fromkeys(rest)


def _label(
    canvas: Canvas, strip: Strip, row: int, number: int, offset: int, taken: list[bool], marks: dict[int, str]
) -> None:
    text = str(offset)
    last = strip.column + number * strip.cell + 2
    begin = last - len(text) + 1
    if len(text) >= strip.cell and last - strip.cell + 1 in marks:
        begin, last = last - strip.cell + 2, last - strip.cell + 1 + len(text)
    around = range(begin - 1, last + 2)
    if any(taken[at] and at not in marks for at in around if 0 <= at < len(taken)):
        return
    if any(at in marks for at in range(begin, last + 1)):
        return
    canvas.put(begin, row, text, QUIET)
    for at in range(max(0, begin), min(len(taken), last + 1)):
        taken[at] = True


def _named(canvas: Canvas, strip: Strip, row: int, column: int, sign: str, offset: int) -> None:
    canvas.put(column, row, sign, BRIGHT if sign == "▲" else _MARK)
    word = f"committed {offset}" if sign == "▲" else f"position {offset}"
    if sign == "▲" and column - len(word) - 1 >= strip.column - 6:
        canvas.right(column - 1, row, word, QUIET)
    elif sign == "▲":
        canvas.put(column + 2, row, word, QUIET)
    else:
        canvas.put(column + 2, row, word, QUIET)


def _before(canvas: Canvas, strip: Strip, row: int, sign: str, offset: int) -> None:
    """The mark lies left of what shows: an arrow, the sign and its offset."""
    if sign == "▲":
        canvas.put(strip.column, row, f"◄▲{offset}", WAIT)
