"""How the ledger is kept: what logs and leaderships tell it; producers tell it what they were told
(clients/producer).
"""

from __future__ import annotations

from mqviz.model.event import applies
from mqviz.model.kafka.broker.events import ReplicaLost, UnflushedLost
from mqviz.model.kafka.cluster import Cluster, Partition
from mqviz.model.kafka.log.events import BatchAppended, LogCleaned, LogStartMoved, SegmentsDeleted
from mqviz.model.kafka.replication.events import LeadershipLearned
from mqviz.model.state import State


@applies(BatchAppended)
def _appended(state: State, event: BatchAppended) -> None:
    """A written batch counts if its broker is the leader, and not if it only believes so (R27)."""
    cluster, batch = state.cluster, event.batch
    partition = cluster.partition(event.topic, event.partition)
    if event.broker != partition.leader:
        return
    found = cluster.ledger_of(partition)
    if batch.leader_epoch > found.epoch >= 0:
        _leads(cluster, partition, unclean=False)  # nobody said so before; the batch is part of that log
    else:
        found.epoch = batch.leader_epoch
        found.appended(batch)


@applies(LeadershipLearned)
def _learned(state: State, event: LeadershipLearned) -> None:
    partition = state.cluster.partition(event.topic, event.partition)
    if event.moved and partition.leader == event.broker:
        _leads(state.cluster, partition, unclean=partition.recovering)


def _leads(cluster: Cluster, partition: Partition, *, unclean: bool) -> None:
    """`partition.leader` begins to lead: what its log lacks is lost (R24, R26, R33, R37).

    By its disk, its power, or the election. Without a leader nothing is decided yet.
    """
    found = cluster.ledger.get(partition.key)
    if found is not None and partition.leader in partition.replicas:
        found.epoch = partition.leader_epoch
        reason = found.damaged.pop(partition.leader, "unclean" if unclean else "truncated")
        found.follow(partition.led.log, reason)


@applies(ReplicaLost)
def _lost(state: State, event: ReplicaLost) -> None:
    _damaged(state, event.topic, event.partition, event.broker, "disk")


@applies(UnflushedLost)
def _unflushed(state: State, event: UnflushedLost) -> None:
    _damaged(state, event.topic, event.partition, event.broker, "power")


def _damaged(state: State, topic: str, number: int, broker: int, reason: str) -> None:
    """This broker's copy lost records: if it leads next, they are lost for that reason."""
    state.cluster.ledger_of(state.cluster.partition(topic, number)).damaged[broker] = reason


@applies(SegmentsDeleted)
def _deleted(state: State, event: SegmentsDeleted) -> None:
    _start_moved(state, event.topic, event.partition, event.broker)


@applies(LogStartMoved)
def _moved(state: State, event: LogStartMoved) -> None:
    _start_moved(state, event.topic, event.partition, event.broker)


def _start_moved(state: State, topic: str, number: int, broker: int) -> None:
    """The start of this copy moved: if it is the leader's, records are gone."""
    partition = state.cluster.partition(topic, number)
    if broker == partition.leader:
        state.cluster.ledger_of(partition).deleted_before(partition.replicas[broker].log.start)


@applies(LogCleaned)
def _cleaned(state: State, event: LogCleaned) -> None:
    partition = state.cluster.partition(event.topic, event.partition)
    if event.broker == partition.leader:
        state.cluster.ledger_of(partition).cleaned(partition.replicas[event.broker].log, event.end)
