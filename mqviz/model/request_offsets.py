"""Requests about the offsets of a log: where it begins and ends, and where it shall begin, as plain values."""

from __future__ import annotations

from mqviz.model.message import Request


class ListOffsets(Request, frozen=True, omit_defaults=True):
    """Where does each partition begin (`earliest`), end (`latest`; for `committed` readers), have records since `at_us` (`time`)? (R81, R88)"""

    which: str
    partitions: tuple[tuple[str, int], ...]
    at_us: int = 0
    committed: bool = False


class DeleteRecords(Request, frozen=True):
    """Make (topic, partition, offset) the first offset that can be read; -1: the high watermark (R72, E34).

    Answered with the new log start when the in-sync replicas have it or `timeout_us` is over.
    """

    offsets: tuple[tuple[str, int, int], ...]
    timeout_us: int = 30_000_000
