"""A classic group at its coordinator: members, generation, and the table of its states' moves (R100)."""

from __future__ import annotations

import msgspec

from mqviz.model.kafka.coordinator.offsets.state import GroupPartition
from mqviz.model.kafka.protocol.subscription import OwnedPartitions
from mqviz.model.moves import Step

MEMBER_MOVES: dict[str, tuple[str, ...]] = {
    "pending": ("joining", "gone"),
    "joining": ("awaiting sync", "joining", "gone"),
    "awaiting sync": ("stable", "joining", "rejoining", "gone"),
    "rejoining": ("joining", "awaiting sync", "gone"),
    "stable": ("rejoining", "joining", "gone"),
    "gone": (),
}
"""The same for a member: what the coordinator waits for next from it.

pending: has an id, not yet joined. joining: its JoinGroup waits for the others. awaiting sync: in the
generation, without its assignment. rejoining: must send JoinGroup again; only a static member is in the next
generation although it did not (R103).
"""


class Member(msgspec.Struct):
    """A member, by its id; `client` is its client.id, `instance_id` its group.instance.id if it is static.

    `joining`, `syncing`: numbers of its parked requests, 0 for none.
    """

    member_id: str
    client: str
    state: str
    session_timeout_us: int
    rebalance_timeout_us: int = 0
    assignors: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    joined_at_us: int = 0
    heard_at_us: int = 0
    joining: int = 0
    syncing: int = 0
    partitions: tuple[tuple[str, int], ...] = ()
    instance_id: str | None = None
    owned_partitions: OwnedPartitions = OwnedPartitions()


class Stored(msgspec.Struct):
    """A group as it stands in __consumer_offsets: what a coordinator that takes it over finds (R99)."""

    generation: int = 0
    assignor: str = ""
    group_leader: str = ""
    members: dict[str, Member] = msgspec.field(default_factory=dict)


class Group(msgspec.Struct):
    """A consumer group. Members by id, in the order they first joined; `group_leader` computes the
    assignment.

    `round` counts rebalances: a timer of an earlier one is void; `reason`, `stopped_at_us` and
    `stopped_at_lag` are the last one's. `extended`: somebody joined in this window of the initial delay;
    `window_left_us`: how much longer it may be extended (R102). `emptied_at_us`: when its last member was
    gone. `settled`: stable, with just the members that the assignment is for. `ids_given`: how many, by
    client.id. `protocol`: classic, consumer (its members are in coordinator/consumer/). `static`: member ids
    by group.instance.id.
    `loads`: how often a coordinator took it over; `stored`: what the next one would find. `path`: its last
    moves.
    """

    name: str
    coordinator: int
    state: str = "Empty"
    generation: int = 0
    assignor: str = ""
    group_leader: str = ""
    round: int = 0
    reason: str = ""
    stopped_at_us: int = 0
    stopped_at_lag: int = 0
    initial: bool = False
    extended: bool = False
    window_left_us: int = 0
    settled: bool = False
    ids_given: dict[str, int] = msgspec.field(default_factory=dict)
    members: dict[str, Member] = msgspec.field(default_factory=dict)
    pending: dict[str, Member] = msgspec.field(default_factory=dict)
    protocol: str = "classic"
    static: dict[str, str] = msgspec.field(default_factory=dict)
    loads: int = 0
    stored: Stored = msgspec.field(default_factory=Stored)
    emptied_at_us: int = 0
    records: dict[str, GroupPartition] = msgspec.field(default_factory=dict)
    path: list[Step] = msgspec.field(default_factory=list)

    def record(self, key: str, topic: str, partition: int) -> GroupPartition:
        """What the group has to do with this partition, empty at first."""
        found = self.records.get(key)
        if found is None:
            found = self.records[key] = GroupPartition(topic, partition)
        return found


MOVES: dict[str, tuple[str, ...]] = {
    "Empty": ("PreparingRebalance", "Dead"),
    "PreparingRebalance": ("CompletingRebalance", "Empty", "Dead"),
    "CompletingRebalance": ("Stable", "PreparingRebalance", "Dead"),
    "Stable": ("PreparingRebalance", "Dead"),
    "Dead": (),
}
"""From each state the states that may follow (R100)."""
