"""The record ledger of running clusters: what was acknowledged, what is in the log, what went and why."""

from __future__ import annotations

from mqviz import facts
from mqviz.facts.fates import Deliveries, Fate, deliveries, fate, record_ledger
from mqviz.model.kafka.clients.producer.events import RecordsAcknowledged
from mqviz.model.kafka.log.events import BatchAppended
from tests.sim.kafka.log.test_cleaner import RECORDS, compacted
from tests.sim.kafka.log.test_retention import hourly, one
from tests.sim.kafka.worlds import MS, S, of, run


def test_every_record_is_acknowledged_once_and_in_the_log_once() -> None:
    world = run(
        "create topic t partitions=3 replication_factor=3", "add producer p topic=t rate=500/s keys=a,b,c"
    )
    world.to(4 * S)
    found = record_ledger(world.state, "t")
    assert found.sent == sum(p.sent for p in world.state.cluster.topics["t"].partitions)
    assert found.acknowledged == sum(event.count for event in of(world, RecordsAcknowledged))
    assert found.in_log == sum(event.batch.count for event in of(world, BatchAppended))
    assert found.open == found.sent - found.acknowledged < 50
    assert (found.duplicates, found.lost, found.gone) == (0, {}, {})


def test_what_a_killed_producer_held_was_never_sent() -> None:
    world = run("create topic t", "add producer p topic=t rate=0/s linger=1s", brokers=1).to(MS)
    world.do("send record p count=3").to(2 * S).do("send record p count=2", "kill producer p").to(3 * S)
    found = record_ledger(world.state, "t")
    assert (found.sent, found.acknowledged, found.in_log, found.gone) == (5, 3, 3, {"never sent": 2})
    assert fate(world.state, "p", "t", 0, 4) == Fate(False, False, 0, "never sent")


def test_a_producer_of_the_same_name_goes_on_counting() -> None:
    world = run("create topic t", "add producer p topic=t rate=0/s", brokers=1).to(MS)
    world.do("send record p count=3").to(S).do("kill producer p", "add producer p topic=t rate=0/s").to(2 * S)
    world.do("send record p count=4").to(3 * S)
    found = record_ledger(world.state, "t")
    assert (found.sent, found.acknowledged, found.in_log, found.duplicates) == (7, 7, 7, 0)


def test_r70_deleted_records_are_not_lost() -> None:
    world = hourly(one("segment.ms=86400000 retention.ms=-1"), 60, -3_600_000)
    world.do("alter topic t retention.ms=108000000").to(world.backend.now_us + 3 * S)
    found = record_ledger(world.state, "t")
    assert (found.acknowledged, found.in_log, found.deleted, found.lost) == (60, 35, 25, {})
    assert fate(world.state, "p", "t", 0, 24).reason == "deleted"
    assert not fate(world.state, "p", "t", 0, 24).lost


def test_r74_compacted_records_are_counted_as_such() -> None:
    world = compacted(*RECORDS).to(2 * S)
    found = record_ledger(world.state, "t")
    assert (found.in_log, found.compacted, found.lost) == (4, 2, {})
    assert [fate(world.state, "p", "t", 0, n).reason for n in range(6)] == [
        "compacted",
        "compacted",
        "",
        "",
        "",
        "",
    ]


def test_a_refused_record_is_neither_in_the_log_nor_acknowledged() -> None:
    world = run("create topic t max.message.bytes=500", "add producer p topic=t rate=0/s value_size=600B").to(
        MS
    )
    world.do("send record p").to(200 * S)
    found = record_ledger(world.state, "t")
    assert (found.acknowledged, found.failed, found.in_log) == (0, 1, 0)


def test_r86_what_a_group_did_never_once_and_more_often() -> None:
    world = run(
        "create topic t",
        "add producer p topic=t rate=0/s",
        "add consumer c1 group=g topic=t processing=1ms auto_offset_reset=earliest",
        brokers=1,
    ).to(10 * S)
    world.do("send record p count=10").to(11 * S)
    assert deliveries(world.state, "g", "t", 0) == Deliveries(0, 10, 0)
    world.do("kill consumer c1", "send record p count=5").to(12 * S)
    assert deliveries(world.state, "g", "t", 0) == Deliveries(5, 10, 0)
    record = world.state.cluster.groups["g"].records["t-0"]
    record.passed(2, 6)
    assert deliveries(world.state, "g", "t", 0) == Deliveries(5, 6, 4)
    assert deliveries(world.state, "nobody", "t", 0) == Deliveries(15, 0, 0)


def test_r78_storage_is_the_bytes_of_all_replicas() -> None:
    world = run("create topic t replication_factor=3", "add producer p topic=t rate=0/s value_size=100B").to(
        MS
    )
    world.do("send record p count=10").to(S)
    (event,) = of(world, BatchAppended)
    assert facts.storage_bytes(world.state, "t") == 3 * event.batch.bytes


def test_facts_of_segments_and_of_the_ledger_can_be_asked_for() -> None:
    world = compacted(*RECORDS).to(2 * S)
    found = facts.segments(world.state, "t", 0)
    assert [(s.first, s.end, s.records, s.active, s.clean) for s in found] == [
        (0, 5, 3, False, True),
        (5, 6, 1, True, False),
    ]
    assert (facts.log_start(world.state, "t"), facts.lost_records(world.state, "t")) == (0, 0)
    assert facts.duplicate_records(world.state, "t") == 0
