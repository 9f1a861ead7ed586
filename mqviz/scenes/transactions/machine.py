"""A state machine drawn from its table as a trunk and the ways that part at its end: the coordinator's, the
producer's.
"""

from __future__ import annotations

from mqviz.model.moves import Table
from mqviz.scenes.canvas import Canvas
from mqviz.scenes.style import EDGE, QUIET, Style, style
from mqviz.scenes.text import width

CALM = ("Empty", "Dead", "UNINITIALIZED", "READY")
"""States in which nothing is going on."""


def ways(table: Table) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
    """(the states up to where they part, the ways on from there); a way that leads into another one ends
    there.

    Moves back to an earlier state of the table are left out, and so is its last state, which ends all.
    """
    trunk = [next(iter(table))]
    while not _parts(table, trunk[-1]):
        trunk.append(_onward(table, trunk[-1])[0])
    firsts = _onward(table, trunk[-1])
    branches = []
    for state in firsts:
        way = [state]
        while _onward(table, way[-1]) and (len(way) == 1 or way[-1] not in firsts):
            way.append(_onward(table, way[-1])[0])
        branches.append(tuple(way))
    return tuple(trunk), tuple(sorted(branches, key=lambda way: len(way) > 1 and way[-1] in firsts))


def _onward(table: Table, state: str) -> list[str]:
    order = {name: number for number, name in enumerate(table)}
    return [then for then in table[state] if order[state] < order[then] < len(order) - 1]


def _parts(table: Table, state: str) -> bool:
    """Whether ways part here: there is more than one on, and not all of them lead through the first."""
    first, *others = [*_onward(table, state), ""]
    seen = [first]
    for each in seen:
        seen += [then for then in _onward(table, each) if then not in seen] if each else []
    return any(other not in seen for other in others if other) or not first


def draw_ways(canvas: Canvas, table: Table, column: int, row: int, now: str, most: int) -> int:
    """Draw it from `column` on, at most `most` lines; the state of `now` is lit. Returns the row after it."""
    trunk, branches = ways(table)
    at = column
    for number, state in enumerate(trunk):
        at = canvas.put(at, row, "──► ", EDGE) if number else at
        at = canvas.put(at, row, state, _look(state, now)) + 1
    shown = _fitting(branches, now, most)
    backs = {way[-1]: back for way in shown if (back := _back(table, trunk, branches, way))}
    longest = max((at + 4 + _length(way) + 5 + width(backs.get(way[-1], "")) for way in shown), default=0)
    for number, way in enumerate(shown):
        line = row + number
        sign = "─" if len(shown) == 1 else "┬" if number == 0 else "╰" if number == len(shown) - 1 else "├"
        end = canvas.put(at, line, f"{sign}─► ", EDGE)
        for step, state in enumerate(way):
            end = canvas.put(end, line, "──► ", EDGE) if step else end
            end = canvas.put(end, line, state, _look(state, now)) + 1
        if way[-1] in backs and longest < canvas.columns and not _joins(branches, way):
            canvas.put(canvas.put(end, line, "╌╌► ", EDGE), line, backs[way[-1]], QUIET)
    return row + len(shown)


def _length(way: tuple[str, ...]) -> int:
    return sum(width(state) for state in way) + 5 * (len(way) - 1)


def _joins(branches: tuple[tuple[str, ...], ...], way: tuple[str, ...]) -> bool:
    """Whether a way leads into another one."""
    return len(way) > 1 and any(way[-1] == other[0] for other in branches)


def _back(
    table: Table, trunk: tuple[str, ...], branches: tuple[tuple[str, ...], ...], way: tuple[str, ...]
) -> str:
    """To which state of the trunk a way leads back; "" if to none, or if it leads into another way."""
    back = [state for state in trunk if state in table[way[-1]]]
    return back[-1] if back and not _joins(branches, way) else ""


def _fitting(branches: tuple[tuple[str, ...], ...], now: str, most: int) -> list[tuple[str, ...]]:
    """The first `most` ways, with the one that begins with the state of now."""
    shown = list(branches[:most])
    own = [way for way in branches if way[0] == now]
    if own and own[0] not in shown and shown:
        shown[-1] = own[0]
    return shown


def _look(state: str, now: str) -> Style:
    if state != now:
        return QUIET
    if state == "FATAL_ERROR":
        return style("base", "bad", True)
    calm = state in CALM or state.startswith("Complete")
    return style("base", "ok" if calm else "wait", True)
