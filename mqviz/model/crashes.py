"""Crashes: what the death of a reader leaves behind at each partition that it read (R86)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mqviz.model.group_record import Crash

if TYPE_CHECKING:
    from mqviz.model.consumer import Consumer
    from mqviz.model.state import State


def died(state: State, consumer: Consumer, at_us: int) -> None:
    """The process is dead: its group remembers how far it was. Called while it still has its claims."""
    group = state.cluster.groups.get(consumer.settings.group)
    for key, claim in consumer.claims.items():
        if group is not None and key in group.records and claim.position is not None:
            taken = consumer.taken
            here = taken is not None and (taken.topic, taken.partition) == (claim.topic, claim.partition)
            working = taken.offset if taken is not None and here else None
            group.records[key].crash = Crash(at_us, consumer.name, claim.position, working)
