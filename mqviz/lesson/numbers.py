"""Numbers: does every number in a lesson's text come from somewhere?

A number is vouched for by the scenario, by a command or wait of the step, by a fact that the step names, by
the step's `numbers` (text and fact) or by the lesson's `stated` (facts of the real world). Names such as P0,
c1 or KIP-848 are no numbers; `two` to `twelve` are.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import msgspec

from mqviz import commands
from mqviz.lesson import goals, values
from mqviz.lesson.format import Lesson, Script, Step
from mqviz.lesson.goals import Both, Compare, Reading
from mqviz.model.state import State
from mqviz.model.units import Duration

_WORDS = ("two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
_WORD = {word: float(number) for number, word in enumerate(_WORDS, 2)}
_UNITS = {"ms": 1e-3, "s": 1.0, "second": 1.0, "seconds": 1.0, "min": 60.0, "minute": 60.0, "minutes": 60.0}
_NUMBER = re.compile(
    rf"(?<![\w.+-])(?:(\d[\d,]*(?:\.\d+)?)|({'|'.join(_WORDS)})\b)(?:\s?({'|'.join(_UNITS)})\b)?(?!\w)",
    re.IGNORECASE,
)


class Number(NamedTuple):
    """A number in a text: as it is written, and its value (times in seconds)."""

    text: str
    value: float
    is_time: bool


def numbers(text: str) -> Iterator[Number]:
    """The numbers that `text` names; facts in braces are not part of it."""
    for found in _NUMBER.finditer(re.sub(r"\{[^{}]*\}", "", text)):
        digits, word, unit = found.groups()
        value = float(digits.replace(",", "")) if digits else _WORD[word.lower()]
        yield Number(found[0], value * _UNITS[unit.lower()] if unit else value, bool(unit))


def unfounded(lesson: Lesson, step: Step | None, texts: Iterable[str], states: Sequence[State]) -> list[str]:
    """The numbers in `texts` that nothing vouches for; `states` are those of the reference run."""
    known = set(_known(lesson, step, states))
    stated = [n for text in lesson.front.stated for n in numbers(text)]
    own = [n for text, _ in step.numbers for n in numbers(text)] if step else []
    known.update((n.value, n.is_time) for n in (*stated, *own))
    times = {value for value, is_time in known if is_time}
    every = {value for value, _ in known}
    return [
        number.text
        for text in texts
        for number in numbers(text)
        if number.value not in (times if number.is_time else every)
    ]


def false_numbers(step: Step, states: Sequence[State]) -> list[str]:
    """The entries of the step's `numbers` that are true at none of `states`."""
    return [
        f"{text} is not {_said(reading)}, which is {_shown(reading, states[-1])}"
        for text, reading in step.numbers
        if not any(_is(text, reading, state) for state in states)
    ]


def current(text: str, step: Step, states: Sequence[State]) -> str:
    """`text` as it is true of this run: a number that is true at none of `states` becomes what it is at the
    last.
    """
    for written, reading in step.numbers:
        if written in text and states and not any(_is(written, reading, state) for state in states):
            value = reading.read(states[-1])
            if isinstance(value, int | float):
                text = re.sub(rf"(?<![\w.]){re.escape(written)}\b", values.shown(reading.fact, value), text)
    return text


def _is(text: str, reading: Reading, state: State) -> bool:
    value = reading.read(state)
    return isinstance(value, int | float) and values.is_answer(text, reading.fact, value)


def _said(reading: Reading) -> str:
    return f"{reading.fact}({', '.join(str(value) for _, value in reading.arguments)})"


def _shown(reading: Reading, state: State) -> str:
    return values.shown(reading.fact, reading.read(state))


def _known(lesson: Lesson, step: Step | None, states: Sequence[State]) -> Iterator[tuple[float, bool]]:
    yield from _inside(lesson.scenario)
    yield float(len(lesson.steps)), False
    if step is None:
        return
    yield from _inside(step.block.run)
    scripts: list[Script] = [*step.solution, *(script for route in step.wrong for script in route)]
    for script in scripts:
        yield from _inside(Duration(script.wait_us))
        yield from _inside(script.command)
    for text in (*step.do, *(goal.suggest for goal in step.goals if goal.suggest)):
        yield from _inside(commands.parse(text))
    for reading in _readings(step):
        for state in states:
            value = reading.read(state)
            if isinstance(value, int | float):
                in_time = reading.fact.endswith("_ms")
                yield (value / 1000 if in_time else float(value)), in_time
    for check in _compares(step):
        if isinstance(check.value, int | float):
            yield float(check.value), False


def _readings(step: Step) -> Iterator[Reading]:
    if step.outcome and step.block.predict:
        yield step.outcome
        yield from goals.placeholders(step.block.predict.equation)
    yield from (check.reading for check in _compares(step))


def _compares(step: Step) -> Iterator[Compare]:
    for goal in step.goals:
        checks = goal.check.checks if isinstance(goal.check, Both) else (goal.check,)
        yield from (check for check in checks if isinstance(check, Compare))


def _inside(value: Any) -> Iterator[tuple[float, bool]]:
    """Every number in a struct: quantities of time in seconds, and how many things a list has."""
    if isinstance(value, Duration):
        yield int(value) / 1e6, True
    elif isinstance(value, bool) or value is None:
        return
    elif isinstance(value, int | float):
        yield float(value), False
    elif isinstance(value, msgspec.Struct):
        for field in msgspec.structs.fields(type(value)):
            yield from _inside(getattr(value, field.name))
    elif isinstance(value, list | tuple):
        yield float(len(value)), False
        for item in value:
            yield from _inside(item)
    elif isinstance(value, str):
        yield from ((number.value, number.is_time) for number in numbers(value))
