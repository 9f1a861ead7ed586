"""Invariants of logs and their segments: what retention and compaction must leave whole."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from mqviz.model.cluster import Partition
from mqviz.model.invariants import holds
from mqviz.model.log import Log
from mqviz.model.state import State


def _logs(state: State) -> Iterator[tuple[Partition, int, Log]]:
    for topic in state.cluster.topics.values():
        for partition in topic.partitions:
            for broker, replica in partition.replicas.items():
                yield partition, broker, replica.log


@holds
def i6_segments_are_in_order(state: State) -> Iterator[str]:
    """I6: segments are named by increasing offsets, the first holds the log start, the last the log end."""
    for partition, broker, log in _logs(state):
        bases = [segment.base_offset for segment in log.segments]
        if any(after <= before for before, after in pairwise(bases)) or not bases[0] <= log.end >= bases[-1]:
            yield f"{partition.key} on broker {broker}: segments at {bases}, the log ends at {log.end}"
        if log.start < bases[0] or log.clean_to > bases[-1]:
            yield f"{partition.key} on broker {broker}: starts at {log.start}, clean to {log.clean_to}, segments at {bases}"
