"""Citations: where the project names rules of the book, R50 or S9, and numbers of kinds that the book does not have."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

from tests.rules.book import ROOT

PLACES = ("mqviz", "docs", "lessons", "tests", "assets", "README.md", "CONTRIBUTING.md", "CHANGELOG.md")
KINDS = (".py", ".md", ".yaml", ".json")

PROSE = r"(?<![\w./#])(%s)(?!\w|-[a-z])"
"""R50, but not the S12 of a recording's name, S12-ack-unknown."""
CITED, OTHERS = (re.compile(PROSE % kinds) for kinds in (r"[RS]\d{1,3}", r"(?:E|I|FX)\d{1,2}"))
FUNCTION = re.compile(r"\bdef (\w+)")
CITED_BY_NAME, OTHERS_BY_NAME = (
    re.compile(rf"(?:^|(?<=_))({kinds})(?=_)") for kinds in (r"[rs]\d+", r"(?:e|i|fx)\d+")
)


def cited(path: Path) -> set[str]:
    """Rules that a file names, in prose and in the names of its functions."""
    return _found(path, CITED, CITED_BY_NAME)


def others(path: Path) -> set[str]:
    """Numbers of other kinds in a file: a reader would look for them in vain."""
    return _found(path, OTHERS, OTHERS_BY_NAME)


def files() -> Iterator[Path]:
    """Every text of the project in which a rule may be cited, without those of this folder."""
    for place in PLACES:
        found = [ROOT / place] if place.endswith(".md") else sorted((ROOT / place).rglob("*"))
        yield from (path for path in found if path.suffix in KINDS and path.parent != Path(__file__).parent)


def _found(path: Path, prose: re.Pattern[str], name: re.Pattern[str]) -> set[str]:
    text = _text(path)
    names = FUNCTION.findall(text) if path.suffix == ".py" else ()
    return {*prose.findall(text), *(rule.upper() for each in names for rule in name.findall(each))}


def _text(path: Path) -> str:
    """A file's text; of a recording what it says of itself, without what was done and seen."""
    text = path.read_text("utf-8")
    if path.suffix != ".json" or "golden" not in path.parts:
        return text
    recording = json.loads(text)
    return " ".join(str(recording.get(part, "")) for part in ("id", "what", "rules", "notes"))
