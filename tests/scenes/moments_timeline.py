"""Moments of the timeline scene, from a run of its example scenario."""

from __future__ import annotations

from mqviz.folders import data
from mqviz.scenario import load_scenario
from mqviz.scenes import timeline
from mqviz.scenes.canvas import Canvas, Target
from mqviz.scenes.view import View
from mqviz.sim.backend import open_sim
from tests.scenes.moments_register import MS, moment


def _drawn(at_us: int, columns: int, rows: int, ascii: bool, focus: Target | None) -> Canvas:
    world = open_sim(load_scenario(data("assets") / "scenarios" / "timeline.yaml"), 7)
    world.advance(at_us)
    return timeline.draw(world.state, View(at_us, columns, rows, focus, ascii=ascii))


@moment
def first_record(columns: int, rows: int, ascii: bool = False, focus: Target | None = None) -> Canvas:
    """The first record is written, and on its way to the followers."""
    return _drawn(8_400 * MS, columns, rows, ascii, focus)


@moment
def acknowledged(columns: int, rows: int, ascii: bool = False, focus: Target | None = None) -> Canvas:
    """It is acknowledged, and on its way to the consumer."""
    return _drawn(9_080 * MS, columns, rows, ascii, focus)


@moment
def leader_dead(columns: int, rows: int, ascii: bool = False, focus: Target | None = None) -> Canvas:
    """Broker 1 is dead: requests to it get no answer, clients turn to another leader."""
    return _drawn(40_300 * MS, columns, rows, ascii, focus)
