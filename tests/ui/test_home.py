"""Home: three doors, the course as a log, and the first lesson within two keys."""

from pathlib import Path
from typing import Any

import pytest

from mqviz.lesson.progress import Bet
from mqviz.model.observed.events import ClusterSeen, ConnectionLost
from mqviz.ui.attach import Attach
from mqviz.ui.home import Home
from mqviz.ui.lesson_screen import LessonScreen
from mqviz.ui.run_screen import RunScreen
from tests.model.observed.watch import Watch
from tests.worlds import SIGN_UP

from .worlds import World, running, text


@pytest.fixture
def scenario(tmp_path: Path) -> Path:
    path = tmp_path / "sign-up.yaml"
    path.write_text(SIGN_UP)
    return path


async def test_the_first_launch_reaches_the_prediction_of_lesson_1_with_one_key() -> None:
    async with running(World().app()) as pilot:
        assert isinstance(pilot.app.screen, Home)
        await pilot.press("enter")
        await pilot.pause()
        shown = text(pilot)
        assert "1 The five-second sign-up" in shown
        assert "PREDICT" in shown


async def test_esc_comes_back_and_q_quits() -> None:
    app = World().app()
    async with running(app) as pilot:
        await pilot.press("enter")
        await pilot.pause()
        await pilot.press("escape")
        await pilot.pause()
        assert isinstance(pilot.app.screen, Home)
        await pilot.press("q")
    assert app.return_code == 0


async def test_the_course_is_a_log_with_its_bets() -> None:
    world = World()
    world.progress.bet(1, Bet(1, "4.2 s", "4.2 s", True))
    world.progress.bet(1, Bet(2, "4.8 s", "101 ms", False))
    world.progress.finish(1)
    async with running(world.app()) as pilot:
        shown = text(pilot)
        assert "your course is a log" in shown
        assert "1 done" in shown
        assert "next  15 Consumer groups" in shown
        assert "✓ ✗" in shown
        assert "1 of 2 right" in shown


async def test_arrows_choose_door_and_lesson() -> None:
    async with running(World().app()) as pilot:
        await pilot.press("right")
        assert pilot.app.screen.door == 1  # type: ignore[attr-defined]
        await pilot.press("left", "left")
        assert pilot.app.screen.door == 2  # type: ignore[attr-defined]
        await pilot.press("down")
        assert "open  15 Consumer groups" in text(pilot)
        await pilot.press("k")
        assert "next  1 The five-second" in text(pilot)


async def test_play_picks_a_scenario(scenario: Path) -> None:
    world = World(scenarios=[scenario])
    async with running(world.app()) as pilot:
        await pilot.press("p")
        await pilot.pause()
        assert "► sign up" in text(pilot)
        await pilot.press("enter")
        await pilot.pause()
        assert isinstance(pilot.app.screen, RunScreen)
        assert "sign up" in text(pilot).split("\n")[0]
        assert world.progress.book.last_scenario == str(scenario)


async def test_a_damaged_scenario_is_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "broken.yaml"
    path.write_text("title: [")
    async with running(World(scenarios=[path]).app()) as pilot:
        await pilot.press("p")
        assert "broken.yaml:1" in text(pilot).replace("\n", "")
        assert isinstance(pilot.app.screen, Home)


async def test_no_scenario_says_what_to_do() -> None:
    async with running(World().app()) as pilot:
        await pilot.press("p")
        assert "mqviz play FILE opens one of yours" in text(pilot)


async def test_attach_asks_for_an_address_and_remembers_it_once_it_answers() -> None:
    world = World(Watch())
    answer = world.watch.events.pop()
    assert isinstance(answer, ClusterSeen)
    async with running(world.app()) as pilot:
        await pilot.press("a")
        await pilot.pause()
        assert "attach to" in text(pilot)
        await pilot.press(*"x", "enter")
        await pilot.pause()
        assert isinstance(pilot.app.screen, Attach)
        screen: Any = pilot.app.screen
        world.watch.post(ConnectionLost, 0, "connection refused")
        screen.frame(200_000)
        assert world.progress.book.last_bootstrap == ""
        world.watch.post(ClusterSeen, 0, "abc", None, answer.brokers)
        screen.frame(200_000)
        assert world.progress.book.last_bootstrap == "localhost:9092x"


async def test_clicks_open_doors_and_choose_lessons() -> None:
    async with running(World().app()) as pilot:
        row, line = next((n, t) for n, t in enumerate(text(pilot).split("\n")) if "│ 15" in t or "╎ 15" in t)
        await pilot.click(offset=(line.index(" 15") + 1, row))
        await pilot.pause()
        assert "open  15 Consumer groups" in text(pilot)
        await pilot.click(offset=(80, 8))
        await pilot.pause()
        assert "attach to" in text(pilot)


async def test_what_is_wrong_with_progress_is_said() -> None:
    world = World()
    world.progress.notice = "Progress cannot be kept here. It lasts until you quit."
    async with running(world.app()) as pilot:
        assert "It lasts until you quit." in text(pilot)


async def test_the_theme_is_named_and_changes() -> None:
    app = World().app()
    async with running(app) as pilot:
        assert "· dark" in text(pilot)
        await pilot.press("t")
        await pilot.pause()
        assert "· light" in text(pilot)
        assert app.theme == "light"


async def test_a_lesson_opened_from_home_keeps_the_same_home_below() -> None:
    async with running(World().app()) as pilot:
        home = pilot.app.screen
        await pilot.press("enter")
        await pilot.pause()
        assert isinstance(pilot.app.screen, LessonScreen)
        await pilot.press("escape")
        await pilot.pause()
        assert pilot.app.screen is home


async def test_the_door_says_next_only_of_the_lesson_that_is_next() -> None:
    world = World()
    world.progress.finish(1)
    async with running(world.app()) as pilot:
        assert "▲ 15 next   lag 1" in text(pilot)
        await pilot.press("k")
        shown = text(pilot)
        assert "again  1 The five-second" in shown
        assert "▲ 15 next" in shown


async def test_lessons_that_are_not_written_are_no_lag() -> None:
    world = World()
    world.progress.finish(1)
    world.progress.finish(15)
    async with running(world.app()) as pilot:
        shown = text(pilot)
        assert "2 done   more lessons are being written   lag 0" in shown
        assert " next" not in shown


async def test_the_attach_door_names_no_cluster_before_there_was_one() -> None:
    async with running(World().app()) as pilot:
        assert "localhost" not in text(pilot)


async def test_esc_at_home_does_not_quit() -> None:
    app = World().app()
    async with running(app) as pilot:
        await pilot.press("escape")
        await pilot.pause()
        assert isinstance(pilot.app.screen, Home)
        assert "q quits" in text(pilot)
