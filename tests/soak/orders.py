"""Random commands: every command that there is, to those who are there, or (rarely) to nobody.

A command of which nothing is written here is drawn from the types of its fields, so that a new one is part of the soak at once.
"""

from __future__ import annotations

from collections.abc import Callable
from types import UnionType
from typing import Any, Literal, get_args, get_origin

import msgspec

from mqviz.commands import TABLE
from mqviz.model.command.base import Command
from mqviz.model.kafka.cluster import Cluster
from mqviz.model.state import State
from mqviz.model.units import Duration
from tests.soak import topology
from tests.soak.choose import Choose

OFTEN = (
    *(("add", "consumer"),) * 5,
    *(("add", "producer"),) * 2,
    *(("add", "share-consumer"),) * 2,
    *(("kill", "consumer"), ("close", "consumer"), ("pause", "consumer"), ("resume", "consumer")) * 2,
    *(("kill", "producer"), ("close", "producer"), ("pause", "producer"), ("resume", "producer")),
    *(("send", "record"),) * 6,
    *(("kill", "broker"), ("restart", "broker"), ("restart", "broker"), ("isolate", "broker")) * 4,
    *(("pause", "broker"), ("resume", "broker"), ("heal", "broker"), ("stop", "broker")) * 3,
    *(("elect", "leader"), ("alter", "topic"), ("delete", "records")) * 2,
)
"""What is drawn more often than once a kind."""

NOBODY = "nobody"
"""Stands where there is nothing to name; it is refused."""

NEVER = (("add", "sign-up"), ("fail", "service"), ("repair", "service"))
"""Another world than Kafka's: it has random commands of its own."""


def table() -> list[tuple[str, str]]:
    """Verb and kind of every command that is drawn, as often as it is."""
    return [*OFTEN, *(key for key in TABLE if key not in NEVER)]


def order(choose: Choose, state: State) -> str:
    """One command for this moment; whoever it is for may refuse it."""
    verb, kind = choose.one(table())
    special = SPECIAL.get((verb, kind))
    words = special(choose, state.cluster) if special else _any(choose, state.cluster, TABLE[verb, kind])
    return f"{verb} {kind} {words}".strip()


def fault(choose: Choose, state: State) -> str:
    """One command to a broker: something breaks, or comes back."""
    verb, kind = choose.one([key for key in OFTEN if key[1] == "broker"])
    return f"{verb} {kind} {_any(choose, state.cluster, TABLE[verb, kind])}".strip()


def wait_us(choose: Choose) -> int:
    """How long until the next command."""
    return choose.one((0, 1, 1_300, 40_000, 700_000, 2_000_000, 5_000_000, 12_000_000))


def _topics(cluster: Cluster) -> tuple[str, ...]:
    return tuple(cluster.topics) or topology.TOPICS


def _any(choose: Choose, cluster: Cluster, command: type[Command]) -> str:
    """A command by the types of its fields; of those that have a default about a third is given."""
    words = []
    for field in msgspec.structs.fields(command):
        if field.name == "name":
            words.append(_name(choose, cluster, command.kind, field.required))
        elif field.name == "config":
            continue
        elif field.required or choose.number(0, 2) == 0:
            words.append(_field(choose, cluster, field.name, field.type))
    return " ".join(word for word in words if word)


def _name(choose: Choose, cluster: Cluster, kind: str, required: bool) -> str:
    pools = {
        "broker": [str(broker) for broker in cluster.brokers],
        "disk": [str(broker) for broker in cluster.brokers],
        "power": [str(broker) for broker in cluster.brokers],
        "controller": [str(voter) for voter in range(1, cluster.quorum.voters + 1)],
        "topic": list(cluster.topics),
        "records": list(cluster.topics),
        "producer": list(cluster.producers),
        "record": list(cluster.producers),
        "transaction": list(cluster.producers),
        "consumer": list(cluster.consumers),
        "share-consumer": list(cluster.share_consumers),
        "group": list(cluster.groups),
        "partition": [p.key for topic in cluster.topics.values() for p in topic.partitions],
    }
    pool = pools.get(kind, [])
    return choose.one(pool) if pool else (NOBODY if required else "")


def _field(choose: Choose, cluster: Cluster, name: str, kind: Any) -> str:
    pools: dict[str, list[Any]] = {
        "topic": list(cluster.topics),
        "consumer": list(cluster.consumers),
        "producer": list(cluster.producers),
        "group": list(cluster.groups),
        "partition": [0, 0, 1, 2],
        "partitions": [1, 2, 3, 6],
        "also": [*map(str, cluster.brokers), *cluster.producers, *cluster.consumers],
        "timeout": ["0s", "1s", "10s"],
    }
    if name in pools:
        return f"{name}={choose.one(pools[name] or [NOBODY])}"
    kind = get_args(kind)[0] if get_origin(kind) is UnionType else kind
    if get_origin(kind) is Literal:
        texts = [text for text in get_args(kind) if text != ""]
        return f"{name}={choose.one(texts)}"
    if kind is bool:
        return f"{name}={choose.one(('true', 'false'))}"
    if isinstance(kind, type) and issubclass(kind, Duration):
        return f"{name}={choose.one((0, 200, 4000, 30000))}ms"
    if kind is int:
        return f"{name}={choose.one((0, 1, 7, 40))}"
    return ""


def _add_consumer(choose: Choose, cluster: Cluster) -> str:
    words = topology.consumer(choose, _topics(cluster))
    if choose.number(0, 9) == 0:
        topic = choose.one(_topics(cluster))
        words = f"group=alone commit=after assign={topic}-0 auto_offset_reset=earliest"
    return f"{choose.one(topology.CONSUMERS)} {words}"


def _add_producer(choose: Choose, cluster: Cluster) -> str:
    return f"{choose.one(topology.PRODUCERS)} {topology.producer(choose, _topics(cluster))}"


def _add_sharer(choose: Choose, cluster: Cluster) -> str:
    return f"{choose.one(topology.SHARERS)} {topology.sharer(choose, _topics(cluster))}"


def _create_topic(choose: Choose, cluster: Cluster) -> str:
    return f"{choose.one(topology.TOPICS)} {topology.topic(choose, len(cluster.brokers))}"


def _add_broker(choose: Choose, cluster: Cluster) -> str:
    """The next number, up to five brokers; then one that is there, which is refused."""
    return f"{min(len(cluster.brokers) + 1, 5)} {choose.one(('', 'rack=a', 'rack=b'))}"


def _alter_topic(choose: Choose, cluster: Cluster) -> str:
    return f"{choose.one(_topics(cluster))} {choose.one(ALTERED)}"


def _alter_cluster(choose: Choose, cluster: Cluster) -> str:
    return choose.one(CLUSTER_WIDE)


CLUSTER_WIDE = (
    "min.insync.replicas=1",
    "min.insync.replicas=2",
    "unclean.leader.election.enable=true",
    "log.retention.ms=3000",
    "log.cleanup.policy=compact",
    "broker.session.timeout.ms=3000",
)

ALTERED = (
    "retention.ms=3000",
    "retention.ms=-1",
    "retention.bytes=1000",
    "cleanup.policy=compact",
    "cleanup.policy=delete",
    "segment.ms=2000",
    "min.insync.replicas=1",
    "min.insync.replicas=2",
    "unclean.leader.election.enable=true",
    "message.timestamp.type=LogAppendTime",
    "max.message.bytes=300",
)


def _send(choose: Choose, cluster: Cluster) -> str:
    name = choose.one(list(cluster.producers) or [NOBODY])
    words = choose.one(("", "key=a", "key=b value=x", "key=a tombstone=true", "partition=0", "size=2000"))
    return f"{name} {words} count={choose.one((1, 3, 20))}"


def _set_producer(choose: Choose, cluster: Cluster) -> str:
    return f"{choose.one(list(cluster.producers) or [NOBODY])} rate={choose.one((0, 0.5, 3))}/s"


def _partition(choose: Choose, cluster: Cluster) -> str:
    places = [(name, key) for name, each in cluster.consumers.items() for key in each.partition_states]
    name, key = choose.one(places or [(NOBODY, "t-0")])
    return f"{key} consumer={name}"


SPECIAL: dict[tuple[str, str], Callable[[Choose, Cluster], str]] = {
    ("add", "broker"): _add_broker,
    ("add", "consumer"): _add_consumer,
    ("add", "producer"): _add_producer,
    ("add", "share-consumer"): _add_sharer,
    ("create", "topic"): _create_topic,
    ("alter", "cluster"): _alter_cluster,
    ("alter", "topic"): _alter_topic,
    ("send", "record"): _send,
    ("set", "producer"): _set_producer,
    ("pause", "partition"): _partition,
    ("resume", "partition"): _partition,
}
