"""Playing a case on both sides and comparing, read by read."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from mqviz.live.managed.cluster import Cluster
from tests.differential import facts
from tests.differential.case import Case, Step, read_case
from tests.differential.real import Real
from tests.differential.side import Side
from tests.differential.simulated import Simulated
from tests.differential.table import Row, rules_of

TRIES = 3
"""How often a case that differs is played again on the real side before that counts."""

WITHIN = "within"
_BOUND = re.compile(r"(.+) (\d+)\.\.(\d+)")


class Reading(NamedTuple):
    """What one side said: of which step, how it is compared and for which rules, which fact, its value."""

    step: int
    how: str
    rules: str
    fact: str
    value: Any


@dataclass
class Verdict:
    """How a case went: rows of the table, and a sentence for each reading that differs."""

    case: str
    rows: list[Row] = field(default_factory=list)
    bad: list[str] = field(default_factory=list)
    before: list[str] = field(default_factory=list)
    """What differed in earlier tries."""


class NotReached(Exception):
    """What a step waits for did not come."""


def play(side: Side) -> list[Reading]:
    """Go through the steps; raises NotReached."""
    found: list[Reading] = []
    for number, step in enumerate(side.case.steps):
        side.step = number
        side.began_us = side.now_us
        _act(side, step)
        if not side.wait(
            lambda step=step: all(facts.holds(side, text) for text in step.until), int(step.timeout)
        ):  # type: ignore[misc]
            missing = [text for text in step.until if not facts.holds(side, text)]
            told = "\n  ".join(str(each) for each in side.told if each.step == number)
            raise NotReached(
                f"step {number} ({step.say}): {type(side).__name__} never came to: {missing}\n  {told}"
            )
        side.took_us = side.now_us - side.began_us
        found += [Reading(number, how, rules, text, _value(side, text)) for how, rules, text in _reads(step)]
    return found


def _act(side: Side, step: Step) -> None:
    for command in step.commands():
        side.note(command)
        side.tell("", "answer", side.do(command))


def _reads(step: Step) -> Iterator[tuple[str, str, str]]:
    for how in ("exact", "shape", "bound"):
        for rules, texts in getattr(step, how).items():
            yield from ((how, rules, text) for text in texts)


def _value(side: Side, text: str) -> Any:
    bound = _BOUND.fullmatch(text)
    value = facts.read(side, bound[1] if bound else text)
    if bound is None:
        return value
    return WITHIN if int(bound[2]) <= value <= int(bound[3]) else f"{value}, not within"


def compare(path: Path, start: Callable[[int], Cluster]) -> Verdict:
    """Play the case of a file on both sides, the real one again where it differs; `start` gives a cluster of so many brokers."""
    case = read_case(path)
    simulated = Simulated(case)
    expected, placement = _play(simulated), simulated.placement()
    before: list[str] = []
    for _ in range(TRIES):
        try:
            verdict = agree(
                case, path.stem, expected, _play(Real(case, start(case.scenario.cluster.brokers), placement))
            )
        except NotReached as missing:
            verdict = Verdict(path.stem, bad=[str(missing)])
        verdict.before = before
        if not verdict.bad:
            break
        before = [*before, *verdict.bad]
    return verdict


def _play(side: Side) -> list[Reading]:
    try:
        return play(side)
    finally:
        side.close()


def agree(case: Case, name: str, simulated: list[Reading], real: list[Reading]) -> Verdict:
    """Compare what both sides said."""
    verdict = Verdict(name, [(name, rule, f"skipped: {why}") for rule, why in case.skipped.items()])
    if len(simulated) != len(real):
        verdict.bad.append(f"{len(simulated)} readings of the simulator, {len(real)} of the broker")
    for one, other in zip(simulated, real, strict=False):
        step = case.steps[one.step]
        outside = one.how == "bound" and (one.value, other.value) != (WITHIN, WITHIN)
        if one.value == other.value and not outside:
            verdict.rows += [(name, rule, one.how) for rule in rules_of(one.rules)]
        else:
            verdict.bad.append(
                f"step {one.step} ({step.say}), {one.how} {one.fact}:\n"
                f"    real      {other.value}\n    simulated {one.value}"
            )
    return verdict
