"""Damaged files and folders that cannot be written: each is one sentence with its place, or a notice."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from mqviz.folders import data
from tests.terminal import Terminal

LESSON = (data("lessons") / "01-the-five-second-sign-up.md").read_text("utf-8")
Damage = Callable[[str], bytes]


def mqviz(*words: str, code: str = "", **env: str) -> "subprocess.CompletedProcess[str]":
    """Run it without a terminal; `code`: a script that breaks something and then runs it."""
    program = ["-c", code] if code else ["-m", "mqviz"]
    return subprocess.run(
        [sys.executable, *program, *words],
        env={**os.environ, **env},
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        check=False,
    )


def one_sentence(done: "subprocess.CompletedProcess[str]", code: int) -> str:
    """What it said on standard error, if that was one sentence and it ended with this code."""
    assert done.returncode == code, done.stderr
    assert done.stderr.startswith("mqviz: ")
    assert len(done.stderr.splitlines()) == 1, done.stderr
    return done.stderr


def line_of(text: str, part: str) -> int:
    return text[: text.index(part)].count("\n") + 1


# -- a damaged lesson --------------------------------------------------------------------------------------

DAMAGED_LESSONS: list[tuple[Damage, str]] = [
    (lambda text: b"", ":1:1: a lesson begins with its front matter"),
    (lambda text: text[:900].encode(), ":1:1: a lesson needs a step"),
    (lambda text: text.encode("utf-16"), ":1:1: this is no UTF-8 text"),
    (
        lambda text: text.replace("solution:", "solutoin:", 1).encode(),
        f":{line_of(LESSON, 'solution:')}:1: `solutoin` is not known here: did you mean `solution`?",
    ),
    (
        lambda text: text.replace("until: 30s", "until: soon").encode(),
        f":{line_of(LESSON, 'until: 30s')}:3: 'soon' is no duration: write it like 400ms, 5s or 2min",
    ),
]


@pytest.mark.parametrize(("damage", "place"), DAMAGED_LESSONS)
@pytest.mark.parametrize("words", [("learn",), ("lesson", "check")])
def test_a_damaged_lesson_is_told_with_its_place(
    words: tuple[str, ...], damage: Damage, place: str, tmp_path: Path
) -> None:
    file = tmp_path / "lesson.md"
    file.write_bytes(damage(LESSON))
    assert f"{file}{place}" in one_sentence(mqviz(*words, str(file)), 2)


def test_a_damaged_lesson_opens_no_screen(tmp_path: Path, home: dict[str, str]) -> None:
    file = tmp_path / "lesson.md"
    file.write_text(LESSON.replace("question:", "qestion:", 1), "utf-8")
    with Terminal("learn", str(file), **home) as terminal:
        assert terminal.end() == 2
        assert b"\x1b[?1049h" not in terminal.raw
        assert "did you mean `question`?" in terminal.text()


@pytest.mark.parametrize("words", [("learn",), ("lesson", "check"), ("replay",)])
def test_a_file_that_is_not_there_is_told(words: tuple[str, ...], tmp_path: Path) -> None:
    file = tmp_path / "nowhere"
    said = one_sentence(mqviz(*words, str(file)), 2)
    assert str(file) in said
    assert "No such file or directory" in said


# -- a damaged captured run --------------------------------------------------------------------------------


@pytest.fixture
def captured(tmp_path: Path) -> Path:
    """A saved run."""
    file = tmp_path / "run.mqviz"
    assert mqviz("play", "sign-up", "--headless", "--save", str(file)).returncode == 0
    return file


def test_a_damaged_capture_is_told_with_its_place(captured: Path) -> None:
    whole = captured.read_text("utf-8")
    place = f":{line_of(whole, 'log_hash')}:1: `log_hsah` is not known here: did you mean `log_hash`?"
    captured.write_text(whole.replace("log_hash", "log_hsah"), "utf-8")
    assert f"{captured}{place}" in one_sentence(mqviz("replay", str(captured)), 2)
    captured.write_bytes(b"\x1f\x8b\x08\x00" + os.urandom(200))
    assert f"{captured}:1:1: this is no UTF-8 text" in one_sentence(mqviz("replay", str(captured)), 2)


def test_a_capture_that_comes_out_otherwise_says_so(captured: Path, home: dict[str, str]) -> None:
    whole = captured.read_text("utf-8")
    captured.write_text(whole.replace("log_hash: ", "log_hash: 0"), "utf-8")
    said = one_sentence(mqviz("replay", str(captured), "--headless"), 1)
    assert "this replay differs from the capture: its 128 events are not the captured ones" in said
    with Terminal("replay", str(captured), **home) as terminal:
        terminal.wait_for("(replay)", "this replay differs from the capture")
        terminal.press("q")
        assert terminal.end() == 0


# -- a damaged lock file -----------------------------------------------------------------------------------

OTHER_LOCK = """
import sys
from pathlib import Path
from mqviz.live.managed import jars
lock = Path(sys.argv.pop(1))
jars.read_lock.__defaults__ = jars.versions.__defaults__ = (lock,)
jars.class_path.__kwdefaults__["lock"] = lock
from mqviz.__main__ import main
sys.exit(main())
"""


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("# jars\n0123 12 org.example:a:1.0 4.2.1\n", "is damaged at line 2; install mqviz again"),
        ("# nothing\n", "is damaged: it lists no jar; install mqviz again"),
        (None, "cannot be read (No such file or directory); install mqviz again"),
    ],
)
def test_a_damaged_lock_file_is_told(
    text: str | None, sentence: str, tmp_path: Path, home: dict[str, str]
) -> None:
    lock = tmp_path / "kafka.lock"
    if text is not None:
        lock.write_text(text, "utf-8")
    said = one_sentence(mqviz(str(lock), "kafka", "up", code=OTHER_LOCK, **home), 1)
    assert f"the jar lock file {lock} {sentence}" in said


# -- folders that cannot be written ------------------------------------------------------------------------


def test_without_a_folder_for_jars_kafka_says_what_it_needs(blocked: dict[str, str]) -> None:
    said = one_sentence(mqviz("kafka", "up", KAFKA_HOME="", **blocked), 1)
    assert "cannot be written (Not a directory)" in said
    assert "set XDG_CACHE_HOME to a folder that can be written" in said


def test_what_writes_nothing_works_in_a_blocked_home(blocked: dict[str, str]) -> None:
    assert mqviz("lesson", "list", **blocked).returncode == 0
    assert mqviz("play", "sign-up", "--headless", **blocked).returncode == 0
    assert mqviz(**blocked).returncode == 0
    assert mqviz("kafka", "down", **blocked).stdout == "no managed Kafka runs\n"
    assert "connection refused" in one_sentence(mqviz("lag", "127.0.0.1:1", **blocked), 1)


def test_a_capture_that_cannot_be_saved_is_told(blocked: dict[str, str]) -> None:
    file = Path(blocked["HOME"]) / "run.mqviz"
    said = one_sentence(mqviz("play", "sign-up", "--headless", "--save", str(file)), 1)
    assert f"{file}" in said
    assert "cannot be written: Not a directory" in said
