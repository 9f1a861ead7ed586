"""Records with values and timestamps of their own, from the command to the log of every replica."""

from __future__ import annotations

from mqviz.model.kafka.log.batch import Batch
from mqviz.model.kafka.log.events import BatchAppended
from tests.sim.kafka.worlds import MS, of, run


def written(*texts: str) -> list[Batch]:
    """The batches in the log after these commands, each copied to all replicas."""
    world = run("create topic t replication_factor=3", "add producer p topic=t rate=0/s").to(10 * MS)
    world.do(*texts).to(100 * MS)
    partition = world.state.cluster.partition("t", 0)
    assert len({partition.replicas[broker].log.end for broker in (1, 2, 3)}) == 1
    assert all(
        partition.replicas[broker].log.read(0, 99) == partition.led.log.read(0, 99) for broker in (2, 3)
    )
    return [event.batch for event in of(world, BatchAppended)]


def test_r76_values_and_tombstones_travel_with_their_records() -> None:
    (found,) = written(
        "send record p key=k1", "send record p key=k1 value=a", "send record p key=k2 tombstone=true"
    )
    assert (found.keys, found.values, found.created) == (("k1", "k1", "k2"), ("", "a", None), None)
    assert [found.value(n) for n in range(3)] == ["", "a", None]


def test_opaque_records_carry_nothing_more() -> None:
    (found,) = written("send record p key=k1 count=3")
    assert (found.values, found.created) == (None, None)


def test_r68_a_record_keeps_the_timestamp_that_its_producer_gave() -> None:
    (found,) = written("send record p key=k1 timestamp_ms=-5000", "send record p key=k2")
    assert found.created == (-5_000 * MS, 10 * MS)
    assert found.latest_us == 10 * MS


def test_r40_a_value_has_its_own_size() -> None:
    (found,) = written("send record p key=k1 value=a", "send record p key=k1 tombstone=true")
    assert found.bytes == 61 + (1 + 1 + 1 + 1 + 1 + 2 + 1 + 1 + 1) + (1 + 1 + 1 + 1 + 1 + 2 + 1 + 1)
