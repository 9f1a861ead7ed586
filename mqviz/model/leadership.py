"""Leadership: who leads a partition, who is in sync and who may lead next, as the controller writes it and brokers learn it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mqviz.model import ledger, metadata
from mqviz.model.cluster import Partition, Reign, believe
from mqviz.model.cut import cut_of
from mqviz.model.event import Event, Weight, applies

if TYPE_CHECKING:
    from mqviz.model.state import State


class PartitionChanged(Event, frozen=True):
    """The controller wrote a new record of a partition (R21, E50, E51); `why` in a few words.

    leader -1: nobody. The leader epoch grows with each change of the leader, the partition epoch with each record.
    """

    weight = Weight.MOMENT
    topic: str
    partition: int
    leader: int
    leader_epoch: int
    partition_epoch: int
    isr: tuple[int, ...]
    elr: tuple[int, ...]
    last_known_elr: tuple[int, ...]
    recovering: bool
    why: str


class LeadershipLearned(Event, frozen=True):
    """A broker was told the newest record of a partition; it leads, follows or stands still if it has a copy.

    `led`: it led until now. `moved`: the leader epoch is another one than it knew.
    """

    topic: str
    partition: int
    broker: int
    led: bool = False
    moved: bool = False


class ReplicaTruncated(Event, frozen=True):
    """A follower cut its log: what it had from offset `end` on is not what its leader has (R26)."""

    weight = Weight.MOMENT
    topic: str
    partition: int
    broker: int
    before: int
    end: int
    records: int


class LeadershipForgotten(Event, frozen=True):
    """A follower struck a leadership of its own that wrote nothing, and of which its leader does not know (R26)."""

    topic: str
    partition: int
    broker: int
    epoch: int


class IsrProposed(Event, frozen=True):
    """The partition leader asked the controller for other in-sync replicas (R20)."""

    weight = Weight.STEP
    topic: str
    partition: int
    broker: int
    isr: tuple[int, ...]


class FetcherReset(Event, frozen=True):
    """A follower starts to fetch anew from a leader that it could not reach, from where its copies end."""

    broker: int
    leader: int


class ReplicaLost(Event, frozen=True):
    """A broker's copy of a partition is gone with its disk; it begins again empty (R5)."""

    weight = Weight.MOMENT
    topic: str
    partition: int
    broker: int


@applies(PartitionChanged)
def _changed(state: State, event: PartitionChanged) -> None:
    partition = state.cluster.partition(event.topic, event.partition)
    if event.leader != partition.leader:
        _reigns(state, partition, event)
    if event.leader_epoch != partition.leader_epoch:
        metadata.outdated(state.cluster, partition)
    if event.leader >= 0:
        partition.last_leader = event.leader
    partition.leader, partition.leader_epoch = event.leader, event.leader_epoch
    partition.partition_epoch = event.partition_epoch
    partition.isr, partition.elr = list(event.isr), list(event.elr)
    partition.last_known_elr, partition.recovering = list(event.last_known_elr), event.recovering


def _reigns(state: State, partition: Partition, event: PartitionChanged) -> None:
    """Somebody else leads: note since when nobody did, whatever the controller believed."""
    silent_us = event.at_us
    if partition.leader >= 0:
        before = state.cluster.brokers[partition.leader]
        if before.process == "dead":
            silent_us = before.since_us
        elif before.heard_at_us >= 0:
            silent_us = before.heard_at_us
    elif partition.reigns:
        silent_us = partition.reigns[-1].silent_us
    reign = Reign(event.at_us, event.leader_epoch, event.leader, silent_us)
    partition.reigns = [*partition.reigns[1 - REIGNS :], reign]


REIGNS = 16
"""Leaderships of a partition that are remembered."""


@applies(LeadershipLearned)
def _learned(state: State, event: LeadershipLearned) -> None:
    partition = state.cluster.partition(event.topic, event.partition)
    partition.beliefs.pop(str(event.broker), None)
    if event.broker not in partition.replicas:
        return
    new = partition.replicas[event.broker].leader_epoch != partition.leader_epoch
    believe(state.cluster, partition, event.broker, event.at_us)
    if new and partition.leader == event.broker:
        ledger.leads(state.cluster, partition, unclean=partition.recovering)


@applies(ReplicaTruncated)
def _truncated(state: State, event: ReplicaTruncated) -> None:
    partition = state.cluster.partition(event.topic, event.partition)
    copy = partition.replicas[event.broker]
    copy.cut = cut_of(copy.log, event.at_us, event.end, copy.leader, copy.leader_epoch)
    copy.log.truncate(event.end)
    copy.high_watermark = min(copy.high_watermark, event.end)
    _follow(state, event.broker, event.topic, event.partition)


@applies(LeadershipForgotten)
def _forgotten(state: State, event: LeadershipForgotten) -> None:
    log = state.cluster.partition(event.topic, event.partition).replicas[event.broker].log
    log.truncate(log.end)
    _follow(state, event.broker, event.topic, event.partition)


def _follow(state: State, broker: int, topic: str, number: int) -> None:
    partition = state.cluster.partition(topic, number)
    copy = partition.replicas[broker]
    if copy.leader >= 0 and copy.leader != broker:
        news = state.cluster.brokers[broker].fetchers[copy.leader].news
        news[partition.key] = (topic, number, copy.log.end, copy.log.last_epoch)


@applies(IsrProposed)
def _proposed(state: State, event: IsrProposed) -> None:
    copy = state.cluster.partition(event.topic, event.partition).replicas[event.broker]
    copy.pending = event.isr


@applies(FetcherReset)
def _reset(state: State, event: FetcherReset) -> None:
    state.cluster.brokers[event.broker].fetchers[event.leader].running = False
    for topic in state.cluster.topics.values():
        for partition in topic.partitions:
            copy = partition.replicas.get(event.broker)
            if copy is not None and copy.leader == event.leader:
                _follow(state, event.broker, partition.topic, partition.number)


@applies(ReplicaLost)
def _lost(state: State, event: ReplicaLost) -> None:
    partition = state.cluster.partition(event.topic, event.partition)
    copy = partition.replicas[event.broker]
    copy.log, copy.high_watermark = type(copy.log)(), 0
    ledger.damaged(state.cluster, partition, event.broker, "disk")
