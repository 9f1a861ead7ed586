"""Requests for producer ids and transactions, as plain values."""

from __future__ import annotations

from mqviz.model.message import Request


class InitProducerId(Request, frozen=True):
    """Give me a producer id and epoch, and end whatever a former owner of `transactional_id` left open (R61, R65).

    Without `transactional_id`: an id for an idempotent producer (R57).
    """

    transactional_id: str = ""
    transaction_timeout_us: int = 60_000_000


class TxnOffsetCommit(Request, frozen=True):
    """Remember these offsets if the transaction commits (R66); generation -1 without a member."""

    transactional_id: str
    producer_id: int
    producer_epoch: int
    group: str
    offsets: tuple[tuple[str, int, int], ...]
    generation: int = -1
    member_id: str = ""


class EndTxn(Request, frozen=True):
    """Commit or abort the transaction (R62)."""

    transactional_id: str
    producer_id: int
    producer_epoch: int
    commit: bool


class WriteTxnMarkers(Request, frozen=True):
    """The coordinator tells a broker how a transaction ended, for its partitions and for its groups' offsets (R62)."""

    transactional_id: str
    producer_id: int
    producer_epoch: int
    commit: bool
    partitions: tuple[tuple[str, int], ...] = ()
    groups: tuple[str, ...] = ()
