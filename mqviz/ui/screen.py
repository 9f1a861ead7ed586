"""What all screens share: the app's options, sizes, the sentence for a tiny terminal, what lies on top.

A screen's size has a class: `-tiny` shows one sentence, `-small` is below 96 columns or 28 rows, `-large`
from 140 by 36, `-medium` between; the style sheet lays out by these.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, cast

from textual import events
from textual.app import ComposeResult
from textual.screen import Screen

from mqviz.scenes.canvas import Canvas
from mqviz.ui import keys, panels
from mqviz.ui.ask import Accept, Ask, Complete
from mqviz.ui.overlay import Content, Overlay
from mqviz.ui.stage import Stage

if TYPE_CHECKING:
    from mqviz.ui.app import MqvizApp

LEAST = (60, 16)
SIZES = ("tiny", "small", "medium", "large")


def _always() -> bool:
    return True


def size_class(columns: int, rows: int) -> str:
    """Which of SIZES a terminal is."""
    if columns < LEAST[0] or rows < LEAST[1]:
        return "tiny"
    if columns < 96 or rows < 28:
        return "small"
    return "large" if columns >= 140 and rows >= 36 else "medium"


class Base(Screen[None]):
    """A screen made of Stages."""

    AUTO_FOCUS = None
    PLACES: Sequence[str] = ("all",)

    def __init__(self) -> None:
        super().__init__()
        self.size_class = "medium"
        self.notice = ""
        self._stands: Callable[[], bool] = _always
        self.hints: Sequence[tuple[str, str]] = ()
        """The keys of what lies on top, if something does."""

    @property
    def mqviz(self) -> MqvizApp:
        """The app, with its options and doors."""
        return cast("MqvizApp", self.app)

    @property
    def ascii(self) -> bool:
        """Whether signs are drawn as their twins."""
        return self.mqviz.options.ascii

    def compose(self) -> ComposeResult:
        """The sentence, and the screen's own stages."""
        yield Stage(self._too_small, id="tiny")
        yield from self.stages()

    def stages(self) -> ComposeResult:
        """The stages of this screen."""
        raise NotImplementedError

    def redraw(self) -> None:
        """Draw everything that is in sight again; what was said and no longer stands is gone."""
        if self.notice and not self._stands():
            self.notice = ""
        for stage in self.query(Stage):
            stage.redraw()

    def on_resize(self, event: events.Resize) -> None:
        """Lay out for the new size at once."""
        self.size_class = size_class(event.size.width, event.size.height)
        for name in SIZES:
            self.set_class(name == self.size_class, f"-{name}")
        self.resized()

    def resized(self) -> None:
        """What else depends on the size."""

    def say(self, sentence: str, stands: Callable[[], bool] = _always) -> None:
        """Tell something until the next key, or until it no longer `stands`."""
        self.notice, self._stands = sentence, stands
        self.redraw()

    def on_key(self, event: events.Key) -> None:
        """A key is an answer to whatever was said."""
        if self.notice:
            self.notice = ""
            self.redraw()

    def lay(self, content: Content) -> None:
        """Put something on top; what is behind sinks and stands still."""
        self.hold(True, content.hints)
        overlay = Overlay(content, self.ascii)

        def closed(at: int | None) -> None:
            self.hold(False, ())
            if at is not None and overlay.content.choose is not None:
                overlay.content.choose(at)

        self.app.push_screen(overlay, closed)

    def ask(
        self, prompt: str, accept: Accept, complete: Complete = lambda _: (), value: str = "", help: str = ""
    ) -> None:
        """Ask for a line of text."""
        said = help or "enter does it · esc goes back"
        self.hold(True, (), sink=False)

        def closed(after: Callable[[], None] | None) -> None:
            self.hold(False, ())
            if after is not None:
                after()

        self.app.push_screen(Ask(prompt, accept, complete, value, said, ascii=self.ascii), closed)

    def hold(self, held: bool, hints: Sequence[tuple[str, str]], sink: bool = True) -> None:
        """Something lies on top (or not any more); `hints` are its keys."""
        self.hints = hints
        for stage in self.query(Stage):
            stage.sunk = held and sink and stage.id not in ("transport", "bar")
        self.redraw()

    def action_help(self) -> None:
        """The keys of this screen."""
        self.lay(Content(lambda columns, _: panels.keys_sheet(columns, (*self.PLACES, "all"))))

    def action_command(self) -> None:
        """Only a run takes commands."""
        self.say("commands are given to a run: open a lesson or a scenario first")

    def action_theme(self) -> None:
        """Dark or light; whoever names the theme draws again."""
        self.mqviz.action_theme()
        self.redraw()

    def action_back(self) -> None:
        """Leave this screen."""
        self.mqviz.leave()

    def press(self, shown: str) -> None:
        """Do what the key that is shown so does."""
        for key in keys.of(*self.PLACES, "all"):
            if key.shown == shown:
                self.call_later(self.run_action, key.action)
                return

    def stage(self, name: str) -> Stage:
        """One of the stages, by its id."""
        return self.query_one(f"#{name}", Stage)

    def _too_small(self, columns: int, rows: int) -> Canvas:
        return panels.draw_too_small(Canvas(columns, rows, self.ascii))
