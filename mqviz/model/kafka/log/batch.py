"""Batch: records that travel and are stored together, and the sealed chunks that most batches of a log are
in.
"""

from __future__ import annotations

import msgspec

from mqviz.model.packing import share

LOG_APPEND_TIME, TRANSACTIONAL, CONTROL = 8, 16, 32
"""Kafka's bits in `Batch.attributes`."""


class Batch(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """Records that travel and are stored together; offset and sequence of record i are the first one's plus
    i.

    `producer_id` is -1 where the producer is not idempotent; sequences are counted all the same, so that
    records can be told apart. `attributes` are Kafka's bits: TRANSACTIONAL, CONTROL, LOG_APPEND_TIME.
    `keys`: a key or None a record. `values`: "" for an opaque payload, a short text, or None for a tombstone;
    None instead of the tuple: all opaque. `created`: when each record was created, where that is not
    `created_at_us` for all. `delete_horizon_us`: from then on a pass of the cleaner may drop tombstones and a
    marker (R75).
    `first_number`: the running number of the first record among its producer's records to this partition,
    which unlike sequences never begins again (-1: not told).
    """

    base_offset: int
    count: int
    bytes: int
    producer: str
    producer_id: int
    producer_epoch: int
    first_sequence: int
    attributes: int
    leader_epoch: int
    created_at_us: int
    appended_at_us: int
    keys: tuple[str | None, ...]
    values: tuple[str | None, ...] | None = None
    created: tuple[int, ...] | None = None
    delete_horizon_us: int | None = None
    first_number: int = -1

    @property
    def end_offset(self) -> int:
        """The offset after the last record."""
        return self.base_offset + self.count

    @property
    def control(self) -> bool:
        """Whether this is a transaction's marker, which no application reads (R62)."""
        return bool(self.attributes & CONTROL)

    @property
    def transactional(self) -> bool:
        """Whether its records belong to a transaction."""
        return bool(self.attributes & TRANSACTIONAL)

    @property
    def aborts(self) -> bool:
        """Whether this is the marker of an aborted transaction."""
        return self.control and "ABORT" in (*self.keys, *(self.values or ()))

    @property
    def latest_us(self) -> int:
        """The largest timestamp in it: that of the append, if the topic says so (R68)."""
        if self.attributes & LOG_APPEND_TIME:
            return self.appended_at_us
        return self.created_at_us if self.created is None else max(self.created)

    def timestamp_us(self, index: int) -> int:
        """The timestamp of its record number `index`."""
        if self.attributes & LOG_APPEND_TIME:
            return self.appended_at_us
        return self.created_at_us if self.created is None else self.created[index]

    def value(self, index: int) -> str | None:
        """The value of its record number `index`: "" is opaque, None a tombstone."""
        return "" if self.values is None else self.values[index]


class Chunk(msgspec.Struct, frozen=True, gc=False):
    """Sealed batches, offsets base_offset … end_offset - 1."""

    base_offset: int
    end_offset: int
    batches: tuple[Batch, ...]


share(Batch, Chunk)
