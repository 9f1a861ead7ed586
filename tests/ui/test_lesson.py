"""Lesson 1 on the screen: bet, run, goals, hints, solution, next step, at every size."""

from typing import Any

import pytest
from textual.pilot import Pilot

from mqviz.lesson.tutor import perform
from mqviz.lesson.view import Phase
from mqviz.ui.home import Home
from mqviz.ui.lesson_screen import LessonScreen
from mqviz.ui.overlay import Overlay

from .worlds import World, play, running, text

SIZES = [(80, 24), (100, 30), (160, 45)]


def lesson(pilot: Pilot[None]) -> Any:
    screen = pilot.app.screen
    assert isinstance(screen, LessonScreen)
    return screen


async def bet_on(pilot: Pilot[None], down: int = 2) -> None:
    """Bet on an answer and let the run come to its outcome."""
    await pilot.press(*["down"] * down, "enter")
    for _ in range(60):
        if lesson(pilot).tutor.phase is not Phase.RUNNING:
            break
        await play(pilot, 1)


@pytest.mark.parametrize(("columns", "rows"), SIZES)
async def test_the_prediction_comes_first(columns: int, rows: int) -> None:
    async with running(World().app("lesson", "1"), columns, rows) as pilot:
        shown = text(pilot)
        assert "PREDICT" in shown
        assert "Client 1 signs up at 0 s. How" in shown
        assert "GOAL" not in shown
        await pilot.press("space")
        assert "First your bet: how will it come out?" in text(pilot)
        assert lesson(pilot).player.now_us == 0


@pytest.mark.parametrize("key", ["space", "right", "shift+right", "n"])
async def test_no_key_goes_on_before_the_bet(key: str) -> None:
    async with running(World().app("lesson", "1")) as pilot:
        await pilot.press(key)
        assert lesson(pilot).player.now_us == 0


@pytest.mark.parametrize(("columns", "rows"), SIZES)
async def test_a_bet_runs_and_stays_beside_its_outcome(columns: int, rows: int) -> None:
    world = World()
    async with running(world.app("lesson", "1"), columns, rows) as pilot:
        await bet_on(pilot)
        shown = text(pilot)
        assert "your bet" in shown
        assert "outcome" in shown
        assert "✓" in shown
        assert "all five have an answer" in shown
        assert world.progress.book.lessons[1].bets[0].right


async def test_a_wrong_bet_gets_a_sign_and_a_reason() -> None:
    async with running(World().app("lesson", "1")) as pilot:
        await bet_on(pilot, 0)
        shown = text(pilot)
        assert "✗" in shown
        assert "The request carries the mail" in shown


async def test_goals_then_the_next_step() -> None:
    world = World()
    async with running(world.app("lesson", "1")) as pilot:
        await bet_on(pilot)
        await pilot.press("space")
        await play(pilot, 8)
        assert lesson(pilot).tutor.phase is Phase.DONE
        assert "next step" in text(pilot)
        await pilot.press("enter")
        assert "step 2 of" in text(pilot)
        assert world.progress.book.lessons[1].step == 2


async def test_a_lesson_goes_on_where_it_was_left() -> None:
    world = World()
    world.progress.step(1, 2)
    async with running(world.app("lesson", "1")) as pilot:
        assert "step 2 of" in text(pilot)


async def test_hint_solution_and_its_commands() -> None:
    async with running(World().app("lesson", "1")) as pilot:
        await pilot.press("h")
        assert "hints come with the goals" in text(pilot)
        await bet_on(pilot)
        await pilot.press("h")
        assert "hint 1" in text(pilot)
        await pilot.press("s")
        assert "solution" in text(pilot)


async def test_a_command_asks_before_it_drops_the_bet() -> None:
    async with running(World().app("lesson", "1")) as pilot:
        await pilot.press("down", "enter")
        await play(pilot, 1)
        await pilot.press("colon", *"fail", "space", *"service", "space", *"mail-server", "enter")
        await pilot.pause()
        assert isinstance(pilot.app.screen, Overlay)
        assert "Drop it and act now?" in text(pilot)
        await pilot.press("escape")
        await pilot.pause()
        assert lesson(pilot).tutor.phase is Phase.RUNNING
        await pilot.press("colon", *"fail", "space", *"service", "space", *"mail-server", "enter")
        await pilot.pause()
        await pilot.press("down", "enter")
        await pilot.pause()
        assert lesson(pilot).tutor.phase is Phase.GOALS
        assert len(lesson(pilot).player.branch.commands) == 1


async def test_reset_begins_the_step_again() -> None:
    async with running(World().app("lesson", "1")) as pilot:
        await bet_on(pilot)
        await pilot.press("space")
        await play(pilot, 8)
        await pilot.press("r")
        assert lesson(pilot).player.now_us < 1_000_000
        assert "your bet" in text(pilot)


async def test_two_tabs_over_a_strip_where_it_is_small() -> None:
    async with running(World().app("lesson", "1"), 80, 24) as pilot:
        assert "1 Lesson" in text(pilot)
        assert "why ─" not in text(pilot)
        await pilot.press("tab")
        await pilot.pause()
        shown = text(pilot).split("\n")
        assert "How long until the answer?" in shown[1]
        assert "enter bet" in shown[2]
        assert any(line.startswith(" why ─") for line in shown)
        await pilot.press("down", "enter")
        await pilot.pause()
        assert text(pilot).split("\n")[1].startswith(" your bet 1.0 s   outcome ░")


async def test_wide_is_the_picture_alone_and_back() -> None:
    async with running(World().app("lesson", "1")) as pilot:
        before = text(pilot)
        await pilot.press("z")
        await pilot.pause()
        shown = text(pilot).split("\n")
        assert "How long until the answer?" in shown[1]
        assert pilot.app.screen.query_one("#stage").size.width == 100
        await pilot.press("z")
        await pilot.pause()
        assert text(pilot) == before


async def test_clicks_choose_answer_and_tab() -> None:
    async with running(World().app("lesson", "1"), 80, 24) as pilot:
        row, line = next((n, line) for n, line in enumerate(text(pilot).split("\n")) if " 1.0 s " in line)
        await pilot.click(offset=(line.index("1.0 s") + 1, row))
        assert lesson(pilot).lesson.choice == 1
        await pilot.click(offset=(text(pilot).split("\n")[0].index("2 Stage") + 1, 0))
        await pilot.pause()
        assert not lesson(pilot).on_lesson


async def test_the_last_step_leads_home_and_the_lesson_counts_as_done() -> None:
    world = World()
    async with running(world.app("lesson", "1")) as pilot:
        tutor = lesson(pilot).tutor
        for _ in range(len(tutor.lesson.steps)):
            if tutor.phase is Phase.PREDICT:
                await bet_on(pilot)
            await pilot.press("s")
            for script in tutor.step.solution:
                if script.command:
                    await pilot.press("s")
                lesson(pilot).time.go_to(lesson(pilot).player.now_us + script.wait_us)
            await pilot.pause()
            assert tutor.phase is Phase.DONE, text(pilot)
            await pilot.press("enter")
        assert tutor.phase is Phase.FINISHED
        assert "IN REAL LIFE" in text(pilot)
        assert world.progress.book.lessons[1].finished


async def test_with_a_clock_time_passes_by_itself_and_only_while_it_plays() -> None:
    now = [0.0]

    def clock() -> float:
        now[0] += 0.02
        return now[0]

    async with running(World().app("lesson", "1", clock=clock)) as pilot:
        screen = lesson(pilot)
        await pilot.press("enter")
        await pilot.pause(0.2)
        assert screen.player.now_us > 0
        await pilot.press("space")
        await pilot.pause(0.1)
        asked = now[0]
        await pilot.pause(0.2)
        assert now[0] == asked


async def test_the_solution_of_waiting_lets_time_run() -> None:
    now = [0.0]

    def clock() -> float:
        now[0] += 0.02
        return now[0]

    async with running(World().app("lesson", "1", clock=clock)) as pilot:
        screen = lesson(pilot)
        screen.tutor.bet(2)
        screen.time.go_to(screen.tutor.prediction.due_us)
        await pilot.press("s", "s")
        assert "let 2 s pass (space)" in text(pilot)
        before = screen.player.now_us
        await pilot.pause(0.3)
        assert screen.player.now_us > before


async def test_no_speed_of_a_lesson_skips_the_steps_to_come() -> None:
    async with running(World().app("lesson", "1")) as pilot:
        await pilot.press(*["plus"] * 12)
        assert lesson(pilot).player.speed == 100


async def test_the_lessons_own_rewinds_are_no_branches_of_the_learner() -> None:
    world = World()
    world.progress.step(1, 4)
    async with running(world.app("lesson", "1")) as pilot:
        assert len(lesson(pilot).player.branches) > 1
        assert "branch" not in text(pilot).split("\n")[29]
        await pilot.press("f")
        assert "branch 2 begins here" in text(pilot)
        await pilot.press("b")
        await pilot.pause()
        shown = text(pilot)
        assert "1  the beginning" in shown
        assert "2  left 1 at" in shown
        assert "3 " not in [line.split("►")[-1].strip()[:2] for line in shown.split("\n")]


async def test_in_the_middle_of_a_step_esc_leaves_at_the_second_time_only() -> None:
    async with running(World().app("lesson", "1")) as pilot:
        screen = lesson(pilot)
        await pilot.press("enter")
        await play(pilot, 1)
        await pilot.press("escape")
        assert "esc once more leaves the lesson" in text(pilot)
        await pilot.press("space", "escape")
        await pilot.pause()
        assert pilot.app.screen == screen
        await pilot.press("escape")
        await pilot.pause()
        assert isinstance(pilot.app.screen, Home)


async def test_1_and_2_turn_to_lesson_and_stage() -> None:
    async with running(World().app("lesson", "1"), 80, 24) as pilot:
        await pilot.press("2")
        await pilot.pause()
        assert not lesson(pilot).on_lesson
        assert "why ─" in text(pilot)
        await pilot.press("2", "1")
        await pilot.pause()
        assert lesson(pilot).on_lesson


def finish(pilot: Pilot[None]) -> Any:
    """The last step done as its solution does it."""
    screen = lesson(pilot)
    perform(screen.player, screen.tutor.step.solution)
    screen.moved()
    assert screen.tutor.phase is Phase.DONE
    return screen


async def test_real_life_comes_when_the_last_step_is_done_even_where_there_is_room() -> None:
    world = World()
    async with running(world.app("lesson", "1"), 160, 45) as pilot:
        assert "IN REAL LIFE" not in text(pilot)
    world.progress.step(1, 4)
    async with running(world.app("lesson", "1"), 160, 45) as pilot:
        assert "IN REAL LIFE" not in text(pilot)
        finish(pilot)
        await pilot.pause()
        lesson(pilot).action_move(99)
        assert "SIMPLIFIED" in text(pilot)


@pytest.mark.parametrize(("columns", "rows"), SIZES)
async def test_enter_reads_to_the_end_before_it_goes_home(columns: int, rows: int) -> None:
    world = World()
    world.progress.step(1, 4)
    async with running(world.app("lesson", "1"), columns, rows) as pilot:
        screen = finish(pilot)
        screen.lesson.go_on()
        await pilot.pause()
        assert screen.tutor.phase is Phase.FINISHED
        seen = [text(pilot)]
        while "enter read on" in seen[-1]:
            await pilot.press("enter")
            await pilot.pause()
            seen.append(text(pilot))
        assert "IN REAL LIFE" in seen[0]
        assert screen.tutor.lesson.simplified[-1].split()[-1] in seen[-1]
        assert "enter home" in seen[-1]
        await pilot.press("enter")
        await pilot.pause()
        assert isinstance(pilot.app.screen, Home)
