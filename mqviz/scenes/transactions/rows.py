"""The rows of the transactions scene: the log, a lane a transactional.id,
and what each isolation level sees.
"""

from __future__ import annotations

from typing import NamedTuple

from mqviz.facts.transactions import Owner, Reader, Spot
from mqviz.scenes.canvas import Canvas, Target
from mqviz.scenes.figures import thousands
from mqviz.scenes.letters import colour_key
from mqviz.scenes.style import BAD, BRIGHT, EDGE, OK, PLAIN, QUIET, WAIT, Style, style
from mqviz.scenes.text import shorten, width
from mqviz.scenes.transactions.picture import Picture

LSO = style("wait", "base", True)
"""The line of the last stable offset."""


class Place(NamedTuple):
    """Where the log lies: its first wall at `column`, `cell` columns a record, offsets from `first` on."""

    column: int
    cell: int
    first: int

    def wall(self, offset: int) -> int:
        """The column of the wall before `offset`."""
        return self.column + self.cell * (offset - self.first)


def draw_boundaries(canvas: Canvas, shown: Picture, place: Place, row: int, rows: int) -> None:
    """The names of the two lines in `row`, and the lines down through `rows` rows after it."""
    stable, high = place.wall(max(place.first, shown.stable)), place.wall(shown.high)
    mark = f"HW {thousands(shown.high)}"
    if shown.stable == shown.high:
        canvas.right(high + 1, row, f"LSO = {mark} ┊", BRIGHT)
    else:
        arrow = "" if shown.stable >= place.first else "◄"
        words = f"{arrow}LSO {thousands(shown.stable)}"
        begin = max(1, stable - width(words))
        after = canvas.put(begin, row, words, LSO)
        canvas.put(max(stable, after), row, "┊", LSO)
        if high - width(mark) > after + 1:
            canvas.right(high, row, mark, BRIGHT)
            canvas.put(high, row, "┊", BRIGHT)
        else:
            canvas.put(high, row, f"┊ {mark}", BRIGHT)
    for line in range(row + 1, row + 1 + rows):
        _cross(canvas, high, line, style("bright"))
        if shown.stable != shown.high and shown.stable >= place.first:
            _cross(canvas, stable, line, LSO)


def _cross(canvas: Canvas, column: int, row: int, look: Style) -> None:
    """A piece of a line, which lies behind what is written there."""
    if 0 <= column < canvas.columns and 0 <= row < canvas.rows and canvas.cell(column, row)[0] in " │╎|;─╌-":
        canvas.put(column, row, "┊", look)


def draw_log(canvas: Canvas, shown: Picture, place: Place, row: int, focus: Target | None) -> None:
    """Letters and offsets; what is stable has a tile, what is aborted a faint one, markers their sign."""
    canvas.put(1, row, "log", QUIET)
    for number, spot in enumerate(shown.spots):
        at = place.wall(spot.offset)
        canvas.put(at, row, "│" if spot.offset < shown.stable else "╎", EDGE)
        target: Target = ("record", shown.topic, shown.partition, spot.offset)
        look = style("bright", "sel", True) if target == focus else _tile(shown, spot)
        canvas.put(at + 1, row, _sign(shown, spot).center(place.cell - 1), look)
        canvas.mark(at + 1, row, place.cell - 1, 2, target)
        text = str(spot.offset)
        if len(text) < place.cell or number % 2 == 0:
            canvas.put(at + 1 + max(0, (place.cell - 1 - len(text)) // 2), row + 1, text, QUIET)
    canvas.put(place.wall(shown.end), row, "│", EDGE)


def _sign(shown: Picture, spot: Spot) -> str:
    return {"commit": "✓", "abort": "✗"}.get(spot.fate) or shown.letters.of(spot.key)


def _tile(shown: Picture, spot: Spot) -> Style:
    if spot.marker:
        return style("ok" if spot.fate == "commit" else "bad", "bar", True)
    key = colour_key(shown.letters.of(spot.key))
    if spot.fate == "aborted":
        return style(f"letter {key}", f"read {key}")
    if spot.offset >= shown.stable:
        return style(f"letter {key}")
    return style("bright", f"lit {key}", True)


# -- transactions --------------------------------------------------------------------------------------------


def draw_lanes(canvas: Canvas, shown: Picture, place: Place, row: int, most: int, now_us: int) -> int:
    """A line for each transactional.id: its records, up to the marker that ends the transaction; returns the
    row after them.
    """
    lanes = _lanes(shown)
    for number, owner in enumerate(lanes[:most]):
        _lane(canvas, shown, place, row + number, owner, now_us)
        if number == most - 1 < len(lanes) - 1:
            canvas.put(1, row + number, f"+{len(lanes) - most + 1} more", QUIET)
    return row + min(most, len(lanes))


def _lanes(shown: Picture) -> list[Owner]:
    """Who has something in what is shown, and whose transaction is open."""
    inside = {spot.owner: True for spot in shown.spots}
    return [owner for owner in shown.owners if owner.transactional_id in inside or owner.began_us is not None]


def _lane(canvas: Canvas, shown: Picture, place: Place, row: int, owner: Owner, now_us: int) -> None:
    own = [spot for spot in shown.spots if spot.owner == owner.transactional_id]
    is_open = bool(own) and own[-1].fate == "open"
    name = shorten(owner.transactional_id, place.column - 3)
    canvas.put(1, row, name, BRIGHT if is_open else PLAIN)
    canvas.mark(1, row, width(name), 1, ("transaction", owner.transactional_id))
    begin = place.column if own and own[0].marker else None
    for spot in own:
        at = place.wall(spot.offset) + place.cell // 2
        if begin is not None:
            _line(canvas, begin, at, row, spot.fate)
        look = {"commit": OK, "abort": BAD, "open": LSO, "aborted": QUIET}.get(spot.fate, BRIGHT)
        canvas.put(at, row, {"commit": "✓", "abort": "✗", "aborted": "○"}.get(spot.fate, "●"), look)
        begin = None if spot.marker else at + 1
    if is_open and begin is not None:
        end = place.wall(shown.end)
        _line(canvas, begin, end, row, "open")
        since = "" if owner.began_us is None else f" {(now_us - owner.began_us) // 1_000_000} s"
        words = shorten(f"open{since}", canvas.columns - end - 3)
        canvas.put(end + 2, row, words, WAIT)


def _line(canvas: Canvas, begin: int, end: int, row: int, fate: str) -> None:
    canvas.put(begin, row, ("╌" if fate == "open" else "─") * (end - begin), WAIT if fate == "open" else EDGE)


# -- who sees what -------------------------------------------------------------------------------------------


def draw_readers(canvas: Canvas, shown: Picture, place: Place, row: int) -> int:
    """What a consumer of each isolation level gets of these records; returns the row after them."""
    for number, (committed, reader) in enumerate(((True, shown.committed), (False, shown.uncommitted))):
        _reader(canvas, shown, place, row + number, committed, reader)
    return row + 2


def _reader(
    canvas: Canvas, shown: Picture, place: Place, row: int, committed: bool, reader: Reader | None
) -> None:
    name = "read_committed" if committed else "read_uncommitted"
    canvas.put(1, row, name if width(name) < place.column - 1 else name[5:], QUIET)
    limit = shown.stable if committed else shown.high
    position = reader.position if reader is not None and reader.position is not None else None
    for spot in shown.spots:
        at = place.wall(spot.offset)
        sign, look = _seen(shown, spot, committed, limit, position)
        canvas.put(at, row, "│" if spot.offset < limit else " ", EDGE)
        canvas.put(at + 1, row, sign.center(place.cell - 1), look)
    if shown.first <= limit:
        canvas.put(place.wall(limit), row, "│", EDGE)
    if position is not None and shown.first <= position <= shown.end:
        canvas.put(place.wall(position), row, "▲", BRIGHT)
    if reader is not None:
        canvas.mark(1, row, canvas.columns - 2, 1, ("member", reader.group, reader.name))
        _lag(canvas, place.wall(shown.end) + 2, row, reader)


def _seen(shown: Picture, spot: Spot, committed: bool, limit: int, position: int | None) -> tuple[str, Style]:
    """How a record looks to this reader: a letter, `·` for what it never gets, `░` for what it waits for."""
    if spot.offset >= limit:
        return ("░" if committed and spot.offset < shown.high else " "), WAIT
    if spot.marker:
        return " ", QUIET
    if committed and spot.fate == "aborted":
        return "·", QUIET
    key = colour_key(shown.letters.of(spot.key))
    if position is not None and spot.offset >= position:
        return shown.letters.of(spot.key), style("bright", f"lit {key}", True)
    return shown.letters.of(spot.key), style(f"letter {key}", f"read {key}")


def _lag(canvas: Canvas, column: int, row: int, reader: Reader) -> None:
    lag = "?" if reader.lag is None else thousands(reader.lag)
    room = canvas.columns - 1 - column
    words = f"lag {lag}"
    if room >= width(words) + width(reader.name) + 1:
        column = canvas.put(column, row, reader.name, PLAIN) + 1
    if room >= width(words):
        column = canvas.put(column, row, "lag ", QUIET)
        canvas.put(column, row, lag, BRIGHT if reader.lag else QUIET)
