"""Lanes of the timeline: one lifeline a client or broker, arrows between them, and deeds on them."""

from __future__ import annotations

from typing import NamedTuple

from mqviz.facts.timeline import Deed, Message, Node
from mqviz.facts.timeline_stages import Hold, NodeView
from mqviz.scenes.canvas import Canvas, Target
from mqviz.scenes.edges import progress
from mqviz.scenes.letters import Letters, colour_key
from mqviz.scenes.style import BAD, BRIGHT, EDGE, OK, PLAIN, QUIET, WAIT, Style, style
from mqviz.scenes.text import shorten, width
from mqviz.scenes.timeline.labels import Label, fitting, of_deed, of_message, size

_HEADS = {"producer": "acks", "consumer": "group", "share": "share group"}


class Lanes(NamedTuple):
    """The columns of the lifelines, by node, and the distance between two of them."""

    nodes: tuple[NodeView, ...]
    columns: dict[Node, int]
    pitch: int

    def has(self, *nodes: Node) -> bool:
        """Whether all of them have a lane."""
        return all(node in self.columns for node in nodes)


def lanes(nodes: tuple[NodeView, ...], begin: int, end: int) -> Lanes:
    """Spread the nodes over the columns from `begin` to `end` - 1."""
    count = len(nodes)
    half = min(6, (end - begin) // (2 * count))
    pitch = min(28, (end - begin - 2 * half) // max(count - 1, 1))
    return Lanes(
        nodes, {each.node: begin + half + number * pitch for number, each in enumerate(nodes)}, pitch
    )


def draw_heads(canvas: Canvas, found: Lanes, row: int, focus: Target | None) -> None:
    """Names, and below them what each is: acks of a producer, group of a consumer, what a broker leads."""
    for each in found.nodes:
        column = found.columns[each.node]
        kind, name = each.node
        words = f"broker {name}" if kind == "broker" else name
        look = style("bright", "sel", True) if focus == _target(each) else BRIGHT
        _centred(canvas, column, row, words, look, found.pitch - 1)
        if each.state in ("dead", "stopped", "paused", "killed"):
            sign = "✗ " if each.state != "paused" else "▮ "
            _centred(
                canvas, column, row + 1, sign + each.state, BAD if sign == "✗ " else WAIT, found.pitch - 1
            )
        elif kind == "broker":
            words = f"║ leads {each.leads}" if each.leads else "│ follows"
            if width(words) >= found.pitch:
                words = "║ leads" if each.leads else "follows"
            _centred(canvas, column, row + 1, words, OK if each.leads else QUIET, found.pitch - 1)
        else:
            _centred(canvas, column, row + 1, each.note, QUIET, found.pitch - 1)
        canvas.mark(column - 4, row, 9, 2, _target(each))


def _target(each: NodeView) -> Target:
    kind, name = each.node
    return ("member", each.note, name) if kind in ("consumer", "share") else (kind, name)


def _centred(canvas: Canvas, column: int, row: int, words: str, look: Style, room: int) -> None:
    text = shorten(words, max(room, 1))
    begin = min(column - width(text) // 2, canvas.columns - 1 - width(text))
    canvas.put(max(0, begin), row, text, look)


def draw_lifelines(canvas: Canvas, found: Lanes, row: int, at_us: int, holds: tuple[Hold, ...]) -> None:
    """One row of all lifelines: `░` who waits for an acknowledgement, `▒` who has a request in hand."""
    held = {hold.node for hold in holds if _is_held(hold, at_us)}
    for node, column in found.columns.items():
        if node not in held:
            canvas.put(column, row, "│", EDGE)
        elif node[0] == "broker":
            canvas.put(column, row, "▒", OK)
        else:
            canvas.put(column, row, "░", WAIT)


def _is_held(hold: Hold, at_us: int) -> bool:
    """A broker has a request in hand from its arrival on; a client waits from after its send() on."""
    begun = hold.since_us <= at_us if hold.node[0] == "broker" else hold.since_us < at_us
    return begun and (hold.until_us is None or at_us < hold.until_us)


def draw_gap(canvas: Canvas, found: Lanes, row: int) -> None:
    """Time in which nothing happened."""
    for column in found.columns.values():
        canvas.put(column, row, "·", EDGE)


def draw_message(canvas: Canvas, found: Lanes, row: int, message: Message, of: Letters) -> None:
    """An arrow from lane to lane with what it says."""
    source, target = found.columns[message.source], found.columns[message.target]
    label = fitting(of_message(message, of), abs(target - source) - 4)
    look = _line(message, label)
    left, right = min(source, target), max(source, target)
    if source < target:
        canvas.put(left, row, "├" + "─" * (right - left - 2) + "►", look)
    else:
        canvas.put(left + 1, row, "◄" + "─" * (right - left - 2) + "┤", look)
    _label(canvas, left + 1 + (right - left - 1 - size(label)) // 2, row, label)


def draw_flight(canvas: Canvas, found: Lanes, row: int, message: Message, of: Letters, now_us: int) -> None:
    """A message on its way: the part of its way that it has made, and its head."""
    source, target = found.columns[message.source], found.columns[message.target]
    part = progress(message.sent_at_us, message.arrives_at_us, now_us)
    way = abs(target - source) - 1
    step = 1 if target > source else -1
    done = max(1, min(way, int(part * (way + 1))))
    for number in range(1, way + 1):
        sign = "━" if number <= done else "╌"
        canvas.put(source + step * number, row, sign, BRIGHT if number <= done else EDGE)
    canvas.put(target - step, row, "►" if step > 0 else "◄", EDGE)
    label = fitting(of_message(message, of), max(0, done - 1))
    begin = source + 1 + done - size(label) if step > 0 else source - done
    if label:
        _label(canvas, begin, row, _solid(label))
    else:
        canvas.put(source + step * done, row, "►" if step > 0 else "◄", BRIGHT)


def _solid(label: Label) -> Label:
    """Letters of records on their way are solid."""
    return tuple(
        (text, style("base", f"key {colour_key(text)}", True)) if look.bg.startswith("lit ") else (text, look)
        for text, look in label
    )


def _line(message: Message, label: Label) -> Style:
    if message.broken or message.error or any(part.error for part in message.parts):
        return style("bad")
    if message.answers and message.kind in ("Produce", "OffsetCommit"):
        return OK
    return PLAIN if any(look.bg.startswith("lit ") for _, look in label) else EDGE


def draw_deed(canvas: Canvas, found: Lanes, row: int, deed: Deed, of: Letters) -> None:
    """What a node did, beside its lifeline: to the right, or to the left on the last lane."""
    column = found.columns[deed.node]
    last = column == max(found.columns.values())
    room = found.pitch - 3 if not last else canvas.columns - column - 3
    label = fitting(of_deed(deed, of), room)
    sign, look = ("┊", BRIGHT) if deed.what == "high watermark" else ("●", BRIGHT)
    canvas.put(column, row, sign, look)
    _label(canvas, column + 2, row, label)


def _label(canvas: Canvas, column: int, row: int, label: Label) -> None:
    for text, look in label:
        column = canvas.put(column, row, text, look)
