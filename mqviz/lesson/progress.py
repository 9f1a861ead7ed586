"""Progress: what the learner did so far, in one small file that no crash and no damage can lose.

It is written to a file beside it and renamed over the old one; a file that cannot be read is kept under
another name; where nothing can be written, mqviz goes on and says so. `notice` is that sentence.

Several mqviz may run at once. None writes a book that it remembers: each change is made to the book as it is
in the file at that moment, under a lock. So the book holds what all of them did: goals reached are a union;
of bets on one step, and of steps to go on with, the latest counts; a lesson stays finished since the first
time. What was reset meanwhile (by removing the file, say) stays reset but for the change itself.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
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
    """One lesson: the step to go on with (from 1), (step, goal) pairs reached, bets, and when it was
    finished.
    """

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
    """The book and its file; `clock` gives the time of finishing as text.
    Without a path it lives in memory.
    """

    def __init__(self, path: Path | None, clock: Callable[[], str] | None = None) -> None:
        self.path = path
        self.notice = ""
        self.book = Book()
        self._clock = clock
        if path is not None:
            try:
                with self._alone(path):
                    self._read(path)
            except OSError as error:
                self._only_in_memory(error)

    def peek(self, number: int) -> LessonProgress:
        """The progress of a lesson, only to be read."""
        return self.book.lessons.get(number, LessonProgress())

    def bet(self, number: int, bet: Bet) -> None:
        """Write down how a bet came out; a later bet of the same step replaces it."""

        def change(lesson: LessonProgress) -> None:
            others = [other for other in lesson.bets if other.step != bet.step]
            lesson.bets = sorted([*others, bet], key=lambda each: each.step)

        self._change_lesson(number, change)

    def goal(self, number: int, step: int, goal: int) -> None:
        """Write down that a goal was reached; step and goal count from 1."""

        def change(lesson: LessonProgress) -> None:
            lesson.goals = sorted({*lesson.goals, (step, goal)})

        self._change_lesson(number, change)

    def step(self, number: int, step: int) -> None:
        """Write down which step comes next."""

        def change(lesson: LessonProgress) -> None:
            lesson.step = step

        self._change_lesson(number, change)

    def finish(self, number: int) -> None:
        """Write down that a lesson is finished; the next start begins it anew."""
        now = self._clock() if self._clock else "yes"

        def change(lesson: LessonProgress) -> None:
            lesson.step, lesson.finished = 1, lesson.finished or now

        self._change_lesson(number, change)

    def played(self, scenario: str) -> None:
        """Write down which scenario file was played last."""

        def change(book: Book) -> None:
            book.last_scenario = scenario

        self._change(change)

    def attached(self, bootstrap: str) -> None:
        """Write down which cluster answered last, by the address that was typed."""

        def change(book: Book) -> None:
            book.last_bootstrap = bootstrap

        self._change(change)

    def next_lesson(self, numbers: list[int]) -> int:
        """The first of `numbers` that is not finished, or the last one."""
        return next((n for n in numbers if not self.peek(n).finished), numbers[-1])

    def _change_lesson(self, number: int, change: Callable[[LessonProgress], None]) -> None:
        def change_book(book: Book) -> None:
            book.last_lesson = number
            change(book.lessons.setdefault(number, LessonProgress()))

        self._change(change_book)

    def _change(self, change: Callable[[Book], None]) -> None:
        """Change the book as it is in the file now, whole or not at all, while no other mqviz does.

        `change` says what is so, not what is to be added: where writing fails, it is made again in memory.
        """
        if self.path is not None:
            try:
                self.path.parent.mkdir(parents=True, exist_ok=True)
                with self._alone(self.path):
                    self._read(self.path)
                    change(self.book)
                    self._write(self.path)
                return
            except OSError as error:
                self._only_in_memory(error)
        change(self.book)

    def _alone(self, path: Path) -> AbstractContextManager[None]:
        return folders.locked(path.with_suffix(".lock"))

    def _write(self, path: Path) -> None:
        folders.replace_text(path, msgspec.json.format(msgspec.json.encode(self.book)).decode() + "\n")

    def _read(self, path: Path) -> None:
        """Take the book from the file; none is an empty book, a damaged one is kept aside."""
        try:
            self.book = msgspec.json.decode(path.read_bytes(), type=Book)
        except FileNotFoundError:
            self.book = Book()
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            self._keep_aside(path, str(error))

    def _keep_aside(self, path: Path, reason: str) -> None:
        number = 1
        while (aside := path.with_name(f"{path.stem}.damaged-{number}{path.suffix}")).exists():
            number += 1
        path.rename(aside)
        goes_on = "starts anew" if self.book == Book() else "goes on from memory"
        self.notice = f"Progress {goes_on}: the old file is damaged and kept as {aside.name} ({reason})."

    def _only_in_memory(self, error: OSError) -> None:
        self.notice = f"Progress lasts only until you quit: {error.strerror or error} ({self.path})."
        self.path = None


def default_path() -> Path:
    """Where progress is kept: the user's state folder."""
    return folders.state() / FILE
