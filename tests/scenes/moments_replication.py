"""Moments of the replication scene, from a run of the example scenario."""

from __future__ import annotations

from functools import cache

from mqviz.folders import data
from mqviz.model.state import State
from mqviz.scenario import load_scenario
from mqviz.scenes import replication
from mqviz.scenes.canvas import Canvas, Target
from mqviz.scenes.view import View
from mqviz.sim.backend import open_sim
from tests.scenes.moments_register import MS, moment


@cache
def _state(at_us: int) -> State:
    scenario = load_scenario(data("assets") / "scenarios" / "replication.yaml")
    world = open_sim(scenario, scenario.seed)
    world.advance(at_us)
    return world.state


def _drawn(at_us: int, columns: int, rows: int, ascii: bool, focus: Target | None) -> Canvas:
    return replication.draw(_state(at_us), View(at_us, columns, rows, focus, ascii=ascii))


@moment
def copied(columns: int, rows: int, ascii: bool = False, focus: Target | None = None) -> Canvas:
    """A record is acknowledged and on its way to the followers, the next one is not acknowledged yet."""
    return _drawn(8_430 * MS, columns, rows, ascii, focus)


@moment
def only_the_dead_has_it(columns: int, rows: int, ascii: bool = False, focus: Target | None = None) -> Canvas:
    """The leader died with a record that it acknowledged; nobody has noticed yet."""
    return _drawn(12_000 * MS, columns, rows, ascii, focus)


@moment
def led_without_it(columns: int, rows: int, ascii: bool = False, focus: Target | None = None) -> Canvas:
    """Another broker began the next epoch; the record is lost, though it still lies on a disk."""
    return _drawn(19_000 * MS, columns, rows, ascii, focus)


@moment
def cut_off(columns: int, rows: int, ascii: bool = False, focus: Target | None = None) -> Canvas:
    """The old leader came back, cut its log, and the record falls."""
    return _drawn(24_550 * MS, columns, rows, ascii, focus)
