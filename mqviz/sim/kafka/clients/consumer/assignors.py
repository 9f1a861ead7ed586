"""Strategies: which assignors a consumer offers, and what its client does as the group leader.

Like a real broker: partition.assignment.strategy, by default range and cooperative-sticky, which makes the
client eager until range is removed from the list (R110); librdkafka's default is range and roundrobin. The
group leader shares out the partitions that its metadata knows (R104) with its own client's assignors (R117),
and joins again when a topic has more partitions than then (R111). Left out: own assignors.
"""

from __future__ import annotations

from mqviz.kafka.assignors import StickyUserData, Subscription, TopicPartition
from mqviz.kafka.assignors_sticky import ASSIGNORS, LIBRDKAFKA_ASSIGNORS, cooperates
from mqviz.kafka.settings import of
from mqviz.model.kafka.clients.consumer.events import AssignmentComputed, RejoinNeeded
from mqviz.model.kafka.clients.consumer.state import Consumer
from mqviz.model.kafka.protocol.responses import JoinGroupResponse
from mqviz.model.kafka.protocol.subscription import OwnedPartitions, Parts
from mqviz.sim.engine import TIMER, Simulation, due
from mqviz.sim.kafka.clients.consumer import wakeup

JAVA_CLASSES = {
    "RangeAssignor": "range",
    "RoundRobinAssignor": "roundrobin",
    "StickyAssignor": "sticky",
    "CooperativeStickyAssignor": "cooperative-sticky",
}
"""Java names assignors by their classes, members vote with the short names."""

STRATEGY = "partition.assignment.strategy"
LIBRDKAFKA_DEFAULT = "range,roundrobin"

Assignments = tuple[tuple[str, Parts], ...]


def strategies(consumer: Consumer) -> tuple[str, ...]:
    """The assignors that the consumer offers, the preferred one first."""
    config = consumer.settings.config
    librdkafka = STRATEGY not in config and getattr(consumer.settings, "client", "java") == "librdkafka"
    return parsed(LIBRDKAFKA_DEFAULT if librdkafka else of(config, "consumer", STRATEGY))


def parsed(text: str) -> tuple[str, ...]:
    """Short names from a list of short names or Java classes."""
    names = [name.strip().rpartition(".")[2] for name in text.split(",")]
    return tuple(JAVA_CLASSES.get(name, name) for name in names)


def refused_strategy(text: str, client: str = "java") -> str | None:
    """Kafka's refusal of a partition.assignment.strategy, None: all are known to that client."""
    known = LIBRDKAFKA_ASSIGNORS if client == "librdkafka" else ASSIGNORS
    unknown = [name for name in parsed(text) if name not in known]
    if unknown:
        return f"Invalid value {text} for configuration {STRATEGY}: Class {unknown[0]} could not be found."
    return None


def cooperative(consumer: Consumer) -> bool:
    """Whether it keeps its partitions while it joins again (R109)."""
    return cooperates(strategies(consumer))


def owned_partitions(consumer: Consumer) -> OwnedPartitions:
    """What its JoinGroup tells the assignors; only a client that offers `sticky` carries its user data."""
    owned = tuple(
        (partition_state.topic, partition_state.partition)
        for partition_state in consumer.partition_states.values()
    )
    sticky = "sticky" in strategies(consumer)
    return OwnedPartitions(
        owned,
        consumer.generation,
        consumer.given if sticky else (),
        consumer.given_generation if sticky else -1,
    )


def compute(sim: Simulation, consumer: Consumer, reply: JoinGroupResponse) -> Assignments:
    """What the group leader brings to SyncGroup: who gets what."""
    if reply.skip_assignment:
        return ()
    subscriptions = {
        member: _subscription(topics, instance_id, held)
        for member, topics, instance_id, held in reply.members
    }
    topics = sorted({name for subscription in subscriptions.values() for name in subscription.topics})
    partitions = partitions_of(sim, topics)
    librdkafka = getattr(consumer.settings, "client", "java") == "librdkafka"
    assignor = (LIBRDKAFKA_ASSIGNORS if librdkafka else ASSIGNORS)[reply.assignor]
    found = assignor(partitions, subscriptions)
    assignments = tuple((m, tuple((tp.topic, tp.partition) for tp in found[m])) for m in found)
    event = AssignmentComputed(
        *sim.stamp(),
        consumer.name,
        consumer.settings.group,
        reply.generation,
        reply.assignor,
        tuple(partitions.items()),
        assignments,
    )
    sim.cause = sim.emit(event)
    return assignments


def partitions_of(sim: Simulation, topics: list[str]) -> dict[str, int]:
    """How many partitions each of the topics has that exist."""
    found = sim.state.cluster.topics
    return {name: len(found[name].partitions) for name in topics if name in found}


def _subscription(topics: tuple[str, ...], instance_id: str | None, held: OwnedPartitions) -> Subscription:
    return Subscription(
        topics,
        tuple(TopicPartition(*place) for place in held.owned),
        instance_id,
        held.generation,
        StickyUserData(
            tuple(TopicPartition(*place) for place in held.remembered), held.remembered_generation
        ),
    )


def look_at_metadata(sim: Simulation, consumer: Consumer) -> None:
    """Start the group leader's timer of metadata.max.age.ms; it is void once the member joins again."""
    age_us = 1_000 * int(of(consumer.settings.config, "consumer", "metadata.max.age.ms"))
    sim.schedule(
        age_us, TIMER, _metadata_age, consumer.name, consumer.incarnation, consumer.membership, cause=0
    )


@due
def _metadata_age(sim: Simulation, name: str, incarnation: int, membership: int) -> None:
    """The group leader's client fetched the metadata anew (metadata.max.age.ms); other numbers of partitions:
    join (R111).
    """
    consumer = sim.state.cluster.consumers[name]
    if (consumer.incarnation, consumer.membership) != (incarnation, membership):
        return
    if consumer.phase not in ("syncing", "stable") or consumer.state in ("dead", "closed"):
        return
    known = partitions_of(sim, sorted({*consumer.topics, *(topic for topic, _ in consumer.snapshot)}))
    if tuple(known.items()) != consumer.snapshot and not consumer.rejoin:
        sim.cause = sim.emit(RejoinNeeded(*sim.stamp(), name, consumer.settings.group))
        wakeup.progress(sim, consumer)
    look_at_metadata(sim, consumer)
