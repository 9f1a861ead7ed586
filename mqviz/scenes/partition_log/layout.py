"""Where things stand in the partition log scene, from roomy to tight.

Columns, left to right: producers, their edges, the spine, the partition's name, the tape, the edge to the
reader, the member's tile. Rows: heads, one lane a partition, then legend beside members without a partition,
then the ledger. What is given up first when room is short: named marks and two-row cells, the ledger, the
sparkline and the lag row (lag moves into the member's tile), in-flight counts, acks and hash line, blank
rows. Never given up: lag, offsets, `idle`, `?`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import product

from mqviz.scenes.canvas import Canvas
from mqviz.scenes.partition_log.picture import Outline, Picture
from mqviz.scenes.text import width
from mqviz.scenes.view import View

TALL, NORMAL, COMPACT = "tall", "normal", "compact"

_WIDE_FROM = 104
_LEDGER_FROM = (100, 30)
_NARROW_BELOW = 64
_MOST_READER = 32
_LANE_ROWS = {TALL: 4, NORMAL: 3, COMPACT: 2}
_PITCHES = ((TALL, 7), (TALL, 6), (TALL, 5), (NORMAL, 4), (COMPACT, 3), (COMPACT, 2))


@dataclass(frozen=True, slots=True)
class Columns:
    """First columns and widths; `edge`, `spine` and `branch` are 0 wide where no producer is seen."""

    names: int
    edge: int
    spine: int
    label: int
    tape: int
    cell: int
    cells: int
    reach: int
    reach_columns: int
    tile: int
    tile_columns: int

    @property
    def tape_end(self) -> int:
        """Column of the last wall of a full tape."""
        return self.tape + self.cell * self.cells


@dataclass(frozen=True, slots=True)
class Layout:
    """All positions of one frame."""

    mode: str
    columns: Columns
    heads: int
    two_heads: bool
    top: int
    pitch: int
    lanes: int
    block: int
    roomy: bool
    bottom: int
    ledger: int | None
    others: int
    """How many groups besides the first have a row in each lane."""

    def row(self, lane: int) -> int:
        """Row of the tape of the lane that shows as number `lane`."""
        return self.top + lane * self.pitch

    @property
    def marks_row(self) -> int:
        """Rows from the tape to its marks."""
        return 2 if self.mode == TALL else 1

    @property
    def lag_row(self) -> int | None:
        """Rows from the tape to the lag, or None where lag stands in the tile."""
        return None if self.mode == COMPACT else self.marks_row + 1

    @property
    def others_row(self) -> int:
        """Rows from the tape to the first of the other groups."""
        return _LANE_ROWS[self.mode]


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame being drawn: where, what, how it is laid out, and who looks."""

    canvas: Canvas
    shown: Picture
    plan: Layout
    view: View

    @property
    def columns(self) -> Columns:
        """The columns of the layout."""
        return self.plan.columns

    @property
    def compact(self) -> bool:
        """Whether lag stands in the members' tiles."""
        return self.plan.mode == COMPACT


def layout(shown: Outline, view: View, legend_rows: Callable[[int, bool], int]) -> Layout:
    """The roomiest arrangement that shows all lanes, else the tightest with as many as fit.

    Rows for further groups come before blank rows, but not before lanes of the first group.
    `legend_rows(columns, compact)`: how many rows the legend takes.
    """
    idle = len(shown.below())
    ledger = view.rows - 3 if view.columns >= _LEDGER_FROM[0] and view.rows >= _LEDGER_FROM[1] else None
    for others, (mode, pitch) in product(dict.fromkeys((shown.manned, 0)), _PITCHES):
        if mode == TALL and view.columns < _WIDE_FROM:
            continue
        for roomy in (True, False):
            plan = _plan(shown, view, mode, pitch, roomy, ledger, others)
            if plan.block + _block_rows(plan, idle, legend_rows) <= plan.bottom:
                return plan
    return _tightest(shown, view, max(min(idle, 3), 2))


def _plan(
    shown: Outline, view: View, mode: str, pitch: int, roomy: bool, ledger: int | None, others: int
) -> Layout:
    pitch += others
    heads, two_heads = (1, True) if mode != COMPACT else (1 if view.rows >= 12 else 0, False)
    top = heads + max(2 if two_heads else 1, 1 + others) + 1
    count = shown.topic.partitions
    bottom = view.rows if ledger is None else ledger - 1
    return Layout(
        mode,
        _columns(shown, view, mode, others),
        heads,
        two_heads,
        top,
        pitch,
        count,
        top + count * pitch,
        roomy and mode != COMPACT,
        bottom,
        ledger,
        others,
    )


def _tightest(shown: Outline, view: View, block_rows: int) -> Layout:
    heads = 1 if view.rows >= 14 else 0
    top = heads + (2 if heads else 1)
    pitch = 2
    room = view.rows - top - block_rows - 1
    lanes = max(1, min(shown.topic.partitions, room // pitch))
    columns = _columns(shown, view, COMPACT, 0)
    block = top + lanes * pitch + 1
    return Layout(COMPACT, columns, heads, False, top, pitch, lanes, block, False, view.rows, None, 0)


def _block_rows(plan: Layout, idle: int, legend_rows: Callable[[int, bool], int]) -> int:
    legend = legend_rows(legend_columns(plan.columns), plan.mode == COMPACT)
    if plan.mode == COMPACT:
        return max(idle, legend)
    gap = 1 if plan.mode == TALL else 0
    return max(3 * idle - 1 if plan.roomy else idle, 1 + legend + gap)


def legend_columns(columns: Columns) -> int:
    """Room for the legend: up to the members' tiles."""
    return columns.tile - 3


def _columns(shown: Outline, view: View, mode: str, others: int) -> Columns:
    """Share the width: minima first, then, thing by thing, up to what looks best."""
    seen = bool(shown.producers)
    narrow = view.columns < _NARROW_BELOW
    names = min(max((width(p.name) for p in shown.producers), default=0), max(8, view.columns // 6))
    wide = view.columns >= _WIDE_FROM
    named = max((width(crew.group.name) for crew in shown.crews[1:]), default=0) if others and wide else 0
    label = max(len(f"P{shown.topic.partitions - 1}"), min(16, named))
    cell = max(4, shown.digits + 1) if mode == TALL else 3
    branch = (2 if narrow else 3) if seen else 0
    lag_in_tile = mode == COMPACT
    tile = 16 if lag_in_tile else 11
    wish = {"edge": 3 if seen else 0, "cells": 4, "reach": 2 if narrow else 3, "tile": tile}
    left = (names + 2 if seen else 0) + branch + label + 1
    spare = view.columns - (1 + left + wish["edge"] + wish["cells"] * cell + 1 + wish["reach"] + 2 + tile + 1)
    reader = _longest_reader(shown) if others else tile
    for name, most in [("tile", reader), *_wishes(seen, lag_in_tile, shown, spare)]:
        step = cell if name == "cells" else 1
        add = max(0, min(most - wish[name], spare // step))
        wish[name] += add
        spare -= add * step
    wish["tile" if spare < cell else "reach"] += max(0, spare)
    spine = 1 + names + 1 + wish["edge"]
    label_column = spine + 1 + branch if seen else 1
    tape = label_column + label + 1
    reach = tape + wish["cells"] * cell + 2
    return Columns(
        names,
        names + 2,
        spine if seen else 0,
        label_column,
        tape,
        cell,
        wish["cells"],
        reach,
        wish["reach"],
        reach + wish["reach"] + 1,
        wish["tile"],
    )


def _wishes(seen: bool, lag_in_tile: bool, shown: Outline, spare: int) -> list[tuple[str, int]]:
    edge = 1 if seen else 0
    if lag_in_tile:
        first = [
            ("cells", 5),
            ("tile", 18),
            ("cells", 6),
            ("tile", 20),
            ("cells", 8),
            ("edge", 5 * edge),
            ("tile", 25),
            ("reach", 4),
        ]
    else:
        first = [("cells", 8), ("edge", 7 * edge)]
    return [
        *first,
        ("cells", 12),
        ("tile", max(15, min(20, _longest_group(shown)))),
        ("reach", 10),
        ("edge", 21 * edge),
        ("cells", 12 + spare),
    ]


def _longest_reader(shown: Outline) -> int:
    """Columns of a tile that names a member with its group, and a lag; and of the head above, a group and its
    lag.
    """
    names = (width(m.group) + width(m.name) for crew in shown.crews[1:] for m in crew.members)
    tile = max(names, default=0) + len("▌  " + " lag 10 ↑ ")
    return min(_MOST_READER, max(tile, _longest_group(shown) + len(" lag 10 ")))


def _longest_group(shown: Outline) -> int:
    return max((width(crew.group.name) for crew in shown.crews), default=0)
