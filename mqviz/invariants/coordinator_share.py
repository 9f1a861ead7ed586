"""Invariants of share groups: windows are contiguous, records are held by one member, counts stay in their
limits.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from mqviz.invariants.registry import holds
from mqviz.model.kafka.coordinator.share.window import TERMINAL, SharePartition
from mqviz.model.state import State


def _windows(state: State) -> Iterator[tuple[str, SharePartition]]:
    for group in state.cluster.share_groups.values():
        for window in group.windows.values():
            yield f"{group.name} on {window.key}", window


@holds
def a_window_has_no_gap(state: State) -> Iterator[str]:
    """The runs of a window cover start … end; neighbours differ; the first record is not finished (R131,
    R132).
    """
    for name, window in _windows(state):
        marks = [(run.first, run.end) for run in window.runs]
        if window.start != (marks[0][0] if marks else window.end) or any(
            a[1] != b[0] for a, b in pairwise(marks)
        ):
            yield f"{name}: {marks} do not cover {window.start} to {window.end}"
        if marks and (marks[-1][1] != window.end or any(first >= end for first, end in marks)):
            yield f"{name}: {marks} do not end at {window.end}"
        if window.runs and window.runs[0].state in TERMINAL:
            yield f"{name}: the start {window.start} is at a finished record"


@holds
def deliveries_are_limited(state: State) -> Iterator[str]:
    """An acquired record has one member, a lock, and 1 … limit deliveries; a free one fewer than the limit
    (R131, R132).
    """
    for name, window in _windows(state):
        for run in window.runs:
            held = bool(run.member and run.lock)
            if run.state == "Acquired" and (not held or not 1 <= run.deliveries <= window.limit):
                yield f"{name}: {run} is acquired"
            if run.state == "Available" and (run.member or run.deliveries >= window.limit):
                yield f"{name}: {run} is available"


@holds
def the_persisted_start_lags(state: State) -> Iterator[str]:
    """The start that admins see is never beyond the real one (R131, R132)."""
    for name, window in _windows(state):
        if window.persisted > window.start:
            yield f"{name}: persisted {window.persisted}, start {window.start}"


@holds
def share_members_read_what_exists(state: State) -> Iterator[str]:
    """R130: members have partitions of topics that they subscribed to, each at most once, and nobody is idle
    without need.
    """
    for group in state.cluster.share_groups.values():
        given = {partition for member in group.members.values() for partition in member.partitions}
        wanted = {
            (topic, number)
            for topic, count in group.counted.items()
            for number in range(count)
            if any(topic in member.topics for member in group.members.values())
        }
        if group.members and group.counted and given != wanted:
            yield f"{group.name}: nobody reads {sorted(wanted - given)}"
