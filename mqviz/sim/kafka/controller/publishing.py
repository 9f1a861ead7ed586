"""Publishing: brokers hear of the controller's records one latency after the decision, and act on what they
learn (R6).

Like a real broker: every broker reads the metadata log; who cannot hear reads it all when it can again. What
a broker does as a leader or follower from then on is in replication/leader_change.py, which reacts to
LeadershipLearned.
Left out: records other than those of partitions are known everywhere at once.
"""

from __future__ import annotations

from mqviz.model.kafka.cluster import Partition
from mqviz.model.kafka.replication.events import LeadershipLearned
from mqviz.sim.engine import ARRIVAL, Simulation, due
from mqviz.sim.kafka import metadata
from mqviz.sim.kafka.controller.registered import NAME


def tell(sim: Simulation, partition: Partition) -> None:
    """Push the newest record to every broker that has a copy, and a new leader to all; who cannot hear it
    learns when it can (R6).
    """
    if partition.beliefs:
        metadata.grows_old(sim, partition)
    others = [b for b in partition.beliefs if b.isdigit() and int(b) not in partition.replicas]
    for broker in (*partition.replica_ids, *map(int, others)):
        delay_us = sim.state.cluster.link_latency_us
        sim.schedule(delay_us, ARRIVAL, learn, partition.topic, partition.number, broker)


@due
def learn(sim: Simulation, topic: str, number: int, broker: int) -> None:
    """A broker hears of the newest record of a partition, and leads, follows or stands still from now on."""
    cluster = sim.state.cluster
    if topic not in cluster.topics or not cluster.linked(NAME, str(broker)):
        return
    if not cluster.brokers[broker].up:  # who is frozen reads it all when it goes on
        return
    partition = cluster.partition(topic, number)
    if broker not in partition.replicas:
        if str(broker) in partition.beliefs:
            sim.emit(LeadershipLearned(*sim.stamp(), topic, number, broker))
        return
    copy = partition.replicas[broker]
    if copy.partition_epoch == partition.partition_epoch and not copy.pending:
        return
    led = copy.leader == broker
    moved = copy.leader_epoch != partition.leader_epoch
    sim.cause = sim.emit(LeadershipLearned(*sim.stamp(), topic, number, broker, led, moved))


def catch_up(sim: Simulation, number: int) -> None:
    """A broker reads all that was decided while it could not hear."""
    for partition in sim.state.cluster.partitions():
        if number in partition.replicas or str(number) in partition.beliefs:
            learn(sim, partition.topic, partition.number, number)
