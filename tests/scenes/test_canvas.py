"""The canvas: clipping, wide and combining characters, what must not reach a terminal, marks, speed."""

from __future__ import annotations

import time
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from mqviz.scenes.canvas import Canvas
from mqviz.scenes.style import BRIGHT, PLAIN, style
from mqviz.scenes.text import cells, shorten, width, wrap

ANY_TEXT = st.text(st.characters(), max_size=30)


def test_text_lands_where_it_is_put_and_is_cut_at_every_edge() -> None:
    canvas = Canvas(6, 3)
    canvas.put(-2, 0, "abcd")
    canvas.put(4, 1, "efgh")
    canvas.put(0, 5, "gone")
    canvas.put(9, 2, "gone")
    assert canvas.to_text() == "cd\n    ef\n"


def test_put_returns_the_column_after_even_when_clipped() -> None:
    canvas = Canvas(4, 1)
    assert canvas.put(2, 0, "abc") == 5
    assert canvas.put(1, 9, "日本") == 5


def test_right_ends_just_before_its_column() -> None:
    canvas = Canvas(8, 1)
    assert canvas.right(7, 0, "1,024") == 2
    assert canvas.to_text() == "  1,024"


def test_a_wide_character_takes_two_cells_and_is_cut_whole() -> None:
    canvas = Canvas(5, 3)
    canvas.put(0, 0, "a日b本")
    assert canvas.to_text().split("\n")[0] == "a日b…"
    canvas.put(-1, 1, "日本")
    assert canvas.to_text().split("\n")[1] == " 本"


def test_half_of_a_wide_character_never_stays() -> None:
    canvas = Canvas(6, 1)
    canvas.put(0, 0, "日本")
    canvas.put(1, 0, "xx")
    assert canvas.to_text() == " xx"


def test_combining_marks_join_the_cell_before_and_are_few() -> None:
    assert cells("e\u0301x") == ["é", "x"]
    assert cells("q\u0301") == ["q\u0301"]
    assert len(cells("q" + "\u0301" * 50)[0]) == 5
    assert cells("\u0301a") == ["a"]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31mred", "\\x1b[31mred"),
        ("\x1b]0;title\x07", "\\x1b]0;title\\x07"),
        ("\x9b2J", "\\x9b2J"),
        ("safe\u202egnp.exe", "safe\\u202egnp.exe"),
        ("a\u200bb\u2066c", "a\\u200bb\\u2066c"),
        ("a\tb\r\nc", "a\\x09b\\x0d\\x0ac"),
        ("\U000e0041", "\\U000e0041"),
        ("a\u2028b", "a\\u2028b"),
    ],
)
def test_what_could_command_the_terminal_is_spelled_out(text: str, shown: str) -> None:
    assert "".join(cells(text)) == shown


@given(ANY_TEXT, st.integers(-5, 25), st.booleans())
def test_every_row_keeps_its_width_whatever_is_put(text: str, column: int, ascii_only: bool) -> None:
    canvas = Canvas(20, 1, ascii_only)
    canvas.put(0, 0, "日本語日本語日本語日")
    canvas.put(column, 0, text)
    row = "".join(run for run, _ in canvas.runs(0))
    assert cell_len(row) == 20
    assert not ascii_only or row.isascii()
    assert not any(unicodedata.category(c) in ("Cc", "Cf") for c in row)


@given(ANY_TEXT, st.integers(0, 12))
def test_shorten_fits_and_keeps_what_fits(text: str, columns: int) -> None:
    assert width(shorten(text, columns)) <= columns
    if width(text) <= columns:
        assert width(shorten(text, columns)) == width(text)


def test_wrap_breaks_at_spaces() -> None:
    assert wrap("one partition, one owner", 14) == ["one partition,", "one owner"]
    assert wrap("unbreakable", 5) == ["unbr…"]
    assert wrap("", 5) == []


def test_runs_are_stretches_of_one_style() -> None:
    canvas = Canvas(6, 1)
    canvas.put(1, 0, "ab", BRIGHT)
    canvas.put(3, 0, "c", style("bright", bold=True))
    assert canvas.runs(0) == [(" ", PLAIN), ("abc", BRIGHT), ("  ", PLAIN)]


def test_marks_tell_what_stands_under_a_cell_the_last_on_top() -> None:
    canvas = Canvas(10, 4)
    canvas.mark(0, 0, 10, 4, ("partition", "t", 0))
    canvas.mark(2, 1, 2, 1, ("record", "t", 0, 7))
    assert canvas.target_at(3, 1) == ("record", "t", 0, 7)
    assert canvas.target_at(4, 1) == ("partition", "t", 0)
    assert canvas.target_at(3, 9) is None


def test_paste_copies_cells_and_moves_marks() -> None:
    small = Canvas(3, 1)
    small.put(0, 0, "abc", BRIGHT)
    small.mark(1, 0, 1, 1, ("member", "g", "c1"))
    canvas = Canvas(6, 2)
    canvas.paste(small, 4, 1)
    assert canvas.to_text() == "\n    ab"
    assert canvas.cell(4, 1) == ("a", BRIGHT)
    assert canvas.target_at(5, 1) == ("member", "g", "c1")


def test_rule_and_ground() -> None:
    canvas = Canvas(12, 1)
    canvas.rule(0, 0, 10, "why")
    canvas.ground(4, 0, 2, "sel")
    assert canvas.to_text() == "why ──────"
    assert canvas.cell(4, 0) == ("─", style("rule", "sel"))


def test_ascii_swaps_every_sign() -> None:
    canvas = Canvas(12, 1, ascii=True)
    canvas.put(0, 0, "╌►▲░×2 ≥3 é")
    assert canvas.to_text() == "->^.x2 >=3 ?"


@pytest.mark.parametrize("size", [(0, 0), (1, 1), (0, 5), (5, 0)])
def test_no_size_is_too_small(size: tuple[int, int]) -> None:
    canvas = Canvas(*size)
    canvas.put(0, 0, "日本")
    canvas.fill(-1, -1, 9, 9, PLAIN, "x")
    canvas.paste(Canvas(9, 9), 0, 0)
    assert len(canvas.to_text().split("\n")) == max(1, size[1])


def test_a_frame_with_sixty_marks_is_cheap() -> None:
    """160x50 with 60 marks: two milliseconds on an idle core; the bound leaves room for a busy one."""
    look = style("base", "key A", True)

    def frame() -> int:
        canvas = Canvas(160, 50)
        for number in range(60):
            canvas.put(number * 2, number % 50, "━━━A", look)
        return sum(len(canvas.runs(row)) for row in range(50))

    frame()
    best = min(_timed(frame) for _ in range(20))
    assert best < 0.010


def _timed(call: object) -> float:
    begun = time.perf_counter()
    call()  # type: ignore[operator]
    return time.perf_counter() - begun
