"""Attached to a cluster: groups worst first, filter, sort, the group as a log, and a cluster that goes away."""

from typing import Any

import pytest
from textual.pilot import Pilot

from mqviz.model.observed.events import ConnectionBack, ConnectionLost, GroupsListed
from mqviz.ui.attach import Attach
from mqviz.ui.watched_log import WatchedLog
from tests.model.observed.watch import Watch

from .worlds import World, running, text


async def look(pilot: Pilot[None]) -> Any:
    screen = pilot.app.screen
    screen.frame(200_000)  # type: ignore[attr-defined]
    await pilot.pause()
    return screen


def groups(pilot: Pilot[None]) -> list[str]:
    names = ("email-consumers", "audit", "billing", "fraud-check")
    lines = text(pilot).split("\n")[2:8]
    return [
        name
        for line in lines
        for name in names
        if line[1:].lstrip("►").split(" ")[0] == name or f" {name} " in f" {line[2:20]}"
    ]


async def test_the_table_with_evidence_age_and_cost() -> None:
    async with running(World().app("attach", "localhost:9092")) as pilot:
        await look(pilot)
        shown = text(pilot)
        assert "mqviz  attach  localhost:9092  read-only" in shown
        assert "3 brokers · 4 groups" in shown
        assert "↑ BEHIND   p3 takes 310 of 410 records/s" in shown
        assert "● live   beat 0.1 s, 7 requests   every 2 s" in shown
        assert shown.split("\n")[28].endswith("12:01:00")


async def test_the_watch_is_told_what_is_on_screen() -> None:
    world = World()
    async with running(world.app("attach", "localhost:9092")) as pilot:
        await look(pilot)
        focus, visible = world.looked[-1]
        assert focus == "email-consumers"
        assert set(visible or ()) == {"email-consumers", "audit", "billing", "fraud-check"}
        await pilot.press("j")
        assert world.looked[-1][0] != "email-consumers"


async def test_j_and_k_choose_and_the_detail_follows() -> None:
    async with running(World().app("attach", "localhost:9092")) as pilot:
        screen = await look(pilot)
        await pilot.press("j")
        assert screen.chosen != "email-consumers"
        assert f" {screen.chosen} ─" in text(pilot)
        await pilot.press("k")
        assert screen.chosen == "email-consumers"


async def test_filter_by_name_and_back() -> None:
    async with running(World().app("attach", "localhost:9092")) as pilot:
        screen = await look(pilot)
        await pilot.press("slash", *"bil", "enter")
        await pilot.pause()
        assert [row.group for row in screen.rows()] == ["billing"]
        assert "filter: bil, 1 of 4" in text(pilot)
        await pilot.press("slash", "backspace", "backspace", "backspace", "enter")
        await pilot.pause()
        assert len(screen.rows()) == 4


async def test_shift_letters_sort_and_turn_round() -> None:
    async with running(World().app("attach", "localhost:9092")) as pilot:
        screen = await look(pilot)
        await pilot.press("N")
        names = [row.group for row in screen.rows()]
        assert names == sorted(names)
        assert "sorted by name" in text(pilot)
        await pilot.press("N")
        assert [row.group for row in screen.rows()] == names[::-1]
        for key in "LSIO":
            await pilot.press(key)
            assert {row.group for row in screen.rows()} == set(names)
        await pilot.press("L")
        assert screen.rows()[0].group == "email-consumers" or screen.reverse
        await pilot.press("V")
        assert screen.rows()[0].group == "email-consumers"
        assert "sorted by" not in text(pilot)


async def test_enter_opens_the_same_partition_log_as_the_lessons() -> None:
    async with running(World().app("attach", "localhost:9092")) as pilot:
        await look(pilot)
        await pilot.press("enter")
        await pilot.pause()
        screen: Any = pilot.app.screen
        assert isinstance(screen, WatchedLog)
        shown = text(pilot)
        assert screen.view.focus == ("partition", "orders", 3)
        assert "keys not read" in shown
        assert "c-2" in shown
        assert "BEHIND: p3 takes 310" in shown
        await pilot.press("down")
        assert screen.view.focus != ("partition", "orders", 3)
        await pilot.press("escape")
        await pilot.pause()
        assert isinstance(pilot.app.screen, Attach)


async def test_a_lost_cluster_leaves_its_last_picture_faded_with_its_age() -> None:
    world = World()
    async with running(world.app("attach", "localhost:9092")) as pilot:
        screen = await look(pilot)
        table = text(pilot).split("\n")[1:12]
        world.watch.wait(12)
        world.watch.post(ConnectionLost, 0, "connection refused")
        await look(pilot)
        shown = text(pilot)
        assert "✗ lost, seen 12" in shown.split("\n")[0]
        assert "connection refused; asking again" in shown
        assert screen.stage("table").sunk
        assert text(pilot).split("\n")[2].split("  ")[0] == table[1].split("  ")[0]
        world.watch.post(ConnectionBack, 0)
        await look(pilot)
        assert not screen.stage("table").sunk


async def test_a_lesson_opens_only_where_it_exists() -> None:
    async with running(World().app("attach", "localhost:9092")) as pilot:
        screen = await look(pilot)
        screen._titles = {}
        await pilot.press("l")
        assert "no lesson of this version" in text(pilot)
        assert "l lesson" not in text(pilot).split("\n")[29]


async def test_the_watch_ends_with_the_screen() -> None:
    world = World()
    async with running(world.app("attach", "localhost:9092")) as pilot:
        await look(pilot)
        await pilot.press("escape")
        await pilot.pause()
        assert world.backend.closed


@pytest.mark.parametrize("columns", [60, 80, 100])
async def test_esc_takes_the_filter_away_before_it_leaves(columns: int) -> None:
    async with running(World().app("attach", "localhost:9092"), columns) as pilot:
        screen = await look(pilot)
        await pilot.press("slash", *"bil", "enter")
        await pilot.pause()
        assert "filter: bil, 1 of 4" in text(pilot)
        assert "esc all groups" in text(pilot)
        await pilot.press("escape")
        assert pilot.app.screen == screen
        assert len(screen.rows()) == 4
        assert "filter" not in text(pilot).split("\n")[28]
        await pilot.press("escape")
        await pilot.pause()
        assert pilot.app.screen != screen


async def test_focus_is_on_the_top_row_until_somebody_picks() -> None:
    async with running(World().app("attach", "localhost:9092")) as pilot:
        screen = await look(pilot)
        for key in "NV":
            await pilot.press(key)
            assert screen.chosen == screen.rows()[0].group
        await pilot.press("j", "j")
        picked = screen.chosen
        await pilot.press("N")
        assert screen.chosen == picked != screen.rows()[0].group


def without_commits() -> World:
    """The group fraud-check was read, and has none."""
    world = World()
    world.watch.beat("fraud-check")
    return world


async def test_a_group_without_a_topic_says_so_instead_of_another_ones_log() -> None:
    async with running(without_commits().app("attach", "localhost:9092")) as pilot:
        screen = await look(pilot)
        screen._pick("fraud-check")
        await pilot.press("enter")
        assert pilot.app.screen == screen
        assert "fraud-check: no topic that it reads is known" in text(pilot)


async def test_what_was_said_goes_when_it_no_longer_holds() -> None:
    world = without_commits()
    async with running(world.app("attach", "localhost:9092")) as pilot:
        screen = await look(pilot)
        screen._pick("fraud-check")
        await pilot.press("enter")
        assert "no topic that it reads is known" in text(pilot)
        world.watch.commits("fraud-check", orders={0: 1})
        await look(pilot)
        assert "no topic that it reads is known" not in text(pilot)
        await pilot.press("enter")
        await pilot.pause()
        assert isinstance(pilot.app.screen, WatchedLog)


async def test_before_the_first_answer_it_says_that_commits_were_not_read_yet() -> None:
    watch = Watch()
    async with running(World(watch).app("attach", "localhost:9092")) as pilot:
        await look(pilot)
        await pilot.press("enter")
        assert "no group was seen yet" in text(pilot)
        watch.group("billing", state="Empty")
        await look(pilot)
        assert "no group was seen yet" not in text(pilot)
        await pilot.press("enter")
        assert "billing: its commits were not read yet, so there is no log to show" in text(pilot)


async def test_what_was_said_never_hides_a_lost_cluster() -> None:
    world = without_commits()
    async with running(world.app("attach", "localhost:9092")) as pilot:
        screen = await look(pilot)
        screen._pick("fraud-check")
        await pilot.press("enter")
        world.watch.post(ConnectionLost, 0, "connection refused")
        await look(pilot)
        status, said = text(pilot).split("\n")[28:30]
        assert "✗ lost   connection refused; asking again" in status
        assert "fraud-check: no topic that it reads is known" in said
        await pilot.press("up")
        assert "? keys" in text(pilot).split("\n")[29]


async def test_a_watched_log_tells_the_time_of_day_and_promises_no_key_that_it_lacks() -> None:
    async with running(World().app("attach", "localhost:9092")) as pilot:
        await look(pilot)
        await pilot.press("enter")
        await pilot.pause()
        why = next(line for line in text(pilot).split("\n") if "BEHIND: p3" in line)
        assert why.startswith(" 12:01:00 ")
        await pilot.press("question_mark")
        await pilot.pause()
        shown = text(pilot)
        assert "biography" not in shown
        assert "scrubs" not in shown
        assert "partition or member below" in shown


async def test_a_long_watch_says_how_much_of_it_was_thinned() -> None:
    async with running(World().app("attach", "localhost:9092")) as pilot:
        screen = await look(pilot)
        assert "thinned" not in text(pilot)
        screen.player.branch.thinned = 12_345
        screen.redraw()
        await pilot.pause()
        assert "thinned: 12,345 older looks" in text(pilot)


async def test_a_group_that_is_gone_closes_its_log_and_is_told() -> None:
    world = World()
    async with running(world.app("attach", "localhost:9092")) as pilot:
        screen = await look(pilot)
        await pilot.press("enter")
        await pilot.pause()
        assert isinstance(pilot.app.screen, WatchedLog)
        world.watch.post(GroupsListed, 0, 1, {}, ("email-consumers",))
        screen.frame(200_000)
        log: Any = pilot.app.screen
        log.redraw()
        await pilot.pause()
        assert isinstance(pilot.app.screen, Attach)
        assert "email-consumers: the group is gone" in text(pilot)
