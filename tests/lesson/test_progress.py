"""Progress is never lost: not by a crash, not by damage, not by a folder that cannot be written."""

import os
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
    progress.book.last_bootstrap = "localhost:9092"
    progress.finish(15)
    again = Progress(path)
    assert again.book == progress.book
    found = again.peek(15)
    assert (found.bets, found.goals) == ([Bet(2, "1", "2", False)], [(2, 1)])
    assert (found.step, found.finished) == (1, "today")
    assert again.book.last_lesson == 15
    assert again.next_lesson([1, 15]) == 1
    assert [p.name for p in path.parent.iterdir()] == ["progress.json"]


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
    assert not progress.save()


def test_without_a_path_nothing_is_written() -> None:
    progress = Progress(None)
    progress.finish(1)
    assert (progress.peek(1).finished, progress.notice) == ("yes", "")
