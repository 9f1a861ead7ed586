"""The sign-up service: R136, R137, faults, limits, and what it remembers."""

from __future__ import annotations

import pytest

from mqviz import facts
from mqviz.explain.event import why
from mqviz.facts.views import RequestView
from mqviz.model.apply import apply
from mqviz.model.command.events import CommandGiven, CommandRefused
from mqviz.model.command.systems import AddSignUp
from mqviz.model.event import APPLY
from mqviz.model.state import State
from mqviz.model.systems.events import (
    AnswerGiven,
    MailFailed,
    MailStarted,
    SignUpArrived,
    SignUpFailed,
    SignUpStarted,
)
from mqviz.model.systems.state import REMEMBERED
from mqviz.scenario import read_scenario
from mqviz.sim.backend import open_sim
from tests.sim.worlds import Run, world

AT = "at=0s,500ms,1500ms,2s,3s"
BOTH = (f"sync {AT}", f"async design=asynchronous {AT}")
SECOND = 1_000_000


def requests(state: State, service: str) -> list[RequestView]:
    return list(facts.requests(state, service))


def answers_ms(state: State, service: str) -> list[float | None]:
    return [facts.answer_ms(state, service, client) for client in range(1, 6)]


def test_r136_five_clients_synchronous_seconds_asynchronous_101_ms() -> None:
    state = Run(world(*BOTH)).end().state
    assert all(answer is not None and 3_100 <= answer <= 5_100 for answer in answers_ms(state, "sync"))
    assert answers_ms(state, "async") == [101.0] * 5
    assert len(set(answers_ms(state, "sync"))) == 5
    assert facts.mean_answer_ms(state, "async") == 101
    assert facts.mails_sent(state, "sync") == facts.mails_sent(state, "async") == 5


@pytest.mark.parametrize("seed", range(5))
def test_both_designs_see_the_same_arrivals_and_the_same_mails(seed: int) -> None:
    state = Run(world(*BOTH), seed).end().state
    for sync, other in zip(requests(state, "sync"), requests(state, "async"), strict=True):
        assert sync.arrived_at_us == other.arrived_at_us
        assert sync.mail_done_at_us is not None
        assert other.mail_done_at_us == sync.mail_done_at_us + 1_000, "1 ms later: the note"


def test_the_same_numbers_in_any_order_and_company() -> None:
    """What client 3's mail takes depends on nothing but seed, stream and client (R2)."""
    alone = Run(world(f"async design=asynchronous workers=1 {AT}")).end().state
    for a, b in zip(requests(alone, "async"), requests(Run(world(*BOTH)).end().state, "async"), strict=True):
        assert mail_us(a) == mail_us(b)
    other = Run(world(f"async design=asynchronous stream=other {AT}")).end().state
    assert [mail_us(a) for a in requests(other, "async")] != [mail_us(a) for a in requests(alone, "async")]


def mail_us(request: RequestView) -> int:
    assert request.mail_done_at_us is not None
    assert request.mail_started_at_us is not None
    return request.mail_done_at_us - request.mail_started_at_us


def test_arrivals_even_listed_and_late() -> None:
    state = Run(world("a rate=4/s", "b at=1s,1s,2s start=1s", "c start=2s clients=2 rate=3/s")).end().state
    assert [r.arrived_at_us for r in requests(state, "a")] == [0, 250_000, 500_000, 750_000, 1_000_000]
    assert [r.arrived_at_us for r in requests(state, "b")] == [2 * SECOND, 2 * SECOND, 3 * SECOND]
    assert [r.arrived_at_us for r in requests(state, "c")] == [2 * SECOND, 2_333_333]


def test_times_count_from_when_the_service_is_added() -> None:
    run = Run(world()).to(10 * SECOND).do("add sign-up late at=1s,2s").end()
    assert [r.arrived_at_us for r in requests(run.state, "late")] == [11 * SECOND, 12 * SECOND]


def test_endless_arrivals_do_not_end_and_memory_stays_bounded() -> None:
    run = Run(world("s clients=0 rate=1000/s mail_min=0s mail_max=0s database=1ms")).to(SECOND)
    service = facts.services(run.state)[0]
    assert service.arrived == 1_000
    assert len(requests(run.state, "s")) <= REMEMBERED + 2
    assert [r.number for r in requests(run.state, "s")] == list(
        range(1_000 - len(requests(run.state, "s")) + 1, 1_001)
    )
    assert facts.answer_ms(run.state, "s", 1) is None, "too long ago"
    assert run.backend.next_at_us() is not None


# -- threads (R137) --------------------------------------------------------------------------------------


def test_threads_limit_what_is_served_at_once_first_come_first_served() -> None:
    run = Run(world("s at=0s,0s,0s,0s threads=2 mail_min=1s mail_max=1s")).end()
    assert [r.started_at_us for r in requests(run.state, "s")] == [0, 0, 1_100_000, 1_100_000]
    assert [e.client for e in run.of(SignUpStarted)] == [1, 2, 3, 4]  # type: ignore[attr-defined]


@pytest.mark.parametrize(("design", "per_s"), [("synchronous", 10 / 4.1), ("asynchronous", 10 / 0.101)])
def test_r137_ten_threads_finish_c_over_t_requests_a_second(design: str, per_s: float) -> None:
    """R137: sync 2.44/s, async 99/s, however many come."""
    plan = f"s design={design} clients=0 rate=200/s threads=10 mail_min=4s mail_max=4s"
    backend = open_sim(world(plan), 7)
    backend.advance(60 * SECOND)
    assert facts.answered(backend.state, "s") == pytest.approx(60 * per_s, rel=0.02, abs=10)


def test_workers_limit_mails_in_hand_and_keep_their_order() -> None:
    plan = "s design=asynchronous at=0s,0s,0s workers=1 mail_min=1s mail_max=1s"
    run = Run(world(plan)).end()
    assert [e.client for e in run.of(MailStarted)] == [1, 2, 3]  # type: ignore[attr-defined]
    assert [r.mail_done_at_us for r in requests(run.state, "s")] == [1_101_000, 2_101_000, 3_101_000]


# -- faults (R136, R138) -----------------------------------------------------------------------------------


def test_r138_a_failed_mail_server_fails_the_synchronous_and_delays_the_mail_of_the_others() -> None:
    run = Run(world(*BOTH)).do("fail service mail-server").to(9 * SECOND)
    assert facts.failed(run.state, "sync") == 5
    for request in requests(run.state, "sync"):
        assert request.answered_at_us == request.arrived_at_us + 100_000, "at once, after the database"
        assert request.failed == "mail-server does not answer"
        assert request.mail_failed
    assert answers_ms(run.state, "async") == [101.0] * 5
    assert facts.mails_waiting(run.state, "async") == 5
    run.do("repair service mail-server").end()
    assert facts.mails_sent(run.state, "async") == 5
    assert facts.failed(run.state, "async") == 0
    assert min(r.mail_started_at_us or 0 for r in requests(run.state, "async")) == 9 * SECOND


def test_mails_in_hand_break_with_the_server_and_are_sent_again_in_order() -> None:
    run = Run(world(f"sync {AT}", f"async design=asynchronous {AT} workers=2"))
    run.to(1_700_000).do("fail service mail-server")
    run.to(1_700_001)
    assert [e.client for e in run.of(SignUpFailed)] == [1, 2, 3]  # type: ignore[attr-defined]
    assert {e.client for e in run.of(MailFailed)} == {1, 2}  # type: ignore[attr-defined]
    assert [r.mail_failed for r in requests(run.state, "async")] == [True, True, False]
    run.do("repair service mail-server").end()
    assert [e.client for e in run.of(MailStarted) if e.service == "async"] == [1, 2, 1, 2, 3, 4, 5]  # type: ignore[attr-defined]
    assert facts.mails_sent(run.state, "async") == 5
    assert facts.answered(run.state, "sync") == 2, "clients 4 and 5 came after the repair"


def test_a_failed_service_fails_whoever_is_in_it_but_not_the_mails_it_queued() -> None:
    run = Run(world("s design=asynchronous at=0s,1s,1s,1s threads=2")).to(1_050_000).do("fail service s")
    run.to(5 * SECOND)
    failed = [r for r in requests(run.state, "s") if r.failed]
    assert [(r.number, r.answered_at_us) for r in failed] == [(2, 1_050_000), (3, 1_050_000), (4, 1_050_000)]
    assert facts.mails_sent(run.state, "s") == 1


def test_a_repaired_service_serves_again() -> None:
    run = Run(world("s rate=1/s mail_min=0s mail_max=0s")).do("fail service s").to(1_500_000)
    run.do("repair service s").end()
    assert (facts.failed(run.state, "s"), facts.answered(run.state, "s")) == (2, 3)


def test_a_synchronous_sign_up_waits_for_its_mail_no_longer_than_the_timeout() -> None:
    plans = [f"{d} design={d} at=0s mail_min=40s mail_max=40s" for d in ("synchronous", "asynchronous")]
    run = Run(world(*plans)).end()
    (request,) = requests(run.state, "synchronous")
    assert request.answered_at_us == 30_100_000
    assert request.failed == "mail-server took longer than 30 s"
    assert facts.mails_sent(run.state, "asynchronous") == 1


def test_a_freed_thread_takes_the_next_after_a_failure_too() -> None:
    run = Run(world("s at=0s,0s,0s threads=1")).do("fail service mail-server").end()
    assert [r.started_at_us for r in requests(run.state, "s")] == [0, 100_000, 200_000]


def test_one_mail_server_down_does_not_touch_the_callers_of_another() -> None:
    run = Run(world("a at=0s", "b at=0s mail_server=other")).do("fail service other").end()
    assert (facts.failed(run.state, "a"), facts.failed(run.state, "b")) == (0, 1)


# -- causes and reasons ------------------------------------------------------------------------------------


def test_every_answer_leads_back_to_the_arrival_and_the_command() -> None:
    run = Run(world(*BOTH)).end()
    by_id = {event.id: event for event in run.log}
    for answer in run.of(AnswerGiven):
        way = [answer]
        while way[-1].cause:
            way.append(by_id[way[-1].cause])
        kinds = [type(event).__name__ for event in way]
        assert kinds[-2:] == ["SignUpArrived", "CommandGiven"]
        assert len({e.client for e in way if isinstance(e, SignUpArrived | AnswerGiven)}) == 1


def test_every_event_of_a_sign_up_has_its_reason() -> None:
    run = Run(world(f"sync {AT} threads=1", f"async design=asynchronous {AT}"))
    run.to(1_700_000).do("fail service mail-server").to(2 * SECOND).do("repair service mail-server").end()
    kinds = {type(event) for event in run.log if type(event).__module__ == "mqviz.model.systems.events"}
    state, explained = State(), set()
    for event in run.log:
        apply(state, event)
        found = why(state, event)
        if type(event) in kinds:
            assert found is not None, event
            assert found.headline
            assert found.reason
            explained.add(type(event))
    assert explained == kinds
    assert kinds == {kind for kind in APPLY if kind.__module__ == "mqviz.model.systems.events"}, (
        "all there are"
    )


def test_the_reasons_carry_the_numbers_of_the_run() -> None:
    run = Run(world(*BOTH)).end()
    state, lines = State(), []
    for event in run.log:
        apply(state, event)
        if isinstance(event, AnswerGiven):
            found = why(state, event)
            assert found is not None
            lines.append((found.headline, found.reason))
    assert (
        "client 1 gets its answer, 101 ms after asking",
        "100 ms database + 1 ms queue; the mail goes later",
    ) in lines
    assert all("100 ms database + " in reason for _, reason in lines)


# -- refusals ----------------------------------------------------------------------------------------------


def test_the_plan_of_a_listed_service_counts_its_list() -> None:
    run = Run(world("s at=0s,1s"))
    plan = run.backend.state.systems.sign_ups["s"].plan
    assert isinstance(plan, AddSignUp)
    assert plan.clients == 2


def test_an_impossible_entry_of_the_timetable_is_refused_when_its_time_comes() -> None:
    text = "title: t\nuntil: 5s\nscene: s\ntimetable:\n  - {at: 2s, do: fail service nobody}\n"
    log = open_sim(read_scenario(text, "t.yaml"), 7).advance(5 * SECOND)
    refused = [event for event in log if isinstance(event, CommandRefused)]
    assert [event.at_us for event in refused] == [2 * SECOND]
    assert refused[0].reason == "there is no service nobody (services: none)"
    assert refused[0].cause == next(event.id for event in log if isinstance(event, CommandGiven))
