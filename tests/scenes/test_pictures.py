"""Pictures: what each scene looks like at each moment and size, as text that a reviewer reads in a diff.

With MQVIZ_REWRITE_PICTURES=1 they are written anew. A plain picture (no colour) has a second half that shows
where cells are bold (`*`) and where they are reversed (`#`).
"""

from __future__ import annotations

import os
from itertools import product
from pathlib import Path

import pytest

from mqviz.scenes.canvas import Canvas
from mqviz.scenes.style import resolve
from tests.scenes.moments import MOMENTS

FOLDER = Path(__file__).parent.parent / "pictures"
REWRITE = "MQVIZ_REWRITE_PICTURES" in os.environ
LOG = (
    "five_members", "rebalancing", "one_member", "out_of_order", "two_groups", "many_partitions", "watched",
    "at_the_start", "record_in_focus", "member_in_focus",
)  # fmt: skip
ALL = [
    *product(LOG, ((60, 16), (67, 21), (160, 45)), ("colour",)),
    *product(("five_members",), ((80, 14), (100, 30), (116, 34)), ("colour",)),
    *product(("all_answered", "halfway", "broken", "crowd"), ((60, 16), (67, 21), (160, 45)), ("colour",)),
    *product(("all_answered",), ((80, 14), (100, 30)), ("colour",)),
    *product(("one_behind", "not_everything_known"), ((60, 16), (80, 21), (100, 27), (160, 42)), ("colour",)),
    *product(("at_home", "first_launch"), ((60, 14), (80, 22), (100, 28), (160, 43)), ("colour",)),
    *product(("locks",), ((60, 16), (67, 21), (160, 45)), ("colour",)),
    *product(
        ("copied", "only_the_dead_has_it", "led_without_it", "cut_off"),
        ((60, 16), (67, 21), (160, 45)),
        ("colour",),
    ),
    *product(("cut_off",), ((100, 30),), ("colour",)),
    *product(("third_joins", "race_over"), ((60, 16), (67, 21), (160, 45)), ("colour",)),
    *product(("race_over",), ((100, 30),), ("colour",)),
    *product(("race_over",), ((67, 21),), ("ascii", "plain")),
    *product(
        ("segments_go", "start_moved", "dirty_part", "tombstone_stays"),
        ((60, 16), (67, 21), (160, 45)),
        ("colour",),
    ),
    *product(("segments_go", "dirty_part"), ((67, 21),), ("ascii", "plain")),
    *product(("cut_off",), ((67, 21),), ("ascii", "plain")),
    *product(("locks",), ((67, 21),), ("ascii", "plain")),
    *product(("no_share_group",), ((60, 16),), ("colour",)),
    *product(("at_stake", "readers_dead", "taken_over"), ((60, 16), (67, 21), (160, 45)), ("colour",)),
    *product(("taken_over",), ((100, 30),), ("colour",)),
    *product(("taken_over",), ((67, 21),), ("ascii", "plain")),
    *product(("nothing_read",), ((60, 16),), ("colour",)),
    *product(("hot_key", "two_clients", "fourth_partition"), ((60, 16), (67, 21), (160, 45)), ("colour",)),
    *product(("two_clients",), ((67, 21),), ("ascii", "plain")),
    *product(("company", "send_blocked", "batches_split"), ((60, 16), (67, 21), (160, 45)), ("colour",)),
    *product(("company",), ((67, 21),), ("ascii", "plain")),
    *product(("preparing", "reconciling", "empty_group"), ((60, 16), (67, 21), (160, 45)), ("colour",)),
    *product(("reconciling",), ((67, 21),), ("ascii", "plain")),
    *product(("first_record", "acknowledged", "leader_dead"), ((60, 16), (67, 21), (160, 45)), ("colour",)),
    *product(("acknowledged",), ((67, 21),), ("ascii", "plain")),
    *product(("two_open", "hung", "given_up"), ((60, 16), (67, 21), (160, 45)), ("colour",)),
    *product(("hung",), ((100, 30),), ("colour",)),
    *product(("hung",), ((67, 21),), ("ascii", "plain")),
    *product(("no_transactions",), ((60, 16),), ("colour",)),
    *product(("five_members", "all_answered", "one_behind", "at_home"), ((67, 21),), ("ascii", "plain")),
    *product(("record_in_focus", "member_in_focus"), ((67, 21),), ("plain",)),
]


@pytest.mark.parametrize(("name", "size", "kind"), ALL, ids=lambda part: str(part).replace(" ", ""))
def test_the_picture_is_the_one_on_file(name: str, size: tuple[int, int], kind: str) -> None:
    canvas = MOMENTS[name](*size, ascii=kind == "ascii")
    assert (canvas.columns, canvas.rows) == size
    text = plain(canvas) if kind == "plain" else canvas.to_text()
    ending = "" if kind == "colour" else f"-{kind}"
    file = FOLDER / f"{name}-{size[0]}x{size[1]}{ending}.txt"
    if REWRITE:
        file.write_text(text + "\n", encoding="utf-8")
    assert text + "\n" == file.read_text(encoding="utf-8")
    assert kind != "ascii" or text.isascii()


def test_no_picture_is_left_over() -> None:
    endings = {"colour": "", "ascii": "-ascii", "plain": "-plain"}
    wanted = {f"{name}-{size[0]}x{size[1]}{endings[kind]}.txt" for name, size, kind in ALL}
    assert {file.name for file in FOLDER.glob("*.txt")} == wanted


def plain(canvas: Canvas) -> str:
    """The text, and below it a map of bold and reverse cells."""
    rows = []
    for row in range(canvas.rows):
        signs = ""
        for text, style in canvas.runs(row):
            look = resolve(style, "dark", no_color=True)
            signs += ("#" if look.reverse else "*" if look.bold else " ") * len(text)
        rows.append(signs.rstrip())
    return canvas.to_text() + "\n" + "-" * canvas.columns + "\n" + "\n".join(rows)
