"""A damaged lesson is refused with its place, whatever is wrong with it; it never breaks the program."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mqviz.lesson.format import load_lesson, read_lesson
from mqviz.yamlfile import FileError
from tests.lesson.worlds import SMALL

LINES = SMALL.split("\n")
PIECES = (
    "",
    "```",
    "---",
    "## ",
    "a: b: c",
    "- [",
    "{",
    "  - say: x",
    "goal: 3",
    "&a [*a]",
    "!!python/x y",
    "\t",
    "\0",
    "é\u2028",
)


@given(st.integers(0, len(LINES) - 1), st.sampled_from(PIECES), st.booleans())
def test_a_line_that_is_wrong_or_missing(number: int, piece: str, instead: bool) -> None:
    lines = [*LINES[:number], piece, *LINES[number + instead :]]
    try:
        read_lesson("\n".join(lines), "small.md")
    except FileError as error:
        assert error.source == "small.md"
        assert 1 <= error.line <= len(lines) + 1
        assert "\n" not in str(error)


@given(st.integers(0, len(SMALL)))
def test_a_file_that_was_cut_off(length: int) -> None:
    try:
        lesson = read_lesson(SMALL[:length], "small.md")
    except FileError as error:
        assert error.sentence
    else:
        assert lesson.steps


@pytest.mark.parametrize("data", [b"\xff\xfe\x00", b"", b"\x00" * 100])
def test_bytes_that_are_no_text(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "bad.md").write_bytes(data)
    with pytest.raises(FileError):
        load_lesson(tmp_path / "bad.md")


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="cannot be read"):
        load_lesson(tmp_path / "none.md")
