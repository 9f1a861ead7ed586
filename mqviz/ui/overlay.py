"""What lies on top of a screen: biography, ledger, keys, branches; a raised sheet with an accent edge.

What is behind sinks and is not read. A list has a row in focus; a text scrolls; a biography goes on to the
record beside.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple

from textual import events
from textual.app import ComposeResult
from textual.screen import ModalScreen

from mqviz.scenes.canvas import Canvas
from mqviz.scenes.style import style
from mqviz.ui import keys
from mqviz.ui.sheet import Sheet, Span
from mqviz.ui.stage import Stage

Hint = tuple[str, str]


class Content(NamedTuple):
    """One thing to lay on top.

    `sheet(columns, at)` writes it; `at` is the item in focus. `items` 0: nothing to choose, it scrolls.
    `choose(at)` acts on an item; `beside(step)` is the content to show instead, or None at the end.
    """

    sheet: Callable[[int, int], Sheet]
    hints: Sequence[Hint] = (("esc", "close"),)
    items: int = 0
    choose: Callable[[int], None] | None = None
    beside: Callable[[int], Content | None] | None = None


def choice(head: Callable[[Sheet], None], rows: Sequence[tuple[str, str]]) -> Callable[[int, int], Sheet]:
    """A list to choose from under `head`; each row with a paragraph about it, or ""."""

    def sheet(columns: int, at: int) -> Sheet:
        made = Sheet(columns, margin=3)
        head(made)
        for number, (words, about) in enumerate(rows):
            if about:
                made.blank()
            if number == at:
                made.here()
            text = f"{'►' if number == at else ' '} {words}"
            made.row(Span(0, f"{text:<{made.room}}", made.item(number == at), ("item", number)))
            if about:
                made.text(about, "quiet", indent=2)
        return made

    return sheet


class Overlay(ModalScreen[Callable[[], object] | None]):
    """Shows a Content until esc; its result is what to do with the item that was chosen."""

    BINDINGS = keys.bindings("overlay", "all")
    AUTO_FOCUS = None

    def __init__(self, content: Content, ascii: bool = False) -> None:
        super().__init__()
        self.content = content
        self._ascii = ascii
        self._at = 0
        self._scroll = 0

    def compose(self) -> ComposeResult:
        """One stage."""
        yield Stage(self._draw, id="overlay")

    def _draw(self, columns: int, rows: int) -> Canvas:
        canvas = Canvas(columns, rows, self._ascii, style("ink", "raised"))
        canvas.column_of(0, 0, rows, "▌", style("accent", "raised"))
        sheet = self.content.sheet(columns, self._at)
        room = max(1, rows - 2)
        self._scroll = min(sheet.follow(self._scroll, room), sheet.most(room))
        sheet.draw(canvas, 1, room, self._scroll)
        return canvas

    def action_move(self, by: int) -> None:
        """Next item, or scroll."""
        if self.content.items:
            self._at = min(max(0, self._at + by), self.content.items - 1)
        else:
            self._scroll = max(0, self._scroll + by)
        self._redraw()

    def action_beside(self, step: int) -> None:
        """The record beside."""
        content = self.content.beside(step) if self.content.beside else None
        if content is not None:
            self.content = content
            self._at = self._scroll = 0
            self._redraw()

    def action_choose(self) -> None:
        """Act on the item in focus and close; a text just closes."""
        choose = self.content.choose
        self.dismiss(partial(choose, self._at) if choose is not None else None)

    def action_back(self) -> None:
        """Close: `?` again closes the help, and after `:` the next `:` types."""
        self.dismiss()

    action_help = action_command = action_back

    def on_click(self, event: events.Click) -> None:
        """A click beside the sheet closes it."""
        if self.get_widget_at(event.screen_x, event.screen_y)[0] is self:
            self.dismiss()

    def on_stage_selected(self, event: Stage.Selected) -> None:
        """A click on an item chooses it."""
        if event.target[0] == "item":
            self._at = int(event.target[1])
            self.action_choose()

    def on_mouse_scroll_down(self) -> None:
        """Scroll on."""
        self.action_move(1)

    def on_mouse_scroll_up(self) -> None:
        """Scroll back."""
        self.action_move(-1)

    def _redraw(self) -> None:
        self.query_one("#overlay", Stage).redraw()
