"""A share consumer: its membership, the records that it holds, and what its application does with them."""

from __future__ import annotations

from bisect import bisect_right
from itertools import pairwise
from typing import Literal

import msgspec

from mqviz.model.command.share import AddShareConsumer
from mqviz.model.kafka.log.batch import Batch


class Delivered(msgspec.Struct):
    """Records first … end - 1 that poll() returned; `ack` is how the application acknowledged them, "" not
    yet.

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
    """What one poll() returns of it: (topic, partition, first, end, deliveries) of `most` records and the
    rest of a batch of the log.
    """
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


Ack = Literal["accept", "release", "reject", "renew"]


class Working(msgspec.Struct):
    """The record that the application works on."""

    topic: str
    partition: int
    offset: int
    key: str | None
    started_at_us: int
    ends_at_us: int


class ShareConsumer(msgspec.Struct):
    """A share consumer's process.

    `state`: running, paused, closing, leaving, closed, dead. `activity`: idle (outside of poll(), nothing to
    do), polling, processing, committing, closing. `life` counts starts, pauses and ends, `polls` calls of
    poll(): a timer of an earlier one is void. `delivered`: what poll() returned and no request has taken
    along as acknowledged;
    `next_work`: where in it the application goes on (topic, partition, offset). `buffered`: acquired and not
    returned yet.
    `acks`: acknowledgements that no request has taken along yet. `busy`: the request on its way, by broker,
    one at a time (a share session is in step); `sessions`: the epoch of the next request, by broker.
    `fetching`: records are wanted: until some come each leader is asked again and again, also between two
    calls of poll() (R131). `results`: (topic, partition, error) of the commit that is going on; `committing`:
    its requests.
    """

    name: str
    settings: AddShareConsumer
    processing_us: int
    incarnation: int
    life: int
    member_id: str
    explicit: bool
    state: str = "running"
    activity: str = "idle"
    epoch: int = 0
    interval_us: int = 0
    heard: bool = False
    partitions: tuple[tuple[str, int], ...] = ()
    delivered: list[Delivered] = msgspec.field(default_factory=list)
    buffered: list[Delivered] = msgspec.field(default_factory=list)
    hand: list[tuple[str, int, int, int]] = msgspec.field(default_factory=list)
    taken: Working | None = None
    acks: list[tuple[str, int, int, int, str]] = msgspec.field(default_factory=list)
    sessions: dict[int, int] = msgspec.field(default_factory=dict)
    busy: dict[int, int] = msgspec.field(default_factory=dict)
    fetching: bool = False
    polls: int = 0
    commits: int = 0
    results: list[tuple[str, int, int]] = msgspec.field(default_factory=list)
    carried: dict[str, tuple[Batch, ...]] = msgspec.field(default_factory=dict)
    frozen_at_us: int = 0
    processed: int = 0

    @property
    def unacknowledged(self) -> bool:
        """Whether poll() returned a record that was not acknowledged."""
        return any(not part.ack for part in self.delivered)


HELD = ("renewing", "renewed")
"""Not the application's to acknowledge now: the lock is being renewed, or was and poll() has not returned the
record again.
"""
