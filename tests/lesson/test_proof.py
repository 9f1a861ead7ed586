"""The proofs find what is wrong with a lesson."""

import pytest

from mqviz.lesson.format import Lesson, read_lesson
from mqviz.lesson.proof import check
from mqviz.model.state import State
from tests.lesson.worlds import SMALL, open_run, small


def draw(scene: str, state: State, now_us: int, columns: int, rows: int) -> str:
    return scene


def broken(lesson: Lesson) -> list[str]:
    return [f"{line.what}: {line.detail}" for line in check(lesson, open_run, draw).proofs if not line.ok]


def test_a_lesson_that_holds() -> None:
    report = check(small(), open_run, draw)
    assert report.ok
    assert report.lines[0] == "1 Small"
    assert all("hold" in line for line in report.lines[1:])


@pytest.mark.parametrize(
    ("text", "to", "said"),
    [
        ("answered(shop) == 2", "answered(shop) <= 2", "the start does not satisfy the goals: it does"),
        (
            "solution: [wait 1s]",
            "solution: [wait 10ms]",
            "the solution reaches the goals: not: both answered",
        ),
        ("- route: [fail service shop, wait 1s]", "- route: [fail service mail-server, wait 2s]", "it does"),
        ("[0.1 s, 3.1 s, 9 s]", "[0.1 s, 2.1 s, 9 s]", "the answers hold the computed one: it is 3.1 s"),
        ("[0.1 s, 3.1 s, 9 s]", "[0.1 s, 3.1 s]", "of 2 answers only 1 are wrong"),
        ("Now break it.", "Now break 17 of it.", "every number comes from the run: 17"),
        ("Now break it.", "Now break nine of it.", "every number comes from the run: nine"),
        ("3.1 s: mean", "3.2 s: mean", "3.2 s is not mean_answer_ms(shop), which is 3.1 s"),
        ("Slower.", "Slower by 9 s.", "every number comes from the scenario or is stated: 9 s"),
        ("Now break it.", "Now break it. " * 40, "it takes "),
        (
            "do: [add sign-up more",
            "do: [add sign-up shop",
            "the step starts: This step cannot start as it should",
        ),
    ],
)
def test_what_does_not_hold_is_found(text: str, to: str, said: str) -> None:
    assert any(said in line for line in broken(small(text, to))), broken(small(text, to))


def test_a_goal_that_ignores_undo_is_found() -> None:
    lesson = read_lesson(SMALL.replace("check: failed(more) == 1", "check: answered(shop) == 2"), "small.md")
    lesson = lesson._replace(
        steps=(lesson.steps[0], lesson.steps[1]._replace(goals=lesson.steps[1].goals[1:]))
    )
    assert any("the goals follow undo" in line for line in broken(lesson))


def test_a_scene_that_cannot_be_drawn_is_found() -> None:
    def small_only(scene: str, state: State, now_us: int, columns: int, rows: int) -> str:
        if columns > 100:
            raise ValueError("too wide")
        return scene

    lines = [line for line in check(small(), open_run, small_only).proofs if not line.ok]
    assert {(line.what, line.detail) for line in lines} == {
        ("the scene draws at 160x45", "ValueError: too wide")
    }


def test_a_scenario_that_does_not_open_is_found() -> None:
    service = "    - {name: shop, clients: 2, at: [0s, 1s], mail_min: 3s, mail_max: 3s}\n"
    lesson = small(service, service * 2)
    assert any("the scenario opens" in line for line in broken(lesson))
