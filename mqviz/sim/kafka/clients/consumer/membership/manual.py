"""Assigned: consumers that take partitions by hand, assign() in Kafka, and are members of no group.

Like a real broker: no JoinGroup, no heartbeats, no rebalances; two such consumers may read the same
partition; commits name no member and are accepted only while the group has none (R95).
Left out: changing the assignment later.
"""

from __future__ import annotations

from mqviz.model.kafka.clients.consumer.events import ConsumerChanged, MembershipChanged, PartitionsAssigned
from mqviz.model.kafka.clients.consumer.state import Consumer
from mqviz.model.kafka.network.state import InFlight
from mqviz.sim.engine import Simulation
from mqviz.sim.kafka.choices import place
from mqviz.sim.kafka.clients.consumer.protocol import Protocol, register


def take(sim: Simulation, consumer: Consumer) -> None:
    """assign(): the partitions of its settings are its own at once; nothing for one that subscribes."""
    settings = consumer.settings
    if settings.assign:
        places = tuple(dict.fromkeys(place(sim, text) for text in settings.assign))
        sim.emit(MembershipChanged(*sim.stamp(), consumer.name, "stable", "", -1))
        sim.cause = sim.emit(PartitionsAssigned(*sim.stamp(), consumer.name, settings.group, -1, places))


def _ready(_: Simulation, __: Consumer) -> bool:
    return True


def _nobody(_: Simulation, __: Consumer) -> tuple[str, int] | None:
    return "", -1


def _refused(_: Simulation, __: Consumer, ___: InFlight, ____: int) -> None:
    """It has no membership that a refusal could say something about."""


def _committed(_: Simulation, __: Consumer, ___: str) -> None:
    """It commits for nobody else."""


def _nothing(_: Simulation, __: Consumer) -> None:
    """No timers, and no limit between two polls."""


def _leave(sim: Simulation, consumer: Consumer) -> None:
    sim.emit(ConsumerChanged(*sim.stamp(), consumer.name, consumer.settings.group, "closed"))


register("assign", Protocol(_ready, _nobody, _refused, _committed, _nothing, _nothing, _leave))
