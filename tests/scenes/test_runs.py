"""Scenes fed by real runs of the simulator, through the player as the screens do it."""

from __future__ import annotations

import pytest

from mqviz.model import facts
from mqviz.player import Player
from mqviz.scenario import Scenario, read_scenario
from mqviz.scenes import request_timing
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
