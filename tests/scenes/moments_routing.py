"""Moments of the key routing scene, from a run of its example scenario."""

from __future__ import annotations

from mqviz.folders import data
from mqviz.scenario import load_scenario
from mqviz.scenes import key_routing
from mqviz.scenes.canvas import Canvas, Target
from mqviz.scenes.view import View
from mqviz.sim.backend import open_sim
from tests.scenes.moments_register import MS, moment


def _drawn(at_us: int, columns: int, rows: int, ascii: bool, focus: Target | None) -> Canvas:
    world = open_sim(load_scenario(data("assets") / "scenarios" / "key-routing.yaml"), 7)
    world.advance(at_us)
    return key_routing.draw(world.state, View(at_us, columns, rows, focus, ascii=ascii))


@moment
def hot_key(columns: int, rows: int, ascii: bool = False, focus: Target | None = None) -> Canvas:
    """Java alone: half of all records have one key, and one of them is on its way."""
    return _drawn(18_200 * MS, columns, rows, ascii, focus)


@moment
def two_clients(columns: int, rows: int, ascii: bool = False, focus: Target | None = None) -> Canvas:
    """librdkafka sends the same keys to other partitions."""
    return _drawn(40_200 * MS, columns, rows, ascii, focus)


@moment
def fourth_partition(columns: int, rows: int, ascii: bool = False, focus: Target | None = None) -> Canvas:
    """There are four partitions; the shop knows it, the till does not."""
    return _drawn(56_200 * MS, columns, rows, ascii, focus)
