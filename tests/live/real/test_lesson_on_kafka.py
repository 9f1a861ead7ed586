"""Lesson 15 played from end to end on a real cluster: same steps, same goals, reached by its own solution."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from mqviz import facts
from mqviz.lesson import course
from mqviz.lesson.tutor import Tutor
from mqviz.lesson.view import Phase
from mqviz.live.drive.backend import open_driven
from mqviz.live.managed.cluster import Cluster
from mqviz.player import Player
from tests.waiting import DEADLINE_S

TICK_S = 0.03


@pytest.fixture
def tutor(kafka: Cluster, tmp_path: Path) -> Iterator[Tutor]:
    lesson = course.find("15")
    player = Player(open_driven(kafka.bootstrap, consent=True, notes=tmp_path), lesson.scenario)
    player.play()
    yield Tutor(lesson, player)
    player.close()


def run(tutor: Tutor, seconds: float, until: Phase | None = None) -> bool:
    """Let the wall's time pass, as the lesson screen does; True if the phase came."""
    end = last = time.monotonic()
    end += seconds
    while last < end:
        time.sleep(TICK_S)
        now = time.monotonic()
        tutor.run.tick(int((now - last) * 1e6))  # type: ignore[attr-defined]
        tutor.check(int((now - last) * 1e6))
        last = now
        if until is not None and tutor.phase is until:
            return True
    return until is None


@pytest.mark.kafka
@pytest.mark.slow
def test_lesson_15_is_reached_by_its_solution_on_a_real_cluster(tutor: Tutor) -> None:
    for number in range(len(tutor.lesson.steps)):
        assert tutor.number == number
        prediction = tutor.prediction
        assert prediction
        tutor.bet(0)
        assert run(tutor, DEADLINE_S, Phase.GOALS), f"step {number + 1}: no outcome, {tutor.view()}"
        assert not tutor.notice
        print(number + 1, tutor.view().prediction)
        for script in tutor.step.solution:
            if script.command:
                tutor.run.submit(script.text)
            else:
                run(tutor, script.wait_us / 1e6, Phase.DONE)
        members = facts.members(tutor.run.state, "email-consumers")
        assert run(tutor, DEADLINE_S, Phase.DONE), f"step {number + 1}: {tutor.view().goals} {members}"
        assert tutor.next()
    assert tutor.phase is Phase.FINISHED
