"""The replication scene says what the facts say: who has which record, and which one nobody has any more."""

from __future__ import annotations

import random
from contextlib import suppress

import pytest

from mqviz import facts
from mqviz.backend import Refused
from mqviz.explain.causes import explained
from mqviz.facts import replication as facts_replication
from mqviz.folders import data
from mqviz.model.kafka.controller.events import PartitionChanged
from mqviz.model.kafka.replication.events import ReplicaTruncated
from mqviz.scenes import replication
from mqviz.scenes.view import View
from mqviz.simulate import Run, open_world
from mqviz.ui.run_view import command_on

EXAMPLE = data("assets") / "scenarios" / "replication.yaml"
SIZES = [(60, 16), (67, 21), (100, 30), (160, 45)]


def lines_at(run: Run, size: tuple[int, int]) -> list[str]:
    return replication.draw(run.state, View(run.now_us, *size)).to_text().split("\n")


def text_at(run: Run, size: tuple[int, int]) -> str:
    return "\n".join(lines_at(run, size))


@pytest.fixture(scope="module")
def whole() -> Run:
    return open_world(EXAMPLE).to("32s")


@pytest.mark.parametrize("size", SIZES)
def test_the_record_that_was_acknowledged_and_lost_is_named(size: tuple[int, int]) -> None:
    run = open_world(EXAMPLE)
    safe = text_at(run.to("8.45s"), size)
    assert "lost: " not in safe
    assert "0 lost" in safe
    dead = text_at(run.to("12s"), size)
    assert "G gil, offset 9, epoch 0" in dead
    assert "nobody else has it, and broker 1 is dead" in dead
    assert "✗ lost: only broker 1 has it" in text_at(run.to("19s"), size)
    after = text_at(run.to("24.5s"), size)
    assert "✗9" in after
    assert "✗ lost: in no log any more" in after
    assert "1 lost" in after
    assert facts.lost_records(run.state, "orders") == 1


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("at", ["0.5s", "8.45s", "12s", "19s", "22.5s", "24.5s", "31s"])
def test_every_copy_shows_its_end_and_what_it_is(size: tuple[int, int], at: str) -> None:
    run = open_world(EXAMPLE).to(at)
    lines = lines_at(run, size)
    found = facts_replication.replication(run.state, "orders", 0)
    for copy in found.copies:
        row = next(n for n, line in enumerate(lines) if f"broker {copy.broker} " in line[:14])
        assert f"end {copy.end}" in lines[row]
        word = "leads" if copy.broker == found.leader and copy.up else {"dead": "dead"}.get(copy.process, "")
        assert word in lines[row + 1]
    assert f"high watermark {found.high_watermark}" in "\n".join(lines)
    assert f"ISR {' '.join(map(str, found.isr))}" in "\n".join(lines)


def test_r26_copies_agree_up_to_where_the_leaders_epoch_began(whole: Run) -> None:
    run = open_world(EXAMPLE).to("19s")
    found = facts_replication.replication(run.state, "orders", 0)
    assert {copy.broker: copy.agrees_to for copy in found.copies} == {1: 9, 2: 9, 3: 9}
    assert [copy.end for copy in found.copies] == [10, 9, 9]
    later = facts_replication.replication(whole.state, "orders", 0)
    assert all(copy.agrees_to == copy.end == 11 for copy in later.copies)
    assert [(cut.end, cut.before) for cut in (c.cut for c in later.copies) if cut] == [(9, 10)]


def test_the_gap_without_a_leader_is_counted_from_its_last_sign(whole: Run) -> None:
    """Kafka needs broker.session.timeout.ms to notice (R10): the reign notes when the one before fell silent."""
    found = facts_replication.replication(whole.state, "orders", 0)
    last = found.leaderships[-1]
    assert (last.leader, last.epoch) == (2, 1)
    assert 8_600_000 == last.silent_us < last.at_us
    change = next(e for e in whole.log if isinstance(e, PartitionChanged) and e.leader == 2)
    told = explained(whole.log, change.id)
    assert any("nobody answered for 9,401 ms" in step.change for step in told)


def test_why_names_the_record_that_was_cut_off(whole: Run) -> None:
    cut = next(event for event in whole.log if isinstance(event, ReplicaTruncated))
    told = next(step for step in explained(whole.log, cut.id) if "cuts its log" in step.headline)
    assert told.reason == "epoch 1 began at 9 without 9 (gil): acknowledged, and lost now"


def test_with_acks_all_the_same_death_loses_nothing() -> None:
    text = EXAMPLE.read_text().replace('acks: "1"', "acks: all")
    run = open_world(text).to("32s")
    assert facts.lost_records(run.state, "orders") == 0
    assert "0 lost" in text_at(run, (67, 21))
    assert "✗ lost" not in text_at(run, (67, 21))


def test_a_broker_in_focus_can_be_killed() -> None:
    canvas = replication.draw(open_world(EXAMPLE).to("5s").state, View(5_000_000, 67, 21))
    targets = {place.target for place in canvas.places}
    assert ("broker", 1) in targets
    assert command_on(("broker", 1), "kill") == "kill broker 1"
    assert command_on(("broker", 1), "close") == "stop broker 1", (
        "a controlled shutdown is a broker's goodbye"
    )


CHAOS = """
title: Brokers at random
until: 10min
scene: replication
cluster: {brokers: 3}
topics:
  - {name: t, replication_factor: 3, config: {unclean.leader.election.enable: "true"}}
producers:
  - {name: p, topic: t, rate: 2/s, linger: 0s, acks: "1", keys: [a, b, c]}
"""
VERBS = ("kill", "pause", "resume", "restart", "isolate", "heal", "stop")


@pytest.mark.parametrize("seed", [2, 4, 5])
def test_r26_agreement_is_where_records_begin_to_differ_whatever_brokers_suffer(seed: int) -> None:
    """Leader epochs alone tell what a comparison record by record tells; and every such state can be drawn."""
    choose, run = random.Random(seed), open_world(CHAOS, seed)
    for _ in range(20):
        run.to(run.now_us + choose.randrange(200_000, 6_000_000))
        with suppress(Refused):
            run.do(f"{choose.choice(VERBS)} broker {choose.randint(1, 3)}")
        found = facts_replication.replication(run.state, "t", 0)
        led = next(copy for copy in found.copies if copy.broker == found.led_by)
        there = {(cell.offset, cell.epoch, cell.at_us) for cell in led.cells}
        for copy in found.copies:
            for cell in copy.cells:
                assert ((cell.offset, cell.epoch, cell.at_us) in there) == (cell.offset < copy.agrees_to)
        assert f"epoch {found.epoch}" in text_at(run, (67, 21))
