"""The transport bar says where in time the picture is, and turns columns into times."""

import pytest

from mqviz.ui.parts.transport import BEGIN, Bar, column_at, draw_bar, span_of, time_at
from tests.worlds import player

S = 1_000_000
MOMENTS = ((5_150_000, "c4 joins"), (9_412_000, "c5 joins"))
HINTS = (("n", "next moment"), ("f", "fork"), ("?", "keys"), (":", "command"))
BAR = Bar(12_340_000, 30 * S, True, 1.0, MOMENTS, "", HINTS)


def lines(bar: Bar, columns: int = 100) -> list[str]:
    return draw_bar(bar, columns, 3).to_text().split("\n")


def test_moments_stand_over_the_line_at_their_times() -> None:
    names, line, keys = lines(BAR)
    assert line.startswith("    0 s ━")
    assert line.endswith("─ 30 s")
    assert [line.index("◆"), line.index("●")] == [names.index("c4"), column_at(12_340_000, 30 * S, 100)]
    assert keys.startswith(" |◄  ◄  ▮▮  ►  ►|   1×   12.340 s")
    assert keys.endswith("n next moment   f fork   ? keys   : command")


def test_a_pause_and_a_branch_are_words() -> None:
    assert "12.340 s  paused" in lines(BAR._replace(playing=False))[2]
    assert "branch 2 of 3" in lines(BAR._replace(branch="branch 2 of 3"))[2]


@pytest.mark.parametrize(
    ("speed", "word"), [(0.1, "0.1×"), (1.0, "1×"), (100.0, "100×"), (float("inf"), "max")]
)
def test_speed(speed: float, word: str) -> None:
    assert f" {word} " in lines(BAR._replace(speed=speed))[2]


def test_names_that_would_touch_give_way_to_the_one_nearest_to_now() -> None:
    crowded = tuple((at * 100_000, f"moment {at}") for at in range(115, 130))
    shown = lines(BAR._replace(moments=crowded))[0].split("  ")
    assert "moment 123" in [name.strip() for name in shown]
    assert len(lines(BAR._replace(moments=crowded))[0]) <= 100


def test_a_notice_takes_the_place_of_the_names() -> None:
    assert lines(BAR._replace(notice="✗ no such consumer"))[0] == " ✗ no such consumer"


@pytest.mark.parametrize("columns", [60, 80, 100, 160])
def test_a_column_and_its_time_agree_over_the_whole_line(columns: int) -> None:
    for column in range(BEGIN, columns - BEGIN):
        at_us = time_at(column, 30 * S, columns)
        assert abs(column_at(at_us, 30 * S, columns) - column) <= 1
    assert time_at(0, 30 * S, columns) == 0
    assert time_at(columns, 30 * S, columns) == 30 * S


@pytest.mark.parametrize("columns", [60, 61, 80, 100, 160])
def test_nothing_overlaps_at_any_width(columns: int) -> None:
    keys = lines(BAR._replace(playing=False, branch="branch 2 of 3"), columns)[2]
    assert "12.340 s  paused" in keys
    assert len(keys) <= columns
    assert keys.rstrip().endswith(("command", "branch 2 of 3", "paused"))


def test_a_real_cluster_has_no_end() -> None:
    assert lines(BAR._replace(until_us=0, moments=()))[1].rstrip().endswith("now")


def test_ascii() -> None:
    assert draw_bar(BAR._replace(ascii=True), 100, 3).to_text().isascii()


def test_a_long_run_shows_the_part_that_was_reached_and_grows_by_steps() -> None:
    run = player()
    run.until_us = 600 * S
    spans = []
    for second in range(0, 600, 3):
        run.seek(second * S)
        spans.append(span_of(run) // S)
    assert spans == sorted(spans)
    assert sorted(set(spans)) == [30, 60, 120, 300, 600]
    run.seek(0)
    assert span_of(run) == 600 * S
