"""Whole screens as SVG, a handful: what their text cannot show is colour, ground and weight."""

from collections.abc import Callable
from typing import Any

import pytest
from textual.app import App
from textual.pilot import Pilot

from .worlds import World, play

Compare = Callable[..., bool]


async def first_frame(pilot: Pilot[None]) -> None:
    await pilot.pause()


async def two_idle(pilot: Pilot[None]) -> None:
    """Lesson 15, step 2, some seconds after its outcome: the README's picture."""
    world: Any = pilot.app.screen
    await pilot.press("down", "down", "enter")
    await play(pilot, 16)
    assert world.tutor.prediction.settled
    await pilot.press("space")
    await play(pilot, 5)
    await pilot.press("space")


async def halfway(pilot: Pilot[None]) -> None:
    """Lesson 1, its first bet still running."""
    await pilot.press("down", "enter")
    await play(pilot, 3)
    await pilot.press("space")


async def watched(pilot: Pilot[None]) -> None:
    """The table after one look."""
    screen: Any = pilot.app.screen
    screen.frame(200_000)
    await pilot.pause()


def at_step(number: int, step: int) -> World:
    world = World()
    world.progress.step(number, step)
    return world


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_lesson_15(snap_compare: Compare, theme: str) -> None:
    app = at_step(15, 2).app("lesson", "15", theme=theme)
    assert snap_compare(app, terminal_size=(100, 30), run_before=two_idle)


def test_lesson_1(snap_compare: Compare) -> None:
    app: App[None] = World().app("lesson", "1")
    assert snap_compare(app, terminal_size=(100, 30), run_before=halfway)


def test_home(snap_compare: Compare) -> None:
    assert snap_compare(World().app(), terminal_size=(100, 30), run_before=first_frame)


def test_attach(snap_compare: Compare) -> None:
    app = World().app("attach", "localhost:9092")
    assert snap_compare(app, terminal_size=(100, 30), run_before=watched)
