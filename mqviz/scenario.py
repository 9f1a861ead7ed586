"""Scenario: the file that says what a run starts with and what happens in it.

YAML 1.2, validated by msgspec; each entry of `topics`, `producers`, `consumers` and `sign_ups` is a command
of the same fields (mqviz/model/command/), so that a file, a lesson and a typed command share one
vocabulary. What is wrong is told with file, line, column and the nearest valid word.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from mqviz import commands, yamlfile
from mqviz.kafka import group_settings, settings, versions
from mqviz.model.command.base import Config
from mqviz.model.command.consumer import AddConsumer
from mqviz.model.command.producer import AddProducer
from mqviz.model.command.share import AddShareConsumer
from mqviz.model.command.systems import AddSignUp
from mqviz.model.command.topic import CreateTopic
from mqviz.model.units import Duration


class Timed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A command (in text notation) that is given at a time of the run."""

    at: Duration
    do: str


class Moment(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A named time."""

    at: Duration
    name: str


class ClusterPlan(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The simulated cluster: number of brokers and of controllers, one-way link latency, cost of an append.

    `racks`: the rack of each broker in turn. `settings`: broker settings by Kafka's names. `scaled`: values
    far below what a real broker takes are allowed, so that minutes become seconds (S2).
    `groups`: dynamic settings of groups, by group, such as share.auto.offset.reset. `features`: levels that
    differ from those of a new cluster of that version, such as `eligible.leader.replicas.version: 0`.
    """

    brokers: int = 1
    link_latency: Duration = Duration(1_000)
    append_cost: Duration = Duration(200)
    group_initial_rebalance_delay: Duration = Duration(3_000_000)
    controllers: int = 3
    racks: tuple[str, ...] = ()
    settings: Config = msgspec.field(default_factory=dict)
    groups: dict[str, Config] = msgspec.field(default_factory=dict)
    scaled: bool = False
    features: dict[str, int] = msgspec.field(default_factory=dict)

    def group_setting(self, group: str, name: str) -> Any:
        """The dynamic setting `name` of `group`, else the broker's `group.` + name, else the default."""
        if name in self.groups.get(group, {}) or f"group.{name}" not in settings.COMPONENTS["broker"]:
            return settings.of(self.groups.get(group, {}), "group", name)
        return self.setting(f"group.{name}")

    def setting(self, name: str) -> Any:
        """The broker setting `name`, or its default."""
        return settings.of(self.settings, "broker", name)


class Scenario(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One world: `until` ends it; `scene` names the picture; `seed` and `kafka_version` may be overridden."""

    title: str
    until: Duration
    scene: str
    seed: int = 7
    kafka_version: str = "4.2"
    about: str = ""
    cluster: ClusterPlan = ClusterPlan()
    topics: tuple[CreateTopic, ...] = ()
    producers: tuple[AddProducer, ...] = ()
    consumers: tuple[AddConsumer, ...] = ()
    share_consumers: tuple[AddShareConsumer, ...] = ()
    sign_ups: tuple[AddSignUp, ...] = ()
    timetable: tuple[Timed, ...] = ()
    moments: tuple[Moment, ...] = ()


def read_scenario(text: str, source: str) -> Scenario:
    """The scenario that the YAML `text` describes; `source` names it in errors. Raises yamlfile.FileError."""
    scenario = yamlfile.read(text, Scenario, source)
    _check_version(scenario, text, source)
    _check_names(scenario, text, source)
    _check_values(scenario, text, source)
    for number, timed in enumerate(scenario.timetable):
        try:
            commands.parse(timed.do)
        except commands.GrammarError as error:
            line, column = yamlfile.place(text, ["timetable", str(number), "do"])
            raise yamlfile.FileError(source, line, column, f"{timed.do!r}: {error}") from None
    return scenario


def _check_version(scenario: Scenario, text: str, source: str) -> None:
    try:
        versions.version(scenario.kafka_version)
    except ValueError as error:
        raise yamlfile.FileError(source, *yamlfile.place(text, ["kafka_version"]), str(error)) from None
    try:
        versions.version(scenario.kafka_version, scenario.cluster.features)
    except ValueError as error:
        raise yamlfile.FileError(source, *yamlfile.place(text, ["cluster", "features"]), str(error)) from None


def _check_names(scenario: Scenario, text: str, source: str) -> None:
    """Settings that Kafka does not have, or that change nothing here, are refused with their place."""
    found: list[tuple[list[str], str, Config]] = [
        (["cluster", "settings"], "broker", scenario.cluster.settings),
        *((["cluster", "groups", name], "group", c) for name, c in scenario.cluster.groups.items()),
        *((["topics", str(n), "config"], "topic", c.config) for n, c in enumerate(scenario.topics)),
        *((["producers", str(n), "config"], "producer", c.config) for n, c in enumerate(scenario.producers)),
        *((["consumers", str(n), "config"], "consumer", c.config) for n, c in enumerate(scenario.consumers)),
        *(
            (["share_consumers", str(n), "config"], "consumer", c.config)
            for n, c in enumerate(scenario.share_consumers)
        ),
    ]
    for path, component, config in found:
        for name in config:
            if name not in settings.COMPONENTS[component]:
                line, column = yamlfile.place(text, [*path, name])
                near = commands.nearest(name, list(settings.COMPONENTS[component]))
                raise yamlfile.FileError(
                    source, line, column, f"`{name}` is no {component} setting that is simulated{near}"
                )


def _check_values(scenario: Scenario, text: str, source: str) -> None:
    """Values of brokers and groups that Kafka refuses are refused in its words; limits of groups hold unless
    `scaled`.
    """
    plan = scenario.cluster
    found = [(["cluster", "settings"], settings.first_refused(plan.settings, "broker"))]
    found += [
        (["cluster", "groups", name], settings.first_refused(config, "group"))
        for name, config in plan.groups.items()
    ]
    if not plan.scaled and not any(reason for _, reason in found):
        found.append((["cluster", "settings"], group_settings.broker_refused(plan.settings)))
        found += [
            (
                ["cluster", "groups", name],
                group_settings.group_refused(config, plan.settings, scenario.kafka_version),
            )
            for name, config in plan.groups.items()
        ]
    for path, reason in found:
        if reason:
            raise yamlfile.FileError(source, *yamlfile.place(text, path), f"Kafka refuses: {reason}")


def load_scenario(path: Path) -> Scenario:
    """The scenario in a file; raises yamlfile.FileError with a sentence for whatever is wrong with it."""
    return read_scenario(yamlfile.text_of(path), str(path))
