"""Stage: the one widget that draws a Canvas, and redraws only the rows that changed.

A widget for each moving mark costs twenty times as much as one widget with all of them, so every picture
and panel is a Canvas; Textual's own widgets are for typing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache

from rich.segment import Segment
from rich.style import Style as RichStyle
from textual import events
from textual.geometry import Region
from textual.message import Message
from textual.reactive import reactive
from textual.strip import Strip
from textual.widget import Widget

from mqviz.scenes import palette
from mqviz.scenes.canvas import Canvas, Target
from mqviz.scenes.palette import Theme
from mqviz.scenes.style import Style, resolve
from mqviz.scenes.text import is_narrow

Draw = Callable[[int, int], Canvas]
"""Makes the picture for so many columns and rows."""

Runs = list[tuple[str, Style]]
"""A row as stretches of one style."""

PLAIN = "plain"
"""Name of the theme without colours."""


class Stage(Widget):
    """Shows what `draw` makes for its size; `redraw` asks for the next picture."""

    SINKS = True
    """Whether it fades while something lies on top."""

    sunk = reactive(False)
    """Whether this is not to be read now."""

    class Selected(Message):
        """Somebody clicked on `target`."""

        def __init__(self, target: Target, stage: Stage) -> None:
            super().__init__()
            self.target = target
            self.stage = stage

    def __init__(self, draw: Draw, id: str, focusable: bool = False) -> None:
        super().__init__(id=id)
        self.can_focus = focusable
        self._draw = draw
        self._rows: list[Runs] = []
        self.canvas = Canvas(0, 0)

    def on_mount(self) -> None:
        """A new theme is a new set of colours, and of words where the theme is named."""
        self.watch(self.app, "theme", self._recolour, init=False)

    def _recolour(self) -> None:
        self.redraw()
        self.refresh()

    def on_resize(self) -> None:
        """Another size is another picture."""
        self.redraw()

    def hold(self, held: bool, sink: bool) -> None:
        """Something lies on top (or not any more); `sink`: what is behind is not to be read."""
        self.sunk = held and sink and self.SINKS

    def redraw(self) -> None:
        """Draw again and send the terminal the rows that differ; a hidden stage draws nothing."""
        width, height = self.size
        if not (width and height and self.is_on_screen):
            return
        self.canvas = self._draw(width, height)
        before, self._rows = self._rows, [self.canvas.runs(row) for row in range(self.canvas.rows)]
        if len(before) != len(self._rows):
            self.refresh()
            return
        changed = [
            changed_part(row, before[row], runs, width)
            for row, runs in enumerate(self._rows)
            if runs != before[row]
        ]
        if changed:
            self.refresh(*changed)

    def render_line(self, y: int) -> Strip:
        """One row as Textual wants it."""
        if y >= len(self._rows):
            return Strip.blank(self.size.width)
        theme = self.app.theme
        return Strip(
            [Segment(text, rich_style(style, theme, self.sunk)) for text, style in self._rows[y]],
            self.canvas.columns,
        )

    def on_click(self, event: events.Click) -> None:
        """Post what was clicked."""
        target = self.canvas.target_at(event.x, event.y)
        if target is not None and not self.sunk:
            self.post_message(self.Selected(target, self))


class KeyBar(Stage):
    """The keys at the bottom: they change with what lies on top, and stay readable."""

    SINKS = False


def changed_part(row: int, before: Runs, after: Runs, width: int) -> Region:
    """The columns in which a row differs, by whole runs; all of it where a cell is not one column."""
    if not all(is_narrow(text) for text, _ in (*before, *after)):
        return Region(0, row, width, 1)
    left = _same(zip(before, after, strict=False))
    right = _same(zip(reversed(before), reversed(after), strict=False))
    return Region(left, row, max(1, width - left - right), 1)


def _same(pairs: Iterable[tuple[tuple[str, Style], tuple[str, Style]]]) -> int:
    columns = 0
    for one, other in pairs:
        if one != other:
            return columns
        columns += len(one[0])
    return columns


@cache
def rich_style(style: Style, theme_name: str, sunk: bool) -> RichStyle:
    """A role style in the colours of a theme; `sunk` is faded towards the base."""
    plain = theme_name == PLAIN
    theme: Theme = "light" if theme_name == "light" else "dark"
    look = resolve(style, theme, plain)
    if plain:
        return RichStyle(bold=look.bold and not sunk, reverse=look.reverse and not sunk)
    fg, bg = look.fg or "", look.bg or ""
    if sunk:
        fg, bg = palette.sink(fg, theme), palette.sink(bg, theme)
    return RichStyle(color=fg, bgcolor=bg, bold=look.bold and not sunk)
