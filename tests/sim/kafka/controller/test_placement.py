"""Placement over racks while brokers are fenced (R13)."""

from __future__ import annotations

import msgspec
import pytest

from mqviz.model.kafka.broker.state import Broker
from mqviz.sim.kafka.controller.placement import place
from tests.sim.kafka.worlds import S, cluster
from tests.sim.worlds import Run


def brokers(text: str) -> list[Broker]:
    """`1a 2a 3b!`: broker 1 and 2 in rack a, 3 in rack b and fenced."""
    return [Broker(int(w[0]), rack=w[1:].rstrip("!"), fenced=w.endswith("!")) for w in text.split()]


@pytest.mark.parametrize(
    ("there", "factor", "placement"),
    [
        ("1a 2a 3b!", 2, [(1, 3), (2, 3), (1, 3)]),
        ("1a 2a 3b!", 3, [(1, 3, 2), (2, 3, 1), (1, 3, 2)]),
        ("1a! 2a! 3b 4b", 2, [(3, 1), (4, 2), (3, 1)]),
        ("1a! 2a 3b 4b", 3, [(2, 3, 1), (4, 2, 3), (2, 3, 1)]),
        ("1a 2b 3c! 4c", 3, [(1, 2, 4), (2, 4, 1), (4, 1, 2)]),
        ("1 2! 3", 3, [(1, 3, 2), (3, 1, 2), (1, 3, 2)]),
        ("1! 2 3", 2, [(2, 3), (3, 2), (2, 3)]),
    ],
)
def test_r13_every_rack_gets_a_replica_before_one_gets_two(
    there: str, factor: int, placement: list[tuple[int, ...]]
) -> None:
    assert list(place(brokers(there), 3, factor)) == placement


def test_r13_a_fenced_broker_in_an_unused_rack_gets_its_replica() -> None:
    scenario = cluster("create topic t", brokers=3)
    plan = msgspec.structs.replace(scenario.cluster, racks=("a", "a", "b"))
    watched = Run(msgspec.structs.replace(scenario, cluster=plan)).to(S)
    watched.do("kill broker 3").to(20 * S).do("create topic u replication_factor=2").to(21 * S)
    partition = watched.state.cluster.partition("u", 0)
    assert (partition.replica_ids, partition.isr) == ([1, 3], [1])
