"""What the controller's records change: which brokers may lead, which topics there are, who leads them."""

from __future__ import annotations

from mqviz.model.event import applies
from mqviz.model.kafka.broker.state import Broker
from mqviz.model.kafka.cluster import Cluster, Leadership, Partition, Topic, new_partition, set_values
from mqviz.model.kafka.controller.events import (
    BrokerAdded,
    BrokerFellSilent,
    BrokerFenced,
    BrokerHeardAgain,
    BrokerUnfenced,
    ClusterStarted,
    ControllerChanged,
    ControllerElected,
    CoordinatorsMoved,
    PartitionChanged,
    PartitionsAdded,
    TopicAltered,
    TopicCreated,
    TopicDeleted,
)
from mqviz.model.kafka.coordinator.offsets.state import GroupPartition
from mqviz.model.kafka.internal_topics import internal_key
from mqviz.model.kafka.metadata import state as metadata_state
from mqviz.model.kafka.metadata.state import clients_of, node_of
from mqviz.model.kafka.replication.state import Feed, Fetcher
from mqviz.model.state import State


@applies(PartitionChanged)
def _changed(state: State, event: PartitionChanged) -> None:
    partition = state.cluster.partition(event.topic, event.partition)
    if event.leader != partition.leader:
        _leaderships(state, partition, event)
    if event.leader_epoch != partition.leader_epoch:
        metadata_state.outdated(state.cluster, partition)
    if event.leader >= 0:
        partition.last_leader = event.leader
    partition.leader, partition.leader_epoch = event.leader, event.leader_epoch
    partition.partition_epoch = event.partition_epoch
    partition.isr, partition.elr = list(event.isr), list(event.elr)
    partition.last_known_elr, partition.recovering = list(event.last_known_elr), event.recovering


def _leaderships(state: State, partition: Partition, event: PartitionChanged) -> None:
    """Somebody else leads: note since when nobody did, whatever the controller believed."""
    silent_us = event.at_us
    if partition.leader >= 0:
        before = state.cluster.brokers[partition.leader]
        if before.process == "dead":
            silent_us = before.since_us
        elif before.heard_at_us >= 0:
            silent_us = before.heard_at_us
    elif partition.leaderships:
        silent_us = partition.leaderships[-1].silent_us
    leadership = Leadership(event.at_us, event.leader_epoch, event.leader, silent_us)
    partition.leaderships = [*partition.leaderships[1 - LEADERSHIPS :], leadership]


LEADERSHIPS = 16
"""Leaderships of a partition that are remembered."""


@applies(BrokerFellSilent)
def _silent(state: State, event: BrokerFellSilent) -> None:
    broker = state.cluster.brokers[event.broker]
    broker.silence += 1
    broker.heard_at_us = event.heard_at_us


@applies(BrokerHeardAgain)
def _heard(state: State, event: BrokerHeardAgain) -> None:
    broker = state.cluster.brokers[event.broker]
    broker.silence += 1
    broker.heard_at_us = -1
    broker.heartbeats_from_us = event.at_us


@applies(BrokerFenced)
def _fenced(state: State, event: BrokerFenced) -> None:
    broker = state.cluster.brokers[event.broker]
    broker.fenced, broker.leaving_us = True, -1


@applies(BrokerUnfenced)
def _unfenced(state: State, event: BrokerUnfenced) -> None:
    state.cluster.brokers[event.broker].fenced = False


@applies(BrokerAdded)
def _added(state: State, event: BrokerAdded) -> None:
    brokers = state.cluster.brokers
    feeds, fetchers = {other: Feed() for other in brokers}, {other: Fetcher() for other in brokers}
    for other in brokers.values():
        other.feeds[event.broker], other.fetchers[event.broker] = Feed(), Fetcher()
    brokers[event.broker] = Broker(
        event.broker,
        feeds,
        fetchers,
        rack=event.rack,
        process="starting",
        since_us=event.at_us,
        fenced=True,
        heard_at_us=event.at_us,
    )


@applies(ControllerChanged)
def _controller_changed(state: State, event: ControllerChanged) -> None:
    quorum = state.cluster.quorum
    if event.up:
        quorum.down.remove(event.controller)
    else:
        quorum.down.append(event.controller)


@applies(ControllerElected)
def _elected(state: State, event: ControllerElected) -> None:
    state.cluster.quorum.active = event.controller


@applies(ClusterStarted)
def _started(state: State, event: ClusterStarted) -> None:
    cluster = state.cluster
    cluster.link_latency_us = event.link_latency_us
    cluster.append_cost_us = event.append_cost_us
    cluster.initial_rebalance_delay_us = event.initial_rebalance_delay_us
    cluster.quorum.voters, cluster.founders = event.controllers, event.brokers
    ids = range(1, event.brokers + 1)
    for broker in ids:
        others = [other for other in ids if other != broker]
        cluster.brokers[broker] = Broker(
            broker, {other: Feed() for other in others}, {other: Fetcher() for other in others}
        )
    for broker, rack in enumerate(event.racks, start=1):
        cluster.brokers[broker].rack = rack


@applies(TopicCreated)
def _created(state: State, event: TopicCreated) -> None:
    factor, fewest = len(event.placement[0]), event.min_insync_replicas
    topic = Topic(event.topic, factor, fewest, [], dict(event.values), own=list(event.own))
    state.cluster.topics[event.topic] = topic
    for group in state.cluster.share_groups.values():
        for key in [key for key in group.windows if key.rpartition("-")[0] == event.topic]:
            del group.windows[key]  # of a deleted topic of that name
    for number, ids in enumerate(event.placement):
        in_sync = event.in_sync[number] if event.in_sync else ids
        new_partition(state.cluster, topic, number, ids, in_sync, event.at_us)


@applies(TopicAltered)
def _altered(state: State, event: TopicAltered) -> None:
    topic = state.cluster.topic(event.topic)
    topic.own += [name for name in event.values if name not in topic.own]
    set_values(topic, event.values)


@applies(PartitionsAdded)
def _partitions_added(state: State, event: PartitionsAdded) -> None:
    topic = state.cluster.topics[event.topic]
    _outdated(state.cluster, topic)
    for index, ids in enumerate(event.placement):
        in_sync = event.in_sync[index] if event.in_sync else ids
        new_partition(state.cluster, topic, event.first + index, ids, in_sync, event.at_us)


@applies(TopicDeleted)
def _deleted(state: State, event: TopicDeleted) -> None:
    cluster = state.cluster
    topic = cluster.topics[event.topic]
    _outdated(cluster, topic)
    del cluster.topics[event.topic]
    cluster.gone[event.topic] = topic
    topic.deleted = True
    for partition in topic.partitions:
        partition.leader, partition.isr, partition.elr, partition.last_known_elr = -1, [], [], []
        partition.beliefs = {}
        for broker, copy in partition.replicas.items():
            copy.leader, copy.isr, copy.pending = -1, [], ()
            copy.follower_ends, copy.caught_up_us, copy.looked = {}, {}, {}
            _forget(cluster, broker, partition.key)
        if partition.key in cluster.ledger:
            cluster.ledger[partition.key].topic_deleted()
        for group in cluster.groups.values():
            if partition.key in group.records:
                group.records[partition.key] = GroupPartition(event.topic, partition.number)


def _outdated(cluster: Cluster, topic: Topic) -> None:
    """Clients go on with the number of partitions that they know until they are told."""
    for each in clients_of(cluster, topic.name):
        topic.counts.setdefault(node_of(*each), len(topic.partitions))


def _forget(cluster: Cluster, broker: int, key: str) -> None:
    """What a broker still had to tell or to ask of the partition."""
    own = cluster.brokers[broker]
    own.carried.pop(key, None)
    for fetcher in own.fetchers.values():
        fetcher.news.pop(key, None)
    for feed in own.feeds.values():
        feed.fresh.pop(key, None)
        feed.marks.pop(key, None)


@applies(CoordinatorsMoved)
def _moved(state: State, event: CoordinatorsMoved) -> None:
    internal_leaders = state.cluster.internal_leaders
    for replicas, broker in event.internal_leaders:
        if broker == replicas[0]:
            internal_leaders.pop(internal_key(replicas), None)
        else:
            internal_leaders[internal_key(replicas)] = broker
