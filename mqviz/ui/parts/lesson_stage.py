"""The lesson on its stage: words, bet and goals, and the keys that answer them; all else is the tutor's."""

from __future__ import annotations

from textual.message import Message

from mqviz.backend import Refused
from mqviz.lesson.tutor import Tutor
from mqviz.lesson.view import Phase
from mqviz.scenes.canvas import Canvas
from mqviz.ui.lesson_pane import draw_lesson, draw_strip
from mqviz.ui.parts.playback import Moved
from mqviz.ui.screen import Base
from mqviz.ui.stage import Stage

FOLLOW = -1
"""A scroll that follows what is asked for."""


class LessonStage(Stage):
    """What the learner answers goes to the tutor, and what came of it to the screen."""

    class Answered(Message):
        """The tutor has new words; `bet`: a bet runs; `anew`: a step begins."""

        def __init__(self, bet: bool = False, anew: bool = False) -> None:
            super().__init__()
            self.bet = bet
            self.anew = anew

    def __init__(self, host: Base, tutor: Tutor) -> None:
        super().__init__(self._draw_lesson, id="lesson", focusable=True)
        self.host = host
        self.tutor = tutor
        self.choice = 0
        self.lit = True
        """Whether keys go here."""
        self._scroll = FOLLOW
        self._onward: int | None = None
        self._shown = (tutor.phase, tutor.number)

    # -- keys ----------------------------------------------------------------------------------------------

    def move_answer(self, by: int) -> None:
        """The answer above or below."""
        prediction = self.tutor.prediction
        if prediction is not None:
            self.choice = (self.choice + by) % len(prediction.answers)
            self.host.redraw()

    def scroll_by(self, rows: int) -> None:
        """Words above or below."""
        self._scroll = max(0, self._scroll + rows)
        self.redraw()

    def read_on(self) -> bool:
        """The next page; False where nothing is left below."""
        if self._onward is None:
            return False
        self._scroll = self._onward
        self.redraw()
        return True

    def answer(self, number: int) -> None:
        """Choose an answer; once more: bet on it."""
        if self.tutor.phase is Phase.PREDICT:
            if self.choice == number:
                self.bet()
            self.choice = number
            self.host.redraw()

    def bet(self) -> None:
        """Place the bet."""
        try:
            self.tutor.bet(self.choice)
        except Refused as error:
            self.host.say(f"✗ {error}")
            return
        self._post(self.Answered(bet=True), Moved())

    def go_on(self) -> None:
        """The next step."""
        self.tutor.next()
        self.choice = 0
        self._post(self.Answered(anew=True), Moved())

    def hint(self) -> None:
        """One more hint."""
        if self.tutor.phase is Phase.GOALS:
            self.tutor.hint()
            self._scroll = FOLLOW
            self._post(self.Answered())
        else:
            self.host.say("hints come with the goals of the step")

    def solution(self) -> None:
        """Show the solution; again: do its next command."""
        if self.tutor.phase is not Phase.GOALS:
            self.host.say("the solution comes with the goals of the step")
            return
        try:
            done = self.tutor.solve()
        except Refused as error:
            self.host.say(f"✗ {error}")
            return
        self._scroll = FOLLOW
        self._post(self.Answered(), Moved())
        if done:
            self.host.say(f"done: {done}")

    def reset(self) -> None:
        """Begin the step again."""
        self.tutor.reset()
        self._scroll = FOLLOW
        self._post(self.Answered(anew=True), Moved())

    def _post(self, *messages: Message) -> None:
        for message in messages:
            self.post_message(message)

    # -- pictures ------------------------------------------------------------------------------------------

    def _draw_lesson(self, columns: int, rows: int) -> Canvas:
        """The lesson; a new phase brings its words into sight."""
        shown = (self.tutor.phase, self.tutor.number)
        if shown != self._shown:
            self._shown, self._scroll = shown, FOLLOW
        full = self.host.size_class == "large"
        view = self.tutor.view()
        canvas, scroll, onward = draw_lesson(
            self.host.canvas(columns, rows), view, self.choice, self.lit, full, self._scroll
        )
        self._onward = onward if onward > scroll else None
        if self._scroll != FOLLOW:
            self._scroll = scroll
        return canvas

    def draw_strip(self, columns: int, rows: int) -> Canvas:
        """Bet and goal in two rows."""
        return draw_strip(self.host.canvas(columns, rows), self.tutor.view(), self.choice)
