"""Rates, trends and time lag from the samples of the last minute.

All of it is an estimate and says so: rates are differences of two looks, a trend must show in the highest and
in the lowest samples (a group that commits every five seconds draws a saw, which is no trend) or lift the
last quarter above all that was before, and time lag is read off the line between two looks at the end of the
log.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from mqviz.model.observed.state import Unknown
from mqviz.model.observed.track import WINDOW_US, Track

MEASURING = Unknown("needs a second look")
SHORTEST_US = 900_000
"""Two looks closer than this tell no rate."""

STALE_LOOK_US = WINDOW_US * 3 // 2
"""The first point of a track may be this old and still be a look of the window (the slowest groups are read
twice a minute).
"""

Points = Sequence[tuple[int, int]]
"""(time, value), oldest first."""


def rate(points: Points, looked_us: int) -> float | Unknown:
    """How fast a value grew, per second, until the last look at `looked_us`; falls (commits moved back) are
    left out.
    """
    if not points:
        return MEASURING
    first_us = max(points[0][0], looked_us - STALE_LOOK_US)
    if points[0][0] < first_us:
        first_us = looked_us - WINDOW_US
    elapsed_us = looked_us - first_us
    if elapsed_us < SHORTEST_US:
        return MEASURING
    grown = sum(max(0, b[1] - a[1]) for a, b in pairwise(points))
    return grown * 1_000_000 / elapsed_us


def lag_points(ends: Track, commits: Track, partition: int) -> list[tuple[int, int]]:
    """(time, lag) of one partition, at every look at which its end or its commit had changed; at most 32."""
    end_points, commit_points = ends.points(partition), commits.points(partition)
    if not end_points or not commit_points:
        return []
    end_at, commit_at = dict(end_points), dict(commit_points)
    end, commit = end_points[0][1], commit_points[0][1]
    begin_us = max(end_points[0][0], commit_points[0][0])
    found: dict[int, int] = {}
    for at_us in sorted(end_at | commit_at):
        end, commit = end_at.get(at_us, end), commit_at.get(at_us, commit)
        found[max(at_us, begin_us)] = max(0, end - commit)
    return list(found.items())[-32:]


def trend(points: Points) -> str:
    """up, level, down, or "" while there are too few samples to tell."""
    if len(points) < 3 or points[-1][0] - points[0][0] < 2 * SHORTEST_US:
        return ""
    values = [value for _, value in points]
    enough = max(2, (max(values) - min(values)) // 3)
    early, late = values[: (len(values) + 1) // 2], values[len(values) // 2 :]
    low, high = min(late) - min(early), max(late) - max(early)
    if _rises(values, enough) or (low >= enough and high >= enough):
        return "up"
    falls = _rises([-value for value in values], enough)
    return "down" if falls or (-low >= enough and -high >= enough) else "level"


def _rises(values: list[int], enough: int) -> bool:
    """Whether the last quarter is above all before it and goes on rising: a climb that has just begun."""
    late = values[-max(4, len(values) // 4) :]
    early = values[: -len(late)]
    if not early or min(late) <= max(early) or max(late) - max(early) < enough:
        return False
    middle = len(late) // 2
    return max(late[middle:]) > max(late[:middle])


def turned_us(points: Points, direction: str) -> int:
    """Since when the values go up (or down): the time of the last lowest (highest) sample."""
    best = min(points, key=lambda point: (point[1], -point[0]))
    if direction == "down":
        best = max(points, key=lambda point: (point[1], point[0]))
    return best[0]


def behind_us(ends: Points, offset: int, looked_us: int) -> tuple[int, bool]:
    """How long ago the record at `offset` was written, estimated; True: longer ago than was looked back.

    `ends`: points of the log end. 0 where nothing is unread.
    """
    if not ends or offset >= ends[-1][1]:
        return 0, False
    if offset < ends[0][1]:
        return min(WINDOW_US, looked_us - ends[0][0]), True
    for (early_us, low), (late_us, high) in pairwise(ends):
        if low <= offset < high:
            written_us = early_us + (offset - low) * (late_us - early_us) // (high - low)
            age = looked_us - written_us
            return min(WINDOW_US, age), age > WINDOW_US
    return min(WINDOW_US, looked_us - ends[0][0]), True
