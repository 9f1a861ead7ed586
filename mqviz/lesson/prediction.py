"""Prediction: a bet on a fact, its outcome from a throw-away fork, and what a real cluster made of it.

The answers offered are those of the lesson; if none of them is what the fork computes (another seed, a world
that the learner changed), the computed one is put among them, so that a right answer can always be chosen.
"""

from __future__ import annotations

from copy import deepcopy

from mqviz.lesson import goals, values
from mqviz.lesson.format import Predict, Step
from mqviz.lesson.goals import Value
from mqviz.lesson.view import PredictionView
from mqviz.model.observed.state import Unknown
from mqviz.model.state import State
from mqviz.player import Player


class Prediction:
    """One prediction of one step. `bet` is an index in `answers`;
    `due_us` when the run reaches the outcome.
    """

    def __init__(self, predict: Predict, outcome: goals.Reading, fork: State | None) -> None:
        self.predict = predict
        self.reading = outcome
        self.answers = tuple(str(answer) for answer in predict.answers)
        self.foreseen: State | None = fork
        if fork is not None:
            self.answers = with_computed(self.answers, outcome, outcome.read(fork))
        self.bet: int | None = None
        self.due_us = 0
        self.dropped = False
        self._shown: State | None = None

    @property
    def settled(self) -> bool:
        """True once the outcome is shown, or the bet was dropped."""
        return self._shown is not None or self.dropped

    @property
    def value(self) -> Value:
        """The outcome that is shown; None before."""
        return self.reading.read(self._shown) if self._shown is not None else None

    @property
    def right(self) -> bool | None:
        """How the bet came out."""
        value = self.value
        if self._shown is None or self.bet is None or isinstance(value, Unknown):
            return None
        return values.is_answer(self.answers[self.bet], self.reading.fact, value)

    def settle(self, run: Player) -> bool:
        """Show the outcome if the run has reached it; True at the moment when it does."""
        if self.settled or self.bet is None or run.now_us < self.due_us:
            return False
        if run.live:
            if isinstance(self.reading.read(run.state), Unknown):
                return False
            self._shown = deepcopy(run.state)
        else:
            self._shown = self.foreseen
        return True

    def view(self) -> PredictionView:
        """What the screen shows of it."""
        asked = PredictionView(self.predict.question, self.answers, self.bet, dropped=self.dropped)
        if self._shown is None:
            return asked
        return asked._replace(
            outcome=self._text(self.value),
            right=self.right,
            equation=goals.fill(self.predict.equation, self._shown),
            because=self.predict.because,
            simulated=self._simulated(),
        )

    def _text(self, value: Value) -> str:
        if not isinstance(value, Unknown):
            for answer in self.answers:
                if values.is_answer(answer, self.reading.fact, value):
                    return answer
        return values.shown(self.reading.fact, value)

    def _simulated(self) -> str:
        """What the simulator said, if the real outcome is another."""
        if self.foreseen is None or self.foreseen is self._shown:
            return ""
        said = self._text(self.reading.read(self.foreseen))
        return "" if said == self._text(self.value) else said


def with_computed(answers: tuple[str, ...], reading: goals.Reading, value: Value) -> tuple[str, ...]:
    """`answers`, and the computed one in its place if it is not among them."""
    if isinstance(value, Unknown) or any(values.is_answer(a, reading.fact, value) for a in answers):
        return answers
    computed = values.shown(reading.fact, value)
    if not isinstance(value, int | float):
        return (*answers, computed)
    sizes = [values.number(answer, reading.fact) or 0 for answer in answers]
    place = sum(size < value for size in sizes)
    return (*answers[:place], computed, *answers[place:])


def foresee(step: Step, run: Player) -> State:
    """The world at the step's outcome, computed on a fork from here; raises Refused."""
    return run.foresee(step.do, int(step.block.run))
