"""Every key of a run, in the sandbox: time, branches, moments, commands, selecting, mouse."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from mqviz import capture
from mqviz.commands import GrammarError, parse
from mqviz.ui.overlay import Overlay
from mqviz.ui.parts.transport import column_at
from mqviz.ui.run_screen import RunScreen
from tests.worlds import SIGN_UP

from .worlds import World, play, running, text

S = 1_000_000


@asynccontextmanager
async def sandbox(folder: Path) -> AsyncIterator[tuple[Pilot[None], Any]]:
    path = folder / "sign-up.yaml"
    path.write_text(SIGN_UP)
    async with running(World().app("play", str(path))) as pilot:
        assert isinstance(pilot.app.screen, RunScreen)
        yield pilot, pilot.app.screen.player


async def test_space_plays_and_pauses(tmp_path: Path) -> None:
    async with sandbox(tmp_path) as (pilot, player):
        assert "paused" in text(pilot)
        await pilot.press("space")
        await play(pilot, 1)
        assert player.now_us == pytest.approx(S, abs=40_000)
        assert "paused" not in text(pilot)
        await pilot.press("space")
        await play(pilot, 1)
        assert player.now_us == pytest.approx(S, abs=40_000)


async def test_the_end_is_said(tmp_path: Path) -> None:
    async with sandbox(tmp_path) as (pilot, player):
        player.seek(20 * S)
        await pilot.press("space")
        assert "the run ends here, at 20.000 s" in text(pilot)
        assert not player.playing


async def test_steps_forth_and_back_are_explained(tmp_path: Path) -> None:
    async with sandbox(tmp_path) as (pilot, player):
        await pilot.press("right", "right", "right")
        at_us, shown = player.now_us, text(pilot)
        assert "why ─" in shown
        await pilot.press("right")
        assert text(pilot) != shown
        await pilot.press("left")
        assert (player.now_us, text(pilot)) == (at_us, shown)


async def test_one_second_on_and_back(tmp_path: Path) -> None:
    async with sandbox(tmp_path) as (pilot, player):
        await pilot.press("shift+right", "shift+right", "shift+left")
        assert player.now_us == S
        await pilot.press("shift+left", "shift+left")
        assert player.now_us == 0


async def test_moments(tmp_path: Path) -> None:
    async with sandbox(tmp_path) as (pilot, player):
        await pilot.press("n", "n")
        assert player.now_us == 10 * S
        await pilot.press("n")
        assert "there is no later moment" in text(pilot)
        await pilot.press("N")
        assert player.now_us == 2 * S
        await pilot.press("N")
        assert player.now_us == 0


async def test_a_moment_gets_a_name(tmp_path: Path) -> None:
    async with sandbox(tmp_path) as (pilot, player):
        player.seek(5 * S)
        await pilot.press("full_stop")
        await pilot.pause()
        await pilot.press("enter")
        assert "a moment needs a name" in text(pilot)
        await pilot.press(*"here", "enter")
        await pilot.pause()
        assert "here" in text(pilot).split("\n")[27]
        assert [moment.at for moment in player.moments] == [2 * S, 5 * S, 10 * S]


async def test_a_run_is_kept_as_a_file_that_replays_and_never_over_another(tmp_path: Path) -> None:
    kept = tmp_path / "kept.mqviz"
    async with sandbox(tmp_path) as (pilot, player):
        player.seek(5 * S)
        for expected in ("kept: mqviz replay", "already there"):
            await pilot.press("R")
            await pilot.pause()
            pilot.app.screen.query_one(Input).value = str(kept)
            await pilot.press("enter")
            await pilot.pause()
            assert expected in text(pilot)
        found, _ = capture.read(kept)
        assert capture.differs(found, player.branch.events) == ""


async def test_speed_from_slow_to_as_fast_as_it_goes(tmp_path: Path) -> None:
    async with sandbox(tmp_path) as (pilot, player):
        await pilot.press(*["minus"] * 9)
        assert player.speed == 0.1
        assert " 0.1× " in text(pilot)
        await pilot.press(*["plus"] * 12)
        assert player.speed == float("inf")
        assert " max " in text(pilot)
        await pilot.press("space")
        await play(pilot, 0.1)
        assert player.now_us == 20 * S


async def command(pilot: Pilot[None], words: str) -> None:
    keys = [{" ": "space", "=": "equals_sign", "-": "minus"}.get(letter, letter) for letter in words]
    await pilot.press("colon")
    await pilot.pause()
    await pilot.press(*keys, "enter")
    await pilot.pause()


async def test_a_command_acts_and_undo_takes_it_back(tmp_path: Path) -> None:
    async with sandbox(tmp_path) as (pilot, player):
        player.seek(S)
        await command(pilot, "fail service mail-server")
        assert len(player.branch.commands) == 1
        assert "fail service mail-server" in text(pilot).split("\n")[27]
        await pilot.press("u")
        assert "undone: fail service mail-server" in text(pilot)
        assert player.branch.commands == []
        await pilot.press("u")
        assert "no command was given yet" in text(pilot)


async def test_a_command_in_the_past_forks_and_the_old_branch_stays(tmp_path: Path) -> None:
    async with sandbox(tmp_path) as (pilot, player):
        player.seek(9 * S)
        player.seek(3 * S)
        await command(pilot, "fail service mail-server")
        assert len(player.branches) == 2
        assert "branch 2 of 2" in text(pilot)
        await pilot.press("b")
        await pilot.pause()
        assert "left 1 at 3.000 s" in text(pilot)
        await pilot.press("k", "enter")
        await pilot.pause()
        assert player.branch.number == 0
        assert "branch 1 of 2" in text(pilot)


async def test_fork_here(tmp_path: Path) -> None:
    async with sandbox(tmp_path) as (pilot, player):
        player.seek(3 * S)
        await pilot.press("f")
        assert len(player.branches) == 2
        assert "branch 2 begins here" in text(pilot)
        assert "n next " in text(pilot).split("\n")[29]


async def test_what_is_no_command_stays_typed_with_its_reason(tmp_path: Path) -> None:
    async with sandbox(tmp_path) as (pilot, player):
        await command(pilot, "fial service x")
        shown = text(pilot)
        assert "fial service x" in shown
        assert "column 1: `fial` is no command: did you mean `fail`?" in shown
        await pilot.press("escape")
        await pilot.pause()
        await command(pilot, "repair service nobody")
        assert "✗" in text(pilot)
        assert player.branch.commands == []


async def test_the_command_line_completes(tmp_path: Path) -> None:
    async with sandbox(tmp_path) as (pilot, _):
        await pilot.press("colon", *"fai", "tab")
        await pilot.pause()
        assert ": fail" in text(pilot)
        await pilot.press("s", "tab")
        await pilot.pause()
        assert ": fail service" in text(pilot)


async def test_typing_holds_the_run_and_it_goes_on_afterwards(tmp_path: Path) -> None:
    async with sandbox(tmp_path) as (pilot, player):
        await pilot.press("space", "colon")
        await pilot.pause()
        assert not player.playing
        await pilot.press("escape")
        await pilot.pause()
        assert player.playing


async def test_arrows_focus_what_stands_on_the_stage(tmp_path: Path) -> None:
    async with sandbox(tmp_path) as (pilot, player):
        player.seek(3 * S)
        pilot.app.screen.moved()  # type: ignore[attr-defined]
        await pilot.press("down")
        first = pilot.app.screen.view.focus  # type: ignore[attr-defined]
        await pilot.press("down")
        second = pilot.app.screen.view.focus  # type: ignore[attr-defined]
        assert first
        assert second
        assert first != second
        await pilot.press("up")
        assert pilot.app.screen.view.focus == first  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("key", "said"), [("k", "kill what?"), ("x", "close what?"), ("enter", "select a record")]
)
async def test_acting_on_nothing_says_what_to_select(tmp_path: Path, key: str, said: str) -> None:
    async with sandbox(tmp_path) as (pilot, _):
        await pilot.press(key)
        assert said in text(pilot)


async def test_a_notice_goes_with_the_next_key(tmp_path: Path) -> None:
    async with sandbox(tmp_path) as (pilot, _):
        await pilot.press("k")
        assert "kill what?" in text(pilot)
        await pilot.press("shift+right")
        assert "kill what?" not in text(pilot)


async def test_there_is_no_ledger_without_a_group(tmp_path: Path) -> None:
    async with sandbox(tmp_path) as (pilot, _):
        await pilot.press("G")
        assert "so there is no ledger" in text(pilot)


async def test_help_lies_on_top_and_scrolls(tmp_path: Path) -> None:
    async with sandbox(tmp_path) as (pilot, _):
        await pilot.press("question_mark")
        await pilot.pause()
        assert isinstance(pilot.app.screen, Overlay)
        before = text(pilot)
        assert "play, pause" in before
        assert "esc close" in before.split("\n")[29]
        await pilot.press("j", "j", "j", "j")
        assert text(pilot) != before
        await pilot.press("escape")
        await pilot.pause()
        assert isinstance(pilot.app.screen, RunScreen)


async def test_the_mouse_scrubs_and_presses(tmp_path: Path) -> None:
    async with sandbox(tmp_path) as (pilot, player):
        column = column_at(5 * S, 20 * S, 100)
        await pilot.click(offset=(column, 28))
        assert player.now_us == pytest.approx(5 * S, abs=300_000)
        await pilot.click(offset=(9, 29))
        await pilot.pause()
        assert player.playing
        line = text(pilot).split("\n")[29]
        await pilot.click(offset=(line.index("? keys"), 29))
        await pilot.pause()
        assert isinstance(pilot.app.screen, Overlay)


async def test_the_player_is_let_go_with_its_screen(tmp_path: Path) -> None:
    async with sandbox(tmp_path) as (pilot, player):
        closed: list[bool] = []
        player.close = lambda: closed.append(True)
        await pilot.press("escape")
        await pilot.pause()
        assert closed == [True]


async def test_a_step_beyond_the_last_keeps_its_reason(tmp_path: Path) -> None:
    async with sandbox(tmp_path) as (pilot, player):
        while (event := player.step()) is not None:
            last = event
        pilot.app.screen.moved(last)  # type: ignore[attr-defined]
        await pilot.press("right")
        assert "nothing more happens" in text(pilot)
        assert pilot.app.screen.view.stepped is last  # type: ignore[attr-defined]


async def test_a_long_reason_is_told_to_its_end(tmp_path: Path) -> None:
    async with sandbox(tmp_path) as (pilot, _):
        await command(pilot, "wait 4s")
        with pytest.raises(GrammarError) as refused:
            parse("wait 4s")
        assert len(str(refused.value)) > 100
        assert str(refused.value)[-12:] in text(pilot)
