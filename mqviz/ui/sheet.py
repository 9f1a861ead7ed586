"""Sheet: rows of styled words for a panel that may be longer than the panel; a window of it is drawn.

Panels are lists of rows before they are pictures, so that text wraps to the panel's width, scrolls where
it does not fit, and remembers what a click on a row means.
"""

from __future__ import annotations

from typing import NamedTuple

from mqviz.scenes.canvas import Canvas, Target
from mqviz.scenes.style import Style, style
from mqviz.scenes.text import width, wrap


class Span(NamedTuple):
    """Words at a column of a row; `target`: what a click on them selects."""

    column: int
    text: str
    style: Style
    target: Target | None = None


class Sheet:
    """Rows for a panel `columns` wide with `margin` columns left free at each side."""

    def __init__(self, columns: int, margin: int = 2, ground: str = "raised") -> None:
        self.columns = columns
        self.margin = margin
        self.ground = ground
        self.rows: list[list[Span]] = []
        self.active: int | None = None
        """The first row that must be in sight."""
        self.active_end: int | None = None
        """The row after the last one that should be in sight."""

    @property
    def room(self) -> int:
        """Columns between the margins."""
        return max(1, self.columns - 2 * self.margin)

    def ink(self, fg: str, bold: bool = False) -> Style:
        """A style on this sheet's ground."""
        return style(fg, self.ground, bold)

    def item(self, focused: bool) -> Style:
        """The style of a row of a list: the one in focus stands out by ground and by weight."""
        return style("bright" if focused else "ink", "sel" if focused else self.ground, focused)

    def row(self, *spans: Span) -> None:
        """One row of words; columns count from the margin."""
        self.rows.append([span._replace(column=span.column + self.margin) for span in spans])

    def text(self, text: str, fg: str = "ink", bold: bool = False, indent: int = 0) -> None:
        """A paragraph, wrapped."""
        for line in wrap(text, self.room - indent):
            self.row(Span(indent, line, self.ink(fg, bold)))

    def labelled(self, label: str, text: str, at: int, fg: str = "ink", label_fg: str = "quiet") -> None:
        """A quiet label, and a text that wraps in a column of its own from `at` on."""
        lines = wrap(text, self.room - at) or [""]
        self.row(Span(0, label, self.ink(label_fg)), Span(at, lines[0], self.ink(fg)))
        for line in lines[1:]:
            self.row(Span(at, line, self.ink(fg)))

    def blank(self) -> None:
        """One free row; never two in a row, none at the top."""
        if self.rows and self.rows[-1]:
            self.rows.append([])

    def rule(self, label: str, lit: bool = False) -> None:
        """A labelled rule, with a free row above."""
        self.blank()
        line = "─" * max(0, self.room - width(label) - 1)
        name = self.ink("accent" if lit else "quiet", bold=True)
        self.row(Span(0, label, name), Span(width(label) + 1, line, self.ink("rule")))

    def here(self) -> None:
        """The next row must be in sight."""
        self.active = len(self.rows)
        self.active_end = None

    def so_far(self) -> None:
        """From there to here should be in sight, as far as there is room."""
        self.active_end = len(self.rows)

    def most(self, rows: int) -> int:
        """How far a window of `rows` can scroll."""
        return max(0, len(self.rows) - rows)

    def follow(self, scroll: int, rows: int) -> int:
        """`scroll` moved just so far that the active rows are in sight."""
        if self.active is not None:
            end = max(self.active_end or 0, self.active + 1)
            scroll = max(scroll, min(end - rows, self.active - 1))
            scroll = min(scroll, max(0, self.active - 1))
        if 0 < scroll < len(self.rows) and not self.rows[scroll]:
            scroll += 1
        return min(max(0, scroll), self.most(rows))

    def draw(self, canvas: Canvas, top: int, rows: int, scroll: int = 0) -> None:
        """Write the window from row `scroll` on; what is hidden below or above is said at the right edge."""
        for line, spans in enumerate(self.rows[scroll : scroll + rows]):
            for span in spans:
                after = canvas.put(span.column, top + line, span.text, span.style)
                if span.target is not None:
                    canvas.mark(span.column, top + line, after - span.column, 1, span.target)
        if scroll:
            canvas.right(self.columns, top, "↑", self.ink("accent"))
        if scroll + rows < len(self.rows):
            canvas.right(self.columns, top + rows - 1, "↓", self.ink("accent"))
