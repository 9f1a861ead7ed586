"""Who got which partitions, in one sentence: the same words for a simulated group and for a real one."""

from __future__ import annotations

from collections.abc import Sequence

from mqviz.facts.words import names, several
from mqviz.model.escape import escape

Partitions = Sequence[tuple[str, int]]
"""(topic, number) each."""

MOST_PLACES = 4
"""Partitions that are listed; more are counted."""


def listed(partitions: Partitions) -> str:
    """P0, P1 and P2; with their topics where there are several; `nothing` where there is none."""
    if not partitions:
        return "nothing"
    if len(partitions) > MOST_PLACES:
        return several(len(partitions), "partition")
    several_topics = len({topic: 0 for topic, _ in partitions}) > 1
    return names([place(topic, number) if several_topics else f"P{number}" for topic, number in partitions])


def place(topic: str, number: int) -> str:
    """A partition with its topic: orders P3."""
    return f"{escape(topic)} P{number}"


def dealt_out(shares: Sequence[tuple[str, Partitions]]) -> str:
    """`3 partitions, 5 members, so c4 and c5 get nothing`, from (member, what it got), in the order of the
    members.
    """
    total = sum(len(partitions) for _, partitions in shares)
    idle = [escape(member) for member, partitions in shares if not partitions]
    counts = f"{several(total, 'partition')}, {several(len(shares), 'member')}"
    if idle and total:
        return f"{counts}, so {_some(idle)} {'gets' if len(idle) == 1 else 'get'} nothing"
    if len(shares) <= 3:
        return f"{counts}: " + ", ".join(f"{escape(member)} gets {listed(parts)}" for member, parts in shares)
    return f"{counts}, so each gets {_least_and_most([len(parts) for _, parts in shares])}"


def _some(members: list[str]) -> str:
    if len(members) <= MOST_PLACES:
        return names(members)
    return f"{', '.join(members[: MOST_PLACES - 1])} and {len(members) - MOST_PLACES + 1} more"


def _least_and_most(counts: list[int]) -> str:
    low, high = min(counts), max(counts)
    return str(low) if low == high else f"{low} or {high}" if high == low + 1 else f"{low} to {high}"
