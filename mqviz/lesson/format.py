"""Format: a lesson is one Markdown file, readable by itself as a page of the course.

Front matter says what the lesson is and what world it plays in. Each `##` heading is a step: prose, one
fenced block ``` ```yaml step ``` with what the step asks, does and checks, then the prose that explains what
was seen. Three headings are no steps: "In real life", "Simplified" and "For the instructor". Everything is
data; what does not fit is refused with file, line, what was expected and the nearest word.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal, NamedTuple

import msgspec

from mqviz import commands, yamlfile
from mqviz.lesson import goals, page
from mqviz.model.command.base import Command
from mqviz.model.units import Duration
from mqviz.scenario import Scenario, load_scenario
from mqviz.schema import schema_of
from mqviz.yamlfile import FileError

REAL_LIFE, SIMPLIFIED, INSTRUCTOR = "In real life", "Simplified", "For the instructor"
WAIT = "wait "


class Struct(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Base of everything that is written in a lesson's YAML."""


class Predict(Struct, frozen=True):
    """A question answered before the run. `outcome` is a fact; it decides which of `answers` was right.

    `equation` shows how the number comes about, with facts in braces; `because` is the reason in one
    sentence.
    """

    question: str
    answers: tuple[str | int, ...]
    outcome: str
    because: str
    equation: str = ""


class Goal(Struct, frozen=True):
    """One thing to reach: its sentence, its check, and the command that the screen suggests (or none)."""

    say: str
    check: str
    suggest: str = ""


class Wrong(Struct, frozen=True):
    """A route that does not reach the goal: what is done, and what to say to somebody who tried it.

    `goal`: the number of the goal that it misses; once that one is reached, nothing is said. 0: any.
    """

    route: tuple[str, ...]
    because: str
    goal: int = 0


class Block(Struct, frozen=True):
    """What a step asks, does and checks.

    With `rewind` the step begins again at time 0 of the run. `do` are commands given when the step starts
    (with a prediction: when the bet is placed), `run` is how long until the outcome. `solution` and routes
    are commands and waits (`wait 5s`). `moment` names times: name and the check that is true from then on.
    `numbers` are numbers of the prose and the facts that they must be.
    """

    goal: tuple[Goal, ...]
    hint: tuple[str, str, str]
    solution: tuple[str, ...]
    wrong: tuple[Wrong, ...]
    predict: Predict | None = None
    rewind: bool = False
    do: tuple[str, ...] = ()
    run: Duration = Duration(0)
    moment: dict[str, str] = {}
    numbers: dict[str, str] = {}


class Front(Struct, frozen=True):
    """What a lesson is. `guide`: the theory guide's sections; `needs`: lessons to do before.

    `scenario` is the world, or the name of a file in assets/scenarios. `plays_on`: `simulator`, `kafka`.
    `stated` are numbers that the text states as facts of the real world, each with where it is from.
    """

    number: int
    title: str
    guide: tuple[str, ...]
    minutes: int
    scenario: Scenario | str
    needs: tuple[int, ...] = ()
    plays_on: tuple[Literal["simulator", "kafka"], ...] = ("simulator",)
    stated: dict[str, str] = {}


class Script(NamedTuple):
    """One thing to do: a command, or a wait."""

    text: str
    command: Command | None
    wait_us: int


class GoalCheck(NamedTuple):
    """A goal, ready to be checked."""

    say: str
    check: goals.Check
    suggest: str


class Step(NamedTuple):
    """A step, ready to be played. `before` and `after` are the paragraphs around its block."""

    title: str
    line: int
    block: Block
    before: tuple[str, ...]
    after: tuple[str, ...]
    do: tuple[str, ...]
    outcome: goals.Reading | None
    goals: tuple[GoalCheck, ...]
    solution: tuple[Script, ...]
    wrong: tuple[tuple[Script, ...], ...]
    moments: tuple[tuple[str, goals.Check], ...]
    numbers: tuple[tuple[str, goals.Reading], ...]


class Lesson(NamedTuple):
    """A whole lesson. `source` is the file that it was read from."""

    source: str
    front: Front
    scenario: Scenario
    intro: tuple[str, ...]
    steps: tuple[Step, ...]
    real_life: tuple[str, ...]
    simplified: tuple[str, ...]
    instructor: tuple[str, ...]

    @property
    def number(self) -> int:
        """The lesson's place in the course."""
        return self.front.number

    @property
    def title(self) -> str:
        """The lesson's title."""
        return self.front.title


def load_lesson(path: Path) -> Lesson:
    """The lesson in a file; raises FileError with a sentence for whatever is wrong with it."""
    return read_lesson(yamlfile.text_of(path), str(path))


def read_lesson(text: str, source: str) -> Lesson:
    """The lesson that the Markdown `text` is; `source` names it in errors. Raises FileError."""
    parts = page.parse(text, source)
    front = yamlfile.read(parts.front, Front, source, parts.front_line)
    sections = {section.title: section for section in parts.sections}
    asides = [sections.pop(title, None) for title in (REAL_LIFE, SIMPLIFIED, INSTRUCTOR)]
    if not sections:
        raise FileError(source, 1, 1, "a lesson needs a step: a `##` heading with a ```yaml step block")
    steps = tuple(_step(section, source) for section in sections.values())
    _whole(front, steps, source)
    real_life, simplified, instructor = (aside.before if aside else () for aside in asides)
    scenario = _scenario(front, parts, source)
    return Lesson(source, front, scenario, parts.intro, steps, real_life, simplified, instructor)


def step_schema() -> dict[str, Any]:
    """The JSON Schema of a step's block, for editors."""
    return schema_of(Block)


def _script(text: str) -> Script:
    if text.startswith(WAIT):
        return Script(text, None, int(Duration.parse(text.removeprefix(WAIT))))
    return Script(text, commands.parse(text), 0)


def _scenario(front: Front, parts: page.Page, source: str) -> Scenario:
    if isinstance(front.scenario, Scenario):
        return front.scenario
    lesson = Path(source)
    places = [lesson.parent, lesson.parent.parent / "assets" / "scenarios"]
    for place in places:
        found = place / f"{front.scenario}.yaml"
        if found.exists():
            return load_scenario(found)
    line, column = yamlfile.place(parts.front, ["scenario"], parts.front_line)
    raise FileError(source, line, column, f"there is no scenario file `{front.scenario}.yaml`")


def _whole(front: Front, steps: tuple[Step, ...], source: str) -> None:
    """Refuse what is right in each part and wrong together."""
    if not any(step.block.predict for step in steps):
        raise FileError(source, steps[0].line, 1, "a lesson needs at least one `predict`")
    for step in steps:
        if not step.goals:
            raise FileError(source, step.line, 1, f"the step `{step.title}` needs at least one goal")
        if step.block.rewind and "kafka" in front.plays_on:
            raise FileError(
                source, step.line, 1, "`rewind` cannot be played on kafka: a cluster has no way back"
            )


def _step(section: page.Section, source: str) -> Step:
    if section.block is None:
        sentence = f"the step `{section.title}` needs one fenced block: ```yaml step"
        raise FileError(source, section.line, 1, sentence)
    block = yamlfile.read(section.block, Block, source, section.block_line)
    reader = _Reader(section, source)
    predict = block.predict
    if predict:
        reader.read(goals.placeholders, predict.equation, "predict", "equation")
    return Step(
        section.title,
        section.line,
        block,
        section.before,
        section.after,
        tuple(s.text for s in reader.each(_command, block.do, "do")),
        reader.read(goals.parse_reading, predict.outcome, "predict", "outcome") if predict else None,
        tuple(_goal(reader, goal, str(n)) for n, goal in enumerate(block.goal)),
        reader.each(_script, block.solution, "solution"),
        tuple(reader.each(_script, w.route, "wrong", str(n), "route") for n, w in enumerate(block.wrong)),
        tuple((n, reader.read(goals.parse_check, c, "moment", n)) for n, c in block.moment.items()),
        tuple((n, reader.read(goals.parse_reading, f, "numbers", n)) for n, f in block.numbers.items()),
    )


def _goal(reader: _Reader, goal: Goal, number: str) -> GoalCheck:
    if goal.suggest:
        reader.read(commands.parse, goal.suggest, "goal", number, "suggest")
    return GoalCheck(
        goal.say, reader.read(goals.parse_check, goal.check, "goal", number, "check"), goal.suggest
    )


def _command(text: str) -> Script:
    return Script(text, commands.parse(text), 0)


class _Reader:
    """Reads the small languages inside a block, and puts file and line before what is wrong."""

    def __init__(self, section: page.Section, source: str) -> None:
        self.section = section
        self.source = source

    def read(self, parse: Any, text: str, *path: str) -> Any:
        try:
            return parse(text)
        except ValueError as error:
            block, first = self.section.block or "", self.section.block_line
            line, column = yamlfile.place(block, path, first)
            raise FileError(self.source, line, column, f"{text!r}: {error}") from None

    def each(self, parse: Any, texts: tuple[str, ...], *path: str) -> tuple[Script, ...]:
        return tuple(self.read(parse, text, *path, str(n)) for n, text in enumerate(texts))
