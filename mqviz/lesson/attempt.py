"""Attempt: one try at a step: its bet, what is watched since it began, and how much help was given."""

from __future__ import annotations

from mqviz.backend import Refused
from mqviz.lesson.format import Step
from mqviz.lesson.numbers import current
from mqviz.lesson.prediction import Prediction
from mqviz.lesson.run import Run
from mqviz.lesson.watch import Watch
from mqviz.model.state import State

PATIENCE_US = 40_000_000
FAILURES = 2
"""After so much time without a goal, or so many tries that cannot work, a hint is offered."""


class Attempt:
    """One try at a step, from where the run stands now: what is asked, watched and shown so far."""

    def __init__(self, step: Step, run: Run, prediction: Prediction | None) -> None:
        self.step = step
        self.run = run
        self.prediction = prediction
        self.goals = Watch([goal.check for goal in step.goals], run)
        self.moments = Watch([check for _, check in step.moments], run)
        self.branch = run.branch.number
        self.given = len(run.branch.commands)
        self.hints = 0
        self.solving = False
        self.solved = 0
        self.waited_us = 0
        self.failures = 0
        self.nudge = ""
        self.done: State | None = None

    def do(self) -> str:
        """Give the step's own commands; returns what went wrong, or ""."""
        wrong = ""
        try:
            for text in self.step.do:
                self.run.submit(text)
        except Refused as error:
            wrong = f"This step cannot start as it should: {error}"
        self.branch = self.run.branch.number
        self.given = len(self.run.branch.commands)
        return wrong

    def hear(self) -> None:
        """Notice whether the learner's last command is one of the routes that cannot work."""
        before, self.nudge = self.nudge, ""
        tried = self.run.branch.commands[self.given :]
        if tried and tried[-1][0] <= self.run.now_us + 1:
            for wrong, route in zip(self.step.block.wrong, self.step.wrong, strict=True):
                given = [script.command for script in route if script.command]
                if given and given[-1] == tried[-1][1]:
                    self.nudge = wrong.because
        self.failures += bool(self.nudge) and self.nudge != before

    def explain(self) -> tuple[str, ...]:
        """The paragraphs for when the goals are reached, with the numbers of this run."""
        outcome = self.prediction.foreseen if self.prediction else None
        states = [state for state in (outcome, self.done) if state is not None]
        return tuple(current(text, self.step, states) for text in self.step.after)

    @property
    def stuck(self) -> bool:
        """True if a hint is worth offering."""
        more = self.hints < len(self.step.block.hint)
        return more and (self.waited_us >= PATIENCE_US or self.failures >= FAILURES)
