"""The scenes of retention and compaction say what the facts say."""

from __future__ import annotations

import pytest

from mqviz import facts
from mqviz.explain.causes import explained
from mqviz.facts import storage
from mqviz.folders import data
from mqviz.model.kafka.log.events import LogStartMoved, SegmentsDeleted
from mqviz.scenes import compaction, retention
from mqviz.scenes.view import View
from mqviz.simulate import Run, open_world

SIZES = [(60, 16), (67, 21), (160, 45)]


def example(name: str) -> Run:
    return open_world(data("assets") / "scenarios" / f"{name}.yaml")


def text(run: Run, size: tuple[int, int]) -> str:
    scene = retention if run.scenario.scene == "retention" else compaction
    return scene.draw(run.state, View(run.now_us, *size)).to_text()


@pytest.mark.parametrize("size", SIZES)
def test_r70_what_goes_next_is_what_the_next_check_deletes(size: tuple[int, int]) -> None:
    run = example("retention").to("23.8s")
    shown = text(run, size)
    assert "newest record of 18: 10.8 s old, over 10.0 s: goes next" in shown
    assert "6,669 − 1,539 = 5,130 bytes ≥ 5,000: 9 goes next" in shown
    run.to("24.01s")
    assert [facts.log_start(run.state, topic) for topic in ("by-time", "by-size")] == [27, 18]
    gone = {topic: storage.gone(run.state, topic, 0)[-1] for topic in ("by-time", "by-size")}
    assert {topic: (each.first, each.end, each.reason) for topic, each in gone.items()} == {
        "by-time": (18, 27, "time"),
        "by-size": (9, 18, "size"),
    }
    assert "goes next" not in text(run, size)


def test_the_next_check_deletes_nothing_else() -> None:
    """Between two checks: what doomed() names just before a check is exactly what the check takes."""
    run = example("retention")
    for at_ms in range(1_000, 60_000, 1_000):
        run.to(at_ms * 1_000 - 1)
        state = run.state
        want = {}
        for topic in ("by-time", "by-size"):
            parts, start = facts.segments(state, topic, 0), storage.bounds(state, topic, 0)[0]
            rules = storage.keeping(state, topic)
            gone = storage.doomed(parts, rules, start, at_ms * 1_000)
            want[topic] = next(part.first for part in parts if part.first not in gone)
        run.to(at_ms * 1_000 + 1)
        for topic, first in want.items():
            assert facts.segments(run.state, topic, 0)[0].first == first, (topic, at_ms)


@pytest.mark.parametrize("size", SIZES)
def test_r72_deleted_records_are_dots_until_their_files_go(size: tuple[int, int]) -> None:
    run = example("retention").to("45.5s")
    shown = text(run, size)
    assert "start 90   end 91" in shown
    assert "54 lies below the log start" in shown
    assert "·" * 9 in shown.replace(" ", "")
    assert "slow is at 77, deleted: a fetch" in shown
    assert "OFFSET_OUT_OF_RANGE" in shown


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("at", ["0.1s", "8s", "20.01s", "33.3s", "59s"])
def test_every_partition_shows_its_start_and_end(size: tuple[int, int], at: str) -> None:
    run = example("retention").to(at)
    shown = text(run, size)
    for topic in ("by-time", "by-size"):
        start, end = storage.bounds(run.state, topic, 0)
        line = next(line for line in shown.split("\n") if line.startswith(f" {topic} P0"))
        assert line.endswith(f"start {start}   end {end}")


@pytest.mark.parametrize("size", SIZES)
def test_r74_the_newest_record_of_each_key_has_its_letter(size: tuple[int, int]) -> None:
    run = example("compaction").to("14s")
    lines = text(run, size).split("\n")
    stored = storage.stored(run.state, "addresses", 0, 100)
    newest = {record.key: record.offset for record in stored if record.newest}
    for letter, key in (("A", "alice"), ("B", "bob"), ("C", "carol")):
        line = next(line for line in lines if line.startswith(f" {letter} {key}"))
        assert line.endswith(f"newest {newest[key]}")
        assert line[14:].count(letter) == 1
    dave = next(line for line in lines if line.startswith(" D dave"))
    assert dave.endswith("✗ deleted")
    assert dave.count("✗") == 2


@pytest.mark.parametrize("size", SIZES)
def test_r73_r75_the_dirty_part_the_last_pass_and_the_tombstone(size: tuple[int, int]) -> None:
    run = example("compaction").to("14s")
    assert "dirty 1,645 of 2,245 bytes = 73 %, over 30 %: cleaned next" in text(run, size)
    assert "dave at 21: no pass has seen it yet" in text(run, size)
    run.to("21s")
    done = storage.last_pass(run.state, "addresses", 0)
    assert done is not None
    assert (done.at_us, done.end, done.removed, done.kept) == (20_000_000, 38, 9, 4)
    assert "20.000 s, below 38: 13 − 9 = 4 kept" in text(run, size)
    tombstone = next(r for r in storage.stored(run.state, "addresses", 0, 99) if r.tombstone)
    assert tombstone.goes_us == 22_000_000, "the pass at 14 s dated it, delete.retention.ms is 8 s"
    assert "dave at 21: a pass after 22.000 s drops it" in text(run, size)
    assert "dave" not in text(run.to("30s"), size)


def test_newest_is_the_last_record_of_a_key_in_the_whole_log() -> None:
    run = example("compaction").to("33s")
    stored = storage.stored(run.state, "addresses", 0, 1_000)
    for record in stored:
        later = [other for other in stored if other.offset > record.offset and other.key == record.key]
        assert record.newest == (not later)
    assert [r.offset for r in stored] == sorted({r.offset for r in stored})


def test_dirty_and_clean_bytes_are_those_of_closed_segments() -> None:
    run = example("compaction").to("14s")
    parts = facts.segments(run.state, "addresses", 0)
    found = storage.dirt(run.state, "addresses", 0)
    assert found.total == sum(part.bytes for part in parts[:-1])
    assert found.dirty == sum(part.bytes for part in parts[:-1] if not part.clean)
    assert storage.Dirt(0, 0).ratio == 0


def test_why_tells_which_offsets_went_and_by_which_rule() -> None:
    run = example("retention").to("46.5s")
    deleted = [explained(run.log, event.id)[0] for event in run.events(SegmentsDeleted)]
    assert deleted[0].headline == "broker 1 deletes 0 to 8 of by-time P0"
    assert {why.reason for why in deleted} == {
        "the newest record in it is older than retention.ms",
        "without it the log still holds retention.bytes",
        "it lies below the log start: nobody can read it",
    }
    moved = next(event for event in run.events(LogStartMoved) if event.reason == "delete records")
    assert explained(run.log, moved.id)[0].change == "log start 54 → 90"
