"""Closest: a consumer that reads from the replica in its own rack instead of from the partition leader (KIP-392, R36)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mqviz.model.event import Event, Weight, applies

if TYPE_CHECKING:
    from mqviz.model.state import State


class ReplicaPreferred(Event, frozen=True):
    """The consumer reads this partition from `broker` until `until_us`, or from the leader again (-1); `because` in plain words."""

    weight = Weight.STEP
    consumer: str
    topic: str
    partition: int
    broker: int
    until_us: int
    because: str


@applies(ReplicaPreferred)
def _preferred(state: State, event: ReplicaPreferred) -> None:
    partition = state.cluster.partition(event.topic, event.partition)
    claim = state.cluster.consumers[event.consumer].claims[partition.key]
    claim.preferred, claim.preferred_until_us = event.broker, event.until_us
