"""A state machine drawn from its table: states in a row, moves as lines, the state of now lit, the last move
bright.

What follows its neighbour is an arrow between them. All other moves to one state share a line: above for
those that leave states out, below for those that lead back. A state that every other may go to and none
leaves stands apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from mqviz.model.moves import Table
from mqviz.scenes.canvas import Canvas
from mqviz.scenes.style import BRIGHT, EDGE, QUIET, Style, style

Move = tuple[str, str]

_LEFT, _RIGHT, _UP, _DOWN = 1, 2, 4, 8
_JOINTS = {
    _LEFT | _RIGHT: "─",
    _UP | _DOWN: "│",
    _RIGHT | _DOWN: "╭",
    _LEFT | _DOWN: "╮",
    _RIGHT | _UP: "╰",
    _LEFT | _UP: "╯",
    _LEFT | _RIGHT | _DOWN: "┬",
    _LEFT | _RIGHT | _UP: "┴",
    _UP | _DOWN | _RIGHT: "├",
    _UP | _DOWN | _LEFT: "┤",
    _LEFT | _RIGHT | _UP | _DOWN: "┼",
}


class Bus(NamedTuple):
    """The moves to `target` from several states on one line; `level` counts from the states outwards,
    from 1.
    """

    target: str
    sources: tuple[str, ...]
    above: bool
    level: int = 1


class Plan(NamedTuple):
    """Where everything of a machine stands. `end`: the state that all may go to, "" for none; `columns`:
    where names begin.
    """

    states: tuple[str, ...]
    end: str
    columns: dict[str, int]
    buses: tuple[Bus, ...]
    pad: int

    @property
    def above(self) -> int:
        """Rows above the states."""
        return max((bus.level for bus in self.buses if bus.above), default=0)

    @property
    def below(self) -> int:
        """Rows below the states."""
        return max((bus.level for bus in self.buses if not bus.above), default=0)

    @property
    def rows(self) -> int:
        """All rows, without the state that stands apart."""
        return self.above + 1 + self.below

    def port(self, state: str, out: bool) -> int:
        """The column where lines leave a state, or come to it."""
        width = len(state)
        return self.columns[state] + (width // 4 if out else width - 1 - width // 4)


def plan(table: Table, column: int, columns: int) -> Plan:
    """Lay the machine of `table` out in `columns` cells from `column` on."""
    end = ending(table)
    states = tuple(state for state in table if state != end)
    names = sum(len(state) for state in states)
    gaps = max(len(states) - 1, 1)
    spare = columns - names
    pad = 1 if spare >= 2 * len(states) + 5 * gaps else 0
    gap = max(2, min(30, (spare - 2 * pad * len(states)) // gaps))
    places, at = {}, column + pad
    for state in states:
        places[state] = at
        at += len(state) + 2 * pad + gap
    bare = Plan(states, end, places, (), pad)
    return bare._replace(buses=_levelled(bare, _buses(table, states)))


def ending(table: Table) -> str:
    """The state that no other follows and that may follow every other; "" if there is none."""
    others = {state: [s for s in table if s != state] for state in table}
    return next(
        (
            state
            for state, moves in table.items()
            if not moves and all(state in table[s] for s in others[state])
        ),
        "",
    )


def _buses(table: Table, states: Sequence[str]) -> list[Bus]:
    order = {state: number for number, state in enumerate(states)}
    found = []
    for target in states:
        sources = [s for s in states if target in table[s] and s != target]
        ahead = tuple(s for s in sources if order[s] < order[target] - 1)
        back = tuple(s for s in sources if order[s] > order[target])
        found += [Bus(target, ahead, True)] * bool(ahead) + [Bus(target, back, False)] * bool(back)
    return found


def _levelled(bare: Plan, buses: list[Bus]) -> tuple[Bus, ...]:
    """Short lines next to the states, long ones outside; lines that do not meet share a level."""
    taken: list[tuple[bool, int, int, int]] = []
    found = []
    for bus in sorted(buses, key=lambda bus: (_span(bare, bus)[1] - _span(bare, bus)[0], bus.target)):
        first, last = _span(bare, bus)
        level = 1 + max(
            (depth for above, depth, a, b in taken if above == bus.above and a <= last and first <= b),
            default=0,
        )
        taken.append((bus.above, level, first, last))
        found.append(bus._replace(level=level))
    return tuple(found)


def _span(bare: Plan, bus: Bus) -> tuple[int, int]:
    ports = [bare.port(bus.target, False), *(bare.port(source, True) for source in bus.sources)]
    return min(ports), max(ports)


# -- drawing ---------------------------------------------------------------------------------------------


def draw_machine(
    canvas: Canvas, machine: Plan, table: Table, row: int, now: str, last: Move | None, taken: frozenset[Move]
) -> int:
    """Draw it from `row` on; `last` is the move that was made last, `taken` those that were ever made.
    Returns the row after it.
    """
    base = row + machine.above
    buses = sorted(machine.buses, key=lambda bus: _rank(bus, last, taken))
    for bus in buses:
        _bus(canvas, machine, bus, base, last, taken)
    for bus in buses:
        _ways(canvas, machine, bus, base, last, taken)
    for before, state in zip(machine.states, machine.states[1:], strict=False):
        if state in table[before]:
            begin = machine.columns[before] + len(before) + machine.pad
            end = machine.columns[state] - machine.pad - 1
            canvas.put(begin, base, "─" * max(0, end - begin) + "►", _look((before, state), last, taken))
    for state in machine.states:
        look = _state_look(state, state == now)
        text = f" {state} " if machine.pad else state
        canvas.put(machine.columns[state] - machine.pad, base, text, look)
    return base + 1 + machine.below


def _state_look(state: str, lit: bool) -> Style:
    if not lit:
        return style("ink", "bar")
    return style("base", "ok" if state == "Stable" else "wait", True)


def lit(state: str) -> Style:
    """How the state of now looks, also the one that stands apart."""
    return style("base", "bad", True) if state == "Dead" else _state_look(state, True)


def _look(move: Move, last: Move | None, taken: frozenset[Move]) -> Style:
    if move == last:
        return BRIGHT
    return QUIET if move in taken else EDGE


def _rank(bus: Bus, last: Move | None, taken: frozenset[Move]) -> tuple[int, int]:
    """Quiet lines first, so that bright ones are drawn over them."""
    moves = [(source, bus.target) for source in bus.sources]
    return (2 if last in moves else int(any(move in taken for move in moves)), -bus.level)


def _bus(
    canvas: Canvas, machine: Plan, bus: Bus, base: int, last: Move | None, taken: frozenset[Move]
) -> None:
    """One line with its joints, and the way of the last move over it."""
    step = -1 if bus.above else 1
    row = base + step * bus.level
    goal = machine.port(bus.target, False)
    ports = {machine.port(source, True): (source, bus.target) for source in bus.sources}
    inward, outward = (_DOWN, _UP) if bus.above else (_UP, _DOWN)
    first, end = min(goal, *ports), max(goal, *ports)
    through = _through(machine, bus)
    for column in range(first, end + 1):
        sides = (_LEFT if column > first else 0) | (_RIGHT if column < end else 0)
        if column in ports or column == goal:
            sides |= inward
        if column in through:
            sides = sides | outward if column in ports else sides
        canvas.put(column, row, _JOINTS.get(sides, "│"), _part(column, goal, ports, last, taken))


def _ways(
    canvas: Canvas, machine: Plan, bus: Bus, base: int, last: Move | None, taken: frozenset[Move]
) -> None:
    """The lines between the states and a bus, through the rows of buses further in, and the arrow at the
    target.
    """
    step = -1 if bus.above else 1
    goal = machine.port(bus.target, False)
    ports = {machine.port(source, True): (source, bus.target) for source in bus.sources}
    for column, move in [*ports.items(), (goal, _brightest(ports, last, taken))]:
        for depth in range(1, bus.level):
            _pass(canvas, column, base + step * depth, _look(move, last, taken))
    arrow = ("v" if bus.above else "^") if canvas.ascii else "↓" if bus.above else "↑"
    canvas.put(goal, base + step, arrow, _look(_brightest(ports, last, taken), last, taken))


def _through(machine: Plan, bus: Bus) -> set[int]:
    """Columns of this bus's sources from which lines go on to buses further out."""
    return {
        machine.port(source, True)
        for other in machine.buses
        if other.above == bus.above and other.level > bus.level
        for source in other.sources
    }


def _pass(canvas: Canvas, column: int, row: int, look: Style) -> None:
    """A line that goes through a row on its way out: a joint of that row keeps its shape."""
    if not (0 <= row < canvas.rows and 0 <= column < canvas.columns):
        return
    sign, before = canvas.cell(column, row)
    if sign in (" ", "─", "│", "-", "|"):
        canvas.put(column, row, "│", look)
    elif look is BRIGHT or before is EDGE:
        canvas.put(column, row, sign, look)


def _part(column: int, goal: int, ports: dict[int, Move], last: Move | None, taken: frozenset[Move]) -> Style:
    """The look of a cell of a bus: as bright as the brightest move that passes it."""
    passing = [move for port, move in ports.items() if min(port, goal) <= column <= max(port, goal)]
    return _look(_brightest(dict(enumerate(passing)), last, taken), last, taken)


def _brightest(ports: dict[int, Move], last: Move | None, taken: frozenset[Move]) -> Move:
    moves = list(ports.values())
    return max(moves, key=lambda move: (move == last, move in taken))
