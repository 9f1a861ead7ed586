"""Cluster: brokers, and topics whose replicas are placed over them.

Like a real broker: striped placement of replicas (R13), the first replica leads, all are in sync (R12); a
new topic is known everywhere one controller decision and one push later (R6).
Left out: the controller quorum, racks, broker failures; the stripe begins at broker 1 and goes on, so that P0 is
led by broker 1 as in the books, where Kafka begins at a random broker and shuffles them after each round.
"""

from __future__ import annotations

import re

from mqviz.backend import Refused
from mqviz.kafka.coordinators import offsets_partition
from mqviz.kafka.errors import Error, named
from mqviz.kafka.settings import refused
from mqviz.model.cluster import ClusterStarted, TopicCreated
from mqviz.model.command import CreateTopic
from mqviz.model.seats import leader
from mqviz.scenario import ClusterPlan
from mqviz.sim.engine import TIMER, Simulation, checks, due, handles, opens
from mqviz.sim.kafka import controller, isr, replica, topic_commands
from mqviz.sim.kafka.seats import FACTOR, stripe

CONTROLLER_US = 1_000
"""A controller decision (R6)."""

LEGAL_NAME = re.compile(r"[a-zA-Z0-9._-]{1,249}")


@checks(CreateTopic)
def _check(sim: Simulation, command: CreateTopic) -> CreateTopic:
    if not controller.acts(sim):
        raise Refused("no controller decides: a majority of the voters is needed (TimeoutException)")
    if not LEGAL_NAME.fullmatch(command.name) or command.name in (".", ".."):
        raise Refused(
            f"topic name {command.name!r} is invalid: up to 249 of ASCII alphanumerics, '.', '_' and '-' "
            f"({named(Error.INVALID_TOPIC_EXCEPTION)})"
        )
    if command.name in sim.state.cluster.topics:
        raise Refused(f"topic {command.name} already exists ({named(Error.TOPIC_ALREADY_EXISTS)})")
    if command.partitions < 1:
        raise Refused(f"number of partitions must be larger than 0 ({named(Error.INVALID_PARTITIONS)})")
    brokers = sim.scenario.cluster.brokers
    if not 1 <= command.replication_factor <= brokers:
        raise Refused(
            f"replication factor {command.replication_factor} cannot be had from {brokers} "
            f"{'broker' if brokers == 1 else 'brokers'} ({named(Error.INVALID_REPLICATION_FACTOR)})"
        )
    reason = refused("min.insync.replicas", command.min_insync_replicas)
    if reason:
        raise Refused(f"{reason} ({named(Error.INVALID_CONFIG)})")
    reason = topic_commands.refused(sim, command.config)
    if reason:
        raise Refused(reason)
    return command


@handles(CreateTopic)
def _create(sim: Simulation, command: CreateTopic) -> None:
    if not sim.state.cluster.brokers:
        _start(sim)
    if sim.now_us:
        delay_us = CONTROLLER_US + sim.state.cluster.link_latency_us
        sim.schedule(delay_us, TIMER, "kafka.topic", command)
    else:
        _created(sim, command)


@opens
def _open(sim: Simulation) -> None:
    """A cluster that a scenario describes is there before its first topic."""
    if not sim.scenario.topics and sim.scenario.cluster != ClusterPlan():
        _start(sim)


def _start(sim: Simulation) -> None:
    plan = sim.scenario.cluster
    sim.emit(
        ClusterStarted(
            *sim.stamp(),
            plan.brokers,
            int(plan.link_latency),
            int(plan.append_cost),
            int(plan.group_initial_rebalance_delay),
            plan.racks[: plan.brokers],
            plan.controllers,
        )
    )
    for broker in sim.state.cluster.brokers:
        isr.start(sim, broker)


@due("kafka.topic")
def _created(sim: Simulation, command: CreateTopic) -> None:
    brokers = list(sim.state.cluster.brokers)
    placement = place(brokers, command.partitions, command.replication_factor)
    values = topic_commands.values_of(sim, command)
    fewest = max(command.min_insync_replicas, sim.scenario.cluster.setting("min.insync.replicas"))
    sim.cause = sim.emit(TopicCreated(*sim.stamp(), command.name, fewest, placement, values))
    for broker in brokers:
        replica.start(sim, broker)


def place(brokers: list[int], partitions: int, replication_factor: int) -> tuple[tuple[int, ...], ...]:
    """Replicas of each partition, the leader first: brokers in a stripe that starts one further each time (R13)."""
    n = len(brokers)
    return tuple(
        tuple(brokers[(number + k) % n] for k in range(replication_factor)) for number in range(partitions)
    )


def coordinator_of(sim: Simulation, group: str) -> int:
    """The broker that leads the group's partition of __consumer_offsets, placed as any topic; -1: nobody does (R13, R99)."""
    first = offsets_partition(group) % len(sim.state.cluster.brokers)
    return leader(sim.state.cluster, stripe(sim, first, FACTOR))
