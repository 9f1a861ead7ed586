"""Accumulator: the batches of a producer, from the first record in them until somebody knows what became of
them.
"""

from __future__ import annotations

import msgspec


class OpenBatch(msgspec.Struct):
    """A batch that waits at the producer or is on its way; `closed`: takes no more records.

    `first_sequence` is the running number of its first record among this producer's to this partition.
    `values`, `created` and `lengths` (of the values, bytes) are kept as in Batch: only once a record has one
    of its own. `charge`: bytes of buffer.memory that it holds (R41). `sequence` and `epoch`: Kafka's, given
    when it first leaves, -1 before that; `reset`: they were given anew while it was on its way. `request`:
    the one that carries it, `broker`: where it was sent last, 0 for nowhere.
    `attempts`: failed ones; `retry_at_us`: the end of the backoff. `written`: a leader has it. `split`: part
    of one too large.
    `left_at_us`: when it was sent last.
    """

    created_at_us: int
    first_sequence: int
    bytes: int
    keys: list[str | None]
    closed: bool = False
    values: list[str | None] | None = None
    created: list[int] | None = None
    lengths: list[int] | None = None
    charge: int = 0
    sequence: int = -1
    epoch: int = 0
    reset: bool = False
    request: int = 0
    broker: int = 0
    attempts: int = 0
    retry_at_us: int = 0
    written: bool = False
    split: bool = False
    left_at_us: int = 0

    def note(self, value: str | None, stamp_us: int, length: int, usual: int, count: int) -> None:
        """The `count` records that were put in last have this value and timestamp, their values this length
        (-1: `usual`).
        """
        before = len(self.keys) - count
        if self.values is None and value != "":
            self.values = [""] * before
        if self.created is None and stamp_us != self.created_at_us:
            self.created = [self.created_at_us] * before
        if self.lengths is None and length >= 0:
            self.lengths = [usual] * before
        if self.values is not None:
            self.values += [value] * count
        if self.created is not None:
            self.created += [stamp_us] * count
        if self.lengths is not None:
            self.lengths += [usual if length < 0 else length] * count

    def part(self, begin: int, end: int, size: int) -> OpenBatch:
        """Records begin … end - 1 as a batch of their own of `size` bytes; it holds no buffer (R47)."""
        return OpenBatch(
            self.created_at_us,
            self.first_sequence + begin,
            size,
            self.keys[begin:end],
            True,
            None if self.values is None else self.values[begin:end],
            None if self.created is None else self.created[begin:end],
            None if self.lengths is None else self.lengths[begin:end],
            attempts=self.attempts + 1,
            sequence=-1 if self.sequence < 0 else self.sequence + begin,
            epoch=self.epoch,
            split=True,
        )


Past = tuple[int, int, int, int, int]
"""A batch that was acknowledged: opened, left last, acknowledged (all us), records, bytes."""

PAST = 8
"""So many of them are remembered at least, and fewer than twice as many."""


class Queue(msgspec.Struct):
    """A partition's batches at the producer, oldest first, and those on their way.

    `next_sequence` numbers its records; `begin`: those that earlier processes of this name sent. `sequence`,
    `epoch`: Kafka's next ones to give; `acked`: the last sequence that was acknowledged. `unresolved`: a
    batch expired after it was sent, so nobody knows whether its sequences are in the log (R60).
    `given_up`: records (by first number, count) of batches that failed and may still arrive. `past`: the last
    batches that were acknowledged; `confirmed`: all records that were.
    """

    topic: str
    partition: int
    begin: int = 0
    next_sequence: int = 0
    batches: list[OpenBatch] = msgspec.field(default_factory=list)
    in_flight: list[OpenBatch] = msgspec.field(default_factory=list)
    sequence: int = 0
    epoch: int = 0
    acked: int = -1
    unresolved: bool = False
    given_up: dict[int, int] = msgspec.field(default_factory=dict)
    past: list[Past] = msgspec.field(default_factory=list)
    confirmed: int = 0

    def note(self, batch: OpenBatch, at_us: int) -> None:
        """`batch` was acknowledged at `at_us`: remember it for a while."""
        self.confirmed += len(batch.keys)
        past = self.past
        past.append((batch.created_at_us, batch.left_at_us, at_us, len(batch.keys), batch.bytes))
        if len(past) >= 2 * PAST:
            del past[:PAST]

    def numbering(self, batch: OpenBatch, epoch: int) -> tuple[int, int]:
        """(epoch, sequence) with which `batch` leaves now, where `epoch` is the producer's (R57)."""
        if batch.sequence >= 0:
            return batch.epoch, batch.sequence
        return (self.epoch, self.sequence) if self.epoch == epoch else (epoch, 0)

    def left(self, number: int, broker: int, epoch: int, at_us: int) -> None:
        """The first batch leaves in request `number`."""
        batch = self.batches.pop(0)
        if batch.sequence < 0:
            batch.epoch, batch.sequence = self.numbering(batch, epoch)
            if self.epoch != epoch:
                self.epoch, self.acked = epoch, -1
            self.sequence = batch.sequence + len(batch.keys)
        batch.request, batch.broker, batch.closed, batch.left_at_us = number, broker, True, at_us
        self.in_flight.append(batch)

    def find(self, first: int) -> OpenBatch | None:
        """The batch that begins with record number `first`."""
        for batch in self.in_flight:
            if batch.first_sequence == first:
                return batch
        return next((batch for batch in self.batches if batch.first_sequence == first), None)

    def take(self, first: int) -> OpenBatch | None:
        """Take that batch out."""
        batch = self.find(first)
        if batch is not None:
            (self.in_flight if batch in self.in_flight else self.batches).remove(batch)
        return batch

    def put_back(self, batch: OpenBatch, in_order: bool) -> None:
        """A batch waits again: before all others, or with idempotence where its sequence belongs (R34)."""
        at = 0
        if in_order:
            while at < len(self.batches) and 0 <= self.batches[at].sequence < batch.sequence:
                at += 1
        self.batches.insert(at, batch)

    def tracked(self) -> list[OpenBatch]:
        """Batches that have sequences and no outcome yet, in the order of their sequences."""
        found = [*self.in_flight, *(batch for batch in self.batches if batch.sequence >= 0)]
        return sorted(found, key=lambda batch: batch.sequence)

    def begin_epoch(self, epoch: int) -> None:
        """Sequences begin at 0 again, also those of batches without outcome (R60)."""
        self.epoch, self.sequence, self.acked, self.unresolved = epoch, 0, -1, False
        for batch in self.tracked():
            batch.epoch, batch.sequence, batch.reset = epoch, self.sequence, True
            self.sequence += len(batch.keys)

    def give_up(self, batch: OpenBatch) -> None:
        """`batch` failed; remember it for a while if it was sent and a leader may yet write it."""
        if batch.broker and not batch.written:
            self.given_up[batch.first_sequence] = len(batch.keys)
            if len(self.given_up) > REMEMBERED:
                del self.given_up[next(iter(self.given_up))]


REMEMBERED = 256
"""Failed batches that a queue remembers."""
