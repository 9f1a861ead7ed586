"""Phrases that explanations of several components share."""

from __future__ import annotations

from functools import partial

from mqviz.explain.registry import told
from mqviz.facts.words import names, several


def places(partitions: tuple[tuple[str, int], ...]) -> str:
    """`P0, P1 and P2`."""
    return names([f"P{partition}" for _, partition in partitions])


def broker_set(brokers: tuple[int, ...]) -> str:
    """`1 2 3`, or `none`."""
    return " ".join(map(str, brokers)) or "none"


told_in_15 = partial(told, lesson=15)


def offset_range(first: int, end: int) -> str:
    """`offset 4` or `offsets 4 to 8`."""
    return f"offset {first}" if end - first == 1 else f"offsets {first} to {end - 1}"


EACH = "each record is acknowledged on its own"
"""R133"""

BROKEN = "a closed connection frees its records at once"
"""R132"""


def records(ranges: list[tuple[int, int]]) -> str:
    """`record 4` or `3 records, 4 to 9`."""
    count = sum(end - first for first, end in ranges)
    if count == 1:
        return f"record {ranges[0][0]}"
    return f"{several(count, 'record')}, {ranges[0][0]} to {ranges[-1][1] - 1}"
