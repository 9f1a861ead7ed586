"""Scenario: the file that says what a run starts with and what happens in it.

YAML 1.2, validated by msgspec; each entry of `topics`, `producers`, `consumers` and `sign_ups` is a command
of the same fields (mqviz/model/command.py), so that a file, a lesson and a typed command share one
vocabulary. What is wrong is told with file, line, column and the nearest valid word.
"""

from __future__ import annotations

from pathlib import Path

import msgspec

from mqviz import commands, yamlfile
from mqviz.model.command import AddConsumer, AddProducer, AddSignUp, CreateTopic
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
    """The simulated cluster: number of brokers, one-way link latency, cost of an append, broker settings."""

    brokers: int = 1
    link_latency: Duration = Duration(1_000)
    append_cost: Duration = Duration(200)
    group_initial_rebalance_delay: Duration = Duration(3_000_000)


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
    sign_ups: tuple[AddSignUp, ...] = ()
    timetable: tuple[Timed, ...] = ()
    moments: tuple[Moment, ...] = ()


def read_scenario(text: str, source: str) -> Scenario:
    """The scenario that the YAML `text` describes; `source` names it in errors. Raises yamlfile.FileError."""
    scenario = yamlfile.read(text, Scenario, source)
    for number, timed in enumerate(scenario.timetable):
        try:
            commands.parse(timed.do)
        except commands.NotationError as error:
            line, column = yamlfile.place(text, ["timetable", str(number), "do"])
            raise yamlfile.FileError(source, line, column, f"{timed.do!r}: {error}") from None
    return scenario


def load_scenario(path: Path) -> Scenario:
    """The scenario in a file; raises yamlfile.FileError with a sentence for whatever is wrong with it."""
    return read_scenario(yamlfile.text_of(path), str(path))
