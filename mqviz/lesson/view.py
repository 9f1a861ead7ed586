"""TutorView: what a screen shows of a lesson at one moment, as plain data;
whoever draws it decides nothing.
"""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple


class Phase(Enum):
    """Where a step stands: a bet is asked for; it runs; goals are open; all are reached;
    the lesson is over.
    """

    PREDICT = "predict"
    RUNNING = "running"
    GOALS = "goals"
    DONE = "done"
    FINISHED = "finished"


class Truth(Enum):
    """A goal's state; UNKNOWN where the cluster does not show what is needed."""

    REACHED = "reached"
    OPEN = "open"
    UNKNOWN = "unknown"


class PredictionView(NamedTuple):
    """A prediction. `bet` is the chosen answer's place in `answers`, None before the bet or if it was
    dropped.

    `outcome` is "" until the run reached it; then `right` says how the bet came out (None without a bet).
    `simulated` is what the simulator said, where a real cluster came out differently, else "".
    """

    question: str
    answers: tuple[str, ...]
    bet: int | None = None
    outcome: str = ""
    right: bool | None = None
    equation: str = ""
    because: str = ""
    simulated: str = ""
    dropped: bool = False


class GoalView(NamedTuple):
    """A goal. `suggest` is the command that reaches it, or ""; `reason` says why it is unknown."""

    say: str
    truth: Truth
    suggest: str = ""
    reason: str = ""


class TutorView(NamedTuple):
    """Everything a lesson says now. Goals are () until the outcome, so that they do not give it away.

    `dots` has a `●` for each step up to this one. `explain` are the paragraphs for when the step is done.
    `nudge` answers a try that cannot work; `notice` is what went wrong; `offer_hint`: the learner seems
    stuck. `hints` are those asked for so far, `solution` is () until it was asked for. `real_life` and
    `simplified` are always there; what is real life is shown when the last step is done, so that it gives no
    bet away.
    """

    number: int
    title: str
    step: int
    steps: int
    heading: str
    phase: Phase
    text: tuple[str, ...]
    prediction: PredictionView | None
    goals: tuple[GoalView, ...]
    open_goal: int | None
    explain: tuple[str, ...]
    hints: tuple[str, ...]
    hints_left: int
    offer_hint: bool
    solution: tuple[str, ...]
    nudge: str
    notice: str
    real_life: tuple[str, ...]
    simplified: tuple[str, ...]

    @property
    def dots(self) -> str:
        """`●●○○○` in step 2 of 5."""
        return "●" * self.step + "○" * (self.steps - self.step)
