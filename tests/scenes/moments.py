"""Moments of the scenes, made of readings: what each scene is drawn from in the tests.

`MOMENTS`: name → function (columns, rows, ascii=…, focus=…) → Canvas.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from mqviz.model.observed import Unknown
from mqviz.model.readings import (
    Cell,
    Flight,
    GroupReading,
    InHand,
    Lag,
    Ledger,
    MemberReading,
    ProducerReading,
    RequestReading,
    ServiceReading,
    Tape,
    TopicReading,
)
from mqviz.scenes import partition_log, request_timing
from mqviz.scenes.canvas import Canvas
from mqviz.scenes.home import Course, Door, HomeView, draw_home
from mqviz.scenes.partition_log.picture import Crew, Hold, Lane, Outline, Picture
from mqviz.scenes.request_timing import Design
from mqviz.scenes.view import View

MS = 1_000
KEYS = ("alice", "bob", "carol", "dave", "erin", "frank", "grace", "heidi")
NAMES = {key[0].upper(): key for key in KEYS}
TOPIC, GROUP = "email-requests", "email-consumers"
NOW_US = 12_340 * MS

MOMENTS: dict[str, Callable[..., Canvas]] = {}


def moment(draw: Callable[..., Canvas]) -> Callable[..., Canvas]:
    MOMENTS[draw.__name__] = draw
    return draw


def tape(partition: int, first: int, text: str, high: int, leader: int | None = 1) -> Tape:
    """A tape from letters; `.` is a record that was not seen."""
    cells = tuple(Cell(first + n, NAMES.get(c), c != ".") for n, c in enumerate(text))
    return Tape(TOPIC, partition, leader, 0, first + len(text), high, cells)


def lag(value: int, trend: str, past: str) -> Lag:
    samples = tuple((n, int(c)) for n, c in enumerate(past))
    return Lag(value, 1, 1, trend, samples)


def member(
    name: str, state: str, partitions: Sequence[int], work: InHand | None = None, group: str = GROUP
) -> Any:
    return MemberReading(name, name, group, state, tuple((TOPIC, p) for p in partitions), work, 0, 0)


def producer(name: str, in_flight: int, state: str = "running") -> ProducerReading:
    return ProducerReading(name, TOPIC, state, "all", "java", 1.0, 20, 18, in_flight)


def flight(kind: str, key: str, client: str, partition: int, part: float) -> Flight:
    """A flight that is `part` of its way at NOW_US."""
    whole = 100 * MS
    sent = NOW_US - int(part * whole)
    return Flight(kind, TOPIC, partition, client, (NAMES.get(key),), None, sent, sent + whole)


def working(partition: int, offset: int, key: str, part: float) -> InHand:
    begun = NOW_US - int(part * 1_000 * MS)
    return InHand(TOPIC, partition, offset, NAMES[key], begun, begun + 1_000 * MS)


TAPES = (
    tape(0, 2, "BAGAAGBABAGA", 13),
    tape(1, 0, "FDDFHDHFD", 9),
    tape(2, 0, "ECECECEECCEE", 12),
)
LANES = (
    Lane(TAPES[0], (Hold(10, 12, "c1", lag(3, "up", "0111011121233233")),)),
    Lane(TAPES[1], (Hold(9, 9, "c2", lag(0, "level", "0100100100010000")),)),
    Lane(TAPES[2], (Hold(11, 12, "c3", lag(1, "level", "0101101001101101")),)),
)
MEMBERS = (
    member("c1", "working", [0], working(0, 11, "A", 0.7)),
    member("c2", "waiting", [1]),
    member("c3", "working", [2], working(2, 11, "E", 0.34)),
    member("c4", "idle", []),
    member("c5", "idle", []),
)
FLIGHTS = (
    flight("produce", "D", "user-svc", 1, 0.17),
    flight("produce", "H", "user-svc", 1, 0.63),
    flight("produce", "E", "order-svc", 2, 0.2),
    flight("deliver", "G", "c1", 0, 0.7),
)

LEDGER = Ledger(38, 30, 3, 1, 1, 3, 0, 0)


def crew(members: Sequence[MemberReading], total: Lag, name: str = GROUP, generation: int = 5) -> Crew:
    reading = GroupReading(name, "classic", "Stable", generation, "range", (TOPIC,), len(members))
    return Crew(reading, tuple(members), total)


def draw(
    columns: int,
    rows: int,
    *,
    lanes: Sequence[Lane] = LANES,
    crews: Sequence[Crew] = (crew(MEMBERS, lag(4, "up", "")),),
    producers: Sequence[ProducerReading] = (producer("user-svc", 2), producer("order-svc", 1)),
    flights: Sequence[Flight] = FLIGHTS,
    keys: Sequence[str] = KEYS,
    ledger: Ledger | Unknown = LEDGER,
    digits: int = 2,
    **more: Any,
) -> Canvas:
    """The partition log scene from readings."""
    view = View(NOW_US, columns, rows, **more)
    shown = Outline(TopicReading(TOPIC, len(lanes), 3), tuple(producers), tuple(crews), tuple(keys), digits)
    plan = partition_log.arrange(shown, view)
    first = partition_log.first_lane(plan, shown, view)
    letters = {key: "ABCDEFGHIJKLMNOPQRSTUVWXYZ"[n] for n, key in enumerate(keys)}
    seen = tuple(lanes[first : first + plan.lanes])
    return partition_log.paint(Picture(shown, first, seen, tuple(flights), ledger, letters), plan, view)


@moment
def five_members(columns: int, rows: int, **more: Any) -> Canvas:
    """Three partitions, five members: two idle."""
    return draw(columns, rows, **more)


# -- request timing --------------------------------------------------------------------------------------

ARRIVALS = (0, 400, 1_200, 1_600, 2_400)
MAILS = (4_000, 3_300, 4_700, 3_500, 4_900)


def request(number: int, design: str, now_us: int) -> RequestReading:
    """One sign-up as it stands at `now_us`."""
    at = ARRIVALS[number - 1] * MS
    stored = at + 100 * MS
    synchronous = design == "synchronous"
    answered = stored + (MAILS[number - 1] if synchronous else 1) * MS
    mailed = stored + MAILS[number - 1] * MS + (0 if synchronous else MS)

    def by(time_us: int) -> int | None:
        return time_us if time_us <= now_us else None

    mail_started = by(stored + (0 if synchronous else MS))
    return RequestReading(
        number, design, design, at, by(at), by(stored), by(answered), "", mail_started, by(mailed), False
    )


def design(name: str, now_us: int, **more: Any) -> Design:
    found = tuple(request(n, name, now_us) for n in range(1, 6) if ARRIVALS[n - 1] * MS <= now_us)
    answers = [r.answered_at_us - r.arrived_at_us for r in found if r.answered_at_us is not None]
    mails = sum(1 for r in found if r.mail_done_at_us)
    mean = sum(answers) / len(answers) if answers else None
    waiting = len(found) - mails
    reading = ServiceReading(name, name, True, len(found), len(answers), 0, mails, waiting, mean, 0)
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


# -- home ------------------------------------------------------------------------------------------------

PARTS = (("Why wait?", 8), ("Three kinds of queue", 4), ("Kafka", 12), ("Systems and incidents", 12))
DOORS = (
    Door("Learn", "36 lessons of ten minutes: predict, run, see why.", "next", "15 Consumer groups", "l"),
    Door("Play", "Pick a scenario, break it: kill, cut, slow, flood.", "last", "one hot key", "p"),
    Door("Attach", "Your cluster, read-only: lag, rebalances, verdicts.", "last", "localhost:9092", "a"),
)
BETS = tuple(sign == "y" for sign in "ynyyynynyyynyynyyyynyynyyy")


def course(done: int) -> tuple[Course, ...]:
    parts = [part for part, count in PARTS for _ in range(count)]
    return tuple(
        Course(n, "Consumer groups" if n == 15 else f"Lesson {n}", part, n <= done)
        for n, part in enumerate(parts, 1)
    )


@moment
def at_home(columns: int, rows: int, **more: Any) -> Canvas:
    """Fourteen lessons done, the next chosen."""
    teaser = "3 partitions, 5 members, who sits idle?"
    shown = HomeView("v0.1 · dark · seed 7", DOORS, 0, course(14), 15, teaser, BETS)
    return draw_home(shown, View(0, columns, rows, **more))


@moment
def first_launch(columns: int, rows: int, **more: Any) -> Canvas:
    """Nothing is done and no bet was made."""
    shown = HomeView("v0.1 · dark · seed 7", DOORS, 0, course(0), 1)
    return draw_home(shown, View(0, columns, rows, **more))
