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
from tests.rules.lines import LEFT_OUT, PARTS, RULES

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "rules.md"
HEAD = """# The rules of Kafka that are simulated

Each rule in one line, the tests that are named after it (`test_r109_…`: in which files), the recordings of a real Apache Kafka
that play it again, and the cases (tests/differential) that `make test` plays on a real Kafka beside the simulator. "source only": checked
against Kafka's sources and documentation, but nothing of it was recorded.
Made by `python -m tests.rules`; a test checks that it is up to date.
"""


def tests() -> dict[int, set[str]]:
    """By rule: the files with tests that are named after it."""
    found: dict[int, set[str]] = defaultdict(set)
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        for name in _functions(path):
            for rule in rules_of(name):
                found[rule].add(path.stem)
    return found


def _functions(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
            yield node.name


def rules_of(name: str) -> list[int]:
    """The rules that a test's name begins with, among corrections (e), invariants (i) and fixtures (fx)."""
    words = takewhile(lambda word: re.fullmatch(r"(r|e|i|fx)\d+", word), name.split("_")[1:])
    return [int(word[1:]) for word in words if word[0] == "r"]


def recordings() -> dict[int, list[str]]:
    """By rule: the recordings that the simulator plays again and agrees with."""
    found: dict[int, list[str]] = defaultdict(list)
    for name in sorted(PLAYED):
        case = json.loads((ROOT / "tests/golden/recordings" / f"{name}.json").read_text("utf-8"))
        for rule in dict.fromkeys(re.findall(r"R(\d+)", " ".join(case["rules"]))):
            found[int(rule)].append(name)
    return found


def live() -> dict[int, list[str]]:
    """By rule: the cases that are played on the simulator and on a real Kafka and compared."""
    found: dict[int, list[str]] = defaultdict(list)
    for path in all_cases():
        told = [rules for step in read_case(path).steps for rules in (*step.exact, *step.shape, *step.bound)]
        for rule in dict.fromkeys(re.findall(r"\bR(\d+)", " ".join(told))):
            found[int(rule)].append(path.stem)
    return found


def gaps() -> list[int]:
    """Rules without a test of their name that are not left out."""
    found = tests()
    return [rule for rule in RULES if rule not in found and rule not in LEFT_OUT]


def page() -> str:
    """The whole page."""
    tested, played, compared, begins = tests(), recordings(), live(), dict(PARTS)
    lines = [HEAD]
    for rule, line in RULES.items():
        if rule in begins:
            lines += [
                f"\n## {begins[rule]}\n",
                "| rule | says | tested in | recordings | beside a real Kafka |",
                "|---|---|---|---|---|",
            ]
        files, cases = ", ".join(sorted(tested[rule])), ", ".join(compared[rule])
        told = ", ".join(played[rule]) or ("" if cases else "source only")
        if rule in LEFT_OUT and not files:
            files, told = "left out", LEFT_OUT[rule]
        lines.append(f"| R{rule} | {line} | {files} | {told} | {cases} |")
    return "\n".join(lines) + "\n"
