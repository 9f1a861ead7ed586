"""Compaction: what the cleaner keeps, when it comes, and that each key's last value stays."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from mqviz.model.kafka.log.batch import Batch
from mqviz.model.kafka.log.compaction import clean
from mqviz.model.kafka.log.events import LogCleaned
from mqviz.model.kafka.log.sizes import record_size
from mqviz.model.kafka.log.state import Log
from mqviz.model.kafka.protocol.requests import FetchRequest
from mqviz.model.kafka.protocol.responses import FetchPartitionData, FetchResponse
from tests.sim.kafka.log.test_retention import bases, example, log, scaled_cluster
from tests.sim.kafka.worlds import MS, Outside, S, of
from tests.sim.worlds import Run

DAY_MS = 86_400_000


def compacted(*sends: str, brokers: int = 1, topic: str = "") -> Run:
    """One batch a record: `key=value` or `key` for a tombstone, then @ and its timestamp in seconds."""
    world = Run(
        scaled_cluster(
            f"create topic t replication_factor={brokers} cleanup.policy=compact segment.ms=60000 "
            f"min.cleanable.dirty.ratio=0.01 {topic}",
            "add producer p topic=t rate=0/s linger=0s",
            brokers=brokers,
        )
    ).to(10 * MS)
    for each in sends:
        send(world, each)
    return world


def send(world: Run, each: str) -> None:
    what, _, at_s = each.partition("@")
    key, _, value = what.partition("=")
    payload = f"value={value}" if value else "tombstone=true"
    stamp = f" timestamp_ms={int(at_s) * 1000}" if at_s else ""
    world.do(f"send record p key={key} {payload}{stamp}").to(world.backend.now_us + 10 * MS)


def records(found: Log) -> list[tuple[int, str | None, str | None]]:
    return [
        (batch.base_offset + index, batch.keys[index], batch.value(index))
        for batch in found.forwards(found.start)
        for index in range(batch.count)
    ]


RECORDS = ("k1=a@-300", "k2=b@-299", "k1=c@-298", "k2@-200", "k3=d@-199", "k1=e@-100")


def test_r74_one_pass_keeps_the_last_of_each_key_and_the_tombstone() -> None:
    world = compacted(*RECORDS)
    assert bases(world) == [0, 3, 5]
    world.to(2 * S)
    assert records(log(world)) == [(2, "k1", "c"), (3, "k2", None), (4, "k3", "d"), (5, "k1", "e")]
    assert (log(world).start, log(world).end, bases(world)) == (0, 6, [0, 5]), (
        "merged, and nothing renumbered (R74)"
    )
    raw = Outside(world)
    assert raw.ask(FetchRequest((("t", 0, 0),))) == FetchResponse(
        0, (FetchPartitionData("t", 0, 0, 0, 6, 6, 0),)
    )


def test_r75_a_tombstone_stays_without_new_dirty_data_and_goes_with_it() -> None:
    world = compacted(*RECORDS, topic="delete.retention.ms=1000").to(60 * S)
    assert len(of(world, LogCleaned)) == 1
    assert (3, "k2", None) in records(log(world))
    send(world, "k4=f@0")
    send(world, "k4=g@100")
    world.to(world.backend.now_us + 2 * S)
    assert records(log(world)) == [
        (4, "k3", "d"),
        (5, "k1", "e"),
        (6, "k4", "f"),
        (7, "k4", "g"),
    ]


def test_r75_r76_before_the_delete_horizon_the_tombstone_stays_in_every_pass() -> None:
    world = compacted(*RECORDS, topic=f"delete.retention.ms={DAY_MS}").to(2 * S)
    for number in range(4):
        send(world, f"k4=v@{100 * number}")
        world.to(world.backend.now_us + S)
    assert len(of(world, LogCleaned)) >= 3
    assert (3, "k2", None) in records(log(world))


def test_r73_the_dirty_ratio_decides_and_the_active_segment_is_never_cleaned() -> None:
    world = compacted("k=a@0", "k=b@100", "k=c@200", topic="min.cleanable.dirty.ratio=0.5").to(2 * S)
    assert [offset for offset, _, _ in records(log(world))] == [1, 2]
    send(world, "j=a@300")
    world.to(world.backend.now_us + 5 * S)
    assert len(of(world, LogCleaned)) == 1, "one of two is not more than half"
    send(world, "j=b@400")
    world.to(world.backend.now_us + 5 * S)
    assert [offset for offset, _, _ in records(log(world))] == [2, 3, 4]


def test_r73_what_is_younger_than_the_lag_waits() -> None:
    world = compacted("k=a@-100", "k=b@-20", "k=c@100", topic="min.compaction.lag.ms=30000").to(5 * S)
    assert [offset for offset, _, _ in records(log(world))] == [0, 1, 2]
    assert len(of(world, LogCleaned)) == 1, "the first segment was looked at and holds its key's last record"
    world.to(15 * S)
    assert [offset for offset, _, _ in records(log(world))] == [1, 2]


def test_r73_the_largest_lag_comes_before_the_ratio() -> None:
    world = compacted(
        "a=1@0", "b=2@100", "a=3@200", topic="min.cleanable.dirty.ratio=1 max.compaction.lag.ms=20000"
    )
    assert not of(world.to(15 * S), LogCleaned)
    assert of(world.to(25 * S), LogCleaned)


def test_r77_compact_and_delete_does_both() -> None:
    world = compacted(*RECORDS, topic="cleanup.policy=compact,delete retention.ms=150000").to(3 * S)
    assert records(log(world)) == [(5, "k1", "e")]
    assert (log(world).start, bases(world)) == (5, [5])


def test_r77_an_empty_policy_keeps_for_ever() -> None:
    world = Run(
        scaled_cluster(
            'create topic t cleanup.policy="" segment.ms=60000', "add producer p topic=t rate=0/s linger=0s"
        )
    )
    world.to(10 * MS)
    for at_s in (-9_000_000, -8_000_000, -7_000_000):
        send(world, f"k=v@{at_s}")
    world.to(10 * S)
    assert [offset for offset, _, _ in records(log(world))] == [0, 1, 2]


def test_r74_each_replica_cleans_its_own_copy() -> None:
    world = compacted(*RECORDS, brokers=3).to(5 * S)
    assert [event.broker for event in of(world, LogCleaned)] == [1, 2, 3]
    assert records(log(world, 2)) == records(log(world, 3)) == records(log(world, 1))


def marker(base: int, kind: str) -> Batch:
    return Batch(base, 1, 78, "p", 9, 0, -1, 48, 0, base, base, (kind,))


def data(base: int, *keys: str, pid: int = 9, bits: int = 16) -> Batch:
    return Batch(base, len(keys), 61 + 10 * len(keys), "p", pid, 0, base, bits, 0, base, base, keys)


def test_r75_aborted_data_go_at_once_and_their_marker_after_its_horizon() -> None:
    found = Log()
    for batch in (data(0, "a"), data(1, "a"), marker(2, "ABORT"), data(3, "b"), marker(4, "COMMIT")):
        found.append(batch)
    found.roll()
    found.append(data(5, "c", bits=0))
    first = clean(found, 5, 100, 50, 1 << 20)
    assert [b.base_offset for b in first.batches] == [2, 3, 4]
    found.put(first, 5)
    second = clean(found, 5, 200, 50, 1 << 20)
    assert [(b.base_offset, b.delete_horizon_us) for b in second.batches] == [(2, 250), (3, None), (4, None)]
    found.put(second, 5)
    assert [b.base_offset for b in clean(found, 5, 250, 50, 1 << 20).batches] == [3, 4]


KEYS = st.sampled_from(["a", "b", "c", "d"])
BATCHES = st.lists(
    st.tuples(st.lists(st.tuples(KEYS, st.booleans()), min_size=1, max_size=5), st.booleans()), max_size=30
)


@settings(max_examples=200)
@given(BATCHES, st.integers(1, 5), st.integers(100, 1000))
def test_every_key_keeps_its_last_value_and_nothing_moves(
    batches: list[tuple[list[tuple[str, bool]], bool]], passes: int, segment_bytes: int
) -> None:
    found = Log()
    truth: dict[int, tuple[str | None, str | None]] = {}
    for number, (content, rolls) in enumerate(batches):
        if rolls and found.segments[-1].bytes:
            found.roll()
        keys = tuple(key for key, _ in content)
        values = tuple(None if dead else f"v{number}" for _, dead in content)
        truth.update(enumerate(zip(keys, values, strict=True), found.end))
        found.append(
            Batch(
                found.end,
                len(keys),
                61 + 10 * len(keys),
                "p",
                1,
                0,
                found.end,
                0,
                0,
                number,
                number,
                keys,
                values,
            )
        )
    end = found.segments[-1].base_offset
    for number in range(passes):
        found.put(clean(found, end, 1000 * (number + 1), 500, segment_bytes), end)
    kept = records(found)
    assert [offset for offset, _, _ in kept] == sorted({offset for offset, _, _ in kept})
    assert all(truth[offset] == (key, value) for offset, key, value in kept)
    last = {key: offset for offset, (key, _) in truth.items() if offset < end}
    dead = {offset for offset in last.values() if truth[offset][1] is None} if passes > 1 else set()
    assert {offset for offset, _, _ in kept} == {o for o in truth if o >= end} | set(last.values()) - dead
    assert sum(segment.bytes for segment in found.segments) == sum(b.bytes for b in found.forwards(0))


def test_the_example_of_compaction_forgets_dave() -> None:
    world = example("compaction").to(60 * S)
    assert {event.broker for event in of(world, LogCleaned)} == {1, 2, 3}
    assert {key for _, key, _ in records(log(world, 1, "addresses"))} == {"alice", "bob", "carol"}
    assert log(world, 1, "addresses").start == 0


def test_r74_what_is_left_of_a_batch_keeps_its_bytes() -> None:
    keys, values = ("a", "b", "a", "c"), ("one", "two", "three", "four")
    sizes = [record_size(1, len(value), delta) for delta, value in enumerate(values)]
    found = Log()
    found.append(Batch(0, 4, 61 + sum(sizes), "p", 1, 0, 0, 0, 0, 0, 0, keys, values))
    found.roll()
    found.append(Batch(4, 1, 70, "p", 1, 0, 4, 0, 0, 0, 0, ("b",), ("x",)))
    found.roll()
    left = clean(found, 5, 1, 1, 1 << 30).batches
    assert [(each.base_offset, each.count, each.bytes) for each in left] == [
        (2, 2, 61 + sum(sizes[2:])),
        (4, 1, 70),
    ]
