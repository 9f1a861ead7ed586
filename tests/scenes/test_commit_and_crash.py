"""The commit and crash scene: what it says is what the run did, and it says so at any size."""

from __future__ import annotations

import pytest

from mqviz import facts
from mqviz.folders import data
from mqviz.model.kafka.clients.consumer.events import RecordsProcessed
from mqviz.model.observed.state import Unknown
from mqviz.scenario import load_scenario
from mqviz.scenes import commit_and_crash
from mqviz.scenes.commit_and_crash.picture import Lane, picture, sentence
from mqviz.scenes.view import View
from mqviz.sim.backend import SimBackend, open_sim
from tests.model.observed.watch import Watch
from tests.scenes.moments_register import MS
from tests.sim.kafka.worlds import S, run

KILL_US, OVER_US = 17_500 * MS, 30_000 * MS
GROUPS = ("before", "after", "every-3s", "table")


def at(at_us: int) -> SimBackend:
    world = open_sim(load_scenario(data("assets") / "scenarios" / "commit-and-crash.yaml"), 7)
    world.advance(at_us)
    return world


def lanes(at_us: int, cells: int = 24) -> dict[str, Lane]:
    shown = picture(at(at_us).state, View(at_us, 100, 30), cells)
    assert shown is not None
    return {lane.group: lane for lane in shown.lanes}


def test_what_is_at_stake_just_before_the_crash_is_what_the_crash_costs() -> None:
    before, after = lanes(KILL_US - 1), lanes(OVER_US)
    for group in GROUPS:
        assert before[group].now == after[group].did
    assert [after[group].did for group in GROUPS] == [(0, 0, 2), (4, 2, 0), (8, 6, 0), (4, 0, 0)]


def test_the_costs_are_those_that_the_events_tell() -> None:
    world = open_sim(load_scenario(data("assets") / "scenarios" / "commit-and-crash.yaml"), 7)
    done: dict[str, list[int]] = {group: [0] * 80 for group in GROUPS}
    for event in world.advance(OVER_US):
        if isinstance(event, RecordsProcessed):
            for offset in range(event.first, event.end):
                done[event.group][offset] += 1
    for lane in lanes(OVER_US).values():
        below = [count for offset, count in enumerate(done[lane.group]) if offset < lane.begin]
        held = sum(
            not done[lane.group][o] for first, end in lane.in_hand for o in range(first, min(end, lane.begin))
        )
        assert lane.did[1] == sum(count > 1 for count in done[lane.group])
        assert lane.did[2] == below.count(0) - held


@pytest.mark.parametrize("at_us", [11_500 * MS, KILL_US - 1, 20_000 * MS, 25_500 * MS, OVER_US])
def test_the_sum_of_what_became_of_the_records_is_all_of_them(at_us: int) -> None:
    state = at(at_us).state
    for each in facts.exposures(state, "orders", 0):
        tally = each.tally
        high = state.cluster.partition("orders", 0).led.high_watermark
        assert tally.once + tally.more + tally.lost + tally.in_hand + tally.waiting == high
        assert min(tally.once, tally.more, tally.lost, tally.in_hand, tally.waiting) >= 0


def test_the_sentences() -> None:
    assert [sentence(lane) for lane in lanes(KILL_US - 1).values()] == [
        "16 is committed, and 2 below it are not done: a crash loses them",
        "4 read and not committed: read again after a crash, 2 of them done twice",
        "8 read and not committed: read again after a crash, 6 of them done twice",
        "4 read and not committed: read again after a crash, what is done is recognised",
    ]
    assert [sentence(lane) for lane in lanes(20_000 * MS).values()][:2] == [
        "b1 died at 17.500 s; the next one will begin at 16; 2 lost",
        "a1 died at 17.500 s; the next one will begin at 12",
    ]
    assert sentence(lanes(OVER_US)["after"]) == (
        "a1 died at 17.500 s; the next one began at 12: 4 again, 2 twice, 0 lost"
    )


def test_a_transaction_that_is_aborted_has_no_effect_and_is_done_again() -> None:
    sink = "add producer E topic=out rate=0/s linger=0s transactional.id=E"
    reader = (
        "add consumer c1 group=g topic=t processing=500ms max_poll_records=4 auto_offset_reset=earliest "
        "session_timeout=6s commit=transaction output=E"
    )
    source = "add producer p topic=t rate=4/s linger=0s"
    world = run("create topic t", "create topic out", source, sink, brokers=1).to(3 * S)
    world.do(reader).to(6 * S)
    (each,) = facts.exposures(world.state, "t", 0)
    assert each.now.again == 4
    assert each.now.twice == each.now.lost == 0
    world.do("kill consumer c1").to(7 * S).do(sink, reader).to(20 * S)
    (each,) = facts.exposures(world.state, "t", 0)
    assert (each.did.again, each.did.twice, each.did.lost) == (4, 0, 0)
    assert world.state.cluster.groups["g"].records["t-0"].more_than_once() > 0


@pytest.mark.parametrize("size", [(20, 6), (40, 10), (60, 16), (67, 21), (100, 30), (160, 45), (240, 70)])
def test_it_fits_any_size(size: tuple[int, int]) -> None:
    state = at(25_500 * MS).state
    canvas = commit_and_crash.draw(state, View(25_500 * MS, *size))
    assert (canvas.columns, canvas.rows) == size
    if size[1] < 16:
        assert "more groups" in canvas.to_text()


def test_records_members_and_groups_can_be_chosen() -> None:
    canvas = commit_and_crash.draw(at(25_500 * MS).state, View(25_500 * MS, 67, 21))
    kinds = {place.target[0] for place in canvas.places}
    assert kinds == {"partition", "group", "member", "record"}


def test_named_facts_tell_the_costs() -> None:
    state = at(OVER_US).state
    assert facts.NAMED["read_again"](state, "every-3s", "orders", 0) == 8
    assert facts.NAMED["never_done"](state, "before", "orders", 0) == 2
    assert facts.NAMED["never_done"](state, "nobody", "orders", 0) == 0


def test_of_a_real_cluster_nothing_is_told() -> None:
    watch = Watch()
    watch.topic("orders", 1)
    canvas = commit_and_crash.draw(watch.state, View(watch.now_us, 67, 21))
    assert "only a simulated cluster shows what a crash costs" in canvas.to_text()
    assert isinstance(facts.NAMED["read_again"](watch.state, "g", "orders", 0), Unknown)
    assert isinstance(facts.NAMED["time_lag"](watch.state, "g", "orders", 0), Unknown)
