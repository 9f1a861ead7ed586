"""Moments of the watch, made of readings."""

from __future__ import annotations

from typing import Any

import msgspec

from mqviz.facts.watched.views import (
    GroupDetail,
    GroupRow,
    OtherGroups,
    PartitionRow,
    RebalanceNote,
    Verdict,
    Worst,
)
from mqviz.model.observed.state import Unknown
from mqviz.scenes.canvas import Canvas
from mqviz.scenes.lag_detail import paint as paint_lag
from mqviz.scenes.lag_table import LagView
from mqviz.scenes.view import View
from tests.scenes.moments_register import moment

AWAY = Unknown("broker 2 unreachable")
NO_RIGHT = Unknown("no right to DESCRIBE this group")
MANY = Unknown("3 ends unknown: broker 2 unreachable")
WALL_US = ((12 * 60 + 4) * 60 + 31) * 1_000_000


def group_row(
    name: str,
    kind: Any,
    state: Any,
    members: Any,
    lag_now: Any,
    spark: str,
    trend: str,
    rates: Any,
    eta: Any,
    word: str,
    brief: str,
    worst: Any = None,
    known: int = 6,
    total: int = 6,
    reason: str = "",
    evidence: str = "",
    rule: str = "",
    lesson: int | None = None,
) -> GroupRow:
    samples = tuple((n, int(c)) for n, c in enumerate(spark))
    into, out = rates
    verdict = Verdict(word, brief, reason or brief, evidence, None, rule, lesson)
    return GroupRow(
        name, kind, state, members, lag_now, known, total, worst, trend, samples, into, out, eta, verdict,
        600_000, False, 0,
    )  # fmt: skip


ROWS = (
    group_row(
        "email-consumers", "consumer", "Stable", 3, 12_480, "22345677", "up", (410.0, 212.0), None, "BEHIND",
        "p3 gets 310 of 410/s, c-2 reads 112", Worst("orders", 3, 11_387, 0.912, True),
        reason="p3 takes 310 of 410 records/s (76 %), c-2 reads 112 of them",
        evidence="lag of p3 grows 198/s, and has done so for 58 s",
        rule="one partition has one reader: more members cannot help", lesson=14,
    ),
    group_row("search-index", "classic", "Stable", 3, 5_310, "12345677", "up", (88.0, 0.0), None, "STALLED",
              "alive, no progress for 60 s, log +5,280"),
    group_row("audit", "classic", "Empty", 0, 88_120, "66677777", "up", (410.0, 0.0), None, "STOPPED",
              "no members since 12:00:56"),
    group_row("replay-tool", "classic", "Stable", 1, 40_112, "00000007", "down", (12.0, 905.0), 45_000_000,
              "REWOUND", "commits moved back 40,890 at 12:04:30"),
    group_row("analytics", "classic", "Stable", 2, 310, "77654322", "down", (410.0, 460.0), 6_000_000,
              "RECOVERING", "out exceeds in by 50 records/s"),
    group_row("thumbnails", "classic", "Stable", 2, 1_204, "44444444", "", (MANY, MANY), MANY, "UNKNOWN",
              "3 ends unknown: broker 2 unreachable", known=9, total=12),
    group_row("fraud-check", NO_RIGHT, NO_RIGHT, NO_RIGHT, NO_RIGHT, "", "", (NO_RIGHT, NO_RIGHT), NO_RIGHT,
              "UNKNOWN", "no right to DESCRIBE this group", known=0, total=0),
    group_row("billing", "consumer", "Stable", 4, 96, "22222222", "level", (120.0, 120.0), 1_000_000, "OK",
              "lag steady"),
    group_row("mailer", "consumer", "Stable", 2, 0, "00000000", "level", (14.0, 14.0), 0, "OK", "lag steady"),
)  # fmt: skip


def part(
    number: int, current: Any, end: Any, lag_now: Any, into: Any, out: Any, behind: Any, who: Any, **more: Any
) -> Any:
    kind = "number" if isinstance(lag_now, int) else "end unknown"
    return PartitionRow(
        "orders", number, current, end, 0, lag_now, kind, more.get("to_read"), more.get("breach", 0),
        more.get("ahead", 0), into, out, behind, more.get("capped", False), "level", (), 0.0, who, "", "", "", None,
    )  # fmt: skip


PARTITIONS = (
    part(0, 20_118, 20_341, 223, 21.0, 21.0, 11_000_000, "c-1"),
    part(1, 19_874, 20_090, 216, 20.0, 20.0, 11_000_000, "c-1"),
    part(2, 20_502, 20_733, 231, 19.0, 19.0, 12_000_000, "c-2"),
    part(3, 41_204, 52_591, 11_387, 310.0, 112.0, 37_000_000, "c-2"),
    part(4, 19_990, 20_199, 209, 20.0, 20.0, 10_000_000, "c-3"),
    part(5, 20_277, 20_491, 214, 20.0, 20.0, 11_000_000, "c-3"),
)
NOTE = RebalanceNote(
    -30_000_000, -31_200_000, "c-4 left, p5 → c-3, took at least 1.2 s", (), ("c-4",), 1, 1_200_000, 1, False
)
DETAIL = GroupDetail(ROWS[0], PARTITIONS, (), "", (NOTE,), 3, 1_093)
OTHERS = OtherGroups(3, ("share", "streams"), "3 other groups not shown (share, streams)")


def watch(columns: int, rows: int, shown: LagView, **more: Any) -> Canvas:
    return paint_lag(shown, View(0, columns, rows, **more))


@moment
def one_behind(columns: int, rows: int, **more: Any) -> Canvas:
    """One group falls behind because of one partition; others are stalled, stopped, rewound, unknown, fine."""
    shown = LagView(ROWS, "email-consumers", DETAIL, OTHERS, "Where does a key go?", WALL_US)
    return watch(columns, rows, shown, **more)


@moment
def not_everything_known(columns: int, rows: int, **more: Any) -> Canvas:
    """Partitions whose lag is no number: why stands beside each `?`."""
    none = Unknown("not measured yet")
    parts = (
        part(0, 120, AWAY, AWAY, AWAY, AWAY, AWAY, "c-1"),
        part(1, None, 90, None, 2.0, 0.0, None, "c-1", to_read=90),
        part(2, 20, 900, 880, 0.2, 0.0, 60_000_000, None, breach=120, capped=True),
        part(3, 950, 900, 0, 0.0, 0.0, 0, Unknown("no right to DESCRIBE"), ahead=50),
        part(4, 7, 7, 0, none, none, 0, "a-very-long-client-id-that-does-not-fit-anywhere-at-all"),
    )
    row = msgspec.structs.replace(ROWS[5], known=3, total=5)
    shown = LagView((row, *ROWS[6:]), "thumbnails", GroupDetail(row, parts, (), "", (), 2, 0), OTHERS)
    return watch(columns, rows, shown, **more)
