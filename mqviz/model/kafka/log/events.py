"""Batches are written or refused; segments are rolled, deleted and compacted; a log's start moves."""

from __future__ import annotations

from mqviz.model.event import Event, Weight
from mqviz.model.kafka.log.batch import Batch


class BatchRepeated(Event, frozen=True):
    """The leader had this batch already: it answers with the first offset and writes nothing (R58)."""

    weight = Weight.MOMENT
    topic: str
    partition: int
    broker: int
    number: int
    producer: str
    base_offset: int
    count: int


class BatchAppended(Event, frozen=True):
    """The partition leader wrote a batch of request `number` (0: nobody asked) to its log."""

    weight = Weight.STEP
    topic: str
    partition: int
    broker: int
    number: int
    batch: Batch


class BatchRefused(Event, frozen=True):
    """The broker refused a batch of request `number` before writing it; `named` is the error's name and code
    (R31).
    """

    weight = Weight.MOMENT
    topic: str
    partition: int
    broker: int
    number: int
    error: int
    named: str
    count: int


class SegmentRolled(Event, frozen=True):
    """The active segment was closed and a new one begins at `base_offset`; `reason`: size, time, or retention
    (R67).
    """

    topic: str
    partition: int
    broker: int
    base_offset: int
    reason: str


class SegmentsDeleted(Event, frozen=True):
    """The `count` oldest segments, `bytes` in all, are no longer part of the log; their files go at
    `gone_at_us` (R70).

    `reason`: time, size, or log start.
    """

    weight = Weight.MOMENT
    topic: str
    partition: int
    broker: int
    count: int
    bytes: int
    gone_at_us: int
    reason: str


class LogStartMoved(Event, frozen=True):
    """Offsets below `start` can no longer be read; `reason`: retention, delete records, or the leader's log
    start (R72).
    """

    weight = Weight.MOMENT
    topic: str
    partition: int
    broker: int
    before: int
    start: int
    reason: str


class LogCleaned(Event, frozen=True):
    """The cleaner went over the closed segments below `end`: `removed` records are gone, the others kept
    their offsets (R74).

    `keep_tombstones_us`: how long a tombstone stays after the first pass that could drop it (R75).
    """

    weight = Weight.MOMENT
    topic: str
    partition: int
    broker: int
    end: int
    removed: int
    bytes_before: int
    bytes_after: int
    keep_tombstones_us: int
    segment_bytes: int
