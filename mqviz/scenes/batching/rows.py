"""The rows of the batching scene: each partition's batches from the first record in them to the
acknowledgement.
"""

from __future__ import annotations

from typing import NamedTuple

from mqviz.facts.batching import ANSWERED, FILLING, GOING, THERE, BatchView, QueueView
from mqviz.scenes.canvas import Canvas, Target
from mqviz.scenes.edges import draw_edge, draw_flight, progress, straight
from mqviz.scenes.figures import duration, thousands
from mqviz.scenes.letters import Letters, colour_key
from mqviz.scenes.style import BAD, BRIGHT, EDGE, OK, PLAIN, QUIET, WAIT, Style, style
from mqviz.scenes.text import shorten, width

TILE = 4
"""Columns of a batch that is ready or on its way."""


class Columns(NamedTuple):
    """Where the parts of a row begin: filling, ready, in flight, acknowledged; and where the row ends."""

    filling: int
    ready: int
    flight: int
    done: int
    end: int

    @property
    def tile(self) -> int:
        """Columns of the batch that is filling."""
        return self.ready - self.filling - 4


class Scale(NamedTuple):
    """What a row needs to know beside its queue."""

    letters: Letters
    batch_size: int
    linger_us: int
    now_us: int
    motion_us: int


def draw_queue(
    canvas: Canvas,
    queue: QueueView,
    at: Columns,
    row: int,
    scale: Scale,
    focus: Target | None,
    several: bool,
) -> None:
    """One partition, in two rows."""
    target: Target = ("partition", queue.topic, queue.partition)
    look = style("bright", "sel", True) if target == focus else BRIGHT
    canvas.put(1, row, shorten(f"{queue.topic} " * several + f"P{queue.partition}", at.filling - 2), look)
    canvas.mark(1, row, at.end - 1, 2, target)
    filling = [batch for batch in queue.waiting if batch.place == FILLING]
    _filling(canvas, filling[-1] if filling else None, at, row, scale)
    _ready(canvas, [batch for batch in queue.waiting if batch.place != FILLING], at, row, scale, queue.leader)
    _flying(canvas, queue, at, row, scale)
    _done(canvas, queue, at, row)


def _filling(canvas: Canvas, batch: BatchView | None, at: Columns, row: int, scale: Scale) -> None:
    """The open batch: its records, the bytes left, and below how much longer it waits for company."""
    canvas.put(at.filling, row, "│" + "─" * at.tile + "│", EDGE)
    if batch is None:
        return
    cells = min(at.tile, -(-batch.bytes * at.tile // max(scale.batch_size, 1)))
    _records(canvas, batch, at.filling + 1, row, max(1, cells), scale)
    left_us = max(0, batch.due_us - scale.now_us)
    after = canvas.put(at.filling + 1, row + 1, f"{len(batch.keys)} · ", QUIET)
    words = f"{duration(left_us)}"
    room = at.ready - 2 - after - len(words)
    canvas.put(after, row + 1, words, WAIT)
    waits = -(-left_us * (room - 1) // max(scale.linger_us, 1))
    canvas.put(after + len(words) + 1, row + 1, "░" * min(waits, room - 1), WAIT)


def _records(canvas: Canvas, batch: BatchView, column: int, row: int, cells: int, scale: Scale) -> None:
    """A batch in `cells` cells: a letter where a record begins, or each cell the record that is there."""
    keys = batch.keys
    starts = {number * cells // len(keys): key for number, key in reversed(list(enumerate(keys)))}
    key = colour_key(scale.letters.of(keys[0]))
    for cell in range(cells):
        if cell in starts:
            letter = scale.letters.of(starts[cell])
            key = colour_key(letter)
            canvas.put(column + cell, row, letter, style("bright", f"lit {key}", True))
        else:
            canvas.put(column + cell, row, "█", style(f"lit {key}"))


def _ready(
    canvas: Canvas, batches: list[BatchView], at: Columns, row: int, scale: Scale, leader: int
) -> None:
    """Closed batches, the one that leaves next at the right; below it why it is still here."""
    room = max(1, (at.flight - at.ready - 3) // (TILE + 1))
    end = at.flight - 1
    for number, batch in enumerate(batches[:room]):
        _records(canvas, batch, end - (number + 1) * (TILE + 1), row, min(TILE, len(batch.keys)), scale)
    if not batches:
        return
    words, look = _note(batches[0], scale.now_us, leader)
    canvas.put(max(at.ready - 1, end - max(TILE + 1, width(words) + 1)), row + 1, words, look)
    if len(batches) > 1:
        canvas.put(at.ready - 1 - (len(batches) > 9), row, str(len(batches)), BRIGHT)


def _note(batch: BatchView, now_us: int, leader: int) -> tuple[str, Style]:
    if leader < 0:
        return "no leader", WAIT
    if batch.attempts and batch.due_us > now_us:
        return f"×{batch.attempts + 1} in {duration(batch.due_us - now_us)}", WAIT
    if batch.split:
        return "split", WAIT
    if batch.attempts:
        return f"×{batch.attempts + 1}", WAIT
    return str(len(batch.keys)), QUIET


def _flying(canvas: Canvas, queue: QueueView, at: Columns, row: int, scale: Scale) -> None:
    """The way to the broker that leads, and back: records going, in hand there, and the answer."""
    end = at.done - 6
    draw_edge(canvas, at.flight, row, end)
    canvas.put(end + 2, row, f"B{queue.leader}" if queue.leader > 0 else "–", QUIET)
    there = sum(batch.place == THERE for batch in queue.left)
    if there:
        canvas.right(end + 1, row, "▒" if there == 1 else f"{there}▒", OK)
    way = straight(at.flight, row, end - 1)
    for batch in queue.left:
        part = progress(batch.sent_at_us, batch.arrives_at_us, scale.motion_us)
        if batch.place == GOING:
            draw_flight(canvas, way, part, "".join(scale.letters.of(key) for key in batch.keys))
        elif batch.place == ANSWERED:
            sign, look = ("✗", BAD) if batch.refused else ("✓", OK)
            canvas.put(end - 1 - int(part * (end - 1 - at.flight)), row + 1, f"◄{sign}", look)
    again = max((batch.attempts for batch in queue.left), default=0)
    if again:
        canvas.put(at.flight, row + 1, f"×{again + 1}", WAIT)


def _done(canvas: Canvas, queue: QueueView, at: Columns, row: int) -> None:
    """How many records are acknowledged, and how long the last ones took from send()."""
    after = canvas.put(at.done, row, "✓ ", OK if queue.confirmed else QUIET)
    canvas.put(after, row, thousands(queue.confirmed), BRIGHT if queue.confirmed else QUIET)
    if queue.past:
        opened_us, _, acked_us, count, _ = queue.past[-1]
        words = f"{count} in {duration(acked_us - opened_us)}"
        canvas.put(at.done, row + 1, shorten(words, at.end - at.done), QUIET)
    elif not queue.confirmed:
        canvas.put(at.done, row + 1, "none yet", PLAIN if queue.left else QUIET)
