"""Facts of logs: the segments of a broker's copy, and what is kept on disk."""

from __future__ import annotations

import msgspec

from mqviz.model.kafka.log.state import held_bytes
from mqviz.model.state import State


class SegmentView(msgspec.Struct, frozen=True):
    """One file of a log: offsets first … end - 1; `active`: it is written; `clean`: the cleaner has seen it.

    `latest_us`: the largest timestamp in it, None where nothing was written; `records`: how many are still
    there.
    """

    first: int
    end: int
    bytes: int
    records: int
    latest_us: int | None
    active: bool
    clean: bool


def segments(state: State, topic: str, partition: int, broker: int = -1) -> tuple[SegmentView, ...]:
    """The segments of a broker's copy, -1: of the partition leader's, oldest first; ()
    without such a copy.
    """
    found = state.cluster.partition(topic, partition)
    replica = found.replicas.get(found.leader if broker == -1 else broker)
    if replica is None:
        return ()
    log = replica.log
    ends = [*(each.base_offset for each in log.segments[1:]), log.end]
    counts = [0] * len(ends)
    at = 0
    for batch in log.forwards(log.segments[0].base_offset):
        while batch.base_offset >= ends[at]:
            at += 1
        counts[at] += batch.count
    return tuple(
        SegmentView(
            each.base_offset,
            end,
            each.bytes,
            count,
            each.latest_us,
            each is log.segments[-1],
            end <= log.clean_to,
        )
        for each, end, count in zip(log.segments, ends, counts, strict=True)
    )


def storage(state: State, topic: str) -> int:
    """Bytes that a topic takes on all disks, files that wait for their deletion included (R78)."""
    return sum(
        held_bytes(replica.log, state.now_us)
        for partition in state.cluster.topic(topic).partitions
        for replica in partition.replicas.values()
    )
