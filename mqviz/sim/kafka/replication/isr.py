"""In-sync replicas: how a leader notices that a follower fell behind or came back, and asks the controller to
write it down.

Like a real broker: every replica.lag.time.max.ms / 2 the leader looks who has not caught up for
replica.lag.time.max.ms (R18, R19); a follower that reached the high watermark and the start of the leader's
epoch is taken in again (R20). Both go through AlterPartition, two ways and a decision; until the answer the
high watermark waits for the larger set. Without a controller the set is frozen.
Left out: broker epochs in AlterPartition.
"""

from __future__ import annotations

from mqviz.model.kafka.cluster import Partition
from mqviz.model.kafka.controller.events import BrokerUnfenced, ClusterStarted
from mqviz.model.kafka.log.state import Replica
from mqviz.model.kafka.replication.events import IsrProposed
from mqviz.sim.engine import ARRIVAL, TIMER, Simulation, due, reacts
from mqviz.sim.kafka.controller import controller, publishing, registered
from mqviz.sim.kafka.network import sockets


@reacts(ClusterStarted)
def _started(sim: Simulation, event: ClusterStarted) -> None:
    for broker in sim.state.cluster.brokers:
        start(sim, broker)


def start(sim: Simulation, broker: int) -> None:
    """Broker `broker` begins to look after the replicas of what it leads."""
    if len(sim.state.cluster.brokers) > 1:
        incarnation = sim.state.cluster.brokers[broker].incarnation
        sim.schedule(lag_us(sim) // 2, TIMER, _check, broker, incarnation, cause=0)


def lag_us(sim: Simulation) -> int:
    """replica.lag.time.max.ms"""
    return int(sim.scenario.cluster.setting("replica.lag.time.max.ms")) * 1_000


@due
def _check(sim: Simulation, broker: int, incarnation: int) -> None:
    found = sim.state.cluster.brokers[broker]
    if found.incarnation != incarnation or not sockets.awake(sim, broker, _check, broker, incarnation):
        return
    for partition in sim.state.cluster.partitions():
        copy = partition.replicas.get(broker)
        if copy is None or copy.leader != broker:
            continue
        if copy.pending:  # no answer came: ask again
            propose(sim, partition, broker, list(copy.pending))
        elif len(copy.isr) > 1:
            _shrink(sim, partition, broker)
    start(sim, broker)


def _shrink(sim: Simulation, partition: Partition, leader: int) -> None:
    copy = partition.replicas[leader]
    behind = [
        follower
        for follower in copy.isr
        if follower != leader
        and copy.follower_ends.get(follower, -1) != copy.log.end
        and sim.now_us - copy.caught_up_us.get(follower, 0) > lag_us(sim)
    ]
    if behind:
        propose(sim, partition, leader, [b for b in copy.isr if b not in behind])


def consider_expanding(sim: Simulation, partition: Partition, leader: int, follower: int) -> None:
    """A fetch came from a follower that is not in sync: take it in if it has come far enough (R20)."""
    copy = partition.replicas[leader]
    if follower in copy.isr or copy.pending or not registered.usable(sim, follower):
        return
    begin = copy.log.epochs[-1][1] if copy.log.epochs else 0
    if copy.follower_ends[follower] >= max(copy.high_watermark, begin):
        propose(sim, partition, leader, [*copy.isr, follower])


def awaited(sim: Simulation, copy: Replica) -> list[int]:
    """Followers outside the in-sync replicas that were caught up not long ago and may enter (R17).

    The high watermark waits for them, too: else it would run away from those who are about to be in sync.
    """
    return [
        follower
        for follower, caught_up_us in copy.caught_up_us.items()
        if follower not in copy.isr
        and copy.follower_ends[follower] >= 0
        and sim.now_us - caught_up_us <= lag_us(sim)
        and registered.usable(sim, follower)
    ]


def look_again(sim: Simulation, partition: Partition, leader: int) -> None:
    """An answer of the controller came: followers that caught up while it was awaited, and whose fetches now
    have no news, may enter too.
    """
    copy = partition.replicas[leader]
    for follower, end in copy.follower_ends.items():
        if end >= 0 and sim.state.cluster.brokers[follower].up:
            consider_expanding(sim, partition, leader, follower)


@reacts(BrokerUnfenced)
def _unfenced(sim: Simulation, event: BrokerUnfenced) -> None:
    sim.schedule(sim.state.cluster.link_latency_us, ARRIVAL, _counted_on, event.broker)


@due
def _counted_on(sim: Simulation, follower: int) -> None:
    """Leaders hear that a follower is unfenced: its fetches that say nothing new do not name what it caught
    up with before (R20, R28).
    """
    cluster = sim.state.cluster
    why = sim.cause
    for partition in cluster.partitions():
        copy = partition.replicas.get(partition.leader)
        if copy is None or copy.leader != partition.leader or copy.follower_ends.get(follower, -1) < 0:
            continue
        if cluster.brokers[partition.leader].process in ("running", "stopping"):
            sim.cause = why
            consider_expanding(sim, partition, partition.leader, follower)


def propose(sim: Simulation, partition: Partition, leader: int, wanted: list[int]) -> None:
    """Ask the controller for these in-sync replicas, ascending (R21)."""
    copy = partition.replicas[leader]
    new = tuple(sorted(wanted))
    sim.cause = sim.emit(IsrProposed(*sim.stamp(), partition.topic, partition.number, leader, new))
    delay_us = sim.state.cluster.link_latency_us + registered.DECISION_US
    sim.schedule(
        delay_us,
        TIMER,
        _alter,
        partition.topic,
        partition.number,
        leader,
        copy.partition_epoch,
        new,
    )


@due
def _alter(
    sim: Simulation, topic: str, number: int, leader: int, partition_epoch: int, wanted: tuple[int, ...]
) -> None:
    cluster = sim.state.cluster
    if topic not in cluster.topics or not registered.hears(sim, leader):
        return  # the leader asks again with its next look
    partition = cluster.partition(topic, number)
    if (partition.leader, partition.partition_epoch) != (leader, partition_epoch):
        publishing.tell(sim, partition)
        return
    if all(registered.usable(sim, broker) for broker in wanted):
        controller.change(sim, partition, wanted, "its leader asked for it", recovered=True)
    else:
        publishing.tell(sim, partition)  # INELIGIBLE_REPLICA: nothing changes
