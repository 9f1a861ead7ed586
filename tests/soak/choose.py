"""Where the random worlds of a soak take their choices from: a seed, or Hypothesis."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Any, Protocol, TypeVar

from hypothesis import strategies as st

T = TypeVar("T")


class Choose(Protocol):
    """Somebody who decides."""

    def one(self, options: Sequence[T]) -> T:
        """One of these."""
        ...

    def number(self, low: int, high: int) -> int:
        """A whole number, low <= n <= high."""
        ...


class Seeded:
    """Choices of a seed: the same on every machine."""

    def __init__(self, seed: int) -> None:
        self._random = Random(f"soak {seed}")

    def one(self, options: Sequence[T]) -> T:
        return options[int(self._random.random() * len(options))]

    def number(self, low: int, high: int) -> int:
        return low + int(self._random.random() * (high - low + 1))


class Drawn:
    """Choices that Hypothesis makes, and makes simpler when something fails."""

    def __init__(self, data: Any) -> None:
        self._data = data

    def one(self, options: Sequence[T]) -> T:
        found: T = options[self.number(0, len(options) - 1)]
        return found

    def number(self, low: int, high: int) -> int:
        found: int = self._data.draw(st.integers(low, high))
        return found
