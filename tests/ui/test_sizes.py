"""Sizes: nothing is cut at the three that count, a tiny terminal says what it needs, and a change is lived through."""

import pytest

from .worlds import World, play, running, text

NEEDS = "mqviz needs 60x16"
DOORS = [("home", ""), ("lesson", "1"), ("attach", "localhost:9092")]


@pytest.mark.parametrize(("door", "what"), DOORS)
@pytest.mark.parametrize(("columns", "rows"), [(60, 16), (80, 24), (100, 30), (160, 45)])
async def test_every_screen_at_every_size(door: str, what: str, columns: int, rows: int) -> None:
    async with running(World().app(door, what), columns, rows) as pilot:
        lines = text(pilot).split("\n")
        assert "mqviz" in lines[0] + lines[1]
        assert NEEDS not in text(pilot)
        assert all(len(line) <= columns for line in lines)
        assert lines[rows - 1].strip()


@pytest.mark.parametrize(("door", "what"), DOORS)
async def test_a_tiny_terminal_shows_one_sentence_and_everything_comes_back(door: str, what: str) -> None:
    async with running(World().app(door, what)) as pilot:
        before = text(pilot)
        await pilot.resize_terminal(20, 5)
        await pilot.pause()
        assert text(pilot).replace("\n", " ").startswith("mqviz needs 60x16; make")
        await pilot.resize_terminal(100, 30)
        await pilot.pause()
        assert text(pilot) == before


async def test_a_lesson_that_starts_tiny_is_there_once_there_is_room() -> None:
    async with running(World().app("lesson", "1"), 20, 5) as pilot:
        await pilot.resize_terminal(100, 30)
        await pilot.pause()
        assert "PREDICT" in text(pilot)
        assert "synchronous" in text(pilot)


async def test_resizing_through_all_sizes_while_it_plays() -> None:
    async with running(World().app("lesson", "1")) as pilot:
        await pilot.press("enter")
        for columns, rows in ((80, 24), (160, 45), (20, 5), (61, 17), (100, 30)):
            await pilot.resize_terminal(columns, rows)
            await play(pilot, 0.3)
        assert "your bet" in text(pilot)
        assert pilot.app.screen.player.now_us > 1_000_000  # type: ignore[attr-defined]
