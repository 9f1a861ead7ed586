"""Every lesson of the course holds: the four proofs of each step, pictures, numbers; and it is a good page."""

import re

import pytest

from mqviz import facts
from mqviz.commands import TABLE, parse
from mqviz.lesson import course
from mqviz.lesson.format import Lesson
from mqviz.lesson.proof import check
from mqviz.lesson.tutor import Tutor
from mqviz.lesson.view import Phase
from mqviz.model.state import State
from mqviz.player import Player
from mqviz.scenes.canvas import Canvas
from mqviz.scenes.view import View
from mqviz.sim.backend import open_sim
from mqviz.ui.run_view import scene

WRITTEN = [entry for entry in course.catalogue() if entry.path]


def draw(name: str, state: State, now_us: int, columns: int, rows: int) -> Canvas:
    return scene(name)(state, View(now_us, columns, rows))


@pytest.fixture(params=WRITTEN, ids=lambda entry: str(entry.number))
def lesson(request: pytest.FixtureRequest) -> Lesson:
    return course.find(str(request.param.number))


def test_the_lesson_holds(lesson: Lesson) -> None:
    report = check(lesson, lambda scenario: Player(open_sim, scenario), draw)
    assert report.ok, "\n".join(report.lines)


def test_the_lesson_is_a_page_that_reads_by_itself(lesson: Lesson) -> None:
    text = course.find(str(lesson.number)).source
    entry = next(entry for entry in WRITTEN if entry.number == lesson.number)
    assert entry.path is not None
    page = entry.path.read_text(encoding="utf-8")
    assert text == str(entry.path)
    assert f"\n# {lesson.title}\n" in page
    assert lesson.intro, "a page begins with a few words"
    assert lesson.instructor, "whoever teaches it gets a note"
    for step in lesson.steps:
        assert step.before, f"{step.title} begins with prose"
        assert step.after, f"{step.title} is explained"
    assert max(len(line) for line in page.splitlines() if "{" not in line and ": " not in line) <= 110


def test_commands_in_the_prose_parse(lesson: Lesson) -> None:
    entry = next(entry for entry in WRITTEN if entry.number == lesson.number)
    assert entry.path is not None
    for shown in re.findall(r"`([^`\n]+)`", entry.path.read_text(encoding="utf-8")):
        if any(shown.startswith(f"{verb} {kind}") for verb, kind in TABLE):
            parse(shown)


@pytest.mark.parametrize("seed", [1, 8])
def test_a_right_bet_can_be_chosen_under_any_seed(lesson: Lesson, seed: int) -> None:
    tutor = Tutor(lesson, Player(open_sim, lesson.scenario, seed))
    prediction = tutor.prediction
    assert prediction is not None
    wins = []
    for answer in range(len(prediction.answers)):
        tutor = Tutor(lesson, Player(open_sim, lesson.scenario, seed))
        tutor.bet(answer)
        assert tutor.prediction is not None
        tutor.run.seek(tutor.prediction.due_us)
        tutor.check()
        assert tutor.phase is not Phase.RUNNING
        wins.append(tutor.prediction.right)
    assert wins.count(True) == 1


def test_records_are_in_flight_on_the_outcomes_of_lesson_15() -> None:
    """What moves is the first thing to meet, so no outcome falls on a beat when nothing does."""
    told = course.find("15")
    run = Player(open_sim, told.scenario)
    for number in range(len(told.steps)):
        teacher = Tutor(told, run, step=number)
        assert teacher.prediction is not None
        assert teacher.prediction.foreseen is not None
        assert facts.flights(teacher.prediction.foreseen), number + 1
