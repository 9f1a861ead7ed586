"""Request timing: one lane a client, time to the right, the same arrivals in both designs one under the
other.

Working is `█`, waiting is `░`: the longest pause is the biggest shape on the screen. The answer is a mark
with its time; the mail that goes on without the client is `▒`.
"""

from __future__ import annotations

from typing import NamedTuple

from mqviz import facts
from mqviz.facts.views import RequestView, ServiceView
from mqviz.model.state import State
from mqviz.scenes.axis import Axis, draw_axis, fitted
from mqviz.scenes.canvas import Canvas
from mqviz.scenes.figures import big, duration, thousands
from mqviz.scenes.style import BAD, BRIGHT, OK, PLAIN, QUIET, RULE, WAIT, Style, style
from mqviz.scenes.text import shorten
from mqviz.scenes.view import View

_SUBTITLES = {
    "synchronous": "the request carries the mail on its back",
    "asynchronous": "the request leaves a note, a worker mails",
}
_NO_MAIL = "the request writes to the database, no mail"
_LEGENDS = (
    {
        "█": "working",
        "░": "client waits",
        "◆": "answer",
        "╌": "mail waits in the queue",
        "▒": "mail in the background",
    },
    {"█": "working", "░": "client waits", "◆": "answer", "╌": "mail in queue", "▒": "mail"},
    {"█": "working", "░": "waits", "◆": "answer", "╌": "queue", "▒": "mail"},
)
_LOOKS = {"█": OK, "░": WAIT, "◆": BRIGHT, "╌": QUIET, "▒": style("done")}
_ANSWER = style("bright")
_LABEL_ROOM = 7
_FINE_LABEL_ROOM = 11
_FINE_US = 10_000
"""The unit of the axis where no mail is sent: what happens takes milliseconds."""
_ENDLESS = 1_000
_BIG_ROWS = 3
_FOOT_ROWS = 2


class Design(NamedTuple):
    """One service and its sign-ups, oldest first."""

    service: ServiceView
    requests: tuple[RequestView, ...]

    @property
    def lanes(self) -> int:
        """How many lanes it wants: one a client that comes, so that nothing moves when one arrives."""
        return max(1, self.service.planned or _ENDLESS, len(self.requests))

    @property
    def last(self) -> int:
        """Number of the last client that came, 0: none yet."""
        return self.requests[-1].number if self.requests else 0


class Room(NamedTuple):
    """How the rows are shared: first row, rows of a head, lanes a design, rows between two designs."""

    top: int
    head: int
    lanes: int
    gap: int


def draw(state: State, view: View) -> Canvas:
    """Both designs at `view.now_us`, on the axis from `view.start_us` to `view.until_us`."""
    found = tuple(Design(s, facts.requests(state, s.name)) for s in facts.services(state))
    return paint(found, view)


def paint(designs: tuple[Design, ...], view: View) -> Canvas:
    """Draw what was gathered."""
    canvas = view.canvas()
    if not designs:
        canvas.put(1, min(1, view.rows - 1), shorten("no service yet", view.columns - 2), QUIET)
        return canvas
    names = max(len(_name(max(design.service.planned, design.last, 1))) for design in designs)
    room = _room(designs, view)
    axis = _axis(designs, view, names + 2, room.lanes)
    row = room.top
    for design in designs:
        _head(canvas, design, axis, row, room, len(designs))
        row += room.head
        _lanes(canvas, design, axis, row, min(room.lanes, design.lanes), view)
        row += min(room.lanes, design.lanes) + room.gap
    foot = row - room.gap
    draw_axis(canvas, axis, foot, view.now_us)
    _legend(canvas, foot + 1, view.columns - 2, _signs(designs, room.lanes))
    return canvas


def _axis(designs: tuple[Design, ...], view: View, column: int, lanes: int) -> Axis:
    """From the first arrival that shows to the last thing that happened to those that show."""
    shown = [request for design in designs for request in design.requests[-lanes:]]
    begin = min((request.arrived_at_us for request in shown), default=view.now_us)
    last = max((_last(request, view.now_us) for request in shown), default=view.now_us)
    if any(design.service.mails for design in designs):
        return fitted(view, column, view.columns - column - _LABEL_ROOM, begin, last)
    return fitted(view, column, view.columns - column - _FINE_LABEL_ROOM, begin, last, _FINE_US)


def _last(request: RequestView, now_us: int) -> int:
    """When the last thing happened to a sign-up and its mail; now, while something goes on."""
    if request.answered_at_us is None:
        return now_us
    if request.mail_done_at_us is not None or request.failed:
        return max(request.answered_at_us, request.mail_done_at_us or 0)
    return now_us


def _room(designs: tuple[Design, ...], view: View) -> Room:
    """The roomiest share of the rows in which every client has a lane, else the tightest."""
    wanted = [design.lanes for design in designs]
    count = len(designs)
    for top, head, gap in ((1, _BIG_ROWS, 1), (1, 2, 1), (1, 2, 0), (1, 1, 1), (1, 1, 0), (0, 1, 0)):
        if head == _BIG_ROWS and view.ascii:
            continue
        left = view.rows - top - count * head - (count - 1) * gap - _FOOT_ROWS
        if sum(wanted) <= left:
            return Room(top, head, max(wanted), gap)
    head, gap = (_BIG_ROWS, 1) if view.rows >= 18 and not view.ascii else (1, 0)
    top = 1 if view.rows >= 16 else 0
    left = view.rows - top - count * head - (count - 1) * gap - _FOOT_ROWS
    return Room(top, head, max(1, left // count), gap)


# -- heads -----------------------------------------------------------------------------------------------


def _head(canvas: Canvas, design: Design, axis: Axis, row: int, room: Room, count: int) -> None:
    service = design.service
    after = canvas.put(1, row, service.design, BRIGHT)
    canvas.mark(1, row, after - 1, 1, ("service", service.name))
    if count > 2:
        after = canvas.put(after + 1, row, service.name, QUIET)
    begin = _mean(canvas, service, axis, row, room.head)
    notes = _notes(design, room.lanes)
    if room.head > 1:
        subtitle = _SUBTITLES.get(service.design, "") if service.mails else _NO_MAIL
        canvas.put(1, row + 1, shorten(subtitle, (axis.end if room.head == 2 else begin) - 2), QUIET)
        if room.head == 2:
            _put_notes(canvas, after + 2, row, begin, notes)
        else:
            _put_notes(canvas, 1, row + 2, begin - len("mean answer ") - 1, notes)
    else:
        _put_notes(canvas, after + 2, row, begin, notes)


def _mean(canvas: Canvas, service: ServiceView, axis: Axis, row: int, rows: int) -> int:
    """The mean answer, big where there is room; returns the column where it begins."""
    mean = service.mean_answer_us
    text = "–" if mean is None else f"{mean / 1_000_000:.2f}"
    role = "quiet" if mean is None else "wait" if service.design == "synchronous" else "ok"
    unit = "" if mean is None else " s"
    if rows < _BIG_ROWS:
        after = canvas.right(axis.end + 2, row, unit, QUIET)
        after = canvas.right(after, row, text, style(role, bold=True))
        return canvas.right(after, row, "mean answer ", QUIET)
    lines = big(text)
    begin = axis.end - len(lines[0])
    for number, line in enumerate(lines):
        canvas.put(begin, row + number, line, style(role, bold=True))
    canvas.put(axis.end, row + 2, unit, QUIET)
    canvas.right(begin - 1, row + 2, "mean answer", QUIET)
    return begin


def _notes(design: Design, lanes: int) -> list[tuple[str, Style]]:
    """What is out of the ordinary: failures, mails that wait, lanes that do not show."""
    service = design.service
    hidden = service.arrived - min(lanes, len(design.requests))
    found: list[tuple[str, Style]] = []
    if not service.working:
        found.append(("✗ not working", BAD))
    if service.failed:
        found.append((f"✗ {thousands(service.failed)} failed", BAD))
    if service.mails_waiting and service.mails and service.design == "asynchronous":
        plural = "s" * (service.mails_waiting > 1)
        found.append((f"{thousands(service.mails_waiting)} mail{plural} to send", WAIT))
    if hidden > 0:
        found.append((f"{thousands(hidden)} earlier", QUIET))
    if not service.arrived:
        found.append(("nobody asked yet", QUIET))
    return found


def _put_notes(canvas: Canvas, column: int, row: int, end: int, notes: list[tuple[str, Style]]) -> None:
    for text, look in notes:
        if column + len(text) < end:
            column = canvas.put(column, row, text, look) + 2


# -- lanes -----------------------------------------------------------------------------------------------


def _name(client: int) -> str:
    return f"client {client}"


def _lanes(canvas: Canvas, design: Design, axis: Axis, row: int, lanes: int, view: View) -> None:
    """The clients that came last, and below them, quietly, those that are still to come."""
    shown = design.requests[-lanes:]
    for number, request in enumerate(shown):
        _lane(canvas, request, axis, row + number, view, design.service.mails)
    for number in range(len(shown), lanes):
        canvas.put(1, row + number, _name(design.last + 1 + number - len(shown)), QUIET)
        canvas.put(axis.column, row + number, "·" * axis.columns, RULE)


def _lane(canvas: Canvas, request: RequestView, axis: Axis, row: int, view: View, mails: bool) -> None:
    target = ("request", request.service, request.number)
    focus = view.focus == target
    canvas.put(1, row, _name(request.number), style("ink", "sel") if focus else PLAIN)
    if focus:
        canvas.put(0, row, "►", style("accent", "sel", True))
    canvas.mark(0, row, canvas.columns, 1, target)
    canvas.put(axis.column, row, "·" * axis.columns, RULE)
    after = _bars(canvas, request, axis, row, view.now_us)
    mail = mails and request.design != "synchronous" and not request.failed
    if mail and request.answered_at_us is not None:
        _mail(canvas, request, axis, row, after, view.now_us)


def _bars(canvas: Canvas, request: RequestView, axis: Axis, row: int, now_us: int) -> int:
    """Work, waiting and the answer; returns the first free column after them."""
    end_us = now_us if request.answered_at_us is None else request.answered_at_us
    arrived = axis.cell(request.arrived_at_us)
    end = max(arrived + 1, axis.cell(end_us))
    if request.arrived_at_us < axis.start_us and end_us <= axis.start_us:
        return arrived
    canvas.put(arrived, row, "░" * (end - arrived), WAIT)
    if request.started_at_us is not None:
        begun = axis.cell(request.started_at_us)
        done_us = end_us if request.database_done_at_us is None else request.database_done_at_us
        canvas.put(begun, row, "█" * max(1, axis.cell(done_us) - begun), OK)
        end = max(end, begun + 1)
    if request.answered_at_us is None:
        return end
    waited = duration(request.answered_at_us - request.arrived_at_us)
    if request.failed:
        canvas.put(end, row, "✗", BAD)
        return canvas.put(end + 1, row, f" failed, {waited} ", style("bad")) - 1
    canvas.put(end, row, "◆", BRIGHT)
    return canvas.put(end + 1, row, f" {waited} ", _ANSWER) - 1


def _mail(canvas: Canvas, request: RequestView, axis: Axis, row: int, after: int, now_us: int) -> None:
    """The mail of a client that has its answer: queued, under way, sent or lost."""
    begin = after + 1
    done_us = request.mail_done_at_us
    end = max(begin, axis.cell(now_us if done_us is None else done_us))
    under_way = end if request.mail_started_at_us is None else axis.cell(request.mail_started_at_us)
    for column in range(begin, end):
        sign = "▒" if column >= under_way else "╌"
        canvas.put(column, row, sign, _LOOKS[sign])
    if done_us is None:
        return
    sign, word, look = ("✗", "mail lost", BAD) if request.mail_failed else ("✓", "mail sent", OK)
    canvas.put(end, row, sign, look)
    room = canvas.columns - end - 2
    text = word if len(word) <= room else word.split()[-1]
    canvas.put(
        end + 1, row, f" {text} " if len(text) <= room else "", style(look.fg) if look is BAD else QUIET
    )


def _signs(designs: tuple[Design, ...], lanes: int) -> str:
    """The signs that the legend must explain."""
    if not any(design.service.mails for design in designs):
        return "█░◆"
    queued = any(
        request.answered_at_us is not None and not request.failed
        for design in designs
        if design.service.design == "asynchronous" and design.service.mails
        for request in design.requests[-lanes:]
        if request.mail_started_at_us != request.answered_at_us
    )
    return "█░◆╌▒" if queued else "█░◆▒"


def _legend(canvas: Canvas, row: int, columns: int, signs: str) -> None:
    legends = [[(sign, words[sign]) for sign in signs] for words in _LEGENDS]
    entries = next((found for found in legends if _width(found) <= columns), legends[-1])
    column = 1
    for sign, word in entries:
        canvas.put(column, row, sign, _LOOKS[sign])
        column = canvas.put(column + 2, row, word, QUIET) + 2


def _width(entries: list[tuple[str, str]]) -> int:
    return sum(len(word) + 4 for _, word in entries) - 2
