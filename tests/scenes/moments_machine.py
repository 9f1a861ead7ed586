"""Moments of the group states scene, from a run of its example scenario."""

from __future__ import annotations

from mqviz.folders import data
from mqviz.scenario import load_scenario
from mqviz.scenes import group_states
from mqviz.scenes.canvas import Canvas, Target
from mqviz.scenes.view import View
from mqviz.sim.backend import open_sim
from tests.scenes.moments_register import MS, moment


def _drawn(at_us: int, columns: int, rows: int, ascii: bool, focus: Target | None, scroll: int = 0) -> Canvas:
    world = open_sim(load_scenario(data("assets") / "scenarios" / "group-states.yaml"), 7)
    world.advance(at_us)
    return group_states.draw(world.state, View(at_us, columns, rows, focus, scroll, ascii=ascii))


@moment
def preparing(columns: int, rows: int, ascii: bool = False, focus: Target | None = None) -> Canvas:
    """A classic group waits for a member that works."""
    return _drawn(18_000 * MS, columns, rows, ascii, focus)


@moment
def reconciling(columns: int, rows: int, ascii: bool = False, focus: Target | None = None) -> Canvas:
    """A group of the consumer protocol: one must give up what another waits for."""
    return _drawn(18_000 * MS, columns, rows, ascii, focus, scroll=1)


@moment
def empty_group(columns: int, rows: int, ascii: bool = False, focus: Target | None = None) -> Canvas:
    """Everybody left."""
    return _drawn(65_000 * MS, columns, rows, ascii, focus)
