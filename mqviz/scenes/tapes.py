"""A tape: the log of a partition, one cell a record, with the marks that stand between cells.

Level of light says where a record is: lit tile, waiting to be read (committed offset up to the high
watermark); faint tile, read; no tile, above the high watermark and not yet readable.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from mqviz.facts.views import Cell, Tape
from mqviz.model.observed.state import Unknown
from mqviz.scenes import letters
from mqviz.scenes.canvas import Canvas, Target
from mqviz.scenes.figures import thousands
from mqviz.scenes.letters import Letters
from mqviz.scenes.style import BRIGHT, EDGE, QUIET, WAIT, Style, style

_MARK = style("bright")


class Strip(NamedTuple):
    """Where a tape lies: first wall at `column`, `cell` columns a record (3;
    from 4 on it is two rows high).
    """

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


class Drawn(NamedTuple):
    """The cells that show, and the offset of the first wall (None: not known)."""

    cells: tuple[Cell, ...]
    first: int | None


def shown_cells(tape: Tape, most: int) -> tuple[Cell, ...]:
    """The last `most` cells, with quiet ones where the content of records was not seen."""
    if isinstance(tape.log_end, Unknown) or tape.log_end <= 0:
        return tape.cells[-most:]
    start = 0 if isinstance(tape.log_start, Unknown) else tape.log_start
    known = {cell.offset: cell for cell in tape.cells}
    first = max(start, tape.log_end - most)
    return tuple(known.get(o) or Cell(o, seen=False) for o in range(first, tape.log_end))


def draw_tape(
    canvas: Canvas, strip: Strip, tape: Tape, lit_from: int, letter_of: Letters, focus: Target | None
) -> Drawn:
    """Draw walls, tiles and letters; records from offset `lit_from` to the high watermark are lit."""
    drawn = shown_cells(tape, strip.cells)
    first = drawn[0].offset if drawn else tape.log_end if isinstance(tape.log_end, int) else None
    high = tape.high_watermark if isinstance(tape.high_watermark, int) else None
    for number, cell in enumerate(drawn):
        column = strip.column + number * strip.cell
        _wall(canvas, strip, column, cell.offset, high)
        target: Target = ("record", tape.topic, tape.partition, cell.offset)
        _record(canvas, strip, column + 1, cell, _level(cell, lit_from, high), letter_of, target == focus)
        canvas.mark(column + 1, strip.row, strip.cell - 1, 2 if strip.tall else 1, target)
    _wall(canvas, strip, strip.column + len(drawn) * strip.cell, (first or 0) + len(drawn), high)
    if first is None:
        canvas.put(strip.column + 2, strip.row, "?", WAIT)
    return Drawn(drawn, first)


def draw_marks(
    canvas: Canvas, strip: Strip, drawn: Drawn, row: int, marks: dict[str, int], named: bool
) -> tuple[dict[int, str], int]:
    """Find the columns of committed `▲` and position `△` (hidden when equal); with `named`, draw them in
    words.

    A committed offset left of what shows is written at the left end. Returns column → sign, and the first
    column that is free.
    """
    found: dict[int, str] = {}
    free = strip.column
    for sign, offset in marks.items():
        column = _column(strip, drawn, offset)
        if column is not None and column not in found:
            found[column] = sign
            if named:
                _named(canvas, strip, row, column, sign, offset)
        elif column is None and sign == "▲":
            arrow = "" if drawn.first is None else "◄"
            free = canvas.put(strip.column, row, f"{arrow}▲{thousands(offset)}", WAIT) + 1
    return {column: sign for column, sign in found.items() if column >= free - 1}, free


def draw_offsets(
    canvas: Canvas, strip: Strip, drawn: Drawn, row: int, marks: dict[int, str], free: int
) -> None:
    """Offsets in a row from column `free` on: those next to a mark, then the last, then wherever there is
    room.
    """
    taken = [at < free for at in range(canvas.columns + 1)]
    for column, sign in marks.items():
        canvas.put(column, row, sign, BRIGHT if sign == "▲" else _MARK)
    for number in _label_order(strip, drawn.cells, marks):
        _label(canvas, strip, row, number, thousands(drawn.cells[number].offset), taken, marks)


def _column(strip: Strip, drawn: Drawn, offset: int) -> int | None:
    """Column of the wall before `offset`, or None if it does not show."""
    if drawn.first is None:
        return None
    number = offset - drawn.first
    return strip.column + number * strip.cell if 0 <= number <= len(drawn.cells) else None


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
    canvas: Canvas, strip: Strip, column: int, cell: Cell, level: str, letter_of: Letters, focus: bool
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
        ink = style("bright" if level == "lit" else "quiet", look.bg)
        canvas.put(column, strip.row + 1, thousands(cell.offset).center(room), ink)


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
    canvas: Canvas, strip: Strip, row: int, number: int, text: str, taken: list[bool], marks: dict[int, str]
) -> None:
    """Write one offset below its letter, if it touches nothing but marks."""
    wall = strip.column + number * strip.cell
    begin = wall + 3 - len(text)
    if begin <= wall and wall in marks:
        begin = wall + 1
    end = begin + len(text)
    if begin < strip.column or end > len(taken) - 1 or any(at in marks for at in range(begin, end)):
        return
    if any(taken[max(0, begin - 1) : end + 1]):
        return
    canvas.put(begin, row, text, QUIET)
    taken[begin:end] = [True] * len(text)


def _named(canvas: Canvas, strip: Strip, row: int, column: int, sign: str, offset: int) -> None:
    canvas.put(column, row, sign, BRIGHT if sign == "▲" else _MARK)
    word = f"{'committed' if sign == '▲' else 'position'} {thousands(offset)}"
    if sign == "▲" and column - len(word) - 1 >= strip.column - 6:
        canvas.right(column - 1, row, word, QUIET)
    elif sign == "▲":
        canvas.put(column + 2, row, word, QUIET)
    else:
        canvas.put(column + 2, row, word, QUIET)
