"""Figures as text: thousands with a comma, times with their unit, sparklines, big digits."""

from __future__ import annotations

from collections.abc import Sequence

from mqviz.facts import words

_LEVELS = "▁▂▃▄▅▆▇"
_SMALLEST_TOP = 3

_BIG = {
    " ": ("   ", "   ", "   "),
    "0": ("┏━┓", "┃ ┃", "┗━┛"),
    "1": ("╺┓ ", " ┃ ", "╺┻╸"),
    "2": ("╺━┓", "┏━┛", "┗━╸"),
    "3": ("╺━┓", " ━┫", "╺━┛"),
    "4": ("╻ ╻", "┗━┫", "  ╹"),
    "5": ("┏━╸", "┗━┓", "╺━┛"),
    "6": ("┏━╸", "┣━┓", "┗━┛"),
    "7": ("╺━┓", "  ┃", "  ╹"),
    "8": ("┏━┓", "┣━┫", "┗━┛"),
    "9": ("┏━┓", "┗━┫", "╺━┛"),
    ".": (" ", " ", "•"),
    "–": ("   ", "╺━╸", "   "),
}


thousands = words.number


def duration(time_us: int) -> str:
    """A length of time to read: 800 us, 101 ms, 4.1 s, 2 min 5 s, 3 h 20 min."""
    if 0 < time_us < 1_000:
        return f"{time_us} us"
    if time_us < 999_500:
        return f"{_round(time_us, 1_000)} ms"
    if time_us < 59_950_000:
        return f"{_round(time_us, 100_000) / 10:.1f} s"
    seconds = _round(time_us, 1_000_000)
    if seconds < 3_600:
        return f"{seconds // 60} min {seconds % 60} s"
    return f"{seconds // 3_600} h {seconds % 3_600 // 60} min"


def seconds(time_us: int) -> str:
    """A moment of a run in whole milliseconds: 12.340 s."""
    return f"{time_us // 1_000_000}.{time_us // 1_000 % 1_000:03d} s"


def compact(number: int, columns: int) -> str:
    """`number` in at most `columns` cells where that can be: 12,480, else 12k, 3M, 9G."""
    text = thousands(number)
    for size, unit in ((1_000, "k"), (1_000_000, "M"), (1_000_000_000, "G")):
        if len(text) <= columns:
            break
        text = f"{number // size}{unit}"
    return text


def spark(values: Sequence[int], columns: int, top: int = 0) -> str:
    """Values as a sparkline of at most `columns` cells, never the full block.

    More values than cells are thinned evenly, the last one kept. The scale is from 0 to `top` (0: their own
    highest), and at least twice the lowest: what is steady is half high and does not look full.
    """
    shown = thin(values, columns)
    high = max(top, *shown, 2 * min(shown), _SMALLEST_TOP) if shown else 0
    return "".join(_LEVELS[_level(value, high)] for value in shown)


def thin(values: Sequence[int], columns: int) -> list[int]:
    """At most `columns` of the values, evenly spread, with the last."""
    if columns <= 0:
        return []
    count = len(values)
    if count <= columns:
        return list(values)
    return [
        values[count - 1 - (columns - 1 - n) * (count - 1) // max(1, columns - 1)] for n in range(columns)
    ]


def big(text: str) -> tuple[str, str, str]:
    """Digits, point and `–` three rows high; a digit is three columns, the point one."""
    parts = [_BIG[character] for character in text]
    return (
        "".join(part[0] for part in parts),
        "".join(part[1] for part in parts),
        "".join(p[2] for p in parts),
    )


def _level(value: int, high: int) -> int:
    if value <= 0:
        return 0
    return max(1, min(len(_LEVELS) - 1, _round(value * (len(_LEVELS) - 1), high)))


def _round(value: int, unit: int) -> int:
    return (2 * value + unit) // (2 * unit)
