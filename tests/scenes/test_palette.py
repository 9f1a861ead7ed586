"""Contrast of the two themes, recomputed from the table by WCAG 2.1."""

from __future__ import annotations

import pytest
from rich.color import Color, ColorSystem

from mqviz.scenes.palette import KEYS, ROLES, Theme, blend, colour, contrast, sink
from mqviz.scenes.style import resolve, style

GROUNDS = ("base", "raised", "bar")
WORDS = ("quiet", "ink", "bright", "accent", "ok", "wait", "bad")
FIGURES: dict[Theme, dict[str, float]] = {
    "dark": {
        "edge": 3.2, "quiet": 5.9, "ink": 11.5, "bright": 15.4, "accent": 7.5, "ok": 9.9, "wait": 7.1, "bad": 5.5,
        "key A": 7.2, "key B": 9.2, "key C": 7.7, "key D": 13.0, "key E": 6.2, "key F": 6.1, "key G": 6.1,
        "key H": 12.8,
    },
    "light": {
        "edge": 3.2, "quiet": 5.3, "ink": 11.8, "bright": 16.6, "accent": 5.8, "ok": 5.2, "wait": 6.6, "bad": 4.9,
        "key A": 4.6, "key B": 4.7, "key C": 6.8, "key D": 6.8, "key E": 7.5, "key F": 10.5, "key G": 6.2,
        "key H": 10.5,
    },
}  # fmt: skip
THEMES: tuple[Theme, ...] = ("dark", "light")
PAIRS = [(theme, role) for theme in THEMES for role in FIGURES[theme]]


def lowest(role: str, theme: Theme) -> float:
    return min(contrast(colour(role, theme), ROLES[theme][ground]) for ground in GROUNDS)


@pytest.mark.parametrize(("theme", "role"), PAIRS)
def test_the_ratio_is_the_style_sheets(theme: Theme, role: str) -> None:
    assert lowest(role, theme) == pytest.approx(FIGURES[theme][role], abs=0.1)


@pytest.mark.parametrize("theme", THEMES)
def test_words_read_on_every_ground_and_lines_are_seen(theme: Theme) -> None:
    assert all(lowest(role, theme) >= 4.5 for role in (*WORDS, *(f"key {letter}" for letter in KEYS[theme])))
    assert lowest("edge", theme) >= 3.0


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("letter", [*"ABCDEFGH", "-"])
def test_letters_read_on_their_tiles(theme: Theme, letter: str) -> None:
    base = ROLES[theme]["base"]
    assert contrast(ROLES[theme]["bright"], colour(f"lit {letter}", theme)) >= 4.5
    assert contrast(colour(f"letter {letter}", theme), colour(f"read {letter}", theme)) >= 4.4
    assert contrast(base, colour(f"key {letter}", theme)) >= 4.5


@pytest.mark.parametrize("theme", THEMES)
def test_everything_reads_on_the_ground_of_focus(theme: Theme) -> None:
    for role in (*WORDS, *(f"key {letter}" for letter in KEYS[theme])):
        look = resolve(style(role, "sel"), theme)
        assert look.fg is not None
        assert contrast(look.fg, ROLES[theme]["sel"]) >= 4.5


def test_keys_are_darkened_on_sel_only_where_they_must_be() -> None:
    sel = ROLES["light"]["sel"]
    assert contrast(KEYS["light"]["A"], sel) == pytest.approx(4.27, abs=0.05)
    assert contrast(KEYS["light"]["B"], sel) == pytest.approx(4.41, abs=0.05)
    assert resolve(style("key E", "sel"), "light").fg == KEYS["light"]["E"]


@pytest.mark.parametrize("theme", THEMES)
def test_light_falls_from_in_flight_to_read(theme: Theme) -> None:
    base = ROLES[theme]["base"]
    for letter in KEYS[theme]:
        steps = [contrast(colour(f"{level} {letter}", theme), base) for level in ("key", "lit", "read")]
        assert steps == sorted(steps, reverse=True)


def test_blends() -> None:
    assert blend("#ffffff", "#000000", 0.5) == "#808080"
    assert sink("#ffffff", "dark") == blend("#ffffff", ROLES["dark"]["base"], 0.42)
    with pytest.raises(KeyError):
        colour("nonsense", "dark")


def test_without_colour_solid_and_focus_are_reverse_video() -> None:
    assert resolve(style("base", "key D", True), "dark", no_color=True).reverse
    assert resolve(style("ink", "sel"), "dark", no_color=True).reverse
    plain = resolve(style("bright", "lit D", True), "dark", no_color=True)
    assert (plain.fg, plain.bg, plain.bold, plain.reverse) == (None, None, True, False)


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("letter", [*"ABCDEFGH"])
def test_a_terminal_of_256_colours_still_tells_lit_from_read(theme: Theme, letter: str) -> None:
    def ground(role: str) -> object:
        return Color.parse(colour(role, theme)).downgrade(ColorSystem.EIGHT_BIT).number

    assert ground(f"lit {letter}") not in (ground("base"), ground(f"read {letter}"))
    assert ground(f"key {letter}") not in (ground("base"), ground(f"lit {letter}"))
