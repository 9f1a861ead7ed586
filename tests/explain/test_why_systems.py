"""The sign-up service is explained with the numbers of the run, and nothing of it is cut beside a lesson's page."""

from __future__ import annotations

import pytest

from mqviz.explain.event import why
from mqviz.facts.views import Why
from mqviz.model.apply import apply
from mqviz.model.command.events import CommandGiven
from mqviz.model.event import Event
from mqviz.model.state import State
from mqviz.model.systems.events import AnswerGiven, ServiceRepaired, SignUpArrived, SignUpServiceAdded
from tests.sim.worlds import Run, world

S = 1_000_000
RULE, CHANGE, REASON = 52, 52, 60
FIVE = "at=0s,350ms,1s,1350ms,2s database=100ms"
SYNC, ASYNC = f"synchronous {FIVE}", f"asynchronous design=asynchronous {FIVE}"
THREADS = "few clients=40 rate=9/s threads=10"
BARE = "bare clients=40 rate=9/s threads=1 mail_min=0s mail_max=0s database_times=exponential"


def told(run: Run) -> list[tuple[Event, Why]]:
    state, found = State(), []
    for event in run.log:
        apply(state, event)
        said = why(state, event)
        if said is not None and not isinstance(event, CommandGiven):
            found.append((event, said))
    return found


def broken_and_repaired() -> Run:
    return Run(world(SYNC, ASYNC)).to(2 * S).do("fail service mail-server").to(5 * S)


@pytest.mark.parametrize(
    "sign_ups", [(SYNC, ASYNC), (THREADS,), (f"{THREADS} design=asynchronous",), (BARE,)]
)
def test_nothing_is_too_long(sign_ups: tuple[str, ...]) -> None:
    run = Run(world(*sign_ups)).to(4 * S).do("fail service mail-server").to(5 * S)
    run.do("repair service mail-server").to(20 * S)
    run.do(f"fail service {sign_ups[0].split()[0]}").to(21 * S)
    found = told(run)
    assert len(found) > 30
    for event, said in found:
        assert len(said.rule) <= RULE, event
        assert len(said.change) <= CHANGE, event
        assert len(said.reason) <= REASON, event


def test_mails_that_waited_for_a_repair_are_counted_also_when_they_are_on_their_way_again() -> None:
    """Workers go on in the very instant of the repair, so whoever looks a moment later sees an empty queue."""
    run = broken_and_repaired().do("repair service mail-server").to(5 * S + 10)
    ((event, said),) = [each for each in told(run) if isinstance(each[0], ServiceRepaired)]
    assert said.reason == "5 mails waited in the queue and can go now"
    later = why(run.state, event)
    assert later is not None
    assert later.reason == said.reason
    again = run.do("fail service mail-server").to(6 * S)
    assert len(again.state.systems.sign_ups["asynchronous"].queue) == 5


def test_threads_are_told_with_what_they_can_finish() -> None:
    (few,) = {
        said.rule for event, said in told(Run(world(THREADS)).to(S)) if isinstance(event, SignUpArrived)
    }
    assert few == "10 threads, about 4.1 s each: at most 2.4 a second"
    (bare,) = {said.rule for event, said in told(Run(world(BARE)).to(S)) if isinstance(event, SignUpArrived)}
    assert bare == "1 thread, about 100 ms each: at most 10 a second"


def test_a_service_without_mail_says_nothing_of_one() -> None:
    found = told(Run(world(BARE)).to(4 * S))
    assert [event for event, said in found if "mail" in said.reason + said.rule + said.change] == []
    assert [said.rule for event, said in found if isinstance(event, SignUpServiceAdded | AnswerGiven)][
        :2
    ] == ["answer = time in line + time in the database"] * 2
