"""The tutor leads through predict, run, explain and goals, and follows undo."""

from pathlib import Path

import pytest

from mqviz.lesson.attempt import FAILURES, PATIENCE_US
from mqviz.lesson.progress import Progress
from mqviz.lesson.tutor import Tutor
from mqviz.lesson.view import Phase, Truth
from mqviz.model.units import Duration
from mqviz.player import Player
from mqviz.scenario import Moment
from mqviz.sim.backend import open_sim
from tests.lesson.worlds import small, tutor


def play(teacher: Tutor, seconds: float) -> None:
    """Let time run as a screen does: in small ticks, with a look after each."""
    teacher.run.play()
    for _ in range(int(seconds * 20)):
        teacher.run.tick(50_000)  # type: ignore[attr-defined]
        teacher.check(50_000)


def test_a_step_begins_with_the_bet_and_hides_its_goals() -> None:
    view = tutor().view()
    assert view.phase is Phase.PREDICT
    assert view.prediction is not None
    assert view.prediction.answers == ("0.1 s", "3.1 s", "9 s")
    assert (view.prediction.outcome, view.goals, view.explain) == ("", (), ())
    assert view.dots == "●○"


def test_the_outcome_is_shown_when_the_run_reaches_it_and_time_stops_there() -> None:
    teacher = tutor()
    teacher.bet(1)
    play(teacher, 3.9)
    view = teacher.view()
    assert (view.phase, view.prediction and view.prediction.outcome) == (Phase.RUNNING, "")
    play(teacher, 0.5)
    view = teacher.view()
    assert view.prediction is not None
    assert (view.prediction.outcome, view.prediction.right) == ("3.1 s", True)
    assert view.prediction.equation == "100 ms + 3 s = 3.1 s"
    assert teacher.run.now_us == 4_000_000
    assert not teacher.run.playing
    assert view.phase is Phase.GOALS


def test_a_wrong_bet_stays_beside_the_outcome() -> None:
    teacher = tutor()
    teacher.bet(0)
    play(teacher, 5)
    found = teacher.view().prediction
    assert found is not None
    assert (found.answers[found.bet or 0], found.outcome, found.right) == ("0.1 s", "3.1 s", False)
    assert teacher.progress.peek(1).bets[0].right is False


def test_a_command_first_asks_to_drop_the_bet() -> None:
    teacher = tutor()
    assert "Skip it" in teacher.before_command()
    assert teacher.before_play()
    teacher.bet(1)
    assert "Drop it" in teacher.before_command()
    teacher.drop()
    assert teacher.before_command() == ""
    play(teacher, 6)
    found = teacher.view().prediction
    assert found is not None
    assert (found.dropped, found.outcome, found.right) == (True, "", None)
    assert teacher.progress.peek(1).bets == []


def test_acting_all_the_same_drops_the_bet() -> None:
    teacher = tutor()
    teacher.bet(1)
    play(teacher, 1)
    teacher.run.seek(500_000)
    teacher.run.submit("fail service mail-server")
    teacher.check()
    assert teacher.view().prediction.dropped  # type: ignore[union-attr]


def test_the_lesson_goes_on_step_by_step_to_its_end() -> None:
    teacher = tutor()
    teacher.bet(1)
    play(teacher, 5)
    assert not teacher.next()
    play(teacher, 1)
    view = teacher.view()
    assert view.phase is Phase.DONE
    assert view.explain[0] == "It took 3.1 s."
    assert teacher.next()
    view = teacher.view()
    assert (view.step, view.heading, view.phase) == (2, "Second", Phase.GOALS)
    assert [goal.truth for goal in view.goals] == [Truth.OPEN, Truth.OPEN]
    assert (view.open_goal, view.goals[0].suggest) == (0, "fail service mail-server")
    teacher.run.submit("fail service mail-server")
    teacher.check()
    assert teacher.view().open_goal == 1
    play(teacher, 1)
    assert teacher.next()
    assert teacher.view().phase is Phase.FINISHED
    assert teacher.progress.peek(1).finished
    assert teacher.progress.peek(1).goals == [(1, 1), (2, 1), (2, 2)]


def test_goals_follow_undo_and_stepping_back_and_come_back() -> None:
    teacher = tutor(step=1)
    teacher.run.submit("fail service mail-server")
    play(teacher, 1)
    assert teacher.view().phase is Phase.DONE
    reached_us = teacher.run.now_us
    teacher.run.seek(teacher.at.goals.since_us)
    teacher.check()
    assert teacher.view().phase is Phase.GOALS
    teacher.run.seek(reached_us)
    teacher.check()
    assert teacher.view().phase is Phase.DONE
    teacher.run.undo()
    teacher.check()
    assert [goal.truth for goal in teacher.view().goals] == [Truth.OPEN, Truth.OPEN]
    play(teacher, 10)
    assert teacher.phase is Phase.GOALS


def test_a_goal_stays_reached_when_the_world_moves_on() -> None:
    teacher = tutor(step=1)
    teacher.run.submit("fail service mail-server")
    play(teacher, 1)
    teacher.run.submit("repair service mail-server")
    play(teacher, 1)
    assert teacher.phase is Phase.DONE


def test_reset_begins_the_step_anew_and_keeps_the_bet() -> None:
    teacher = tutor()
    teacher.bet(1)
    play(teacher, 5)
    teacher.reset()
    assert (teacher.run.now_us, teacher.phase) == (0, Phase.GOALS)
    assert teacher.view().prediction.right is True  # type: ignore[union-attr]
    play(teacher, 6)
    assert teacher.phase is Phase.DONE


def test_reset_before_the_outcome_asks_again() -> None:
    teacher = tutor()
    teacher.bet(0)
    play(teacher, 1)
    teacher.reset()
    assert (teacher.run.now_us, teacher.phase) == (0, Phase.PREDICT)


def test_hints_come_one_by_one_and_are_offered_to_who_is_stuck() -> None:
    teacher = tutor(step=1)
    assert (teacher.view().hints, teacher.view().hints_left) == ((), 3)
    teacher.check(PATIENCE_US)
    assert teacher.view().offer_hint
    teacher.hint()
    assert teacher.view().hints == ("one",)
    teacher.check()
    assert not teacher.view().offer_hint
    for _ in range(FAILURES):
        teacher.refused("no such thing")
    assert teacher.view().offer_hint
    assert teacher.view().notice == "no such thing"
    for _ in range(5):
        teacher.hint()
    assert teacher.view().hints == ("one", "two", "3")


def test_a_wrong_route_is_answered_until_it_is_undone() -> None:
    teacher = tutor(step=1)
    teacher.run.submit("fail service shop")
    teacher.check()
    assert teacher.view().nudge == "That is the wrong service."
    teacher.run.undo()
    teacher.check()
    assert teacher.view().nudge == ""


def test_the_solution_is_shown_and_then_given() -> None:
    teacher = tutor(step=1)
    assert teacher.view().solution == ()
    assert teacher.solve() == ""
    assert teacher.view().solution == ("fail service mail-server", "let 1 s pass (space)")
    assert teacher.solve() == "fail service mail-server"
    play(teacher, 1)
    assert teacher.phase is Phase.DONE


def test_another_seed_gets_its_own_right_answer_and_numbers() -> None:
    lesson = small("mail_min: 3s, mail_max: 3s", "mail_min: 5s, mail_max: 5s")
    teacher = tutor(lesson)
    assert "none" in teacher.view().prediction.answers  # type: ignore[union-attr]
    lesson = small("mail_min: 3s, mail_max: 3s", "mail_min: 2s, mail_max: 2s")
    teacher = tutor(lesson)
    assert teacher.view().prediction.answers == ("0.1 s", "2.1 s", "3.1 s", "9 s")  # type: ignore[union-attr]
    teacher.bet(1)
    play(teacher, 5)
    play(teacher, 1)
    assert teacher.view().explain[0] == "It took 2.1 s."


def test_a_step_starts_as_the_lesson_has_it_if_the_world_became_another_one() -> None:
    lesson = small(
        "do: [add sign-up more clients=1 mail_min=3s mail_max=3s]",
        "predict: {question: a, answers: [0, 1, 2], outcome: failed(more), because: b}\n"
        "do: [add sign-up more clients=1 mail_min=3s mail_max=3s]\nrun: 1s",
    )
    teacher = tutor(lesson)
    teacher.drop()
    teacher.run.submit("add sign-up more clients=1")
    play(teacher, 8)
    assert teacher.next()
    assert "starts as the lesson has it" in teacher.view().notice
    assert teacher.phase is Phase.PREDICT


def test_moments_are_named_when_they_come() -> None:
    teacher = tutor()
    teacher.bet(1)
    play(teacher, 5)
    assert [(m.name, round(m.at / 1e6, 1)) for m in teacher.run.named] == [("first answer", 3.1)]


def test_progress_leads_to_the_step_where_the_learner_left(tmp_path: Path) -> None:
    progress = Progress(tmp_path / "progress.json")
    lesson = small()
    teacher = Tutor(lesson, Player(open_sim, lesson.scenario), progress)
    teacher.bet(1)
    play(teacher, 5)
    play(teacher, 1)
    assert teacher.next()
    again = Progress(tmp_path / "progress.json")
    assert again.peek(1).step == 2
    teacher = Tutor(lesson, Player(open_sim, lesson.scenario), again, again.peek(1).step - 1)
    assert teacher.view().heading == "Second"
    assert teacher.run.now_us >= 5_000_000


@pytest.mark.parametrize("answer", [-1, 3, 99])
def test_a_bet_on_no_answer_is_none(answer: int) -> None:
    teacher = tutor()
    teacher.bet(answer)
    assert teacher.phase is Phase.PREDICT


def test_the_solution_begins_the_step_anew_if_the_learner_has_acted() -> None:
    lesson = small(
        "solution: [fail service mail-server, wait 1s]",
        "solution: [wait 2s, fail service mail-server, wait 1s]",
    )
    teacher = tutor(lesson, step=1)
    began_us = teacher.run.now_us
    teacher.run.submit("fail service shop")
    play(teacher, 5)
    teacher.solve()
    assert teacher.solve() == "fail service mail-server"
    assert [str(c.name) for _, c in teacher.run.branch.commands[-1:]] == ["mail-server"]  # type: ignore[attr-defined]
    assert teacher.run.now_us == began_us + 2_000_000 + 1
    assert teacher.solve() == ""


def test_the_longest_wrong_route_is_answered() -> None:
    lesson = small(
        "  - route: [fail service shop, wait 1s]",
        "  - {route: [fail service shop, repair service shop], because: Both.}\n"
        "  - {route: [repair service shop], because: One.}\n"
        "  - route: [fail service shop, wait 1s]",
    )
    teacher = tutor(lesson, step=1)
    teacher.run.submit("fail service shop")
    teacher.check()
    assert teacher.view().nudge == "That is the wrong service."
    teacher.run.submit("repair service shop")
    teacher.check()
    assert teacher.view().nudge == "Both."


def test_a_rewind_forgets_the_moments_of_the_run_before() -> None:
    lesson = small("Now break it.\n\n```yaml step\n", "Now break it.\n\n```yaml step\nrewind: true\n")
    teacher = tutor(lesson)
    teacher.bet(1)
    play(teacher, 5)
    play(teacher, 1)
    teacher.run.named.append(Moment(Duration(0), "mine"))
    teacher.next()
    assert [moment.name for moment in teacher.run.named] == ["mine"]
    assert not teacher.run.playing


def test_time_calms_down_when_the_goals_are_reached_and_at_every_step() -> None:
    teacher = tutor()
    teacher.bet(1)
    play(teacher, 5)
    teacher.run.speed = 20.0
    play(teacher, 1)
    assert (teacher.phase, teacher.run.speed) == (Phase.DONE, 1.0)
    teacher.run.speed = 50.0
    teacher.next()
    assert teacher.run.speed == 1.0


def test_the_next_good_command_takes_back_what_was_said_of_a_wrong_one() -> None:
    teacher = tutor(step=1)
    teacher.refused("no such thing")
    teacher.accepted()
    assert teacher.view().notice == ""


def test_a_branch_that_the_lesson_began_is_not_one_of_the_learners() -> None:
    lesson = small("Now break it.\n\n```yaml step\n", "Now break it.\n\n```yaml step\nrewind: true\n")
    teacher = tutor(lesson)
    teacher.bet(1)
    play(teacher, 3)
    teacher.drop()
    teacher.run.submit("fail service shop")
    teacher.run.submit("repair service shop")
    play(teacher, 5)
    teacher.at.goals.reached = lambda number: True  # type: ignore[method-assign]
    assert teacher.next()
    run = teacher.run
    assert isinstance(run, Player)
    assert len(run.branches) > 1
    assert run.family == [run.branch]


def test_a_wrong_route_that_misses_a_goal_is_not_answered_once_that_is_reached() -> None:
    lesson = small(
        "  - route: [fail service shop, wait 1s]",
        "  - {route: [fail service mail-server], because: Still open., goal: 2}\n"
        "  - {route: [fail service mail-server], because: Done already., goal: 1}\n"
        "  - route: [fail service shop, wait 1s]",
    )
    teacher = tutor(lesson, step=1)
    teacher.run.submit("fail service mail-server")
    teacher.check()
    assert teacher.view().nudge == "Still open."
