"""Who is in sync and who is elected."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from mqviz.model.kafka.clients.producer.events import RecordsAcknowledged
from mqviz.model.kafka.cluster import Partition
from mqviz.model.kafka.controller.events import BrokerFenced, PartitionChanged
from mqviz.model.kafka.replication.events import HighWatermarkAdvanced, IsrProposed
from tests.sim.kafka.worlds import MS, S, cluster, of, run, times
from tests.sim.worlds import Run

TOPIC = "create topic t replication_factor=3 min_insync_replicas=2"
SENDER = "add producer p topic=t rate=10/s linger=0s"


def partition(watched: Run) -> Partition:
    return watched.state.cluster.partition("t", 0)


def slowed() -> Run:
    """Broker 3 lives, but an append takes it minutes."""
    watched = run(TOPIC, "add producer p topic=t rate=0/s linger=0s request.timeout.ms=120000").to(10 * S)
    return watched.do("slow broker 3 factor=1000000").to(11 * S)


def test_r18_who_fetches_at_the_log_end_is_caught_up_without_new_records() -> None:
    watched = slowed().to(200 * S)
    assert sorted(partition(watched).isr) == [1, 2, 3]
    assert partition(watched).led.caught_up_us[3] > 10 * S or partition(watched).led.follower_ends[3] == 0


def test_r18_a_follower_of_an_idle_partition_is_caught_up_until_its_last_fetch() -> None:
    watched = run(TOPIC, "add producer p topic=t rate=0/s linger=0s request.timeout.ms=120000")
    watched.to(S).do("send record p").to(100 * S)
    watched.do("slow broker 3 factor=1000000", "send record p").to(200 * S)
    (proposed,) = of(watched, IsrProposed)
    assert 30 * S <= proposed.at_us - 100 * S <= 45 * S


def test_r18_r19_a_follower_that_is_stuck_leaves_after_30_to_45_s_and_acks_all_waits_until_then() -> None:
    watched = slowed().do("send record p").to(100 * S)
    (proposed,) = of(watched, IsrProposed)
    assert 30 * S <= proposed.at_us - 11 * S <= 45 * S
    assert (partition(watched).isr, partition(watched).leader_epoch) == ([1, 2], 0)
    assert not of(watched, BrokerFenced)
    (told,) = times(watched, RecordsAcknowledged)
    assert told > proposed.at_us


def test_r19_a_dead_follower_leaves_with_its_fencing() -> None:
    watched = run(TOPIC, SENDER).to(11_500 * MS).do("kill broker 3").to(40 * S)
    fenced, changed = times(watched, BrokerFenced)[0], of(watched, PartitionChanged)[0]
    assert changed.at_us == fenced + MS
    assert (changed.isr, changed.leader, changed.leader_epoch) == ((1, 2), 1, 0)


def test_r21_the_first_in_list_order_leads_and_only_a_change_of_leader_is_a_new_epoch() -> None:
    watched = run(TOPIC).to(11_500 * MS)
    watched.do("kill broker 3").to(30 * S).do("kill broker 1").to(60 * S)
    seen = [(e.leader, e.leader_epoch, e.partition_epoch, e.isr) for e in of(watched, PartitionChanged)]
    assert seen == [(1, 0, 1, (1, 2)), (2, 1, 2, (2,))]
    watched.do("kill broker 2").to(90 * S)
    last = of(watched, PartitionChanged)[-1]
    assert (last.leader, last.leader_epoch, last.partition_epoch) == (-1, 2, 3)


@pytest.mark.parametrize(("version", "isr", "elr"), [("4.0", (1,), ()), ("4.2", (), (1,))])
def test_r22_the_last_in_sync_replica_stays_without_elr(
    version: str, isr: tuple[int, ...], elr: tuple[int, ...]
) -> None:
    world = replace(cluster("create topic t replication_factor=3"), kafka_version=version)
    watched = Run(world).to(11_500 * MS)
    for broker in (3, 2, 1):
        watched.do(f"isolate broker {broker}").to(watched.backend.now_us + 20 * S)
    found = partition(watched)
    assert (found.leader, tuple(found.isr), tuple(found.elr)) == (-1, isr, elr)
    watched.do("heal broker 2").to(watched.backend.now_us + 20 * S)
    assert partition(watched).leader == -1
    watched.do("heal broker 1").to(watched.backend.now_us + 20 * S)
    assert (partition(watched).leader, partition(watched).recovering) == (1, False)


@pytest.mark.parametrize(("killed", "leader"), [(False, 2), (True, -1)])
def test_r23_only_who_ended_cleanly_stays_eligible(killed: bool, leader: int) -> None:
    """In sync are none, eligible 1 and 2; 2 comes back: from behind a cut link it may lead, from a kill it may not."""
    watched = run(TOPIC).to(11_500 * MS)
    for broker in (3, 2, 1):
        watched.do(f"isolate broker {broker}").to(watched.backend.now_us + 20 * S)
    assert (partition(watched).isr, partition(watched).elr) == ([], [1, 2])
    if killed:
        watched.do("kill broker 2", "restart broker 2")
    watched.do("heal broker 2").to(watched.backend.now_us + 20 * S)
    assert partition(watched).leader == leader
    assert partition(watched).elr == [1]
    watched.do("heal broker 1").to(watched.backend.now_us + 20 * S)
    assert partition(watched).leader == (leader if leader > 0 else 1)


def test_r25_a_new_leader_begins_its_epoch_at_its_log_end_and_its_mark_rises_with_the_followers() -> None:
    """A record that all have is committed by the old leader; the new one has not heard of that yet."""
    watched = run(TOPIC, "add producer p topic=t rate=0/s linger=0s", latency_us=20_000).to(11 * S)
    watched.do("send record p").to(11 * S + 100 * MS).do("kill broker 1").to(11 * S + 101 * MS)
    assert [(c.log.end, c.high_watermark) for c in partition(watched).replicas.values()] == [
        (1, 1),
        (1, 0),
        (1, 0),
    ]
    watched.to(30 * S)
    led = partition(watched).led
    assert (partition(watched).leader, led.log.epochs) == (2, [(0, 0), (1, 1)])
    marks = [(e.broker, e.before, e.high_watermark) for e in of(watched, HighWatermarkAdvanced)]
    assert marks == [(1, 0, 1), (2, 0, 1)]
    assert led.high_watermark == 1
