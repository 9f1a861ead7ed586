"""What poll() returned to a share consumer, as ranges that are acknowledged alike (R133)."""

from __future__ import annotations

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
