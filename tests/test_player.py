"""The player: wherever it goes and however, the world at a time is the world at that time."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mqviz import commands, facts
from mqviz.backend import Refused
from mqviz.capture import open_events
from mqviz.commands import GrammarError
from mqviz.model.codec import encode_event
from mqviz.model.command.events import CommandGiven
from mqviz.model.event import Weight
from mqviz.player import Player
from mqviz.sim.backend import open_sim
from tests.worlds import player, sign_up

END_US = 20_000_000


def straight(at_us: int) -> Player:
    made = player()
    made.seek(at_us)
    return made


@given(st.lists(st.integers(0, END_US), min_size=1, max_size=8))
@settings(max_examples=40)
def test_the_state_at_a_time_does_not_depend_on_the_way_there(times: list[int]) -> None:
    wandering = player()
    for at_us in times:
        wandering.seek(at_us)
    direct = straight(times[-1])
    assert wandering.state == direct.state
    assert wandering.now_us == direct.now_us == times[-1]


def test_seeking_uses_checkpoints_and_still_gives_the_same() -> None:
    wandering = player()
    wandering.history.branches[0].every = 5
    wandering.seek(END_US)
    assert len(wandering.branch.checkpoints) == 2
    for at_us in range(0, END_US, 700_000):
        wandering.seek(at_us)
        assert wandering.state == straight(at_us).state


def test_ticks_move_the_clock_by_the_speed_only_while_playing() -> None:
    moving = player()
    assert moving.tick(1_000_000) == []
    moving.play()
    seen = moving.tick(500_000)
    assert moving.now_us == 500_000
    assert all(event.at_us <= 500_000 for event in seen)
    moving.speed = 10
    moving.tick(100_000)
    assert moving.now_us == 1_500_000
    moving.speed = math.inf
    moving.tick(1)
    assert moving.now_us == END_US
    assert not moving.playing


def test_the_speed_stays_between_a_tenth_and_a_hundred() -> None:
    moving = player()
    for _ in range(20):
        moving.faster(2)
    assert moving.speed == 100
    for _ in range(20):
        moving.faster(0.5)
    assert moving.speed == 0.1


def test_steps_stop_at_every_event_of_weight_step_and_back_again() -> None:
    stepping = player()
    forward = []
    while (event := stepping.step()) is not None:
        assert event.weight >= Weight.STEP
        assert stepping.now_us >= event.at_us
        forward.append(event)
    everything = [e for e in stepping.branch.events if e.weight >= Weight.STEP and e.at_us]
    assert forward == everything
    back = []
    while (event := stepping.step_back()) is not None:
        back.append(event)
    assert back == everything[-2::-1]
    assert stepping.now_us == 0
    assert stepping.state == player().state


def test_acting_in_the_past_forks_and_the_old_branch_stays_as_it_was() -> None:
    acting = player()
    acting.seek(END_US)
    before = [encode_event(e) for e in acting.branch.events]
    acting.seek(1_000_000)
    given_event = acting.submit("fail service mail-server")
    assert isinstance(given_event, CommandGiven)
    assert [b.number for b in acting.branches] == [0, 1]
    assert acting.branch.parent == 0
    assert [encode_event(e) for e in acting.branches[0].events] == before
    acting.seek(END_US)
    assert facts.failed(acting.state, "sync") > 0
    acting.switch(acting.branches[0])
    assert acting.branch.number == 0
    acting.seek(END_US)
    assert facts.failed(acting.state, "sync") == 0
    assert [encode_event(e) for e in acting.branch.events] == before


def test_a_fork_and_a_run_that_did_the_same_from_the_start_are_the_same_bytes() -> None:
    forked = player()
    forked.seek(END_US)
    forked.seek(1_000_000)
    forked.submit("fail service mail-server")
    forked.seek(END_US)
    direct = straight(1_000_000)
    direct.submit("fail service mail-server")
    direct.seek(END_US)
    assert [encode_event(e) for e in forked.branch.events] == [encode_event(e) for e in direct.branch.events]


def test_commands_given_at_the_head_do_not_fork_even_when_paused_or_stepped() -> None:
    acting = player()
    acting.step()
    acting.submit("fail service mail-server")
    acting.submit("repair service mail-server")
    assert len(acting.branches) == 1
    assert [commands.format(c) for _, c in acting.branch.commands] == [
        "fail service mail-server",
        "repair service mail-server",
    ]


def test_undo_takes_the_last_command_back_and_goes_to_just_before_it() -> None:
    acting = straight(1_000_000)
    before = straight(1_000_000).state
    acting.submit("fail service mail-server")
    acting.seek(6_000_000)
    undone = acting.undo()
    assert undone is not None
    assert commands.format(undone) == "fail service mail-server"
    assert acting.now_us == 1_000_000
    assert acting.state == before
    assert acting.undo() is None
    acting.seek(END_US)
    assert facts.failed(acting.state, "sync") == 0


def test_foreseeing_changes_nothing_and_is_what_then_happens() -> None:
    acting = straight(1_000_000)
    events, state = len(acting.branch.events), encode_event(acting.branch.events[-1])
    seen = acting.foresee(["fail service mail-server"], 9_000_000)
    assert (len(acting.branch.events), encode_event(acting.branch.events[-1])) == (events, state)
    acting.submit("fail service mail-server")
    acting.seek(10_000_000)
    assert facts.failed(seen, "sync") == facts.failed(acting.state, "sync") > 0


def test_what_cannot_be_done_leaves_no_trace() -> None:
    acting = straight(1_000_000)
    before = (len(acting.branch.events), acting.now_us, len(acting.branches))
    for text, error in (("fail service nobody", Refused), ("fail servce x", GrammarError)):
        with pytest.raises(error):
            acting.submit(text)
        assert (len(acting.branch.events), acting.now_us, len(acting.branches)) == before


def test_moments_are_the_scenarios_the_learners_and_the_commands_in_order_of_time() -> None:
    acting = straight(1_000_000)
    acting.submit("fail service mail-server")
    acting.seek(5_000_000)
    acting.name_moment("look here")
    assert [m.name for m in acting.moments] == [
        "fail service mail-server",
        "the last arrival",
        "look here",
        "all is done",
    ]
    assert acting.next_moment() == acting.moments[3]
    assert acting.next_moment() is None
    assert acting.previous_moment() == acting.moments[2]
    assert acting.now_us == 5_000_000


def test_a_script_is_given_when_its_time_comes_and_gives_the_same_bytes() -> None:
    first = straight(1_000_000)
    first.submit("fail service mail-server")
    first.seek(4_000_000)
    first.submit("repair service mail-server")
    first.seek(END_US)
    again = player(script=first.branch.commands)
    again.seek(END_US)
    assert [encode_event(e) for e in again.branch.events] == [encode_event(e) for e in first.branch.events]
    stepped = player(script=first.branch.commands)
    while stepped.step() is not None:
        pass
    assert [encode_event(e) for e in stepped.branch.events] == [
        encode_event(e) for e in first.branch.events[: len(stepped.branch.events)]
    ]


def test_a_replay_can_be_scrubbed_and_nobody_acts_in_it() -> None:
    first = straight(END_US)
    shown = Player(open_events(first.branch.events), sign_up())
    for at_us in (10_000_000, 3_000_000, END_US):
        shown.seek(at_us)
        assert shown.state == straight(at_us).state
    with pytest.raises(Refused, match="shows what was"):
        shown.submit("fail service mail-server")


def test_another_seed_is_another_world_and_the_same_seed_the_same() -> None:
    one, same, other = player(seed=1), player(seed=1), player(seed=2)
    for each in (one, same, other):
        each.seek(END_US)
    assert one.branch.events == same.branch.events
    assert one.branch.events != other.branch.events


def test_closing_closes_the_backend() -> None:
    made = Player(open_sim, sign_up())
    made.close()
    made.close()


def test_a_named_moment_belongs_to_its_branch_and_a_fork_keeps_those_before_it() -> None:
    acting = straight(1_000_000)
    acting.name_moment("early")
    acting.submit("fail service mail-server")
    acting.seek(5_000_000)
    acting.submit("repair service mail-server")
    acting.name_moment("repaired")
    acting.undo()
    assert [moment.name for moment in acting.named] == ["early"]
    acting.switch(acting.branches[0])
    assert [moment.name for moment in acting.named] == ["early", "repaired"]


def test_a_family_of_branches_begins_at_one_with_a_name() -> None:
    acting = straight(1_000_000)
    acting.fork().name = "begun anew"
    assert [branch.number for branch in acting.family] == [1]
    acting.fork()
    assert [branch.number for branch in acting.family] == [1, 2]
    acting.switch(acting.branches[0])
    assert [branch.number for branch in acting.family] == [0]
