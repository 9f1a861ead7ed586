"""Escape: text from a cluster, made safe for a terminal.

Names of groups, topics, hosts and clients, and the bytes of records, are written by strangers. Control
characters (with them ANSI and OSC sequences), overrides of the writing direction, invisible and private
characters are spelled out (`\\x1b`, `\\u202e`), so that what is shown cannot command the terminal nor look
like another name.
"""

from __future__ import annotations

import re
import unicodedata

_PLAIN = re.compile(r"[ -~]*")
SPELLED = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_SOFT_HYPHEN = "\u00ad"
MOST_MARKS = 4
"""Combining marks that one character may carry; more would spill into the rows around it."""


def escape(text: str) -> str:
    """`text` with everything spelled out that a terminal would obey, hide or turn round."""
    if _PLAIN.fullmatch(text):
        return text
    found: list[str] = []
    marks = 0
    for character in text:
        if unicodedata.category(character) in ("Mn", "Me"):
            marks += 1
            if marks > MOST_MARKS:
                continue
        else:
            marks = 0
        found.append(_spelled(character))
    return "".join(found)


def _spelled(character: str) -> str:
    category = unicodedata.category(character)
    if category == "Zs":
        return " "
    if category not in SPELLED and character != _SOFT_HYPHEN:
        return character
    return spelled_out(character)


def spelled_out(character: str) -> str:
    """A character as its number: `\\x1b`, `\\u202e`, `\\U000e0041`."""
    code = ord(character)
    if code > 0xFFFF:
        return f"\\U{code:08x}"
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
