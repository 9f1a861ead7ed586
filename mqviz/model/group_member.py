"""Group member: one member of a classic group as its coordinator sees it, and what is stored of a group."""

from __future__ import annotations

import msgspec

from mqviz.model.holdings import Holdings

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
    holdings: Holdings = Holdings()


class Stored(msgspec.Struct):
    """A group as it stands in __consumer_offsets: what a coordinator that takes it over finds (R99)."""

    generation: int = 0
    assignor: str = ""
    group_leader: str = ""
    members: dict[str, Member] = msgspec.field(default_factory=dict)
