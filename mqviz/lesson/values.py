"""Values: how a fact's value is written for people, and whether it is what somebody bet on.

An offered answer is right if the computed value, rounded to as many places as the answer shows, is the
answer: `4.8 s` is right for 4,812 ms. So the right answer is never marked in a lesson, it comes from the run.
"""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Decimal

from mqviz.model.observed.state import Unknown

UNITS = {"ms": Decimal(1), "s": Decimal(1000), "min": Decimal(60_000)}
"""Units of time that people write, in milliseconds, the unit of facts that end in `_ms`."""

NOBODY = ("nobody", "none")
_NUMBER = re.compile(r"(-?\d[\d,]*(?:\.(\d+))?)(?:\s*([a-z]+))?")


def number(text: str, fact: str) -> int | float | None:
    """The number that `text` says in the unit of `fact`; None if it says none,
    or a unit that does not fit.
    """
    found = _parts(text, fact)
    if found is None:
        return None
    value = found[0] * found[2]
    return int(value) if value == value.to_integral_value() else float(value)


def is_answer(text: str, fact: str, value: int | float | str | None) -> bool:
    """True if somebody who bet on `text` is right when the fact is `value`."""
    if value is None:
        return text in NOBODY
    if isinstance(value, str):
        return text == value
    found = _parts(text, fact)
    if found is None:
        return False
    answer, places, unit = found
    return (Decimal(str(value)) / unit).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP) == answer


def shown(fact: str, value: int | float | str | None | Unknown) -> str:
    """`value` as people read it: `101 ms`, `4.1 s`, `1,204`, `c2`, `nobody`, `?`."""
    if isinstance(value, Unknown):
        return "?"
    if value is None:
        return "none" if fact.endswith("_ms") else "nobody"
    if isinstance(value, str):
        return value
    if fact.endswith("_ms"):
        return f"{value / 1000:,.1f} s" if value >= 1000 else f"{value:.0f} ms"
    return f"{value:,}" if value == int(value) else f"{value:,.1f}"


def _parts(text: str, fact: str) -> tuple[Decimal, int, Decimal] | None:
    """(number, decimal places, size of its unit in the fact's unit)."""
    found = _NUMBER.fullmatch(text.strip())
    if not found:
        return None
    in_time = fact.endswith("_ms")
    unit = UNITS.get(found[3] or "ms") if in_time else Decimal(1) if not found[3] else None
    return None if unit is None else (Decimal(found[1].replace(",", "")), len(found[2] or ""), unit)
