"""What the partition log must say at any size: ownership, lag, flights, focus, and what can be clicked."""

from __future__ import annotations

import dataclasses
import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from mqviz.model.observed.state import Observed
from mqviz.model.state import State
from mqviz.scenes import partition_log, tiles
from mqviz.scenes.canvas import Canvas
from mqviz.scenes.edges import Way, progress
from mqviz.scenes.partition_log.picture import Hold
from mqviz.scenes.style import resolve
from mqviz.scenes.view import View
from tests.scenes import moments_log as log
from tests.scenes.moments import MOMENTS

SIZES = [(60, 16), (67, 21), (80, 14), (100, 30), (116, 34), (160, 45)]


def row_of(canvas: Canvas, text: str) -> int:
    return next(n for n, line in enumerate(canvas.to_text().split("\n")) if text in line)


@given(st.sampled_from(sorted(MOMENTS)), st.integers(0, 200), st.integers(0, 60), st.booleans())
def test_any_size_is_drawn_with_colours_that_exist(name: str, columns: int, rows: int, ascii: bool) -> None:
    canvas = MOMENTS[name](columns, rows, ascii=ascii)
    for row in range(rows):
        runs = canvas.runs(row)
        assert cell_len("".join(text for text, _ in runs)) == columns
        for _, style in runs:
            for theme in ("dark", "light"):
                assert resolve(style, theme).fg


@pytest.mark.parametrize("size", SIZES)
def test_what_is_never_given_up(size: tuple[int, int]) -> None:
    text = log.five_members(*size).to_text()
    assert text.count("idle") == 2
    assert all(word in text for word in ("lag 4", "10", "11", "┊", "P0", "P1", "P2", "c1", "c5"))
    lags = [line for line in text.split("\n") if "lag 3" in line and "↑" in line]
    assert lags, "the lag of P0 and that it grows"


@pytest.mark.parametrize("size", SIZES)
def test_a_partition_and_its_owner_share_a_row(size: tuple[int, int]) -> None:
    lines = log.five_members(*size).to_text().split("\n")
    for partition, owner in enumerate(("c1", "c2", "c3")):
        line = next(line for line in lines if f"►P{partition}" in line)
        assert f"▌ {owner}" in line


@pytest.mark.parametrize("size", SIZES)
def test_committed_stands_between_what_is_read_and_what_is_lit(size: tuple[int, int]) -> None:
    canvas = log.five_members(*size)
    row = row_of(canvas, "►P0")
    letters = [(c, *canvas.cell(c, row)) for c in range(canvas.columns) if canvas.cell(c, row)[0] in "AGB"]
    lit = [column for column, _, style in letters if style.bg.startswith("lit ")]
    read = [column for column, _, style in letters if style.bg.startswith("read ")]
    assert len(lit) == 3, "lag 3: three lit tiles"
    below = "\n".join(canvas.to_text().split("\n")[row : row + 4])
    mark = next(line.index("▲") for line in below.split("\n") if "▲" in line)
    assert max(read) < mark < min(lit)


def test_a_mark_in_flight_is_arithmetic_on_time() -> None:
    way = Way(begin=10, source=4, spine=15, target=8, end=18)
    places = [way.at(step)[:2] for step in range(way.length + 1)]
    assert places[0] == (10, 4)
    assert places[-1] == (18, 8)
    assert (15, 6) in places, "it goes along the spine"
    for (column, row), (then, later) in pairwise(places):
        assert abs(then - column) + abs(later - row) <= 1, "it never jumps"
    assert [progress(100, 200, now) for now in (50, 100, 150, 250)] == [0.0, 0.0, 0.5, 1.0]
    assert progress(100, 100, 100) == 1.0


def test_the_tail_is_clipped_to_its_edge_and_missing_on_the_spine() -> None:
    begun = log.draw(67, 21, flights=(log.flight("produce", "D", "user-svc", 1, 0.0),))
    line = begun.to_text().split("\n")[row_of(begun, "►P0")]
    assert line.index("D") == 11
    assert "━" not in line
    on_spine = log.draw(67, 21, flights=(log.flight("produce", "H", "user-svc", 1, 0.63),))
    assert "━" not in on_spine.to_text()


def test_without_motion_marks_move_only_when_something_happens() -> None:
    moving = (log.flight("produce", "D", "user-svc", 1, 0.5),)
    sent_us = moving[0].sent_at_us
    still = log.draw(67, 21, flights=moving, motion=False, event_us=sent_us)
    line = still.to_text().split("\n")[row_of(still, "►P0")]
    assert line.index("D") == 11


def test_what_stands_under_a_cell_is_known() -> None:
    canvas = log.five_members(67, 21)
    assert {p.target for p in canvas.places} >= {
        ("record", log.TOPIC, 0, 10),
        ("partition", log.TOPIC, 2),
        ("member", log.GROUP, "c4"),
        ("producer", "user-svc"),
        ("group", log.GROUP),
    }
    row = row_of(canvas, "►P0")
    line = canvas.to_text().split("\n")[row]
    assert canvas.target_at(1, row) == ("producer", "user-svc")
    assert canvas.target_at(line.index("│ A") + 2, row) == ("record", log.TOPIC, 0, 6)
    assert canvas.target_at(line.index("c1"), row) == ("member", log.GROUP, "c1")


@pytest.mark.parametrize("size", SIZES)
def test_every_group_has_its_name_its_lag_and_its_idle_members(size: tuple[int, int]) -> None:
    text = log.two_groups(*size).to_text()
    assert text.count("idle") == 3
    assert "audit a2" in text
    lines = text.split("\n")
    assert any(log.GROUP in line and "lag 4" in line for line in lines)
    assert any("audit" in line and "lag 10" in line for line in lines)
    first = [line for line in lines if "▌ c1" in line]
    assert len(first) == 1
    if size != (80, 14):
        assert sum("▌ audit a1" in line for line in lines) == 3, "its own reader in every lane"


def test_a_group_without_members_takes_no_row_of_a_lane() -> None:
    crews = (log.crew(log.MEMBERS, log.lag(4, "up", "")), log.crew((), log.lag(45, "up", ""), "audit"))
    lanes = [dataclasses.replace(lane, holds=lane.holds * 2) for lane in log.LANES]
    text = log.draw(67, 21, crews=crews, lanes=lanes).to_text()
    assert "also read by audit lag 45" in text
    assert "nobody" not in text


def test_the_partition_in_focus_is_scrolled_to() -> None:
    assert "P23" not in log.many_partitions(67, 21).to_text()
    found = log.many_partitions(67, 21, focus=("partition", log.TOPIC, 23)).to_text()
    assert "P23" in found
    assert "17 more above" in found


def test_focus_has_a_sign_and_a_ground() -> None:
    canvas = log.five_members(67, 21, focus=("member", log.GROUP, "c2"))
    row = row_of(canvas, "►P1")
    column = canvas.to_text().split("\n")[row].rindex("►")
    assert canvas.cell(column, row)[1].bg == "sel"
    assert canvas.cell(column + 3, row)[1].bg == "sel"


def test_more_marks_than_fit_are_counted() -> None:
    text = log.many_partitions(60, 16).to_text()
    assert "19 more below" in text
    assert "+39 more" in text


def test_an_empty_state_has_a_sentence() -> None:
    watched = State(observed=Observed(bootstrap="localhost:9092"))
    assert "no topic yet" in partition_log.draw(watched, View(0, 60, 16)).to_text()


def test_a_frame_at_160_by_50_with_sixty_marks_is_cheap() -> None:
    """A few milliseconds on an idle core; the bound leaves room for a busy one."""
    flights = [log.flight("produce", "ABCDEFGH"[n % 8], "user-svc", n % 3, n / 60) for n in range(60)]

    def frame() -> float:
        begun = time.perf_counter()
        canvas = log.draw(160, 50, flights=flights)
        for row in range(50):
            canvas.runs(row)
        return time.perf_counter() - begun

    assert min(frame() for _ in range(20)) < 0.012


@pytest.mark.parametrize(
    ("in_hand", "to_read", "columns", "words"),
    [
        (3, 3, 24, "3 in hand, 3 to read"),
        (3, 3, 13, "3 to read"),
        (0, 12, 11, "12 left"),
        (1, 0, 11, "in hand"),
    ],
)
def test_a_tile_tells_records_in_hand_from_those_to_read(
    in_hand: int, to_read: int, columns: int, words: str
) -> None:
    canvas = Canvas(columns, 1)
    reader = log.member("c1", "working", [0])
    tile = tiles.Tile(0, 0, columns, 1)
    lag = log.lag(in_hand + to_read, "level", "")
    tiles.draw_doing(canvas, tile, 0, reader, lag, to_read, None, 0, "A")
    assert canvas.to_text().strip() == words


def test_the_legend_explains_a_commit_left_of_the_tape_when_there_is_one() -> None:
    behind = [dataclasses.replace(log.LANES[0], holds=(Hold(2, 2, "c1", log.lag(11, "up", "")),))]
    lanes = [*behind, *log.LANES[1:]]
    text = log.draw(67, 21, lanes=lanes).to_text()
    assert text.count("◄▲") == 2
    assert "◄▲ further left" in text
    assert "further left" not in log.five_members(67, 21).to_text()
