"""No topic that mqviz made is forgotten, and none that it did not make is ever deleted."""

from pathlib import Path

import pytest

from mqviz.live.drive.plan import Names
from mqviz.live.drive.topics import Ledger


def test_only_names_of_the_run_can_be_noted(tmp_path: Path) -> None:
    ledger = Ledger(Names("aaaaaa"), "cluster", tmp_path)
    ledger.add("mqviz.aaaaaa.orders")
    with pytest.raises(ValueError, match=r"mqviz\.bbbbbb\.orders is not a name of run aaaaaa"):
        ledger.add("mqviz.bbbbbb.orders")
    assert ledger.topics == ["mqviz.aaaaaa.orders"]


def test_a_run_that_ended_well_leaves_no_note(tmp_path: Path) -> None:
    ledger = Ledger(Names("aaaaaa"), "cluster", tmp_path)
    ledger.add("mqviz.aaaaaa.orders")
    ledger.forget()
    ledger.close()
    assert list(tmp_path.iterdir()) == []


def test_the_next_run_on_the_same_cluster_finds_what_a_dead_run_left(tmp_path: Path) -> None:
    dead = Ledger(Names("aaaaaa"), "cluster", tmp_path)
    dead.add("mqviz.aaaaaa.orders")
    elsewhere = Ledger(Names("bbbbbb"), "another cluster", tmp_path)
    elsewhere.add("mqviz.bbbbbb.orders")
    alive = Ledger(Names("cccccc"), "cluster", tmp_path)
    alive.add("mqviz.cccccc.orders")
    dead.close()
    elsewhere.close()
    found = Ledger(Names("dddddd"), "cluster", tmp_path).left_over()
    assert found == {tmp_path / "aaaaaa.json": ["mqviz.aaaaaa.orders"]}


def test_a_note_cannot_name_topics_of_somebody_else(tmp_path: Path) -> None:
    (tmp_path / "aaaaaa.json").write_text(
        '{"cluster_id": "cluster", "topics": ["payments", "mqviz.aaaaaa.orders", "mqviz.bbbbbb.orders"]}'
    )
    (tmp_path / "eeeeee.json").write_text("damaged")
    found = Ledger(Names("dddddd"), "cluster", tmp_path).left_over()
    assert found == {tmp_path / "aaaaaa.json": ["mqviz.aaaaaa.orders"]}
