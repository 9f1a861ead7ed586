"""Invariants: what must hold after every event, whatever was done; `broken` names what does not.

Every part of the model registers its own with `@holds`; tests of the simulator call `broken` after each
event. An invariant is a function that yields a sentence for each place where it is violated.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from mqviz.model.registry import Registry
from mqviz.model.state import State

Invariant = Callable[[State], Iterator[str]]

INVARIANTS: Registry[str, Invariant] = Registry("two invariants are called")
"""Every invariant by the name of its function."""


def holds(function: Invariant) -> Invariant:
    """Register an invariant."""
    INVARIANTS.add(f"{function.__module__}.{function.__name__}", function)
    return function


def broken(state: State) -> list[str]:
    """A sentence for each violation in `state`; empty if all is well."""
    import mqviz.model.invariants_parts  # noqa: F401  (registers every invariant)

    return [f"{name}: {sentence}" for name, rule in INVARIANTS.items() for sentence in rule(state)]
