"""Moments of the rebalance race, from a run of its example."""

from __future__ import annotations

from functools import cache

from mqviz.folders import data
from mqviz.model.state import State
from mqviz.scenario import load_scenario
from mqviz.scenes import rebalance_race
from mqviz.scenes.canvas import Canvas, Target
from mqviz.scenes.view import View
from mqviz.sim.backend import open_sim
from tests.scenes.moments_register import MS, moment


@cache
def _state(at_us: int) -> State:
    world = open_sim(load_scenario(data("assets") / "scenarios" / "rebalance-race.yaml"), 7)
    world.advance(at_us)
    return world.state


def _drawn(at_us: int, columns: int, rows: int, ascii: bool, focus: Target | None) -> Canvas:
    view = View(at_us, columns, rows, focus, ascii=ascii, until_us=30_000 * MS)
    return rebalance_race.draw(_state(at_us), view)


@moment
def third_joins(columns: int, rows: int, ascii: bool = False, focus: Target | None = None) -> Canvas:
    """A busy member must let go: eager stands still until it polls, the others go on with what does not move."""
    return _drawn(16_000 * MS, columns, rows, ascii, focus)


@moment
def race_over(columns: int, rows: int, ascii: bool = False, focus: Target | None = None) -> Canvas:
    """Everybody has what it is to have, and the pauses are counted."""
    return _drawn(26_000 * MS, columns, rows, ascii, focus)
