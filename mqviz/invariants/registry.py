"""The table of invariants: functions that yield a sentence for each place where they are violated, registered
with `@holds`.
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
