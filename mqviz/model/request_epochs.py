"""OffsetForLeaderEpoch: where does this leadership end in your log? (R26), as plain values."""

from __future__ import annotations

from mqviz.model.answers import Answer
from mqviz.model.message import Request


class OffsetForLeaderEpoch(Request, frozen=True):
    """(topic, partition, the leader epoch that the asker knows as the current one or -1, the epoch whose end is asked)."""

    partitions: tuple[tuple[str, int, int, int], ...]


class EpochEnds(Answer, frozen=True):
    """(topic, partition, error, the largest epoch known up to the one asked for, where it ends), -1 with an error."""

    partitions: tuple[tuple[str, int, int, int, int], ...] = ()
