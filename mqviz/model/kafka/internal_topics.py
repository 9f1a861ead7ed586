"""Seats: which brokers lead the partitions of internal topics, and so coordinate groups and transactions
(R61, R99).

Internal partitions have no log here (S4), so those with the same replicas are one seat; only seats whose
leader is not the first replica are kept.
"""

from __future__ import annotations

from mqviz.model.kafka.cluster import Cluster


def internal_key(replicas: tuple[int, ...]) -> str:
    """The name of the seat of partitions with these replicas."""
    return " ".join(map(str, replicas))


def leader(cluster: Cluster, replicas: tuple[int, ...]) -> int:
    """Who leads the internal partitions with these replicas; -1: nobody."""
    return (
        cluster.internal_leaders.get(internal_key(replicas), replicas[0])
        if cluster.internal_leaders
        else replicas[0]
    )
