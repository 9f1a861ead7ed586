"""Member tiles: who reads a partition, what it works on, and those who have nothing to read.

The same tile for everybody; only its left edge and its words differ. Work is `█`, waiting is `░` and a word.
"""

from __future__ import annotations

from typing import NamedTuple

from mqviz.facts.views import InHand, Lag, MemberView
from mqviz.model.observed.state import Unknown
from mqviz.scenes.canvas import Canvas
from mqviz.scenes.edges import progress
from mqviz.scenes.figures import thousands
from mqviz.scenes.letters import colour_key
from mqviz.scenes.style import Style, style
from mqviz.scenes.text import shorten, width

_NAME = style("bright", "bar", True)
PLAIN = style("quiet", "bar")
_STRONG = style("quiet", "bar", True)
_WAIT = style("wait", "bar")
_IDLE = style("wait", "bar", True)
_BAD = style("bad", "bar", True)
_OK = style("ok", "bar")
_LINE = style("edge", "bar")

ARROWS = {"up": "↑", "level": "→", "down": "↓", "": " "}


class Tile(NamedTuple):
    """Where a tile stands; `rows` may reach over several lanes of one owner."""

    column: int
    row: int
    columns: int
    rows: int

    @property
    def left(self) -> int:
        """First column of its words."""
        return self.column + 2

    @property
    def after(self) -> int:
        """Column after the last of its words."""
        return self.column + self.columns - 1

    @property
    def room(self) -> int:
        """Columns for words."""
        return self.after - self.left


def draw_ground(canvas: Canvas, tile: Tile, edge: str, sign: str = "▌") -> None:
    """The tile's ground, and its left edge in role `edge`."""
    canvas.fill(tile.column, tile.row, tile.columns, tile.rows, PLAIN)
    canvas.column_of(tile.column, tile.row, tile.rows, sign, style(edge, "bar"))


def draw_focus(canvas: Canvas, tile: Tile) -> None:
    """Put the focus on a drawn tile: its ground, and a sign for where there is no ground."""
    for row in range(tile.row, tile.row + tile.rows):
        canvas.ground(tile.column, row, tile.columns, "sel")
        canvas.put(tile.column, row, "▌", style("accent", "sel"))
    canvas.put(tile.column + 1, tile.row, "►", style("accent", "sel", True))


def draw_title(canvas: Canvas, tile: Tile, row: int, name: str, label: str, lag: Lag | None) -> None:
    """The tile's first line: name, partition, and the lag where it has no row of its own.

    The partition, which the row says anyway, is left out where lag and name need the room.
    """
    if lag is None:
        begin = canvas.right(tile.after, row, label, _NAME)
        canvas.put(tile.left, row, shorten(name, begin - 1 - tile.left), _NAME)
        return
    begin = draw_lag(canvas, tile.after, row, lag, "bar")
    text, room = f"{name} {label}".strip(), begin - 1 - tile.left
    canvas.put(tile.left, row, shorten(text if width(text) <= room or not name else name, room), _NAME)


def draw_reader(canvas: Canvas, tile: Tile, group: str, name: str, lag: Lag) -> None:
    """One line: group, member, lag. Where room is short the word lag goes, then part of the group's name."""
    short = width(f"{group} {name} lag {lag_words(lag, 'bar')[0]} ↑") > tile.room
    begin = draw_lag(canvas, tile.after, tile.row, lag, "bar", "" if short else "lag ")
    room = begin - 1 - tile.left
    text = f"{shorten(group, max(4, room - width(name) - 1))} {name}"
    canvas.put(tile.left, tile.row, shorten(text, room), _NAME)


def draw_lag(canvas: Canvas, after: int, row: int, lag: Lag, ground: str, label: str = "lag ") -> int:
    """`lag 3 ↑` ending before column `after`; returns where it begins."""
    word, look, arrow, arrow_look = lag_words(lag, ground)
    after = canvas.right(after, row, arrow, arrow_look) - 1
    after = canvas.right(after, row, word, look)
    return canvas.right(after, row, label, look if word not in ("0", "–") else PLAIN.on(ground))


def lag_words(lag: Lag, ground: str) -> tuple[str, Style, str, Style]:
    """The number of a lag and its arrow, each with its style; good news is quiet."""
    arrow = ARROWS.get(lag.trend, " ")
    arrow_look = style("bad" if lag.trend == "up" else "quiet", ground, lag.trend == "up")
    if isinstance(lag.value, Unknown):
        return "?", style("wait", ground, True), " ", arrow_look
    if lag.value is None:
        return "–", style("quiet", ground), " ", arrow_look
    if lag.value == 0:
        return "0", style("quiet", ground, True), arrow, arrow_look
    return thousands(lag.value), style("bright", ground, True), arrow, arrow_look


def draw_doing(
    canvas: Canvas,
    tile: Tile,
    row: int,
    member: MemberView,
    lag: Lag,
    to_read: int | None,
    work: InHand | None,
    now_us: int,
    letter: str,
) -> None:
    """What the member does with the partition of this line: works, has read all, has more to read, or
    nothing.

    `to_read`: readable records that it has not got yet, None where its position is not known. What counts as
    lag and is not to be read is in its hands, and not committed. A lag alone is told elsewhere.
    """
    if member.state in _STATES:
        word, look = _STATES[member.state]
        _texture(canvas, tile, row, word, look)
    elif work is not None:
        _work(canvas, tile, row, work, now_us, letter)
    elif isinstance(lag.value, Unknown):
        draw_reason(canvas, tile, row, lag.value)
    elif lag.value == 0:
        canvas.put(tile.left, row, "all read", PLAIN)
    elif lag.value is None:
        _first_that_fits(canvas, tile, row, ("nothing committed", "no commit yet", "no commit", "none"))
    elif to_read is not None:
        _first_that_fits(canvas, tile, row, _shares(max(0, lag.value - to_read), to_read))


def _shares(in_hand: int, to_read: int) -> tuple[str, ...]:
    """A lag as its two parts, from long to short."""
    hand, read = f"{thousands(in_hand)} in hand", f"{thousands(to_read)} to read"
    if not to_read:
        return hand, "in hand"
    both = (f"{hand}, {read}",) if in_hand else ()
    return *both, read, f"{thousands(to_read)} unread", f"{thousands(to_read)} left"


def _first_that_fits(canvas: Canvas, tile: Tile, row: int, texts: tuple[str, ...]) -> None:
    text = next((text for text in texts if width(text) <= tile.room), texts[-1])
    canvas.put(tile.left, row, shorten(text, tile.room), PLAIN)


def draw_reason(canvas: Canvas, tile: Tile, row: int, why: Unknown) -> None:
    """A line of a tile that says why something is not known."""
    canvas.fill(tile.left, row, tile.room, 1, PLAIN)
    canvas.put(tile.left, row, shorten(f"? {why.reason}", tile.room), _WAIT)


_STATES: dict[str, tuple[str, Style]] = {
    "paused": ("paused", _IDLE),
    "dead": ("dead", _BAD),
    "joining": ("joining", _IDLE),
    "leaving": ("leaving", _IDLE),
}


_SHORTER = {"joining": "joins", "leaving": "goes", "elsewhere": "other", "paused": "pause"}


def edge_role(member: MemberView, owns: bool) -> str:
    """Role of the tile's left edge."""
    if member.state == "dead":
        return "bad"
    return "edge" if owns and member.state not in _STATES else "wait"


def word_of(member: MemberView, topic: str) -> tuple[str, Style]:
    """What a member without a partition of `topic` is."""
    if member.state in _STATES:
        return _STATES[member.state]
    if member.state == "unknown":
        return "?", _IDLE
    if member.partitions and all(t != topic for t, _ in member.partitions):
        return "elsewhere", _STRONG
    return "idle", _IDLE


def draw_unassigned(canvas: Canvas, tile: Tile, member: MemberView, topic: str, prefix: str = "") -> None:
    """A member without a partition: two rows, or one where room is short; its emptiness is `░`.

    `prefix` says of which group it is, where that is not clear.
    """
    name = prefix + member.name
    word, look = word_of(member, topic)
    draw_ground(canvas, tile, edge_role(member, False), "╎" if member.state == "dead" else "▌")
    if tile.rows == 1 and width(name) + 1 + len(word) > tile.room:
        word = _SHORTER.get(word, word)
    beside = tile.rows == 1 or width(name) + 1 + len(word) <= tile.room
    begin = canvas.right(tile.after, tile.row, word, look) if beside else tile.after + 1
    after = canvas.put(tile.left, tile.row, shorten(name, begin - 1 - tile.left), _STRONG)
    if tile.rows == 1:
        canvas.put(after + 1, tile.row, "░" * max(0, begin - after - 2), _WAIT)
    elif beside:
        canvas.put(tile.left, tile.row + 1, "░" * tile.room, _WAIT)
    else:
        _texture(canvas, tile, tile.row + 1, word, look)


def draw_nobody(canvas: Canvas, tile: Tile, words: str) -> None:
    """A partition that nobody reads: the gap is drawn, not left out."""
    draw_ground(canvas, tile, "wait")
    after = canvas.put(tile.left, tile.row, shorten(words, tile.room), _IDLE)
    if tile.rows > 1:
        canvas.put(tile.left, tile.row + 1, "░" * tile.room, _WAIT)
    else:
        canvas.put(after + 1, tile.row, "░" * max(0, tile.after - after - 1), _WAIT)


def _texture(canvas: Canvas, tile: Tile, row: int, word: str, look: Style) -> None:
    text = shorten(f"✗ {word}" if word == "dead" else word, tile.room)
    canvas.put(tile.left, row, text, look)
    if word != "dead":
        begin = tile.left + width(text) + 1
        canvas.put(begin, row, "░" * max(0, tile.after - begin), _WAIT)


def _work(canvas: Canvas, tile: Tile, row: int, work: InHand, now_us: int, letter: str) -> None:
    key = colour_key(letter)
    column = canvas.put(tile.left, row, letter, style(f"key {key}", "bar", True))
    column = canvas.put(column, row, f" {thousands(work.offset)} ", PLAIN)
    room = tile.after - column
    if room <= 0:
        return
    if isinstance(work.ends_at_us, Unknown):
        canvas.put(column, row, "▒" * room, _OK)
        return
    done = int(progress(work.started_at_us, work.ends_at_us, now_us) * room)
    canvas.put(column, row, "█" * done, _OK)
    canvas.put(column + done, row, "─" * (room - done), _LINE)
