"""Words: quantities as people read them, for reasons and explanations."""

from __future__ import annotations


def duration(time_us: int) -> str:
    """A length of time to read: 0 s, 800 us, 101 ms, 4.1 s, 2 min 5 s, 3 h 20 min."""
    if not time_us:
        return "0 s"
    if time_us < 1_000:
        return f"{time_us} us"
    if time_us < 999_500:
        return f"{_round(time_us, 1_000)} ms"
    if time_us < 59_950_000:
        return f"{_round(time_us, 100_000) / 10:.1f} s"
    seconds = _round(time_us, 1_000_000)
    if seconds < 3_600:
        return f"{seconds // 60} min {seconds % 60} s"
    return f"{seconds // 3_600} h {seconds % 3_600 // 60} min"


def counted(number: int, thing: str) -> str:
    """1 thread, 2 threads, no threads."""
    return f"{number or 'no'} {thing}{'' if number == 1 else 's'}"


def _round(value: int, unit: int) -> int:
    return (value + unit // 2) // unit
