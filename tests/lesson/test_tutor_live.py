"""On a real cluster time passes by itself: the outcome is what is seen there, beside what the simulator said."""

from collections.abc import Sequence

import pytest

from mqviz.backend import Can
from mqviz.facts import NAMED
from mqviz.lesson.format import Lesson
from mqviz.lesson.tutor import Tutor
from mqviz.lesson.view import Phase, Truth
from mqviz.model.command.base import Command
from mqviz.model.event import Event
from mqviz.model.observed.state import Unknown
from mqviz.model.state import State
from mqviz.player import Player
from mqviz.scenario import Scenario
from mqviz.sim.backend import SimBackend, open_sim
from tests.lesson.worlds import open_run, small


class Wall:
    """A backend that comes as far as the test's clock and cannot go back."""

    def __init__(self, behind: SimBackend) -> None:
        self.can = frozenset({Can.WRITE})
        self.now_us = 0
        self.behind = behind
        self.clock_us = 0

    def submit(self, command: Command) -> None:
        self.behind.submit(command)

    def advance(self, until_us: int, limit: int = 1_000_000) -> Sequence[Event]:
        events = self.behind.advance(self.clock_us + 1, limit)
        self.now_us = self.behind.now_us
        return events

    def next_at_us(self) -> None:
        return None

    def checkpoint(self) -> None:
        return None

    def close(self) -> None:
        self.behind.close()


def live(lesson: Lesson, world: Scenario) -> tuple[Tutor, Wall]:
    wall = Wall(open_sim(world, 7))

    def there(scenario: Scenario, seed: int, checkpoint: bytes | None = None) -> Wall:
        return wall

    player = Player(there, lesson.scenario)
    return Tutor(lesson, player, shadow=open_run(lesson.scenario)), wall


def wait(teacher: Tutor, wall: Wall, seconds: float) -> None:
    for _ in range(int(seconds * 10)):
        wall.clock_us += 100_000
        teacher.run.tick(100_000)  # type: ignore[attr-defined]
        teacher.check(100_000)


def test_the_outcome_is_the_real_one_and_the_simulated_one_is_shown_where_it_differs() -> None:
    lesson = small("do: [add sign-up more clients=1 mail_min=3s mail_max=3s]\n")
    slower = small("mail_min: 3s, mail_max: 3s", "mail_min: 3500ms, mail_max: 3500ms").scenario
    teacher, wall = live(lesson, slower)
    assert teacher.before_play() == ""
    wait(teacher, wall, 0.1)
    teacher.bet(1)
    wait(teacher, wall, 5)
    found = teacher.view().prediction
    assert found is not None
    assert (found.outcome, found.simulated, found.right) == ("3.6 s", "3.1 s", False)
    assert teacher.run.playing
    assert teacher.phase is Phase.DONE


def test_where_both_agree_only_one_is_shown() -> None:
    lesson = small()
    teacher, wall = live(lesson, lesson.scenario)
    teacher.bet(1)
    wait(teacher, wall, 5)
    found = teacher.view().prediction
    assert found is not None
    assert (found.outcome, found.simulated, found.right) == ("3.1 s", "", True)


def test_the_outcome_waits_until_it_can_be_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = NAMED["answer_ms"]

    def later(state: State, service: str, client: int = 1) -> object:
        return (
            seen(state, service, client) if state.now_us > 4_050_000 else Unknown("the group is rebalancing")
        )

    monkeypatch.setitem(NAMED, "answer_ms", later)
    lesson = small("run: 4s", "run: 2s")
    teacher, wall = live(lesson, lesson.scenario)
    teacher.bet(1)
    wait(teacher, wall, 4)
    assert teacher.phase is Phase.RUNNING
    wait(teacher, wall, 0.5)
    assert teacher.view().prediction.outcome == "3.1 s"  # type: ignore[union-attr]


def test_an_unknown_goal_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    lesson = small()
    monkeypatch.setitem(NAMED, "answered", lambda state, service: Unknown("not allowed to see it"))
    teacher, wall = live(lesson, lesson.scenario)
    teacher.drop()
    wait(teacher, wall, 5)
    goal = teacher.view().goals[0]
    assert (goal.truth, goal.reason) == (Truth.UNKNOWN, "not allowed to see it")


def test_there_is_no_reset_and_the_tutor_says_so() -> None:
    lesson = small()
    teacher, _ = live(lesson, lesson.scenario)
    teacher.drop()
    teacher.reset()
    assert "cannot go back" in teacher.view().notice
