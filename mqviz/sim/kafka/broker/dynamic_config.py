"""Cluster settings: what brokers let change while they run.

Like a real broker: the settings that give topics their defaults are dynamic, cluster-wide ones
(IncrementalAlterConfigs of the default broker): topics without a value of their own follow at once, new
topics begin with them (R12, R30, R70); any other is refused with the brokers' own words. A new
min.insync.replicas strikes out the eligible replicas of all topics (ClearElrRecord, R23).
Left out: settings of a single broker; dynamic ones that are no defaults of topics (threads, listeners,
log.cleaner.backoff.ms).
"""

from __future__ import annotations

from mqviz.backend import Refused
from mqviz.kafka.errors import Error, named
from mqviz.kafka.settings_tables import TOPIC_DEFAULTS
from mqviz.model.command.topic import AlterCluster
from mqviz.model.kafka.broker.events import ClusterAltered
from mqviz.model.kafka.topic_settings import Values
from mqviz.sim.engine import TIMER, Simulation, checks, due, handles
from mqviz.sim.kafka.controller import registered, topic_config
from mqviz.sim.kafka.log import append

TOPIC_NAMES = {broker: name for name, broker in TOPIC_DEFAULTS.items()}
"""The topic setting for which each dynamic broker setting gives the default."""


def _read(sim: Simulation, command: AlterCluster) -> Values:
    """The new values by the names of topics; raises ValueError with Kafka's words."""
    return {
        TOPIC_NAMES[name]: topic_config.value(sim, TOPIC_NAMES[name], text)
        for name, text in command.config.items()
    }


@checks(AlterCluster)
def _check(sim: Simulation, command: AlterCluster) -> AlterCluster:
    if not sim.state.cluster.brokers:
        raise Refused("there is no cluster: a scenario with `cluster` or a topic has one")
    registered.must_act(sim)
    if not command.config:
        raise Refused("say which setting: `alter cluster min.insync.replicas=2`")
    fixed = [name for name in command.config if name not in TOPIC_NAMES]
    if fixed:
        raise Refused(
            f"Cannot update these configs dynamically: Set({', '.join(fixed)}) "
            f"({named(Error.INVALID_REQUEST)})"
        )
    try:
        _read(sim, command)
    except ValueError as error:
        raise Refused(f"{error} ({named(Error.INVALID_REQUEST)})") from None
    return command


@handles(AlterCluster)
def _alter(sim: Simulation, command: AlterCluster) -> None:
    delay_us = registered.DECISION_US + sim.state.cluster.link_latency_us
    sim.schedule(delay_us, TIMER, _altered, command)


@due
def _altered(sim: Simulation, command: AlterCluster) -> None:
    topics = _read(sim, command)
    values = {TOPIC_DEFAULTS[name]: value for name, value in topics.items()}
    sim.cause = sim.emit(ClusterAltered(*sim.stamp(), values, topics))
    for partition in sim.state.cluster.partitions():
        for broker in partition.replicas:
            append.consider(sim, partition, broker)
