"""Random numbers by name, so that adding a purpose shifts no other one (R2).

A stream's whole state is one integer, how many numbers were drawn. Numbers come in blocks of 1,024 from a
`random.Random` that is seeded from blake2b(seed, name, block), and only its `random()` is used: its own
state would cost 3 KB a stream in every checkpoint. `Numbers` reads number n of a stream without moving it:
two designs that ask for "client 7's mail" get the same mail, in whatever order they ask.

Durations are rounded to whole microseconds, which hides the last bit of `log1p` on which platforms may
differ.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from hashlib import blake2b
from math import floor, log1p
from random import Random
from typing import TypeVar

Item = TypeVar("Item")

BITS = 10
MASK = (1 << BITS) - 1


@lru_cache(maxsize=64)
def block(seed: int, name: str, number: int) -> tuple[float, ...]:
    """The 1,024 numbers in [0, 1) of block `number` of the stream `name`."""
    digest = blake2b(f"{seed}/{name}/{number}".encode(), digest_size=16).digest()
    rnd = Random(int.from_bytes(digest, "big")).random
    return tuple([rnd() for _ in range(1 << BITS)])


def uniform(number: float, low: int, high: int) -> int:
    """An integer in low … high (both included), drawn evenly, from `number` in [0, 1)."""
    return low + int(number * (high - low + 1))


def exponential(number: float, mean: float) -> int:
    """An integer >= 0, exponential with `mean` (rounded), from `number` in [0, 1)."""
    return floor(0.5 - mean * log1p(-number))


class Stream:
    """The running stream of one purpose; `count` is its state."""

    __slots__ = ("_block", "_seed", "count", "name")

    def __init__(self, seed: int, name: str, count: int = 0) -> None:
        self._seed = seed
        self.name = name
        self.count = count
        self._block = block(seed, name, count >> BITS)

    def random(self) -> float:
        """The next number in [0, 1)."""
        count = self.count
        self.count = count + 1
        if not count & MASK:
            self._block = block(self._seed, self.name, count >> BITS)
        return self._block[count & MASK]

    def uniform(self, low: int, high: int) -> int:
        """The next integer in low … high, both included."""
        return uniform(self.random(), low, high)

    def exponential(self, mean: float) -> int:
        """The next integer >= 0, exponential with `mean`."""
        return exponential(self.random(), mean)

    def choice(self, items: Sequence[Item]) -> Item:
        """One of `items`, each as likely as the others."""
        return items[int(self.random() * len(items))]


class Numbers:
    """A stream read by index (from 0) instead of in turn; it has no state at all."""

    __slots__ = ("_block", "_name", "_number", "_seed")

    def __init__(self, seed: int, name: str) -> None:
        self._seed = seed
        self._name = name
        self._number = 0
        self._block = block(seed, name, 0)

    def __reduce__(self) -> tuple[type[Numbers], tuple[int, str]]:
        return Numbers, (self._seed, self._name)

    def random(self, index: int) -> float:
        """Number `index` in [0, 1)."""
        if index >> BITS != self._number:
            self._number = index >> BITS
            self._block = block(self._seed, self._name, self._number)
        return self._block[index & MASK]

    def uniform(self, index: int, low: int, high: int) -> int:
        """Number `index` as an integer in low … high, both included."""
        return uniform(self.random(index), low, high)

    def exponential(self, index: int, mean: float) -> int:
        """Number `index` as an integer >= 0, exponential with `mean`."""
        if index >> BITS != self._number:
            self.random(index)
        return floor(0.5 - mean * log1p(-self._block[index & MASK]))
