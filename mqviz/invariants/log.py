"""Invariants of logs and their segments: what retention and compaction must leave whole."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from mqviz.invariants.registry import holds
from mqviz.model.kafka.cluster import Partition
from mqviz.model.kafka.log.state import Log
from mqviz.model.state import State


def _logs(state: State) -> Iterator[tuple[Partition, int, Log]]:
    for partition in state.cluster.partitions():
        for broker, replica in partition.replicas.items():
            yield partition, broker, replica.log


@holds
def segments_are_in_order(state: State) -> Iterator[str]:
    """Segments are named by increasing offsets, the first holds the log start, the last the log end (R68)."""
    for partition, broker, log in _logs(state):
        bases = [segment.base_offset for segment in log.segments]
        if any(after <= before for before, after in pairwise(bases)) or not bases[0] <= log.end >= bases[-1]:
            yield f"{partition.key} on broker {broker}: segments at {bases}, the log ends at {log.end}"
        if log.start < bases[0] or log.clean_to > bases[-1]:
            yield (
                f"{partition.key} on broker {broker}: starts at {log.start}, clean to {log.clean_to}, "
                f"segments at {bases}"
            )


@holds
def the_log_start_is_never_above_the_high_watermark(state: State) -> Iterator[str]:
    """Nobody deletes what is not committed, and the active segment ends where the log ends (R15, R70,
    R72).
    """
    for partition in state.cluster.partitions():
        for broker, replica in partition.replicas.items():
            if replica.log.start > replica.high_watermark:
                yield (
                    f"{partition.key} on broker {broker}: starts at {replica.log.start} above "
                    f"{replica.high_watermark}"
                )


@holds
def the_ledger_knows_every_record_once(state: State) -> Iterator[str]:
    """The counters of each track count each of its records."""
    for key, ledger in state.cluster.ledger.items():
        for producer, track in ledger.tracks.items():
            if sum(track.counts.values()) != len(track) or min(track.counts.values(), default=0) < 0:
                yield f"{key}, {producer}: {len(track)} records, counted {track.counts}"


@holds
def the_cleaner_takes_no_last_value(state: State) -> Iterator[str]:
    """A pass over the leader's log leaves each key's last committed value; aborted records are nobody's last
    (R74, R76).
    """
    for key, ledger in state.cluster.ledger.items():
        if ledger.robbed:
            yield f"{key}: the cleaner took the last committed values at {ledger.robbed}"
