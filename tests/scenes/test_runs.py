"""Scenes fed by real runs of the simulator, through the player as the screens do it."""

from __future__ import annotations

import re
import time

import pytest

from mqviz import facts
from mqviz.player import Player
from mqviz.scenario import Scenario, read_scenario
from mqviz.scenes import partition_log, request_timing
from mqviz.scenes.canvas import Canvas
from mqviz.scenes.figures import duration
from mqviz.scenes.view import View
from mqviz.sim.backend import open_sim

SIGN_UP = """
title: Sign-up
until: 30s
scene: request-timing
sign_ups:
  - {name: sync, design: synchronous, clients: 5, at: [0s, 350ms, 1s, 1350ms, 2s]}
  - {name: async, design: asynchronous, clients: 5, at: [0s, 350ms, 1s, 1350ms, 2s]}
"""


def player_at(text: str, at_us: int) -> Player:
    scenario: Scenario = read_scenario(text, "a test")
    player = Player(open_sim, scenario)
    player.seek(at_us)
    return player


@pytest.mark.parametrize("size", [(60, 16), (67, 21), (160, 45)])
@pytest.mark.parametrize("at_ms", [0, 500, 3_000, 7_500, 29_000])
def test_every_answer_of_the_run_is_on_the_screen(size: tuple[int, int], at_ms: int) -> None:
    player = player_at(SIGN_UP, at_ms * 1_000)
    text = request_timing.draw(player.state, View(player.now_us, *size, until_us=30_000_000)).to_text()
    answers = 0
    for service in ("sync", "async"):
        for request in facts.requests(player.state, service):
            assert f"client {request.number}" in text
            if request.answered_at_us is not None:
                answers += 1
                assert f"◆ {duration(request.answered_at_us - request.arrived_at_us)}" in text
    assert text.count("◆") == answers + 1, "and one in the legend"
    assert ("●" in text) == (at_ms < 8_000)


def test_both_halves_stand_on_the_same_axis() -> None:
    player = player_at(SIGN_UP, 10_000_000)
    text = request_timing.draw(player.state, View(player.now_us, 67, 21)).to_text().split("\n")
    lanes = [line for line in text if line.startswith(" client 3")]
    assert len(lanes) == 2
    assert lanes[0].index("█") == lanes[1].index("█")
    sent = [lanes[0].index("◆"), lanes[1].index("✓")]
    assert abs(sent[0] - sent[1]) <= 1, "the same mail ends at the same time in both halves"


def test_nothing_moves_when_a_client_arrives() -> None:
    """Axis, legend and lower half stand where they will stand from the first moment on."""
    player = player_at(SIGN_UP, 0)
    places = []
    for at_ms in (0, 500, 1_500, 7_500):
        player.seek(at_ms * 1_000)
        lines = request_timing.draw(player.state, View(player.now_us, 67, 21)).to_text().split("\n")
        heads = ("synchronous", "asynchronous", "█ working")
        places.append([next(n for n, line in enumerate(lines) if line[1:].startswith(h)) for h in heads])
        assert sum(line.startswith(" client") for line in lines) == 10
    assert places == places[:1] * 4


NO_MAIL = """
title: One server
until: 30s
scene: request-timing
sign_ups:
  - {name: server, clients: 0, rate: 80/s, threads: 1, database: 10ms, mail_min: 0s, mail_max: 0s}
"""


def test_without_mail_no_word_tells_of_it_and_the_axis_is_fine_enough() -> None:
    player = player_at(NO_MAIL, 20_000_000)
    text = request_timing.draw(player.state, View(player.now_us, 67, 21)).to_text()
    assert "no mail" in text
    assert text.count("mail") == 1
    assert re.search(r"1,\d\d\d earlier", text)
    lane = next(line for line in text.split("\n") if line.startswith(" client"))
    assert lane.count("█") >= 2, "10 ms can be seen"


GROUPS = """
title: Consumer groups
scene: partition-log
until: 2min
cluster: {link_latency: 200ms}
topics:
  - {name: email-requests, partitions: 3}
producers:
  - {name: user-svc, topic: email-requests, rate: 2/s, keys: [alice, bob, dave, frank], key_choice: random}
  - {name: order-svc, topic: email-requests, rate: 1/s, keys: [carol, erin], key_choice: random}
timetable:
  - {at: 2s, do: add consumer c1 group=mail topic=email-requests processing=400ms auto_offset_reset=earliest}
  - {at: 12s, do: add consumer c2 group=mail topic=email-requests processing=900ms auto_offset_reset=earliest}
  - {at: 12s, do: add consumer c3 group=mail topic=email-requests processing=400ms auto_offset_reset=earliest}
  - {at: 25s, do: add consumer c4 group=mail topic=email-requests processing=400ms auto_offset_reset=earliest}
  - {at: 40s, do: kill consumer c1}
  - {at: 42s, do: pause producer order-svc}
"""
SIZES = [(60, 16), (67, 21), (80, 14), (160, 45)]
GROUP = "mail"
TOPIC = "email-requests"


@pytest.fixture(scope="module")
def groups() -> Player:
    return player_at(GROUPS, 0)


def log_at(player: Player, at_ms: int, size: tuple[int, int]) -> Canvas:
    player.seek(at_ms * 1_000)
    return partition_log.draw(player.state, View(player.now_us, *size))


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("at_ms", [1_300, 6_000, 11_000, 24_000, 39_000, 41_000, 60_000, 100_000])
def test_the_log_shows_what_the_facts_say(groups: Player, size: tuple[int, int], at_ms: int) -> None:
    lines = log_at(groups, at_ms, size).to_text().split("\n")
    state = groups.state
    for number in range(3):
        place = next(n for n, line in enumerate(lines) if f"►P{number}" in line)
        lane = "\n".join(lines[place : place + 4])
        lag = facts.lag(state, GROUP, TOPIC, number) if facts.groups(state) else None
        if isinstance(lag, int):
            assert f"lag {lag:,}" in lane
        owner = facts.owner(state, GROUP, TOPIC, number) if facts.groups(state) else None
        if isinstance(owner, str):
            assert any(f"{owner} " in line[-30:] for line in lines)
    dead = [m for m in facts.members(state, GROUP) if m.state == "dead"]
    assert sum("✗ dead" in line for line in lines) == len(dead)
    idle = facts.idle_members(state, GROUP)
    if isinstance(idle, int):
        assert sum(line.count("idle") for line in lines) == idle


def test_a_record_flies_from_its_producer_to_its_partition(groups: Player) -> None:
    """Frame by frame: a solid cell that is nearer to the partition, then a tile there."""
    canvas = log_at(groups, 1_050, (67, 21))
    flight = next(f for f in facts.flights(groups.state) if f.kind == "produce")
    seen = []
    for at_us in range(flight.sent_at_us, flight.arrives_at_us, 20_000):
        canvas = log_at(groups, at_us // 1_000 + 1, (67, 21))
        seen += [
            (column, row)
            for row in range(canvas.rows)
            for column in range(25)
            if canvas.cell(column, row)[1].bg.startswith("key ")
        ]
    assert len(dict.fromkeys(seen)) >= 5
    assert log_at(groups, flight.arrives_at_us // 1_000 + 300, (67, 21)).to_text().count("┊") == 4


def test_a_paused_producer_says_so(groups: Player) -> None:
    assert "▮ paused" in log_at(groups, 45_000, (67, 21)).to_text()


def test_a_frame_with_its_facts_is_cheap(groups: Player) -> None:
    """Far below a thirtieth of a second, also on a busy core."""

    def frame() -> float:
        begun = time.perf_counter()
        canvas = partition_log.draw(groups.state, View(groups.now_us, 160, 50))
        for row in range(50):
            canvas.runs(row)
        return time.perf_counter() - begun

    groups.seek(60_000_000)
    assert min(frame() for _ in range(10)) < 0.015
