"""Page: the Markdown of a lesson taken apart: front matter, paragraphs, steps and their blocks,
with lines.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from markdown_it import MarkdownIt
from markdown_it.token import Token

from mqviz.yamlfile import FileError

BLOCK = "yaml step"
_FENCE = "---"


class Section(NamedTuple):
    """What stands under one `##` heading; lines count from 1 in the file."""

    title: str
    line: int
    before: tuple[str, ...]
    block: str | None
    block_line: int
    after: tuple[str, ...]


class Page(NamedTuple):
    """A lesson as text: front matter (YAML), the paragraphs before the first `##`, and the sections."""

    front: str
    front_line: int
    intro: tuple[str, ...]
    sections: tuple[Section, ...]


class _Open:
    """A section that is being read."""

    def __init__(self, title: str, line: int) -> None:
        self.title = title
        self.line = line
        self.before: list[str] = []
        self.after: list[str] = []
        self.block: str | None = None
        self.block_line = 0

    def add(self, paragraph: str) -> None:
        (self.before if self.block is None else self.after).append(paragraph)

    def close(self) -> Section:
        return Section(
            self.title, self.line, tuple(self.before), self.block, self.block_line, tuple(self.after)
        )


def parse(text: str, source: str) -> Page:
    """Take a lesson's text apart; raises FileError where front matter or a second block is wrong."""
    lines = text.split("\n")
    end = next((n for n, line in enumerate(lines) if n and line.strip() == _FENCE), 0)
    if not lines or lines[0].strip() != _FENCE or not end:
        raise FileError(source, 1, 1, "a lesson begins with its front matter between two lines of ---")
    body = "\n".join(lines[end + 1 :])
    first, *sections = _sections(MarkdownIt("commonmark").parse(body), end + 2, source)
    titles = [section.title for section in sections]
    for number, section in enumerate(sections):
        if section.title in titles[:number]:
            raise FileError(source, section.line, 1, f"there are two headings `{section.title}`")
    return Page("\n".join(lines[1:end]), 2, first.before, tuple(sections))


def _sections(tokens: Sequence[Token], first_line: int, source: str) -> list[Section]:
    found = [_Open("", first_line)]
    inside: list[str] = []
    for at, token in enumerate(tokens):
        line = first_line + (token.map[0] if token.map else 0)
        if token.type == "heading_open":
            inside = ["heading"]
            if token.tag == "h2":
                found.append(_Open(plain(tokens[at + 1]), line))
        elif token.type == "heading_close":
            inside = []
        elif token.type == "list_item_open":
            inside = ["item"]
        elif token.type == "list_item_close":
            inside = []
        elif token.type == "inline" and inside != ["heading"]:
            found[-1].add(("· " if inside == ["item"] else "") + plain(token))
        elif token.type == "fence":
            _fence(found[-1], token, line, source)
    return [section.close() for section in found]


def _fence(section: _Open, token: Token, line: int, source: str) -> None:
    if token.info.strip() != BLOCK:
        section.add(token.content.rstrip("\n"))
        return
    if section.block is not None:
        raise FileError(source, line, 1, f"the step `{section.title}` has two blocks: make two steps of it")
    section.block = token.content
    section.block_line = line + 1


def plain(token: Token) -> str:
    """The words of an inline token without its marks."""
    words = {"softbreak": " ", "hardbreak": "\n"}
    return "".join(words.get(child.type, child.content) for child in token.children or ())
