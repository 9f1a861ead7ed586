"""The one table of signs: what each means, and the ASCII that stands for it where there is no UTF-8.

Every sign is one cell wide in ordinary terminal fonts (a test holds that) and none is an emoji code point.
A twin is one character wherever a layout counts on it; only words use the longer ones.
"""

from __future__ import annotations

import re
from typing import NamedTuple


class Sign(NamedTuple):
    """A sign of the screen, its ASCII twin, and its meaning."""

    sign: str
    twin: str
    meaning: str


TABLE: tuple[Sign, ...] = (
    Sign("━", "=", "in flight: the tail, which shows where from; time that has passed"),
    Sign("╌", "-", "an edge"),
    Sign("►", ">", "end of an edge; focus"),
    Sign("◄", "<", "transport: back"),
    Sign("▲", "^", "committed: next to read"),
    Sign("△", "+", "position"),
    Sign("░", ".", "waiting, idle, nobody reads"),
    Sign("█", "#", "working, done"),
    Sign("▒", "%", "in somebody's hands, in the background"),
    Sign("▏", "'", "a pause shorter than one cell"),
    Sign("▎", "|", "a bar shorter than one cell"),
    Sign("▌", "|", "left edge of a tile"),
    Sign("▮", "|", "pause; stalled"),
    Sign("■", "#", "stopped"),
    Sign("│", "|", "wall of a committed cell; spine of edges; follower"),
    Sign("╎", ";", "wall of a cell above the watermark; not in sync; dead"),
    Sign("┊", "!", "high watermark"),
    Sign("║", "[", "leads the partition"),
    Sign("○", "o", "open"),
    Sign("●", "@", "reached, active; playhead"),
    Sign("◆", "*", "a moment; an answer"),
    Sign("∘", ".", "record with a null key"),
    Sign("·", "-", "separator; not for this one"),
    Sign("•", ".", "decimal point of big digits"),
    Sign("✓", "y", "done, right"),
    Sign("✗", "x", "lost, wrong, failed, dead"),
    Sign("×", "x", "times: twice is ×2"),
    Sign("↑", "/", "growing"),
    Sign("→", "-", "steady; becomes"),
    Sign("↓", "\\", "falling"),
    Sign("←", "<", "moved back"),
    Sign("≈", "~", "estimated"),
    Sign("≥", ">=", "at least"),
    Sign("–", "-", "none"),
    Sign("−", "-", "minus"),
    Sign("…", ".", "cut here"),
    Sign("▁", "1", "sparkline, lowest"),
    Sign("▂", "2", "sparkline"),
    Sign("▃", "3", "sparkline"),
    Sign("▄", "4", "sparkline"),
    Sign("▅", "5", "sparkline"),
    Sign("▆", "6", "sparkline"),
    Sign("▇", "7", "sparkline, highest"),
    Sign("─", "-", "rule, axis, work left"),
    Sign("├", "+", "rule, axis"),
    Sign("┤", "+", "rule, axis"),
    Sign("┬", "+", "rule, axis"),
    Sign("┴", "+", "rule, axis"),
    Sign("┼", "+", "edges that meet"),
    Sign("╭", "+", "edges that meet"),
    Sign("╮", "+", "edges that meet"),
    Sign("╯", "+", "edges that meet"),
    Sign("╰", "+", "edges that meet"),
    Sign("┏", "+", "big digits"),
    Sign("┓", "+", "big digits"),
    Sign("┗", "+", "big digits"),
    Sign("┛", "+", "big digits"),
    Sign("┣", "+", "big digits"),
    Sign("┫", "+", "big digits"),
    Sign("┻", "+", "big digits"),
    Sign("┃", "|", "big digits"),
    Sign("╺", "-", "big digits"),
    Sign("╸", "-", "big digits"),
    Sign("╻", "|", "big digits"),
    Sign("╹", "|", "big digits"),
)

_BECOMES = re.compile(r"(?<=\w )→(?= [\w–?])")

SIGNS = "".join(entry.sign for entry in TABLE)
TWINS = {ord(entry.sign): entry.twin for entry in TABLE}


def to_ascii(text: str) -> str:
    """`text` with every sign as its twin and whatever else is not ASCII as `?`.

    Between two words the arrow, which then means "becomes", is no minus.
    """
    plain = _BECOMES.sub(">", text).translate(TWINS) if "→" in text else text.translate(TWINS)
    return plain if plain.isascii() else plain.encode("ascii", "replace").decode("ascii")
