"""Progress: what the learner did so far, in one small file that no crash and no damage can lose.

It is written to a file beside it and renamed over the old one; a file that cannot be read is kept under
another name; where nothing can be written, mqviz goes on and says so. `notice` is that sentence.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec

from mqviz import folders

FILE = "progress.json"


class Bet(msgspec.Struct, forbid_unknown_fields=True):
    """A prediction that was answered: in which step (from 1), what was bet, and what came out."""

    step: int
    answer: str
    outcome: str
    right: bool


class LessonProgress(msgspec.Struct, forbid_unknown_fields=True):
    """One lesson: the step to go on with (from 1), (step, goal) pairs reached, bets, and when it was finished."""

    step: int = 1
    goals: list[tuple[int, int]] = []
    bets: list[Bet] = []
    finished: str = ""


class Book(msgspec.Struct, forbid_unknown_fields=True):
    """The whole file. `last_*` is what home offers to open again."""

    version: int = 1
    lessons: dict[int, LessonProgress] = {}
    last_lesson: int = 0
    last_scenario: str = ""
    last_bootstrap: str = ""


class Progress:
    """The book and its file; `clock` gives the time of finishing as text. Without a path it lives in memory."""

    def __init__(self, path: Path | None, clock: Callable[[], str] | None = None) -> None:
        self.path = path
        self.notice = ""
        self.book = Book()
        self._clock = clock
        if path is not None:
            self._read(path)

    def lesson(self, number: int) -> LessonProgress:
        """The progress of a lesson, to be changed in place and then saved."""
        self.book.last_lesson = number
        return self.book.lessons.setdefault(number, LessonProgress())

    def peek(self, number: int) -> LessonProgress:
        """The progress of a lesson, only to be read."""
        return self.book.lessons.get(number, LessonProgress())

    def bet(self, number: int, bet: Bet) -> None:
        """Write down how a bet came out; a later bet of the same step replaces it."""
        lesson = self.lesson(number)
        lesson.bets = sorted([*(b for b in lesson.bets if b.step != bet.step), bet], key=lambda b: b.step)
        self.save()

    def goal(self, number: int, step: int, goal: int) -> None:
        """Write down that a goal was reached; step and goal count from 1."""
        lesson = self.lesson(number)
        if (step, goal) not in lesson.goals:
            lesson.goals = sorted([*lesson.goals, (step, goal)])
            self.save()

    def step(self, number: int, step: int) -> None:
        """Write down which step comes next."""
        self.lesson(number).step = step
        self.save()

    def finish(self, number: int) -> None:
        """Write down that a lesson is finished; the next start begins it anew."""
        lesson = self.lesson(number)
        lesson.step = 1
        lesson.finished = lesson.finished or (self._clock() if self._clock else "yes")
        self.save()

    def next_lesson(self, numbers: list[int]) -> int:
        """The first of `numbers` that is not finished, or the last one."""
        return next((n for n in numbers if not self.peek(n).finished), numbers[-1])

    def save(self) -> bool:
        """Write the file, whole or not at all; False (and a notice) where that cannot be done."""
        if self.path is None:
            return False
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            folders.replace_text(
                self.path, msgspec.json.format(msgspec.json.encode(self.book)).decode() + "\n"
            )
        except OSError as error:
            self._only_in_memory(error)
            return False
        return True

    def _read(self, path: Path) -> None:
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            return
        except OSError as error:
            self._only_in_memory(error)
            return
        try:
            self.book = msgspec.json.decode(data, type=Book)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            self._keep_aside(path, str(error))

    def _keep_aside(self, path: Path, reason: str) -> None:
        number = 1
        while (aside := path.with_name(f"{path.stem}.damaged-{number}{path.suffix}")).exists():
            number += 1
        try:
            path.rename(aside)
        except OSError as error:
            self._only_in_memory(error)
            return
        self.notice = f"Progress starts anew: the old file is damaged and kept as {aside.name} ({reason})."

    def _only_in_memory(self, error: OSError) -> None:
        self.notice = f"Progress lasts only until you quit: {error.strerror or error} ({self.path})."
        self.path = None


def default_path() -> Path:
    """Where progress is kept: the user's state folder."""
    return folders.state() / FILE
