"""Closest replica: consumers with client.rack are sent to a follower in their rack, and read there (R36, KIP-392).

Like a real broker: with replica.selector.class=…RackAwareReplicaSelector the leader answers a fetch that comes from another rack at once, without
records, and names the replica in the client's rack that is in sync and has the offset; among several the one that has most, then the one that
caught up last. A follower serves up to its own high watermark, which it learns of with its next fetch. What the client makes of it is in nearby.py.
Left out: records of other partitions in the answer that names a replica (they come with the next fetch); leader epochs in fetches.
"""

from __future__ import annotations

from mqviz.model.cluster import Partition
from mqviz.model.request import Fetch, FetchedNearby
from mqviz.sim.engine import Simulation
from mqviz.sim.kafka.network import answer

SELECTOR = "org.apache.kafka.common.replica.RackAwareReplicaSelector"
"""The only selector that Kafka brings along; without one the leader serves everybody."""


def sends_away(sim: Simulation, number: int, broker: int, request: Fetch) -> bool:
    """Whether this leader answered a fetch by naming closer replicas."""
    if sim.scenario.cluster.setting("replica.selector.class") != SELECTOR:
        return False
    found = []
    for topic, partition, offset in request.offsets:
        known = sim.state.cluster.topics.get(topic)
        if known is not None and 0 <= partition < len(known.partitions):
            replica = _closest(sim, known.partitions[partition], broker, request.rack, offset)
            if replica:
                found.append((topic, partition, replica))
    if found:
        answer(sim, number, FetchedNearby(0, (), tuple(found)))
    return bool(found)


def _closest(sim: Simulation, partition: Partition, leader: int, rack: str, offset: int) -> int:
    """The follower that a client in `rack` shall read this offset from; 0: the leader."""
    brokers, copy = sim.state.cluster.brokers, partition.replicas.get(leader)
    if copy is None or copy.leader != leader or brokers[leader].rack == rack:
        return 0
    near = [
        follower
        for follower, end in copy.follower_ends.items()
        if follower in copy.isr and brokers[follower].rack == rack and end >= offset
    ]
    return max(near, key=lambda b: (copy.follower_ends[b], copy.caught_up_us.get(b, 0), b), default=0)
