"""Attempt: one try at a step: its bet, what is watched since it began, and how much help was given."""

from __future__ import annotations

from mqviz.backend import Refused
from mqviz.lesson.format import Step
from mqviz.lesson.numbers import current
from mqviz.lesson.prediction import Prediction
from mqviz.lesson.watch import Watch
from mqviz.model.command.base import Command
from mqviz.model.state import State
from mqviz.player import Player

PATIENCE_US = 40_000_000
FAILURES = 2
"""After so much time without a goal, or so many tries that cannot work, a hint is offered."""

SLACK_US = 200_000
"""So much later than the solution says is still the same moment."""


class Attempt:
    """One try at a step, from where the run stands now: what is asked, watched and shown so far."""

    def __init__(self, step: Step, run: Player, prediction: Prediction | None) -> None:
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
        self.solved_us = run.now_us + int(step.block.run)
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
        self.solved_us = self.run.now_us + int(self.step.block.run)
        return wrong

    def tried(self) -> list[Command]:
        """The learner's own commands in this step, up to what is shown."""
        return [c for at, c in self.run.branch.commands[self.given :] if at <= self.run.now_us + 1]

    def hear(self) -> None:
        """Notice whether the learner's last commands are one of the routes that cannot work; the longest
        counts.
        """
        before, self.nudge, most = self.nudge, "", 0
        tried = self.tried()
        for wrong, route in zip(self.step.block.wrong, self.step.wrong, strict=True):
            given = [script.command for script in route if script.command]
            if wrong.goal and self.goals.reached(wrong.goal - 1):
                continue
            if len(given) > most and tried[-len(given) :] == given:
                self.nudge, most = wrong.because, len(given)
        self.failures += bool(self.nudge) and self.nudge != before

    def must_begin_anew(self) -> bool:
        """True if the solution cannot start from here: the learner acted already, or its time is over."""
        late = self.step.solution[0].wait_us and self.run.now_us > self.next_us() + SLACK_US
        return not self.solved and bool(self.tried() or late)

    def next_us(self) -> int:
        """When the solution's next command is due."""
        waits = 0
        for script in self.step.solution[self.solved :]:
            if script.command:
                break
            waits += script.wait_us
        return self.solved_us + waits

    def solve(self) -> str:
        """Give the solution's next command at its time; its text, "" if none is left."""
        left = [n for n, script in enumerate(self.step.solution) if script.command and n >= self.solved]
        if not left:
            return ""
        if not self.run.live and self.run.now_us < self.next_us():
            self.run.seek(self.next_us())
        text = self.step.solution[left[0]].text
        self.run.submit(text)
        self.solved, self.solved_us = left[0] + 1, self.run.now_us
        return text

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
