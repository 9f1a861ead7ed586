"""Moments of the transactions scene, from a run of the example scenario."""

from __future__ import annotations

from functools import cache

from mqviz.folders import data
from mqviz.model.state import State
from mqviz.scenario import load_scenario
from mqviz.scenes import transactions
from mqviz.scenes.canvas import Canvas, Target
from mqviz.scenes.view import View
from mqviz.sim.backend import open_sim
from tests.scenes.moments_register import MS, moment


@cache
def _state(at_us: int) -> State:
    scenario = load_scenario(data("assets") / "scenarios" / "transactions.yaml")
    world = open_sim(scenario, scenario.seed)
    world.advance(at_us)
    return world.state


def _drawn(at_us: int, columns: int, rows: int, ascii: bool, focus: Target | None) -> Canvas:
    return transactions.draw(_state(at_us), View(at_us, columns, rows, focus, ascii=ascii))


@moment
def two_open(columns: int, rows: int, ascii: bool = False, focus: Target | None = None) -> Canvas:
    """Two transactions are open; the older one holds everything behind it back."""
    return _drawn(19_300 * MS, columns, rows, ascii, focus)


@moment
def hung(columns: int, rows: int, ascii: bool = False, focus: Target | None = None) -> Canvas:
    """bill is frozen inside of a transaction; what others commit and abort behind it stays hidden."""
    return _drawn(28_500 * MS, columns, rows, ascii, focus)


@moment
def given_up(columns: int, rows: int, ascii: bool = False, focus: Target | None = None) -> Canvas:
    """The coordinator aborted the transaction of bill with a higher epoch, which bill does not know yet."""
    return _drawn(31_000 * MS, columns, rows, ascii, focus)


@moment
def no_transactions(columns: int, rows: int, ascii: bool = False, focus: Target | None = None) -> Canvas:
    """Before anybody sent anything."""
    return _drawn(1, columns, rows, ascii, focus)
