"""Moves of state machines: a table says which states may follow each state."""

from __future__ import annotations

from typing import Protocol

Table = dict[str, tuple[str, ...]]
"""A state machine: from each state those that may follow."""


class IllegalMove(ValueError):
    """A state machine was asked for a move that its table does not have."""


def move(table: Table, now: str, then: str, who: str) -> str:
    """`then`, if the table lets it follow `now`; raises IllegalMove."""
    if then not in table[now]:
        raise IllegalMove(f"{who} cannot go from {now} to {then}")
    return then


Step = tuple[int, str, str]
"""A move that was made: when (us), to which state, and why in a few words or ""."""

MOST_STEPS = 32
"""Moves that a machine remembers: the last ones."""


class Machine(Protocol):
    """What has a state and the path to it."""

    name: str
    state: str
    path: list[Step]


def go(machine: Machine, table: Table, then: str, at_us: int, why: str = "") -> None:
    """Bring `machine` to `then`, if its table has that move, and remember it; raises IllegalMove."""
    machine.state = move(table, machine.state, then, machine.name)
    remember(machine, at_us, why)


def remember(machine: Machine, at_us: int, why: str = "") -> None:
    """The state that `machine` has since `at_us` belongs to its path."""
    machine.path.append((at_us, machine.state, why))
    del machine.path[:-MOST_STEPS]
