"""Tutor: leads a learner through a lesson over a run: predict, run, explain, goals, next step.

It knows no screen and no backend. It watches a run that somebody else moves (`check` after every tick, step,
seek and command), gives the step's own commands when a bet is placed, and says in a TutorView what a screen
should show. Goals are read from facts, so any route that reaches them counts, and undo takes them back.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy

from mqviz.backend import Refused
from mqviz.lesson.attempt import Attempt
from mqviz.lesson.format import Lesson, Script, Step
from mqviz.lesson.prediction import Prediction, foresee
from mqviz.lesson.progress import Bet, Progress
from mqviz.lesson.view import GoalView, Phase, Truth, TutorView
from mqviz.model.state import State
from mqviz.model.units import Duration
from mqviz.player import Player
from mqviz.scenario import Moment

ASK_DROP = "Your bet is still running. Drop it and act now?"
ASK_SKIP = "This step begins with a bet. Skip it and act now?"
BET_FIRST = "First your bet: how will it come out?"
NO_WAY_BACK = (
    "A real cluster cannot go back, so a step cannot be reset; goals can still be reached from here."
)


LESSON = "lesson"
"""Name of a branch that the lesson began by itself, so that it does not count among the learner's."""


class Tutor:
    """A lesson being played; `number` is the step's, from 0.

    `shadow` is a simulated run of the same lesson beside a live one: it says what the simulator foresees.
    """

    def __init__(
        self,
        lesson: Lesson,
        run: Player,
        progress: Progress | None = None,
        step: int = 0,
        shadow: Player | None = None,
    ) -> None:
        self.lesson = lesson
        self.run = run
        self.progress = progress or Progress(None)
        self.shadow = shadow
        self.finished = False
        self.notice = ""
        self.number = 0 if run.live else min(step, len(lesson.steps) - 1)
        if not run.live:
            walk(lesson, run, self.number)
        self.at = self._begin()

    # -- what a screen asks ----------------------------------------------------------------------------

    @property
    def step(self) -> Step:
        """The step that is played."""
        return self.lesson.steps[self.number]

    @property
    def prediction(self) -> Prediction | None:
        """The step's prediction, if it has one."""
        return self.at.prediction

    @property
    def phase(self) -> Phase:
        """Where the step stands."""
        prediction = self.at.prediction
        if self.finished:
            return Phase.FINISHED
        if prediction and not prediction.settled:
            return Phase.PREDICT if prediction.bet is None else Phase.RUNNING
        return Phase.DONE if self.at.goals.all_reached else Phase.GOALS

    @property
    def due_us(self) -> int | None:
        """When the bet that runs comes out; None while none does."""
        prediction = self.at.prediction
        return prediction.due_us if prediction and self.phase is Phase.RUNNING else None

    def before_command(self) -> str:
        """The question to ask before a command of the learner is given (then `drop`); "" if none."""
        return {Phase.PREDICT: ASK_SKIP, Phase.RUNNING: ASK_DROP}.get(self.phase, "")

    def before_play(self) -> str:
        """Why time should not run yet; "" if it may."""
        return BET_FIRST if self.phase is Phase.PREDICT and not self.run.live else ""

    def view(self) -> TutorView:
        """Everything a screen shows of the lesson now."""
        at, phase, step = self.at, self.phase, self.step
        goals = () if phase in (Phase.PREDICT, Phase.RUNNING) else self._goal_views()
        still = [n for n, goal in enumerate(goals) if goal.truth is not Truth.REACHED]
        return TutorView(
            number=self.lesson.number,
            title=self.lesson.title,
            step=self.number + 1,
            steps=len(self.lesson.steps),
            heading=step.title,
            phase=phase,
            text=step.before,
            prediction=at.prediction.view() if at.prediction else None,
            goals=goals,
            open_goal=still[0] if still else None,
            explain=at.explain() if phase in (Phase.DONE, Phase.FINISHED) else (),
            hints=tuple(step.block.hint[: at.hints]),
            hints_left=len(step.block.hint) - at.hints,
            offer_hint=phase is Phase.GOALS and at.stuck,
            solution=tuple(self._in_words(script) for script in step.solution) if at.solving else (),
            nudge=at.nudge if phase is Phase.GOALS else "",
            notice=self.notice,
            real_life=self.lesson.real_life,
            simplified=self.lesson.simplified,
        )

    # -- what the learner does -------------------------------------------------------------------------

    def bet(self, answer: int) -> None:
        """Bet on the answer with this index; the step's own commands are given and time runs."""
        prediction = self.at.prediction
        if prediction is None or self.phase is not Phase.PREDICT or not 0 <= answer < len(prediction.answers):
            return
        if not self.run.live:
            prediction.foreseen = foresee(self.step, self.run)
        prediction.bet = answer
        self.notice = self.at.do()
        prediction.due_us = self.run.now_us + int(self.step.block.run)
        self.run.play()

    def drop(self) -> None:
        """Let the bet go; the step goes on with its goals."""
        phase, prediction = self.phase, self.at.prediction
        if prediction and phase in (Phase.PREDICT, Phase.RUNNING):
            prediction.dropped = True
            if phase is Phase.PREDICT:
                self.notice = self.at.do()

    def check(self, elapsed_us: int = 0) -> None:
        """Look at the run after anything happened to it; `elapsed_us` of wall time have passed since."""
        if self.finished:
            return
        self._watch_bet()
        for number in self.at.moments.look(self.run):
            self._name(number)
        if self.phase not in (Phase.GOALS, Phase.DONE):
            return
        fresh = self.at.goals.look(self.run)
        self.at.hear()
        if self.at.done is None and self.phase is Phase.DONE:
            self.at.done = deepcopy(self.run.state)
            self._calm_down()
        self.at.waited_us = 0 if fresh else self.at.waited_us + elapsed_us
        for number in range(len(self.step.goals)):
            if self.at.goals.reached(number):
                self.progress.goal(self.lesson.number, self.number + 1, number + 1)

    def next(self) -> bool:
        """Go on to the next step, or finish the lesson; False while goals are open."""
        if self.phase is not Phase.DONE:
            return False
        if self.number + 1 == len(self.lesson.steps):
            self.finished = True
            self.progress.finish(self.lesson.number)
        else:
            self.number += 1
            self.progress.step(self.lesson.number, self.number + 1)
            self.at = self._begin()
        return True

    def hint(self) -> None:
        """Show one more hint."""
        self.at.hints = min(self.at.hints + 1, len(self.step.block.hint))
        self.at.waited_us = 0

    def solve(self) -> str:
        """Show the solution; when it is shown already, give its next command, whose text is returned.

        The first one begins the step anew if the learner has acted already.
        """
        if not self.at.solving:
            self.at.solving = True
            return ""
        if self.phase is not Phase.GOALS:
            return ""
        if self.at.must_begin_anew() and not self.run.live:
            self.reset()
            self.at.solving = True
        text = self.at.solve()
        self.run.play()
        self.check()
        return text

    def refused(self, sentence: str) -> None:
        """A command of the learner was refused: say why, and count it as a failure."""
        self.notice = sentence
        self.at.failures += 1

    def accepted(self) -> None:
        """A command of the learner was good: what was wrong with the one before is old news."""
        self.notice = ""

    def reset(self) -> None:
        """Begin the step again on a new branch from where it began; a bet that came out stays."""
        if self.run.live:
            self.notice = NO_WAY_BACK
            return
        before = self.at
        kept = before.prediction if before.prediction and before.prediction.settled else None
        self.finished = False
        self.run.pause()
        self.run.seek(before.goals.since_us)
        self.run.fork()
        self.at = self._begin(kept)
        self.at.hints = before.hints
        if kept:
            self.notice = self.at.do()
            self.run.play()

    # -- inside ----------------------------------------------------------------------------------------

    def _begin(self, kept: Prediction | None = None) -> Attempt:
        """Begin the step where the run stands; without a bet to ask for, its own commands are given."""
        self.notice = ""
        if self.step.block.rewind:
            rewind(self.run)
            self._forget_moments()
        self._calm_down()
        prediction = kept or self._prediction()
        attempt = Attempt(self.step, self.run, prediction)
        if prediction is None:
            self.notice = attempt.do()
        if self.run.live:
            self.run.play()
        else:
            self.run.pause()
        return attempt

    def _calm_down(self) -> None:
        """Not faster than the clock: the learner reads now, and what was hurried past is not to be missed."""
        self.run.speed = min(self.run.speed, 1.0)

    def _prediction(self) -> Prediction | None:
        predict, outcome = self.step.block.predict, self.step.outcome
        if predict is None or outcome is None:
            return None
        return Prediction(predict, outcome, self._foreseen())

    def _foreseen(self) -> State | None:
        if self.run.live:
            if self.shadow is None:
                return None
            walk(self.lesson, self.shadow, self.number)
            return foresee(self.step, self.shadow)
        try:
            return foresee(self.step, self.run)
        except Refused:
            walk(self.lesson, self.run, self.number)
            self.notice = "The run had become another one, so this step starts as the lesson has it."
            return foresee(self.step, self.run)

    def _watch_bet(self) -> None:
        prediction = self.at.prediction
        if prediction is None or prediction.bet is None or self.phase is not Phase.RUNNING:
            return
        if self.run.branch.number != self.at.branch:
            self.drop()
        elif prediction.settle(self.run):
            if not self.run.live:
                self.run.seek(prediction.due_us)
                self.run.pause()
            view = prediction.view()
            bet = Bet(self.number + 1, view.answers[prediction.bet], view.outcome, view.right is True)
            self.progress.bet(self.lesson.number, bet)

    def _name(self, number: int) -> None:
        name = self.step.moments[number][0]
        others = [moment for moment in self.run.named if moment.name != name]
        self.run.named[:] = [*others, Moment(Duration(self.at.moments.reached_us(number)), name)]

    def _forget_moments(self) -> None:
        """Names that the lesson gave to moments of other branches."""
        given = [name for step in self.lesson.steps for name, _ in step.moments]
        self.run.named[:] = [moment for moment in self.run.named if moment.name not in given]

    def _goal_views(self) -> tuple[GoalView, ...]:
        return tuple(
            GoalView(goal.say, self._truth(number), goal.suggest, self.at.goals.unknown(number))
            for number, goal in enumerate(self.step.goals)
        )

    def _in_words(self, script: Script) -> str:
        """A line of the solution as what a learner can do: waiting is no command."""
        if script.command:
            return script.text
        return f"let {script.wait_us / 1_000_000:g} s pass{'' if self.run.live else ' (space)'}"

    def _truth(self, number: int) -> Truth:
        if self.at.goals.reached(number):
            return Truth.REACHED
        return Truth.UNKNOWN if self.at.goals.unknown(number) else Truth.OPEN


def walk(lesson: Lesson, run: Player, step: int) -> None:
    """Bring a simulated run to the start of a step (from 0), as if everything before was done as the lesson
    has it.
    """
    run.pause()
    rewind(run)
    for done in lesson.steps[:step]:
        if done.block.rewind:
            rewind(run)
        for text in done.do:
            run.submit(text)
        run.seek(run.now_us + int(done.block.run))
        perform(run, done.solution)
    if lesson.steps[step].block.rewind:
        rewind(run)


def rewind(run: Player) -> None:
    """Go back to time 0, to a branch on which nobody has done anything."""
    run.seek(0)
    if run.branch.commands or len(run.branch.events) > run.cursor:
        run.fork().name = LESSON


def perform(run: Player, scripts: Sequence[Script]) -> None:
    """Give commands and wait as the scripts say; raises Refused."""
    for script in scripts:
        if script.command is None:
            run.seek(run.now_us + script.wait_us)
        else:
            run.submit(script.text)
