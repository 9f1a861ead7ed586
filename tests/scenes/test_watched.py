"""The same scenes fed by a watched cluster: a State made of the events that the observing half posts."""

from __future__ import annotations

import pytest

from mqviz.facts.watched.detail import group_detail
from mqviz.facts.watched.lag import group_rows, other_groups
from mqviz.scenes import partition_log
from mqviz.scenes.canvas import Canvas
from mqviz.scenes.lag_detail import paint
from mqviz.scenes.lag_table import LagView
from mqviz.scenes.view import View
from tests.model.observed.watch import NOON_US, Watch, flow, member

SIZES = [(60, 16), (80, 21), (100, 27), (160, 42)]


def a_hot_partition() -> Watch:
    """Three partitions, two members; partition 2 gets more than its reader can take, broker 3 goes away later."""
    watch = Watch()
    watch.topic("orders", 3)
    watch.group("billing", member("c-1", orders=(0, 1)), member("c-2", orders=(2,)))
    watch.group("audit")
    flow(
        watch, "billing", "orders", dict.fromkeys(range(3), (10000, 9990)),
        {0: (20, 20), 1: (20, 20), 2: (300, 110)},
    )  # fmt: skip
    return watch


def log_of(watch: Watch, size: tuple[int, int]) -> Canvas:
    return partition_log.draw(watch.state, View(watch.now_us, *size, group="billing"))


def table_of(watch: Watch, size: tuple[int, int]) -> Canvas:
    rows = group_rows(watch.state)
    chosen = rows[0].group
    shown = LagView(rows, chosen, group_detail(watch.state, chosen), other_groups(watch.state), "", NOON_US)
    return paint(shown, View(watch.now_us, *size))


@pytest.mark.parametrize("size", SIZES)
def test_the_log_of_a_watched_group(size: tuple[int, int]) -> None:
    text = log_of(a_hot_partition(), size).to_text()
    assert all(word in text for word in ("orders", "billing", "P0", "P2", "c-1", "c-2", "lag 11,410", "┊"))
    assert "producers" not in text, "a real cluster shows none"
    assert "idle" not in text


def test_keys_that_were_not_read_say_so() -> None:
    canvas = log_of(a_hot_partition(), (100, 27))
    assert "keys not read" in canvas.to_text()
    tiles = [style for row in range(27) for _, style in canvas.runs(row) if style.bg in ("lit -", "read -")]
    assert tiles


@pytest.mark.parametrize("size", SIZES)
def test_the_table_names_the_hot_partition(size: tuple[int, int]) -> None:
    text = table_of(a_hot_partition(), size).to_text()
    first = text.strip("\n").split("\n")[1]
    assert "billing" in first
    assert all(word in first for word in ("11,4", "BEHIND", "↑"))
    assert "►billing" in first


@pytest.mark.parametrize("size", SIZES)
def test_an_end_that_is_not_known_is_a_question_mark_with_its_reason(size: tuple[int, int]) -> None:
    watch = a_hot_partition()
    watch.ends({"orders": {2: "broker 3 does not answer"}})
    watch.wait(2)
    watch.beat("billing")
    text = log_of(watch, size).to_text()
    assert "?" in text
    assert "broker 3 does not" in text
    assert "lag 20 over 2 of 3" in text
    table = table_of(watch, size).to_text()
    assert "2 of 3" in table
    assert "UNKNOWN" in table or "BEHIND" in table


def test_a_group_without_members_leaves_nobody_to_read() -> None:
    watch = a_hot_partition()
    watch.wait(2)
    watch.group("billing", state="Empty")
    text = log_of(watch, (100, 27)).to_text()
    assert text.count("nobody") == 3


@pytest.mark.parametrize("size", SIZES)
def test_a_group_of_several_topics_says_which_one(size: tuple[int, int]) -> None:
    watch = a_hot_partition()
    watch.topic("clicks", 1)
    watch.commits("billing", clicks={0: 5})
    watch.ends(clicks={0: 5})
    watch.wait(2)
    watch.beat("billing")
    text = table_of(watch, size).to_text()
    assert "orders p2" in text.split("VERDICT")[1].split("\n")[1], "in its row"
    assert text.count("orders p2 ") >= 2, "and in the reason"


def test_a_long_name_of_a_group_takes_the_room_that_there_is() -> None:
    name = "a-group-with-a-long-name"
    watch = a_hot_partition()
    watch.group(name, member("c-9", orders=()))
    assert all(name in table_of(watch, size).to_text() for size in ((80, 21), (100, 27), (160, 42)))


def test_a_small_lag_is_not_hot() -> None:
    watch = Watch()
    watch.topic("orders", 5)
    watch.group("billing", member("c-1", orders=range(5)))
    still = dict.fromkeys(range(5), (0, 0))
    flow(watch, "billing", "orders", {0: (110, 100)} | dict.fromkeys(range(1, 5), (50, 50)), still)
    worst = group_rows(watch.state)[0].worst
    assert worst is not None
    assert (worst.lag, worst.hot) == (10, False)
