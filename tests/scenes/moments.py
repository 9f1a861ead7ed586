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
    Tape,
    TopicReading,
)
from mqviz.scenes import partition_log
from mqviz.scenes.canvas import Canvas
from mqviz.scenes.partition_log.picture import Crew, Hold, Lane, Outline, Picture
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
