"""Lesson 15's stage: selecting records and members, biographies, the ledger, and acting on what is selected."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from textual.pilot import Pilot

from mqviz.ui.overlay import Overlay

from .worlds import World, play, running, text

S = 1_000_000


@asynccontextmanager
async def two_members(columns: int = 100, rows: int = 30) -> AsyncIterator[tuple[Pilot[None], Any]]:
    """Lesson 15 after its first bet, with a second member, and the keys on the stage."""
    async with running(World().app("lesson", "15"), columns, rows) as pilot:
        screen: Any = pilot.app.screen
        await pilot.press("down", "down", "enter")
        await play(pilot, 12)
        assert screen.tutor.prediction.settled
        screen.commands.run("add consumer group=email-consumers processing=400ms")
        screen.time.go_to(screen.player.now_us + 10 * S)
        screen.show_side(False)
        await pilot.pause()
        yield pilot, screen


async def focus(pilot: Pilot[None], screen: Any, kind: str) -> Any:
    for _ in range(40):
        await pilot.press("down")
        if screen.view.focus[0] == kind:
            return screen.view.focus
    raise AssertionError(f"no {kind} on the stage")


async def test_arrows_stop_at_producers_partitions_newest_records_and_members() -> None:
    async with two_members() as (pilot, screen):
        seen = []
        for _ in range(20):
            await pilot.press("down")
            if screen.view.focus in seen:
                break
            seen.append(screen.view.focus)
        kinds = [target[0] for target in seen]
        assert kinds.count("producer") == 2
        assert kinds.count("partition") == 3
        assert kinds.count("record") == 3
        assert ("member", "email-consumers", "c1") in seen
        assert ("member", "email-consumers", "c2") in seen


async def test_enter_on_a_record_opens_its_biography_and_arrows_go_on() -> None:
    async with two_members() as (pilot, screen):
        _, topic, partition, offset = await focus(pilot, screen, "record")
        await pilot.press("enter")
        await pilot.pause()
        assert isinstance(pilot.app.screen, Overlay)
        shown = text(pilot)
        assert f"{topic} P{partition} offset {offset}" in shown
        assert "produced" in shown
        assert "appended" in shown
        assert "esc close" in shown
        await pilot.press(*["left"] * offset)
        await pilot.pause()
        shown = text(pilot)
        assert f"P{partition} offset 0" in shown
        assert "committed" in shown
        assert "once:" in shown
        await pilot.press("left")
        assert "offset 0" in text(pilot)
        await pilot.press("escape")
        await pilot.pause()
        assert pilot.app.screen == screen
        assert screen.view.focus == ("record", topic, partition, 0)


async def test_a_second_click_on_a_record_opens_it() -> None:
    async with two_members() as (pilot, screen):
        stage = screen.stage("stage")
        place = next(p for p in stage.canvas.places if p.target[0] == "record")
        await pilot.click("#stage", offset=(place.column, place.row))
        assert screen.view.focus == place.target
        await pilot.click("#stage", offset=(place.column, place.row))
        await pilot.pause()
        assert isinstance(pilot.app.screen, Overlay)


async def test_twice_is_told_with_its_gap_and_its_reason() -> None:
    async with two_members() as (_, screen):
        screen.commands.run("kill consumer c1")
        parts = [
            p
            for p in range(3)
            if screen.player.state.cluster.consumers["c1"].partition_states.get(("email-requests", p))
        ]
        screen.time.go_to(screen.player.now_us + 80 * S)
        found = []
        for partition in parts or range(3):
            for offset in range(60):
                content = screen.records.biography("email-requests", partition, offset)
                if content is not None:
                    words = [span.text for row in content.sheet(72, 0).rows for span in row]
                    if "delivered ×2" in words:
                        found.append(" ".join(words))
        assert found
        assert "twice, because" in found[0]
        assert "░░░░" in found[0]
        assert "nobody reads P" in found[0]


async def test_the_ledger_adds_up() -> None:
    async with two_members() as (pilot, _):
        await pilot.press("G")
        await pilot.pause()
        lines = text(pilot).split("\n")
        assert any("as email-consumers sees it" in line for line in lines)
        numbers = {}
        for word in ("done", "in hand", "waiting", "not yet readable", "in flight", "lost", "sent"):
            line = next(
                line
                for line in lines
                if f" {word}" in line.split("▌")[-1][:30] and "▌" in line and any(c.isdigit() for c in line)
            )
            numbers[word] = int(line.split("▌", 1)[1].split()[0].replace(",", ""))
        assert numbers.pop("sent") == sum(numbers.values())


async def test_c_adds_k_kills_x_closes_what_is_selected() -> None:
    async with two_members() as (pilot, screen):
        await pilot.press("c")
        await pilot.pause()
        assert "add consumer" in text(pilot)
        assert str(screen.player.branch.commands[-1][1].group) == "email-consumers"
        await focus(pilot, screen, "member")
        name = screen.view.focus[2]
        await pilot.press("x")
        assert type(screen.player.branch.commands[-1][1]).__name__ == "CloseConsumer"
        assert screen.player.branch.commands[-1][1].name == name
        await focus(pilot, screen, "producer")
        await pilot.press("k")
        assert type(screen.player.branch.commands[-1][1]).__name__ == "KillProducer"


async def test_what_kafka_refuses_is_a_sentence() -> None:
    async with two_members() as (pilot, screen):
        before = len(screen.player.branch.commands)
        screen.commands.run("kill consumer nobody")
        await pilot.pause()
        assert text(pilot).split("\n")[27].startswith(" ✗ ")
        assert len(screen.player.branch.commands) == before


async def test_esc_lets_go_of_the_selection_before_it_leaves() -> None:
    async with two_members() as (pilot, screen):
        await pilot.press("down", "escape")
        await pilot.pause()
        assert pilot.app.screen == screen
        assert screen.view.focus is None
        await pilot.press("escape", "escape")
        await pilot.pause()
        assert pilot.app.screen != screen


async def test_why_tells_the_last_moment_and_a_step_tells_itself() -> None:
    async with two_members() as (pilot, screen):
        assert "c2 joined: generation" in text(pilot)
        await pilot.press("right")
        stepped = screen.view.why()
        assert stepped.at_us == screen.player.now_us
        screen.time.go_to(0)
        screen.time.go_to(screen.player.head_us - 1)
        await pilot.pause()
        assert "c2 joined: generation" in text(pilot)


@pytest.mark.parametrize(("columns", "rows"), [(80, 24), (160, 45)])
async def test_the_stage_at_the_other_sizes(columns: int, rows: int) -> None:
    async with two_members(columns, rows) as (pilot, _):
        shown = text(pilot)
        assert "email-requests" in shown
        assert "your bet" in shown
        assert "c2" in shown
        assert "why ─" in shown


async def test_c_adds_a_member_like_the_one_before() -> None:
    async with two_members() as (pilot, screen):
        await pilot.press("c")
        await pilot.pause()
        added = screen.player.branch.commands[-1][1]
        assert (added.group, added.name, added.processing) == ("email-consumers", "", 400_000)


async def test_focus_goes_with_who_left() -> None:
    async with two_members() as (pilot, screen):
        member = ("member", "email-consumers", "c2")
        screen.view.focus = member
        await pilot.press("x")
        screen.time.go_to(screen.player.now_us + 3 * S)
        await pilot.pause()
        assert screen.view.focus is None


async def test_enter_goes_on_once_the_goals_are_reached_whatever_is_selected() -> None:
    async with two_members() as (pilot, screen):
        screen.commands.run("add consumer group=email-consumers processing=400ms")
        screen.time.go_to(screen.player.now_us + 10 * S)
        await focus(pilot, screen, "record")
        await pilot.press("enter")
        await pilot.pause()
        assert pilot.app.screen == screen
        assert screen.tutor.number == 1


async def test_left_and_right_go_along_the_tape_of_a_selected_record() -> None:
    async with two_members() as (pilot, screen):
        *tape, offset = await focus(pilot, screen, "record")
        at_us = screen.player.now_us
        await pilot.press("left", "left", "right")
        assert screen.view.focus == (*tape, offset - 1)
        await pilot.press(*["right"] * 3)
        assert screen.view.focus == (*tape, offset)
        assert screen.player.now_us == at_us
        await pilot.press("escape", "right")
        assert screen.player.now_us > at_us
