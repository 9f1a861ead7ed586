"""Replication: a tape a replica, so that it can be seen who has which record, and which one nobody has any
more.

The log that counts stands on top; `┊` through all tapes is its high watermark. Lit tiles are of the current
leader epoch. Above the watermark `✓` says that the producer was told "acknowledged", which with acks=1 is a
promise of one broker only. What a replica cuts off, because the leader began its epoch without it, falls down
on a trail.
"""

from __future__ import annotations

from mqviz import facts
from mqviz.model.state import State
from mqviz.scenes.canvas import Canvas
from mqviz.scenes.figures import seconds, thousands
from mqviz.scenes.replication import story
from mqviz.scenes.replication.picture import Picture, picture
from mqviz.scenes.replication.tapes import Place, draw_copies, draw_epochs, draw_flights, draw_watermark
from mqviz.scenes.style import BRIGHT, OK, QUIET, STRONG, WAIT, style
from mqviz.scenes.text import shorten, width
from mqviz.scenes.view import View

_WIDE = 140
_AIRY = 20
"""From so many rows on there is air between the parts."""
_END = 10
"""Columns behind the tapes, for their log ends."""
_FALL = 4
"""Rows kept free for what falls off, and its words."""


def draw(state: State, view: View) -> Canvas:
    """The stage at `view.now_us`; `view.scroll` chooses among several partitions."""
    wide = view.columns >= _WIDE
    column, cell, end = (18, 6, 22) if wide else (14, 4, _END)
    shown = picture(state, view, max(1, (view.columns - column - end) // cell))
    canvas = view.canvas()
    if shown is None:
        words = facts.INSIDE.reason if facts.is_observed(state) else "no topic yet"
        canvas.put(1, min(1, view.rows - 1), shorten(words, view.columns - 2), QUIET)
        return canvas
    _paint(canvas, shown, view, Place(column, _first_row(view), cell, shown.first, shown.cells))
    return canvas


def _first_row(view: View) -> int:
    return 4 if view.rows >= _AIRY else 3


def _paint(canvas: Canvas, shown: Picture, view: View, place: Place) -> None:
    air = 1 if view.rows >= _AIRY else 0
    _head(canvas, shown, air, view.columns)
    draw_epochs(canvas, shown, place, place.row - 1)
    fitting = _fitting(shown, view, place, air)
    rows = draw_copies(canvas, shown, place, place.row + air, fitting, view.focus)
    last = max(rows.values()) + (3 if place.tall else 2)
    draw_watermark(canvas, shown, place, place.row, last)
    draw_flights(canvas, shown, place, rows, view.motion_us)
    bottom = view.rows - 2
    after = story.draw_story(canvas, shown, place, rows, last, bottom - air, view.now_us)
    if place.tall and bottom - after > 4 + len(shown.facts.leaderships):
        _leaderships(canvas, shown, place.column, bottom - 3 - len(shown.facts.leaderships[-5:]))
    _ledger(canvas, shown, place.column, bottom, view.columns)


def _fitting(shown: Picture, view: View, place: Place, air: int) -> tuple[int, int]:
    """How many copies show, and the rows from one to the next."""
    high = 2 if place.tall else 1
    room = view.rows - place.row - air - 2 - _FALL - air
    count = len(shown.copies)
    if count * (high + 1) > room:
        room += air
    spare = room - 6 if high == 2 or view.rows >= 28 else room
    pitch = min(high + 5 if high == 2 else high + 3, max(spare // count, high + 1))
    return max(1, min(count, room // pitch)), pitch


def _head(canvas: Canvas, shown: Picture, row: int, columns: int) -> None:
    """Topic, who is in sync and who may lead, the watermark, the epoch; below it what the producers asked
    for.
    """
    found = shown.facts
    name = f"{found.topic} P{found.partition}"
    parts = (
        ("ISR", " ".join(map(str, found.isr)) or "none", OK if len(found.isr) >= found.min_isr else WAIT),
        ("ELR", " ".join(map(str, found.elr)) or "none", style("ink")),
        ("high watermark", thousands(found.high_watermark), BRIGHT),
        ("epoch", str(found.epoch), BRIGHT),
    )
    room = columns - 2 - sum(width(f"{word} {value}") for word, value, _ in parts)
    gap = 3 if room - 3 * len(parts) >= min(width(name), 11) else 2
    at = canvas.put(1, row, shorten(name, max(6, room - gap * len(parts))), BRIGHT)
    canvas.mark(1, row, at - 1, 1, ("topic", found.topic))
    at = max(at, 14 - gap) if room >= 12 + gap * len(parts) else at
    for word, value, look in parts:
        at = canvas.put(at + gap, row, word, QUIET)
        at = canvas.put(at + 1, row, value, look.on("base"))
    _asked(canvas, shown, row + 1, columns)


def _asked(canvas: Canvas, shown: Picture, row: int, columns: int) -> None:
    found = shown.facts
    acks = " ".join(f"acks={each}" for each in shown.acks) or "no producer"
    words = f"{acks} · min ISR {found.min_isr} · replicas {len(found.copies)}"
    at = canvas.put(1, row, shorten(words, columns - 2), QUIET)
    legend = "acknowledged"
    if at + 5 + width(legend) < columns:
        at = canvas.put(at + 3, row, "✓", OK)
        canvas.put(at + 1, row, legend, QUIET)


def _leaderships(canvas: Canvas, shown: Picture, column: int, row: int) -> None:
    """Who led when, and for how long nobody did."""
    canvas.put(1, row, "leaders", STRONG)
    for number, leadership in enumerate(shown.facts.leaderships[-5:]):
        who = f"broker {leadership.leader} leads" if leadership.leader >= 0 else "nobody leads"
        canvas.put(column, row + number, f"epoch {leadership.epoch}", BRIGHT)
        canvas.put(column + 12, row + number, f"from {seconds(leadership.at_us)}", QUIET)
        canvas.put(column + 30, row + number, who)
        gap_us = leadership.at_us - leadership.silent_us
        if gap_us > 0:
            ms = thousands(gap_us // 1_000)
            words = f"nobody answered from {seconds(leadership.silent_us)} on: {ms} ms"
            canvas.put(column + 50, row + number, words, WAIT)


def _ledger(canvas: Canvas, shown: Picture, column: int, row: int, columns: int) -> None:
    """One cell a record, the sum, and the same in words: every record that was sent is somewhere."""
    ledger = shown.ledger
    found = story.counted(ledger, shown.facts.high_watermark, shown.led.end)
    canvas.put(1, row, "ledger", STRONG)
    words = f"= {thousands(ledger.sent)} sent"
    room = max(6, columns - column - width(words) - 3)
    each = max(1, -(-ledger.sent // room))
    at = column
    for count, sign, role, _ in found:
        at = canvas.put(at, row, sign * -(-count // each), style(role, "base", sign == "✗"))
    canvas.put(at + 2, row, words, BRIGHT)
    at = column
    for count, _, role, word in found:
        text = f"{thousands(count)} {word}"
        if (count or word in ("readable", "lost")) and at + width(text) < columns:
            at = canvas.put(at, row + 1, thousands(count), style(role, "base", True) if count else QUIET)
            at = canvas.put(at + 1, row + 1, word, style("bad") if word == "lost" and count else QUIET) + 3
