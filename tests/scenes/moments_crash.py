"""Moments of the commit and crash scene, from a run of its example scenario."""

from __future__ import annotations

from mqviz.folders import data
from mqviz.scenario import load_scenario
from mqviz.scenes import commit_and_crash
from mqviz.scenes.canvas import Canvas, Target
from mqviz.scenes.view import View
from mqviz.sim.backend import open_sim
from tests.scenes.moments_register import MS, moment


def _drawn(at_us: int, columns: int, rows: int, ascii: bool, focus: Target | None) -> Canvas:
    world = open_sim(load_scenario(data("assets") / "scenarios" / "commit-and-crash.yaml"), 7)
    world.advance(at_us)
    return commit_and_crash.draw(world.state, View(at_us, columns, rows, focus, ascii=ascii))


@moment
def at_stake(columns: int, rows: int, ascii: bool = False, focus: Target | None = None) -> Canvas:
    """All read the same batch, and each would pay another price for a crash."""
    return _drawn(17_400 * MS, columns, rows, ascii, focus)


@moment
def readers_dead(columns: int, rows: int, ascii: bool = False, focus: Target | None = None) -> Canvas:
    """All are dead, and nobody has taken over."""
    return _drawn(20_000 * MS, columns, rows, ascii, focus)


@moment
def taken_over(columns: int, rows: int, ascii: bool = False, focus: Target | None = None) -> Canvas:
    """The price was paid: lost, done twice, or recognised."""
    return _drawn(25_500 * MS, columns, rows, ascii, focus)


@moment
def nothing_read(columns: int, rows: int, ascii: bool = False, focus: Target | None = None) -> Canvas:
    """Before anybody read."""
    return _drawn(1, columns, rows, ascii, focus)
