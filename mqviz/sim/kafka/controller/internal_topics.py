"""Internal topics: the leaderships of __consumer_offsets and __transaction_state, which decide who
coordinates what.

Like a real broker: as for every other partition, the leader stays while it may, else the first replica in
list order that is there leads; a broker that comes back leads again when the controller next looks for
preferred replicas (R14, R21). Whoever becomes a coordinator loads what its partition says (R61, R99).
Left out: in-sync sets of internal partitions, and the time of loading (S4).
"""

from __future__ import annotations

import msgspec

from mqviz.model.kafka.cluster import founders
from mqviz.model.kafka.controller.events import CoordinatorsMoved
from mqviz.model.kafka.internal_topics import leader
from mqviz.sim.engine import TIMER, Simulation, due
from mqviz.sim.kafka.controller import registered

FACTORS = ("offsets.topic.replication.factor", "transaction.state.log.replication.factor")
"""Settings that say how many replicas the partitions of coordinators have."""


class Balance(msgspec.Struct):
    """Whether a look for preferred replicas is on the agenda."""

    planned: bool = False


def stripe(sim: Simulation, first: int, factor: int) -> tuple[int, ...]:
    """The replicas of an internal partition, placed as any topic: `factor` brokers from the `first` one on
    (R13).
    """
    brokers = founders(sim.state.cluster)
    return tuple(brokers[(first + k) % len(brokers)] for k in range(min(factor, len(brokers))))


def _lists(sim: Simulation) -> list[tuple[int, ...]]:
    factors = [int(sim.scenario.cluster.setting(name)) for name in FACTORS]
    count = sim.state.cluster.founders
    return list(dict.fromkeys(stripe(sim, first, factor) for factor in factors for first in range(count)))


def led_by(sim: Simulation, number: int) -> bool:
    """Whether a broker leads an internal partition; there are none before the first group or transaction."""
    cluster = sim.state.cluster
    groups = (cluster.groups, cluster.consumer_groups, cluster.share_groups)
    if not any(groups) and not cluster.transactions.ids:
        return False
    return any(leader(cluster, replicas) == number for replicas in _lists(sim))


def moved(sim: Simulation) -> None:
    """Brokers came or went: elect where the leader cannot stay, and let the new coordinators load (R99)."""
    changes = tuple(
        (replicas, new)
        for replicas in _lists(sim)
        if (new := _elected(sim, replicas)) != leader(sim.state.cluster, replicas)
    )
    if changes:
        _move(sim, changes)
    if not sim.part(Balance).planned and _displaced(sim):
        sim.part(Balance).planned = True
        every_us = int(sim.scenario.cluster.setting("leader.imbalance.check.interval.seconds")) * 1_000_000
        sim.schedule(every_us - sim.now_us % every_us, TIMER, _balance, cause=0)


def _elected(sim: Simulation, replicas: tuple[int, ...]) -> int:
    now = leader(sim.state.cluster, replicas)
    if now >= 0 and registered.usable(sim, now):
        return now
    return next((broker for broker in replicas if registered.usable(sim, broker)), -1)


def _move(sim: Simulation, changes: tuple[tuple[tuple[int, ...], int], ...]) -> None:
    sim.cause = sim.emit(CoordinatorsMoved(*sim.stamp(), changes))


def _displaced(sim: Simulation) -> tuple[tuple[tuple[int, ...], int], ...]:
    """Seats that their preferred replica could have again (R14)."""
    if not sim.scenario.cluster.setting("auto.leader.rebalance.enable"):
        return ()
    cluster = sim.state.cluster
    return tuple(
        (replicas, replicas[0])
        for replicas in _lists(sim)
        if leader(cluster, replicas) != replicas[0] and registered.usable(sim, replicas[0])
    )


@due
def _balance(sim: Simulation) -> None:
    sim.part(Balance).planned = False
    changes = _displaced(sim)
    if changes and not registered.acts(sim):
        moved(sim)
    elif changes:
        _move(sim, changes)
