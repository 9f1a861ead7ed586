"""The table of signs."""

from __future__ import annotations

import unicodedata

from rich.cells import cell_len

from mqviz.scenes.figures import big, spark
from mqviz.scenes.signs import SIGNS, TABLE, to_ascii

EMOJI = set("▶◀☑✔▪↔◾◽⏸⏮⏭")


def test_every_sign_takes_one_cell() -> None:
    wide = [s.sign for s in TABLE if cell_len(s.sign) != 1 or unicodedata.east_asian_width(s.sign) in "WF"]
    assert wide == []


def test_no_sign_is_an_emoji_and_none_stands_twice() -> None:
    assert not EMOJI & set(SIGNS)
    assert len(SIGNS) == len(set(SIGNS)) == len(TABLE)


def test_twins_are_ascii_and_one_cell_but_for_words() -> None:
    assert all(s.twin.isascii() and s.meaning for s in TABLE)
    assert [s.sign for s in TABLE if len(s.twin) != 1] == ["≥"]


def test_signs_that_meet_on_one_scene_have_different_twins() -> None:
    for together in ("▲△┊│", "█▒░╎━✗", "│╎║", "↑→↓", "○●✓✗◆"):
        twins = [to_ascii(sign) for sign in together]
        assert len(set(twins)) == len(twins), together


def test_what_is_no_sign_becomes_a_question_mark() -> None:
    assert to_ascii("é ▲ 日") == "? ^ ?"


def test_figures_use_only_signs_of_the_table() -> None:
    drawn = "".join(big("0123456789.– ")) + spark(range(9), 9)
    assert set(drawn) - {" "} <= set(SIGNS)


def test_an_arrow_between_words_is_no_minus() -> None:
    assert to_ascii("generation 2 → 3") == "generation 2 > 3"
    assert to_ascii("20.4 s → – → c-3") == "20.4 s > - - c-3"
    assert to_ascii("lag 8 → ▁▃") == "lag 8 - 13"
