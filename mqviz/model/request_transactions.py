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


class AddPartitionsToTxn(Request, frozen=True):
    """These partitions, and these groups' offsets (AddOffsetsToTxn), belong to the transaction from now on.

    Clients of transaction version 1, such as librdkafka, say so before they write; with version 2 the write itself does (R62).
    """

    transactional_id: str
    producer_id: int
    producer_epoch: int
    partitions: tuple[tuple[str, int], ...] = ()
    groups: tuple[str, ...] = ()


class EndTxn(Request, frozen=True, omit_defaults=True):
    """Commit or abort the transaction (R62); `raises`: the epoch goes up with it (transaction version 2)."""

    transactional_id: str
    producer_id: int
    producer_epoch: int
    commit: bool
    raises: bool = True


class WriteTxnMarkers(Request, frozen=True, omit_defaults=True):
    """The coordinator tells a broker how a transaction ended, for its partitions and for its groups' offsets (R62).

    `raised`: the epoch is higher than that of the transaction's records (not so with transaction version 1).
    """

    transactional_id: str
    producer_id: int
    producer_epoch: int
    commit: bool
    partitions: tuple[tuple[str, int], ...] = ()
    groups: tuple[str, ...] = ()
    raised: bool = True
