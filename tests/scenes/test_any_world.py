"""Every scene draws every world at every size, also where it has little to show."""

from __future__ import annotations

from importlib import import_module

import pytest

from mqviz.folders import data
from mqviz.scenario import load_scenario
from mqviz.scenes.style import resolve
from mqviz.scenes.view import View
from mqviz.sim.backend import open_sim
from mqviz.ui.run_view import SCENES

SIZES = [(60, 16), (61, 50), (80, 22), (160, 45), (20, 6), (3, 2)]
WORLDS = ["consumer-groups", "share-group", "sign-up", "compaction"]


@pytest.mark.parametrize("world", WORLDS)
def test_no_scene_fails_on_a_world_that_is_not_its_own(world: str) -> None:
    backend = open_sim(load_scenario(data("assets") / "scenarios" / f"{world}.yaml"), 7)
    for at_us in (1, 16_100_000):
        backend.advance(at_us)
        for name in SCENES:
            draw = import_module(f"mqviz.scenes.{name}").draw
            for number, (columns, rows) in enumerate(SIZES):
                view = View(at_us, columns, rows, scroll=number, ascii=number % 2 == 1)
                canvas = draw(backend.state, view)
                assert (canvas.columns, canvas.rows) == (columns, rows), name
                assert not view.ascii or canvas.to_text().isascii(), name
                for row in range(rows):
                    assert all(resolve(look, "light") for _, look in canvas.runs(row))
