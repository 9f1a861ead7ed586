"""A cluster that grows while it runs (R10, R12, R13, R16, R99)."""

from __future__ import annotations

import pytest

from mqviz.backend import Refused
from mqviz.explain.causes import explained
from mqviz.model.kafka.cluster import Partition
from mqviz.model.kafka.controller.events import BrokerAdded, BrokerUnfenced, PartitionChanged
from mqviz.sim.kafka.coordinator.lookup import coordinator_of
from tests.sim.kafka.worlds import MS, S, of, run
from tests.sim.worlds import Run

TOPIC = "create topic t partitions=3 replication_factor=2"


def copies(watched: Run, topic: str) -> list[list[int]]:
    return [partition.replica_ids for partition in watched.state.cluster.topic(topic).partitions]


def led_by(watched: Run, broker: int) -> list[Partition]:
    return [partition for partition in watched.state.cluster.partitions() if partition.leader == broker]


def test_r10_r12_a_new_broker_is_fenced_until_it_has_registered_and_gets_new_partitions_only() -> None:
    watched = run(TOPIC, brokers=2).to(S).do("add broker 3")
    with pytest.raises(Refused, match=r"INVALID_REPLICATION_FACTOR|only 2 broker"):
        watched.do("create topic early replication_factor=4")
    watched.to(2_900 * MS)
    assert not of(watched, BrokerUnfenced)
    (unfenced,) = of(watched.to(4 * S), BrokerUnfenced, broker=3)
    assert 3 * S <= unfenced.at_us <= 3_100 * MS
    before = copies(watched, "t")
    watched.do("create topic u partitions=3 replication_factor=3").to(5 * S)
    assert copies(watched, "t") == before == [[1, 2], [2, 1], [1, 2]]
    assert copies(watched, "u") == [[1, 2, 3], [2, 3, 1], [3, 1, 2]]
    assert [partition.topic for partition in led_by(watched, 3)] == ["u"]


def test_r16_r21_a_new_broker_copies_leads_and_is_fenced_like_any_other() -> None:
    watched = run("create topic t", "add producer p topic=t rate=0/s linger=0s", brokers=1).to(S)
    watched.do("add broker 2", "add broker 5").to(5 * S)
    watched.do("create topic u replication_factor=3 min_insync_replicas=2").to(6 * S)
    watched.do("add producer q topic=u rate=20/s linger=0s acks=all").to(10 * S)
    first = watched.state.cluster.partition("u", 0)
    assert (first.replica_ids, first.isr) == ([1, 2, 5], [1, 2, 5])
    assert min(copy.log.end for copy in first.replicas.values()) > 70
    watched.do("kill broker 1").to(40 * S).do("restart broker 1").to(60 * S)
    assert next(e.leader for e in of(watched, PartitionChanged, topic="u")) == 2
    assert sorted(first.isr) == [1, 2, 5]
    ends = {copy.log.end for copy in first.replicas.values()}
    assert max(ends) - min(ends) <= 2


def test_r13_the_rack_of_a_new_broker_counts() -> None:
    watched = run("create topic t", brokers=2).to(S).do("add broker 3 rack=b").to(5 * S)
    watched.do("create topic u partitions=2 replication_factor=2").to(6 * S)
    assert [3 in replicas for replicas in copies(watched, "u")] == [True, True]


def test_r99_internal_topics_stay_where_they_are() -> None:
    watched = run(TOPIC, brokers=2).to(S)
    groups = [f"g{number}" for number in range(20)]
    before = [coordinator_of(watched.backend._sim, group) for group in groups]
    watched.do("add broker 3").to(10 * S)
    assert [coordinator_of(watched.backend._sim, group) for group in groups] == before
    assert set(before) == {1, 2}


def test_r10_a_number_that_is_in_use_is_refused() -> None:
    watched = run(TOPIC, brokers=2).to(S)
    with pytest.raises(Refused, match=r"DUPLICATE_BROKER_REGISTRATION \(101\)"):
        watched.do("add broker 2")
    with pytest.raises(Refused, match="a number from 1 on"):
        watched.do("add broker x")


def test_r10_a_new_broker_that_dies_before_it_registered_can_start_again() -> None:
    watched = run(TOPIC, brokers=2).to(S).do("add broker 3").to(2 * S).do("kill broker 3").to(10 * S)
    assert watched.state.cluster.brokers[3].fenced
    watched.do("restart broker 3").to(20 * S)
    assert not watched.state.cluster.brokers[3].fenced
    (added,) = of(watched, BrokerAdded)
    assert "a new one" in explained(watched.log, added.id)[0].headline
