"""Members of a classic group join, sync and leave or are removed; a rebalance begins, ends, and is stored."""

from __future__ import annotations

from mqviz.model.event import Event, Weight
from mqviz.model.kafka.protocol.subscription import OwnedPartitions


class GroupCreated(Event, frozen=True):
    """Somebody asked for a group that did not exist;
    `coordinator` is the broker that looks after it (R99).
    """

    group: str
    coordinator: int


class MemberIdGiven(Event, frozen=True):
    """A JoinGroup without id was answered MEMBER_ID_REQUIRED with this id; it counts only with the next
    (R101).
    """

    group: str
    member_id: str
    client: str
    session_timeout_us: int


class MemberJoined(Event, frozen=True):
    """A JoinGroup counted; it waits as request `number` until the generation begins (R101)."""

    weight = Weight.STEP
    group: str
    member_id: str
    client: str
    number: int
    session_timeout_us: int
    rebalance_timeout_us: int
    assignors: tuple[str, ...]
    topics: tuple[str, ...]
    instance_id: str | None = None
    owned_partitions: OwnedPartitions = OwnedPartitions()


class MemberRejoined(Event, frozen=True):
    """A known member sent JoinGroup again."""

    group: str
    member_id: str
    number: int
    assignors: tuple[str, ...]
    topics: tuple[str, ...]
    owned_partitions: OwnedPartitions = OwnedPartitions()


class RebalanceStarted(Event, frozen=True):
    """All members must join again; `reason` is a few words, `window_us` the first wait of an initial delay
    (R102).
    """

    weight = Weight.MOMENT
    group: str
    reason: str
    initial: bool
    window_left_us: int


class InitialDelayExtended(Event, frozen=True):
    """Somebody joined during the initial delay, so the group waits once more (R102)."""

    group: str
    window_left_us: int


class GenerationStarted(Event, frozen=True):
    """Everybody joined: these are the members, the leader computes who gets what (R104)."""

    weight = Weight.STEP
    group: str
    generation: int
    assignor: str
    group_leader: str


class GroupEmptied(Event, frozen=True):
    """Nobody joined the new generation (R100)."""

    weight = Weight.MOMENT
    group: str
    generation: int


class MemberSynced(Event, frozen=True):
    """A SyncGroup came before the leader's; it waits as request `number` (R104)."""

    group: str
    member_id: str
    number: int


class GroupStabilized(Event, frozen=True):
    """The leader's assignment is stored; each member is told its own partitions (R104)."""

    weight = Weight.MOMENT
    group: str
    generation: int
    assignments: tuple[tuple[str, tuple[tuple[str, int], ...]], ...]


class MemberAssigned(Event, frozen=True):
    """A SyncGroup came after the assignment was stored; it is answered at once."""

    group: str
    member_id: str


class MemberHeard(Event, frozen=True):
    """Something came from a member, so its session starts anew (R106)."""

    group: str
    member_id: str


class MemberRemoved(Event, frozen=True):
    """A member is out; `reason`: left, session expired, did not rejoin, did not sync, never joined."""

    weight = Weight.MOMENT
    group: str
    member_id: str
    client: str
    reason: str


class StaticMemberReplaced(Event, frozen=True):
    """A JoinGroup with a known group.instance.id: the new process takes the old one's place and share (R113).

    `number`: the JoinGroup, if it waits for the others; 0 if it was answered at once. The id `member_id` is
    fenced.
    """

    weight = Weight.MOMENT
    group: str
    instance_id: str
    member_id: str
    replacement: str
    client: str
    number: int
    session_timeout_us: int
    rebalance_timeout_us: int
    assignors: tuple[str, ...]
    topics: tuple[str, ...]
    owned_partitions: OwnedPartitions = OwnedPartitions()


class GroupLoaded(Event, frozen=True):
    """Another broker coordinates the group now;
    it goes on from what is stored in __consumer_offsets (R99).
    """

    weight = Weight.MOMENT
    group: str
    coordinator: int


class MemberTimeoutsSet(Event, frozen=True):
    """A known member joined again with another session or rebalance timeout."""

    group: str
    member_id: str
    session_timeout_us: int
    rebalance_timeout_us: int
