"""Moments of the batching scene, from a run of its example scenario."""

from __future__ import annotations

from mqviz.folders import data
from mqviz.scenario import load_scenario
from mqviz.scenes import batching
from mqviz.scenes.canvas import Canvas, Target
from mqviz.scenes.view import View
from mqviz.sim.backend import open_sim
from tests.scenes.moments_register import MS, moment


def _drawn(at_us: int, columns: int, rows: int, ascii: bool, focus: Target | None) -> Canvas:
    world = open_sim(load_scenario(data("assets") / "scenarios" / "batching.yaml"), 7)
    world.advance(at_us)
    return batching.draw(world.state, View(at_us, columns, rows, focus, ascii=ascii))


@moment
def company(columns: int, rows: int, ascii: bool = False, focus: Target | None = None) -> Canvas:
    """One batch fills, one is on its way, two are at their brokers."""
    return _drawn(12_300 * MS, columns, rows, ascii, focus)


@moment
def send_blocked(columns: int, rows: int, ascii: bool = False, focus: Target | None = None) -> Canvas:
    """The leader of P0 is dead: its batches are sent again and again, the memory is full, send() waits."""
    return _drawn(26_400 * MS, columns, rows, ascii, focus)


@moment
def batches_split(columns: int, rows: int, ascii: bool = False, focus: Target | None = None) -> Canvas:
    """The topic takes smaller batches only."""
    return _drawn(47_600 * MS, columns, rows, ascii, focus)
