"""Why: every event that a person steps over, in plain words.

Each component registers one small function per kind of event with `@explains(Kind)`; it reads the State just
after the event through facts and returns headline, reason, rule and what changed.
"""

from __future__ import annotations

import mqviz.explain.why.broker
import mqviz.explain.why.clients.consumer
import mqviz.explain.why.clients.producer
import mqviz.explain.why.clients.share
import mqviz.explain.why.command
import mqviz.explain.why.controller
import mqviz.explain.why.coordinator.classic
import mqviz.explain.why.coordinator.consumer
import mqviz.explain.why.coordinator.offsets
import mqviz.explain.why.coordinator.share
import mqviz.explain.why.coordinator.transaction
import mqviz.explain.why.log
import mqviz.explain.why.metadata
import mqviz.explain.why.network
import mqviz.explain.why.observed
import mqviz.explain.why.replication
import mqviz.explain.why.systems  # noqa: F401
from mqviz.explain.registry import EXPLAIN
from mqviz.facts.views import Why
from mqviz.model.event import Event
from mqviz.model.state import State


def why(state: State, event: Event) -> Why | None:
    """The explanation of `event`, or None where there is nothing to say; `state` is the one just after it."""
    explain = EXPLAIN.get(type(event))
    return explain(state, event) if explain else None


def is_explained(event: Event) -> bool:
    """Whether there may be something to say about `event`; cheap, for looking through many."""
    return type(event) in EXPLAIN
