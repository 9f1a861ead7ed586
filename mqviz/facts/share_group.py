"""Facts of share groups: how many records are in which state, how each one stands, and how far behind a group
is.
"""

from __future__ import annotations

from typing import NamedTuple

from mqviz.model.kafka.coordinator.share.state import ShareMember
from mqviz.model.kafka.coordinator.share.window import Run, SharePartition
from mqviz.model.state import State


class Counts(NamedTuple):
    """Records of a share-partition by state; `waiting` are those behind the window that may be delivered."""

    available: int
    acquired: int
    acknowledged: int
    archived: int
    waiting: int


class ShareLag(NamedTuple):
    """`by_start`: from the real start offset to the end; `by_persisted`: from the one that admins see (R131);
    `undone`: records that are not finished."""

    by_start: int
    by_persisted: int
    undone: int


def groups(state: State) -> list[str]:
    """The names of the share groups."""
    return list(state.cluster.share_groups)


def members(state: State, group: str) -> list[ShareMember]:
    """The members in the order of joining."""
    found = state.cluster.share_groups.get(group)
    return list(found.members.values()) if found else []


def window(state: State, group: str, topic: str, partition: int) -> SharePartition:
    """One partition as the group reads it; raises KeyError where there is none yet."""
    return state.cluster.share_groups[group].windows[state.cluster.partition(topic, partition).key]


def windows(state: State, group: str) -> list[SharePartition]:
    """The share-partitions that the group began, by topic and number."""
    found = state.cluster.share_groups.get(group)
    return sorted(found.windows.values(), key=lambda w: (w.topic, w.partition)) if found else []


def counts(state: State, window: SharePartition) -> Counts:
    """How many records of a share-partition are in which state; finished ones are counted since the
    beginning.
    """
    by_state = {"Available": 0, "Acquired": 0}
    for run in window.runs:
        if run.state in by_state:
            by_state[run.state] += run.end - run.first
    return Counts(
        by_state["Available"],
        by_state["Acquired"],
        window.acknowledged,
        window.archived,
        max(0, readable_end(state, window) - window.end),
    )


def readable_end(state: State, window: SharePartition) -> int:
    """The first offset that is not committed yet."""
    return state.cluster.partition(window.topic, window.partition).led.high_watermark


def lag(state: State, window: SharePartition) -> ShareLag:
    """How far a share group is behind on a partition."""
    end = readable_end(state, window)
    found = counts(state, window)
    return ShareLag(
        max(0, end - window.start),
        max(0, end - window.persisted),
        found.available + found.acquired + found.waiting,
    )


def record(state: State, window: SharePartition, offset: int) -> Run | None:
    """How the record at `offset` stands: its state, deliveries, and who has it until when; None: long
    finished.
    """
    if offset >= window.end:
        return Run(offset, offset + 1)
    runs = window.runs if offset >= window.start else window.past
    for run in runs:
        if run.first <= offset < run.end:
            return run
    return None


def key(state: State, window: SharePartition, offset: int) -> str | None:
    """The key of the record at `offset`, None where it has none or is gone."""
    log = state.cluster.partition(window.topic, window.partition).led.log
    batch = next(log.forwards(offset), None)
    if batch is None or not batch.base_offset <= offset < batch.end_offset:
        return None
    return batch.keys[offset - batch.base_offset]


def working(state: State, group: str) -> list[str]:
    """The clients of members that have records."""
    found = {run.client for w in windows(state, group) for run in w.runs if run.state == "Acquired"}
    return [member.client for member in members(state, group) if member.client in found]


def idle(state: State, group: str) -> list[str]:
    """The clients of members that no partition was given to."""
    return [member.client for member in members(state, group) if not member.partitions]


def assigned(state: State, group: str) -> list[tuple[str, int]]:
    """The partitions that members were given, sorted."""
    return sorted({partition for member in members(state, group) for partition in member.partitions})
