"""Moments of the partition log, made of readings."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

from mqviz.facts.views import (
    Cell,
    Flight,
    GroupView,
    InHand,
    Lag,
    Ledger,
    MemberView,
    ProducerView,
    Tape,
    TopicView,
)
from mqviz.model.observed.state import Unknown
from mqviz.scenes import partition_log
from mqviz.scenes.canvas import Canvas
from mqviz.scenes.letters import letters_of
from mqviz.scenes.partition_log.picture import Crew, Hold, Lane, Outline, Picture
from mqviz.scenes.view import View
from tests.scenes.moments_register import MS, moment

KEYS = ("alice", "bob", "carol", "dave", "erin", "frank", "grace", "heidi")
NAMES = {key[0].upper(): key for key in KEYS}
TOPIC, GROUP = "email-requests", "email-consumers"
NOW_US = 12_340 * MS


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
    return MemberView(name, name, group, state, tuple((TOPIC, p) for p in partitions), work, 0, 0)


def producer(name: str, in_flight: int, state: str = "running") -> ProducerView:
    return ProducerView(name, TOPIC, state, "all", "java", 1.0, 20, 18, in_flight)


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


def crew(members: Sequence[MemberView], total: Lag, name: str = GROUP, generation: int = 5) -> Crew:
    reading = GroupView(name, "classic", "Stable", generation, "range", (TOPIC,), len(members))
    return Crew(reading, tuple(members), total)


def draw(
    columns: int,
    rows: int,
    *,
    lanes: Sequence[Lane] = LANES,
    crews: Sequence[Crew] = (crew(MEMBERS, lag(4, "up", "")),),
    producers: Sequence[ProducerView] = (producer("user-svc", 2), producer("order-svc", 1)),
    flights: Sequence[Flight] = FLIGHTS,
    keys: Sequence[str] = KEYS,
    ledger: Ledger | Unknown = LEDGER,
    digits: int = 2,
    **more: Any,
) -> Canvas:
    """The partition log scene from readings."""
    view = View(NOW_US, columns, rows, **more)
    shown = Outline(TopicView(TOPIC, len(lanes), 3), tuple(producers), tuple(crews), tuple(keys), digits)
    plan = partition_log.arrange(shown, view)
    first = partition_log.first_lane(plan, shown, view)
    letters = letters_of(keys)
    seen = tuple(lanes[first : first + plan.lanes])
    return partition_log.paint(Picture(shown, first, seen, tuple(flights), ledger, letters), plan, view)


@moment
def five_members(columns: int, rows: int, **more: Any) -> Canvas:
    """Three partitions, five members: two idle."""
    return draw(columns, rows, **more)


def relaned(owners: Sequence[str | None], members: Sequence[MemberView], **more: Any) -> dict[str, Any]:
    lanes = [
        Lane(lane.tape, (msgspec_replace(lane.holds[0], owner),))
        for lane, owner in zip(LANES, owners, strict=True)
    ]
    return {"lanes": lanes, "crews": (crew(members, lag(4, "up", ""), **more),)}


def msgspec_replace(hold: Hold, owner: Any) -> Hold:
    return dataclasses.replace(hold, owner=owner)


@moment
def rebalancing(columns: int, rows: int, **more: Any) -> Canvas:
    """Everybody has joined again and nobody was told yet: nobody reads."""
    members = [member(f"c{n}", "joining", []) for n in range(1, 6)]
    return draw(columns, rows, flights=(), **relaned([None, None, None], members), **more)


@moment
def one_member(columns: int, rows: int, **more: Any) -> Canvas:
    """One member owns all three partitions and works on one of them."""
    alone = member("c1", "working", [0, 1, 2], working(2, 11, "E", 0.5))
    return draw(columns, rows, flights=(), **relaned(["c1"] * 3, [alone]), **more)


@moment
def out_of_order(columns: int, rows: int, **more: Any) -> Canvas:
    """A dead member that nobody noticed, a paused one, a partition without reader; one producer of two is dead."""
    members = [member("c1", "dead", [0]), member("c2", "paused", [1]), member("c3", "leaving", [])]
    return draw(
        columns,
        rows,
        flights=(),
        producers=(producer("user-svc", 0, "dead"), producer("order-svc", 1, "paused")),
        **relaned(["c1", "c2", None], members),
        **more,
    )


@moment
def two_groups(columns: int, rows: int, **more: Any) -> Canvas:
    """A second group reads everything too, with its own marks and its own lag."""
    behind = {0: (8, 9, 5, "up"), 1: (9, 9, 0, "level"), 2: (7, 8, 5, "up")}
    lanes = [
        Lane(
            lane.tape,
            (*lane.holds, Hold(behind[n][0], behind[n][1], "a1", lag(behind[n][2], behind[n][3], ""))),
        )
        for n, lane in enumerate(LANES)
    ]
    staff = [member("a1", "working", [0, 1, 2], group="audit"), member("a2", "idle", [], group="audit")]
    audit = crew(staff, lag(10, "up", ""), "audit", 1)
    return draw(columns, rows, lanes=lanes, crews=(crew(MEMBERS, lag(4, "up", "")), audit), **more)


def many_lanes(count: int) -> list[Lane]:
    found = []
    for number in range(count):
        first = number * 3
        seen = tape(number, first, "ABCDEFGHAB", first + 10)
        found.append(Lane(seen, (Hold(first + 8, first + 9, f"c{number % 4 + 1}", lag(2, "level", "2222")),)))
    return found


@moment
def many_partitions(columns: int, rows: int, **more: Any) -> Canvas:
    """Twenty-four partitions, four members, six producers: what does not fit is counted."""
    members = [member(f"c{n}", "working", list(range(n - 1, 24, 4))) for n in range(1, 5)]
    return draw(
        columns,
        rows,
        lanes=many_lanes(24),
        crews=(crew(members, lag(48, "level", "")),),
        producers=[producer(f"svc-{n}", n) for n in range(1, 7)],
        flights=(flight("produce", "A", "svc-2", 1, 0.5), flight("produce", "B", "svc-1", 20, 0.5)),
        keys=[f"customer-{n}" for n in range(40)],
        **more,
    )


@moment
def watched(columns: int, rows: int, **more: Any) -> Canvas:
    """A real cluster: no producer is seen, keys were not read, one end is unknown, one partition has no leader."""
    away = Unknown("broker 2 unreachable")
    only = Unknown("only the consumer itself knows its position")
    seen = [tape(0, 52_579, "." * 12, 52_591), tape(1, 4, "AB.." * 3, 16), tape(2, 90, "", 90, None)]
    gone = Tape(TOPIC, 3, away, away, away, away)
    lanes = [
        Lane(seen[0], (Hold(41_204, only, "c-1", lag(11_387, "up", "234567")),)),
        Lane(seen[1], (Hold(14, only, "c-2", lag(2, "down", "432")),)),
        Lane(seen[2], (Hold(88, only, None, Lag(Unknown("the partition has no leader"), 0, 1)),)),
        Lane(gone, (Hold(70, only, "c-2", Lag(away, 0, 1)),)),
    ]
    members = [member("c-1", "working", [0]), member("c-2", "unknown", [1, 3])]
    total = Lag(11_389, 2, 4, "up")
    no_ledger = Unknown("mqviz did not send these records")
    return draw(
        columns, rows, lanes=lanes, crews=(crew(members, total),), producers=(), flights=(), keys=KEYS[:2],
        ledger=no_ledger, digits=6, **more,
    )  # fmt: skip


@moment
def record_in_focus(columns: int, rows: int, **more: Any) -> Canvas:
    """The selected record has the focus ground and a sign."""
    return draw(columns, rows, focus=("record", TOPIC, 0, 11), **more)


@moment
def member_in_focus(columns: int, rows: int, **more: Any) -> Canvas:
    return draw(columns, rows, focus=("member", GROUP, "c2"), **more)


@moment
def at_the_start(columns: int, rows: int, **more: Any) -> Canvas:
    """Nothing was sent and nobody reads."""
    lanes = [Lane(tape(n, 0, "", 0), ()) for n in range(3)]
    return draw(
        columns, rows, lanes=lanes, crews=(), producers=(), flights=(), keys=(), ledger=Unknown("no group reads this topic"),
        **more,
    )  # fmt: skip
