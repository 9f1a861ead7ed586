"""Facts of topics as their clients know them."""

from __future__ import annotations

from mqviz.model.kafka.metadata.state import node_of
from mqviz.model.state import State


def counted(state: State, topic: str) -> dict[str, int]:
    """How many partitions of the topic each producer counts: fewer than there are until its metadata are
    fetched anew (R49, R111).
    """
    found = state.cluster.topics.get(topic)
    if found is None:
        return {}
    return {
        producer.name: found.counts.get(
            node_of("producer", producer.name, producer.incarnation), len(found.partitions)
        )
        for producer in state.cluster.producers.values()
    }
