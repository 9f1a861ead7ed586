"""Progress is never lost: not by a crash, not by damage, not by a folder that cannot be written."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from mqviz.lesson.progress import Bet, Progress


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "progress.json"
    progress = Progress(path, lambda: "today")
    progress.bet(15, Bet(2, "2", "2", True))
    progress.bet(15, Bet(2, "1", "2", False))
    progress.goal(15, 2, 1)
    progress.goal(15, 2, 1)
    progress.step(15, 3)
    progress.attached("localhost:9092")
    progress.played("sign-up.yaml")
    progress.finish(15)
    again = Progress(path)
    assert again.book == progress.book
    found = again.peek(15)
    assert (found.bets, found.goals) == ([Bet(2, "1", "2", False)], [(2, 1)])
    assert (found.step, found.finished) == (1, "today")
    assert again.book.last_lesson == 15
    assert (again.book.last_bootstrap, again.book.last_scenario) == ("localhost:9092", "sign-up.yaml")
    assert again.next_lesson([1, 15]) == 1
    assert {p.name for p in path.parent.iterdir()} == {"progress.json", "progress.lock"}


@pytest.mark.parametrize(
    "damage", [b"", b"{", b'{"lessons": {"1": {"step": "x"}}}', b"\xff\xfe", b'{"new": 1}']
)
def test_a_damaged_file_is_kept_aside_with_a_notice(tmp_path: Path, damage: bytes) -> None:
    path = tmp_path / "progress.json"
    for number in (1, 2):
        path.write_bytes(damage)
        progress = Progress(path)
        aside = tmp_path / f"progress.damaged-{number}.json"
        assert aside.read_bytes() == damage
        assert aside.name in progress.notice
        progress.step(1, 2)
        assert Progress(path).peek(1).step == 2


def test_a_crash_while_writing_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "progress.json"
    Progress(path).step(1, 2)

    def crash(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", crash)
    progress = Progress(path)
    progress.step(1, 3)
    assert "No space left on device" in progress.notice
    assert Progress(path).peek(1).step == 2


def test_without_a_place_to_write_it_lives_in_memory_and_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    progress = Progress(tmp_path / "file" / "progress.json")
    progress.step(1, 2)
    assert "lasts only until you quit" in progress.notice
    assert progress.peek(1).step == 2
    progress.goal(1, 2, 1)
    assert progress.peek(1).goals == [(2, 1)]


def test_without_a_path_nothing_is_written() -> None:
    progress = Progress(None)
    progress.finish(1)
    assert (progress.peek(1).finished, progress.notice) == ("yes", "")


# -- several mqviz at once -----------------------------------------------------------------------------------

LEARNER = """
import sys
from pathlib import Path
from mqviz.lesson.progress import Bet, Progress
progress = Progress(Path(sys.argv[1]), lambda: "today")
print("ready", flush=True)
sys.stdin.readline()
for lesson in map(int, sys.argv[2:]):
    progress.bet(lesson, Bet(1, "2", "2", True))
    progress.goal(lesson, 1, lesson)
    progress.finish(lesson)
    progress.goal(99, 1, lesson)
"""


def learner(path: Path, lessons: range) -> "subprocess.Popen[str]":
    command = [sys.executable, "-c", LEARNER, str(path), *map(str, lessons)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


@pytest.mark.parametrize("again", range(3))
def test_two_mqviz_that_finish_lessons_at_the_same_time_lose_nothing(tmp_path: Path, again: int) -> None:
    path = tmp_path / "progress.json"
    both = [learner(path, range(1, 41, 2)), learner(path, range(2, 41, 2))]
    assert [each.stdout and each.stdout.readline() for each in both] == ["ready\n"] * 2
    for each in both:
        assert each.stdin
        each.stdin.write("go\n")
        each.stdin.flush()
    assert [each.communicate()[0] for each in both] == ["", ""]
    found = Progress(path)
    assert found.notice == ""
    for lesson in range(1, 41):
        done = found.peek(lesson)
        assert (done.finished, done.goals, len(done.bets)) == ("today", [(1, lesson)], 1)
    assert found.peek(99).goals == [(1, lesson) for lesson in range(1, 41)]


def test_what_two_mqviz_did_in_one_lesson_is_put_together(tmp_path: Path) -> None:
    path = tmp_path / "progress.json"
    one, other = Progress(path, lambda: "today"), Progress(path, lambda: "tomorrow")
    one.goal(1, 1, 1)
    one.bet(1, Bet(1, "1", "2", False))
    other.goal(1, 1, 2)
    other.bet(1, Bet(1, "2", "2", True))
    one.step(1, 3)
    one.finish(1)
    other.step(1, 2)
    other.finish(1)
    assert other.peek(1).goals == [(1, 1), (1, 2)]
    assert other.peek(1).bets == [Bet(1, "2", "2", True)]
    assert (other.peek(1).step, other.peek(1).finished) == (1, "today")


def test_what_one_mqviz_reset_stays_reset_in_another(tmp_path: Path) -> None:
    path = tmp_path / "progress.json"
    one, other = Progress(path), Progress(path)
    one.step(1, 4)
    other.step(2, 2)
    one.finish(1)
    other.step(2, 3)
    assert Progress(path).peek(1).step == 1
    path.unlink()
    other.step(2, 4)
    assert set(Progress(path).book.lessons) == {2}


def test_a_file_that_is_damaged_while_it_runs_is_kept_aside_and_nothing_is_forgotten(tmp_path: Path) -> None:
    path = tmp_path / "progress.json"
    progress = Progress(path)
    progress.finish(1)
    path.write_text("{ half a fi")
    progress.step(2, 2)
    assert "goes on from memory: the old file is damaged and kept as progress.damaged-1" in progress.notice
    again = Progress(path)
    assert (again.peek(1).finished, again.peek(2).step) == ("yes", 2)
