"""Commands to topics: the settings they are made with, their change at run time, and the deletion of records.

Like a real broker: topic settings fall back to the broker's (log.retention.ms for retention.ms …) and then to
Kafka's own; a value out of range is refused with INVALID_CONFIG (R12), at creation and in
IncrementalAlterConfigs; the controller decides and pushes (R6), so a change is known everywhere a moment
later. DeleteRecords asks the partition leader as any admin client does (R72).
Left out: deleting a single setting. A scenario that says `scaled: true` may use sizes that Kafka refuses
(S2).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mqviz.backend import Refused
from mqviz.kafka import settings
from mqviz.kafka.errors import Error, named
from mqviz.kafka.settings_tables import TOPIC_DEFAULTS
from mqviz.model.command.topic import AlterTopic, CreateTopic
from mqviz.model.kafka.controller.events import TopicAltered
from mqviz.model.kafka.topic_settings import Values
from mqviz.sim.engine import TIMER, Simulation, checks, due, handles
from mqviz.sim.kafka.choices import only_topic
from mqviz.sim.kafka.controller import registered
from mqviz.sim.kafka.log import append

CONTROLLER_US = 1_000
"""A controller decision (R6)."""

SCALED = {"segment.bytes": 1, "segment.ms": 1}
"""Limits where a scenario's values are scaled (S2)."""


def refused(sim: Simulation, config: Mapping[str, str]) -> str | None:
    """Kafka's refusal of topic settings, as a sentence with the error's name; None: they are fine."""
    try:
        values = {name: value(sim, name, text) for name, text in config.items()}
    except ValueError as error:
        return f"{error} ({named(Error.INVALID_CONFIG)})"
    low, high = values.get("min.compaction.lag.ms", 0), values.get("max.compaction.lag.ms")
    if high is not None and low > high:
        return (
            f"conflict topic config setting min.compaction.lag.ms ({low}) > max.compaction.lag.ms ({high}) "
            f"({named(Error.INVALID_CONFIG)})"
        )
    return None


def value(sim: Simulation, name: str, text: str) -> Any:
    """What `text` means for the topic setting `name`; raises ValueError with Kafka's words."""
    setting = settings.COMPONENTS["topic"].get(name)
    if setting is None:
        raise ValueError(f"Unknown topic config name: {name}")
    if name == "cleanup.policy":
        return _policy(text)
    if sim.scenario.cluster.scaled and name in SCALED:
        setting = setting._replace(low=SCALED[name])
    return settings.read(setting, text)


def _policy(text: str) -> str:
    """compact, delete, both or none, written in one way."""
    words = [word.strip() for word in text.split(",") if word.strip()]
    for word in words:
        if word not in ("compact", "delete"):
            raise ValueError(
                f"Invalid value {word} for configuration cleanup.policy: String must be one of: compact, "
                "delete"
            )
    return ",".join(sorted(set(words)))


def values_of(sim: Simulation, command: CreateTopic) -> Values:
    """The settings of a new topic that are not Kafka's own: the brokers', then the topic's."""
    given = sim.scenario.cluster.settings
    found: Values = {
        name: value(sim, name, given[broker]) for name, broker in TOPIC_DEFAULTS.items() if broker in given
    }
    changed = sim.state.cluster.settings
    found.update({name: changed[broker] for name, broker in TOPIC_DEFAULTS.items() if broker in changed})
    found.update({name: value(sim, name, text) for name, text in command.config.items()})
    found.pop("min.insync.replicas", None)
    return found


def fewest(sim: Simulation) -> int:
    """The brokers' min.insync.replicas."""
    given = sim.state.cluster.settings.get("min.insync.replicas")
    return int(sim.scenario.cluster.setting("min.insync.replicas") if given is None else given)


@checks(AlterTopic)
def _check_alter(sim: Simulation, command: AlterTopic) -> AlterTopic:
    registered.must_act(sim)
    if command.name and command.name not in sim.state.cluster.topics:
        raise Refused(f"there is no topic {command.name} ({named(Error.UNKNOWN_TOPIC_OR_PARTITION)})")
    only_topic(sim, command.name)
    if not command.config:
        raise Refused("say which setting: `alter topic orders retention.ms=60000`")
    reason = refused(sim, command.config)
    if reason:
        raise Refused(reason)
    return command


@handles(AlterTopic)
def _alter(sim: Simulation, command: AlterTopic) -> None:
    delay_us = CONTROLLER_US + sim.state.cluster.link_latency_us
    sim.schedule(delay_us, TIMER, _altered, command)


@due
def _altered(sim: Simulation, command: AlterTopic) -> None:
    topic = sim.state.cluster.topics.get(command.name)
    if topic is None:
        return
    values = {name: value(sim, name, text) for name, text in command.config.items()}
    minimum = "min.insync.replicas"
    if minimum in topic.own and values.get(minimum) == topic.min_insync_replicas:
        del values[minimum]  # no new record, so nobody's eligibility ends (R23)
    sim.cause = sim.emit(TopicAltered(*sim.stamp(), command.name, values))
    for partition in topic.partitions:
        for broker in partition.replicas:
            append.consider(sim, partition, broker)
