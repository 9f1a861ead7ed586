"""Commands to transactional producers: the calls of their application (R61, R66)."""

from __future__ import annotations

from mqviz.model.command.base import Command, Named


class InitTransactions(Named, frozen=True):
    """The application of the producer calls initTransactions(), once, before everything else."""

    verb, kind = "init", "transaction"


class BeginTransaction(Named, frozen=True):
    """The application of the producer calls beginTransaction()."""

    verb, kind = "begin", "transaction"


class CommitTransaction(Named, frozen=True):
    """The application of the producer calls commitTransaction()."""

    verb, kind = "commit", "transaction"


class AbortTransaction(Named, frozen=True):
    """The application of the producer calls abortTransaction()."""

    verb, kind = "abort", "transaction"


class SendOffsets(Command, frozen=True):
    """The application of the producer calls sendOffsetsToTransaction() with the group metadata of `consumer`.

    `offsets`: the next offset to read of each partition, as `orders-0@4`; without any, where the consumer's
    poll() has come.
    """

    verb, kind = "send", "offsets"
    name: str
    consumer: str
    offsets: tuple[str, ...] = ()


AnyTransactionCommand = (
    InitTransactions | BeginTransaction | CommitTransaction | AbortTransaction | SendOffsets
)
