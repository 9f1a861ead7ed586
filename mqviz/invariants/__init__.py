"""Invariants: what must hold after every event, whatever was done; `broken` names what does not.

One file a component, which registers its own with `@holds`; tests of the simulator call `broken` after each
event. An invariant is a function that yields a sentence for each place where it is violated.
"""

from __future__ import annotations

import mqviz.invariants.coordinator_classic
import mqviz.invariants.coordinator_consumer
import mqviz.invariants.coordinator_share
import mqviz.invariants.coordinator_transaction
import mqviz.invariants.kafka
import mqviz.invariants.log
import mqviz.invariants.systems  # noqa: F401
from mqviz.invariants.registry import INVARIANTS
from mqviz.model.state import State


def broken(state: State) -> list[str]:
    """A sentence for each violation in `state`; empty if all is well."""
    return [f"{name}: {sentence}" for name, rule in INVARIANTS.items() for sentence in rule(state)]
