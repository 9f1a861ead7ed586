"""Key routing: a key, its hash, the remainder, the partition; by Java's rule and librdkafka's side by side.

Above, one row a key with the arithmetic in full. Below, one bar a partition, made of its keys: a hot key is
the bar that passes the line of the fair share. At the foot, what one more partition would move.
"""

from __future__ import annotations

from typing import NamedTuple

from mqviz.model.state import State
from mqviz.scenes.canvas import Canvas
from mqviz.scenes.key_routing.picture import Key, Picture, picture
from mqviz.scenes.key_routing.rows import (
    NUMBER,
    Column,
    draw_bar,
    draw_heads,
    draw_key,
    draw_route,
    fair_column,
)
from mqviz.scenes.letters import colour_key
from mqviz.scenes.style import BRIGHT, QUIET, STRONG, WAIT, Style, style
from mqviz.scenes.text import shorten, width
from mqviz.scenes.view import View

_FEWEST = 3
_RAW_FROM = 140
_LONGEST_EDGE, _LONGEST_WIDE = 18, 34
_STAY = (
    ", their old records stay where they are: order breaks",
    ", old records stay: order breaks",
    ": order breaks",
)


class Room(NamedTuple):
    """How the rows are shared: air between the parts, rows of the heads, keys, bars, and rows that each of
    these takes.
    """

    air: int
    heads: int
    keys: int
    bars: int
    key_rows: int = 1
    bar_rows: int = 1


def draw(state: State, view: View) -> Canvas:
    """The stage at `view.now_us`; the topic in focus, else the first that somebody writes to."""
    shown = picture(state, view)
    canvas = view.canvas()
    if shown is None:
        canvas.put(1, min(1, view.rows - 1), shorten("no topic yet", view.columns - 2), QUIET)
        return canvas
    room = _room(shown, view.rows)
    row = _head(canvas, shown, min(room.air, 1)) + min(room.air, 1)
    row = _table(canvas, shown, row, room, view) + room.air
    row = _bars(canvas, shown, row, room, view) + room.air
    _foot(canvas, shown, row)
    return canvas


def _room(shown: Picture, rows: int) -> Room:
    """The airiest share in which every key and every partition shows, else as many of each as fit."""
    keys, bars = max(1, len(shown.keys)), shown.partitions
    foot = 2 + bool(shown.scattered)
    for air, heads, tall in ((2, 2, 2), (2, 2, 1), (1, 2, 1), (0, 2, 1), (0, 1, 1)):
        bar = 3 if tall > 1 else 1
        if 2 + 4 * air + (tall > 1) + heads + keys * tall + bars * bar + foot <= rows:
            return Room(air, heads, keys, bars, tall, bar)
    left = max(2 * _FEWEST, rows - 3 - foot)
    bars = min(bars, max(_FEWEST, left - keys, left // 3))
    return Room(0, 1, max(1, left - bars), bars)


def _head(canvas: Canvas, shown: Picture, row: int) -> int:
    """The topic and its partitions; at the right the key that is too hot for any of them."""
    after = canvas.put(1, row, shown.topic, BRIGHT)
    canvas.mark(1, row, after - 1, 1, ("topic", shown.topic))
    several = "s" if shown.partitions != 1 else ""
    after = canvas.put(after + 2, row, f"{shown.partitions} partition{several}", QUIET)
    if shown.hot is not None:
        key, percent = shown.hot
        words = f"hot key {key.letter}: {percent} % of all records"
        if after + 2 + width(words) < canvas.columns:
            canvas.right(canvas.columns - 1, row, words, style("wait", bold=True))
    return row + 1


# -- keys ------------------------------------------------------------------------------------------------


def _columns(shown: Picture, view: View) -> tuple[int, list[Column]]:
    """The room for a key's name, and where each rule's arithmetic stands."""
    raws = [view.columns >= _RAW_FROM and rule.name == "murmur2" for rule in shown.rules]
    each = [NUMBER + 13 + (17 if raw else 0) for raw in raws]
    longest = max((width(key.name or "no key") for key in shown.keys), default=5) + 2
    spare = view.columns - 2 - sum(each)
    names = max(6, min(longest + 1, spare - 1))
    longest_edge = _LONGEST_WIDE if view.columns >= _RAW_FROM else _LONGEST_EDGE
    left = max(0, min(2 * longest_edge, spare - names))
    edges = [left - left // 2, left // 2]
    found, at = [], 1 + names
    for rule, edge, raw, size in zip(shown.rules, edges, raws, each, strict=True):
        target = at + size + edge - 3
        found.append(Column(rule, at, target, raw))
        at = target + 3 + (3 if edge >= _LONGEST_EDGE else 0)
    return names, found


def _table(canvas: Canvas, shown: Picture, row: int, room: Room, view: View) -> int:
    names, columns = _columns(shown, view)
    canvas.put(1, row, "key", STRONG)
    for column in columns:
        draw_heads(canvas, column, row, room.heads, shown.partitions)
    begin = row = row + room.heads + (room.key_rows > 1)
    for key in _chosen(shown, room.keys):
        if key is None:
            hidden = len(shown.keys) - room.keys + 1
            canvas.put(1, row, f"+{hidden} more keys", QUIET)
            continue
        draw_key(canvas, key, row, names - 1)
        for column in columns:
            draw_route(canvas, shown, key, column, row, view)
        row += room.key_rows
    return begin + room.keys * room.key_rows


def _chosen(shown: Picture, most: int) -> list[Key | None]:
    """All keys, else those with most records in their own order, and None for the rest."""
    if len(shown.keys) <= most:
        return list(shown.keys)
    kept = sorted(shown.keys, key=lambda key: -sum(key.counts))[: most - 1]
    return [*(key for key in shown.keys if key in kept), None]


# -- partitions ------------------------------------------------------------------------------------------


def _bars(canvas: Canvas, shown: Picture, row: int, room: Room, view: View) -> int:
    """One bar a partition; where there are too many, the fullest."""
    most = max((bar.records for bar in shown.bars), default=0)
    most = max(most, -(-shown.records * 6 // (5 * shown.partitions)))
    canvas.put(1, row, "records", STRONG)
    fair = fair_column(shown, view.columns, most)
    words = f"fair share {round(100 / shown.partitions)} % ┊"
    begin = fair + 1 - width(words)
    if shown.records and begin > 9:
        canvas.put(begin, row, words, QUIET)
    elif shown.records:
        canvas.put(max(10, fair), row, f"┊ {words[:-2]}", QUIET)
    row += 1
    bars = list(shown.bars)
    if len(bars) > room.bars:
        kept = sorted(bars, key=lambda bar: -bar.records)[: room.bars - 1]
        bars = [bar for bar in bars if bar in kept]
    for number, bar in enumerate(bars):
        draw_bar(canvas, shown, bar, row + number * room.bar_rows, most, view.focus, room.bar_rows)
    hidden = shown.partitions - len(bars)
    if hidden:
        rest = shown.records - sum(bar.records for bar in bars)
        canvas.put(1, row + len(bars), f"+{hidden} more partitions with {rest:,} records", QUIET)
    return row + room.bars * room.bar_rows


# -- the foot --------------------------------------------------------------------------------------------


def _foot(canvas: Canvas, shown: Picture, row: int) -> None:
    """What one partition more would move, and what is out of order already."""
    rule = next((rule for rule in shown.rules if rule.producers), shown.rules[0])
    moved = shown.moved(rule)
    keyed = sum(key.name is not None for key in shown.keys)
    column = canvas.put(1, row, f"with {shown.then(rule)} partitions", STRONG) + 2
    after = canvas.put(column, row, f"{len(moved)} of {keyed} keys move", BRIGHT if moved else QUIET)
    room = canvas.columns - 1 - after
    words = next((words for words in _STAY if width(words) <= room), "") if moved else ""
    canvas.put(after, row, words, QUIET)
    _entries(canvas, row + 1, column, [(key, f"P{now}►P{then}") for key, now, then in moved])
    if shown.scattered:
        canvas.put(1, row + 2, "no order", style("wait", bold=True))
        said = [(key, _list([f"P{n}" for n in key.places])) for key in shown.scattered]
        _entries(canvas, row + 2, column, said, WAIT)


def _entries(
    canvas: Canvas, row: int, column: int, entries: list[tuple[Key, str]], look: Style = QUIET
) -> None:
    """Letters and words in one row, and how many more there are."""
    for number, (key, words) in enumerate(entries):
        rest = len(entries) - number
        more = f"+{rest}"
        needed = 2 + width(words) + (0 if rest == 1 else 3 + len(more))
        if column + needed > canvas.columns - 1:
            canvas.put(column, row, more, QUIET)
            return
        canvas.put(column, row, key.letter, style(f"key {colour_key(key.letter)}", bold=True))
        column = canvas.put(column + 2, row, words, look) + 2


def _list(words: list[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else words[0]
