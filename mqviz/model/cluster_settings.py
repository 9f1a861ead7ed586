"""Settings of all brokers that are changed while they run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mqviz.model.cluster import Values, set_values
from mqviz.model.event import Event, Weight, applies

if TYPE_CHECKING:
    from mqviz.model.state import State


class ClusterAltered(Event, frozen=True):
    """These settings of all brokers have other values from now on; `topics`: the same by the names that topics have for them."""

    weight = Weight.STEP
    values: Values
    topics: Values


@applies(ClusterAltered)
def _altered(state: State, event: ClusterAltered) -> None:
    """Topics follow that have no value of their own; a new minimum strikes out every eligible replica (R23)."""
    state.cluster.settings.update(event.values)
    for topic in state.cluster.topics.values():
        set_values(topic, {name: value for name, value in event.topics.items() if name not in topic.own})
        if "min.insync.replicas" in event.topics:
            for partition in topic.partitions:
                partition.elr, partition.last_known_elr = [], []
