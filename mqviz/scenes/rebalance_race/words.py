"""A rebalance in one line: who let go of what when, and when somebody reads it again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from mqviz.facts.views import Tenure
from mqviz.facts.words import names


class Gap(NamedTuple):
    """A partition that nobody read: who let go when, who took it when ("" and 0: nobody yet)."""

    partition: str
    before: str
    begin_us: int
    after: str = ""
    end_us: int = 0


def told(protocol: str, tenures: Sequence[Tenure], since_us: int, now_us: int) -> tuple[str, ...]:
    """What the protocol did to these partitions since then, from long to short."""
    gaps = [gap for tenure in tenures for gap in _gaps(tenure, since_us, now_us)]
    if not gaps:
        return ("nobody has let go of anything",) if since_us else ("",)
    if protocol == "eager":
        return _eager(gaps)
    head = "no barrier"
    if protocol == "cooperative":
        moved = sorted({gap.partition for gap in gaps})
        head = f"only {names(moved)} move{'s' if len(moved) == 1 else ''}"
    lets = _joined([(gap.before, "lets", "go", gap.partition, gap.begin_us) for gap in gaps])
    takes = _joined([(g.after, "reads", "", g.partition, g.end_us) for g in gaps if g.after])
    free = ", ".join(f"{gap.partition} {_for(gap)}" for gap in gaps)
    return (f"{head}: {lets}" + (f"; {takes}" if takes else ""), f"{head}: nobody reads {free}", head)


def _eager(gaps: Sequence[Gap]) -> tuple[str, ...]:
    first: dict[str, int] = {}
    for gap in sorted(gaps, key=lambda each: each.begin_us):
        first.setdefault(gap.before, gap.begin_us)
    lets = ", ".join(f"{who} from {_s(at_us)} s" for who, at_us in first.items())
    head = "everybody lets go and waits for the slowest"
    last_us = max(gap.end_us for gap in gaps)
    if not last_us:
        return f"{head}: {lets}", head
    at = f"{last_us / 1_000_000:.3f} s"
    return f"{head}: {lets}; new owners at {at}", f"{head}; new owners at {at}", head


def _joined(moves: Sequence[tuple[str, str, str, str, int]]) -> str:
    """`n1 lets P2 go at 15.0 s, n2 lets P5 go at 17.6 s`: what one does at one time in one piece."""
    found: dict[tuple[int, str, str, str], list[str]] = {}
    for who, verb, after, partition, at_us in moves:
        found.setdefault((at_us, who, verb, after), []).append(partition)
    parts = []
    for (at_us, who, verb, after), partitions in sorted(found.items()):
        words = f"{who} {verb} {names(partitions)} {after}".rstrip()
        parts.append(f"{words} {'at' if after else 'from'} {_s(at_us)} s")
    return ", ".join(parts)


def _for(gap: Gap) -> str:
    if not gap.after:
        return f"from {_s(gap.begin_us)} s on"
    short_us = gap.end_us - gap.begin_us
    if short_us < 100_000:
        return f"for {-(-short_us // 1_000)} ms"
    return f"from {_s(gap.begin_us)} to {_s(gap.end_us)} s"


def _s(at_us: int) -> str:
    return f"{at_us / 1_000_000:.1f}"


def _gaps(tenure: Tenure, since_us: int, now_us: int) -> Iterator[Gap]:
    for number, stretch in enumerate(tenure.stretches):
        if stretch.member or not since_us <= stretch.begin_us <= now_us:
            continue
        before = tenure.stretches[number - 1].member if number else ""
        gap = Gap(f"P{tenure.partition}", before, stretch.begin_us)
        later = tenure.stretches[number + 1 : number + 2]
        if later and later[0].begin_us <= now_us:
            gap = gap._replace(after=later[0].member, end_us=later[0].begin_us)
        yield gap
