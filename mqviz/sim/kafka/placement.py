"""Placement: which brokers keep the replicas of a new partition (R13, E57).

Like a real broker: as its StripedReplicaPlacer, the first replica comes from the next rack each time, the others from the racks after it, round-robin
inside a rack; brokers that are fenced stand last, and never two replicas lie on one broker. Without racks that is a stripe. By hand: as given, checked.
Left out: the random start and the shuffle after each round: the stripe begins at the first broker, so that P0 is led by broker 1 as in the books.
"""

from __future__ import annotations

from collections.abc import Sequence

from mqviz.backend import Refused
from mqviz.kafka.errors import Error, named
from mqviz.model.broker import Broker
from mqviz.sim.engine import Simulation
from mqviz.sim.kafka import controller

Placement = tuple[tuple[int, ...], ...]


def place(brokers: Sequence[Broker], partitions: int, factor: int, first: int = 0) -> Placement:
    """Replicas of partitions `first` … first + partitions - 1, `factor` <= number of brokers each, in list order."""
    racks = sorted({broker.rack for broker in brokers})
    lists = [
        [
            [broker.id for broker in brokers if broker.rack == rack and broker.fenced is fenced]
            for fenced in (False, True)
        ]
        for rack in racks
    ]
    turns = [[0, 0] for _ in racks]
    return tuple(_one(lists, turns, number, factor) for number in range(first + partitions))[first:]


def _one(lists: list[list[list[int]]], turns: list[list[int]], number: int, factor: int) -> tuple[int, ...]:
    """One partition: the unfenced in turn over the racks, then the fenced; `turns`: where the round in each rack begins."""
    found: list[int] = []
    for kind in (0, 1):
        taken = [0] * len(lists)
        rack, passed = number % len(lists), 0
        while len(found) < factor and passed < len(lists):
            ids = lists[rack][kind]
            if taken[rack] < len(ids):
                found.append(ids[(turns[rack][kind] + taken[rack]) % len(ids)])
                taken[rack] += 1
                passed = 0
            else:
                passed += 1
            rack = (rack + 1) % len(lists)
        for index, count in enumerate(taken):
            turns[index][kind] += bool(count)
    return tuple(found)


def in_sync(sim: Simulation, placement: Placement) -> Placement:
    """Who of each list is in sync at first: whoever is not fenced, in list order (R12, E50)."""
    return tuple(tuple(b for b in ids if controller.usable(sim, b)) for ids in placement)


def check_factor(sim: Simulation, factor: int) -> None:
    """Refuse a replication factor that cannot be had now, in Kafka's words (R12)."""
    brokers = sim.state.cluster.brokers
    count = len(brokers) or sim.scenario.cluster.brokers
    error = f"({named(Error.INVALID_REPLICATION_FACTOR)})"
    if factor < 1:
        raise Refused(f"Replication factor must be larger than 0 {error}")
    if factor > count:
        raise Refused(
            f"Unable to replicate the partition {factor} time(s): The target replication factor of {factor} cannot be "
            f"reached because only {count} broker(s) are registered {error}"
        )
    if brokers and all(broker.fenced for broker in brokers.values()):
        raise Refused(
            f"Unable to replicate the partition {factor} time(s): All brokers are currently fenced {error}"
        )


def by_hand(sim: Simulation, lists: Sequence[str], factor: int = 0) -> Placement:
    """What `1/2/3` a partition says; refuses what Kafka refuses. `factor`: what partitions before it have, 0 if there are none."""
    placement = tuple(_parsed(text) for text in lists)
    brokers = sim.state.cluster.brokers or range(1, sim.scenario.cluster.brokers + 1)
    for number, ids in enumerate(placement):
        _check_list(ids, brokers)
        factor = factor or len(ids)
        if len(ids) != factor:
            raise _bad(
                f"includes a partition with {len(ids)} replica(s), but this is not consistent with previous "
                f"partitions, which have {factor} replica(s)"
            )
        if sim.state.cluster.brokers and not any(controller.usable(sim, broker) for broker in ids):
            raise Refused(
                f"All brokers specified in the manual partition assignment for partition {number} are fenced or in "
                f"controlled shutdown ({named(Error.INVALID_REPLICA_ASSIGNMENT)})"
            )
    return placement


def _parsed(text: str) -> tuple[int, ...]:
    parts = [part for part in text.split("/") if part]
    if not all(part.isdigit() for part in parts):
        raise Refused(f"replicas of a partition are written as 1/2/3, not {text}")
    return tuple(map(int, parts))


def _check_list(ids: tuple[int, ...], brokers: object) -> None:
    if not ids:
        raise _bad("includes an empty replica list")
    for broker in ids:
        if broker not in brokers:  # type: ignore[operator]
            raise _bad(f"includes broker {broker}, but no such broker is registered")
        if ids.count(broker) > 1:
            raise _bad(f"includes the broker {broker} more than once")


def _bad(what: str) -> Refused:
    return Refused(f"The manual partition assignment {what} ({named(Error.INVALID_REPLICA_ASSIGNMENT)})")
