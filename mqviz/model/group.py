"""Group: a consumer group as its coordinator sees it, by the classic protocol.

The states and their legal moves are the table MOVES, ClassicGroupState in Kafka (R100); an event that asks
for another move is a bug of whoever emitted it and raises.
"""

from __future__ import annotations

from copy import copy
from typing import TYPE_CHECKING

import msgspec

from mqviz.model.event import Event, Weight, applies
from mqviz.model.group_member import MEMBER_MOVES as MEMBER_MOVES
from mqviz.model.group_member import Member as Member
from mqviz.model.group_member import Stored
from mqviz.model.group_record import PartitionRecord, limit_of
from mqviz.model.holdings import Holdings
from mqviz.model.moves import IllegalMove as IllegalMove
from mqviz.model.moves import Step, go, remember
from mqviz.model.moves import move as move

if TYPE_CHECKING:
    from mqviz.model.state import State

MOVES: dict[str, tuple[str, ...]] = {
    "Empty": ("PreparingRebalance", "Dead"),
    "PreparingRebalance": ("CompletingRebalance", "Empty", "Dead"),
    "CompletingRebalance": ("Stable", "PreparingRebalance", "Dead"),
    "Stable": ("PreparingRebalance", "Dead"),
    "Dead": (),
}
"""From each state the states that may follow (R100)."""


class Group(msgspec.Struct):
    """A consumer group. Members by id, in the order they first joined; `group_leader` computes the assignment.

    `round` counts rebalances: a timer of an earlier one is void; `reason`, `stopped_at_us`
    and `stopped_at_lag` are the last one's. `extended`: somebody joined in this window
    of the initial delay; `window_left_us`: how much longer it may be extended (R102). `emptied_at_us`: when its last member was gone. `settled`: stable, with just the members
    that the assignment is for. `ids_given`: how many, by client.id. `protocol`: classic, consumer (its members are in
    consumer_group.py). `static`: member ids by group.instance.id.
    `loads`: how often a coordinator took it over; `stored`: what the next one would find. `path`: its last moves.
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
    records: dict[str, PartitionRecord] = msgspec.field(default_factory=dict)
    path: list[Step] = msgspec.field(default_factory=list)

    def record(self, key: str, topic: str, partition: int) -> PartitionRecord:
        """What the group has to do with this partition, empty at first."""
        found = self.records.get(key)
        if found is None:
            found = self.records[key] = PartitionRecord(topic, partition)
        return found


class GroupCreated(Event, frozen=True):
    """Somebody asked for a group that did not exist; `coordinator` is the broker that looks after it (R99)."""

    group: str
    coordinator: int


class MemberIdGiven(Event, frozen=True):
    """A JoinGroup without id was answered MEMBER_ID_REQUIRED with this id; it counts only with the next (R101)."""

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
    holdings: Holdings = Holdings()


class MemberRejoined(Event, frozen=True):
    """A known member sent JoinGroup again."""

    group: str
    member_id: str
    number: int
    assignors: tuple[str, ...]
    topics: tuple[str, ...]
    holdings: Holdings = Holdings()


class RebalanceStarted(Event, frozen=True):
    """All members must join again; `reason` is a few words, `window_us` the first wait of an initial delay (R102)."""

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
    """A SyncGroup came before the leader's; it waits as request `number` (E27)."""

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


class OffsetsCommitted(Event, frozen=True, omit_defaults=True):
    """The group's committed offsets are stored on __consumer_offsets: (topic, partition, next to read) (R82).

    `before`: what was committed until now, partition by partition, None for the first time. `by_hand`: an administrator set
    them (R88). `written`: for offsets of a transaction the events that wrote them, else this one did (E65).
    """

    weight = Weight.STEP
    group: str
    client: str
    offsets: tuple[tuple[str, int, int], ...]
    before: tuple[int | None, ...]
    by_hand: bool = False
    written: tuple[int, ...] = ()


@applies(GroupCreated)
def _created(state: State, event: GroupCreated) -> None:
    group = state.cluster.groups[event.group] = Group(event.group, event.coordinator)
    remember(group, event.at_us)


@applies(MemberIdGiven)
def _id_given(state: State, event: MemberIdGiven) -> None:
    group = state.cluster.groups[event.group]
    group.ids_given[event.client] = group.ids_given.get(event.client, 0) + 1
    group.pending[event.member_id] = Member(
        event.member_id, event.client, "pending", event.session_timeout_us, heard_at_us=event.at_us
    )


@applies(MemberJoined)
def _joined(state: State, event: MemberJoined) -> None:
    group = state.cluster.groups[event.group]
    member = group.pending.pop(event.member_id, None) or Member(
        event.member_id, event.client, "pending", event.session_timeout_us
    )
    member.state = move(MEMBER_MOVES, member.state, "joining", event.member_id)
    member.session_timeout_us = event.session_timeout_us
    member.rebalance_timeout_us = event.rebalance_timeout_us
    member.assignors, member.topics, member.holdings = event.assignors, event.topics, event.holdings
    member.joining = event.number
    member.joined_at_us = member.heard_at_us = event.at_us
    group.members[event.member_id] = member
    if event.instance_id is not None:
        make_static(group, member, event.instance_id)
    group.settled = False
    group.extended = group.initial
    if not group.group_leader:
        group.group_leader = event.member_id


def make_static(group: Group, member: Member, instance_id: str) -> None:
    """Remember who the static member is; its ids are counted as those of clients are."""
    group.static[instance_id] = member.member_id
    group.ids_given[instance_id] = group.ids_given.get(instance_id, 0) + 1
    member.instance_id = instance_id


def store(group: Group) -> None:
    """What the coordinator writes to __consumer_offsets: the group with everybody's share."""
    members = {name: copy(member) for name, member in group.members.items()}
    for member in members.values():
        member.state, member.joining, member.syncing = "stable", 0, 0
    group.stored = Stored(group.generation, group.assignor, group.group_leader, members)


@applies(MemberRejoined)
def _rejoined(state: State, event: MemberRejoined) -> None:
    group = state.cluster.groups[event.group]
    group.settled = False
    member = group.members[event.member_id]
    member.state = move(MEMBER_MOVES, member.state, "joining", event.member_id)
    member.assignors, member.topics, member.holdings = event.assignors, event.topics, event.holdings
    member.joining = event.number
    member.heard_at_us = event.at_us


@applies(RebalanceStarted)
def _rebalance(state: State, event: RebalanceStarted) -> None:
    group = state.cluster.groups[event.group]
    go(group, MOVES, "PreparingRebalance", event.at_us, event.reason)
    group.round += 1
    group.reason = event.reason
    group.stopped_at_us = event.at_us
    group.stopped_at_lag = sum(
        state.cluster.partition(record.topic, record.partition).led.high_watermark - record.committed
        for record in group.records.values()
        if record.committed is not None
    )
    group.settled = False
    group.initial = event.initial
    group.extended = False
    group.window_left_us = event.window_left_us
    for member in group.members.values():
        member.syncing = 0
        if member.state != "joining":
            member.state = move(MEMBER_MOVES, member.state, "rejoining", member.member_id)


@applies(InitialDelayExtended)
def _extended(state: State, event: InitialDelayExtended) -> None:
    group = state.cluster.groups[event.group]
    group.extended = False
    group.window_left_us = event.window_left_us


@applies(GenerationStarted)
def _generation(state: State, event: GenerationStarted) -> None:
    group = state.cluster.groups[event.group]
    go(group, MOVES, "CompletingRebalance", event.at_us)
    group.generation = event.generation
    group.assignor = event.assignor
    group.group_leader = event.group_leader
    group.initial = False
    for member in group.members.values():
        member.state = move(MEMBER_MOVES, member.state, "awaiting sync", member.member_id)
        member.joining = 0
        member.partitions = ()
        member.heard_at_us = event.at_us


@applies(GroupEmptied)
def _emptied(state: State, event: GroupEmptied) -> None:
    group = state.cluster.groups[event.group]
    go(group, MOVES, "Empty", event.at_us)
    group.generation = event.generation
    group.assignor = group.group_leader = ""
    group.initial = False
    store(group)
    group.emptied_at_us = event.at_us


@applies(MemberSynced)
def _synced(state: State, event: MemberSynced) -> None:
    member = state.cluster.groups[event.group].members[event.member_id]
    member.syncing = event.number
    member.heard_at_us = event.at_us


@applies(GroupStabilized)
def _stabilized(state: State, event: GroupStabilized) -> None:
    group = state.cluster.groups[event.group]
    go(group, MOVES, "Stable", event.at_us)
    group.settled = True
    shares = dict(event.assignments)
    for member in group.members.values():
        member.partitions = shares.get(member.member_id, ())
        if member.syncing:
            member.state = move(MEMBER_MOVES, member.state, "stable", member.member_id)
            member.syncing = 0
            member.heard_at_us = event.at_us
    store(group)


@applies(MemberAssigned)
def _told(state: State, event: MemberAssigned) -> None:
    member = state.cluster.groups[event.group].members[event.member_id]
    member.state = move(MEMBER_MOVES, member.state, "stable", member.member_id)
    member.heard_at_us = event.at_us


@applies(MemberHeard)
def _heard(state: State, event: MemberHeard) -> None:
    group = state.cluster.groups[event.group]
    member = group.members[event.member_id]
    member.heard_at_us = event.at_us


@applies(MemberRemoved)
def _removed(state: State, event: MemberRemoved) -> None:
    group = state.cluster.groups[event.group]
    member = group.pending.pop(event.member_id, None)
    if member is None:
        member = group.members.pop(event.member_id)
        group.settled = False
    if member.instance_id is not None:
        del group.static[member.instance_id]
    move(MEMBER_MOVES, member.state, "gone", event.member_id)
    if group.group_leader == event.member_id:
        group.group_leader = ""


@applies(OffsetsCommitted)
def _committed(state: State, event: OffsetsCommitted) -> None:
    group = state.cluster.groups[event.group]
    written = event.written or (event.id,) * len(event.offsets)
    for (topic, number, offset), by in zip(event.offsets, written, strict=True):
        partition = state.cluster.partition(topic, number)
        record = group.record(partition.key, topic, number)
        record.committed = offset
        record.committed_at_us = event.at_us
        record.written = by
        record.outside |= event.client not in state.cluster.consumers
        record.limit = limit_of(state, partition, event.client, offset)
        record.moved = record.moved or event.by_hand
        record.commits.note(event.at_us, offset)
