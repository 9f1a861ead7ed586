"""Group states: the state machine of a group, drawn from its table, with the state of now lit and the path so
far.

Below it each member with its own machine: what the coordinator waits for from it. At the foot the moves that
were made, with their times: why a rebalance began, and what it cost.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from mqviz.facts import machines
from mqviz.facts.machines import GROUP_TABLES, MEMBER_TABLES, PROCESS_STATES, MachineView, MemberState
from mqviz.model.observed.state import Unknown
from mqviz.model.state import State
from mqviz.scenes.canvas import Canvas
from mqviz.scenes.figures import duration, thousands
from mqviz.scenes.group_states.machine import Move, Plan, draw_machine, lit, plan
from mqviz.scenes.style import BAD, BRIGHT, EDGE, PLAIN, QUIET, STRONG, WAIT, Style, style
from mqviz.scenes.text import shorten, width
from mqviz.scenes.view import View

_PROTOCOLS = {"classic": "classic protocol", "consumer": "KIP-848", "share": "share group"}
_EPOCHS = {"classic": "generation", "consumer": "epoch", "share": "epoch"}
_NAMES = (11, 9)
"""Columns of a member's name, in scenes that are wide enough and in narrow ones."""

_NARROW = 64
_PROCESS, _EPOCH, _HAS = 13, 5, 9
"""Columns of the state of a member's process, of its epoch, and of what it has."""

_TWO_FROM = 40
_FEWEST_STEPS = 2
_CALM = ("Stable", "Empty")


def draw(state: State, view: View) -> Canvas:
    """The group of the view, else the one that `view.scroll` leaves first;
    two of them where there is room.
    """
    canvas = view.canvas()
    found = machines.machines(state)
    if not found:
        canvas.put(1, min(1, view.rows - 1), shorten("no group yet", view.columns - 2), QUIET)
        return canvas
    first = _first(found, view)
    two = view.rows >= _TWO_FROM and len(found) > 1
    shown = found[first : first + 2] if two else found[first : first + 1]
    if two and len(shown) < 2:
        shown = found[first - 1 : first + 1]
    rows = view.rows // len(shown)
    for number, group in enumerate(shown):
        _group(canvas, group, number * rows, rows, view, len(found) - len(shown))
    return canvas


def _first(found: tuple[MachineView, ...], view: View) -> int:
    names = [group.name for group in found]
    if view.focus is not None and view.focus[0] in ("group", "member") and view.focus[1] in names:
        return names.index(str(view.focus[1]))
    base = names.index(view.group) if view.group in names else 0
    return (base + max(0, view.scroll)) % len(found)


def _group(canvas: Canvas, group: MachineView, top: int, rows: int, view: View, others: int) -> None:
    """One group in `rows` rows from `top` on."""
    table = GROUP_TABLES[group.protocol]
    machine = plan(table, 1, view.columns - 2)
    air = 1 if rows >= 20 else 0
    row = top + air
    _head(canvas, group, row, view.now_us, others)
    row += 1 + air
    row = _machine(canvas, group, machine, row)
    left = top + rows - row - air
    count = min(len(group.members), max(1, left - 2 - _FEWEST_STEPS - air))
    row = _members(canvas, group, row + air, count, view)
    _path(canvas, group, row + air, top + rows - row - air, view.now_us)


# -- the machine -----------------------------------------------------------------------------------------


def _head(canvas: Canvas, group: MachineView, row: int, now_us: int, others: int) -> None:
    """Name, protocol, generation; at the right the state of now and since when."""
    epoch = f"{_EPOCHS[group.protocol]} {thousands(group.epoch)}"
    if group.protocol == "consumer" and group.assigned != group.epoch:
        epoch += f", assigned {thousands(group.assigned)}"
    begin = canvas.right(canvas.columns - 1, row, *_now(group, now_us))
    after = canvas.put(1, row, shorten(group.name, begin - 3), BRIGHT)
    canvas.mark(1, row, after - 1, 1, ("group", group.name))
    more = f" · +{others} more" if others else ""
    for words in (
        f"{_PROTOCOLS[group.protocol]} · {epoch}{more}",
        f"{_PROTOCOLS[group.protocol]} · {epoch}",
        epoch,
    ):
        if after + 2 + width(words) < begin - 1:
            canvas.put(after + 2, row, words, QUIET)
            return


def _now(group: MachineView, now_us: int) -> tuple[str, Style]:
    """The state and how long it has lasted."""
    if isinstance(group.state, Unknown):
        return f"? {group.state.reason}", WAIT
    since = f" for {duration(now_us - group.path[-1][0])}" if group.path else ""
    return f"{group.state}{since}", style("ok" if group.state == "Stable" else "wait", bold=True)


def _machine(canvas: Canvas, group: MachineView, machine: Plan, row: int) -> int:
    """The machine, and below it the state that stands apart; returns the row after it."""
    moves = [(before, then) for (_, before, _), (_, then, _) in pairwise(group.path)]
    now = group.state if isinstance(group.state, str) else ""
    last: Move | None = moves[-1] if moves else None
    row = draw_machine(canvas, machine, GROUP_TABLES[group.protocol], row, now, last, frozenset(moves))
    if machine.end:
        at = canvas.put(1, row, "from every state", QUIET)
        at = canvas.put(at + 1, row, "╌╌►", EDGE)
        look = lit(machine.end) if now == machine.end else style("ink", "bar")
        canvas.put(at + 1, row, f" {machine.end} ", look)
        row += 1
    return row


# -- members ---------------------------------------------------------------------------------------------


def _name(columns: int) -> int:
    """The column after a member's name."""
    return 1 + (_NAMES[1] if columns < _NARROW else _NAMES[0])


class Columns(NamedTuple):
    """Where the states of a member begin, those of its process (or all in one column, ""), its epoch, what it
    has; -1: no room or none.
    """

    states: dict[str, int]
    process: dict[str, int]
    epoch: int
    has: int


def _columns(group: MachineView, columns: int) -> Columns:
    """The states of both sides as columns where there is room, else those of the coordinator, and the process
    in a word.
    """
    states = [state for state in MEMBER_TABLES[group.protocol] if state != "gone"]
    process = PROCESS_STATES[group.protocol]
    epoch = _EPOCH + 1 if group.protocol != "classic" else 0
    at = _name(columns)
    spare = columns - at - sum(len(state) for state in states) - epoch - _HAS - 4
    wide = spare - sum(len(state) for state in process) - 2 * (len(states) + len(process))
    word = 0 if wide >= 0 or not process else _PROCESS + 1
    word = word if group.protocol == "consumer" or spare - word >= len(states) else 0
    gap = max(1, min(4, (spare - word) // len(states))) if wide < 0 else 2
    places = _placed(states, at, gap)
    at = _after(places) + (3 if wide >= 0 else 2)
    own: dict[str, int] = {}
    if wide >= 0 and process:
        own = _placed(process, at, min(3, 1 + wide // len(process)))
        at = _after(own) + 2
    elif word:
        own, at = {"": at}, at + word
    return Columns(places, own, at if epoch else -1, at + epoch)


def _placed(states: Sequence[str], at: int, gap: int) -> dict[str, int]:
    found = {}
    for state in states:
        found[state] = at
        at += len(state) + gap
    return found


def _after(places: dict[str, int]) -> int:
    return max(column + len(state) for state, column in places.items())


def _members(canvas: Canvas, group: MachineView, row: int, count: int, view: View) -> int:
    """A head and a row a member: the state it is in stands out in the row of all its states; returns the row
    after them.
    """
    at = _columns(group, view.columns)
    canvas.put(1, row, "members", STRONG)
    if not group.members:
        canvas.put(_name(view.columns), row, "none", style("wait", bold=True))
        return row + 1
    for name, column in at.states.items():
        canvas.put(column, row, name, QUIET)
    for name, column in at.process.items():
        canvas.put(column, row, name or "process", QUIET)
    if len(at.process) > 1:
        canvas.put(min(at.process.values()) - 2, row, "│", EDGE)
    for name, column in (("epoch", at.epoch), ("has", at.has)):
        if 0 <= column < view.columns - len(name):
            canvas.put(column, row, name, QUIET)
    for number, member in enumerate(group.members[:count], 1):
        if number == count < len(group.members):
            canvas.put(1, row + number, f"+{len(group.members) - count + 1} more", QUIET)
            break
        focus = view.focus == ("member", group.name, member.name)
        _member(canvas, group, member, row + number, at, focus)
    return row + 1 + count


def _member(
    canvas: Canvas, group: MachineView, member: MemberState, row: int, at: Columns, focus: bool
) -> None:
    room = _name(canvas.columns) - 2
    after = canvas.put(1, row, shorten(member.name, room), style("bright", "sel", True) if focus else PLAIN)
    canvas.mark(1, row, canvas.columns - 2, 1, ("member", group.name, member.name))
    extra = "leads" if member.leads else "static" if member.static else ""
    if extra and after + len(extra) <= room + 1:
        canvas.put(after + 1, row, extra, QUIET)
    _states(canvas, at.states, member.state, row)
    _process(canvas, at.process, member.process, row)
    if at.epoch >= 0:
        canvas.right(at.epoch + _EPOCH, row, str(member.epoch), WAIT if member.epoch < group.epoch else QUIET)
    room = canvas.columns - 1 - at.has
    canvas.put(at.has, row, next((w for w in _held(member) if width(w) <= room), ""), QUIET)


def _states(canvas: Canvas, places: dict[str, int], now: str, row: int) -> None:
    """A dot a state, and the one of now in full."""
    for state, column in places.items():
        if state == now:
            look = style("base", "ok" if state.upper() == "STABLE" else "wait", True)
            canvas.put(column, row, state, look)
        else:
            canvas.put(column + len(state) // 2, row, "·", EDGE)


def _process(canvas: Canvas, places: dict[str, int], now: str, row: int) -> None:
    """The member's process by its own account: a word, or its place among all states; a dead one has none."""
    if not places:
        return
    first = min(places.values())
    if now in ("dead", "closed"):
        canvas.put(first, row, f"✗ {now}", BAD)
    elif "" in places:
        canvas.put(first, row, now or "–", QUIET if now.upper() == "STABLE" else WAIT)
    elif now:
        _states(canvas, places, now, row)
    else:
        canvas.put(first, row, "– not one of ours", QUIET)
    if len(places) > 1:
        canvas.put(first - 2, row, "│", EDGE)


def _held(member: MemberState) -> list[str]:
    """What a member has and must give up, in fewer and fewer words."""
    held = " ".join(f"P{number}" for _, number in member.partitions) or "none"
    owes = " ".join(f"P{number}" for _, number in member.owes)
    count = len(member.partitions)
    wishes = [f"{held}, gives up {owes}", f"{held} − {owes}", f"{count} − {len(member.owes)}"] if owes else []
    return [*wishes, held, f"{count} partition{'s' * (count != 1)}", str(count)]


# -- the path --------------------------------------------------------------------------------------------


def _path(canvas: Canvas, group: MachineView, row: int, rows: int, now_us: int) -> None:
    """The last moves, newest first: when, to which state, how long it stayed there, why."""
    if rows < 1:
        return
    canvas.put(1, row, "path", STRONG)
    begin = _name(canvas.columns)
    if not group.path:
        canvas.put(begin, row, "not seen: only a simulated group tells it", QUIET)
        return
    ends = [at_us for at_us, _, _ in group.path[1:]] + [now_us]
    steps = list(zip(group.path, ends, strict=True))[::-1][:rows]
    longest = max(len(name) for name in GROUP_TABLES[group.protocol])
    for number, ((at_us, state, why), end_us) in enumerate(steps):
        line = row + number
        canvas.right(begin + 8, line, f"{at_us // 1_000_000}.{at_us // 1_000 % 1_000:03d} s", QUIET)
        canvas.put(begin + 9, line, "►", EDGE if number else BRIGHT)
        canvas.put(begin + 11, line, state, PLAIN if number else BRIGHT)
        stay = duration(end_us - at_us) if end_us > at_us else "0 ms"
        after = begin + 11 + longest + 8
        canvas.right(after, line, stay, QUIET if state in _CALM else WAIT)
        canvas.put(after + 2, line, shorten(why, canvas.columns - 3 - after), QUIET)
