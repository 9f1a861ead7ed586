"""Header and bar of what is watched: how fresh it is, what a look costs, and what does not answer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from mqviz.facts.watched.views import WatchView
from mqviz.facts.words import clock
from mqviz.scenes.canvas import Canvas
from mqviz.scenes.figures import duration
from mqviz.scenes.style import style
from mqviz.scenes.text import shorten, width
from mqviz.ui.panels import draw_keys

QUIET = style("quiet", "bar")


class Sign(NamedTuple):
    """Something that narrows what is shown: a filter, an order."""

    label: str
    value: str


def draw_watch_header(canvas: Canvas, what: str, bootstrap: str, found: WatchView) -> Canvas:
    """`mqviz attach localhost:9092 read-only`, and at the right counts and age."""
    canvas.fill(0, 0, canvas.columns, 1, style("ink", "bar"))
    column = canvas.put(1, 0, "mqviz", style("accent", "bar", True))
    column = canvas.put(column + 2, 0, what, style("bright", "bar", True))
    said = _counts(found, canvas.columns)
    room = canvas.columns - 2 - width(said) - column - 4
    column = canvas.put(column + 2, 0, shorten(bootstrap, max(8, room - 11)), style("ink", "bar"))
    if column + 13 + width(said) < canvas.columns:
        canvas.put(column + 2, 0, "read-only", style("ok", "bar"))
    look = style("bad", "bar", True) if found.lost is not None else QUIET
    canvas.right(canvas.columns - 1, 0, said, look)
    return canvas


def _counts(found: WatchView, columns: int) -> str:
    if found.age_us is None:
        return "✗ no answer yet" if found.lost else "asking"
    age = duration(found.age_us // 100_000 * 100_000) if found.age_us >= 100_000 else "0.0 s"
    if found.age_us < 1_000_000:
        age = f"{found.age_us / 1_000_000:.1f} s"
    if found.lost is not None:
        return f"✗ lost, seen {age} ago"
    parts = [f"{found.groups} group{'s' if found.groups != 1 else ''}"]
    if columns >= 96:
        parts.insert(0, f"{found.brokers} broker{'s' if found.brokers != 1 else ''}")
    if columns >= 140:
        parts.insert(1, f"{found.topics} topic{'s' if found.topics != 1 else ''}")
    updated = "updated " if columns >= 140 else ""
    return " · ".join([*parts, f"{updated}{age} ago"])


def draw_live_bar(
    canvas: Canvas,
    found: WatchView,
    now_us: int,
    hints: Sequence[tuple[str, str]],
    signs: Sequence[Sign],
    notice: str,
) -> Canvas:
    """Two rows: how the watch goes, what narrows it, the clock; and the keys, or what was said.

    What was said never hides how the watch goes: a cluster that is lost is seen at once.
    """
    draw_keys(canvas, (), () if notice else hints)
    canvas.put(1, 1, shorten(notice, canvas.columns - 2), style("wait", "bar"))
    time = clock(found.wall_us, now_us) or ""
    end = canvas.right(canvas.columns - 1, 0, time, style("ink", "bar"))
    if found.lost is not None:
        column = canvas.put(1, 0, "✗ lost", style("bad", "bar", True))
        canvas.put(column + 3, 0, shorten(f"{found.lost.reason}; asking again", end - column - 5), QUIET)
        return canvas
    column = canvas.put(1, 0, "● live", style("ok", "bar", True))
    for sign in signs:
        column = canvas.put(column + 3, 0, f"{sign.label} ", style("accent", "bar", True))
        column = canvas.put(column, 0, shorten(sign.value, max(4, end - column - 2)), style("ink", "bar"))
    for text in _costs(found):
        if column + 3 + width(text) < end:
            column = canvas.put(column + 3, 0, text, QUIET)
    for broker, reason in found.brokers_lost:
        text = f"broker {broker}: {reason.reason}"
        if column + 12 < end:
            column = canvas.put(column + 3, 0, shorten(text, end - column - 5), style("wait", "bar"))
    return canvas


def _costs(found: WatchView) -> list[str]:
    if found.age_us is None:
        return ["asking for the first time"]
    requests = f"{found.requests} request{'s' if found.requests != 1 else ''}"
    return [f"beat {found.beat_us / 1_000_000:.1f} s, {requests}", f"every {found.period_us // 1_000_000} s"]
