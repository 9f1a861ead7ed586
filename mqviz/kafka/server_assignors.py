"""Assignors that run in the group coordinator, for the consumer group protocol (R122, R126, R127)."""

from __future__ import annotations

from collections.abc import Iterable

from mqviz.kafka.assignors import Assignor, range_assignor
from mqviz.kafka.uniform import uniform_assignor, walk_order

SERVER_ASSIGNORS: dict[str, Assignor] = {"uniform": uniform_assignor, "range": range_assignor}
"""Every assignor that group.consumer.assignors may name; the first one named there is the default."""


def choose_server_assignor(others: Iterable[str | None], own: str | None, default: str) -> str:
    """What most members ask for with group.remote.assignor; those without a choice have no vote (R122).

    `own`: the choice of the member whose heartbeat computes; where votes are equal it wins if nobody else has
    it, since Java's HashMap.compute() puts a new key before those of its bucket, and `uniform` otherwise.
    """
    votes: dict[str, int] = {}
    for choice in others:
        if choice:
            votes[choice] = votes.get(choice, 0) + 1
    order = walk_order(votes)
    if own:
        order = order if own in votes else [own, *order]
        votes[own] = votes.get(own, 0) + 1
    return max(order, key=lambda name: votes[name], default=default)
