"""Home: three doors, and the course as a log: what is done lies before the mark, what is left is its lag."""

from __future__ import annotations

from typing import NamedTuple

from mqviz.scenes.canvas import Canvas
from mqviz.scenes.style import BAD, BRIGHT, EDGE, OK, PLAIN, QUIET, STRONG, Style, style
from mqviz.scenes.text import shorten, width, wrap
from mqviz.scenes.view import View

_YOU = style("accent", bold=True)
_NEXT = style("base", "accent", True)
_DONE = style("ok", "done tile")


class Door(NamedTuple):
    """One of the three ways in. `words` says what is behind it; `label` and `last` where it leads now; `key`
    opens it.
    """

    name: str
    words: str
    label: str
    last: str
    key: str


class Course(NamedTuple):
    """One lesson of the course; `ready` False: it is planned, and not there yet."""

    number: int
    title: str
    part: str
    done: bool = False
    ready: bool = True


class HomeView(NamedTuple):
    """What home shows. `door`: index of the lit one; `lesson`: number of the chosen lesson (0: none is left).

    `next`: number of the lesson to do next (0: all that are ready are done). `bets`: right or wrong, in the
    order they were made; `teaser`: a line about the chosen lesson.
    """

    title: str
    doors: tuple[Door, ...]
    door: int
    lessons: tuple[Course, ...]
    lesson: int
    teaser: str = ""
    bets: tuple[bool, ...] = ()
    next: int = 0


class _Room(NamedTuple):
    """Rows and columns by size."""

    margin: int
    gap: int
    title: int
    doors: int
    door_rows: int
    head: int
    pitch: int
    names: int
    cell: int


def draw_home(shown: HomeView, view: View) -> Canvas:
    """The whole screen above the keys, at any size; 60 by 14 shows everything."""
    canvas = view.canvas()
    room = _room(view)
    canvas.put(room.margin - 1, room.title, "mqviz", _YOU)
    canvas.put(room.margin + 6, room.title, "watch a message queue think", QUIET)
    if view.columns >= 70:
        canvas.right(view.columns - room.margin + 1, room.title, shown.title, QUIET)
    columns = (view.columns - 2 * room.margin - 2 * room.gap) // 3
    for number, door in enumerate(shown.doors):
        _door(canvas, room, room.margin + number * (columns + room.gap), columns, door, number == shown.door)
    _course_head(canvas, room, shown, view)
    row = _parts(canvas, room, shown, view)
    _bets(canvas, room, row, shown, view)
    return canvas


def _room(view: View) -> _Room:
    margin, gap = (3, 2) if view.columns >= 76 else (2, 1)
    names, cell = (23, 5) if view.columns >= 96 else (18, 4) if view.columns >= 76 else (13, 3)
    if view.rows >= 26:
        return _Room(margin, gap, 1, 4, 9, 15, 2, names, cell)
    if view.rows >= 20:
        return _Room(margin, gap, 0, 2, 7, 10, 1, names, cell)
    return _Room(margin, gap, 0, 1, 3, 5, 1, names, cell)


# -- doors -----------------------------------------------------------------------------------------------


def _door(canvas: Canvas, room: _Room, column: int, columns: int, door: Door, lit: bool) -> None:
    ground = "sel" if lit else "raised"
    canvas.fill(column, room.doors, columns, room.door_rows, style("ink", ground))
    canvas.column_of(column, room.doors, room.door_rows, "▌", style("accent" if lit else "edge", ground))
    canvas.mark(column, room.doors, columns, room.door_rows, ("door", door.name))
    tight = room.door_rows < 7
    row = room.doors + (1 if room.door_rows > 7 else 0)
    if lit:
        canvas.put(column + 1, row, "►", style("accent", ground, True))
    canvas.put(column + 3, row, door.name, style("bright", ground, True))
    inside = columns - 3
    row += 1 if tight else 2
    if not tight:
        for line in wrap(door.words, inside)[:3]:
            row = _line(canvas, column + 3, row, line, style("ink", ground))
        row = room.doors + (6 if room.door_rows > 7 else 5)
    role = style("bright" if lit else "quiet", ground, lit)
    row = _line(
        canvas, column + 3, row, shorten(f"{door.label}  {door.last}" if door.last else "", inside), role
    )
    key = "enter" if lit else door.key
    after = canvas.put(column + 3, row, key, style("accent", ground, True))
    canvas.put(after + 1, row, "open", style("quiet", ground))


def _line(canvas: Canvas, column: int, row: int, text: str, look: Style) -> int:
    canvas.put(column, row, text, look)
    return row + 1


# -- the course ------------------------------------------------------------------------------------------


def _course_head(canvas: Canvas, room: _Room, shown: HomeView, view: View) -> None:
    """Done, next and lag, counted as a group counts them: what is not written yet cannot be read, so it is no
    lag.
    """
    done = sum(1 for lesson in shown.lessons if lesson.done)
    lag = sum(1 for lesson in shown.lessons if lesson.ready and not lesson.done)
    after = view.columns - room.margin - 1
    begin = _pair(canvas, after, room.head, "lag", str(lag), False) - 3
    if shown.next:
        begin = canvas.right(begin, room.head, " next", QUIET)
        begin = canvas.right(begin, room.head, f"▲ {shown.next}", BRIGHT) - 3
    elif lag == 0 and view.columns >= 70:
        begin = canvas.right(begin, room.head, "more lessons are being written", QUIET) - 3
    begin = _pair(canvas, begin, room.head, "done", str(done), True)
    label = "your course is a log" if view.columns >= 70 else "your course"
    canvas.rule(room.margin, room.head, max(0, begin - room.margin - 3), label)


def _pair(canvas: Canvas, after: int, row: int, word: str, number: str, number_first: bool) -> int:
    if number_first:
        after = canvas.right(after, row, f" {word}", QUIET)
        return canvas.right(after, row, number, BRIGHT)
    after = canvas.right(after, row, number, BRIGHT)
    return canvas.right(after, row, f"{word} ", QUIET)


def _parts(canvas: Canvas, room: _Room, shown: HomeView, view: View) -> int:
    """A tape a part of the course; returns the next free row."""
    row = room.head + room.pitch
    parts: dict[str, list[Course]] = {}
    for lesson in shown.lessons:
        parts.setdefault(lesson.part, []).append(lesson)
    for part, lessons in parts.items():
        canvas.put(room.margin, row, shorten(part, room.names - 1), PLAIN)
        _tape(canvas, room, row, lessons, shown.lesson)
        _count(canvas, room, row, lessons, view)
        place = next((n for n, lesson in enumerate(lessons) if lesson.number == shown.lesson), None)
        if place is not None:
            _teaser(canvas, room, row + 1, place, lessons[place], shown, view)
        row += 2 if place is not None else room.pitch
    return row


def _tape(canvas: Canvas, room: _Room, row: int, lessons: list[Course], chosen: int) -> None:
    column = room.margin + room.names
    canvas.put(column, row, "│" if lessons[0].done or lessons[0].number == chosen else "╎", EDGE)
    for lesson in lessons:
        inside = room.cell - 1
        text = str(lesson.number).rjust(3 if inside == 4 else inside).ljust(inside)
        look = _DONE if lesson.done else PLAIN if lesson.ready else QUIET
        canvas.put(column + 1, row, text, _NEXT if lesson.number == chosen else look)
        canvas.mark(column + 1, row, inside, 1, ("lesson", lesson.number))
        column += room.cell
        canvas.put(column, row, "│" if lesson.done else "╎", EDGE)


def _count(canvas: Canvas, room: _Room, row: int, lessons: list[Course], view: View) -> None:
    done = sum(1 for lesson in lessons if lesson.done)
    whole = done == len(lessons)
    text = f"{done} of {len(lessons)}" if room.cell > 4 else f"{done}/{len(lessons)}"
    after = view.columns - room.margin
    after = canvas.right(after, row, " ✓" if whole else "  ", OK)
    canvas.right(after, row, text, OK if whole else QUIET)


def _teaser(
    canvas: Canvas, room: _Room, row: int, place: int, lesson: Course, shown: HomeView, view: View
) -> None:
    column = room.margin + room.names + place * room.cell
    columns = view.columns - column - 3
    whole = f"{lesson.title}: {shown.teaser}" if shown.teaser else lesson.title
    canvas.put(column, row, "▲", BRIGHT)
    canvas.put(column + 2, row, shorten(whole if width(whole) <= columns else lesson.title, columns), QUIET)


def _bets(canvas: Canvas, room: _Room, row: int, shown: HomeView, view: View) -> None:
    """Bets are a row of signs, not a score."""
    if not shown.bets or row >= view.rows:
        return
    canvas.put(room.margin, row, "bets", STRONG)
    column = room.margin + room.names + 1
    right = sum(shown.bets)
    total = f"{right} of {len(shown.bets)} right"
    step = 2 if room.cell > 3 else 1
    fits = max(1, (view.columns - room.margin - width(total) - 3 - column) // step)
    for bet in shown.bets[-fits:]:
        canvas.put(column, row, "✓" if bet else "✗", OK if bet else style(BAD.fg))
        column += step
    canvas.put(column + 2, row, total, PLAIN)
