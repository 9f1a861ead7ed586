"""Producer state: what a replica remembers of each idempotent producer, so that a retry is not written twice.

Each entry keeps the last five batches (R58). The leader notes every append; a new leader reads it from its
own log, so the memory survives a failover. It is plain data in the replica.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from mqviz.model.kafka.log.batch import Batch

MOST_SEQUENCES = 1 << 31
"""Sequences go up to 2^31 - 1 and begin at 0 again."""

REMEMBERED = 5
"""Batches that a broker remembers of each producer."""

NO_LEADER_EPOCH = -1


def last_sequence(batch: Batch) -> int:
    """The sequence of its last record; after the largest one comes 0."""
    return (batch.first_sequence + batch.count - 1) % MOST_SEQUENCES


class LastBatch(msgspec.Struct, frozen=True):
    """A batch that was written: its sequences and where it is."""

    first_sequence: int
    last_sequence: int
    base_offset: int


class ProducerEntry(msgspec.Struct):
    """One producer id: its newest epoch, the last batches of that epoch, and when it last wrote."""

    epoch: int
    last_at_us: int
    batches: list[LastBatch] = msgspec.field(default_factory=list)

    @property
    def last_sequence(self) -> int:
        """The newest sequence of this epoch; -1: none was written yet."""
        return self.batches[-1].last_sequence if self.batches else -1


class ProducerTable(msgspec.Struct):
    """Entries by producer id, true for the log as it is while `leader_epoch` lasts."""

    leader_epoch: int = NO_LEADER_EPOCH
    entries: dict[int, ProducerEntry] = msgspec.field(default_factory=dict)

    def note(self, batch: Batch) -> None:
        """`batch` is in the log."""
        entry = self.entries.get(batch.producer_id)
        if entry is None or entry.epoch != batch.producer_epoch:
            entry = self.entries[batch.producer_id] = ProducerEntry(batch.producer_epoch, 0)
        entry.last_at_us = batch.appended_at_us
        if not batch.control:
            last = last_sequence(batch)
            entry.batches.append(LastBatch(batch.first_sequence, last, batch.base_offset))
            del entry.batches[:-REMEMBERED]


def rebuilt(batches: Iterable[Batch], leader_epoch: int) -> ProducerTable:
    """The table that these batches, oldest first, leave behind."""
    found = ProducerTable(leader_epoch)
    for batch in batches:
        if batch.producer_id >= 0:
            found.note(batch)
    return found
