"""A lesson: the tutor's words beside a run; below 96 columns they are two tabs over one strip."""

from __future__ import annotations

from collections.abc import Sequence

from textual import events
from textual.app import ComposeResult
from textual.containers import Horizontal

from mqviz.lesson.tutor import Tutor
from mqviz.lesson.view import Phase
from mqviz.player import Player
from mqviz.scenes.canvas import Canvas
from mqviz.scenes.style import style
from mqviz.scenes.text import shorten, width
from mqviz.ui import keys, panels
from mqviz.ui.options import Options
from mqviz.ui.parts.lesson_stage import LessonStage
from mqviz.ui.run_screen import RunScreen
from mqviz.ui.screen import Base
from mqviz.ui.stage import Stage

TABS = ("1 Lesson", "2 Stage")


class LessonScreen(RunScreen):
    """A run that a tutor guides."""

    PLACES: Sequence[str] = ("run", "lesson")
    BINDINGS = keys.bindings("run", "lesson", "all")

    def __init__(self, tutor: Tutor, player: Player, options: Options, on: str = "") -> None:
        super().__init__(player, f"{tutor.lesson.number} {tutor.lesson.title}", options, tutor, on)
        self.tutor = tutor
        self.lesson = LessonStage(self, tutor)
        self._said = ""
        self._leaving = False

    def compose(self) -> ComposeResult:
        """The lesson beside the stage, and the strip for when it is not in sight."""
        yield from Base.compose(self)
        yield Stage(self.draw_header, id="header")
        yield Stage(self.lesson.draw_strip, id="strip")
        yield Horizontal(self.lesson, self.right, id="body")
        yield self.time

    def on_mount(self) -> None:
        """The lesson comes first."""
        self.show_side(True)

    def on_unmount(self) -> None:
        """The run that foresees goes with the screen."""
        if self.tutor.shadow is not None:
            self.tutor.shadow.close()

    def redraw(self) -> None:
        """Draw everything; that progress cannot be kept is said once."""
        notice = self.tutor.progress.notice
        if notice != self._said:
            self._said = self.notice = notice
        super().redraw()

    # -- the two sides -------------------------------------------------------------------------------------

    @property
    def on_lesson(self) -> bool:
        """Whether keys go to the lesson rather than to the stage."""
        return self.lesson.lit

    def show_side(self, lesson: bool) -> None:
        """Turn to the lesson or to the stage."""
        self.lesson.lit = lesson
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

    def on_lesson_stage_answered(self, event: LessonStage.Answered) -> None:
        """Turn to the tutor's words; to the stage once a bet runs, where the two are tabs."""
        if event.anew:
            self.view.focus = None
        if not event.bet:
            self.show_side(not self.has_class("-wide"))
        elif self.size_class == "small":
            self.show_side(False)

    def on_stage_selected(self, event: Stage.Selected) -> None:
        """A click on a tab turns there, on an answer chooses it; after one on the stage the keys go there."""
        kind, what = event.target[0], event.target[-1]
        if kind == "tab":
            self.show_side(what == 0)
        elif kind == "answer":
            self.lesson.answer(int(what))
        elif event.stage is self.scene:
            self.lesson.lit = False
            self.redraw()

    # -- keys that several parts could take ----------------------------------------------------------------

    def action_move(self, by: int) -> None:
        """Answers while a bet is asked for, else the words, else what stands on the stage."""
        if self.tutor.phase is Phase.PREDICT and (self.on_lesson or self.view.focus is None):
            self.lesson.move_answer(by)
        elif self.on_lesson:
            self.lesson.scroll_by(by)
        else:
            super().action_move(by)

    async def action_choose(self) -> None:
        """Bet, go on, or open what is selected."""
        phase = self.tutor.phase
        over = phase in (Phase.DONE, Phase.FINISHED)
        if not over and not self.on_lesson and self.view.focus is not None:
            self.records.choose()
        elif phase is Phase.PREDICT:
            self.lesson.bet()
        elif phase is Phase.RUNNING:
            self.time.play_pause()
        elif phase is Phase.GOALS:
            self._suggest()
        elif phase is Phase.DONE and not self.on_lesson and self.size_class == "small":
            self.show_side(True)
        elif phase is Phase.DONE:
            self.lesson.go_on()
        elif not self.lesson.read_on():
            await self.app.run_action("leave")

    def _suggest(self) -> None:
        """Type what the open goal suggests, for the learner to submit."""
        view = self.tutor.view()
        goal = view.goals[view.open_goal] if view.open_goal is not None else None
        if goal is not None and goal.suggest:
            self.commands.type(goal.suggest)
        else:
            self.say("this goal is open: h gives a hint")

    async def action_back(self) -> None:
        """Out of the selection; in the middle of a step once more, since the step then begins anew."""
        begun = self.tutor.phase not in (Phase.PREDICT, Phase.FINISHED)
        if self.view.focus is None and begun and not self._leaving:
            self._leaving = True
            self.say("esc once more leaves the lesson; it goes on at the beginning of this step")
        else:
            await super().action_back()

    def on_key(self, event: events.Key) -> None:
        """Whoever goes on does not leave."""
        self._leaving = self._leaving and event.key == "escape"

    # -- the header ----------------------------------------------------------------------------------------

    def draw_header(self, columns: int, rows: int) -> Canvas:
        """The lesson's title and steps; with tabs where it is small."""
        canvas = self.canvas(columns, rows)
        step, steps = self.tutor.number + 1, len(self.tutor.lesson.steps)
        if self.size_class != "small":
            return panels.draw_header(canvas, self.run_name, self.origin(), step, steps)
        said = "real" if self.player.live else "sim"
        room = columns - sum(len(tab) + 2 for tab in TABS) - len(f"{said} · step {step} of {steps}") - 13
        title = shorten(self.run_name, room)
        panels.draw_header(canvas, title, [said, f"step {step} of {steps}"])
        column = max(10 + width(title), min(29, columns - 40))
        for number, name in enumerate(TABS):
            lit = self.on_lesson == (number == 0)
            look = style("bright" if lit else "quiet", "sel" if lit else "bar", lit)
            after = canvas.put(column, 0, f" {name} ", look)
            canvas.mark(column, 0, after - column, 1, ("tab", number))
            column = after
        return canvas
