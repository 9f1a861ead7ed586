"""Cluster: a simulated Apache Kafka, complete."""

from __future__ import annotations

import msgspec


class Cluster(msgspec.Struct):
    """Brokers, topics, clients and groups of the simulated Kafka."""
