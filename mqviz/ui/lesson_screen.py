"""A lesson: the tutor's words beside a run; below 96 columns they are two tabs over one strip."""

from __future__ import annotations

from textual import events
from textual.app import ComposeResult

from mqviz.backend import Refused
from mqviz.lesson.format import Lesson
from mqviz.lesson.tutor import Tutor
from mqviz.lesson.view import Phase
from mqviz.player import Player
from mqviz.scenes.canvas import Canvas
from mqviz.scenes.style import style
from mqviz.scenes.text import shorten, width
from mqviz.ui import keys, panels
from mqviz.ui.ask import Answer
from mqviz.ui.lesson_pane import draw_lesson, draw_strip
from mqviz.ui.overlay import Content
from mqviz.ui.run_screen import SPEEDS, RunScreen
from mqviz.ui.sheet import Sheet, Span
from mqviz.ui.stage import Stage

FOLLOW = -1
"""A scroll that follows what is asked for."""


class LessonScreen(RunScreen):
    """A run with a tutor."""

    PLACES = ("run", "lesson")
    BINDINGS = keys.bindings("run", "lesson", "all")
    SPEEDS = SPEEDS[:-1]
    """Not as fast as it goes: that would be the end of the run, with no time left for the steps to come."""

    def __init__(self, lesson: Lesson, player: Player, on: str = "", shadow: Player | None = None) -> None:
        super().__init__(player, f"{lesson.number} {lesson.title}")
        self.lesson = lesson
        self.on_lesson = True
        self.choice = 0
        self._on = on
        self._shadow = shadow
        self._scroll = FOLLOW
        self._onward: int | None = None
        self._told = ""
        self._leaving = False
        self.tutor: Tutor

    def left(self) -> ComposeResult:
        """The lesson."""
        yield Stage(self.draw_pane, id="lesson", focusable=True)

    def above(self) -> ComposeResult:
        """The strip, for when the lesson is not in sight."""
        yield Stage(self.draw_strip, id="strip")

    def on_mount(self) -> None:
        """The tutor begins where the learner left."""
        progress = self.mqviz.doors.progress
        at = progress.peek(self.lesson.number).step - 1
        self.tutor = Tutor(self.lesson, self.player, progress, at, self._shadow)
        self.show_side(True)
        self._tell()

    def on_unmount(self) -> None:
        """The shadow goes with the screen."""
        if self._shadow is not None:
            self._shadow.close()

    # -- the two sides -------------------------------------------------------------------------------------

    def show_side(self, lesson: bool) -> None:
        """Turn to the lesson or to the stage."""
        self.on_lesson = lesson
        self.set_class(lesson and not self.has_class("-wide"), "-on-lesson")
        self.call_after_refresh(self.redraw)

    def action_side(self) -> None:
        """The other side."""
        if self.has_class("-wide"):
            self.action_wide()
        self.show_side(not self.on_lesson)

    def action_turn(self, lesson: bool) -> None:
        """To one of the two sides."""
        if lesson != self.on_lesson:
            self.action_side()

    def action_wide(self) -> None:
        """The picture alone, bet and goal in the strip; and back."""
        self.toggle_class("-wide")
        self.show_side(not self.has_class("-wide"))

    # -- the tutor -----------------------------------------------------------------------------------------

    def pass_time(self, elapsed_us: int) -> None:
        """Never beyond the outcome of a bet: what was not computed need not be taken back."""
        player, prediction = self.player, self.tutor.prediction
        due_us = prediction.due_us if prediction and self.tutor.phase is Phase.RUNNING else None
        if due_us is None or player.live or not player.playing:
            super().pass_time(elapsed_us)
        elif player.now_us + elapsed_us * player.speed >= due_us > player.now_us:
            player.seek(due_us)
        else:
            super().pass_time(elapsed_us)

    def happened(self, elapsed_us: int = 0) -> None:
        """The tutor looks at the run; a new phase brings its words into sight."""
        before = (self.tutor.phase, self.tutor.number)
        self.tutor.check(elapsed_us)
        if before != (self.tutor.phase, self.tutor.number):
            self._scroll = FOLLOW
        self._tell()

    def _tell(self) -> None:
        """That progress cannot be kept, once."""
        notice = self.mqviz.doors.progress.notice
        if notice != self._told:
            self._told = notice
            self.say(notice)

    def may_go_on(self) -> bool:
        """First the bet."""
        why_not = self.tutor.before_play()
        if why_not:
            self.say(why_not)
        return not why_not

    def action_move(self, by: int) -> None:
        """Answers while a bet is asked for, else the words, else what stands on the stage."""
        prediction = self.tutor.prediction
        asked = self.tutor.phase is Phase.PREDICT and prediction is not None
        if asked and prediction is not None and (self.on_lesson or self.picture.focus is None):
            self.choice = (self.choice + by) % len(prediction.answers)
            self.redraw()
        elif self.on_lesson:
            self._scroll = max(0, self._scroll + by)
            self.redraw()
        else:
            super().action_move(by)

    def action_choose(self) -> None:
        """Bet, go on, or open what is selected."""
        phase = self.tutor.phase
        over = phase in (Phase.DONE, Phase.FINISHED)
        if not over and not self.on_lesson and self.picture.focus is not None:
            super().action_choose()
        elif phase is Phase.PREDICT:
            self.bet()
        elif phase is Phase.RUNNING:
            self.action_play_pause()
        elif phase is Phase.GOALS:
            self._suggest()
        elif phase is Phase.DONE and not self.on_lesson and self.size_class == "small":
            self.show_side(True)
        elif phase is Phase.DONE:
            self.go_on()
        elif self._onward is not None:
            self._scroll = self._onward
            self.redraw()
        else:
            self.mqviz.leave()

    def bet(self) -> None:
        """Place the bet; where lesson and stage are tabs, turn to the stage."""
        try:
            self.tutor.bet(self.choice)
        except Refused as error:
            self.say(f"✗ {error}")
            return
        if self.size_class == "small":
            self.show_side(False)
        self.moved()

    def go_on(self) -> None:
        """The next step."""
        self.tutor.next()
        self.choice = 0
        self.picture.focus = None
        self.show_side(not self.has_class("-wide"))
        self.moved()

    def _suggest(self) -> None:
        """Type what the open goal suggests, for the learner to give."""
        view = self.tutor.view()
        goal = view.goals[view.open_goal] if view.open_goal is not None else None
        if goal is not None and goal.suggest:
            self.type_command(goal.suggest)
        else:
            self.say("this goal is open: h gives a hint")

    def action_back(self) -> None:
        """Out of the selection; in the middle of a step once more, since the step then begins anew."""
        begun = self.tutor.phase not in (Phase.PREDICT, Phase.FINISHED)
        if self.picture.focus is None and begun and not self._leaving:
            self._leaving = True
            self.say("esc once more leaves the lesson; it goes on at the beginning of this step")
        else:
            super().action_back()

    def on_key(self, event: events.Key) -> None:
        """Whoever goes on does not leave."""
        self._leaving = self._leaving and event.key == "escape"

    def action_hint(self) -> None:
        """One more hint."""
        if self.tutor.phase is Phase.GOALS:
            self.tutor.hint()
            self._turn_to_words()
        else:
            self.say("hints come with the goals of the step")

    def action_solution(self) -> None:
        """Show the solution; again: do its next command."""
        if self.tutor.phase is not Phase.GOALS:
            self.say("the solution comes with the goals of the step")
            return
        try:
            done = self.tutor.solve()
        except Refused as error:
            self.say(f"✗ {error}")
            return
        self._turn_to_words()
        self.moved()
        if done:
            self.say(f"done: {done}")

    def action_reset(self) -> None:
        """Begin the step again."""
        self.tutor.reset()
        self.picture.focus = None
        self._turn_to_words()
        self.moved()

    def _turn_to_words(self) -> None:
        self._scroll = FOLLOW
        self.show_side(not self.has_class("-wide"))

    def do(self, text: str) -> Answer:
        """Give a command; with a bet still running, ask first."""
        question = self.tutor.before_command()
        if question:
            return lambda: self._ask_to_drop(question, text)
        answer = super().do(text)
        if isinstance(answer, str):
            self.tutor.refused(answer)
        else:
            self.tutor.accepted()
        return answer

    def _ask_to_drop(self, question: str, text: str) -> None:
        def drop(at: int) -> None:
            if at == 1:
                self.tutor.drop()
                self.act(text)

        def sheet(columns: int, at: int) -> Sheet:
            made = Sheet(columns, margin=3)
            made.text(question, "bright", bold=True)
            made.blank()
            for number, words in enumerate(("keep the bet", f"act now: {text}")):
                line = f"{'►' if number == at else ' '} {words}"
                made.row(Span(0, f"{line:<{made.room}}", made.item(number == at), ("item", number)))
            return made

        self.lay(Content(sheet, (("↑ ↓", "choose"), ("enter", "do it"), ("esc", "keep the bet")), 2, drop))

    def on_stage_selected(self, event: Stage.Selected) -> None:
        """A click on an answer chooses it, a second one bets; on a tab it turns there; else as in every run."""
        kind = event.target[0]
        if kind in ("answer", "tab"):
            event.prevent_default()
        if kind == "answer" and self.tutor.phase is Phase.PREDICT:
            if self.choice == event.target[1]:
                self.bet()
            self.choice = int(event.target[1])
            self.redraw()
        elif kind == "tab":
            self.show_side(event.target[1] == 0)
        elif event.stage.id == "stage":
            self.on_lesson = False

    # -- pictures ------------------------------------------------------------------------------------------

    def origin(self) -> list[str]:
        """A real cluster's address, else where the picture comes from."""
        if self._on:
            return [f"real cluster {self._on}"]
        return super().origin()

    def draw_header(self, columns: int, rows: int) -> Canvas:
        """The lesson's title and steps; with tabs where it is small."""
        canvas = Canvas(columns, rows, self.ascii)
        step, steps = self.tutor.number + 1, len(self.lesson.steps)
        if self.size_class != "small":
            return panels.draw_header(canvas, self.title_text, self.origin(), step, steps)
        said = "real" if self.player.live else "sim"
        tabs = ("1 Lesson", "2 Stage")
        room = columns - sum(len(tab) + 2 for tab in tabs) - len(f"{said} · step {step} of {steps}") - 13
        title = shorten(self.title_text, room)
        panels.draw_header(canvas, title, [said, f"step {step} of {steps}"])
        column = max(10 + width(title), min(29, columns - 40))
        for number, name in enumerate(tabs):
            lit = self.on_lesson == (number == 0)
            look = style("bright" if lit else "quiet", "sel" if lit else "bar", lit)
            after = canvas.put(column, 0, f" {name} ", look)
            canvas.mark(column, 0, after - column, 1, ("tab", number))
            column = after
        return canvas

    def draw_pane(self, columns: int, rows: int) -> Canvas:
        """The lesson."""
        canvas = Canvas(columns, rows, self.ascii)
        full = self.size_class == "large"
        canvas, scroll, onward = draw_lesson(
            canvas, self.tutor.view(), self.choice, self.on_lesson, full, self._scroll
        )
        self._onward = onward if onward > scroll else None
        if self._scroll != FOLLOW:
            self._scroll = scroll
        return canvas

    def draw_strip(self, columns: int, rows: int) -> Canvas:
        """Bet and goal in two rows."""
        return draw_strip(Canvas(columns, rows, self.ascii), self.tutor.view(), self.choice)
