"""Quantities with units, and values of Kafka's settings: the only place that turns `400ms`, `16KiB` or `2/s`
into numbers and back.

Inside the program times are integers of microseconds and sizes are integers of bytes; people and files
write units. The types below decode from text or number (`decode_hook`) and encode to text
(`encode_hook`), so that one spelling serves commands, scenarios, captures and lessons.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any, Self

_NUMBER = re.compile(r"(\d+(?:\.\d+)?(?:e[+-]?\d+)?)\s*([A-Za-z/]*)")


class Quantity:
    """What the three units share: a table of units and a strict parser."""

    units: dict[str, int]
    example: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `text`; raises ValueError with a sentence that names the units."""
        found = _NUMBER.fullmatch(text.strip())
        if not found or found[2] not in cls.units:
            raise ValueError(f"{text!r} is no {cls.__name__.lower()}: write it like {cls.example}")
        value = Decimal(found[1]) * cls.units[found[2]]
        if issubclass(cls, int) and value != int(value):
            raise ValueError(f"{text!r} is finer than one {next(iter(cls.units))}")
        return cls(value)  # type: ignore[call-arg]


class Duration(Quantity, int):
    """A length of time in microseconds; text has a unit: `250us`, `400ms`, `5s`, `2min`, `1h`."""

    units = {"us": 1, "ms": 1_000, "s": 1_000_000, "min": 60_000_000, "h": 3_600_000_000}
    example = "400ms, 5s or 2min"

    def __str__(self) -> str:
        return _largest_unit(int(self), self.units, "0s")

    __repr__ = __str__


class Size(Quantity, int):
    """A number of bytes; text has a unit: `100B`, `16KiB`, `1MiB`, `1GiB`."""

    units = {"B": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30}
    example = "100B, 16KiB or 1MiB"

    def __str__(self) -> str:
        return _largest_unit(int(self), self.units, "0B")

    __repr__ = __str__


class Value(Quantity, str):
    """The value of one of Kafka's settings as Kafka's files write it: `30000`, `all`, `true`."""

    units = {}
    example = "30000, true or text"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Any text is a value; what the setting takes is its own affair."""
        return cls(text)

    def __str__(self) -> str:
        return str.__str__(self)


class Rate(Quantity, float):
    """Things a second, as a float; text is `2/s` or `0.5/s`."""

    units = {"/s": 1}
    example = "2/s or 0.5/s"

    def __str__(self) -> str:
        return f"{float(self)!r}/s".replace(".0/s", "/s")

    __repr__ = __str__


def _largest_unit(value: int, units: dict[str, int], zero: str) -> str:
    for unit, size in reversed(units.items()):
        if value and value % size == 0:
            return f"{value // size}{unit}"
    return zero


def decode_hook(kind: type, value: Any) -> Any:
    """msgspec's `dec_hook`: a quantity from its text."""
    if issubclass(kind, Quantity):
        if isinstance(value, str):
            return kind.parse(value)
        if kind is Value and isinstance(value, bool | int | float):
            return Value(str(value).lower())
        raise ValueError(f"{value!r} needs a unit: write it like {kind.example}")
    raise NotImplementedError(f"no decoder for {kind}")


def encode_hook(value: Any) -> Any:
    """msgspec's `enc_hook`: the text of a quantity."""
    if isinstance(value, Quantity):
        return str(value)
    raise NotImplementedError(f"no encoder for {type(value)}")
