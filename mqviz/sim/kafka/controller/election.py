"""Elections: leaderships go back to preferred replicas, orphans get a leader, by a check or by hand.

Like a real broker: with auto.leader.rebalance.enable the controller looks every
leader.imbalance.check.interval.seconds and lets the preferred replica lead again where it is in sync,
whatever share of the partitions that is (R14); every unclean.leader.election.interval.ms it looks for
partitions without a leader whose topic allows unclean elections (R24). The checks are at multiples of these
times, as counted from the start. `elect leader` does both at once, as kafka-leader-election does.
Left out: the limit of 1,000 elections a check.
"""

from __future__ import annotations

import msgspec

from mqviz.backend import Refused
from mqviz.kafka.errors import Error, named
from mqviz.model.command.broker import ElectLeader
from mqviz.model.kafka.cluster import Partition
from mqviz.model.kafka.controller.events import PartitionChanged
from mqviz.sim.engine import TIMER, Simulation, checks, due, handles, reacts
from mqviz.sim.kafka.controller import controller, registered

# -- elections by hand ---------------------------------------------------------------------------------------


@checks(ElectLeader)
def _check_elect(sim: Simulation, command: ElectLeader) -> ElectLeader:
    registered.must_act(sim)
    topic = sim.state.cluster.topics.get(command.topic)
    if topic is None or not 0 <= command.partition < len(topic.partitions):
        raise Refused(
            f"there is no partition {command.partition} of topic {command.topic}"
            f" ({named(Error.UNKNOWN_TOPIC_OR_PARTITION)})"
        )
    partition = topic.partitions[command.partition]
    preferred = partition.replica_ids[0]
    if command.how == "unclean":
        if partition.leader >= 0:
            raise Refused(f"{partition.key} has a leader ({named(Error.ELECTION_NOT_NEEDED)})")
        if not any(registered.usable(sim, broker) for broker in partition.replica_ids):
            raise Refused(
                f"no broker with a replica of {partition.key} is there "
                f"({named(Error.ELIGIBLE_LEADERS_NOT_AVAILABLE)})"
            )
    elif partition.leader == preferred:
        raise Refused(
            f"broker {preferred} leads {partition.key} already ({named(Error.ELECTION_NOT_NEEDED)})"
        )
    elif preferred not in partition.isr or not registered.usable(sim, preferred):
        raise Refused(
            f"broker {preferred} is not in sync with {partition.key} "
            f"({named(Error.PREFERRED_LEADER_NOT_AVAILABLE)})"
        )
    return command


@handles(ElectLeader)
def _elect(sim: Simulation, command: ElectLeader) -> None:
    """A decision later the preferred replica leads, or any that is there (R14, R24)."""
    sim.schedule(registered.DECISION_US, TIMER, _elected, command.topic, command.partition, command.how)


@due
def _elected(sim: Simulation, topic: str, number: int, how: str) -> None:
    if topic not in sim.state.cluster.topics:
        return
    partition = sim.state.cluster.partition(topic, number)
    if how == "unclean":
        controller.change(sim, partition, partition.isr, "elected by hand", unclean=True)
    else:
        controller.change(sim, partition, partition.isr, "preferred leader", prefer=partition.replica_ids[0])


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
        sim.schedule(_until_check(sim, every_us), TIMER, _balance, cause=0)
    if not planned.unclean and partition.leader < 0:
        planned.unclean = True
        every_us = sim.scenario.cluster.setting("unclean.leader.election.interval.ms") * 1_000
        sim.schedule(_until_check(sim, every_us), TIMER, _look_for_orphans, cause=0)


def _until_check(sim: Simulation, every_us: int) -> int:
    return every_us - sim.now_us % every_us


def _displaced(sim: Simulation, partition: Partition) -> bool:
    automatic = sim.scenario.cluster.setting("auto.leader.rebalance.enable")
    return bool(automatic) and partition.leader != partition.replica_ids[0]


@due
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


@due
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
