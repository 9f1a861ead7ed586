"""Which tests and which recordings prove which rule, found by their names, as a page of the documentation."""

from __future__ import annotations

import ast
import json
import re
from collections import defaultdict
from collections.abc import Iterator
from itertools import takewhile
from pathlib import Path

from tests.differential.case import all_cases, read_case
from tests.golden.test_recordings import PLAYED
from tests.rules.book import ROOT, Part, parts, rules

PAGE = ROOT / "docs" / "rules.md"
HEAD = """# The rules that are simulated

A number with R is a rule: what Apache Kafka does. A number with S is a simplification: what is left out here, or made
simpler. Each leads to its text and its source in the book (docs/rules). Beside it stand the tests that are named after
it (`test_r109_…`: in which files), the recordings of a real Kafka that play it again, and the cases
(tests/differential) that `make test` plays on a real Kafka beside the simulator. "source only": checked against Kafka's
sources and documentation, but nothing of it was recorded.
Made by `python -m tests.rules`; a test checks that it is up to date.
"""
COLUMNS = "| rule | says | tested in | recordings | beside a real Kafka |\n|---|---|---|---|---|"
INVARIANTS = """
## Invariants

What must hold after every event, whatever was done. Tests of the simulator, and long runs with random faults
(tests/soak), check each of them; what compares two moments is checked by tests/soak alone.

| invariant | says |
|---|---|"""


def tests() -> dict[str, set[str]]:
    """By rule: the files with tests that are named after it."""
    found: dict[str, set[str]] = defaultdict(set)
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        for function in _functions(path):
            for rule in rules_of(function.name):
                found[rule].add(path.stem)
    return found


def _functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def rules_of(name: str) -> list[str]:
    """The rules that a test's name begins with."""
    first, *words = name.split("_")
    told = takewhile(lambda word: re.fullmatch(r"[rs]\d+", word), words)
    return [word.upper() for word in told] if first == "test" else []


def recordings() -> dict[str, list[str]]:
    """By rule: the recordings that the simulator plays again and agrees with."""
    found: dict[str, list[str]] = defaultdict(list)
    for path in sorted((ROOT / "tests").rglob("recordings/*.json")):
        if path.stem in PLAYED:
            for rule in dict.fromkeys(re.findall(r"\bR\d+", " ".join(_rules(path)))):
                found[rule].append(path.stem)
    return found


def _rules(path: Path) -> list[str]:
    """What a recording says it shows; R33g is a row of R33."""
    named: list[str] = json.loads(path.read_text("utf-8"))["rules"]
    return named


def live() -> dict[str, list[str]]:
    """By rule: the cases that are played on the simulator and on a real Kafka and compared."""
    found: dict[str, list[str]] = defaultdict(list)
    for path in all_cases():
        told = [rules for step in read_case(path).steps for rules in (*step.exact, *step.shape, *step.bound)]
        for rule in dict.fromkeys(re.findall(r"\bR\d+", " ".join(told))):
            found[rule].append(path.stem)
    return found


def invariants() -> Iterator[tuple[str, str]]:
    """Every invariant's name, and what it says."""
    for path in sorted((ROOT / "mqviz").rglob("*.py")):
        for function in _functions(path):
            if any(isinstance(mark, ast.Name) and mark.id == "holds" for mark in function.decorator_list):
                yield function.name, " ".join((ast.get_docstring(function) or "").split("\n\n")[0].split())


def gaps() -> list[str]:
    """Rules without a test of their name that are not left out."""
    found = tests()
    return [
        rule.name
        for rule in rules().values()
        if rule.name[0] == "R" and not (rule.name in found or rule.left_out)
    ]


def page() -> str:
    """The whole page."""
    proofs = tests(), recordings(), live()
    lines = [HEAD, *(line for part in parts() for line in _section(part, *proofs)), INVARIANTS]
    lines += [f"| {name.replace('_', ' ')} | {_linked(says)} |" for name, says in sorted(invariants())]
    return "\n".join([*lines, "", *_places()]) + "\n"


def _section(
    part: Part, tested: dict[str, set[str]], played: dict[str, list[str]], compared: dict[str, list[str]]
) -> Iterator[str]:
    yield f"\n## [{part.title}](rules/{part.file.name})\n"
    yield COLUMNS
    for rule in part.rules:
        files, cases = ", ".join(sorted(tested[rule.name])), ", ".join(compared[rule.name])
        told = ", ".join(played[rule.name]) or ("" if cases or rule.name[0] == "S" else "source only")
        if rule.left_out:
            files, told = "left out", ""
        yield f"| [{rule.name}] | {rule.line} | {files} | {told} | {cases} |"


def _linked(text: str) -> str:
    """A text whose rules are links into the book; where they lead stands at the end of the page."""
    return re.sub(r"\b[RS]\d+\b", r"[\g<0>]", text)


def _places() -> Iterator[str]:
    for part in parts():
        for rule in part.rules:
            yield f"[{rule.name}]: rules/{part.file.name}#{rule.anchor}"
