"""Member stops: how long the members of a group had nothing to read in rebalances, by their callbacks (R107-R109).

An eager member stops with onPartitionsRevoked and goes on with onPartitionsAssigned: stop-the-world. A cooperative one
that keeps a partition does not stop; how long a single partition had no reader is told by PartitionRecord.tenures.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from mqviz.model.consumer import Consumer
    from mqviz.model.state import State

MOST_STOPS = 16
"""Stops that a member remembers: the last ones."""


class Stop(msgspec.Struct):
    """A member gave up all that it had at `since_us` (`lost`: it was taken away) and has a share again at `until_us`."""

    since_us: int
    partitions: tuple[tuple[str, int], ...]
    lost: bool
    until_us: int | None = None


def gave_up(consumer: Consumer, at_us: int, partitions: tuple[tuple[str, int], ...], lost: bool) -> None:
    """Note a revocation; only one that leaves nothing stops the member, and one that ends is not stopped."""
    if not consumer.claims and consumer.state in ("running", "paused"):
        consumer.stops.append(Stop(at_us, partitions, lost))
        del consumer.stops[:-MOST_STOPS]


def has_share(consumer: Consumer, at_us: int) -> None:
    """Note that the member has its share, which may be empty."""
    if consumer.stops and consumer.stops[-1].until_us is None:
        consumer.stops[-1].until_us = at_us


def stops(state: State, group: str) -> dict[str, tuple[Stop, ...]]:
    """The stops of each member process of the group, by its name; one without `until_us` goes on."""
    consumers = state.cluster.consumers.values()
    return {c.name: tuple(c.stops) for c in consumers if c.settings.group == group}


def stopped_us(state: State, group: str) -> dict[str, int]:
    """How long each member process of the group stood still in all, by its name, up to now."""
    return {
        name: sum(
            (state.now_us if stop.until_us is None else stop.until_us) - stop.since_us for stop in found
        )
        for name, found in stops(state, group).items()
    }
