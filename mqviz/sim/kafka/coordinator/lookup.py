"""Coordinator lookup: which broker coordinates a group, as FindCoordinator says, and how long its writes take
(R99).

Like a real broker: the leader of the group's partition of __consumer_offsets coordinates it (R13, R61); what
it writes there is replicated (R6).
Left out: clients ask for it without a request of their own (S11).
"""

from __future__ import annotations

from mqviz.backend import Refused
from mqviz.kafka.coordinators import offsets_partition
from mqviz.kafka.errors import Error, named
from mqviz.model.kafka.internal_topics import leader
from mqviz.sim.engine import Simulation
from mqviz.sim.kafka.controller.internal_topics import stripe


def write_us(sim: Simulation) -> int:
    """How long a write of the group coordinator takes: to the followers and back, if there are any (R6,
    S4).
    """
    cluster = sim.state.cluster
    return 2 * cluster.link_latency_us if cluster.founders > 1 else 0


def coordinator_of(sim: Simulation, group: str) -> int:
    """The broker that leads the group's partition of __consumer_offsets, placed as any topic; -1: nobody does
    (R13, R99).
    """
    return leader(sim.state.cluster, _replicas_of(sim, group))


def _replicas_of(sim: Simulation, group: str) -> tuple[int, ...]:
    """The brokers with the group's partition of __consumer_offsets."""
    plan, founders = sim.scenario.cluster, sim.state.cluster.founders
    first = offsets_partition(group, plan.setting("offsets.topic.num.partitions")) % founders
    return stripe(sim, first, plan.setting("offsets.topic.replication.factor"))


def must_coordinate(sim: Simulation, group: str) -> int:
    """The coordinator that an administrator asks about `group`; raises Refused while none runs (R99)."""
    broker = coordinator_of(sim, group)
    if broker >= 0 and sim.state.cluster.brokers[broker].up:
        return broker
    error = f"({named(Error.COORDINATOR_NOT_AVAILABLE)})"
    if broker >= 0:
        process = sim.state.cluster.brokers[broker].process
        raise Refused(
            f"the coordinator of group {group}, broker {broker}, is {process}: bring it back {error}"
        )
    internal_key = ", ".join(map(str, _replicas_of(sim, group)))
    raise Refused(
        f"group {group} has no coordinator: none of the brokers with its partition of __consumer_offsets "
        "leads it;"
        f" restart one of {internal_key} {error}"
    )
