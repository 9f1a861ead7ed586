"""Topic changes: partitions are added to a topic, topics are deleted, while brokers and clients go on.

Like a real broker: the controller refuses what it cannot do in its own words (R12, R13), decides, and pushes
(R6). New partitions change nothing for old ones: keys go elsewhere as soon as producers know of more
partitions. Clients find out with their next metadata (metadata.max.age.ms, or an error before), group leaders
of the classic protocol then rejoin (R111), coordinators of the other protocols see it at the next heartbeat
(R122). A deleted topic takes its records and the groups' committed offsets along; requests that wait for it
are answered UNKNOWN_TOPIC_OR_PARTITION; what producers hold of it expires, and new sends wait for metadata
until max.block.ms.
Left out: topic ids; so a topic is not made anew under its name while clients that used the old one live.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from mqviz.backend import Refused
from mqviz.kafka.errors import Error, named
from mqviz.model.command.topic import AddPartitions, DeleteTopic
from mqviz.model.kafka.cluster import Topic
from mqviz.model.kafka.controller.events import PartitionsAdded, TopicDeleted
from mqviz.sim.engine import TIMER, Simulation, checks, due, handles
from mqviz.sim.kafka import metadata
from mqviz.sim.kafka.controller import placement, registered

What = TypeVar("What")


def _hosted(sim: Simulation, name: str) -> Topic:
    found = sim.state.cluster.topics.get(name)
    registered.must_act(sim)
    if found is None:
        raise Refused(
            f"This server does not host this topic-partition: there is no topic {name}"
            f" ({named(Error.UNKNOWN_TOPIC_OR_PARTITION)})"
        )
    return found


def _later(sim: Simulation, handler: Callable[[Simulation, What], None], what: What) -> None:
    sim.schedule(registered.DECISION_US + sim.state.cluster.link_latency_us, TIMER, handler, what)


# -- more partitions -----------------------------------------------------------------------------------------


@checks(AddPartitions)
def _check_add(sim: Simulation, command: AddPartitions) -> AddPartitions:
    topic = _hosted(sim, command.name)
    now, error = len(topic.partitions), f"({named(Error.INVALID_PARTITIONS)})"
    if command.to == now:
        raise Refused(f"Topic already has {now} partition(s) {error}")
    if command.to < now:
        raise Refused(
            f"The topic {topic.name} currently has {now} partition(s); {command.to} would not be an "
            f"increase {error}"
        )
    if command.replicas and len(command.replicas) != command.to - now:
        raise Refused(
            f"Attempted to add {command.to - now} additional partition(s), but only {len(command.replicas)} "
            f"assignment(s) were specified ({named(Error.INVALID_REPLICA_ASSIGNMENT)})"
        )
    factor = len(topic.partitions[0].replica_ids)
    if command.replicas:
        placement.by_hand(sim, command.replicas, factor)
    else:
        placement.check_factor(sim, factor)
    return command


@handles(AddPartitions)
def _add(sim: Simulation, command: AddPartitions) -> None:
    _later(sim, _added, command)


@due
def _added(sim: Simulation, command: AddPartitions) -> None:
    cluster = sim.state.cluster
    topic = cluster.topics.get(command.name)
    if topic is None or command.to <= len(topic.partitions):
        return  # somebody else was faster
    first, factor = len(topic.partitions), len(topic.partitions[0].replica_ids)
    if command.replicas:
        placed = placement.by_hand(sim, command.replicas[-(command.to - first) :])
    else:
        placed = placement.place(list(cluster.brokers.values()), command.to - first, factor, first)
    in_sync = placement.in_sync(sim, placed)
    told = () if in_sync == placed else in_sync
    sim.cause = sim.emit(PartitionsAdded(*sim.stamp(), command.name, first, placed, told))
    metadata.grows_old(sim, topic.partitions[-1])


# -- none at all ---------------------------------------------------------------------------------------------


@checks(DeleteTopic)
def _check_delete(sim: Simulation, command: DeleteTopic) -> DeleteTopic:
    _hosted(sim, command.name)
    if not sim.scenario.cluster.setting("delete.topic.enable"):
        raise Refused(f"Topic deletion is disabled ({named(Error.TOPIC_DELETION_DISABLED)})")
    return command


@handles(DeleteTopic)
def _delete(sim: Simulation, command: DeleteTopic) -> None:
    _later(sim, _deleted, command.name)


@due
def _deleted(sim: Simulation, name: str) -> None:
    topic = sim.state.cluster.topics.get(name)
    if topic is None:
        return
    sim.cause = sim.emit(TopicDeleted(*sim.stamp(), name))
    for partition in topic.partitions:
        metadata.grows_old(sim, partition)
