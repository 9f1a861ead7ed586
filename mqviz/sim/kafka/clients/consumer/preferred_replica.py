"""Nearby: where a consumer reads a partition: from its leader, or from the replica that the leader sent it to
(R36).

Like a real broker: as its Java client, it stays with the closer replica for metadata.max.age.ms, and goes
back to the leader when that replica is gone, does not have the offset, or answers with any other error (R36).
Left out: nothing that the rules name.
"""

from __future__ import annotations

from mqviz.kafka.errors import Error
from mqviz.model.kafka.clients.consumer.events import ReplicaPreferred
from mqviz.model.kafka.clients.consumer.state import Consumer, TopicPartitionState
from mqviz.model.kafka.protocol.responses import FetchPartitionData, FetchResponse
from mqviz.sim.engine import Simulation
from mqviz.sim.kafka.clients.consumer.config import value


def replica(sim: Simulation, partition_state: TopicPartitionState, leader: int) -> int:
    """Where this consumer fetches the partition: from the replica that it was sent to, for as long as that
    holds.
    """
    return (
        partition_state.preferred
        if partition_state.preferred >= 0 and sim.now_us < partition_state.preferred_until_us
        else leader
    )


def told(sim: Simulation, consumer: Consumer, parts: tuple[FetchPartitionData, ...]) -> None:
    """The leader may have named closer replicas (R36)."""
    for part in parts:
        topic, partition, broker = part.topic, part.partition, part.preferred_read_replica
        if broker >= 0 and sim.state.cluster.partition(topic, partition).key in consumer.partition_states:
            until_us = sim.now_us + value(consumer, "metadata.max.age.ms") * 1_000
            reason = f"it is in rack {sim.state.cluster.brokers[broker].rack}, as the client is"
            sim.emit(
                ReplicaPreferred(*sim.stamp(), consumer.name, topic, partition, broker, until_us, reason)
            )


def given_up(sim: Simulation, consumer: Consumer, broker: int, reply: object) -> tuple[tuple[str, int], ...]:
    """Go back to the leader where the closer replica failed; returns the partitions (R36)."""
    places = [
        (partition_state.topic, partition_state.partition)
        for partition_state in consumer.partition_states.values()
        if partition_state.preferred == broker
    ]
    if isinstance(reply, FetchResponse) and not reply.error:
        bad = {(part.topic, part.partition): part.error for part in reply.partitions if part.error}
        places = [place for place in places if place in bad]
        reasons = {place: Error(bad[place]).name for place in places}
    else:
        reasons = dict.fromkeys(places, "it does not answer")
    for topic, partition in places:
        reason = reasons[topic, partition]
        sim.emit(ReplicaPreferred(*sim.stamp(), consumer.name, topic, partition, -1, 0, reason))
    return tuple(places)
