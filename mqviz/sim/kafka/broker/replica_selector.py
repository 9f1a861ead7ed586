"""Closest replica: consumers with client.rack are sent to a follower in their rack, and read there (R36,
KIP-392).

Like a real broker: with replica.selector.class=…RackAwareReplicaSelector the leader answers a fetch that
comes from another rack at once, names the replica in the client's rack that is in sync and has the offset
instead of the partition's records; among several the one that has most, then the one that caught up last. A
follower serves up to its own high watermark, which it learns of with its next fetch. What the client makes of
it is in clients/consumer/preferred_replica.py.
Left out: nothing that the rules name.
"""

from __future__ import annotations

from mqviz.model.kafka.cluster import Partition
from mqviz.sim.engine import Simulation

SELECTOR = "org.apache.kafka.common.replica.RackAwareReplicaSelector"
"""The only selector that Kafka brings along; without one the leader serves everybody."""


def replica(sim: Simulation, partition: Partition, leader: int, rack: str, offset: int) -> int:
    """The follower that a client in `rack` shall read this offset from; -1: the broker that it asks."""
    if sim.scenario.cluster.setting("replica.selector.class") != SELECTOR:
        return -1
    brokers, copy = sim.state.cluster.brokers, partition.replicas.get(leader)
    if copy is None or copy.leader != leader or brokers[leader].rack == rack:
        return -1
    near = [
        follower
        for follower, end in copy.follower_ends.items()
        if follower in copy.isr and brokers[follower].rack == rack and end >= offset
    ]
    return max(near, key=lambda b: (copy.follower_ends[b], copy.caught_up_us.get(b, 0), b), default=-1)
