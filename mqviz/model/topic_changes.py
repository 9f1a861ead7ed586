"""Topic changes: a topic gets more partitions or is deleted, and clients that find out later."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mqviz.model.cluster import Topic, new_partition
from mqviz.model.event import Event, Weight, applies
from mqviz.model.group_record import PartitionRecord
from mqviz.model.metadata import clients_of, node_of

if TYPE_CHECKING:
    from mqviz.model.cluster import Cluster
    from mqviz.model.state import State


class PartitionsAdded(Event, frozen=True, omit_defaults=True):
    """The topic has more partitions from number `first` on; `placement` and `in_sync` as in TopicCreated."""

    weight = Weight.MOMENT
    topic: str
    first: int
    placement: tuple[tuple[int, ...], ...]
    in_sync: tuple[tuple[int, ...], ...] = ()


class TopicDeleted(Event, frozen=True):
    """The topic is gone with its records and the offsets that groups committed for it."""

    weight = Weight.MOMENT
    topic: str


class PartitionsCounted(Event, frozen=True):
    """A client's new metadata says how many partitions these topics have (0: there is no such topic)."""

    client: str
    node: str
    topics: tuple[tuple[str, int], ...]


@applies(PartitionsAdded)
def _added(state: State, event: PartitionsAdded) -> None:
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
                group.records[partition.key] = PartitionRecord(event.topic, partition.number)


@applies(PartitionsCounted)
def _counted(state: State, event: PartitionsCounted) -> None:
    for name, _ in event.topics:
        state.cluster.topic(name).counts.pop(event.node, None)


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
