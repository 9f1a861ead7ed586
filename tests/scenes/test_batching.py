"""The batching scene against what its producer really did."""

from __future__ import annotations

import re

import pytest

from mqviz.facts import batching as facts_batching
from mqviz.facts.batching import AccumulatorView
from mqviz.folders import data
from mqviz.player import Player
from mqviz.scenario import load_scenario, read_scenario
from mqviz.scenes import batching
from mqviz.scenes.view import View
from mqviz.sim.backend import open_sim

SIZES = [(60, 16), (67, 21), (160, 45)]
WORLD = """
title: Batches
until: 60s
scene: batching
cluster: {{link_latency: 200ms}}
topics: [{{name: orders, partitions: {partitions}}}]
producers:
  - {{name: shop, topic: orders, rate: {rate}, keys: [a, b, c, d], linger: 1s, batch_size: 500B, value_size: 60B{extra}}}
"""


def player(rate: str = "8/s", partitions: int = 3, extra: str = "", at_ms: int = 10_000) -> Player:
    text = WORLD.format(rate=rate, partitions=partitions, extra=extra)
    found = Player(open_sim, read_scenario(text, "a test"))
    found.seek(at_ms * 1_000)
    return found


def text(run: Player, size: tuple[int, int] = (67, 21)) -> str:
    return batching.draw(run.state, View(run.now_us, *size)).to_text()


def reading(run: Player) -> AccumulatorView:
    return facts_batching.accumulators(run.state)[0]


@pytest.mark.parametrize("at_ms", range(0, 60_000, 7_300))
def test_every_record_is_somewhere(at_ms: int) -> None:
    """Waiting, on its way, acknowledged or given up: the sum is what send() took."""
    run = Player(open_sim, load_scenario(data("assets") / "scenarios" / "batching.yaml"))
    run.seek(at_ms * 1_000)
    shown = reading(run)
    inside = sum(len(batch.keys) for queue in shown.queues for batch in (*queue.waiting, *queue.left))
    done = sum(queue.confirmed for queue in shown.queues)
    assert inside + done + shown.lost == run.state.cluster.producers["shop"].sent
    assert (
        shown.buffered == 400 * sum(len(queue.waiting) + len(queue.left) for queue in shown.queues)
        or at_ms > 45_000
    )


@pytest.mark.parametrize("size", SIZES)
def test_r42_a_batch_fills_until_linger_is_over_or_it_is_full(size: tuple[int, int]) -> None:
    run = player()
    for at_ms in range(10_000, 13_000, 130):
        run.seek(at_ms * 1_000)
        for queue in reading(run).queues:
            for batch in queue.waiting:
                filling = batch.place == facts_batching.FILLING
                assert filling == (
                    run.now_us < batch.due_us and batch.bytes < 500 and batch is queue.waiting[-1]
                )
                if filling:
                    assert batch.due_us - batch.created_at_us == 1_000_000
    filling = [q for q in reading(run).queues if q.waiting and q.waiting[-1].place == facts_batching.FILLING]
    assert len(re.findall(r"\d · \d", text(run, size))) == len(filling) > 0


@pytest.mark.parametrize("size", SIZES)
def test_r44_a_send_that_waits_for_memory_says_so(size: tuple[int, int]) -> None:
    run = player(rate="40/s", extra=", config: {buffer.memory: 1500}", at_ms=1_500)
    shown = reading(run)
    assert shown.blocked == "buffer.memory"
    found = text(run, size)
    assert "1,500 of 1,500 B" in found
    assert re.search(r"blocked \d+ ms of 1 min", found)
    assert "goes on at once" not in found
    assert "goes on at once" in text(player(), size)


def test_r43_requests_in_flight_are_counted_against_their_limit() -> None:
    run = player(rate="40/s", extra=", max_in_flight: 2", at_ms=3_000)
    count = dict(reading(run).requests)[1]
    assert 0 < count <= 2
    assert f"B1 {'●' * count}{'○' * (2 - count)}" in text(run)


def test_r46_r47_what_is_sent_again_and_what_is_split_is_said() -> None:
    run = Player(open_sim, load_scenario(data("assets") / "scenarios" / "batching.yaml"))
    run.seek(26_400_000)
    assert re.search(r"×\d in \d+ ms|×\d", text(run))
    run.seek(47_600_000)
    assert "split" in text(run)


def test_r54_librdkafka_does_not_block() -> None:
    assert "librdkafka" in text(player(extra=", partitioner: librdkafka"))


def test_r29_without_acks_nothing_is_in_flight() -> None:
    found = text(player(extra=", acks: '0'"))
    assert "acks=0" in found
    assert "▒ B1" not in found


@pytest.mark.parametrize("size", SIZES)
def test_partitions_that_do_not_fit_are_counted(size: tuple[int, int]) -> None:
    run = player(rate="200/s", partitions=30, extra=", partitioner: random")
    found = text(run, size)
    rows = len(re.findall(r"^ P\d+ ", found, re.M))
    more = re.search(r"\+(\d+) more", found)
    assert more
    assert rows + int(more[1]) == len(reading(run).queues)


def test_before_a_producer_is_there() -> None:
    run = Player(open_sim, read_scenario("title: x\nuntil: 1s\nscene: batching\n", "a test"))
    assert "no producer yet" in text(run)
