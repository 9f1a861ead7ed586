"""The app: leaving it, errors that nobody expected, themes, and a terminal without colour or UTF-8."""

from typing import Any

import pytest

from mqviz.ui.app import INTERRUPTED
from mqviz.ui.options import Start

from .worlds import World, running, text


@pytest.mark.parametrize(
    "keys", [("ctrl+c",), ("question_mark", "ctrl+c"), ("a", "ctrl+c"), ("enter", "ctrl+c")]
)
async def test_ctrl_c_ends_it_anywhere(keys: tuple[str, ...]) -> None:
    app = World().app()
    async with running(app) as pilot:
        for key in keys:
            await pilot.press(key)
            await pilot.pause()
    assert app.return_code == INTERRUPTED


async def test_an_unexpected_error_is_written_down_and_named(capsys: pytest.CaptureFixture[str]) -> None:
    world = World()
    app = world.app("lesson", "1")

    async def fail() -> None:
        async with running(app) as pilot:
            screen: Any = pilot.app.screen
            screen.moved = lambda _: 1 // 0
            await pilot.press("enter")
            await pilot.pause()

    with pytest.raises(ZeroDivisionError):
        await fail()
    assert [type(error) for error in world.logged] == [ZeroDivisionError]
    assert app.return_code == 1
    assert "it is written down in mqviz.log" in capsys.readouterr().err


async def test_a_door_that_cannot_open_is_a_sentence() -> None:
    async with running(World().app()) as pilot:
        answer = pilot.app.enter(Start("replay", "nowhere"))  # type: ignore[attr-defined]
        assert answer == "✗ no file"


async def test_the_theme_changes_everywhere() -> None:
    app = World().app("lesson", "1")
    async with running(app) as pilot:
        screen: Any = pilot.app.screen
        dark = screen.stage("header").render_line(0)
        await pilot.press("t")
        await pilot.pause()
        assert app.theme == "light"
        assert screen.stage("header").render_line(0) != dark
        await pilot.press("t")
        assert app.theme == "dark"


async def test_without_colour_not_one_colour_is_sent() -> None:
    app = World().app("lesson", "1", no_color=True)
    async with running(app) as pilot:
        await pilot.press("t")
        for strip in pilot.app.screen._compositor.render_strips():
            for segment in strip:
                style = segment.style
                assert style is None or style.color is None or style.color.is_default
                assert style is None or style.bgcolor is None or style.bgcolor.is_default
        assert "PREDICT" in text(pilot)


@pytest.mark.parametrize(("door", "what"), [("home", ""), ("lesson", "1"), ("attach", "localhost:9092")])
async def test_ascii_is_ascii_on_every_screen(door: str, what: str) -> None:
    async with running(World().app(door, what, ascii=True)) as pilot:
        assert text(pilot).isascii()
        await pilot.press("question_mark")
        await pilot.pause()
        assert text(pilot).isascii()


@pytest.mark.parametrize("motion", [True, False])
async def test_without_motion_marks_move_only_when_something_happens(motion: bool) -> None:
    async with running(World().app("lesson", "15", motion=motion)) as pilot:
        screen: Any = pilot.app.screen
        await pilot.press("down", "down", "enter")
        pictures = []
        for _ in range(3):
            screen.player.seek(screen.player.now_us + 20_000)
            pictures.append((screen.player.cursor, screen.view.draw(67, 21).to_text()))
        events = {cursor for cursor, _ in pictures}
        assert len(events) == 1
        assert len({picture for _, picture in pictures}) == (3 if motion else 1)
