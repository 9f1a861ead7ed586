"""Numbers and times as people read them, in reasons, verdicts and explanations."""

from __future__ import annotations

from collections.abc import Sequence

SECOND = 1_000_000
DAY = 86_400 * SECOND


def number(value: int) -> str:
    """12480 as 12,480."""
    return f"{value:,}"


def per_second(rate: float) -> str:
    """A rate without its unit: 410, 4.2, 0.03; 0 is 0."""
    if rate >= 9.95 or not rate:
        return number(round(rate))
    return f"{rate:.1f}" if rate >= 0.095 else f"{rate:.2f}"


def percent(share: float) -> str:
    """0.912 as 91 %."""
    return f"{round(share * 100)} %"


def lasting(time_us: int) -> str:
    """A length of time with its unit: 640 ms, 1.2 s, 58 s, 2 min 5 s, 3 h 20 min, 5 d."""
    if time_us < SECOND - 500:
        return f"{(time_us + 500) // 1_000} ms"
    if time_us < 9_950_000:
        return f"{time_us / SECOND:.1f} s"
    seconds = (time_us + SECOND // 2) // SECOND
    if seconds < 120:
        return f"{seconds} s"
    if seconds < 3_600:
        return f"{seconds // 60} min {seconds % 60} s"
    if seconds < 172_800:
        return f"{seconds // 3_600} h {seconds % 3_600 // 60} min"
    return f"{seconds // 86_400} d"


def clock(wall_us: int | None, at_us: int) -> str:
    """What the clock on the wall shows at `at_us`: 12:04:31; "" where it is not known."""
    if wall_us is None:
        return ""
    seconds = (wall_us + at_us) % DAY // SECOND
    return f"{seconds // 3_600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"


def since(wall_us: int | None, at_us: int, now_us: int) -> str:
    """`since 12:00:56`, or `for 3 min 35 s` without a clock."""
    shown = clock(wall_us, at_us)
    return f"since {shown}" if shown else f"for {lasting(now_us - at_us)}"


def at(wall_us: int | None, at_us: int, now_us: int) -> str:
    """`at 12:04:30`, or `3.0 s ago` without a clock."""
    shown = clock(wall_us, at_us)
    return f"at {shown}" if shown else f"{lasting(now_us - at_us)} ago"


def several(count: int, thing: str) -> str:
    """1 end, 3 ends."""
    return f"{number(count)} {thing}{'' if count == 1 else 's'}"


def names(words: Sequence[str]) -> str:
    """c4; c4 and c5; c3, c4 and c5."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
