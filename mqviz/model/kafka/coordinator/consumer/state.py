"""A group of the consumer protocol at its coordinator: epochs, members, target and current assignment."""

from __future__ import annotations

import msgspec

from mqviz.model.moves import Step

Partitions = tuple[tuple[str, int], ...]
"""(topic, partition), sorted."""


class ConsumerGroupMember(msgspec.Struct):
    """A member, by its id; `client` is its client.id, `instance_id` the group.instance.id of a static one,
    else "".

    `epoch`: the target epoch that it has reached, 0 until its first; `previous_epoch`: the one before (R121).
    `assigned`: what it may read; `revoking`: what it was told to give up, by `revoke_by_us` at the latest.
    `server_assignor`: the one that it asks for, "" for none.
    """

    member_id: str
    client: str
    instance_id: str = ""
    state: str = "STABLE"
    epoch: int = 0
    previous_epoch: int = 0
    rebalance_timeout_us: int = 0
    topics: tuple[str, ...] = ()
    server_assignor: str = ""
    assigned: Partitions = ()
    revoking: Partitions = ()
    revoke_by_us: int = 0
    joined_at_us: int = 0
    heard_at_us: int = 0

    @property
    def partitions(self) -> Partitions:
        """What the group thinks it reads, as of a member of the classic protocol."""
        return self.assigned


class ConsumerGroup(msgspec.Struct):
    """Members by id, in the order they joined. `target`: who should own what, by member id, as of
    `assignment_epoch`.

    `metadata`: partitions of each subscribed topic that exists, as of `epoch`. `owners`: who has each
    partition, also one that it was told to give up, by the partition's key. `assigned_at_us`: when the target
    was computed last, -1 for never.
    `reason`: why the epoch was raised last; `began_at_us`: when the group was stable last. `path`: its last
    moves.
    `most`: how many members it had at most at once before the last one came or went.
    """

    name: str
    coordinator: int
    state: str = "Empty"
    epoch: int = 0
    assignment_epoch: int = 0
    assigned_at_us: int = -1
    assignor: str = ""
    reason: str = ""
    began_at_us: int = 0
    metadata: tuple[tuple[str, int], ...] = ()
    members: dict[str, ConsumerGroupMember] = msgspec.field(default_factory=dict)
    target: dict[str, Partitions] = msgspec.field(default_factory=dict)
    owners: dict[str, str] = msgspec.field(default_factory=dict)
    path: list[Step] = msgspec.field(default_factory=list)
    most: int = 0

    @property
    def generation(self) -> int:
        """The group epoch, which is what a generation is in the classic protocol."""
        return self.epoch

    def static(self, instance_id: str) -> ConsumerGroupMember | None:
        """The member with this group.instance.id."""
        return next((m for m in self.members.values() if m.instance_id == instance_id), None)

    def state_now(self) -> str:
        """The group's state, the first that fits (R129)."""
        if not self.members:
            return "Empty"
        if self.epoch > self.assignment_epoch:
            return "Assigning"
        reached = all(m.state == "STABLE" and m.epoch == self.assignment_epoch for m in self.members.values())
        return "Stable" if reached else "Reconciling"


CONSUMER_GROUP_MOVES: dict[str, tuple[str, ...]] = {
    "Empty": ("Assigning", "Reconciling", "Stable", "Dead"),
    "Assigning": ("Reconciling", "Stable", "Empty", "Dead"),
    "Reconciling": ("Stable", "Assigning", "Empty", "Dead"),
    "Stable": ("Assigning", "Reconciling", "Empty", "Dead"),
    "Dead": (),
}
"""From each state the states that may follow (R129)."""

CONSUMER_MEMBER_MOVES: dict[str, tuple[str, ...]] = {
    "STABLE": ("STABLE", "UNREVOKED", "UNRELEASED", "gone"),
    "UNREVOKED": ("STABLE", "UNREVOKED", "UNRELEASED", "gone"),
    "UNRELEASED": ("STABLE", "UNREVOKED", "UNRELEASED", "gone"),
    "gone": (),
}
"""The same for a member (R123).

STABLE: has what its epoch gives it. UNREVOKED: was told to give up partitions and has not said yet that it
did. UNRELEASED: waits for partitions that another member still has.
"""

AWAY = -2
"""The epoch of a static member that left and may come back (R128)."""
