"""Course: the thirty-six lessons in order, which of them exist, and where a lesson is found."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from mqviz import folders
from mqviz.commands import nearest
from mqviz.lesson.format import Lesson, load_lesson

PARTS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (
        "Why wait?",
        (
            "The five-second sign-up",
            "Waiting costs threads",
            "Nine ways to send a mail",
            "A thread in the background",
            "A table as a queue",
            "Are we there yet?",
            "The order-slip board",
            "1000 in, 100 out",
        ),
    ),
    (
        "Three kinds of queue",
        (
            "One message, one worker",
            "Everybody hears, nobody remembers",
            "The log",
            "Three kinds, one workload",
        ),
    ),
    (
        "Kafka",
        (
            "Topics, partitions, offsets",
            "Where does a key go?",
            "Consumer groups",
            "When do you commit?",
            "Lag",
            "The rebalance race",
            "A broker dies",
            "acks and what survives",
            "How long is forever?",
            "Exactly once",
            "Batches",
            "Queues on Kafka",
        ),
    ),
    (
        "Systems and incidents",
        (
            "Video upload",
            "An order, five services",
            "Who gets which notification",
            "Five mails an hour",
            "Three providers, one is down",
            "The same message twice",
            "Dead letters",
            "What to watch",
            "When the broker is away",
            "Changing the message",
            "Find the incident",
            "Build it yourself",
        ),
    ),
)
"""The parts of the course and the titles of their lessons; numbers count through from 1."""


class NoLesson(ValueError):
    """A number that is no lesson, or not yet one; the argument is one sentence."""


class Entry(NamedTuple):
    """A lesson of the course; `path` is None while it is only planned."""

    number: int
    title: str
    part: str
    path: Path | None


def catalogue(folder: Path | None = None) -> list[Entry]:
    """Every lesson of the course in order, planned ones too."""
    files = {
        int(path.name[:2]): path
        for path in sorted((folder or folders.data("lessons")).glob("[0-9][0-9]-*.md"))
    }
    titled = [(part, title) for part, titles in PARTS for title in titles]
    return [Entry(number, title, part, files.get(number)) for number, (part, title) in enumerate(titled, 1)]


def find(which: str) -> Lesson:
    """The lesson with this number, or in this file; raises NoLesson or FileError with a sentence."""
    if not which.isdigit():
        return load_lesson(Path(which))
    entries = catalogue()
    there = [str(entry.number) for entry in entries if entry.path]
    entry = next((entry for entry in entries if entry.number == int(which)), None)
    if entry is None:
        raise NoLesson(f"there is no lesson {which}{nearest(which, there)}")
    if entry.path is None:
        sentence = f"lesson {which}, {entry.title}, is not written yet: write one of {', '.join(there)}"
        raise NoLesson(sentence)
    return load_lesson(entry.path)
