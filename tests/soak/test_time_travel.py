"""Random runs with faults, gone through in every direction: seek, fork and shared files tell the same story as playing does."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from mqviz import capture
from mqviz.commands import parse
from mqviz.model.command.base import Command
from mqviz.model.packing import pack, unpack
from mqviz.model.units import Duration
from mqviz.player import Player
from mqviz.scenario import Scenario
from mqviz.sim.backend import open_sim
from tests.soak import orders, topology
from tests.soak.choose import Seeded
from tests.soak.trial import World

UNTIL_US = 20_000_000
SEEDS = (1, 6, 10, 14)

Script = list[tuple[int, Command]]


def drawn(seed: int) -> tuple[Scenario, Script]:
    """A random world that ends after 20 s, and what is done to it: commands that are accepted at their times."""
    choose = Seeded(seed)
    scenario = replace(topology.scenario(choose), until=Duration(UNTIL_US))
    world = World(scenario)
    script: Script = []
    while world.backend.now_us < UNTIL_US - 2_000_000:
        world.to(min(UNTIL_US - 1, world.backend.now_us + orders.wait_us(choose)))
        text = orders.order(choose, world.backend.state)
        if world.do(text):
            script.append((world.backend.now_us, parse(text)))
    return scenario, script


def player(seed: int) -> Player:
    scenario, script = drawn(seed)
    return Player(open_sim, scenario, script=script)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_state_at_a_time_is_the_same_by_playing_and_by_seeking(seed: int) -> None:
    times = [UNTIL_US * part // 11 + 137 * part for part in range(11)]
    played, sought = player(seed), player(seed)
    states = {}
    for at_us in times:
        played.seek(at_us)
        states[at_us] = unpack(pack(played.state))
    sought.seek(UNTIL_US)
    for at_us in [*reversed(times), *times[::3], times[5]]:
        sought.seek(at_us)
        assert sought.state == states[at_us], at_us
    played.seek(UNTIL_US)
    assert capture.log_hash(sought.branch.events) == capture.log_hash(played.branch.events)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_fork_of_the_past_is_a_run_without_what_came_later(seed: int) -> None:
    half_us = UNTIL_US // 2
    scenario, script = drawn(seed)
    forked = Player(open_sim, scenario, script=script)
    forked.seek(UNTIL_US)
    forked.seek(half_us)
    forked.fork()
    forked.seek(UNTIL_US)
    fresh = Player(open_sim, scenario, script=[each for each in script if each[0] <= half_us])
    fresh.seek(UNTIL_US)
    assert capture.log_hash(forked.branch.events) == capture.log_hash(fresh.branch.events)
    assert forked.state == fresh.state


@pytest.mark.parametrize("seed", SEEDS[:2])
def test_a_shared_file_replays_byte_for_byte(seed: int, tmp_path: Path) -> None:
    path = tmp_path / "run.yaml"
    first = player(seed)
    first.seek(UNTIL_US)
    first.save(path)
    header, _ = capture.read(path)
    again = Player(open_sim, header.scenario, header.seed, header.script())
    again.seek(UNTIL_US)
    assert capture.differs(header, again.branch.events) == ""
    assert header.events > 100
