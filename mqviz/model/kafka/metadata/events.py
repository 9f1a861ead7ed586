"""What nodes learn of the cluster: leaders, and how many partitions a topic has."""

from __future__ import annotations

from mqviz.model.event import Event, Weight

Leaders = tuple[tuple[str, int, int, int], ...]
"""(topic, partition, leader, leader epoch)."""


class MetadataLearned(Event, frozen=True):
    """A client was told who leads these partitions, by an answer or by a Metadata request (R35); `node`: see
    node_of.
    """

    weight = Weight.STEP
    client: str
    node: str
    leaders: Leaders


class PartitionsCounted(Event, frozen=True):
    """A client's new metadata says how many partitions these topics have (0: there is no such topic)."""

    client: str
    node: str
    topics: tuple[tuple[str, int], ...]
