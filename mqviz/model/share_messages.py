"""Share messages: what share consumers ask of brokers and of their coordinator, as plain values (KIP-932)."""

from __future__ import annotations

from mqviz.model.answers import Answer
from mqviz.model.message import Request

Acks = tuple[tuple[str, int, int, int, str], ...]
"""Acknowledgement batches (topic, partition, first, end, type); type: accept, release, reject, renew, or gap for
offsets that hold no record."""

ACK_TYPES = ("gap", "accept", "release", "reject", "renew")
"""In the order of Kafka's numbers."""


class ShareGroupHeartbeat(Request, frozen=True):
    """Join (`member_epoch` 0), stay, or leave (-1) a share group; `topics` None: as before (R130)."""

    group: str
    member_id: str
    member_epoch: int
    client_id: str
    topics: tuple[str, ...] | None = None


class ShareFetch(Request, frozen=True):
    """Acquire records of these partitions, up to `max_records`, and acknowledge others (R131, R133).

    `epoch` is the share session's: 0 opens one, then it counts up, -1 ends it. `record_limit`: share.acquire.mode
    is record_limit, so that batches are cut (E61).
    """

    group: str
    member_id: str
    epoch: int
    partitions: tuple[tuple[str, int], ...]
    max_records: int = 500
    record_limit: bool = False
    acks: Acks = ()


class ShareAcknowledge(Request, frozen=True):
    """Acknowledge records; `epoch` as in ShareFetch (R133)."""

    group: str
    member_id: str
    epoch: int
    acks: Acks


AnyShareRequest = ShareGroupHeartbeat | ShareFetch | ShareAcknowledge


class ShareGroupHeard(Answer, frozen=True):
    """The member's epoch, when to come again, and its assignment where it changed (None: as before)."""

    member_id: str = ""
    member_epoch: int = 0
    interval_us: int = 0
    assignment: tuple[tuple[str, int], ...] | None = None


class ShareFetched(Answer, frozen=True):
    """Acquired ranges (topic, partition, error, first, end, delivery count); the batches travel along.

    `acked`: what became of the acknowledgements, (topic, partition, error).
    """

    partitions: tuple[tuple[str, int, int, int, int, int], ...] = ()
    acked: tuple[tuple[str, int, int], ...] = ()


class ShareAcknowledged(Answer, frozen=True):
    """What became of the acknowledgements: (topic, partition, error)."""

    acked: tuple[tuple[str, int, int], ...] = ()


AnyShareAnswer = ShareGroupHeard | ShareFetched | ShareAcknowledged
