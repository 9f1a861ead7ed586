"""Cluster: a simulated Apache Kafka, complete, with plain values; nothing is shared, ids refer.

Brokers, topics and partitions are here; clients, groups and requests have their own files.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import msgspec

import mqviz.model.membership  # noqa: F401  (registers its events)
from mqviz.model.consumer import Consumer
from mqviz.model.consumer_group import ConsumerGroup
from mqviz.model.consumer_member import ClientMember
from mqviz.model.event import Event, Weight, applies
from mqviz.model.group import Group
from mqviz.model.ledger import PartitionLedger
from mqviz.model.log import Batch, Replica
from mqviz.model.producer import Producer
from mqviz.model.request import Connection, InFlight
from mqviz.model.share import ShareGroup
from mqviz.model.share_consumer import ShareConsumer
from mqviz.model.transactions import Transactions
from mqviz.model.trend import Samples

if TYPE_CHECKING:
    from mqviz.model.state import State


@lru_cache(maxsize=65536)
def partition_key(topic: str, partition: int) -> str:
    """The key of a partition in tables, `email-requests-0`, as Kafka's own tools write it."""
    return f"{topic}-{partition}"


class Partition(msgspec.Struct):
    """One log and its replicas, as its leader sees it.

    `follower_ends`: how far each follower has fetched, as the leader knows it. `parked_produces` and
    `parked_fetches`: numbers of requests that wait here for the high watermark. `sent`, `appended` and
    `dropped` count records that producers handed over, that came into the log, that will never come.
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
    follower_ends: dict[int, int] = msgspec.field(default_factory=dict)
    parked_produces: list[int] = msgspec.field(default_factory=list)
    parked_fetches: list[int] = msgspec.field(default_factory=list)
    sent: int = 0
    appended: int = 0
    dropped: int = 0
    ends: Samples = msgspec.field(default_factory=Samples)

    @property
    def led(self) -> Replica:
        """The leader's copy."""
        return self.replicas[self.leader]


Values = dict[str, int | float | bool | str]
"""Kafka's settings by Kafka's names, in Kafka's units."""

TOPIC_SETTINGS: Values = {}
"""Kafka's own value of each topic setting; mqviz/kafka/settings.py, which lies above, fills it."""


class Topic(msgspec.Struct):
    """A topic and its partitions, numbered from 0.

    `values`: the settings that are not Kafka's own, given with the topic or by the brokers.
    """

    name: str
    replication_factor: int
    min_insync_replicas: int
    partitions: list[Partition]
    values: Values = msgspec.field(default_factory=dict)

    def setting(self, name: str) -> Any:
        """The topic setting `name`, in Kafka's units; raises KeyError if Kafka has none of that name."""
        if name == "min.insync.replicas":
            return self.min_insync_replicas
        found = self.values.get(name)
        return TOPIC_SETTINGS[name] if found is None else found


class Feed(msgspec.Struct):
    """A leader's side of a follower's fetch loop.

    `waiting`: number of the parked fetch, 0 for none. `fresh`: partitions with data that was not sent yet;
    `marks`: partitions whose high watermark it was not told.
    """

    waiting: int = 0
    fresh: dict[str, bool] = msgspec.field(default_factory=dict)
    marks: dict[str, bool] = msgspec.field(default_factory=dict)


class Fetcher(msgspec.Struct):
    """A follower's side: `running` once its loop began; `news`: log ends that the leader was not told."""

    running: bool = False
    news: dict[str, tuple[str, int, int]] = msgspec.field(default_factory=dict)


class Broker(msgspec.Struct):
    """A server; `feeds` by follower, `fetchers` by leader, `carried`: batches fetched and not yet written."""

    id: int
    feeds: dict[int, Feed] = msgspec.field(default_factory=dict)
    fetchers: dict[int, Fetcher] = msgspec.field(default_factory=dict)
    carried: dict[str, tuple[Batch, ...]] = msgspec.field(default_factory=dict)


class Cluster(msgspec.Struct):
    """Brokers, topics, clients and groups of the simulated Kafka; without brokers there is no Kafka.

    `keys`: keys of records in the order of their first appearance, at most KEYS of them.
    """

    link_latency_us: int = 0
    append_cost_us: int = 0
    initial_rebalance_delay_us: int = 0
    brokers: dict[int, Broker] = msgspec.field(default_factory=dict)
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

    def partition(self, topic: str, number: int) -> Partition:
        """A partition that exists."""
        return self.topics[topic].partitions[number]

    def partition_by_key(self, key: str) -> Partition:
        """A partition that exists, by its key `topic-number`."""
        topic, _, number = key.rpartition("-")
        return self.topics[topic].partitions[int(number)]

    def note_key(self, key: str | None) -> None:
        """Give `key` the next letter if it has none yet."""
        if key is not None and key not in self.keys and len(self.keys) < KEYS:
            self.keys[key] = True


KEYS = 64
"""Keys that get a letter of their own."""


class ClusterStarted(Event, frozen=True):
    """Brokers 1 … brokers are up and know each other."""

    brokers: int
    link_latency_us: int
    append_cost_us: int
    initial_rebalance_delay_us: int


class TopicCreated(Event, frozen=True, omit_defaults=True):
    """A topic is there on all brokers; `placement`: for each partition its replicas, the leader first (R13).

    `values`: its settings that are not Kafka's own.
    """

    weight = Weight.STEP
    topic: str
    min_insync_replicas: int
    placement: tuple[tuple[int, ...], ...]
    values: Values = {}


class TopicAltered(Event, frozen=True):
    """These settings of a topic have other values from now on."""

    weight = Weight.STEP
    topic: str
    values: Values


@applies(ClusterStarted)
def _started(state: State, event: ClusterStarted) -> None:
    cluster = state.cluster
    cluster.link_latency_us = event.link_latency_us
    cluster.append_cost_us = event.append_cost_us
    cluster.initial_rebalance_delay_us = event.initial_rebalance_delay_us
    ids = range(1, event.brokers + 1)
    for broker in ids:
        others = [other for other in ids if other != broker]
        cluster.brokers[broker] = Broker(
            broker, {other: Feed() for other in others}, {other: Fetcher() for other in others}
        )


@applies(TopicCreated)
def _created(state: State, event: TopicCreated) -> None:
    partitions = [_partition(event.topic, number, ids) for number, ids in enumerate(event.placement)]
    state.cluster.topics[event.topic] = Topic(
        event.topic, len(event.placement[0]), event.min_insync_replicas, partitions, dict(event.values)
    )
    for partition in partitions:
        partition.ends.note(event.at_us, 0)
        for follower in partition.replica_ids[1:]:
            state.cluster.brokers[follower].fetchers[partition.leader].news[partition.key] = (
                event.topic,
                partition.number,
                0,
            )


@applies(TopicAltered)
def _altered(state: State, event: TopicAltered) -> None:
    topic = state.cluster.topics[event.topic]
    topic.values.update(event.values)
    fewest = topic.values.pop("min.insync.replicas", None)
    if isinstance(fewest, int):
        topic.min_insync_replicas = fewest


def _partition(topic: str, number: int, ids: tuple[int, ...]) -> Partition:
    replicas = {broker: Replica() for broker in ids}
    key = partition_key(topic, number)
    return Partition(topic, number, key, list(ids), list(ids), ids[0], replicas=replicas)
