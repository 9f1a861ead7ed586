"""The partition log: producers, a tape a partition, and the members of the group that read them.

The same stage for a simulated and a real cluster. A partition, its edge and the member that owns it share one
row, so that ownership is seen, not read. What no client shows (producers of a real cluster) is left out.
"""

from __future__ import annotations

from mqviz.facts.views import Lag
from mqviz.model.state import State
from mqviz.scenes import legend, tiles
from mqviz.scenes.canvas import Canvas
from mqviz.scenes.ledger import draw_ledger
from mqviz.scenes.partition_log.lanes import draw_lanes
from mqviz.scenes.partition_log.layout import TALL, Frame, Layout, layout, legend_columns
from mqviz.scenes.partition_log.picture import Outline, Picture, outline, picture
from mqviz.scenes.partition_log.producers import draw_flights, draw_producers
from mqviz.scenes.partition_log.readers import draw_readers, draw_unassigned
from mqviz.scenes.style import BRIGHT, QUIET, WAIT
from mqviz.scenes.tapes import shown_cells
from mqviz.scenes.text import shorten, width
from mqviz.scenes.view import View


def draw(state: State, view: View) -> Canvas:
    """The stage at `view.now_us`; any size is drawn, 60 by 16 and more shows everything that is never given
    up.
    """
    shown = outline(state, view)
    if shown is None:
        canvas = view.canvas()
        canvas.put(1, min(1, view.rows - 1), shorten("no topic yet", view.columns - 2), QUIET)
        return canvas
    plan = arrange(shown, view)
    first = first_lane(plan, shown, view)
    return paint(picture(state, shown, first, plan.lanes, plan.columns.cells), plan, view)


def arrange(shown: Outline, view: View) -> Layout:
    """The layout of one frame."""

    def legend_rows(columns: int, compact: bool) -> int:
        return len(legend.key_rows(shown.keys, columns, compact)) + 1

    return layout(shown, view, legend_rows)


def first_lane(plan: Layout, shown: Outline, view: View) -> int:
    """Number of the first partition that shows: `view.scroll`,
    moved so that the partition in focus is there.
    """
    first = view.scroll
    focus = view.focus
    if focus is not None and focus[0] in ("partition", "record") and focus[1] == shown.topic.name:
        number = int(focus[2])
        first = min(max(first, number - plan.lanes + 1), number)
    return max(0, min(first, shown.topic.partitions - plan.lanes))


def paint(shown: Picture, plan: Layout, view: View) -> Canvas:
    """Draw what was gathered, where the layout says."""
    frame = Frame(view.canvas(), shown, plan, view)
    _heads(frame)
    draw_producers(frame)
    draw_lanes(frame)
    draw_readers(frame)
    draw_flights(frame)
    _more(frame)
    draw_unassigned(frame)
    _legend(frame)
    if plan.ledger is not None:
        draw_ledger(frame.canvas, 1, plan.ledger, plan.columns.tape, view.columns - 2, shown.ledger)
    return frame.canvas


def _heads(frame: Frame) -> None:
    canvas, row, shown = frame.canvas, frame.plan.heads, frame.shown.outline
    if shown.producers:
        canvas.put(1, row, "producers", QUIET)
    name = shown.topic.name
    end = _topic_lag(frame, width(name)) - 2
    begin = max(12 if shown.producers else 1, min(frame.columns.tape, end - width(name)))
    canvas.put(begin, row, shorten(name, end - begin), BRIGHT)
    canvas.mark(begin, row, width(name), 1, ("topic", name))
    if len(shown.crews) > 1:
        _group_heads(frame)
    else:
        _group_head(frame)
    if frame.plan.two_heads:
        canvas.put(1, row + 1, _acks(shown), QUIET)
        canvas.put(frame.columns.tape, row + 1, _copies(shown), QUIET)


def _topic_lag(frame: Frame, name: int) -> int:
    """The lag of the only group, beside the topic's name, else in the free row below; returns where the name
    must end.
    """
    crews, columns, row = frame.shown.outline.crews, frame.columns, frame.plan.heads
    end = columns.tape_end + 1
    if len(crews) != 1:
        return columns.tile
    lag = crews[0].lag
    if columns.tape + name + 2 + width(_lag_text(lag)) > end:
        end = columns.tile - 2
    free = frame.plan.top - 1
    if columns.tape + name + 2 + width(_lag_text(lag)) > end and free > row:
        _head_lag(frame.canvas, end, free, lag)
        return columns.tile
    return _head_lag(frame.canvas, end, row, lag)


def _lag_text(lag: Lag) -> str:
    some = lag.value is not None and lag.known < lag.total
    return f"lag {tiles.lag_words(lag, 'base')[0]}" + (f" over {lag.known} of {lag.total}" if some else "")


def _head_lag(canvas: Canvas, after: int, row: int, lag: Lag) -> int:
    word, look, _, _ = tiles.lag_words(lag, "base")
    some = lag.value is not None and lag.known < lag.total
    known = f" over {lag.known} of {lag.total}" if some else ""
    after = canvas.right(after, row, known, WAIT)
    after = canvas.right(after, row, word, look)
    return canvas.right(after, row, "lag ", look)


def _group_heads(frame: Frame) -> None:
    """Several groups: each with its generation and its own lag;
    those without a row in the lanes in one line.
    """
    canvas, columns, plan = frame.canvas, frame.columns, frame.plan
    crews = frame.shown.outline.crews
    for number, crew in enumerate(crews[: 1 + plan.others]):
        row, group = plan.heads + number, crew.group
        after = _head_lag(canvas, columns.tile + columns.tile_columns - 1, row, crew.lag) - 1
        generation = f"gen {group.generation}" if isinstance(group.generation, int) else ""
        if columns.tile + width(group.name) + 1 + width(generation) < after:
            canvas.put(columns.tile + width(group.name) + 1, row, generation, QUIET)
        canvas.put(columns.tile, row, shorten(group.name, after - columns.tile), BRIGHT)
        canvas.mark(columns.tile, row, columns.tile_columns, 1, ("group", group.name))
    also = [f"{crew.group.name} {_lag_text(crew.lag)}" for crew in crews[1 + plan.others :]]
    if also and plan.top - 1 > plan.heads:
        room = frame.view.columns - columns.tape - 1
        canvas.put(columns.tape, plan.top - 1, shorten("also read by " + " · ".join(also), room), QUIET)


def _group_head(frame: Frame) -> None:
    canvas, columns, row = frame.canvas, frame.columns, frame.plan.heads
    crews = frame.shown.outline.crews
    if not crews:
        canvas.put(columns.tile, row, "no group", QUIET)
        return
    group = crews[0].group
    after = columns.tile + columns.tile_columns
    state = group.state if isinstance(group.state, str) else "?"
    generation = f"gen {group.generation}" if isinstance(group.generation, int) else state
    if frame.plan.two_heads:
        both = generation if generation == state else f"{generation} · {state}"
        fits = width(both) <= columns.tile_columns
        canvas.put(columns.tile, row + 1, both if fits else generation, QUIET)
    elif columns.tile_columns > width(group.name) + width(generation) + 2:
        after = canvas.right(after, row, generation, QUIET) - 2
    room = after - columns.tile
    fits = width(group.name) <= room
    name = shorten(group.name, room) if fits else "group"
    canvas.put(columns.tile, row, name, BRIGHT if fits else QUIET)
    canvas.mark(columns.tile, row, room, 1, ("group", group.name))


def _acks(shown: Outline) -> str:
    wanted = {p.acks: None for p in shown.producers}
    return f"acks={next(iter(wanted))}" if len(wanted) == 1 else ""


def _copies(shown: Outline) -> str:
    topic = shown.topic
    plural = "" if topic.partitions == 1 else "s"
    factor = topic.replication_factor
    return f"{topic.partitions} partition{plural}" + (f" · RF {factor}" if isinstance(factor, int) else "")


def _more(frame: Frame) -> None:
    """How many partitions lie outside the window."""
    shown = frame.shown
    hidden = shown.outline.topic.partitions - shown.first - len(shown.lanes)
    words = [f"{shown.first} more above"] if shown.first else []
    words += [f"{hidden} more below"] if hidden > 0 else []
    if words:
        frame.canvas.put(frame.columns.label, frame.plan.block - 1, "   ".join(words), QUIET)


def _legend(frame: Frame) -> None:
    """Letters and marks, left of the members without a partition."""
    canvas, plan = frame.canvas, frame.plan
    row = plan.block + (0 if frame.compact else 1)
    room = legend_columns(plan.columns)
    most = max(1, min(2, plan.bottom - row - 1))
    row += legend.draw_keys(canvas, 1, row, room, frame.shown.outline.keys, frame.compact, most)
    row += 1 if plan.mode == TALL else 0
    if row < plan.bottom:
        unseen = any(not c.seen for lane in frame.shown.lanes for c in lane.tape.cells)
        legend.draw_marks(canvas, 1, row, room, "keys not read" if unseen else "", _away(frame))


def _away(frame: Frame) -> bool:
    """Whether a committed offset lies left of what a tape shows."""
    for lane in frame.shown.lanes:
        drawn = shown_cells(lane.tape, frame.columns.cells)
        held = lane.holds[: 1 + frame.plan.others]
        if drawn and any(isinstance(h.committed, int) and h.committed < drawn[0].offset for h in held):
            return True
    return False
