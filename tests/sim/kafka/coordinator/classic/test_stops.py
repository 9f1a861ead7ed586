"""How long members stand still in a rebalance: stop-the-world against cooperative."""

from __future__ import annotations

from mqviz.facts.tenure import stopped_us, stops
from tests.sim.kafka.clients.consumer.test_classic_members import (
    COOPERATIVE,
    joined_by_another,
    member,
    world,
)
from tests.sim.kafka.worlds import S


def test_r108_an_eager_member_stops_from_revoked_to_assigned() -> None:
    watched = joined_by_another("")
    (stop,) = stops(watched.state, "g")["a"]
    assert len(stop.partitions) == 6
    assert not stop.lost
    assert stop.until_us is not None
    assert 0 < stop.until_us - stop.since_us == stopped_us(watched.state, "g")["a"] < 1 * S


def test_r109_a_cooperative_member_does_not_stop() -> None:
    watched = joined_by_another(COOPERATIVE)
    assert stopped_us(watched.state, "g") == {"a": 0, "b": 0}


def test_r107_everybody_stops_until_the_slowest_polls() -> None:
    watched = world(
        "add producer p topic=t rate=10/s partitioner=murmur2_random",
        member("a"),
        member("slow", "max_poll_records=1", "20s"),
        delay_us=1 * S,
    )
    watched.to(30 * S)
    watched.do(member("c"))
    watched.to(80 * S)
    found = stopped_us(watched.state, "g")
    assert found["a"] > 5 * S > found["slow"]


def test_a_member_that_is_closed_is_not_stopped() -> None:
    watched = joined_by_another("")
    watched.do("close consumer b")
    watched.to(40 * S)
    assert not stops(watched.state, "g")["b"]
