"""Proof: shows that a lesson holds, by playing it as a learner would.

Of every step: the world it starts in does not satisfy its goals, the reference solution does, the listed
wrong and lazy routes do not, and undo takes the goals back. Besides: the offered answers hold the computed
one and two wrong ones at least, nothing is refused, the scene draws at both sizes, the text fits the lesson
pane, and names no number that the run does not produce.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable, Iterator
from copy import deepcopy
from typing import NamedTuple

from mqviz import commands
from mqviz.backend import Refused
from mqviz.lesson import goals, numbers
from mqviz.lesson.format import Lesson, Script, Step
from mqviz.lesson.tutor import Tutor, perform
from mqviz.lesson.view import Phase
from mqviz.lesson.watch import Watch
from mqviz.model.state import State
from mqviz.player import Player
from mqviz.scenario import Scenario

Draw = Callable[[str, State, int, int, int], object]
"""Draws scene (by name), state, at a time (us), in columns and rows; raises if it cannot."""

SIZES = ((60, 16), (160, 45))
PANE_COLUMNS, PANE_ROWS = 29, 23
"""What the lesson pane has for text in a terminal of 100x30."""


class Line(NamedTuple):
    """One thing that was proven, or not: `detail` says what is wrong."""

    step: int
    what: str
    ok: bool
    detail: str = ""


class Report(NamedTuple):
    """What became of all the proofs of one lesson."""

    number: int
    title: str
    proofs: tuple[Line, ...]

    @property
    def ok(self) -> bool:
        """True if everything holds."""
        return all(line.ok for line in self.proofs)

    @property
    def lines(self) -> list[str]:
        """The report for reading: what holds in one line a step, what does not in full."""
        found = [f"{self.number} {self.title}"]
        for step in sorted({line.step for line in self.proofs}):
            here = [line for line in self.proofs if line.step == step]
            name = f"step {step}" if step else "lesson"
            found.append(f"  {name}: {sum(line.ok for line in here)} of {len(here)} hold")
            found += [f"    ✗ {line.what}: {line.detail}" for line in here if not line.ok]
        return found


def check(lesson: Lesson, open_run: Callable[[Scenario], Player], draw: Draw) -> Report:
    """Prove everything about a lesson; `open_run` opens a simulated run of its scenario."""
    proofs: list[Line] = []
    try:
        run = open_run(lesson.scenario)
    except (Refused, ValueError) as error:
        return Report(lesson.number, lesson.title, (Line(0, "the scenario opens", False, str(error)),))
    try:
        for number in range(len(lesson.steps)):
            proofs += _step(_Proof(lesson, run, number, draw))
    finally:
        run.close()
    proofs += _whole(lesson)
    return Report(lesson.number, lesson.title, tuple(proofs))


class _Proof:
    """The proofs of one step: each starts the step anew, on a branch of its own."""

    def __init__(self, lesson: Lesson, run: Player, number: int, draw: Draw) -> None:
        self.lesson = lesson
        self.run = run
        self.number = number
        self.step: Step = lesson.steps[number]
        self.draw = draw
        self.states: list[State] = []

    def line(self, what: str, wrong: str = "") -> Line:
        return Line(self.number + 1, what, not wrong, wrong)

    def start(self) -> Tutor:
        """A tutor at the start of the step, as the lesson has it."""
        return Tutor(self.lesson, self.run, step=self.number)

    def begin(self, tutor: Tutor) -> None:
        """Bet on the right answer (if asked) and run to the outcome."""
        prediction = tutor.at.prediction
        if prediction and prediction.foreseen is not None:
            tutor.bet(_right(tutor))
            tutor.run.seek(prediction.due_us)
        tutor.check()

    def route(self, route: tuple[Script, ...]) -> Tutor:
        """A tutor after the outcome and the commands and waits of `route`."""
        tutor = self.start()
        self.begin(tutor)
        for script in route:
            perform(self.run, (script,))
            tutor.check()
        return tutor


def _step(proof: _Proof) -> Iterator[Line]:
    for part in (_start, _bet, _solution, _wrong, _drawn, _numbers, _hints):
        try:
            yield from part(proof)
        except (Refused, ValueError) as error:
            yield proof.line(part.__name__.strip("_"), str(error))
    yield _fits(proof)


def _start(proof: _Proof) -> Iterator[Line]:
    tutor = proof.start()
    watch = Watch([goal.check for goal in proof.step.goals], proof.run)
    watch.look(proof.run)
    proof.states.append(deepcopy(proof.run.state))
    yield proof.line("the start does not satisfy the goals", "it does" if watch.all_reached else "")
    if tutor.notice:
        yield proof.line("the step starts", tutor.notice)


def _bet(proof: _Proof) -> Iterator[Line]:
    predict, tutor = proof.step.block.predict, proof.start()
    if predict is None or tutor.at.prediction is None:
        return
    offered, answers = len(predict.answers), tutor.at.prediction.answers
    what = "the answers hold the computed one"
    computed = next((a for a in answers if a not in map(str, predict.answers)), "")
    yield proof.line(what, f"it is {computed}" if computed else "")
    few = f"of {offered} answers only {offered - 1} are wrong" if offered < 3 else ""
    yield proof.line("at least two answers are wrong", few)
    proof.begin(tutor)
    right = tutor.at.prediction.right
    yield proof.line("the right bet wins", "" if right else "it does not")
    proof.states.append(deepcopy(proof.run.state))


def _solution(proof: _Proof) -> Iterator[Line]:
    tutor = proof.route(proof.step.solution)
    proof.states.append(deepcopy(proof.run.state))
    missing = ", ".join(_open(tutor))
    yield proof.line("the solution reaches the goals", f"not: {missing}" if missing else "")
    given = len(proof.run.branch.commands)
    if given and proof.run.branch.commands[-1][0] > tutor.at.goals.since_us:
        proof.run.undo()
    else:
        proof.run.seek(tutor.at.goals.since_us)
    tutor.check()
    yield proof.line("the goals follow undo", "" if _open(tutor) else "they stay reached")


def _wrong(proof: _Proof) -> Iterator[Line]:
    if not proof.step.wrong:
        yield proof.line("there are wrong routes", "none is listed")
    for wrong, route in zip(proof.step.block.wrong, proof.step.wrong, strict=True):
        what = f"`{', '.join(wrong.route) or 'doing nothing'}` does not reach the goals"
        yield proof.line(what, "" if _open(proof.route(route)) else "it does")


def _drawn(proof: _Proof) -> Iterator[Line]:
    for columns, rows in SIZES:
        wrong = ""
        try:
            for state in proof.states:
                proof.draw(proof.lesson.scenario.scene, state, state.now_us, columns, rows)
        except Exception as error:  # whatever a scene does wrong is a line of the report
            wrong = f"{type(error).__name__}: {error}"
        yield proof.line(f"the scene draws at {columns}x{rows}", wrong)


def _numbers(proof: _Proof) -> Iterator[Line]:
    step, block = proof.step, proof.step.block
    texts = [step.title, *step.before, *step.after, *block.hint]
    texts += [goal.say for goal in step.goals] + [wrong.because for wrong in block.wrong]
    if block.predict:
        texts += [block.predict.question, block.predict.because, block.predict.equation]
    found = numbers.unfounded(proof.lesson, step, texts, proof.states)
    yield proof.line("every number comes from the run", ", ".join(found))
    yield proof.line("the listed numbers are true", "; ".join(numbers.false_numbers(step, proof.states)))


def _hints(proof: _Proof) -> Iterator[Line]:
    """Commands that hints show between backticks must be right to the letter."""
    verbs = {verb for verb, _ in commands.TABLE}
    wrong = []
    for shown in re.findall(r"`([^`]+)`", " ".join(proof.step.block.hint)):
        if shown.split(" ")[0] in verbs:
            try:
                commands.parse(shown)
            except commands.GrammarError as error:
                wrong.append(f"`{shown}`: {error}")
    yield proof.line("the commands in hints parse", "; ".join(wrong))


def _whole(lesson: Lesson) -> Iterator[Line]:
    texts = [*lesson.intro, *lesson.real_life, *lesson.simplified]
    found = numbers.unfounded(lesson, None, texts, ())
    yield Line(0, "every number comes from the scenario or is stated", not found, ", ".join(found))
    for what, text in (("In real life", lesson.real_life), ("Simplified", lesson.simplified)):
        yield Line(0, f"it has `{what}`", bool(text), "" if text else "the section is missing")


def _fits(proof: _Proof) -> Line:
    """The step with its outcome and its goals, as the lesson pane lays it out."""
    step, predict = proof.step, proof.step.block.predict
    rows = _rows(step.title) + sum(1 + _rows(text) for text in step.before)
    if predict:
        rows += 2 + _rows(predict.question) + _answer_rows(predict.answers)
        equation = goals.fill(predict.equation, proof.states[-1]) if proof.states else predict.equation
        rows += 3 + _rows(equation) + _rows(predict.because)
    rows += 2 + sum(_rows(goal.say, 3) for goal in step.goals)
    rows += max(_rows(goal.suggest, 3) if goal.suggest else 0 for goal in step.goals)
    wrong = "" if rows <= PANE_ROWS else f"it takes {rows} rows"
    return proof.line(f"the text fits {PANE_COLUMNS}x{PANE_ROWS}", wrong)


def _answer_rows(answers: tuple[str | int, ...]) -> int:
    return 1 if sum(len(str(answer)) + 3 for answer in answers) <= PANE_COLUMNS else len(answers)


def _rows(text: str, indent: int = 0) -> int:
    return len(textwrap.wrap(text, PANE_COLUMNS - indent))


def _open(tutor: Tutor) -> list[str]:
    if tutor.phase is Phase.DONE:
        return []
    watch = tutor.at.goals
    return [goal.say for number, goal in enumerate(tutor.step.goals) if not watch.reached(number)]


def _right(tutor: Tutor) -> int:
    """The index of the answer that the fork computed."""
    from mqviz.lesson.values import is_answer

    prediction = tutor.at.prediction
    if prediction is None or prediction.foreseen is None:
        return 0
    value = prediction.reading.read(prediction.foreseen)
    if not isinstance(value, int | float | str | None):
        return 0
    fact = prediction.reading.fact
    return next((n for n, answer in enumerate(prediction.answers) if is_answer(answer, fact, value)), 0)
