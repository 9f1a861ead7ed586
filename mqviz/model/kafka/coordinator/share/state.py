"""A share group: its members and epoch at its coordinator, and its share-partitions (KIP-932)."""

from __future__ import annotations

import msgspec

from mqviz.model.kafka.coordinator.share.window import SharePartition
from mqviz.model.moves import Step


class ShareMember(msgspec.Struct):
    """A member. `epoch`: the one it was told last; `partitions`: its target; `told`: it knows them."""

    member_id: str
    client: str
    topics: tuple[str, ...]
    epoch: int = 0
    previous_epoch: int = 0
    partitions: tuple[tuple[str, int], ...] = ()
    told: bool = False
    heard_at_us: int = 0


class ShareGroup(msgspec.Struct):
    """A share group. Members by id in the order of joining; `windows` by partition key; `counted`: partitions
    by topic when they were shared out last, empty until that is done anew.

    `epoch` goes up with each change of members or partitions. `path`: its last moves.
    """

    name: str
    coordinator: int
    state: str = "Empty"
    epoch: int = 0
    members: dict[str, ShareMember] = msgspec.field(default_factory=dict)
    counted: dict[str, int] = msgspec.field(default_factory=dict)
    windows: dict[str, SharePartition] = msgspec.field(default_factory=dict)
    path: list[Step] = msgspec.field(default_factory=list)


MOVES: dict[str, tuple[str, ...]] = {
    "Empty": ("Stable", "Dead"),
    "Stable": ("Empty", "Stable", "Dead"),
    "Dead": (),
}
"""From each state of a share group the states that may follow."""
