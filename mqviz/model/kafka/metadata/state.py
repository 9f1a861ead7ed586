"""Metadata: who leads a partition in the eyes of those who were not told the newest record yet (R35).

Brokers and clients are nodes: a broker by its number, a process of a client by `node_of`. Only what differs
from the controller's record is kept, in Partition.beliefs: whoever is not in there knows what is true.
"""

from __future__ import annotations

from collections.abc import Iterator

from mqviz.model.kafka.cluster import Cluster, Partition
from mqviz.model.kafka.network.state import Client

OVER = ("dead", "closed")
"""States of a client process that knows nothing any more."""


def node_of(client: str, name: str, incarnation: int) -> str:
    """How a process of a client is called in beliefs."""
    return f"{client} {name}#{incarnation}"


def belief(partition: Partition, node: str) -> tuple[int, int]:
    """(leader, leader epoch) as `node` has it; leader -1: nobody."""
    if not partition.beliefs:
        return partition.leader, partition.leader_epoch
    return partition.beliefs.get(node) or (partition.leader, partition.leader_epoch)


def clients_of(cluster: Cluster, topic: str) -> Iterator[tuple[Client, str, int]]:
    """(client, name, incarnation) of every process that asked for the metadata of a topic."""
    for producer in cluster.producers.values():
        writes = producer.settings.topic == topic or any(q.topic == topic for q in producer.queues.values())
        if writes and producer.state not in OVER:
            yield "producer", producer.name, producer.incarnation
    for consumer in cluster.consumers.values():
        if topic in consumer.topics and consumer.state not in OVER:
            yield "consumer", consumer.name, consumer.incarnation
    for share in cluster.share_consumers.values():
        if topic in share.settings.topic.split(",") and share.state not in OVER:
            yield "share", share.name, share.incarnation


def outdated(cluster: Cluster, partition: Partition) -> None:
    """The leader is about to be another one: everybody keeps what it believes until it is told."""
    old = (partition.leader, partition.leader_epoch)
    nodes = [*map(str, cluster.brokers), *(node_of(*each) for each in clients_of(cluster, partition.topic))]
    partition.beliefs = {node: partition.beliefs.get(node, old) for node in nodes}
