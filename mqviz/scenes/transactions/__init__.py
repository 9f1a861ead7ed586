"""Transactions: one log with all that is in it, and what each isolation level sees of it.

`┊` in amber is the last stable offset, behind which read_committed consumers wait; `┊` in white the high
watermark. A lane below the log shows each transaction from its first record to its marker: ✓ committed, ✗
aborted, dashed while it is open. At the foot what coordinators and producers believe, with the coordinator's
machine drawn from its table.
"""

from __future__ import annotations

from mqviz import facts
from mqviz.facts.transactions import Owner
from mqviz.model.kafka.clients.producer.state import TRANSACTION_MOVES as CLIENT_MOVES
from mqviz.model.kafka.coordinator.transaction.state import MOVES
from mqviz.model.state import State
from mqviz.scenes.canvas import Canvas
from mqviz.scenes.figures import duration, thousands
from mqviz.scenes.style import BAD, BRIGHT, PLAIN, QUIET, STRONG, WAIT, Style, style
from mqviz.scenes.text import shorten, width
from mqviz.scenes.transactions.machine import draw_ways
from mqviz.scenes.transactions.picture import Picture, picture
from mqviz.scenes.transactions.rows import Place, draw_boundaries, draw_lanes, draw_log, draw_readers
from mqviz.scenes.view import View

_WIDE, _BOTH, _NARROW = 140, 90, 64
_TALL, _HIGH = 20, 34
_RIGHT = (11, 14)
"""Columns behind the log, for what its readers have yet to read."""

_LEDGER = (
    ("committed", "█", "done", "bright", "committed"),
    ("plain", "░", "quiet", "quiet", "plain"),
    ("open", "▒", "wait", "wait", "open"),
    ("aborted", "✗", "bad", "bad", "aborted"),
    ("markers", "│", "edge", "quiet", "markers"),
)


def draw(state: State, view: View) -> Canvas:
    """The stage at `view.now_us`; `view.scroll` chooses among several partitions."""
    column = 12 if view.columns < _NARROW else 18
    cell = 4 if view.columns >= _WIDE else 3
    cells = max(1, (view.columns - column - _RIGHT[view.columns >= _NARROW]) // cell)
    shown = None if facts.is_observed(state) else picture(state, view, cells)
    canvas = view.canvas()
    if shown is None:
        words = facts.INSIDE.reason if facts.is_observed(state) else "no topic yet"
        canvas.put(1, min(1, view.rows - 1), shorten(words, view.columns - 2), QUIET)
        return canvas
    _paint(canvas, shown, view, Place(column, cell, shown.first))
    return canvas


def _paint(canvas: Canvas, shown: Picture, view: View, place: Place) -> None:
    air = 1 if view.rows >= _TALL else 0
    _head(canvas, shown, air, view.columns)
    top = 1 + 2 * air
    draw_log(canvas, shown, place, top + 1, view.focus)
    most = max(1, min(6, view.rows - 15)) if air else 2
    row = draw_lanes(canvas, shown, place, top + 3 + (view.rows >= _HIGH), most, view.now_us)
    row = draw_readers(canvas, shown, place, row + (view.rows >= _HIGH))
    draw_boundaries(canvas, shown, place, top, row - top - 1)
    row = _owners(canvas, shown, place, row + air, view)
    row = _machine(canvas, shown, row + air, view)
    _ledger(canvas, shown, place.column, min(view.rows - 2, row + air), view.columns)


def _head(canvas: Canvas, shown: Picture, row: int, columns: int) -> None:
    """The partition; at the right how much is hidden, and by whom."""
    hidden = shown.high - shown.stable
    words = f"{thousands(hidden)} held back by {shown.blocks}" if hidden else "nothing is held back"
    begin = canvas.right(columns - 1, row, words, style("wait" if hidden else "ok", "base", True))
    name = f"{shown.topic} P{shown.partition}"
    after = canvas.put(1, row, shorten(name, begin - 2), BRIGHT)
    canvas.mark(1, row, width(name), 1, ("topic", shown.topic))
    for what in (
        f"last stable offset {thousands(shown.stable)} · high watermark {thousands(shown.high)}",
        f"LSO {thousands(shown.stable)} · HW {thousands(shown.high)}",
    ):
        if after + 2 + width(what) < begin - 1:
            canvas.put(after + 2, row, what, QUIET)
            return


# -- coordinators and producers ------------------------------------------------------------------------------


def _owners(canvas: Canvas, shown: Picture, place: Place, row: int, view: View) -> int:
    """A row a transactional.id: epoch and state as the coordinator has them, and as the producer believes."""
    if not shown.owners:
        canvas.put(1, row, "no transactional.id yet", QUIET)
        return row + 1
    most = max(1, min(len(shown.owners), view.rows - row - (8 if view.rows >= _TALL else 6)))
    narrow = view.columns < _NARROW
    first, second, third = (place.column, 9, 19) if not narrow else (place.column, 7, 18)
    columns = (first, first + second, first + second + third)
    canvas.put(1, row, "ids" if narrow else "transactional.id", STRONG)
    for column, word in zip(columns, ("epoch", "coordinator", "producer"), strict=True):
        canvas.put(column, row, word, QUIET)
    for number, owner in enumerate(shown.owners[:most]):
        _owner(canvas, owner, columns, row + 1 + number, view.now_us)
    return row + 1 + most


def _owner(canvas: Canvas, owner: Owner, columns: tuple[int, int, int], row: int, now_us: int) -> None:
    name = shorten(owner.transactional_id, columns[0] - 3)
    canvas.put(1, row, name, BRIGHT if owner.began_us is not None else PLAIN)
    canvas.mark(1, row, canvas.columns - 2, 1, ("transaction", owner.transactional_id))
    canvas.right(columns[0] + 5, row, str(owner.epoch), PLAIN)
    canvas.put(columns[1], row, owner.state, _state_look(owner.state))
    words, look = _client(owner, now_us)
    canvas.put(columns[2], row, shorten(words, canvas.columns - 1 - columns[2]), look)


def _client(owner: Owner, now_us: int) -> tuple[str, Style]:
    """What the producer of the id believes, or why it believes nothing."""
    if not owner.producer:
        return "–", QUIET
    if owner.process in ("dead", "closed", "paused"):
        word = {"dead": "✗ dead", "closed": "closed", "paused": "frozen"}[owner.process]
        late = "" if owner.client_epoch == owner.epoch else f", epoch {owner.client_epoch}"
        return word + late, BAD if owner.process == "dead" else WAIT
    if owner.client_epoch < owner.epoch and owner.client != "COMMITTING":
        return f"{owner.client}, epoch {owner.client_epoch}", BAD
    since = "" if owner.began_us is None else f" {duration(now_us - owner.began_us)}"
    return f"{owner.client}{since}", PLAIN


def _state_look(state: str) -> Style:
    if state == "Ongoing" or state.startswith("Prepare"):
        return WAIT
    return style("ok") if state.startswith("Complete") else QUIET


def _machine(canvas: Canvas, shown: Picture, row: int, view: View) -> int:
    """The coordinator's machine, with the state of the chosen id lit, and the producer's where there is room;
    returns the row after.
    """
    last = view.rows - 2 - (view.rows >= _TALL)
    if shown.chosen is None or row >= last:
        return row
    owner = shown.chosen
    title = view.rows >= _TALL
    if title:
        _title(canvas, row, f"coordinator of {owner.transactional_id}", f" · broker {owner.coordinator}")
    most = min(3 if view.rows >= _TALL + 4 else 2, last - row - title)
    row = draw_ways(canvas, MOVES, 1, row + title, owner.state, most)
    if owner.client and last - row >= 5 and view.columns >= _BOTH:
        _title(canvas, row + 1, f"producer {owner.producer}", f" · {owner.process}")
        row = draw_ways(canvas, CLIENT_MOVES, 1, row + 2, owner.client, 3)
    return row


def _title(canvas: Canvas, row: int, name: str, words: str) -> None:
    canvas.put(canvas.put(1, row, name, STRONG), row, words, QUIET)


def _ledger(canvas: Canvas, shown: Picture, column: int, row: int, columns: int) -> None:
    """One sign an offset where there is room, and the sum in words."""
    counts = shown.counts._asdict()
    total = sum(counts.values())
    canvas.put(1, row, "ledger", STRONG)
    words = f"= {total:,} offsets"
    room = max(4, columns - column - width(words) - 4)
    each = max(1, -(-total // room))
    at = column
    for name, sign, role, _, _ in _LEDGER:
        at = canvas.put(at, row, sign * -(-counts[name] // each), style(role))
    canvas.put(at + 2, row, shorten(words, columns - 1 - at - 2), BRIGHT)
    texts = [f"{counts[name]:,} {word}" for name, _, _, _, word in _LEDGER if counts[name]]
    at = max(1, min(column, columns + 1 - sum(width(text) + 2 for text in texts)))
    for name, _, _, role, word in _LEDGER:
        text = f"{counts[name]:,} {word}"
        if counts[name] and at + width(text) < columns:
            at = canvas.put(at, row + 1, f"{counts[name]:,}", style(role, "base", True))
            at = canvas.put(at + 1, row + 1, word, style("bad") if name == "aborted" else QUIET) + 2
