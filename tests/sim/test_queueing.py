"""The sign-up service against queueing theory: M/M/1, M/M/c, M/D/1 (R149-R151) within three sigma.

Means of one run are correlated, so sigma is taken from batch means: 20 stretches of the run.
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean, stdev

import pytest

from mqviz.model.event import Event
from mqviz.model.systems.events import AnswerGiven, SignUpArrived, SignUpStarted
from mqviz.sim.backend import open_sim
from tests.sim.worlds import FOR_EVER, world

QUEUE = "q arrivals=exponential database_times=exponential mail_min=0s mail_max=0s"


def log_of(plan: str, seed: int = 11) -> list[Event]:
    return list(open_sim(world(plan), seed).advance(FOR_EVER))


def times(log: Sequence[Event], kind: type[Event]) -> dict[int, int]:
    return {event.client: event.at_us for event in log if isinstance(event, kind)}  # type: ignore[attr-defined]


def waits_ms(log: Sequence[Event], until: type[Event]) -> list[float]:
    """How long each client took from its arrival to `until`."""
    arrived, reached = times(log, SignUpArrived), times(log, until)
    return [(reached[client] - arrived[client]) / 1000 for client in sorted(arrived)]


def agrees(values: Sequence[float], expected: float) -> bool:
    """True if the mean is within three sigma of `expected`."""
    size = len(values) // 20
    means = [fmean(values[i * size : (i + 1) * size]) for i in range(20)]
    return abs(fmean(means) - expected) <= 3 * stdev(means) / 20**0.5


@pytest.mark.parametrize(("rate", "in_system_ms", "in_line_ms"), [(50, 20, 10), (80, 50, 40)])
def test_r150_m_m_1(rate: int, in_system_ms: float, in_line_ms: float) -> None:
    """R150: W = 1 / (mu - lambda), Wq = rho / (mu - lambda)."""
    log = log_of(f"{QUEUE} rate={rate}/s clients=100000 threads=1 database=10ms")
    assert agrees(waits_ms(log, AnswerGiven), in_system_ms)
    assert agrees(waits_ms(log, SignUpStarted), in_line_ms)


def test_r151_m_m_c() -> None:
    """R151, Erlang C: c = 4, mu = 25, lambda = 80: Wq 29.8 ms."""
    log = log_of(f"{QUEUE} rate=80/s clients=100000 threads=4 database=40ms")
    assert agrees(waits_ms(log, SignUpStarted), 29.8)


def test_r150_m_d_1() -> None:
    """R150: a constant service time halves the wait in the line: 20 ms."""
    plan = "q arrivals=exponential mail_min=0s mail_max=0s rate=80/s clients=100000 threads=1 database=10ms"
    assert agrees(waits_ms(log_of(plan), SignUpStarted), 20)


def test_a_wrong_formula_would_be_noticed() -> None:
    log = log_of(f"{QUEUE} rate=80/s clients=100000 threads=1 database=10ms")
    assert not agrees(waits_ms(log, AnswerGiven), 40), "the wait in the line is not the time in the system"


def test_r149_little_s_law() -> None:
    """R149: mean number in the system = rate x mean time in it, exactly, once the system is empty again."""
    log = log_of(f"{QUEUE} rate=80/s clients=20000 threads=1 database=10ms")
    inside, area, before_us = 0, 0, 0
    for event in log:
        area += inside * (event.at_us - before_us)
        before_us = event.at_us
        inside += isinstance(event, SignUpArrived) - isinstance(event, AnswerGiven)
    mean_inside = area / before_us
    rate_per_us = 20_000 / before_us
    assert inside == 0
    assert mean_inside == pytest.approx(rate_per_us * fmean(waits_ms(log, AnswerGiven)) * 1000, rel=1e-9)
    assert 3 < mean_inside < 5
