"""The example scenarios that come with mqviz: each plays, and what its text promises holds."""

from __future__ import annotations

from pathlib import Path

import pytest

from mqviz import facts
from mqviz.scenario import load_scenario
from mqviz.sim.backend import open_sim
from tests.sim.worlds import Run

FOLDER = Path(__file__).parents[2] / "assets" / "scenarios"
MINUTE = 60_000_000


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.yaml")), ids=lambda path: path.stem)
def test_every_example_plays_without_breaking_an_invariant(path: Path) -> None:
    scenario = load_scenario(path)
    run = Run(scenario).to(min(int(scenario.until), MINUTE))
    assert run.log
    assert all(moment.at < scenario.until for moment in scenario.moments)


def test_sign_up_five_fail_at_once_and_five_are_accepted_while_the_mail_server_is_away() -> None:
    state = Run(load_scenario(FOLDER / "sign-up.yaml")).end().state
    assert (facts.answered(state, "synchronous"), facts.failed(state, "synchronous")) == (5, 5)
    assert (facts.answered(state, "asynchronous"), facts.mails_sent(state, "asynchronous")) == (10, 10)


def test_m_m_1_is_the_50_ms_of_theory_within_two_percent() -> None:
    """100,000 messages (R149, R150)."""
    scenario = load_scenario(FOLDER / "m-m-1.yaml")
    backend = open_sim(scenario, scenario.seed)
    backend.advance(int(scenario.until))
    assert facts.answered(backend.state, "server") == 100_000
    assert facts.mean_answer_ms(backend.state, "server") == pytest.approx(50, rel=0.02)
