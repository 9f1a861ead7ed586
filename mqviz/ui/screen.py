"""What all screens share: sizes, the sentence for a tiny terminal, what is said, what lies on top.

A screen's size has a class: `-tiny` shows one sentence, `-small` is below 96 columns or 28 rows, `-large`
from 140 by 36, `-medium` between; the style sheet lays out by these.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from textual import events
from textual.app import ComposeResult
from textual.screen import Screen

from mqviz.scenes.canvas import Canvas
from mqviz.ui import keys, panels
from mqviz.ui.options import Options
from mqviz.ui.overlay import Content, Overlay
from mqviz.ui.question import Accept, Answer, Complete, Question
from mqviz.ui.stage import Stage

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

    def __init__(self, options: Options) -> None:
        super().__init__()
        self.options = options
        self.size_class = "medium"
        self.notice = ""
        self._stands: Callable[[], bool] = _always
        self.hints: Sequence[tuple[str, str]] = ()
        """The keys of what lies on top, if something does."""

    def compose(self) -> ComposeResult:
        """The sentence for a tiny terminal; a screen adds its own stages."""
        yield Stage(lambda columns, rows: panels.draw_too_small(self.canvas(columns, rows)), id="tiny")

    def canvas(self, columns: int, rows: int) -> Canvas:
        """An empty one; with --ascii signs are drawn as their twins."""
        return Canvas(columns, rows, self.options.ascii)

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

    # -- what is said and asked ----------------------------------------------------------------------------

    def say(self, sentence: str, stands: Callable[[], bool] = _always) -> None:
        """Show a sentence until the next key, or until it no longer `stands`."""
        self.notice, self._stands = sentence, stands
        self.redraw()

    def on_key(self, event: events.Key) -> None:
        """A key is an answer to whatever was said."""
        if self.notice:
            self.notice = ""
            self.redraw()

    def follow(self, answer: Answer) -> None:
        """Do what is to be done, or say why it cannot be."""
        if isinstance(answer, str):
            self.say(answer)
        elif answer is not None:
            answer()

    def lay(self, content: Content) -> None:
        """Put something on top; what is behind sinks and stands still."""
        self._on_top(Overlay(content, self.options.ascii), content.hints, sink=True)

    def ask(
        self, prompt: str, accept: Accept, complete: Complete = lambda _: (), value: str = "", help: str = ""
    ) -> None:
        """Ask for a line of text; meanwhile the screen stands still."""
        question = Question(prompt, accept, complete, value, help, self.options.ascii)
        self._on_top(question, (), sink=False)

    def _on_top(self, dialog: Overlay | Question, hints: Sequence[tuple[str, str]], sink: bool) -> None:
        def closed(then: Callable[[], object] | None) -> None:
            self._hold(False, (), sink)
            if then is not None:
                then()

        self._hold(True, hints, sink)
        self.app.push_screen(dialog, closed)

    def _hold(self, held: bool, hints: Sequence[tuple[str, str]], sink: bool) -> None:
        self.hints = hints
        for stage in self.query(Stage):
            stage.hold(held, sink)
        self.redraw()

    # -- keys ----------------------------------------------------------------------------------------------

    def action_part(self, part: str, name: str, *arguments: object) -> None:
        """A key that belongs to a part of this screen (keys.py names it)."""
        getattr(getattr(self, part), name)(*arguments)

    def action_help(self) -> None:
        """The keys of this screen."""
        self.lay(Content(lambda columns, _: panels.keys_sheet(columns, (*self.PLACES, "all"))))

    def action_command(self) -> None:
        """Only a run takes commands."""
        self.say("commands are given to a run: open a lesson or a scenario first")

    async def action_back(self) -> None:
        """Leave this screen."""
        await self.app.run_action("leave")

    def on_stage_selected(self, event: Stage.Selected) -> None:
        """A click on a key is that key."""
        if event.target[0] == "key":
            shown = str(event.target[1])
            key = next((key for key in keys.of(*self.PLACES, "all") if key.shown == shown), None)
            if key is not None:
                self.call_later(self.run_action, key.binding)

    def stage(self, name: str) -> Stage:
        """One of the stages, by its id."""
        return self.query_one(f"#{name}", Stage)
