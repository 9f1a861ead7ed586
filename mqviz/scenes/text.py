"""Text that is safe and countable: cells of a string, whatever a cluster's names and keys contain.

Control characters (with them ANSI and OSC sequences), bidi overrides, zero-width and private characters are
spelled out as escapes, so that no byte of a record can command the terminal. Wide characters take two
cells, combining marks none.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from mqviz.model.escape import MOST_MARKS, SPELLED, spelled_out
from mqviz.scenes.signs import SIGNS

_NARROW = re.compile(f"[ -~{re.escape(SIGNS)}]*")
_MARKS = frozenset({"Mn", "Mc", "Me"})
_UNSURE = re.compile(
    "[\u00ad\u1160-\u11ff\u2630-\u2637\u268a-\u268f\u3164\u4dc0-\u4dff\ud7b0-\ud7ff\uffa0"
    "\U0001d300-\U0001d37f\U0001f3fb-\U0001f3ff]"
)
"""Characters that some terminals draw wider than others: soft hyphen, vowels and fillers of Hangul,
hexagrams, skin tones.
"""


def is_narrow(text: str) -> bool:
    """Whether every character takes exactly one cell and needs no escape."""
    return _NARROW.fullmatch(text) is not None


def cells(text: str) -> list[str]:
    """One string a cell; a wide character is followed by an empty one,
    combining marks join the cell before.
    """
    if is_narrow(text):
        return list(text)
    found: list[str] = []
    for character in unicodedata.normalize("NFC", text):
        _add(found, character)
    return found


def width(text: str) -> int:
    """Cells that `text` takes."""
    return len(text) if is_narrow(text) else len(cells(text))


def shorten(text: str, columns: int) -> str:
    """`text`, or its beginning and `…`, in at most `columns` cells."""
    if len(text) <= columns and is_narrow(text):
        return text
    parts = cells(text)
    if len(parts) <= columns:
        return "".join(parts)
    kept = parts[: max(0, columns - 1)]
    if len(kept) < len(parts) and kept and parts[len(kept)] == "":
        kept[-1] = " "
    return "".join(kept) + "…" if columns > 0 else ""


def wrap(text: str, columns: int) -> list[str]:
    """Lines of at most `columns` cells, broken at spaces where there are any."""
    lines: list[str] = []
    line = ""
    for word in text.split():
        if line and width(line) + 1 + width(word) > columns:
            lines.append(line)
            line = ""
        line = f"{line} {word}" if line else shorten(word, columns)
    return [*lines, line] if line else lines


def _add(found: list[str], character: str) -> None:
    spelled, size = _shape(character)
    if size == 0:
        _combine(found, spelled)
    elif size == 2:
        found += (spelled, "")
    else:
        found += spelled


def _combine(found: list[str], mark: str) -> None:
    at = len(found) - 1
    while at >= 0 and found[at] == "":
        at -= 1
    if at >= 0 and mark and len(found[at]) <= MOST_MARKS:
        found[at] += mark


@lru_cache(4096)
def _shape(character: str) -> tuple[str, int]:
    """What to draw and its width: 0 joins the cell before, 2 is wide, 1 is as long as the text returned."""
    category = unicodedata.category(character)
    if category in _MARKS:
        return ("" if "\ufe00" <= character <= "\ufe0f" else character), 0
    if category in SPELLED or _UNSURE.match(character):
        return spelled_out(character), 1
    if category.startswith("Z"):
        return " ", 1
    if unicodedata.east_asian_width(character) in "WF":
        return character, 2
    return character, 1
