"""RoundRobinPartitioner and partitions that nobody leads (R53)."""

from __future__ import annotations

from mqviz.model.kafka.clients.producer.events import SendCalled
from mqviz.model.kafka.cluster import Partition
from tests.sim.kafka.worlds import MS, S, of, run
from tests.sim.worlds import Run

IN_TURN = "partitioner.class=RoundRobinPartitioner"
PRODUCER = f"add producer p topic=t rate=0/s linger=0ms metadata.max.age.ms=1000 {IN_TURN}"


def chosen(watched: Run, count: int) -> list[int]:
    """The partitions of that many records, sent now."""
    now_us = watched.backend.now_us
    watched.do(*["send record p"] * count).to(now_us + 10 * MS)
    return [event.partition for event in of(watched, SendCalled, now_us)]


def partitions(watched: Run) -> list[Partition]:
    """Those of the topic, as they really are."""
    return watched.state.cluster.topics["t"].partitions


def world() -> Run:
    """Three partitions on a broker each, and a producer that has written to all of them."""
    watched = run("create topic t partitions=3", PRODUCER).to(S)
    assert sorted(chosen(watched, 3)) == [0, 1, 2]
    return watched


def test_r53_the_cycle_leaves_out_a_partition_that_nobody_leads() -> None:
    watched = world().do("kill broker 2").to(20 * S)
    dead = next(each.number for each in partitions(watched) if each.leader < 0)
    found = chosen(watched, 6)
    assert sorted(found[:2]) == sorted({0, 1, 2} - {dead})
    assert found == found[:2] * 3
    watched.do("restart broker 2").to(30 * S)
    assert sorted(chosen(watched, 3)) == [0, 1, 2]


def test_r53_while_none_is_available_the_cycle_goes_over_all() -> None:
    watched = run("create topic t replicas=1,1,1", PRODUCER, brokers=2).to(S).do("kill broker 1").to(20 * S)
    assert {each.leader for each in partitions(watched)} == {-1}
    assert sorted(chosen(watched, 3)) == [0, 1, 2]


def test_r53_a_producer_counts_with_the_leaders_that_it_knows_of() -> None:
    """A partition is in the cycle until the producer has heard that its leader is gone."""
    watched = world().do("kill broker 2").to(5 * S)
    assert sorted(chosen(watched, 3)) == [0, 1, 2]
