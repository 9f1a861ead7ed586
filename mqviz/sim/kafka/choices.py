"""Choices: what a command leaves open, and what it may say: defaults from the world as it is, refusals as
sentences.

Like a real broker: nothing here; what a person would have meant is filled in before the command is given.
Left out: nothing.
"""

from __future__ import annotations

from typing import Any

from mqviz.backend import Refused
from mqviz.kafka.settings import of
from mqviz.model.kafka.broker.state import Broker
from mqviz.model.kafka.clients.consumer.state import Consumer
from mqviz.sim.engine import Simulation


def existing(sim: Simulation, name: str) -> Broker:
    """The broker of that name; Refused if there is none."""
    brokers = sim.state.cluster.brokers
    if not name.isdigit() or int(name) not in brokers:
        there = ", ".join(map(str, brokers)) or "none"
        raise Refused(f"there is no broker {name}: there are {there}")
    return brokers[int(name)]


def broker_in(sim: Simulation, name: str, *states: str) -> Broker:
    """The broker of that name, whose process is in one of `states`; else Refused."""
    broker = existing(sim, name)
    if broker.process not in states:
        raise Refused(f"broker {name} is {broker.process}")
    return broker


def only_topic(sim: Simulation, topic: str) -> str:
    """`topic`, which must exist; without a name the only topic there is."""
    topics = list(sim.state.cluster.topics)
    if topic in topics or (not topic and len(topics) == 1):
        return topic or topics[0]
    if not topics:
        raise Refused("there is no topic yet: create one first, as in `create topic orders partitions=3`")
    if topic:
        raise Refused(f"there is no topic {topic}: there are {', '.join(topics)}")
    raise Refused(f"which topic? say topic=NAME with one of {', '.join(topics)}")


def own_group_setting(sim: Simulation, group: str, name: str) -> str | None:
    """The dynamic setting `name` of a group as it was set last, at run time or in the scenario; None:
    never.
    """
    altered = sim.state.cluster.group_settings.get(group, {}).get(name)
    return sim.scenario.cluster.groups.get(group, {}).get(name) if altered is None else altered


def group_setting(sim: Simulation, group: str, name: str) -> Any:
    """The dynamic setting `name` of a group, else the broker's `group.` + name, else the default."""
    altered = sim.state.cluster.group_settings.get(group)
    if altered and name in altered:
        return of(altered, "group", name)
    return sim.scenario.cluster.group_setting(group, name)


def only_group(sim: Simulation, group: str) -> str:
    """`group`, which may be new; without a name the only group there is."""
    if group:
        return group
    cluster = sim.state.cluster
    groups = list(dict.fromkeys([*cluster.groups, *(c.settings.group for c in cluster.consumers.values())]))
    if len(groups) == 1:
        return groups[0]
    if not groups:
        raise Refused("which group? there is none yet: say group=NAME")
    raise Refused(f"which group? say group=NAME with one of {', '.join(groups)}, or a new one")


def free_name(sim: Simulation) -> str:
    """The next consumer name c1, c2, … that this run has not used."""
    number = 1
    while f"c{number}" in sim.state.cluster.consumers:
        number += 1
    return f"c{number}"


def alive(sim: Simulation, name: str) -> Consumer:
    """The consumer, if its process runs or is paused; raises Refused."""
    consumers = sim.state.cluster.consumers
    if name not in consumers:
        raise Refused(f"there is no consumer {name}")
    if consumers[name].state in ("closed", "dead"):
        raise Refused(f"consumer {name} has ended")
    return consumers[name]


def place(sim: Simulation, text: str) -> tuple[str, int]:
    """The partition that `text` names, as `orders-0`; raises Refused if there is none."""
    topic, _, number = text.rpartition("-")
    topics = sim.state.cluster.topics
    if topic not in topics or not number.isdigit() or int(number) >= len(topics[topic].partitions):
        raise Refused(f"there is no partition {text}: partitions are written as TOPIC-NUMBER")
    return topic, int(number)
