"""The key routing scene against the logs that its records really came into."""

from __future__ import annotations

import re

import pytest

from mqviz import facts
from mqviz.folders import data
from mqviz.kafka.partitioners import crc32_partition, java_partition
from mqviz.player import Player
from mqviz.scenario import load_scenario, read_scenario
from mqviz.scenes import key_routing
from mqviz.scenes.key_routing.picture import picture
from mqviz.scenes.view import View
from mqviz.sim.backend import open_sim

WORLD = """
title: Keys
until: 60s
scene: key-routing
topics: [{{name: orders, partitions: {partitions}}}]
producers:
  - {{name: web, topic: orders, rate: 40/s, keys: [{keys}], linger: 0s{extra}}}
"""
SIZES = [(60, 16), (67, 21), (160, 45)]


def player(partitions: int = 3, keys: str = "user-0, user-1, user-2, user-3", extra: str = "") -> Player:
    found = Player(
        open_sim, read_scenario(WORLD.format(partitions=partitions, keys=keys, extra=extra), "a test")
    )
    found.seek(20_000_000)
    return found


def text(run: Player, size: tuple[int, int]) -> str:
    return key_routing.draw(run.state, View(run.now_us, *size)).to_text()


@pytest.mark.parametrize("size", SIZES)
def test_r49_r50_the_arithmetic_on_the_screen_is_right(size: tuple[int, int]) -> None:
    run = player(extra=", partitioner: librdkafka")
    rows = [line for line in text(run, size).split("\n") if " % 3 = " in line]
    for key, line in zip(("user-0", "user-1", "user-2", "user-3"), rows, strict=True):
        found = re.findall(r"([\d,]+) % 3 = (\d)\D+P(\d)", line)
        assert [int(a.replace(",", "")) % 3 for a, _, _ in found] == [int(b) for _, b, _ in found]
        wanted = [java_partition(key.encode(), 3), crc32_partition(key.encode(), 3)]
        assert [int(p) for _, _, p in found] == wanted
        record = next(
            t
            for t in (facts.tape(run.state, "orders", n, 900) for n in range(3))
            if any(c.key == key for c in t.cells)
        )
        assert record.partition == wanted[1], "librdkafka sent it"


def test_a_hot_key_is_named_with_its_share() -> None:
    run = player(keys="alice, bob, alice, carol, alice, dave")
    shown = picture(run.state, View(run.now_us, 67, 21))
    assert shown is not None
    assert shown.hot is not None
    assert (shown.hot[0].name, shown.hot[1]) == ("alice", 50)
    assert "hot key A: 50 %" in text(run, (67, 21))
    assert "hot key" not in text(player(keys="a, b, c, d, e, f, g, h"), (67, 21))


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("partitions", [1, 12, 50])
def test_many_partitions_and_keys_are_counted_where_they_do_not_fit(
    size: tuple[int, int], partitions: int
) -> None:
    run = player(partitions, ", ".join(f"k{n}" for n in range(40)))
    shown = text(run, size)
    rows = len(re.findall(r"^ P\d+ ", shown, re.M))
    more = re.search(r"\+(\d+) more partitions", shown)
    assert rows + (int(more[1]) if more else 0) == partitions
    keys = len(re.findall(r" % \d+ = ", shown)) // 2
    hidden = re.search(r"\+(\d+) more keys", shown)
    assert keys + (int(hidden[1]) if hidden else 0) == 40


def test_r51_a_null_key_has_no_hash() -> None:
    shown = text(player(keys=""), (67, 21))
    assert "no hash" in shown
    assert "% 3 = " not in shown


def test_one_more_partition_moves_just_the_keys_whose_remainder_changes() -> None:
    run = player()
    shown = picture(run.state, View(run.now_us, 67, 21))
    assert shown is not None
    moved = {key.name: then for key, _, then in shown.moved(shown.rules[0])}
    for key in ("user-0", "user-1", "user-2", "user-3"):
        now, then = java_partition(key.encode(), 3), java_partition(key.encode(), 4)
        assert (key in moved) == (now != then)
        assert moved.get(key, then) == then


def test_before_anything_is_sent_it_says_what_there_is() -> None:
    run = Player(open_sim, read_scenario("title: x\nuntil: 1s\nscene: key-routing\n", "a test"))
    assert "no topic yet" in text(run, (60, 16))


def test_r49_keys_move_when_a_producer_hears_of_more_partitions() -> None:
    run = Player(open_sim, load_scenario(data("assets") / "scenarios" / "key-routing.yaml"))
    run.seek(46_000_000)
    shown = picture(run.state, View(run.now_us, 67, 21))
    assert shown is not None
    assert shown.partitions == 4
    assert [rule.known for rule in shown.rules] == [3, 3]
    assert "web knows 3 of 4" in text(run, (67, 21))
    run.seek(58_000_000)
    shown = picture(run.state, View(run.now_us, 67, 21))
    assert shown is not None
    assert [rule.known for rule in shown.rules] == [4, 3]
    alice = next(key for key in shown.keys if key.name == "alice")
    web = shown.rules[0]
    assert web.number("alice") % 3 in alice.places
    assert web.number("alice") % 4 in alice.places, "new records are elsewhere than the old ones"
    assert alice in shown.scattered
