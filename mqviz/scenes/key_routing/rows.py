"""The rows of the key routing scene: keys with their arithmetic, and partitions with their records."""

from __future__ import annotations

from typing import NamedTuple

from mqviz.scenes.canvas import Canvas, Target
from mqviz.scenes.edges import draw_edge, draw_flight, progress, straight
from mqviz.scenes.figures import thousands
from mqviz.scenes.key_routing.picture import CLIENTS, Bar, Key, Picture, Rule
from mqviz.scenes.letters import NULL, colour_key
from mqviz.scenes.style import BRIGHT, EDGE, PLAIN, QUIET, WAIT, style
from mqviz.scenes.text import shorten, width
from mqviz.scenes.view import View

NUMBER = 13
"""Columns of a hash: 2,147,483,647 or, of CRC32, 4,294,967,295."""

_RAW = 14
_BAR_LABEL = 5
_BAR_WORDS = 14


class Column(NamedTuple):
    """Where one rule's arithmetic stands: from `begin` on, its edge up to `target`. `raw`: with the signed
    hash before it.
    """

    rule: Rule
    begin: int
    target: int
    raw: bool

    @property
    def edge(self) -> int:
        """The first cell of the edge."""
        return self.begin + (_RAW + 3 if self.raw else 0) + NUMBER + 9


def draw_heads(canvas: Canvas, column: Column, row: int, lines: int, partitions: int) -> None:
    """Whose rule it is, in one row or two, and whether they know of all partitions."""
    rule = column.rule
    client = CLIENTS[rule.name]
    late = rule.known < partitions
    formula = f"{rule.name}(key) % {rule.known}"
    room = column.target + 2 - column.begin
    users = ", ".join(rule.producers) if rule.producers else "nobody here"
    if late:
        users += f" knows {rule.known} of {partitions}"
        users += " partitions" if width(users) + 11 <= room else ""
    after = canvas.put(column.begin, row, client, BRIGHT if rule.producers else style("quiet", bold=True))
    canvas.put(after + 1, row, shorten(formula, room - width(client) - 1), WAIT if late else QUIET)
    if lines > 1:
        words = "murmur2, then its sign bit off" if column.raw and rule.name == "murmur2" else ""
        look = WAIT if late else PLAIN if rule.producers else QUIET
        after = canvas.put(column.begin, row + 1, shorten(users, room), look)
        if words and after + 3 + width(words) <= column.target:
            canvas.put(after + 3, row + 1, words, QUIET)


def draw_key(canvas: Canvas, key: Key, row: int, room: int) -> None:
    """The letter in its colour and the name."""
    look = style(f"key {colour_key(key.letter)}", bold=True)
    name = "no key" if key.name is None else key.name
    canvas.put(1, row, key.letter, look)
    if name[:1].upper() == key.letter and room < width(name) + 2:
        canvas.put(2, row, shorten(name[1:], room - 1), PLAIN)
    else:
        canvas.put(3, row, shorten(name, room - 2), PLAIN)


def draw_route(canvas: Canvas, shown: Picture, key: Key, column: Column, row: int, view: View) -> None:
    """Hash, remainder, edge and partition of a key by one rule."""
    rule = column.rule
    if key.name is None:
        _null(canvas, shown, key, column, row)
        return
    number = rule.number(key.name)
    partition = number % rule.known
    at = column.begin
    lit = bool(rule.producers)
    if column.raw:
        canvas.right(at + _RAW, row, _signed(rule.raw(key.name)), QUIET)
        canvas.put(at + _RAW + 1, row, "→", EDGE)
        at += _RAW + 3
    canvas.right(at + NUMBER, row, thousands(number), style("ink") if lit else QUIET)
    at = canvas.put(at + NUMBER, row, f" % {rule.known} = ", QUIET)
    canvas.put(at, row, str(partition), BRIGHT if lit else QUIET)
    _target(canvas, shown, key, column, row, partition, view)


def _signed(number: int) -> str:
    return f"−{thousands(-number)}" if number < 0 else thousands(number)


def _target(
    canvas: Canvas, shown: Picture, key: Key, column: Column, row: int, partition: int, view: View
) -> None:
    """The edge with what flies on it, and the partition: bold where another rule says otherwise."""
    begin, end = column.edge + 1, column.target - 1
    draw_edge(canvas, begin, row, end)
    look = style(f"key {colour_key(key.letter)}", bold=True) if column.rule.producers else QUIET
    canvas.put(column.target, row, f"P{partition}", look)
    for name, flight in shown.flights:
        if name == column.rule.name and key.name in flight.keys and begin < end:
            part = progress(flight.sent_at_us, flight.arrives_at_us, view.motion_us)
            draw_flight(canvas, straight(begin, row, end - 1), part, key.letter)


def _null(canvas: Canvas, shown: Picture, key: Key, column: Column, row: int) -> None:
    """Records without key stay with one partition for a while; no hash."""
    places = ", ".join(f"P{number}" for number in key.places)
    words = f"no hash: one partition a while, so far {places}"
    canvas.put(column.begin, row, shorten(words, column.target + 2 - column.begin), QUIET)


def draw_bar(
    canvas: Canvas, shown: Picture, bar: Bar, row: int, most: int, focus: Target | None, rows: int
) -> None:
    """A partition's records as a bar of its keys, the fair share as a line, then its share and its number.

    `rows`: how many rows there are for it; three or more: the bar is two rows high.
    """
    target: Target = ("partition", shown.topic, bar.partition)
    label = style("bright", "sel", True) if target == focus else BRIGHT
    canvas.put(1, row, f"P{bar.partition}", label)
    room = canvas.columns - 2 - _BAR_LABEL - _BAR_WORDS
    cells = -(-bar.records * room // most) if most else 0
    at = _BAR_LABEL
    for letter, count in _cells(bar, cells):
        key = colour_key(letter)
        canvas.put(at, row, letter, style("bright", f"lit {key}", True))
        canvas.put(at + 1, row, "█" * (count - 1), style(f"lit {key}"))
        if rows > 2:
            canvas.put(at, row + 1, "█" * count, style(f"lit {key}"))
        at += count
    fair = _fair(shown, room, most)
    if at <= fair and shown.records:
        canvas.column_of(fair, row, min(rows, 2), "┊", EDGE)
    percent = round(100 * bar.records / shown.records) if shown.records else 0
    canvas.right(canvas.columns - 8, row, f"{percent} %", WAIT if at > fair + 1 else PLAIN)
    canvas.right(canvas.columns - 1, row, thousands(bar.records), QUIET)
    canvas.mark(1, row, canvas.columns - 2, 1, target)


def fair_column(shown: Picture, columns: int, most: int) -> int:
    """The column of the fair share on the bars."""
    return _fair(shown, columns - 2 - _BAR_LABEL - _BAR_WORDS, most)


def _fair(shown: Picture, room: int, most: int) -> int:
    return _BAR_LABEL + (shown.records * room // shown.partitions // most if most else room)


def _cells(bar: Bar, cells: int) -> list[tuple[str, int]]:
    """The cells of a bar shared out among its keys; small ones that get no cell are left to the last."""
    looked = sum(count for _, count in bar.letters)
    found: list[tuple[str, int]] = []
    done = counted = 0
    for letter, count in bar.letters:
        counted += count
        end = round(cells * counted / looked)
        if end > done:
            found.append((letter, end - done))
            done = end
    return found if looked else ([(NULL, cells)] if cells else [])
