"""The table: rule by rule, how often both sides agreed exactly, in a bound, in shape, and what could not be shown here."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable

Row = tuple[str, str, str]
"""(case, rule, how) of an agreement; `how` is exact, bound, shape or `skipped: reason`."""


def rules_of(key: str) -> list[str]:
    """What a line of a case speaks for: its rules' numbers, and the words of what must always hold."""
    words = re.sub(r"\bR\d+\b,?", "", key).strip()
    return [*re.findall(r"\bR\d+\b", key), *([words] if words else [])]


def lines(rows: Iterable[Row]) -> list[str]:
    """The table as text."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    reasons: dict[str, str] = {}
    cases: dict[str, set[str]] = defaultdict(set)
    for case, rule, how in rows:
        if how.startswith("skipped: "):
            reasons[rule] = how.removeprefix("skipped: ")
        counts[rule][how.partition(":")[0]] += 1
        cases[rule].add(case.partition("-")[0])
    found = [f"{'rule':<30}  exact  bound  shape  cases"]
    for rule in sorted(counts, key=_order):
        of = counts[rule]
        numbers = "".join(f"{of[how] or '-':>7}" for how in ("exact", "bound", "shape"))
        reason = f"  skipped: {reasons[rule]}" if rule in reasons else ""
        found.append(f"{rule:<30}{numbers}  {' '.join(sorted(cases[rule]))}{reason}")
    return found


def summary(properties: Iterable[tuple[str, object]]) -> list[str]:
    """The table of what tests recorded, `differential` rows and the names of cases that were `played-again`."""
    found = list(properties)
    rows: list[Row] = [tuple(value) for name, value in found if name == "differential"]  # type: ignore[arg-type]
    again = sorted(str(value) for name, value in found if name == "played-again")
    told = lines(rows) if rows else []
    return [*told, f"agreed only when played again: {', '.join(again)}"] if again else told


def _order(rule: str) -> tuple[bool, int, str]:
    """Rules by their numbers, then what must always hold, by its words."""
    number = re.match(r"R(\d+)", rule)
    return number is None, int(number[1]) if number else 0, rule
