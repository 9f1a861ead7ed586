"""Colours of the two themes by role, and the blends made of them; plain "#rrggbb" strings.

The four levels of light are blends of a record's key colour into the ground: in flight (full colour) > lit
(waiting to be read) > read > not yet committed (no tile). Ratios by WCAG 2.1 are recomputed by a test:
words are at least 4.5 on every ground they stand on, lines that carry meaning at least 3.
"""

from __future__ import annotations

from functools import cache
from typing import Literal

Theme = Literal["dark", "light"]

ROLES: dict[Theme, dict[str, str]] = {
    "dark": {
        "base": "#0f131a",
        "raised": "#171c26",
        "bar": "#1e2530",
        "sel": "#322c57",
        "rule": "#2d3645",
        "edge": "#66738a",
        "quiet": "#94a1b5",
        "ink": "#d8dfe9",
        "bright": "#ffffff",
        "accent": "#bba8ff",
        "ok": "#74e69a",
        "wait": "#dba832",
        "bad": "#f76c86",
    },
    "light": {
        "base": "#fcfbf8",
        "raised": "#f3f0ea",
        "bar": "#e8e4dc",
        "sel": "#e0d8ff",
        "rule": "#d3cdc1",
        "edge": "#837d72",
        "quiet": "#5f5b54",
        "ink": "#23272e",
        "bright": "#000000",
        "accent": "#5a34d3",
        "ok": "#0f6a39",
        "wait": "#6b4700",
        "bad": "#c01238",
    },
}

KEYS: dict[Theme, dict[str, str]] = {
    "dark": {
        "A": "#f0a020",
        "B": "#7fd2ff",
        "C": "#1ecf9a",
        "D": "#f7ef9a",
        "E": "#8c9eff",
        "F": "#ff7d5e",
        "G": "#e283c9",
        "H": "#e6eaef",
    },
    "light": {
        "A": "#925800",
        "B": "#0868a0",
        "C": "#085740",
        "D": "#4a5000",
        "E": "#1c2fc0",
        "F": "#5e1400",
        "G": "#94197a",
        "H": "#2b3038",
    },
}

NO_KEY = "-"
"""Stands for the key of a record that has none, or none that was seen."""

LIT = {"dark": 0.34, "light": 0.24}
READ = {"dark": 0.09, "light": 0.06}
READ_LETTER = {"dark": 0.84, "light": 0.95}
TAIL = (0.95, 0.65, 0.40)
PAST = 0.70
DONE = 0.55
DONE_TILE = 0.12
FADED = 0.42
READABLE = 4.5


def blend(colour: str, ground: str, share: float) -> str:
    """`share` (0 to 1) of `colour` over `ground`."""
    mixed = (
        round(a * share + b * (1 - share)) for a, b in zip(_channels(colour), _channels(ground), strict=True)
    )
    return "#{:02x}{:02x}{:02x}".format(*mixed)


def sink(colour: str, theme: Theme) -> str:
    """What `colour` becomes behind an overlay: 42 % of it over the base."""
    return blend(colour, ROLES[theme]["base"], FADED)


def contrast(one: str, other: str) -> float:
    """WCAG 2.1 contrast ratio of two colours, 1 to 21."""
    high, low = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def colour(role: str, theme: Theme) -> str:
    """The colour of `role`: a name of ROLES, `past`, `done`, or a key's: `key A`, `lit A`, `read A`, `letter
    A`, `tail1 A` to `tail3 A`.

    Raises KeyError for a role that is not in the table.
    """
    return _table(theme)[role]


def readable(fg: str, bg: str, theme: Theme) -> str:
    """`fg` moved towards black (light) or white (dark) until it reads on `bg`."""
    end = "#000000" if theme == "light" else "#ffffff"
    share = 0.0
    moved = fg
    while contrast(moved, bg) < READABLE and share < 1:
        share += 0.05
        moved = blend(end, fg, share)
    return moved


@cache
def _table(theme: Theme) -> dict[str, str]:
    roles = ROLES[theme]
    base, quiet = roles["base"], roles["quiet"]
    table = dict(roles)
    table["past"] = blend(quiet, base, PAST)
    table["done"] = blend(quiet, base, DONE)
    table["done tile"] = blend(roles["ok"], base, DONE_TILE)
    for letter, key in (KEYS[theme] | {NO_KEY: quiet}).items():
        table[f"key {letter}"] = key
        table[f"lit {letter}"] = blend(key, base, LIT[theme])
        table[f"read {letter}"] = blend(key, base, READ[theme])
        table[f"letter {letter}"] = blend(key, base, READ_LETTER[theme])
        for number, share in enumerate(TAIL, 1):
            table[f"tail{number} {letter}"] = blend(key, base, share)
    return table


def _channels(text: str) -> tuple[int, int, int]:
    return int(text[1:3], 16), int(text[3:5], 16), int(text[5:7], 16)


@cache
def _luminance(text: str) -> float:
    red, green, blue = (_linear(value / 255) for value in _channels(text))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(value: float) -> float:
    return value / 12.92 if value <= 0.03928 else float(((value + 0.055) / 1.055) ** 2.4)
