"""The cluster: its brokers, topics and partitions as the controller has them, its clients and its groups."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import msgspec

from mqviz.model.kafka.broker.state import Broker
from mqviz.model.kafka.clients.consumer.state import ClientMember, Consumer
from mqviz.model.kafka.clients.producer.state import Producer
from mqviz.model.kafka.clients.share.state import ShareConsumer
from mqviz.model.kafka.controller.state import Quorum
from mqviz.model.kafka.coordinator.classic.state import Group
from mqviz.model.kafka.coordinator.consumer.state import ConsumerGroup
from mqviz.model.kafka.coordinator.share.state import ShareGroup
from mqviz.model.kafka.coordinator.transaction.state import Transactions
from mqviz.model.kafka.ledger.state import PartitionLedger
from mqviz.model.kafka.log.state import Replica
from mqviz.model.kafka.network.state import Connection, InFlight, Recent
from mqviz.model.kafka.topic_settings import TOPIC_SETTINGS, Values
from mqviz.model.trend import Samples


def founders(cluster: Cluster) -> list[int]:
    """The brokers that were there first: internal topics were made then, and stay where they are."""
    return list(cluster.brokers)[: cluster.founders]


@lru_cache(maxsize=65536)
def partition_key(topic: str, partition: int) -> str:
    """The key of a partition in tables, `email-requests-0`, as Kafka's own tools write it."""
    return f"{topic}-{partition}"


class Leadership(msgspec.Struct, frozen=True):
    """One leadership of a partition: from `at_us` on, in `epoch`, by `leader` (-1: nobody).

    `silent_us`: since when the one before did not answer; `at_us` itself where the leadership was handed
    over.
    """

    at_us: int
    epoch: int
    leader: int
    silent_us: int


class Partition(msgspec.Struct):
    """One log and its replicas, as the controller has them; what each broker believes is in its Replica.

    `leader` -1: nobody leads; `last_leader`: who did last. `elr`: replicas that may lead although they are
    not in sync (R23), `last_known_elr`: the last leader where both are empty; `recovering`: the leader was
    elected uncleanly, or as the last one known. `parked_produces` and
    `parked_fetches`: numbers of requests that wait here for the high watermark. `sent`, `appended` and
    `dropped` count records that producers handed over, that came into the log, that will never come;
    `duplicates` are those that came into it once more, each counted as sent and appended again. `reigns`: its
    last leaderships.
    `beliefs`: what nodes believe of (leader, epoch) that is not so, see metadata/.
    """

    topic: str
    number: int
    key: str
    replica_ids: list[int]
    isr: list[int]
    leader: int
    leader_epoch: int = 0
    partition_epoch: int = 0
    replicas: dict[int, Replica] = msgspec.field(default_factory=dict)
    purgatory_produces: list[int] = msgspec.field(default_factory=list)
    purgatory_fetches: list[int] = msgspec.field(default_factory=list)
    sent: int = 0
    appended: int = 0
    dropped: int = 0
    duplicates: int = 0
    ends: Samples = msgspec.field(default_factory=Samples)
    last_leader: int = -1
    elr: list[int] = msgspec.field(default_factory=list)
    last_known_elr: list[int] = msgspec.field(default_factory=list)
    recovering: bool = False
    leaderships: list[Leadership] = msgspec.field(default_factory=list)
    beliefs: dict[str, tuple[int, int]] = msgspec.field(default_factory=dict)

    @property
    def led(self) -> Replica:
        """The leader's copy; while nobody leads, that of the last one who did."""
        return self.replicas[self.leader if self.leader >= 0 else self.last_leader]

    @property
    def follower_ends(self) -> dict[int, int]:
        """How far each follower has fetched, as the leader knows it."""
        return self.led.follower_ends


class Topic(msgspec.Struct):
    """A topic and its partitions, numbered from 0.

    `values`: the settings that are not Kafka's own, given with the topic or by the brokers. `counts`: clients
    that believe in another number of partitions, because nobody told them yet. `deleted`: it is kept for
    those who still hold on to it, no broker has it.
    `own`: names of the settings that were given for this topic; the others are the brokers'.
    """

    name: str
    replication_factor: int
    min_insync_replicas: int
    partitions: list[Partition]
    values: Values = msgspec.field(default_factory=dict)
    counts: dict[str, int] = msgspec.field(default_factory=dict)
    deleted: bool = False
    own: list[str] = msgspec.field(default_factory=list)

    def setting(self, name: str) -> Any:
        """The topic setting `name`, in Kafka's units; raises KeyError if Kafka has none of that name."""
        if name == "min.insync.replicas":
            return self.min_insync_replicas
        found = self.values.get(name)
        return TOPIC_SETTINGS[name] if found is None else found


class Cluster(msgspec.Struct):
    """Brokers, topics, clients and groups of the simulated Kafka; without brokers there is no Kafka.

    `group_settings`: dynamic settings of groups that were set at run time, by group.
    `seats`: who leads internal partitions whose first replica does not, see controller/. `keys`: keys of
    records in the order of their first appearance, at most KEYS of them.
    `gone`: deleted topics as they were last. `founders`: how many brokers there were at first.
    `settings`: those of brokers that were changed at run time.
    """

    link_latency_us: int = 0
    append_cost_us: int = 0
    initial_rebalance_delay_us: int = 0
    brokers: dict[int, Broker] = msgspec.field(default_factory=dict)
    founders: int = 0
    topics: dict[str, Topic] = msgspec.field(default_factory=dict)
    producers: dict[str, Producer] = msgspec.field(default_factory=dict)
    consumers: dict[str, Consumer] = msgspec.field(default_factory=dict)
    groups: dict[str, Group] = msgspec.field(default_factory=dict)
    share_groups: dict[str, ShareGroup] = msgspec.field(default_factory=dict)
    share_consumers: dict[str, ShareConsumer] = msgspec.field(default_factory=dict)
    consumer_groups: dict[str, ConsumerGroup] = msgspec.field(default_factory=dict)
    client_members: dict[str, ClientMember] = msgspec.field(default_factory=dict)
    transactions: Transactions = msgspec.field(default_factory=Transactions)
    connections: dict[str, Connection] = msgspec.field(default_factory=dict)
    requests: dict[int, InFlight] = msgspec.field(default_factory=dict)
    last_request: int = 0
    last_producer_id: int = -1
    keys: dict[str, bool] = msgspec.field(default_factory=dict)
    ledger: dict[str, PartitionLedger] = msgspec.field(default_factory=dict)
    quorum: Quorum = msgspec.field(default_factory=Quorum)
    internal_leaders: dict[str, int] = msgspec.field(default_factory=dict)
    group_settings: dict[str, dict[str, str]] = msgspec.field(default_factory=dict)
    cuts: list[tuple[str, ...]] = msgspec.field(default_factory=list)
    gone: dict[str, Topic] = msgspec.field(default_factory=dict)
    recent: Recent = msgspec.field(default_factory=Recent)
    settings: Values = msgspec.field(default_factory=dict)

    def append_us(self, broker: int) -> int:
        """How long an append takes on a broker (R5, R6)."""
        return self.append_cost_us * self.brokers[broker].slow

    def linked(self, one: str, other: str) -> bool:
        """Whether bytes pass between two nodes: brokers by number, clients by name, `controller` (R5)."""
        return not any((one in nodes) != (other in nodes) for nodes in self.cuts)

    def partitions(self) -> list[Partition]:
        """Every partition of every topic, in the order in which topics were created."""
        return [partition for topic in self.topics.values() for partition in topic.partitions]

    def partition(self, topic: str, number: int) -> Partition:
        """A partition that exists, or existed until its topic was deleted."""
        found = self.topics.get(topic)
        if found is None or number >= len(found.partitions):
            found = self.gone[topic]
        return found.partitions[number]

    def find(self, topic: str, number: int) -> Partition | None:
        """The same, or None for one that never was."""
        for topics in (self.topics, self.gone):
            found = topics.get(topic)
            if found is not None and 0 <= number < len(found.partitions):
                return found.partitions[number]
        return None

    def topic(self, name: str) -> Topic:
        """A topic that exists, or existed until it was deleted."""
        return self.topics.get(name) or self.gone[name]

    def partition_by_key(self, key: str) -> Partition:
        """The same by its key `topic-number`."""
        topic, _, number = key.rpartition("-")
        return self.partition(topic, int(number))

    def ledger_of(self, partition: Partition) -> PartitionLedger:
        """The ledger of a partition, made when first asked for."""
        found = self.ledger.get(partition.key)
        if found is None:
            found = self.ledger[partition.key] = PartitionLedger()
        return found

    def note_key(self, key: str | None) -> None:
        """Give `key` the next letter if it has none yet."""
        if key is not None and key not in self.keys and len(self.keys) < KEYS:
            self.keys[key] = True


KEYS = 64
"""Keys that get a letter of their own."""


def set_values(topic: Topic, values: Values) -> None:
    """These settings of the topic count from now on."""
    topic.values.update(values)
    fewest = topic.values.pop("min.insync.replicas", None)
    if isinstance(fewest, int):
        topic.min_insync_replicas = fewest
        for partition in topic.partitions:  # what was eligible by the old limit is not any more (R23)
            partition.elr, partition.last_known_elr = [], []


def new_partition(
    cluster: Cluster, topic: Topic, number: int, ids: tuple[int, ...], in_sync: tuple[int, ...], at_us: int
) -> None:
    """A partition is there; its brokers know, except those that do not run or cannot hear the controller."""
    leader = in_sync[0] if in_sync else -1
    copies = {broker: Replica() for broker in ids}
    key = partition_key(topic.name, number)
    partition = Partition(topic.name, number, key, list(ids), list(in_sync), leader, replicas=copies)
    partition.last_leader = leader if leader >= 0 else ids[0]
    topic.partitions.append(partition)
    partition.ends.note(at_us, 0)
    partition.leaderships.append(Leadership(at_us, 0, leader, at_us))
    for broker in ids:
        if cluster.brokers[broker].up and cluster.linked("controller", str(broker)):
            believe(cluster, partition, broker, at_us)


def believe(cluster: Cluster, partition: Partition, broker: int, at_us: int) -> None:
    """Broker `broker` learns who leads its copy of the partition: it leads, follows, or stands still (R25,
    R26).
    """
    copy, own = partition.replicas[broker], cluster.brokers[broker]
    new_epoch = copy.leader_epoch != partition.leader_epoch
    copy.leader, copy.leader_epoch = partition.leader, partition.leader_epoch
    copy.partition_epoch, copy.isr, copy.pending = partition.partition_epoch, list(partition.isr), ()
    if not new_epoch:
        return
    for fetcher in own.fetchers.values():
        fetcher.news.pop(partition.key, None)
    for feed in own.feeds.values():
        feed.fresh.pop(partition.key, None)
        feed.marks.pop(partition.key, None)
    copy.follower_ends, copy.caught_up_us, copy.looked = {}, {}, {}
    if copy.leader == broker:
        copy.log.begin_epoch(copy.leader_epoch)
        for other in partition.replica_ids:
            if other != broker:
                copy.follower_ends[other] = -1
            if other != broker and other in copy.isr:
                copy.caught_up_us[other] = at_us
    elif copy.leader >= 0:
        news = own.fetchers[copy.leader].news
        news[partition.key] = (partition.topic, partition.number, copy.log.end, copy.log.last_epoch)
