"""What poll() returned to a share consumer, as ranges that are acknowledged alike (R133)."""

from __future__ import annotations

from bisect import bisect_right
from itertools import pairwise

import msgspec

from mqviz.model.log import Batch


class Delivered(msgspec.Struct):
    """Records first … end - 1 that poll() returned; `ack` is how the application acknowledged them, "" not yet.

    "renew" is on its way as "renewing", and "renewed" until poll() returns the records again (KIP-1222).
    """

    topic: str
    partition: int
    first: int
    end: int
    deliveries: int
    ack: str = ""
    batches: list[Batch] = msgspec.field(default_factory=list)

    def batch_end(self, offset: int) -> int:
        """Where the log's batch with this offset ends."""
        index = bisect_right(self.batches, offset, key=lambda batch: batch.end_offset)
        return self.batches[index].end_offset if index < len(self.batches) else self.end


def up_to(buffered: list[Delivered], most: int) -> list[tuple[str, int, int, int, int]]:
    """What one poll() returns of it: (topic, partition, first, end, deliveries) of `most` records and the rest of a batch of the log."""
    parts: list[tuple[str, int, int, int, int]] = []
    ends: dict[tuple[str, int], int] = {}
    left = most
    for part in buffered:
        place = part.topic, part.partition
        if left <= 0 and part.first >= ends.get(place, 0):
            break
        ends[place] = part.batch_end(min(part.first + max(left, 1), part.end) - 1)
        end = min(part.end, ends[place])
        parts.append((*place, part.first, end, part.deliveries))
        left -= end - part.first
    return parts


def acknowledged(
    delivered: list[Delivered], topic: str, partition: int, first: int, end: int, kind: str
) -> list[Delivered]:
    """`delivered` with first … end - 1 of a partition acknowledged; neighbours that are alike become one."""
    found: list[Delivered] = []
    for part in delivered:
        for piece in _marked(part, topic, partition, first, end, kind):
            if found and _follows(found[-1], piece):
                found[-1].end = piece.end
            else:
                found.append(piece)
    return found


def _follows(before: Delivered, piece: Delivered) -> bool:
    """Whether the two are neighbours in one log, acknowledged alike and of the same delivery."""
    return (
        before.end == piece.first
        and before.ack == piece.ack
        and before.batches is piece.batches
        and (before.topic, before.partition) == (piece.topic, piece.partition)
    )


def _marked(part: Delivered, topic: str, partition: int, first: int, end: int, kind: str) -> list[Delivered]:
    """`part`, cut where the acknowledged range begins and ends."""
    if (part.topic, part.partition) != (topic, partition) or end <= part.first or first >= part.end:
        return [part]
    marks = [part.first, *(mark for mark in (first, end) if part.first < mark < part.end), part.end]
    pieces = [msgspec.structs.replace(part, first=a, end=b) for a, b in pairwise(marks)]
    for piece in pieces:
        if first <= piece.first and piece.end <= end:
            piece.ack = kind
    return pieces
