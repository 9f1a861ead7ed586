"""Figures as text, and letters of keys."""

from __future__ import annotations

import string

import pytest

from mqviz.scenes.figures import big, compact, duration, seconds, spark, thin, thousands
from mqviz.scenes.letters import colour_key, letters_of


@pytest.mark.parametrize(
    ("time_us", "text"),
    [
        (0, "0 ms"),
        (800, "800 us"),
        (101_000, "101 ms"),
        (999_600, "1.0 s"),
        (4_100_000, "4.1 s"),
        (59_960_000, "1 min 0 s"),
        (125_000_000, "2 min 5 s"),
        (12_000_000_000, "3 h 20 min"),
    ],
)
def test_durations_read_with_their_unit(time_us: int, text: str) -> None:
    assert duration(time_us) == text


def test_moments_and_numbers() -> None:
    assert seconds(12_340_000) == "12.340 s"
    assert thousands(12480) == "12,480"
    assert [compact(12480, n) for n in (6, 5, 3)] == ["12,480", "12k", "12k"]


def test_a_sparkline_never_uses_the_full_block_and_keeps_the_newest() -> None:
    assert spark([0, 1, 2, 3, 4, 5, 6], 7) == "▁▂▃▄▅▆▇"
    assert spark([9, 9, 0, 3], 2, top=9) == "▇▃"
    assert spark([5, 5, 5], 3) == "▄▄▄", "what is steady is half high"
    assert spark([0, 0, 0], 3) == "▁▁▁"
    assert thin(list(range(32)), 8)[-1] == 31
    assert spark([1], 8, top=1000) == "▂", "one is never drawn as none"
    assert spark([], 4) == ""


def test_big_digits_are_three_rows_of_one_width() -> None:
    rows = big("4.18")
    assert rows == ("╻ ╻ ╺┓ ┏━┓", "┗━┫  ┃ ┣━┫", "  ╹•╺┻╸┗━┛")
    assert len({len(row) for row in big("0123456789")}) == 1


def test_a_key_wears_its_initial_or_the_next_free_letter_and_keeps_it() -> None:
    assert letters_of(["bob", "alice", "beth", "order-1", "order-2"]) == {
        "bob": "B",
        "alice": "A",
        "beth": "C",
        "order-1": "O",
        "order-2": "D",
    }
    many = [f"k{n}" for n in range(30)]
    found = letters_of(many)
    assert sorted(found.values()) == sorted([*string.ascii_uppercase, "*", "*", "*", "*"])
    for count in range(30):
        assert letters_of(many[:count]) == {key: found[key] for key in many[:count]}


def test_letters_wear_eight_colours_in_turn() -> None:
    assert [colour_key(sign) for sign in "AHIZ*∘ "] == ["A", "H", "A", "B", "-", "-", "-"]
