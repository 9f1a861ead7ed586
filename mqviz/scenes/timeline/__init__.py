"""The timeline: a space-time diagram of requests, one lifeline a client or broker, time down, one row a thing
that happened.

A record can be followed: sent, appended by the leader, copied by the followers, under the high watermark,
acknowledged, read. What is on its way stands below the playhead. Idle polls and heartbeats are left out, and
so are stretches of nothing.
"""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from typing import NamedTuple

from mqviz import facts
from mqviz.facts import timeline, timeline_stages
from mqviz.facts.timeline import Deed, Message, Node, Part
from mqviz.facts.timeline_stages import Hold, NodeView, Stage
from mqviz.model.state import State
from mqviz.scenes.canvas import Canvas, Target
from mqviz.scenes.figures import duration
from mqviz.scenes.letters import Letters, letters_of
from mqviz.scenes.style import BRIGHT, OK, PLAIN, QUIET, STRONG, WAIT, Style, style
from mqviz.scenes.text import shorten, width
from mqviz.scenes.timeline.labels import letters, size
from mqviz.scenes.timeline.lanes import (
    Lanes,
    draw_deed,
    draw_flight,
    draw_gap,
    draw_heads,
    draw_lifelines,
    draw_message,
    lanes,
)
from mqviz.scenes.view import View

_TIME = 10
_LEAST_PITCH = 9
_LOOKED = 160
_LONG_US = 100_000
_STAGES = {
    "sent": ("sent", "sent"),
    "appended": ("append", "log"),
    "copied": ("copies", "copy"),
    "committed": ("HW", "HW"),
    "acknowledged": ("ack", "ack"),
    "delivered": ("read", "read"),
}
_LEGEND: tuple[tuple[str, Style, str], ...] = (
    ("░", WAIT, "waits for its ack"),
    ("▒", OK, "in hand"),
    ("┊", BRIGHT, "high watermark"),
    ("━", BRIGHT, "on its way"),
)


class Line(NamedTuple):
    """One row of the diagram: something that happened at `at_us`, or a stretch of `gap_us` in which nothing
    did.
    """

    at_us: int
    what: Message | Deed | None
    gap_us: int = 0


def draw(state: State, view: View) -> Canvas:
    """The last things that happened before `view.now_us`, less the `view.scroll` newest."""
    canvas = view.canvas()
    found = timeline_stages.nodes(state)
    events = timeline.messages(state, _LOOKED)
    if not found:
        words = "requests of a real cluster are not seen" if facts.is_observed(state) else "no cluster yet"
        canvas.put(1, min(1, view.rows - 1), shorten(words, view.columns - 2), QUIET)
        return canvas
    shown = lanes(_chosen(found, events, view.columns), _TIME, view.columns)
    _paint(canvas, state, shown, events, view)
    return canvas


def _chosen(
    found: tuple[NodeView, ...], events: tuple[Message | Deed, ...], columns: int
) -> tuple[NodeView, ...]:
    """All nodes, else as many as fit: brokers first, then the clients that were heard of most."""
    most = max(3, (columns - _TIME) // _LEAST_PITCH)
    if len(found) <= most:
        return found
    heard: Counter[Node] = Counter()
    for event in events:
        heard.update([event.node] if isinstance(event, Deed) else [event.source, event.target])
    brokers = [each for each in found if each.node[0] == "broker"]
    clients = [each for each in found if each.node[0] != "broker"]
    room = max(2, most - len(brokers))
    kept = sorted(clients, key=lambda each: (-heard[each.node], found.index(each)))[:room]
    kept += sorted(brokers, key=lambda each: (-heard[each.node], found.index(each)))[: most - len(kept)]
    return tuple(each for each in found if each in kept)


def _paint(
    canvas: Canvas, state: State, shown: Lanes, events: tuple[Message | Deed, ...], view: View
) -> None:
    air = 1 if view.rows >= 20 else 0
    of = letters_of(facts.key_letters(state))
    draw_heads(canvas, shown, air, view.focus)
    top, end = air + 2, view.rows - 2 - air
    legend = view.rows >= 20
    flying, lines = _lines(events, shown, view)
    room = end - top - len(flying) - 1 - legend
    lines = lines[-max(1, room) :]
    holds = timeline_stages.holds(state)
    row = top
    for line in lines:
        _line(canvas, shown, row, line, view, holds, of)
        row += 1
    row = _now(canvas, shown, row, view, holds)
    for message in flying[: max(0, end - row - legend)]:
        draw_lifelines(canvas, shown, row, view.now_us, holds)
        draw_flight(canvas, shown, row, message, of, view.motion_us)
        _until(canvas, row, message, view.now_us)
        row += 1
    if legend:
        _legend(canvas, end + air - 1, view.columns - 2)
    newest = timeline_stages.stages(state)
    if newest is not None:
        _stages(canvas, newest, view.rows - 2, of)


def _lines(events: tuple[Message | Deed, ...], shown: Lanes, view: View) -> tuple[list[Message], list[Line]]:
    """What is on its way, and the rows above it with the stretches of nothing between them."""
    seen = [
        e for e in events if shown.has(e.node if isinstance(e, Deed) else e.source) and _has_target(e, shown)
    ]
    flying = [e for e in seen if isinstance(e, Message) and not e.arrived]
    happened = [Line(_when(e), e) for e in seen if isinstance(e, Deed) or e.arrived]
    if view.scroll:
        happened = happened[: max(1, len(happened) - view.scroll)]
    found: list[Line] = []
    long_us = _long(happened)
    for line in happened:
        gap_us = line.at_us - found[-1].at_us if found else 0
        if gap_us >= long_us:
            found.append(Line(line.at_us, None, gap_us))
        found.append(line)
    return flying, found


def _has_target(event: Message | Deed, shown: Lanes) -> bool:
    return isinstance(event, Deed) or shown.has(event.target)


def _when(event: Message | Deed) -> int:
    return event.at_us if isinstance(event, Deed) else event.arrives_at_us


def _long(lines: list[Line]) -> int:
    """From how long on a pause gets a row: five times what lies between most rows, and a tenth of a second at
    least.
    """
    gaps = sorted(b.at_us - a.at_us for a, b in pairwise(lines))
    positive = [gap for gap in gaps if gap > 0]
    return max(_LONG_US, 5 * positive[len(positive) // 2]) if positive else _LONG_US


# -- rows ------------------------------------------------------------------------------------------------


def _line(
    canvas: Canvas,
    shown: Lanes,
    row: int,
    line: Line,
    view: View,
    holds: tuple[Hold, ...],
    of: Letters,
) -> None:
    if line.what is None:
        draw_gap(canvas, shown, row)
        canvas.right(_TIME - 1, row, f"+{_short(line.gap_us)}", QUIET)
        return
    draw_lifelines(canvas, shown, row, line.at_us, holds)
    target = _record(line.what)
    focus = target is not None and target == view.focus
    canvas.put(0, row, "►" if focus else "", style("accent", "base", True))
    canvas.right(_TIME - 1, row, _stamp(line.at_us), style("bright", "sel") if focus else QUIET)
    if isinstance(line.what, Deed):
        draw_deed(canvas, shown, row, line.what, of)
    else:
        draw_message(canvas, shown, row, line.what, of)
    if target is not None:
        canvas.mark(0, row, view.columns, 1, target)


def _record(what: Message | Deed) -> Target | None:
    """The first record that was written or travelled here, whose biography can be opened; None: there is
    none.
    """
    if isinstance(what, Deed):
        return ("record", what.topic, what.partition, what.first) if what.what == "append" else None
    part = next((part for part in what.parts if part.count and part.first >= 0), None)
    return ("record", part.topic, part.partition, part.first) if part else None


def _now(canvas: Canvas, shown: Lanes, row: int, view: View, holds: tuple[Hold, ...]) -> int:
    """The playhead: everything below it is on its way."""
    draw_lifelines(canvas, shown, row, view.now_us, holds)
    canvas.put(0, row, "●", style("accent", bold=True))
    canvas.right(_TIME - 1, row, _stamp(view.now_us), style("bright", bold=True))
    return row + 1


def _until(canvas: Canvas, row: int, message: Message, now_us: int) -> None:
    """How much longer a message is on its way; nothing is known of one that should have been there."""
    left_us = message.arrives_at_us - now_us
    canvas.right(_TIME - 1, row, f"in {_short(left_us)}" if left_us > 0 else "?" if left_us else "now", QUIET)


def _stamp(at_us: int) -> str:
    """Seconds with tenths of a millisecond."""
    return f"{at_us // 1_000_000}.{at_us // 100 % 10_000:04d}"


def _short(time_us: int) -> str:
    """A length of time with tenths of a millisecond where it is short."""
    return f"{time_us / 1_000:.1f} ms" if time_us < 10_000 else duration(time_us)


# -- the foot --------------------------------------------------------------------------------------------


def _stages(canvas: Canvas, newest: tuple[Part, tuple[Stage, ...]], row: int, of: Letters) -> None:
    """The newest batch: how long after it was sent each station was reached; `○` is still to come."""
    part, stages = newest
    canvas.put(1, row, "newest", STRONG)
    at = 1
    for text, look in letters(part.keys, part.count, of):
        at = canvas.put(at, row + 1, text, look)
    begin = max(_TIME, 2 + size(letters(part.keys, part.count, of)))
    pitch = min(16, (canvas.columns - 1 - begin) // len(stages))
    sent_us = stages[0].at_us or 0
    for number, stage in enumerate(stages):
        column = begin + number * pitch
        reached = stage.at_us is not None
        sign = "●" if reached else "○"
        canvas.put(column, row, sign, OK if reached else QUIET)
        canvas.put(column + 2, row, _STAGES[stage.what][pitch < 9], PLAIN if reached else QUIET)
        words = ""
        if stage.at_us is not None:
            words = _stamp(sent_us) if number == 0 else f"+{_short(stage.at_us - sent_us)}"
        look = QUIET if number == 0 else BRIGHT
        canvas.put(column, row + 1, words if width(words) < pitch else words.replace(" ", ""), look)


def _legend(canvas: Canvas, row: int, columns: int) -> None:
    at = 1
    for sign, look, word in _LEGEND:
        if at + 2 + width(word) > columns:
            return
        at = canvas.put(at, row, sign, look)
        at = canvas.put(at + 1, row, word, QUIET) + 3
