"""Cluster: brokers, and topics whose replicas are placed over them.

Like a real broker: replicas are placed by Kafka or by hand (controller/placement.py), the first one that is
not fenced leads, all of those are in sync (R12, R13); a new topic is known everywhere one controller decision
and one push later (R6).
Left out: auto.create.topics.enable.
"""

from __future__ import annotations

import re

from mqviz.backend import Refused
from mqviz.kafka.errors import Error, named
from mqviz.kafka.settings import refused
from mqviz.model.command.topic import CreateTopic
from mqviz.model.kafka.controller.events import ClusterStarted, TopicCreated
from mqviz.model.kafka.metadata.state import clients_of
from mqviz.scenario import ClusterPlan
from mqviz.sim.engine import TIMER, Simulation, checks, due, handles, opens
from mqviz.sim.kafka.controller import placement, registered, topic_config

CONTROLLER_US = 1_000
"""A controller decision (R6)."""

LEGAL_NAME = re.compile(r"[a-zA-Z0-9._-]{1,249}")


@checks(CreateTopic)
def _check(sim: Simulation, command: CreateTopic) -> CreateTopic:
    registered.must_act(sim)
    if not LEGAL_NAME.fullmatch(command.name) or command.name in (".", ".."):
        raise Refused(
            f"topic name {command.name!r} is invalid: up to 249 of ASCII alphanumerics, '.', '_' and '-' "
            f"({named(Error.INVALID_TOPIC_EXCEPTION)})"
        )
    if command.name in sim.state.cluster.topics:
        raise Refused(f"topic {command.name} already exists ({named(Error.TOPIC_ALREADY_EXISTS)})")
    if command.name in sim.state.cluster.gone:
        held = sorted({name for _, name, _ in clients_of(sim.state.cluster, command.name)})
        if held:
            raise Refused(
                f"{', '.join(held)} still use the topic {command.name} that was deleted: close them first"
            )
    if command.replicas:
        _check_by_hand(sim, command)
    else:
        partitions, factor = _size(sim, command)
        if factor > 0 and partitions < 1:
            raise Refused(f"number of partitions must be larger than 0 ({named(Error.INVALID_PARTITIONS)})")
        placement.check_factor(sim, factor)
    fewest = command.min_insync_replicas
    reason = None if fewest is None else refused("min.insync.replicas", fewest)
    if reason:
        raise Refused(f"{reason} ({named(Error.INVALID_CONFIG)})")
    reason = topic_config.refused(sim, command.config)
    if reason:
        raise Refused(reason)
    return command


def _size(sim: Simulation, command: CreateTopic) -> tuple[int, int]:
    """(partitions, replication factor), the brokers' where the command does not say (R12)."""
    setting = sim.scenario.cluster.setting
    partitions = setting("num.partitions") if command.partitions is None else command.partitions
    factor = command.replication_factor
    return int(partitions), int(setting("default.replication.factor") if factor is None else factor)


def _check_by_hand(sim: Simulation, command: CreateTopic) -> None:
    """Replicas by hand say how many partitions and copies there are;
    Kafka takes either those or these (R12).
    """
    placed = placement.by_hand(sim, command.replicas)
    for what, said, given in (
        ("number of partitions", len(placed), command.partitions),
        ("replication factor", len(placed[0]), command.replication_factor),
    ):
        if given not in (None, 1, said):
            raise Refused(
                f"A manual partition assignment was specified, but {what} was not set to -1 "
                f"({named(Error.INVALID_REQUEST)})"
            )


@handles(CreateTopic)
def _create(sim: Simulation, command: CreateTopic) -> None:
    if not sim.state.cluster.brokers:
        _start(sim)
    if sim.now_us:
        delay_us = CONTROLLER_US + sim.state.cluster.link_latency_us
        sim.schedule(delay_us, TIMER, _created, command)
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


@due
def _created(sim: Simulation, command: CreateTopic) -> None:
    brokers = sim.state.cluster.brokers
    if command.name in sim.state.cluster.topics:
        return  # somebody else was faster
    if command.replicas:
        placed = placement.by_hand(sim, command.replicas)
    else:
        placed = placement.place(list(brokers.values()), *_size(sim, command))
    in_sync = placement.in_sync(sim, placed)
    told = () if in_sync == placed else in_sync
    values = topic_config.values_of(sim, command)
    fewest = command.min_insync_replicas
    own = (*command.config, *(() if fewest is None else ("min.insync.replicas",)))
    if fewest is None:
        fewest = topic_config.fewest(sim)
    sim.cause = sim.emit(TopicCreated(*sim.stamp(), command.name, fewest, placed, values, told, own))
