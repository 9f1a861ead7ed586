"""The timeline scene: one record's way as a picture, and what is forgotten."""

from __future__ import annotations

import re

import pytest

from mqviz.facts import timeline as facts_timeline
from mqviz.facts import timeline_stages
from mqviz.facts.timeline import Deed, Message
from mqviz.folders import data
from mqviz.model.kafka.network.state import KEPT
from mqviz.player import Player
from mqviz.scenario import load_scenario, read_scenario
from mqviz.scenes import timeline
from mqviz.scenes.view import View
from mqviz.sim.backend import open_sim

SIZES = [(60, 16), (67, 21), (160, 45)]


def example(name: str, at_us: int) -> Player:
    run = Player(open_sim, load_scenario(data("assets") / "scenarios" / f"{name}.yaml"))
    run.seek(at_us)
    return run


def text(run: Player, size: tuple[int, int], scroll: int = 0) -> str:
    return timeline.draw(run.state, View(run.now_us, *size, scroll=scroll)).to_text()


def told(run: Player, last: int = 40) -> list[tuple[int, str, str, str]]:
    """(us since the send, who, whom, what) of everything that happened."""
    found = []
    for event in facts_timeline.messages(run.state, last):
        if isinstance(event, Deed):
            found.append((event.at_us, event.node[1], event.node[1], event.what))
        elif event.arrived:
            kind = f"{event.kind} {'answer' if event.answers else 'request'}"
            found.append((event.arrives_at_us, event.source[1], event.target[1], kind))
    return [(at_us - 10_050_000, *rest) for at_us, *rest in found]  # type: ignore[misc]


def test_r32_the_way_of_one_record_with_its_times() -> None:
    """Appended after 1.2 ms, at the followers after 2.2, readable after 3.4, acknowledged and delivered after 4.4."""
    run = example("one-record", 10_056_000)
    way = [event for event in told(run) if event[0] >= 0 and event[3] != "Fetch request"]
    assert way == [
        (0, "shop", "shop", "send"),
        (1_000, "shop", "1", "Produce request"),
        (1_200, "1", "1", "append"),
        (2_200, "1", "2", "ReplicaFetch answer"),
        (2_200, "1", "3", "ReplicaFetch answer"),
        (3_400, "2", "1", "ReplicaFetch request"),
        (3_400, "3", "1", "ReplicaFetch request"),
        (3_400, "1", "1", "high watermark"),
        (4_400, "1", "shop", "Produce answer"),
        (4_400, "1", "c1", "Fetch answer"),
    ]
    newest = timeline_stages.stages(run.state)
    assert newest is not None
    assert [stage.at_us - 10_050_000 for stage in newest[1] if stage.at_us] == [
        0,
        1_200,
        2_400,
        3_400,
        4_400,
        4_400,
    ]


@pytest.mark.parametrize(
    ("at_us", "reached"),
    [(10_050_100, 1), (10_051_100, 1), (10_051_300, 2), (10_052_300, 3), (10_053_500, 4), (10_054_500, 6)],
)
def test_a_station_is_reached_when_it_is(at_us: int, reached: int) -> None:
    shown = text(example("one-record", at_us), (67, 21)).split("\n")
    stations = next(line for line in shown if line.startswith(" newest"))
    assert stations.count("●") == reached
    assert stations.count("○") == 6 - reached


@pytest.mark.parametrize("size", SIZES)
def test_r32_is_readable_row_by_row(size: tuple[int, int]) -> None:
    lines = text(example("one-record", 10_056_000), size).split("\n")
    order = ["10.0500", "10.0510", "10.0512", "10.0522", "10.0534", "10.0544"]
    order = order[3:] if size[1] < 20 else order  # the oldest rows do not fit
    rows = [next(n for n, line in enumerate(lines) if time in line[:10]) for time in order]
    assert rows == sorted(rows)
    assert "HW 1" in lines[next(n for n, line in enumerate(lines) if "┊ HW" in line)]
    assert any("◄" in line and "✓" in line for line in lines if "10.0544" in line)


def test_what_is_on_its_way_stands_below_the_playhead() -> None:
    """Its head moves with the time; nothing is on two rows at once."""
    seen = []
    for at_us in range(10_051_300, 10_052_200, 200):
        lines = text(example("one-record", at_us), (160, 45)).split("\n")
        now = next(n for n, line in enumerate(lines) if line.startswith("●"))
        flights = [line for line in lines[now + 1 :] if line.startswith("in ") and "A" in line]
        assert len(flights) == 2, "to both followers"
        seen.append(flights[0].count("━"))
    assert seen == sorted(seen)
    assert seen[0] < seen[-1]


def test_r29_with_acks_1_the_producer_waits_for_no_copy() -> None:
    run = example("timeline", 22_300_000)
    holds = [hold for hold in timeline_stages.holds(run.state) if hold.node == ("producer", "till")]
    assert len(holds) == 1
    assert holds[0].until_us == 21_420_000, "two ways of 200 ms, and the write of 20 ms"
    slow = [hold for hold in timeline_stages.holds(run.state) if hold.node == ("producer", "shop")]
    assert all(hold.until_us is None or hold.until_us - hold.since_us > 800_000 for hold in slow)


@pytest.mark.parametrize("size", SIZES)
def test_r4_a_request_to_a_dead_broker_gets_no_answer(size: tuple[int, int]) -> None:
    run = example("timeline", 31_500_000)
    assert "✗ dead" in text(run, size)
    assert re.search(r"✗( no answer)?", text(run, size))
    assert any(isinstance(e, Message) and e.broken for e in facts_timeline.messages(run.state, 40))


def test_idle_polls_and_heartbeats_do_not_push_out_what_happened() -> None:
    run = example("one-record", 10_100_000)
    before = [event for event in told(run) if event[3] != "Fetch request"]
    run.seek(11_990_000)
    after = [event for event in told(run) if event[3] != "Fetch request"]
    assert after[: len(before)] == before
    assert {event[3] for event in after[len(before) :]} == {"ReplicaFetch answer"}, "the high watermark"


BUSY = """
title: Busy
until: 60s
scene: timeline
cluster: {brokers: 3}
topics: [{name: orders, partitions: 3, replication_factor: 3}]
producers: [{name: shop, topic: orders, rate: 100/s, keys: [a, b, c], linger: 0s}]
consumers: [{name: c1, group: g, topic: orders, processing: 1ms}]
"""


def test_memory_is_bounded_and_nothing_is_shown_by_halves() -> None:
    run = Player(open_sim, read_scenario(BUSY, "a test"))
    run.seek(12_000_000)
    recent = run.state.cluster.recent
    assert KEPT <= len(recent.passages) < 2 * KEPT
    assert KEPT <= len(recent.marks) < 2 * KEPT
    events = facts_timeline.messages(run.state, 1_000)
    begun = min(e.at_us if isinstance(e, Deed) else e.arrives_at_us for e in events)
    assert begun >= max(recent.passages[0].returned_at_us, recent.marks[0].at_us)
    whole = [
        e.number for e in events if isinstance(e, Message) and e.answers and e.kind == "Produce" and e.arrived
    ]
    assert whole == sorted(whole)


@pytest.fixture(scope="module")
def crowd() -> Player:
    more = "".join(f"{{name: x{n}, group: h{n}, topic: orders}}, " for n in range(12))
    run = Player(open_sim, read_scenario(BUSY.replace("consumers: [", "consumers: [" + more), "a test"))
    run.seek(4_500_000)
    return run


@pytest.mark.parametrize("size", SIZES)
def test_more_clients_than_lanes_leave_out_some_and_scrolling_goes_back(
    crowd: Player, size: tuple[int, int]
) -> None:
    head = text(crowd, size).split("\n")[1 if size[1] >= 20 else 0]
    assert "shop" in head
    assert "broker 1" in head
    assert text(crowd, size) != text(crowd, size, scroll=10)


def test_before_there_is_a_cluster() -> None:
    run = Player(open_sim, read_scenario("title: x\nuntil: 1s\nscene: timeline\n", "a test"))
    assert "no cluster yet" in text(run, (60, 16))


def test_rows_with_records_open_their_biography() -> None:
    run = example("one-record", 10_056_000)
    canvas = timeline.draw(run.state, View(run.now_us, 67, 21))
    rows = [place.row for place in canvas.places if place.target == ("record", "orders", 0, 0)]
    assert len(rows) == 4, "appended, to two followers, to the consumer"
    focused = timeline.draw(run.state, View(run.now_us, 67, 21, ("record", "orders", 0, 0)))
    assert [row for row in range(21) if focused.cell(0, row)[0] == "►"] == rows


def test_a_partition_without_followers_has_all_its_copies_at_once() -> None:
    run = Player(
        open_sim,
        read_scenario(
            BUSY.replace("brokers: 3", "brokers: 1").replace(
                "replication_factor: 3", "replication_factor: 1"
            ),
            "a test",
        ),
    )
    run.seek(1_000_000)
    newest = facts_timeline.messages(run.state, 10)
    assert newest
    found = timeline_stages.stages(run.state)
    assert found is not None
    times = {stage.what: stage.at_us for stage in found[1]}
    assert times["copied"] == times["appended"]
