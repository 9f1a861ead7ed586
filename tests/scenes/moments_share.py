"""Moments of the share group scene, from a run of the example scenario."""

from __future__ import annotations

from mqviz.folders import data
from mqviz.scenario import load_scenario
from mqviz.scenes import share_group
from mqviz.scenes.canvas import Canvas, Target
from mqviz.scenes.view import View
from mqviz.sim.backend import open_sim
from tests.scenes.moments_register import MS, moment


def _drawn(at_us: int, columns: int, rows: int, ascii: bool, focus: Target | None) -> Canvas:
    world = open_sim(load_scenario(data("assets") / "scenarios" / "share-group.yaml"), 7)
    world.advance(at_us)
    return share_group.draw(world.state, View(at_us, columns, rows, focus, ascii=ascii))


@moment
def locks(columns: int, rows: int, ascii: bool = False, focus: Target | None = None) -> Canvas:
    """m1 is frozen with a record whose lock is nearly over."""
    return _drawn(33_000 * MS, columns, rows, ascii, focus)


@moment
def no_share_group(columns: int, rows: int, ascii: bool = False, focus: Target | None = None) -> Canvas:
    """Before anybody took a record."""
    return _drawn(1, columns, rows, ascii, focus)
