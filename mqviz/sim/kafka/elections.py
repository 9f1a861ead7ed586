"""Elections: what the controller does from time to time: leaderships go back to their preferred replicas, orphans get a leader.

Like a real broker: with auto.leader.rebalance.enable the controller looks every leader.imbalance.check.interval.seconds and lets the preferred
replica lead again where it is in sync, whatever share of the partitions that is (R14); every unclean.leader.election.interval.ms it looks for
partitions without a leader whose topic allows unclean elections (R24, E54). The checks are at multiples of these times, as counted from the start.
Left out: the limit of 1,000 elections a check.
"""

from __future__ import annotations

import msgspec

from mqviz.model.cluster import Partition
from mqviz.model.leadership import PartitionChanged
from mqviz.sim.engine import TIMER, Simulation, due, reacts
from mqviz.sim.kafka import controller, registered


class Planned(msgspec.Struct):
    """Which checks are on the agenda: only while there is something that they may find."""

    balance: bool = False
    unclean: bool = False


@reacts(PartitionChanged)
def _changed(sim: Simulation, event: PartitionChanged) -> None:
    plan(sim, sim.state.cluster.partition(event.topic, event.partition))


def plan(sim: Simulation, partition: Partition) -> None:
    """A partition changed: see that the next check looks at it, if it is one for a check."""
    planned = sim.part(Planned)
    if not planned.balance and _displaced(sim, partition):
        planned.balance = True
        every_us = sim.scenario.cluster.setting("leader.imbalance.check.interval.seconds") * 1_000_000
        sim.schedule(_until_check(sim, every_us), TIMER, "kafka.balance", cause=0)
    if not planned.unclean and partition.leader < 0:
        planned.unclean = True
        every_us = sim.scenario.cluster.setting("unclean.leader.election.interval.ms") * 1_000
        sim.schedule(_until_check(sim, every_us), TIMER, "kafka.look_for_orphans", cause=0)


def _until_check(sim: Simulation, every_us: int) -> int:
    return every_us - sim.now_us % every_us


def _displaced(sim: Simulation, partition: Partition) -> bool:
    automatic = sim.scenario.cluster.setting("auto.leader.rebalance.enable")
    return bool(automatic) and partition.leader != partition.replica_ids[0]


@due("kafka.balance")
def _balance(sim: Simulation) -> None:
    sim.part(Planned).balance = False
    if not registered.acts(sim):
        for partition in sim.state.cluster.partitions():
            plan(sim, partition)
        return
    for partition in sim.state.cluster.partitions():
        if not _displaced(sim, partition):
            continue
        preferred = partition.replica_ids[0]
        if preferred in partition.isr and registered.usable(sim, preferred):
            controller.change(sim, partition, partition.isr, "preferred leader", prefer=preferred)
            sim.cause = 0
        else:
            plan(sim, partition)


@due("kafka.look_for_orphans")
def _look_for_orphans(sim: Simulation) -> None:
    sim.part(Planned).unclean = False
    if not registered.acts(sim):
        for partition in sim.state.cluster.partitions():
            plan(sim, partition)
        return
    for partition in sim.state.cluster.partitions():
        if partition.leader < 0:
            controller.change(
                sim, partition, partition.isr, "unclean leader election"
            )  # if its topic allows it
            sim.cause = 0
            plan(sim, partition)
