"""A record of an aborted transaction is never its key's last one, wherever the ABORT marker lies (R74)."""

from __future__ import annotations

from mqviz.invariants import broken
from mqviz.model.apply import apply
from mqviz.model.kafka.log.compaction import clean
from mqviz.model.kafka.log.events import LogCleaned
from mqviz.model.kafka.log.state import Log
from tests.sim.kafka.log.test_cleaner import data, marker, records
from tests.sim.kafka.log.test_retention import bases, log, scaled_cluster
from tests.sim.kafka.worlds import MS, S, of
from tests.sim.worlds import Run


def undone() -> Run:
    """Segments [k=old, aborted k=new] and [j=other] are closed; the ABORT marker alone is in the active one."""
    world = Run(
        scaled_cluster(
            "create topic t cleanup.policy=compact segment.ms=60000 min.cleanable.dirty.ratio=0.01",
            "add producer p topic=t rate=0/s linger=0s",
            "add producer T topic=t rate=0/s linger=0s transactional.id=T",
            brokers=1,
        )
    ).to(10 * MS)
    for text in (
        "send record p key=k value=old timestamp_ms=-300000",
        "init transaction T",
        "begin transaction T",
        "send record T key=k value=new timestamp_ms=-299000",
        "send record p key=j value=other timestamp_ms=-100000",
        "abort transaction T",
    ):
        world.do(text).to(world.backend.now_us + 100 * MS)
    return world


def test_r74_a_committed_value_outlives_an_aborted_one_whose_marker_is_in_the_active_segment() -> None:
    world = undone()
    assert bases(world) == [0, 2, 3]
    world.to(2 * S)
    assert of(world, LogCleaned)[-1].end == 3
    assert records(log(world))[:-1] == [(0, "k", "old"), (2, "j", "other")]


def test_r74_the_invariant_sees_a_last_committed_value_go() -> None:
    world = undone()
    passed = next(event for event in world.backend.advance(2 * S) if isinstance(event, LogCleaned))
    world.state.cluster.partition("t", 0).led.log.transactions.ended.clear()
    apply(world.state, passed)
    assert any("took the last committed values at (0,)" in sentence for sentence in broken(world.state))


def test_r74_data_below_the_log_start_are_still_known_as_aborted() -> None:
    found = Log()
    for batch in (data(0, "a"), marker(1, "ABORT"), data(2, "b", bits=0)):
        found.append(batch)
    found.roll()
    found.delete_before(2)
    assert [batch.base_offset for batch in clean(found, 3, 100, 50, 1 << 20).batches] == [1, 2]
