"""Assignors that run in the group coordinator, for the consumer group protocol (R122, R126, R127)."""

from __future__ import annotations

from collections.abc import Iterable

from mqviz.kafka.assignors import Assignor, range_assignor
from mqviz.kafka.uniform import uniform_assignor, walk_order

SERVER_ASSIGNORS: dict[str, Assignor] = {"uniform": uniform_assignor, "range": range_assignor}
"""Every assignor that group.consumer.assignors may name; the first one named there is the default."""


def choose_server_assignor(choices: Iterable[str | None], default: str) -> str:
    """What most members ask for with group.remote.assignor; those without a choice have no vote (E23)."""
    votes: dict[str, int] = {}
    for choice in choices:
        if choice:
            votes[choice] = votes.get(choice, 0) + 1
    return max(walk_order(votes), key=lambda name: votes[name], default=default)
