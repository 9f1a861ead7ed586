"""Moments of the request timing scene, made of readings."""

from __future__ import annotations

from typing import Any

from mqviz.facts.views import RequestView, ServiceView
from mqviz.scenes import request_timing
from mqviz.scenes.canvas import Canvas
from mqviz.scenes.request_timing import Design
from mqviz.scenes.view import View
from tests.scenes.moments_register import MS, moment

ARRIVALS = (0, 400, 1_200, 1_600, 2_400)
MAILS = (4_000, 3_300, 4_700, 3_500, 4_900)


def request(number: int, design: str, now_us: int) -> RequestView:
    """One sign-up as it stands at `now_us`."""
    at = ARRIVALS[number - 1] * MS
    stored = at + 100 * MS
    synchronous = design == "synchronous"
    answered = stored + (MAILS[number - 1] if synchronous else 1) * MS
    mailed = stored + MAILS[number - 1] * MS + (0 if synchronous else MS)

    def by(time_us: int) -> int | None:
        return time_us if time_us <= now_us else None

    mail_started = by(stored + (0 if synchronous else MS))
    return RequestView(
        number, design, design, at, by(at), by(stored), by(answered), "", mail_started, by(mailed), False
    )


def design(name: str, now_us: int, **more: Any) -> Design:
    found = tuple(request(n, name, now_us) for n in range(1, 6) if ARRIVALS[n - 1] * MS <= now_us)
    answers = [r.answered_at_us - r.arrived_at_us for r in found if r.answered_at_us is not None]
    mails = sum(1 for r in found if r.mail_done_at_us)
    mean = sum(answers) / len(answers) if answers else None
    waiting = len(found) - mails
    reading = ServiceView(name, name, True, len(found), len(answers), 0, mails, waiting, mean, 0, 5)
    return Design(reading, found)


def timing(columns: int, rows: int, now_ms: int, **more: Any) -> Canvas:
    view = View(now_ms * MS, columns, rows, until_us=8_000 * MS, **more)
    return request_timing.paint(tuple(design(d, view.now_us) for d in ("synchronous", "asynchronous")), view)


@moment
def all_answered(columns: int, rows: int, **more: Any) -> Canvas:
    """Both designs are done: the amber field above, missing below."""
    return timing(columns, rows, 7_400, **more)


@moment
def halfway(columns: int, rows: int, **more: Any) -> Canvas:
    """Some have their answer, some wait, mails are under way."""
    return timing(columns, rows, 3_000, **more)


@moment
def broken(columns: int, rows: int, **more: Any) -> Canvas:
    """The mail server is down: synchronous sign-ups fail, asynchronous ones are accepted and their mails wait."""
    now_us = 6_000 * MS
    down, queued = [], []
    for number in range(1, 6):
        at, stored = ARRIVALS[number - 1] * MS, ARRIVALS[number - 1] * MS + 100 * MS
        failed_us = stored + 3_000 * MS
        done = failed_us if failed_us <= now_us else None
        why = "the mail server does not answer" if done else ""
        down.append(
            RequestView(number, "s", "synchronous", at, at, stored, done, why, stored, None, bool(done))
        )
        lost = number == 1
        queued.append(
            RequestView(
                number,
                "a",
                "asynchronous",
                at,
                at,
                stored,
                stored + MS,
                "",
                stored + MS if lost else None,
                stored + 2_000 * MS if lost else None,
                lost,
            )
        )
    bad = ServiceView("s", "synchronous", True, 5, 0, 4, 0, 0, None, 0, 5)
    fine = ServiceView("a", "asynchronous", True, 5, 5, 0, 0, 4, 101_000.0, 0, 5)
    view = View(now_us, columns, rows, until_us=8_000 * MS, **more)
    return request_timing.paint((Design(bad, tuple(down)), Design(fine, tuple(queued))), view)


@moment
def crowd(columns: int, rows: int, **more: Any) -> Canvas:
    """More clients than rows: the last ones show, the others are counted; some wait at the door for a thread."""
    found = []
    for number in range(1, 61):
        at = number * 100 * MS
        started = at + number * 20 * MS if number < 50 else None
        stored = None if started is None else started + 100 * MS
        done = None if stored is None or number > 40 else stored + 300 * MS
        found.append(
            RequestView(number, "s", "synchronous", at, started, stored, done, "", stored, done, False)
        )
    reading = ServiceView("s", "synchronous", True, 60, 40, 0, 40, 0, 810_000.0, 0, 60)
    view = View(7_000 * MS, columns, rows, **more)
    return request_timing.paint((Design(reading, tuple(found)),), view)
