"""A lesson on a real cluster: the same screen, and keys that say what a cluster cannot do."""

from typing import Any

import pytest

from mqviz.ui.lesson_screen import LessonScreen

from .worlds import World, running, text

NO = "a real cluster cannot go back"


async def test_it_says_where_it_is_and_follows_the_cluster() -> None:
    world = World()
    async with running(world.app("lesson", "15", "localhost:9092")) as pilot:
        screen: Any = pilot.app.screen
        assert isinstance(screen, LessonScreen)
        screen.frame(100_000)
        await pilot.pause()
        shown = text(pilot)
        assert "real cluster localhost:9092" in shown
        assert "PREDICT" in shown
        assert shown.split("\n")[28].endswith("● now")
        screen.player.play()
        world.watch.wait(5)
        world.watch.beat("email-consumers")
        screen.frame(5_000_000)
        assert screen.player.following
        assert screen.player.state.observed.beat.number == world.watch.beats


@pytest.mark.parametrize("key", ["left", "shift+left", "shift+right", "n", "N", "u", "f"])
async def test_keys_of_the_past_say_that_there_is_none(key: str) -> None:
    async with running(World().app("lesson", "15", "localhost:9092")) as pilot:
        await pilot.press(key)
        assert NO in text(pilot)


async def test_steps_and_speed_are_the_clusters_own() -> None:
    async with running(World().app("lesson", "15", "localhost:9092")) as pilot:
        await pilot.press("right")
        assert "a real cluster does not wait" in text(pilot)
        await pilot.press("plus")
        assert "runs at its own speed" in text(pilot)


async def test_both_runs_end_with_the_screen() -> None:
    world = World()
    async with running(world.app("lesson", "15", "localhost:9092")) as pilot:
        await pilot.press("escape")
        await pilot.pause()
        assert world.backend.closed
