"""Moments of home."""

from __future__ import annotations

from typing import Any

from mqviz.scenes.canvas import Canvas
from mqviz.scenes.home import Course, Door, HomeView, draw_home
from mqviz.scenes.view import View
from tests.scenes.moments_register import moment

PARTS = (("Why wait?", 8), ("Three kinds of queue", 4), ("Kafka", 12), ("Systems and incidents", 12))
DOORS = (
    Door("Learn", "36 lessons of ten minutes: predict, run, see why.", "next", "15 Consumer groups", "l"),
    Door("Play", "Pick a scenario, break it: kill, cut, slow, flood.", "last", "one hot key", "p"),
    Door("Attach", "Your cluster, read-only: lag, rebalances, verdicts.", "last", "localhost:9092", "a"),
)
BETS = tuple(sign == "y" for sign in "ynyyynynyyynyynyyyynyynyyy")


def course(done: int) -> tuple[Course, ...]:
    parts = [part for part, count in PARTS for _ in range(count)]
    return tuple(
        Course(n, "Consumer groups" if n == 15 else f"Lesson {n}", part, n <= done)
        for n, part in enumerate(parts, 1)
    )


@moment
def at_home(columns: int, rows: int, **more: Any) -> Canvas:
    """Fourteen lessons done, the next chosen."""
    teaser = "3 partitions, 5 members, who sits idle?"
    shown = HomeView("v0.1 · dark · seed 7", DOORS, 0, course(14), 15, teaser, BETS, 15)
    return draw_home(shown, View(0, columns, rows, **more))


@moment
def first_launch(columns: int, rows: int, **more: Any) -> Canvas:
    """Nothing is done and no bet was made."""
    shown = HomeView("v0.1 · dark · seed 7", DOORS, 0, course(0), 1, next=1)
    return draw_home(shown, View(0, columns, rows, **more))
