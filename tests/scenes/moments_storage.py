"""Moments of the scenes of retention and compaction, from runs of their examples."""

from __future__ import annotations

from functools import cache

from mqviz.folders import data
from mqviz.model.state import State
from mqviz.scenario import load_scenario
from mqviz.scenes import compaction, retention
from mqviz.scenes.canvas import Canvas, Target
from mqviz.scenes.view import View
from mqviz.sim.backend import open_sim
from tests.scenes.moments_register import MS, moment


@cache
def _state(name: str, at_us: int) -> State:
    world = open_sim(load_scenario(data("assets") / "scenarios" / f"{name}.yaml"), 7)
    world.advance(at_us)
    return world.state


@moment
def segments_go(columns: int, rows: int, ascii: bool = False, focus: Target | None = None) -> Canvas:
    """One segment is too old, another too much; the next check deletes both."""
    view = View(23_800 * MS, columns, rows, focus, ascii=ascii)
    return retention.draw(_state("retention", 23_800 * MS), view)


@moment
def start_moved(columns: int, rows: int, ascii: bool = False, focus: Target | None = None) -> Canvas:
    """DeleteRecords moved a log start; the files below it still lie there."""
    view = View(45_500 * MS, columns, rows, focus, ascii=ascii)
    return retention.draw(_state("retention", 45_500 * MS), view)


@moment
def dirty_part(columns: int, rows: int, ascii: bool = False, focus: Target | None = None) -> Canvas:
    """Enough of the log is dirty; a tombstone lies in the part that no pass has seen."""
    view = View(14_000 * MS, columns, rows, focus, ascii=ascii)
    return compaction.draw(_state("compaction", 14_000 * MS), view)


@moment
def tombstone_stays(columns: int, rows: int, ascii: bool = False, focus: Target | None = None) -> Canvas:
    """A pass has removed what the tombstone deletes, and dated the tombstone itself."""
    view = View(21_000 * MS, columns, rows, focus, ascii=ascii)
    return compaction.draw(_state("compaction", 21_000 * MS), view)
