"""Facts of the ledger: what became of records, counted and one by one."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from mqviz.model.kafka.clients.consumer.isolation import readable_to, reads_committed
from mqviz.model.kafka.cluster import Partition
from mqviz.model.kafka.coordinator.offsets.state import GroupPartition
from mqviz.model.kafka.ledger.state import ACKNOWLEDGED, COPIES, COPY, FAILED, REASONS, PartitionLedger
from mqviz.model.state import State

KEPT_AWAY = ("deleted", "compacted")
"""Reasons for which a record that was safe may go: its topic's own rules."""


class Fate(msgspec.Struct, frozen=True):
    """What became of one record; `reason`: why the last copy went, "" while there is one or none ever was."""

    acknowledged: bool
    failed: bool
    copies: int
    reason: str

    @property
    def lost(self) -> bool:
        """Whether the producer was told that it is safe, and it is not in the log, and not by the topic's own
        rules.
        """
        return self.acknowledged and not self.copies and self.reason not in KEPT_AWAY


class RecordLedger(msgspec.Struct, frozen=True):
    """Records counted. `open`: the producer knows nothing yet. `in_log`: at least one copy is in the leader's
    log.

    `duplicates`: copies beyond the first. `lost`: acknowledged and lost, by reason ("" where only a deposed
    or unreached broker had it). `gone`: never acknowledged, no copy left, by reason. `deleted` and
    `compacted`: by retention, DeleteRecords, compaction.
    """

    sent: int = 0
    acknowledged: int = 0
    failed: int = 0
    open: int = 0
    in_log: int = 0
    duplicates: int = 0
    deleted: int = 0
    compacted: int = 0
    lost: dict[str, int] = msgspec.field(default_factory=dict)
    gone: dict[str, int] = msgspec.field(default_factory=dict)


class Deliveries(msgspec.Struct, frozen=True):
    """How often a group has processed the records that are in the log and committed."""

    never: int
    once: int
    more: int


def fate_of(byte: int) -> Fate:
    """What a record's byte says."""
    return Fate(bool(byte & ACKNOWLEDGED), bool(byte & FAILED), (byte & COPIES) // COPY, REASONS[byte >> 5])


def kept(byte: int) -> bool:
    """Whether a record of this byte is in the log, or went by its topic's own rules."""
    return bool(byte & COPIES) or REASONS[byte >> 5] in KEPT_AWAY


def over(byte: int) -> bool:
    """Whether a record of this byte is in no log and its producer does not send it any more."""
    settled = byte & (ACKNOWLEDGED | FAILED) or REASONS[byte >> 5] == "never sent"
    return bool(settled) and not kept(byte)


def fate(state: State, producer: str, topic: str, partition: int, number: int) -> Fate:
    """What became of record `number` (from 0) of a producer to a partition; raises KeyError for an unknown
    topic.
    """
    found = state.cluster.ledger.get(state.cluster.partition(topic, partition).key, PartitionLedger())
    track = found.tracks.get(producer)
    return fate_of(track.byte(number) if track else 0)


def record_ledger(state: State, topic: str, partition: int | None = None) -> RecordLedger:
    """The records that simulated producers sent to a topic, or to one of its partitions; clients from outside
    count theirs.
    """
    cluster = state.cluster
    counts: dict[int, int] = {}
    sent = 0
    for each in cluster.topic(topic).partitions:
        if partition in (None, each.number):
            ledger = cluster.ledger.get(each.key, PartitionLedger())
            for track in ledger.tracks.values():
                for byte, number in track.counts.items():
                    counts[byte] = counts.get(byte, 0) + number
            sent += sum(producer.numbered().get(each.key, 0) for producer in cluster.producers.values())
    return _counted(counts, sent)


def _counted(counts: dict[int, int], sent: int) -> RecordLedger:
    fates = [(fate_of(byte), number) for byte, number in sorted(counts.items()) if number]
    known = sum(number for _, number in fates)
    told = sum(number for each, number in fates if each.acknowledged or each.failed)
    never_sent = sum(
        number for each, number in fates if each.reason == "never sent" and not each.acknowledged
    )
    total = max(sent, known)
    lost: dict[str, int] = {}
    gone: dict[str, int] = {}
    for each, number in fates:
        if each.lost:
            lost[each.reason] = lost.get(each.reason, 0) + number
        elif not each.acknowledged and not each.copies and each.reason and each.reason not in KEPT_AWAY:
            gone[each.reason] = gone.get(each.reason, 0) + number
    return RecordLedger(
        total,
        sum(number for each, number in fates if each.acknowledged),
        sum(number for each, number in fates if each.failed),
        total - told - never_sent,
        sum(number for each, number in fates if each.copies),
        sum(number * (each.copies - 1) for each, number in fates if each.copies),
        sum(number for each, number in fates if not each.copies and each.reason == "deleted"),
        sum(number for each, number in fates if not each.copies and each.reason == "compacted"),
        lost,
        gone,
    )


def deliveries(state: State, group: str, topic: str, partition: int) -> Deliveries:
    """How often the group processed what it can read of a partition, from its first reader's start on.

    What a group that reads only committed transactions never sees, because it was aborted, is not counted
    (R63).
    """
    found = state.cluster.partition(topic, partition)
    known = state.cluster.groups.get(group)
    record = known.records.get(found.key) if known else None
    record = record or GroupPartition(topic, partition)
    counts = [0, 0, 0]
    readers = [c.settings for c in state.cluster.consumers.values() if c.settings.group == group]
    committed = bool(readers) and all(map(reads_committed, readers))
    for first, end, times in _steps(found, record, committed):
        counts[min(times, 2)] += end - first
    return Deliveries(*counts)


def _steps(partition: Partition, record: GroupPartition, committed: bool) -> Iterator[tuple[int, int, int]]:
    """(first, end, times) of runs of readable records that were processed equally often."""
    led = partition.replicas.get(partition.leader)
    if led is None:
        return
    begin = max(led.log.start, record.start or 0)
    steps = list(zip([*record.ends, led.log.end], [*record.times, 0], strict=True))
    at = 0
    for batch in led.log.forwards(begin):
        if batch.control or (committed and led.log.transactions.hides(batch)):
            continue
        first, last = max(begin, batch.base_offset), min(batch.end_offset, readable_to(led, committed))
        while first < last:
            while at < len(steps) - 1 and steps[at][0] <= first:
                at += 1
            end = last if steps[at][0] <= first else min(last, steps[at][0])
            yield first, end, steps[at][1]
            first = end
