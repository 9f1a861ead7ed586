"""The group states scene: the machine is the table, the path is what happened."""

from __future__ import annotations

from itertools import pairwise

import pytest

from mqviz import facts
from mqviz.facts import machines
from mqviz.facts.machines import GROUP_TABLES, MEMBER_TABLES
from mqviz.folders import data
from mqviz.model.kafka.broker.state import MOVES as BROKER_MOVES
from mqviz.model.kafka.coordinator.transaction.state import MOVES as TRANSACTION_MOVES
from mqviz.model.moves import MOST_STEPS, Table
from mqviz.player import Player
from mqviz.scenario import load_scenario, read_scenario
from mqviz.scenes import group_states
from mqviz.scenes.canvas import Canvas
from mqviz.scenes.group_states.machine import draw_machine, ending, plan
from mqviz.scenes.view import View
from mqviz.sim.backend import open_sim

TABLES = [*GROUP_TABLES.values(), *MEMBER_TABLES.values(), BROKER_MOVES, TRANSACTION_MOVES]
SIZES = [(60, 16), (67, 21), (160, 45)]
SIDES = {
    "│": "ud", "─": "lr", "╭": "rd", "╮": "ld", "╰": "ru", "╯": "lu",
    "┬": "lrd", "┴": "lru", "├": "udr", "┤": "udl", "┼": "lrud", "↑": "ulrd", "↓": "ulrd",
}  # fmt: skip
STEPS = {"l": (-1, 0), "r": (1, 0), "u": (0, -1), "d": (0, 1)}


def moves(table: Table) -> set[tuple[str, str]]:
    return {(now, then) for now, nexts in table.items() for then in nexts if now != then}


@pytest.mark.parametrize("columns", [58, 65, 158])
@pytest.mark.parametrize("table", TABLES)
def test_r100_r129_the_lines_are_the_moves_of_the_table(table: Table, columns: int) -> None:
    found = plan(table, 1, columns)
    drawn = {(before, then) for before, then in pairwise(found.states) if then in table[before]}
    drawn |= {(source, bus.target) for bus in found.buses for source in bus.sources}
    drawn |= {(state, found.end) for state in found.states if found.end}
    assert drawn == moves(table)


@pytest.mark.parametrize("table", GROUP_TABLES.values(), ids=GROUP_TABLES)
def test_from_the_port_of_a_state_lines_lead_to_each_state_that_may_follow(table: Table) -> None:
    """Walk the drawn signs: what can be reached from where a line leaves is what the table allows."""
    found = plan(table, 1, 118)
    canvas = Canvas(120, found.rows + 1)
    draw_machine(canvas, found, table, 0, "Stable", None, frozenset())
    base = found.above
    arrows = {found.port(bus.target, False): (bus.target, bus.above) for bus in found.buses}
    for state in found.states:
        for above in (True, False):
            reached = _walk(canvas, found.port(state, True), base + (-1 if above else 1), base)
            targets = {arrows[column][0] for column, row in reached if canvas.cell(column, row)[0] in "↑↓"}
            wanted = {b.target for b in found.buses if b.above == above and state in b.sources}
            assert targets >= wanted
            assert targets <= {then for _, then in moves(table)}


def _walk(canvas: Canvas, column: int, row: int, base: int) -> set[tuple[int, int]]:
    """Cells of the lines that hang together; a line that is crossed goes on behind the one that crosses it."""
    seen: set[tuple[int, int]] = set()
    todo = [(column, row, "u" if row < base else "d")]
    while todo:
        column, row, way = todo.pop()
        if (column, row) in seen or not 0 <= row < canvas.rows or row == base:
            continue
        sign = canvas.cell(column, row)[0]
        if sign == "│" and way in "lr":
            todo.append((column + STEPS[way][0], row, way))
        elif sign in SIDES:
            seen.add((column, row))
            todo += [(column + STEPS[s][0], row + STEPS[s][1], s) for s in SIDES[sign]]
    return seen


def test_the_state_that_all_may_go_to_stands_apart() -> None:
    assert {ending(table) for table in GROUP_TABLES.values()} == {"Dead"}
    assert ending({"a": ("b",), "b": ("a",)}) == ""


@pytest.fixture(scope="module")
def run() -> Player:
    return Player(open_sim, load_scenario(data("assets") / "scenarios" / "group-states.yaml"))


@pytest.mark.parametrize("at_ms", [100, 3_000, 6_004, 10_000, 18_000, 33_000, 52_000, 65_000])
def test_the_path_ends_in_the_state_of_now_and_each_step_is_legal(run: Player, at_ms: int) -> None:
    run.seek(at_ms * 1_000)
    states = {group.name: group.state for group in facts.groups(run.state)}
    for group in machines.machines(run.state):
        table = GROUP_TABLES[group.protocol]
        assert group.path[-1][1] == group.state == states[group.name]
        assert all(then in table[before] for (_, before, _), (_, then, _) in pairwise(group.path))
        assert [at for at, _, _ in group.path] == sorted(at for at, _, _ in group.path)
        assert all(member.state in MEMBER_TABLES[group.protocol] for member in group.members)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("at_ms", [3_000, 18_000, 40_000, 65_000])
def test_the_state_of_now_is_lit_and_named_with_its_members(
    run: Player, size: tuple[int, int], at_ms: int
) -> None:
    run.seek(at_ms * 1_000)
    for scroll, group in enumerate(machines.machines(run.state)):
        canvas = group_states.draw(run.state, View(run.now_us, *size, scroll=scroll))
        text = canvas.to_text()
        assert f"{group.state} for " in text
        for member in group.members:
            assert any(member.name in line and member.state in line for line in text.split("\n"))
        cells = [canvas.cell(column, row) for row in range(size[1]) for column in range(size[0])]
        lit = "".join(sign for sign, look in cells if look.bg in ("ok", "wait"))
        assert str(group.state) in lit


def test_a_path_is_remembered_in_bounded_memory() -> None:
    text = """
title: x
until: 300s
scene: group-states
topics: [{name: orders}]
consumers: [{name: c1, group: g, topic: orders}]
timetable:
"""
    for number in range(20):
        text += f"  - {{at: {10 + 10 * number}s, do: add consumer d{number} group=g topic=orders}}\n"
        text += f"  - {{at: {15 + 10 * number}s, do: close consumer d{number}}}\n"
    found = Player(open_sim, read_scenario(text, "a test"))
    found.seek(290_000_000)
    path = machines.machines(found.state)[0].path
    assert len(path) == MOST_STEPS
    assert path[0][0] > 10_000_000


def test_a_share_group_and_nothing_at_all_can_be_drawn() -> None:
    run = Player(open_sim, load_scenario(data("assets") / "scenarios" / "share-group.yaml"))
    run.seek(10_000_000)
    text = group_states.draw(run.state, View(run.now_us, 67, 21)).to_text()
    assert "share group" in text
    assert "Stable for" in text
    empty = Player(open_sim, read_scenario("title: x\nuntil: 1s\nscene: group-states\n", "a test"))
    assert "no group yet" in group_states.draw(empty.state, View(0, 60, 16)).to_text()


def test_what_the_coordinator_believes_and_what_the_process_is_stand_side_by_side(run: Player) -> None:
    """A killed member is stable for its group until its session ends."""
    run.seek(33_000_000)
    killed = {m.name: m for g in machines.machines(run.state) for m in g.members if m.name in ("c1", "k1")}
    assert {m.process for m in killed.values()} == {"dead"}
    assert {m.state.upper() for m in killed.values()} == {"STABLE"}
    for scroll, name in enumerate(("c1", "k1")):
        text = group_states.draw(run.state, View(run.now_us, 160, 30, scroll=scroll)).to_text()
        line = next(line for line in text.split("\n") if line.startswith(f" {name}"))
        assert "✗ dead" in line
        assert "stable" in line.lower()
    text = group_states.draw(run.state, View(run.now_us, 160, 30, scroll=1)).to_text()
    head = next(line for line in text.split("\n") if line.startswith(" members"))
    assert all(state in head for state in machines.PROCESS_STATES["consumer"]), "R124"
