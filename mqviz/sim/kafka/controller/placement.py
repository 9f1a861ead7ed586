"""Placement: which brokers keep the replicas of a new partition (R13).

Like a real broker: as its StripedReplicaPlacer, the first replica comes from the next rack each time that has
an unfenced broker, the others from the racks after it, one from each before a second from any; inside a rack
round-robin, the fenced brokers last; never two replicas on one broker. Without racks that is a stripe. By
hand: as given, checked.
Left out: the random start and the shuffle after each round: the stripe begins at the first broker, so that P0
is led by broker 1 as in the books.
"""

from __future__ import annotations

from collections.abc import Sequence

from mqviz.backend import Refused
from mqviz.kafka.errors import Error, named
from mqviz.model.kafka.broker.state import Broker
from mqviz.sim.engine import Simulation
from mqviz.sim.kafka.controller import registered

Placement = tuple[tuple[int, ...], ...]


def place(brokers: Sequence[Broker], partitions: int, factor: int, first: int = 0) -> Placement:
    """Replicas of partitions `first` … first + partitions - 1, `factor` <= number of brokers each, in list
    order.
    """
    racks = [_Rack([b for b in brokers if b.rack == name]) for name in sorted({b.rack for b in brokers})]
    return tuple(_one(racks, number, factor) for number in range(first + partitions))[first:]


class _Rack:
    """A rack's brokers, unfenced and fenced, each list with how many partitions took from it before."""

    def __init__(self, brokers: Sequence[Broker]) -> None:
        self.lists = [[b.id for b in brokers if b.fenced is fenced] for fenced in (False, True)]
        self.turns = [0, 0]

    def queue(self) -> list[int]:
        """Its brokers in the order in which the next partition takes them."""
        order: list[int] = []
        for ids, turn in zip(self.lists, self.turns, strict=True):
            at = turn % len(ids) if ids else 0
            order += ids[at:] + ids[:at]
        return order

    def gave(self, taken: Sequence[int]) -> None:
        """A partition took these, and perhaps others from other racks."""
        self.turns = [
            turn + any(broker in taken for broker in ids)
            for ids, turn in zip(self.lists, self.turns, strict=True)
        ]


def _one(racks: Sequence[_Rack], number: int, factor: int) -> tuple[int, ...]:
    """One partition: an unfenced leader if possible, then the racks in turn, the leader's left out once."""
    queues = [rack.queue() for rack in racks]
    turn = [(number + k) % len(racks) for k in range(len(racks))]
    leads = next((rack for rack in turn if racks[rack].lists[0]), turn[0])
    found = [queues[leads].pop(0)]
    visits = [rack for rack in turn if rack != leads]
    while len(found) < factor:
        found += [queues[rack].pop(0) for rack in visits if queues[rack]]
        visits = turn
    for rack in racks:
        rack.gave(found[:factor])
    return tuple(found[:factor])


def in_sync(sim: Simulation, placement: Placement) -> Placement:
    """Who of each list is in sync at first: whoever is not fenced, in list order (R12)."""
    return tuple(tuple(b for b in ids if registered.usable(sim, b)) for ids in placement)


def check_factor(sim: Simulation, factor: int) -> None:
    """Refuse a replication factor that cannot be had now, in Kafka's words (R12)."""
    brokers = sim.state.cluster.brokers
    count = len(brokers) or sim.scenario.cluster.brokers
    error = f"({named(Error.INVALID_REPLICATION_FACTOR)})"
    if factor < 1:
        raise Refused(f"Replication factor must be larger than 0 {error}")
    if factor > count:
        raise Refused(
            f"Unable to replicate the partition {factor} time(s): The target replication factor of "
            f"{factor} cannot be "
            f"reached because only {count} broker(s) are registered {error}"
        )
    if brokers and all(broker.fenced for broker in brokers.values()):
        raise Refused(
            f"Unable to replicate the partition {factor} time(s): All brokers are currently fenced {error}"
        )


def by_hand(sim: Simulation, lists: Sequence[str], factor: int = 0) -> Placement:
    """What `1/2/3` a partition says; refuses what Kafka refuses. `factor`: what partitions before it have, 0
    if there are none.
    """
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
        if sim.state.cluster.brokers and not any(registered.usable(sim, broker) for broker in ids):
            raise Refused(
                f"All brokers specified in the manual partition assignment for partition {number} are "
                "fenced or in "
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
