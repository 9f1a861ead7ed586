"""The rebalance race counts what the facts count, from the last time that a process came or went."""

from __future__ import annotations

import pytest

from mqviz import facts
from mqviz.explain.causes import explained
from mqviz.facts.views import Stretch, Tenure
from mqviz.folders import data
from mqviz.model.kafka.clients.consumer.events import CommitRefused
from mqviz.model.kafka.clients.consumer.state import REBALANCING
from mqviz.model.kafka.coordinator.offsets.events import OffsetsCommitted
from mqviz.player import Player
from mqviz.scenes import rebalance_race
from mqviz.scenes.rebalance_race.words import told
from mqviz.scenes.view import View
from mqviz.sim.backend import open_sim
from mqviz.simulate import Run, open_world
from mqviz.ui.run_view import RunView

EXAMPLE = data("assets") / "scenarios" / "rebalance-race.yaml"
GROUPS = {"eager": "eager", "cooperative": "cooperative", "kip-848": "KIP-848"}
SIZES = [(60, 16), (67, 21), (100, 30), (160, 45)]
MS = 1_000
S = 1_000_000


def text(run: Run, size: tuple[int, int]) -> str:
    view = View(run.now_us, *size, until_us=int(run.scenario.until))
    return rebalance_race.draw(run.state, view).to_text()


@pytest.fixture(scope="module")
def over() -> Run:
    return open_world(EXAMPLE).to("24s")


def paused(run: Run, group: str) -> list[int]:
    last = facts.disturbance(run.state, group)
    assert last is not None
    return [t.paused_us(run.now_us, last.at_us) for t in facts.tenures(run.state, group)]


@pytest.mark.parametrize("size", SIZES)
def test_every_group_shows_its_sum_and_how_many_go_on(over: Run, size: tuple[int, int]) -> None:
    shown = text(over, size)
    for group, name in GROUPS.items():
        each = paused(over, group)
        assert name in shown
        assert f"sum {sum(each) / 1e6:.1f} s" in shown
        assert f"{each.count(0)} of 6 go on" in shown
        for us in each:
            assert f"{-(-us // MS):,} ms" in shown


def test_r109_r117_r125_what_each_protocol_costs_when_a_busy_member_has_to_let_go(over: Run) -> None:
    """Eager stops everybody until the slowest polled; cooperative and KIP-848 stop only what moves."""
    sums = {group: sum(paused(over, group)) for group in GROUPS}
    assert sums["kip-848"] < sums["cooperative"] < sums["eager"] / 2
    assert paused(over, "eager").count(0) == 0
    assert paused(over, "cooperative").count(0) == 4
    assert paused(over, "kip-848").count(0) == 4


def test_what_was_before_the_third_member_came_does_not_count(over: Run) -> None:
    last = facts.disturbance(over.state, "kip-848")
    assert last is not None
    assert (last.at_us, last.names, last.what) == (12_000_000, ("n3",), "joins")
    whole = sum(t.paused_us(over.now_us) for t in facts.tenures(over.state, "kip-848"))
    assert whole > sum(paused(over, "kip-848")) + 10_000_000, "n2 waited for its first share before that"
    assert "e3, k3 and n3 join" in text(over, (67, 21))


def test_a_killed_member_is_the_next_disturbance() -> None:
    run = open_world(EXAMPLE).to("24s").do("kill consumer e1").to("26s")
    last = facts.disturbance(run.state, "eager")
    assert last is not None
    assert (last.at_us, last.names, last.what) == (24_000_000, ("e1",), "dies")
    assert all(us == 2_000_000 for us in paused(run, "eager")[:2])


def test_partitions_of_one_history_share_a_row_where_room_is_short(over: Run) -> None:
    small, large = text(over, (60, 16)), text(over, (160, 45))
    assert "P0,1" in small
    assert "2 × " in small
    assert "P0,1" not in large
    assert all(f"P{number}" in large for number in range(6))


def test_r85_who_joins_again_may_commit_later_and_the_rebalance_is_what_is_told(over: Run) -> None:
    """Java: RebalanceInProgressException while the client itself joins, CommitFailedException once it is no member."""
    refused = [event for event in over.events(CommitRefused) if event.consumer == "k1"]
    assert refused
    assert {event.named for event in refused} == {REBALANCING}
    last = max(event.at_us for event in refused)
    assert any(e.client == "k1" and e.at_us > last for e in over.events(OffsetsCommitted))
    told_ = explained(over.log, refused[0].id)[0]
    assert told_.headline == "k1 cannot commit now"
    player = Player(open_sim, over.scenario)
    player.seek(20 * S)
    shown = RunView(player, False, False, True).why()
    assert shown is not None
    assert shown.headline == "k1 joined again: cooperative rebalances"


def tenure(number: int, *stretches: tuple[int, int | None, str]) -> Tenure:
    return Tenure("t", number, tuple(Stretch(*each) for each in stretches))


def test_the_words_say_who_let_go_when_and_who_took_it() -> None:
    moved = tenure(0, (0, 5 * S, "a"), (5 * S, 8 * S, ""), (8 * S, None, "c"))
    stays = tenure(1, (0, None, "b"))
    assert told("cooperative", (moved, stays), S, 9 * S)[0] == (
        "only P0 moves: a lets P0 go at 5.0 s; c reads P0 from 8.0 s"
    )
    assert told("KIP-848", (moved, stays), S, 6 * S)[0] == "no barrier: a lets P0 go at 5.0 s"
    assert told("KIP-848", (moved, stays), S, 6 * S)[1] == "no barrier: nobody reads P0 from 5.0 s on"
    assert told("eager", (moved,), S, 9 * S)[0].endswith("a from 5.0 s; new owners at 8.000 s")
    assert told("eager", (moved, stays), 6 * S, 9 * S) == ("nobody has let go of anything",)
