"""Coordinator lookup: which broker coordinates a group, as FindCoordinator says (R99).

Like a real broker: the leader of the group's partition of __consumer_offsets (R13, R61).
Left out: clients ask for it without a request of their own (S11).
"""

from __future__ import annotations

from mqviz.backend import Refused
from mqviz.kafka.coordinators import offsets_partition
from mqviz.kafka.errors import Error, named
from mqviz.model.seats import leader
from mqviz.sim.engine import Simulation
from mqviz.sim.kafka.seats import stripe


def coordinator_of(sim: Simulation, group: str) -> int:
    """The broker that leads the group's partition of __consumer_offsets, placed as any topic; -1: nobody does (R13, R99)."""
    return leader(sim.state.cluster, _seat(sim, group))


def _seat(sim: Simulation, group: str) -> tuple[int, ...]:
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
    seat = ", ".join(map(str, _seat(sim, group)))
    raise Refused(
        f"group {group} has no coordinator: none of the brokers with its partition of __consumer_offsets leads it;"
        f" restart one of {seat} {error}"
    )
