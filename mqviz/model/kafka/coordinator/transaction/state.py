"""A transactional.id at its coordinator: producer id, epoch, the partitions in its transaction, its state."""

from __future__ import annotations

import msgspec


class Transaction(msgspec.Struct):
    """A transactional.id, its producer id and newest epoch, and its transaction, if there is one.

    `partitions`, `groups`: what belongs to the open transaction, or still waits for its marker; `commit`: how
    it ends.
    `began_at_us`: since when it is Ongoing; `changed_at_us`: when the coordinator last wrote about it.
    `coordinator`: the broker that looks after it. `began_by`, `decided_by`: the events with which its
    transaction was opened and decided. `raised`: the epoch was raised for its end.
    """

    transactional_id: str
    producer_id: int
    epoch: int
    timeout_us: int
    state: str = "Empty"
    partitions: list[tuple[str, int]] = msgspec.field(default_factory=list)
    groups: list[str] = msgspec.field(default_factory=list)
    commit: bool = False
    began_at_us: int = 0
    changed_at_us: int = 0
    coordinator: int = -1
    began_by: int = 0
    decided_by: int = 0
    raised: bool = True


class Transactions(msgspec.Struct):
    """`ids`: every transactional.id by name; `owners`: the id of each producer id. `pending`: by group and
    producer id the offsets (topic, partition, offset, the event that wrote them) that count only when the
    transaction commits (R66, R82).
    """

    ids: dict[str, Transaction] = msgspec.field(default_factory=dict)
    owners: dict[int, str] = msgspec.field(default_factory=dict)
    pending: dict[str, dict[int, list[tuple[str, int, int, int]]]] = msgspec.field(default_factory=dict)

    def of(self, producer_id: int) -> Transaction | None:
        """The transactional.id that has this producer id."""
        return self.ids.get(self.owners.get(producer_id, ""))

    def unstable(self, group: str, topic: str, partition: int) -> bool:
        """Whether an open transaction holds an offset of this partition (R82)."""
        held = self.pending.get(group, {}).values()
        return any((t, p) == (topic, partition) for offsets in held for t, p, *_ in offsets)


MOVES: dict[str, tuple[str, ...]] = {
    "Empty": ("Empty", "Ongoing", "PrepareAbort", "Dead"),
    "Ongoing": ("Ongoing", "PrepareCommit", "PrepareAbort", "PrepareEpochFence"),
    "PrepareEpochFence": ("PrepareAbort",),
    "PrepareCommit": ("CompleteCommit",),
    "PrepareAbort": ("CompleteAbort",),
    "CompleteCommit": ("Empty", "Ongoing", "PrepareAbort", "Dead"),
    "CompleteAbort": ("Empty", "Ongoing", "PrepareAbort", "Dead"),
    "Dead": (),
}
"""From each state of a transactional.id the states that may follow (R61)."""
