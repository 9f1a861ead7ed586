"""Nothing that a cluster writes may command the terminal."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mqviz.model.escape import escape


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("email-consumers", "email-consumers"),
        ("größe 東京 é", "größe 東京 é"),
        ("\x1b[31mred", "\\x1b[31mred"),
        ("\x1b]0;title\x07", "\\x1b]0;title\\x07"),
        ("a\nb\rc\td", "a\\x0ab\\x0dc\\x09d"),
        ("pay\u202elap", "pay\\u202elap"),
        ("zero\u200bwidth", "zero\\u200bwidth"),
        ("soft\u00adhyphen", "soft\\u00adhyphen"[:4] + "\\xadhyphen"),
        ("\u0085\u009b31m", "\\x85\\x9b31m"),
        ("no\u00a0break", "no break"),
        ("\U000e0041", "\\U000e0041"),
        ("\ud800", "\\ud800"),
        ("", ""),
    ],
)
def test_what_commands_hides_or_turns_is_spelled_out(text: str, shown: str) -> None:
    assert escape(text) == shown


def test_marks_do_not_pile_up() -> None:
    assert len(escape("e" + "\u0301" * 100)) == 5


@given(st.text())
def test_nothing_escaped_is_a_control_or_a_direction(text: str) -> None:
    shown = escape(text)
    assert all(unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp") for c in shown)
    assert escape(shown) == shown


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126)))
def test_plain_text_is_left_alone(text: str) -> None:
    assert escape(text) == text
