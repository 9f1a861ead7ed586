"""Coordinator client: a consumer's requests to the coordinator of its group.

Like a real broker: they have a connection of their own (R4); a static member says its group.instance.id
(R113).
Left out: FindCoordinator as a request (S11).
"""

from __future__ import annotations

from mqviz.kafka.settings import of
from mqviz.model.kafka.clients.consumer.state import Consumer
from mqviz.model.kafka.protocol.requests import AnyRequest
from mqviz.sim.engine import Simulation
from mqviz.sim.kafka.coordinator.lookup import coordinator_of
from mqviz.sim.kafka.network.connection import send


def ask_coordinator(sim: Simulation, consumer: Consumer, request: AnyRequest) -> int:
    """Send a request on the consumer's connection to its group's coordinator."""
    broker = coordinator_of(sim, consumer.settings.group)
    if broker < 0:  # nobody is known: the last one tells so, or its connection breaks
        group = sim.state.cluster.groups.get(consumer.settings.group)
        broker = group.coordinator if group else min(sim.state.cluster.brokers)
    return send(sim, "consumer", consumer.name, consumer.incarnation, broker, request, line=" as coordinator")


def instance_id(consumer: Consumer) -> str | None:
    """group.instance.id, None if the member is dynamic (R113)."""
    return of(consumer.settings.config, "consumer", "group.instance.id") or None
