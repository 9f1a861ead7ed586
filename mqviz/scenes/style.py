"""Style: what a cell looks like, in roles; `resolve` turns it into colours of a theme, or into none.

Styles are interned by `style`, so that finding where one run of cells ends is a comparison of identities.
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

from mqviz.scenes import palette
from mqviz.scenes.palette import Theme


class Style(NamedTuple):
    """Role of the letter, role of the ground, and whether it is bold; made by `style`."""

    fg: str
    bg: str
    bold: bool

    def on(self, bg: str) -> Style:
        """The same on another ground."""
        return style(self.fg, bg, self.bold)


class Look(NamedTuple):
    """A resolved style: colours as "#rrggbb" (None: the terminal's own), bold, and reverse video."""

    fg: str | None
    bg: str | None
    bold: bool
    reverse: bool


@cache
def style(fg: str, bg: str = "base", bold: bool = False) -> Style:
    """The one Style with these roles."""
    return Style(fg, bg, bold)


@cache
def resolve(wanted: Style, theme: Theme, no_color: bool = False) -> Look:
    """Colours of `wanted` in `theme`; without colour only bold and, for what is solid or in focus, reverse
    video.
    """
    solid = _solid(wanted)
    if no_color:
        return Look(None, None, wanted.bold, solid or wanted.bg == "sel")
    fg = palette.colour(wanted.fg, theme)
    bg = palette.colour(wanted.bg, theme)
    if wanted.bg == "sel" and wanted.fg not in _TEXTURES:
        fg = palette.readable(fg, bg, theme)
    return Look(fg, bg, wanted.bold, False)


_TEXTURES = ("past", "done", "edge", "rule")
"""Roles that are never words."""


def _solid(wanted: Style) -> bool:
    return wanted.bg.startswith("key ") or wanted.bg in ("accent", "bad", "wait", "ok")


PLAIN = style("ink")
QUIET = style("quiet")
STRONG = style("quiet", bold=True)
BRIGHT = style("bright", bold=True)
NAME = BRIGHT
EDGE = style("edge")
RULE = style("rule")
OK = style("ok")
WAIT = style("wait")
IDLE = style("wait", bold=True)
BAD = style("bad", bold=True)
