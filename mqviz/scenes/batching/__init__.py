"""Batching: a producer's accumulator, where a record waits so that it travels in company.

A row a partition, the way of a batch from left to right: filling until batch.size or linger.ms, ready, in
flight to the leader, acknowledged. Above, the memory that all of them share and the send() that waits for it;
below, what batching costs and what it gives.
"""

from __future__ import annotations

from mqviz import facts
from mqviz.facts import batching
from mqviz.facts.batching import AccumulatorView, QueueView
from mqviz.kafka import settings
from mqviz.model.state import State
from mqviz.scenes.batching.rows import Columns, Scale, draw_queue
from mqviz.scenes.canvas import Canvas
from mqviz.scenes.figures import duration, thousands
from mqviz.scenes.letters import letters_of
from mqviz.scenes.style import BAD, BRIGHT, OK, PLAIN, QUIET, STRONG, WAIT, style
from mqviz.scenes.text import shorten, width
from mqviz.scenes.view import View

_LABEL = 15
_PAST_WORDS = 18
_FEWEST_PAST = 4
_LEGEND = (
    ("░", WAIT, "waits"),
    ("━", BRIGHT, "on its way"),
    ("▒", OK, "at the broker"),
    ("×2", WAIT, "sent again"),
)


def draw(state: State, view: View) -> Canvas:
    """The producer in focus, else the first that `view.scroll` leaves."""
    canvas = view.canvas()
    found = batching.accumulators(state)
    if not found:
        words = (
            "what producers hold is seen in a simulation only"
            if facts.is_observed(state)
            else "no producer yet"
        )
        canvas.put(1, min(1, view.rows - 1), shorten(words, view.columns - 2), QUIET)
        return canvas
    shown = _chosen(found, view)
    letters = letters_of(facts.key_letters(state))
    scale = Scale(letters, shown.batch_size, shown.linger_us, view.now_us, view.motion_us)
    _paint(canvas, shown, scale, view, len(found) - 1)
    return canvas


def _chosen(found: tuple[AccumulatorView, ...], view: View) -> AccumulatorView:
    if view.focus is not None and view.focus[0] == "producer":
        named = [each for each in found if each.name == view.focus[1]]
        if named:
            return named[0]
    return found[min(max(0, view.scroll), len(found) - 1)]


def _paint(canvas: Canvas, shown: AccumulatorView, scale: Scale, view: View, others: int) -> None:
    queues = shown.queues
    air, pitch = _room(len(queues), view.rows)
    row = _head(canvas, shown, air, others, view.focus == ("producer", shown.name)) + air
    row = _memory(canvas, shown, row, view.now_us) + air
    several = len({queue.topic for queue in queues}) > 1
    at = _columns(view.columns, several)
    for column, words in (
        (at.filling, "filling"),
        (at.ready, "ready"),
        (at.flight, "in flight"),
        (at.done, "acknowledged"),
    ):
        canvas.put(column, row, shorten(words, view.columns - 1 - column), STRONG)
    row += 1
    room = max(1, (view.rows - row - 2 - air) // pitch)
    kept = queues if len(queues) <= room else queues[: room - 1]
    for number, queue in enumerate(kept):
        draw_queue(canvas, queue, at, row + number * pitch, scale, view.focus, several)
    if len(kept) < len(queues):
        _more(canvas, queues[len(kept) :], row + len(kept) * pitch)
    row += min(room, max(1, len(queues))) * pitch
    _requests(canvas, shown, row + (air if pitch == 2 else 0))
    row += (air if pitch == 2 else 0) + 1
    _trade(canvas, shown, row)
    row = _past(canvas, shown, row + 1 + air, view.rows - row - 3 - 2 * air) - 1
    if row + 1 + air < view.rows:
        _legend(canvas, row + 1 + air, view.columns - 2)


def _more(canvas: Canvas, hidden: tuple[QueueView, ...], row: int) -> None:
    """What there is of the partitions that do not show."""
    waiting = sum(len(queue.waiting) for queue in hidden)
    left = sum(len(queue.left) for queue in hidden)
    confirmed = thousands(sum(queue.confirmed for queue in hidden))
    words = f"+{len(hidden)} more: {waiting} waiting here, {left} in flight, {confirmed} acknowledged"
    canvas.put(1, row, shorten(words, canvas.columns - 2), QUIET)


def _room(queues: int, rows: int) -> tuple[int, int]:
    """Air between the parts, rows of a partition: they stay together where there is room for more."""
    for air, pitch in ((1, 4), (1, 3), (0, 3), (1, 2), (0, 2)):
        if 4 + 3 * air + queues * pitch + 3 + air <= rows:
            return air, pitch
    return 0, 2


def _columns(columns: int, several: bool) -> Columns:
    """Shares of the width: a fourth to what is filling, a fifth each to ready and acknowledged, the rest is
    the way.
    """
    label = 12 if several else 5
    room = columns - 1 - label
    filling = max(14, room * 26 // 100)
    ready = max(11, room * 20 // 100)
    done = max(13, room * 20 // 100)
    end = columns - 1
    return Columns(label, label + filling, label + filling + ready, end - done, end)


# -- head and memory ---------------------------------------------------------------------------------------


def _head(canvas: Canvas, shown: AccumulatorView, row: int, others: int, focus: bool) -> int:
    """The producer and what it was told: linger.ms, batch.size, acks."""
    after = canvas.put(1, row, shown.name, style("bright", "sel", True) if focus else BRIGHT)
    canvas.mark(1, row, after - 1, 1, ("producer", shown.name))
    if shown.state != "running":
        after = canvas.put(after + 1, row, shown.state, BAD if shown.state == "dead" else WAIT)
    parts = (
        f"linger {duration(shown.linger_us) if shown.linger_us else '0'}",
        f"batch.size {thousands(shown.batch_size)} B",
        f"acks={shown.acks}",
    )
    words = " · ".join(parts)
    if others and after + 4 + width(words) + 10 < canvas.columns:
        after = canvas.put(after + 2, row, f"+{others} more", QUIET)
    canvas.right(canvas.columns - 1, row, shorten(words, canvas.columns - 3 - after), QUIET)
    return row + 1


def _memory(canvas: Canvas, shown: AccumulatorView, row: int, now_us: int) -> int:
    """buffer.memory as a bar, and the send() that waits for it; librdkafka has a queue of records instead."""
    if not shown.java:
        canvas.put(1, row, "librdkafka: send() does not block, its queue is full or it is not", QUIET)
        return row + 2
    most = int(settings.of(shown.config, "producer", "buffer.memory"))
    short = shown.blocked == "buffer.memory"
    canvas.put(1, row, "buffer.memory", STRONG)
    words = f"{thousands(shown.buffered)} of {thousands(most)} B"
    room = canvas.columns - 1 - _LABEL - width(words) - 2
    cells = min(room, -(-shown.buffered * room // most))
    canvas.put(_LABEL, row, "█" * cells, WAIT if short else style("done"))
    canvas.put(_LABEL + cells, row, "─" * (room - cells), style("edge"))
    canvas.right(canvas.columns - 1, row, words, style("wait", bold=True) if short else QUIET)
    _calls(canvas, shown, row + 1, now_us)
    return row + 2


def _calls(canvas: Canvas, shown: AccumulatorView, row: int, now_us: int) -> None:
    """Whether the application goes on, or stands still in send() and for how long at most."""
    canvas.put(1, row, "send()", STRONG)
    if not shown.calls:
        canvas.put(_LABEL, row, "goes on at once", QUIET)
        return
    most_us = 1_000 * int(settings.of(shown.config, "producer", "max.block.ms"))
    waited_us = max(0, now_us - (shown.until_us - most_us)) if shown.until_us else 0
    behind = f", {shown.calls - 1} behind it" if shown.calls > 1 else ""
    words = f"blocked {duration(waited_us)} of {duration(most_us).removesuffix(' 0 s')}{behind}"
    after = canvas.put(_LABEL, row, shorten(words, canvas.columns - 1 - _LABEL), style("wait", bold=True))
    canvas.put(after + 1, row, "░" * max(0, min(shown.calls, canvas.columns - 2 - after)), WAIT)


# -- below the partitions ----------------------------------------------------------------------------------


def _requests(canvas: Canvas, shown: AccumulatorView, row: int) -> None:
    """Requests in flight of those that may be, one sign each, by broker."""
    most = shown.most_in_flight
    canvas.put(1, row, "requests", STRONG)
    at = _LABEL
    for broker, count in shown.requests:
        words = f"B{broker} "
        shown_as = "●" * count + "○" * (most - count) if most <= 5 else f"{count} of {thousands(most)}"
        if at + width(words) + width(shown_as) >= canvas.columns:
            return
        at = canvas.put(at, row, words, QUIET)
        look = WAIT if count >= most else BRIGHT
        at = canvas.put(at, row, shown_as[:count] if most <= 5 else shown_as, look)
        at = canvas.put(at, row, shown_as[count:] if most <= 5 else "", style("edge")) + 2
    words = f"in flight, {most} at most"
    if at + width(words) < canvas.columns:
        canvas.put(at, row, words, QUIET)


def _trade(canvas: Canvas, shown: AccumulatorView, row: int) -> None:
    """What batching gives and what it costs, over the last batches that were acknowledged."""
    past = [each for queue in shown.queues for each in queue.past]
    canvas.put(1, row, "bargain", STRONG)
    if not past:
        canvas.put(_LABEL, row, "nothing acknowledged yet", QUIET)
        return
    records = sum(each[3] for each in past) / len(past)
    waited_us = sum(left - opened for opened, left, _, _, _ in past) // len(past)
    away_us = sum(acked - left for _, left, acked, _, _ in past) // len(past)
    at = canvas.put(_LABEL, row, f"{records:.1f}", BRIGHT)
    extra = _extras(shown)
    tail = f" · {duration(waited_us)} here + {duration(away_us)} away"
    whole = f"{tail} = {duration(waited_us + away_us)} from send() to ack"
    room = canvas.columns - 1 - at
    for words in (f" records a batch{whole}", f" records a batch{tail}", f" a batch{tail}"):
        if width(words) <= room:
            break
    at = canvas.put(at, row, shorten(words, room), QUIET)
    if extra and at + 3 + width(extra) < canvas.columns:
        canvas.right(canvas.columns - 1, row, extra, style("bad") if shown.lost else WAIT)


def _past(canvas: Canvas, shown: AccumulatorView, row: int, rows: int) -> int:
    """The last batches that were acknowledged, newest first: a bar each, waiting here and then away; returns
    the row after them.
    """
    found = sorted(
        ((past, queue) for queue in shown.queues for past in queue.past),
        key=lambda pair: pair[0][2],
        reverse=True,
    )[: rows - 1]
    if rows < _FEWEST_PAST or not found:
        return row
    canvas.put(1, row, "last batches", STRONG)
    longest_us = max(acked - opened for (opened, _, acked, _, _), _ in found)
    room = canvas.columns - 1 - _LABEL - _PAST_WORDS
    for number, ((opened, left, acked, count, _), queue) in enumerate(found, 1):
        canvas.right(_LABEL - 1, row + number, f"P{queue.partition}  {thousands(count)}", QUIET)
        here = (left - opened) * room // max(longest_us, 1)
        cells = max(1, (acked - opened) * room // max(longest_us, 1))
        at = canvas.put(_LABEL, row + number, "░" * here, WAIT)
        at = canvas.put(at, row + number, "━" * (cells - here), PLAIN)
        at = canvas.put(at, row + number, "✓", OK)
        canvas.put(at + 1, row + number, f"{duration(left - opened)} + {duration(acked - left)}", QUIET)
    return row + 1 + len(found)


def _extras(shown: AccumulatorView) -> str:
    parts = [f"{thousands(shown.retries)} sent again"] * bool(shown.retries)
    parts += [f"{thousands(shown.lost)} given up"] * bool(shown.lost)
    return ", ".join(parts)


def _legend(canvas: Canvas, row: int, columns: int) -> None:
    at = 1
    for sign, look, word in _LEGEND:
        if at + width(sign) + 1 + width(word) > columns:
            return
        at = canvas.put(at, row, sign, look)
        at = canvas.put(at + 1, row, word, QUIET) + 3
