"""Case: a scenario and what is done in it, step by step, for both sides; a YAML file in `cases/`."""

from __future__ import annotations

from pathlib import Path

import msgspec

from mqviz import yamlfile
from mqviz.commands import parse
from mqviz.model.command.base import Command
from mqviz.model.units import Duration
from mqviz.scenario import Scenario

CASES = Path(__file__).parent / "cases"
Facts = dict[str, tuple[str, ...]]
TIMEOUT = Duration(60_000_000)


class Step(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Do commands (in text notation), wait until conditions hold, then read facts (both in facts.py's words).

    `exact`: both sides must say the same. `shape`: so must they, but the fact leaves out what is not determined. `bound`: a fact
    that is a number, with the range that both sides must keep, `took 1000..3500`. Each is a table: which rules (separated by
    spaces) it speaks for if these facts agree.
    """

    say: str
    do: tuple[str, ...] = ()
    until: tuple[str, ...] = ()
    exact: Facts = {}
    shape: Facts = {}
    bound: Facts = {}
    timeout: Duration = TIMEOUT

    def commands(self) -> list[Command]:
        """What is done, in order."""
        return [parse(text) for text in self.do]


class Case(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`skipped`: rules of this case that cannot be shown here, each with the reason."""

    scenario: Scenario
    steps: tuple[Step, ...]
    skipped: dict[str, str] = {}


def read_case(path: Path) -> Case:
    """The case in a file; raises yamlfile.FileError."""
    case = yamlfile.read(yamlfile.text_of(path), Case, path.name)
    for step in case.steps:
        step.commands()
    return case


def all_cases() -> list[Path]:
    """Every case file, by name."""
    return sorted(CASES.glob("*.yaml"))
