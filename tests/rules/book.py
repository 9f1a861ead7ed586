"""The book of rules: docs/rules/*.md, where each rule has a heading, a text and its source."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
BOOK = ROOT / "docs" / "rules"


class Rule(NamedTuple):
    """`name`: R50, or S9 for a simplification. `line`: it in one line, as in its heading. `source`: empty if none is given."""

    name: str
    line: str
    text: str
    source: str

    @property
    def left_out(self) -> bool:
        """Whether the simulator does not carry it; its text says why."""
        return self.text.startswith("Left out: ")

    @property
    def anchor(self) -> str:
        """The end of a link to its heading, as GitHub makes it of a heading."""
        return re.sub(r"[^\w\- ]", "", f"{self.name} {self.line}".lower()).replace(" ", "-")


class Part(NamedTuple):
    """A file of the book."""

    file: Path
    title: str
    rules: tuple[Rule, ...]


def parts() -> list[Part]:
    """The book in the order of its numbers, simplifications last."""
    found = [_part(path) for path in BOOK.glob("*.md")]
    return sorted(found, key=lambda part: (part.rules[0].name[0], number(part.rules[0].name)))


def rules() -> dict[str, Rule]:
    """Every rule by its name, in order."""
    return {rule.name: rule for part in parts() for rule in part.rules}


def number(name: str) -> int:
    """50 of R50."""
    return int(name[1:])


def _part(path: Path) -> Part:
    title, *pieces = re.split(r"^#+ ", path.read_text("utf-8"), flags=re.MULTILINE)[1:]
    return Part(path, title.split("\n")[0], tuple(_rule(piece) for piece in pieces))


def _rule(piece: str) -> Rule:
    heading, _, body = piece.partition("\n")
    name, _, line = heading.partition(" ")
    text, _, source = body.partition("\nSource: ")
    return Rule(name, line, text.strip(), " ".join(source.split()))
