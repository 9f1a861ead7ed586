"""Facts of groups as state machines: the table of each protocol, the path that a group took, and its members'
states.
"""

from __future__ import annotations

from typing import get_args

from mqviz.facts.views import Reading
from mqviz.facts.watched import cluster as observed
from mqviz.model.kafka.clients.consumer.state import CLIENT_MOVES, Phase
from mqviz.model.kafka.coordinator.classic.state import MEMBER_MOVES, MOVES, Group
from mqviz.model.kafka.coordinator.consumer.state import (
    CONSUMER_GROUP_MOVES,
    CONSUMER_MEMBER_MOVES,
    ConsumerGroup,
)
from mqviz.model.kafka.coordinator.share.state import MOVES as SHARE_MOVES
from mqviz.model.kafka.coordinator.share.state import ShareGroup
from mqviz.model.moves import Step, Table
from mqviz.model.observed.state import Unknown
from mqviz.model.state import State

GROUP_TABLES: dict[str, Table] = {
    "classic": MOVES,
    "consumer": CONSUMER_GROUP_MOVES,
    "share": SHARE_MOVES,
}
"""The states of a group and their moves, by protocol (R100, R129)."""

MEMBER_TABLES: dict[str, Table] = {
    "classic": MEMBER_MOVES,
    "consumer": CONSUMER_MEMBER_MOVES,
    "share": {"JOINING": ("STABLE",), "STABLE": ("JOINING", "gone"), "gone": ()},
}
"""The same for a member as the coordinator sees it (R101-R104, R123)."""


PROCESS_STATES: dict[str, tuple[str, ...]] = {
    "classic": get_args(Phase),
    "consumer": tuple(CLIENT_MOVES),
    "share": (),
}
"""Where a client's own process stands with its group, by protocol (R101, R124)."""


class MemberState(Reading, frozen=True):
    """A member: its state in MEMBER_TABLES; `process`: the client's own, in PROCESS_TABLES,

    "" for a client from outside. `epoch`: of a member of the consumer protocol, -1 in the classic one.
    `leads`: it computes the assignment. `owes`: partitions that it must give up. `static`: it has a
    group.instance.id.
    """

    name: str
    state: str
    epoch: int = -1
    process: str = ""
    partitions: tuple[tuple[str, int], ...] = ()
    owes: tuple[tuple[str, int], ...] = ()
    leads: bool = False
    static: bool = False


class MachineView(Reading, frozen=True):
    """A group as a state machine. `path`: its last moves (time, state, why), oldest first; empty where nobody
    saw them.

    `epoch`: generation, or group epoch; `assigned`: the epoch that the assignment is for, in the consumer
    protocol.
    """

    name: str
    protocol: str
    state: str | Unknown
    epoch: int
    assigned: int
    path: tuple[Step, ...]
    members: tuple[MemberState, ...]


def machines(state: State) -> tuple[MachineView, ...]:
    """Groups of all protocols in the order they appeared."""
    if state.observed.bootstrap:
        return _observed(state)
    cluster = state.cluster
    found = [
        _consumer(state, cluster.consumer_groups[name])
        if name in cluster.consumer_groups
        else _classic(state, group)
        for name, group in cluster.groups.items()
    ]
    return (*found, *(_share(group) for group in cluster.share_groups.values()))


def _classic(state: State, group: Group) -> MachineView:
    members = [*group.members.values(), *group.pending.values()]
    return MachineView(
        group.name,
        "classic",
        group.state,
        group.generation,
        group.generation,
        tuple(group.path),
        tuple(
            MemberState(
                member.client,
                member.state,
                process=_process(state, member.client, member.member_id),
                partitions=member.partitions,
                leads=member.member_id == group.group_leader,
                static=member.instance_id is not None,
            )
            for member in members
        ),
    )


def _process(state: State, client: str, member_id: str) -> str:
    """Where the process of a member stands, by its own account; "" where no process here is this member."""
    process = state.cluster.consumers.get(client)
    if process is None or process.member_id != member_id:
        return ""
    if process.state in ("dead", "closed"):
        return process.state
    member = state.cluster.client_members.get(client)
    return member.state if member is not None and member.member_id == member_id else process.phase


def _consumer(state: State, group: ConsumerGroup) -> MachineView:
    members = tuple(
        MemberState(
            member.client,
            member.state,
            member.epoch,
            _process(state, member.client, member.member_id),
            member.assigned,
            member.revoking,
            static=bool(member.instance_id),
        )
        for member in group.members.values()
    )
    return MachineView(
        group.name,
        "consumer",
        group.state,
        group.epoch,
        group.assignment_epoch,
        tuple(group.path),
        members,
    )


def _share(group: ShareGroup) -> MachineView:
    members = tuple(
        MemberState(
            member.client, "STABLE" if member.told else "JOINING", member.epoch, "", member.partitions
        )
        for member in group.members.values()
    )
    return MachineView(group.name, "share", group.state, group.epoch, group.epoch, tuple(group.path), members)


def _observed(state: State) -> tuple[MachineView, ...]:
    """Of a real cluster the state of a group is seen, and not how it came there nor where its members are."""
    return tuple(
        MachineView(
            group.name,
            group.kind if isinstance(group.kind, str) and group.kind in GROUP_TABLES else "classic",
            group.state,
            group.generation if isinstance(group.generation, int) else 0,
            group.generation if isinstance(group.generation, int) else 0,
            (),
            tuple(
                MemberState(m.name, "", partitions=m.partitions) for m in observed.members(state, group.name)
            ),
        )
        for group in observed.groups(state)
    )
