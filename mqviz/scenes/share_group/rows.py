"""The rows of the share group scene: the tape, its marks, and what there is to say of each record."""

from __future__ import annotations

from mqviz.scenes.canvas import Canvas, Target
from mqviz.scenes.letters import colour_key
from mqviz.scenes.share_group.picture import Picture, Spot
from mqviz.scenes.style import BAD, BRIGHT, EDGE, OK, QUIET, WAIT, Style, style
from mqviz.scenes.text import shorten

_STATES: dict[str, tuple[str, Style]] = {
    "Available": ("○", WAIT),
    "Acquired": ("●", BRIGHT),
    "Acknowledged": ("✓", OK),
    "Archived": ("✗", BAD),
    "before": ("·", QUIET),
}
_LEVELS = "▁▂▃▄▅▆▇█"


def draw_tape(canvas: Canvas, shown: Picture, column: int, row: int, cell: int, focus: Target | None) -> None:
    """Walls, letters and offsets; what is locked is solid, what is finished is faint."""
    for number, spot in enumerate(shown.spots):
        at = column + number * cell
        canvas.put(at, row, "│", EDGE)
        target: Target = ("record", shown.topic, shown.partition, spot.offset)
        look = style("bright", "sel", True) if target == focus else _tile(spot)
        canvas.put(at + 1, row, spot.letter.center(cell - 1), look)
        canvas.mark(at + 1, row, cell - 1, 2, target)
        text = str(spot.offset)
        if len(text) < cell or number % 2 == 0:
            canvas.put(at + (cell + 2 - len(text)) // 2, row + 1, text, QUIET)
    after = shown.spots[-1].offset + 1 if shown.spots else shown.high
    sign, look = ("┊", style("bright")) if after == shown.high else ("│", EDGE)
    canvas.put(column + len(shown.spots) * cell, row, sign, look)


def _tile(spot: Spot) -> Style:
    key = colour_key(spot.letter)
    if spot.state == "Acquired":
        return style("base", f"key {key}", True)
    if spot.state == "Available":
        return style("bright", f"lit {key}", True)
    if spot.state == "Archived":
        return style("bad", f"read {key}", True)
    return style(f"letter {key}", f"read {key}")


def draw_marks(canvas: Canvas, shown: Picture, column: int, row: int, cell: int) -> None:
    """Where the window begins and ends; the start that admins see, where it is another one."""
    if not shown.spots:
        return
    first, count = shown.spots[0].offset, len(shown.spots)
    start, end = (column + cell * (offset - first) for offset in (shown.start, shown.end))
    last = column + cell * count
    free = column
    if column <= start <= last:
        words = f"▲ start {shown.start}"
        if shown.persisted != shown.start:
            words += f" (persisted {shown.persisted})"
        at = min(start, canvas.columns - 1 - len(words))
        canvas.put(at, row, words, QUIET)
        canvas.put(at, row, "▲", BRIGHT)
        free = at + len(words) + 1
    if column <= end <= last:
        words = f"end {shown.end} "
        if end - len(words) >= free:
            canvas.put(end - len(words), row, words, QUIET)
        if end >= free or end == start:
            canvas.put(end, row, "△" if end != start else "▲", BRIGHT)


def draw_records(canvas: Canvas, shown: Picture, column: int, row: int, cell: int) -> int:
    """State, member, lock and deliveries below each record; returns the row after them."""
    lock = f"{shown.lock_us // 1_000_000} s" if shown.lock_us >= 1_000_000 else f"{shown.lock_us // 1_000} ms"
    for number, word in enumerate(("state", "member", f"lock of {lock}", "deliveries")):
        canvas.put(1, row + number, shorten(word, column - 2), QUIET)
    before = ""
    for number, spot in enumerate(shown.spots):
        at = column + number * cell + cell // 2
        sign, look = _STATES[spot.state]
        canvas.put(at, row, sign, look)
        if spot.state == "Acquired":
            if spot.member != before:
                canvas.put(at, row + 1, shorten(spot.member, cell - 1), style("ink"))
                _lock(canvas, at, row + 2, spot, shown.lock_us)
            canvas.mark(at, row + 1, cell - 1, 2, ("member", spot.member))
        before = spot.member if spot.state == "Acquired" else ""
        if spot.state != "before":
            canvas.put(at, row + 3, str(spot.deliveries), _count_look(spot, shown.limit))
    return row + 4


def _lock(canvas: Canvas, column: int, row: int, spot: Spot, lock_us: int) -> None:
    """Seconds left, and a bar of signs; amber when less than half is left."""
    part = spot.left_us / lock_us if lock_us else 0.0
    late = part < 0.5
    text = f"{spot.left_us // 1_000_000:>2}"
    at = canvas.put(column, row, text, style("wait", "base", True) if late else style("ink"))
    if not canvas.ascii:  # a twin would be one more digit
        canvas.put(at, row, _LEVELS[min(7, int(part * 8))], style("wait" if late else "ok"))


def _count_look(spot: Spot, limit: int) -> Style:
    if spot.deliveries >= limit:
        return style("bad", "base", True)
    return style("wait", "base", True) if spot.deliveries > 1 else QUIET
