"""The transactions scene says what the log says, at every size, and its machines are those of the tables."""

from __future__ import annotations

from itertools import pairwise

import pytest

from mqviz.facts import transactions as facts_transactions
from mqviz.model.kafka.clients.producer.state import TRANSACTION_MOVES as CLIENT
from mqviz.model.kafka.coordinator.transaction.state import MOVES as COORDINATOR
from mqviz.scenes import transactions
from mqviz.scenes.canvas import Canvas
from mqviz.scenes.transactions.machine import draw_ways, ways
from mqviz.scenes.view import View
from mqviz.simulate import open_world

SOURCE = """
title: Two transactions
until: 60s
scene: transactions
cluster: {brokers: 1, group_initial_rebalance_delay: 0s}
topics:
  - {name: t}
producers:
  - {name: T, topic: t, rate: 0/s, linger: 0s, config: {transactional.id: T}}
  - {name: n, topic: t, rate: 0/s, linger: 0s}
consumers:
  - {name: rc, group: rc, topic: t, processing: 1ms, auto_offset_reset: earliest, config: {isolation.level: read_committed}}
  - {name: ru, group: ru, topic: t, processing: 1ms, auto_offset_reset: earliest}
"""


def text(*commands: str, columns: int = 67, rows: int = 21) -> str:
    """The scene after these commands, a second apart."""
    run = open_world(SOURCE).to("1s")
    for number, command in enumerate(commands, 2):
        run.do(command).to(f"{number}s")
    return transactions.draw(run.state, View(run.now_us, columns, rows)).to_text()


OPEN = (
    "init transaction T",
    "send record n key=x",
    "begin transaction T",
    "send record T key=y count=2",
    "send record n key=z",
)


def row(picture: str, name: str) -> str:
    return next(line for line in picture.splitlines() if line.strip().startswith(name))


def test_what_is_open_holds_back_what_is_behind_it() -> None:
    picture = text(*OPEN)
    assert "3 held back by T" in picture
    assert "LSO 1" in picture
    assert "HW 4" in picture
    assert row(picture, "read_committed").count("░") == 3
    assert [sign for sign in row(picture, "read_uncommitted") if sign in "XYZ"] == ["X", "Y", "Y", "Z"]
    assert "Ongoing" in picture
    assert "IN_TRANSACTION" in picture


@pytest.mark.parametrize(("end", "sign", "seen"), [("commit", "✓", "XYYZ"), ("abort", "✗", "XZ")])
def test_what_has_ended_is_seen_by_its_outcome(end: str, sign: str, seen: str) -> None:
    picture = text(*OPEN, f"{end} transaction T")
    assert "nothing is held back" in picture
    assert "LSO = HW 5" in picture
    assert sign in row(picture, "log")
    assert sign in row(picture, "T ")
    assert [s for s in row(picture, "read_committed") if s in "XYZ"] == list(seen)
    assert row(picture, "read_committed").count("·") == 4 - len(seen)
    assert row(picture, "read_uncommitted").count("·") == 0


def test_the_ledger_counts_every_offset() -> None:
    run = open_world(SOURCE).to("1s")
    for number, command in enumerate((*OPEN, "abort transaction T"), 2):
        run.do(command).to(f"{number}s")
    (partition,) = facts_transactions.partitions(run.state)
    assert facts_transactions.counts(partition) == (2, 0, 2, 0, 1)
    assert sum(facts_transactions.counts(partition)) == partition.led.high_watermark


def test_the_machines_are_those_of_the_tables() -> None:
    trunk, branches = ways(COORDINATOR)
    assert trunk == ("Empty", "Ongoing")
    assert {state for way in branches for state in way} | set(trunk) | {"Dead"} == set(COORDINATOR)
    trunk, branches = ways(CLIENT)
    assert trunk == ("UNINITIALIZED", "INITIALIZING", "READY", "IN_TRANSACTION")
    assert {state for way in branches for state in way} | set(trunk) | {"FATAL_ERROR"} == set(CLIENT)
    for table in (COORDINATOR, CLIENT):
        trunk, branches = ways(table)
        for way in ((*trunk, branches[0][0]), *branches):
            assert all(then in table[state] for state, then in pairwise(way))


def test_a_table_with_another_move_is_drawn_with_it() -> None:
    canvas = Canvas(60, 3)
    table = {"A": ("B",), "B": ("C", "D"), "C": ("A",), "D": (), "end": ()}
    assert draw_ways(canvas, table, 1, 0, "C", 3) == 2
    assert canvas.to_text().splitlines()[:2] == [" A ──► B ┬─► C ╌╌► A", "         ╰─► D"]


def test_every_size_has_the_numbers() -> None:
    for columns, rows in ((40, 10), (60, 16), (80, 22), (160, 45)):
        picture = text(*OPEN, columns=columns, rows=rows)
        assert "LSO 1" in picture
        assert "HW 4" in picture or columns < 60
