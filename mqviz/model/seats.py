"""Seats: which brokers lead the partitions of internal topics, and so coordinate groups and transactions (R61, R99).

Internal partitions have no log here (S4), so those with the same replicas are one seat; only seats whose leader is not the first replica are kept.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mqviz.model.event import Event, Weight, applies

if TYPE_CHECKING:
    from mqviz.model.cluster import Cluster
    from mqviz.model.state import State


class SeatsMoved(Event, frozen=True):
    """Other brokers lead internal partitions: (replicas, leader), -1: nobody."""

    weight = Weight.STEP
    seats: tuple[tuple[tuple[int, ...], int], ...]

    @property
    def back(self) -> tuple[int, ...]:
        """Brokers that lead again, maybe after nobody."""
        return tuple(leader for _, leader in self.seats if leader >= 0)


def seat(replicas: tuple[int, ...]) -> str:
    """The name of the seat of partitions with these replicas."""
    return " ".join(map(str, replicas))


def leader(cluster: Cluster, replicas: tuple[int, ...]) -> int:
    """Who leads the internal partitions with these replicas; -1: nobody."""
    return cluster.seats.get(seat(replicas), replicas[0]) if cluster.seats else replicas[0]


@applies(SeatsMoved)
def _moved(state: State, event: SeatsMoved) -> None:
    seats = state.cluster.seats
    for replicas, broker in event.seats:
        if broker == replicas[0]:
            seats.pop(seat(replicas), None)
        else:
            seats[seat(replicas)] = broker
