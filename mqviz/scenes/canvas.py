"""Canvas: the cells that a scene draws on, cheap enough for thirty frames a second on one core.

A cell is a character and a Style of roles. A wide character takes its cell and an empty one after it; what
sticks out at an edge is cut. `mark` remembers what stands where, so that a click or the keyboard finds the
record or member under a cell; targets are plain tuples such as ("record", topic, partition, offset).
"""

from __future__ import annotations

from typing import NamedTuple

from mqviz.scenes import style as styles
from mqviz.scenes.signs import to_ascii
from mqviz.scenes.style import Style
from mqviz.scenes.text import cells, is_narrow, width

Target = tuple[str | int, ...]


class Place(NamedTuple):
    """A rectangle of cells and what stands there."""

    column: int
    row: int
    columns: int
    rows: int
    target: Target

    def holds(self, column: int, row: int) -> bool:
        """Whether the cell lies inside."""
        return self.column <= column < self.column + self.columns and self.row <= row < self.row + self.rows


class Canvas:
    """`columns` by `rows` cells of ground; with `ascii` every sign is drawn as its twin."""

    def __init__(self, columns: int, rows: int, ascii: bool = False, ground: Style = styles.PLAIN) -> None:
        self.columns = max(0, columns)
        self.rows = max(0, rows)
        self.ascii = ascii
        self.places: list[Place] = []
        self._text = [[" "] * self.columns for _ in range(self.rows)]
        self._style = [[ground] * self.columns for _ in range(self.rows)]

    def put(self, column: int, row: int, text: str, style: Style = styles.PLAIN) -> int:
        """Write `text` from `column` on, clipped to the canvas; returns the column after it,
        clipped or not.
        """
        if self.ascii:
            text = to_ascii(text)
        drawn: str | list[str] = text if is_narrow(text) else cells(text)
        after = column + len(drawn)
        if not 0 <= row < self.rows or max(0, column) >= min(after, self.columns):
            return after
        if column < 0 or after > self.columns:
            drawn = self._clip(drawn, column)
            column = max(0, column)
        self._write(column, row, drawn, style)
        return after

    def right(self, after: int, row: int, text: str, style: Style = styles.PLAIN) -> int:
        """Write `text` so that it ends just before column `after`; returns the column where it begins."""
        begin = after - width(to_ascii(text) if self.ascii else text)
        self.put(begin, row, text, style)
        return begin

    def fill(self, column: int, row: int, columns: int, rows: int, style: Style, sign: str = " ") -> None:
        """Cover a rectangle with one sign."""
        for line in range(max(0, row), min(self.rows, row + rows)):
            self.put(column, line, sign * max(0, columns), style)

    def column_of(self, column: int, row: int, rows: int, sign: str, style: Style) -> None:
        """Repeat one sign downwards."""
        for line in range(row, row + rows):
            self.put(column, line, sign, style)

    def rule(
        self,
        column: int,
        row: int,
        columns: int,
        label: str = "",
        label_style: Style = styles.STRONG,
        line_style: Style = styles.RULE,
    ) -> None:
        """A faint line with its label at the left: how a panel begins, in place of a frame."""
        begin = self.put(column, row, label, label_style) + 1 if label else column
        self.put(begin, row, "─" * max(0, column + columns - begin), line_style)

    def ground(self, column: int, row: int, columns: int, bg: str) -> None:
        """Change the ground of some cells of one row, keeping what is written there."""
        if not 0 <= row < self.rows:
            return
        line = self._style[row]
        for at in range(max(0, column), min(self.columns, column + columns)):
            line[at] = line[at].on(bg)

    def mark(self, column: int, row: int, columns: int, rows: int, target: Target) -> None:
        """Remember that `target` stands in this rectangle; later marks lie on top."""
        self.places.append(Place(column, row, columns, rows, target))

    def target_at(self, column: int, row: int) -> Target | None:
        """What stands under a cell, or None."""
        for place in reversed(self.places):
            if place.holds(column, row):
                return place.target
        return None

    def paste(self, other: Canvas, column: int, row: int) -> None:
        """Copy another canvas, with its marks, so that its first cell is at column, row (not negative);
        clipped.
        """
        count = min(other.columns, self.columns - column)
        if count <= 0:
            return
        for line in range(min(other.rows, self.rows - row)):
            self._write(column, row + line, other._text[line][:count], styles.PLAIN)
            self._style[row + line][column : column + count] = other._style[line][:count]
        self.places += [
            place._replace(column=place.column + column, row=place.row + row) for place in other.places
        ]

    def cell(self, column: int, row: int) -> tuple[str, Style]:
        """The character and style of one cell."""
        return self._text[row][column], self._style[row][column]

    def runs(self, row: int) -> list[tuple[str, Style]]:
        """One row as stretches of one style each, left to right; together exactly `columns` cells."""
        text, style = self._text[row], self._style[row]
        found: list[tuple[str, Style]] = []
        begin = 0
        for at in range(1, len(style)):
            if style[at] is not style[begin]:
                found.append(("".join(text[begin:at]), style[begin]))
                begin = at
        if style:
            found.append(("".join(text[begin:]), style[begin]))
        return found

    def to_text(self) -> str:
        """All rows without their trailing blanks, joined by newlines."""
        return "\n".join("".join(row).rstrip() for row in self._text)

    def _clip(self, drawn: str | list[str], column: int) -> list[str]:
        parts = list(drawn)[max(0, -column) : self.columns - column]
        if parts and parts[0] == "":
            parts[0] = " "
        cut = len(drawn) > self.columns - column and drawn[self.columns - column] == ""
        if cut and parts:
            parts[-1] = "…" if not self.ascii else "."
        return parts

    def _write(self, column: int, row: int, drawn: str | list[str], style: Style) -> None:
        line = self._text[row]
        after = column + len(drawn)
        if line[column] == "":
            line[column - 1] = " "
        if after < self.columns and line[after] == "":
            line[after] = " "
        line[column:after] = drawn
        self._style[row][column:after] = [style] * len(drawn)
