"""Classic rebalance: everybody joins again, a generation begins (R102-R105).

Like a real broker: an initial delay that grows while members come, whenever a group goes from Empty (R102);
later rebalances end when all have joined again, or at the rebalance timeout without the dynamic members that
did not; static ones stay (R103, R113). The leader is the first joiner, another one only when it does not join
again (R104); most votes choose the assignor (R105). Left out: the 5 minutes that a new member may wait in its
first JoinGroup.
"""

from __future__ import annotations

from mqviz.kafka.assignors import choose_assignor
from mqviz.kafka.errors import Error
from mqviz.model.kafka.coordinator.classic.events import (
    GenerationStarted,
    GroupEmptied,
    InitialDelayExtended,
    MemberRemoved,
    RebalanceStarted,
)
from mqviz.model.kafka.coordinator.classic.state import Group, Member
from mqviz.model.kafka.protocol.responses import JoinGroupResponse, SyncGroupResponse
from mqviz.sim.engine import TIMER, Simulation, due
from mqviz.sim.hook import Hook
from mqviz.sim.kafka.coordinator.classic.failover import looks_after
from mqviz.sim.kafka.network.connection import respond

sync_timeout: Hook[[Simulation, str, int], None] = due(Hook("remove who did not sync"))


def rebalance(sim: Simulation, group: Group, reason: str) -> None:
    """Everybody must join again; those who wait for an assignment are told at once."""
    for member in list(group.members.values()):
        if member.syncing:
            respond(sim, member.syncing, SyncGroupResponse(Error.REBALANCE_IN_PROGRESS))
    initial = group.state == "Empty"
    longest_us = max(member.rebalance_timeout_us for member in group.members.values())
    first_us = (
        sim.state.cluster.initial_rebalance_delay_us
    )  # whole, also where a rebalance may not last so long
    left_us = max(0, longest_us - first_us) if initial else 0
    event = RebalanceStarted(*sim.stamp(), group.name, reason, initial, left_us)
    sim.cause = sim.emit(event)
    if initial:
        sim.schedule(first_us, TIMER, _initial_delay, group.name, group.round)
    else:
        sim.schedule(longest_us, TIMER, _rebalance_timeout, group.name, group.round)
        complete_if_all_joined(sim, group)


@due
def _initial_delay(sim: Simulation, name: str, round_number: int) -> None:
    group = sim.state.cluster.groups.get(name)
    if (
        group is None
        or not looks_after(sim, group)
        or group.round != round_number
        or group.state != "PreparingRebalance"
    ):
        return
    if group.extended and group.window_left_us:
        wait_us = min(sim.state.cluster.initial_rebalance_delay_us, group.window_left_us)
        left_us = group.window_left_us - wait_us
        sim.cause = sim.emit(InitialDelayExtended(*sim.stamp(), name, left_us))
        sim.schedule(wait_us, TIMER, _initial_delay, name, round_number)
    else:
        complete(sim, group)


@due
def _rebalance_timeout(sim: Simulation, name: str, round_number: int) -> None:
    group = sim.state.cluster.groups.get(name)
    if (
        group
        and looks_after(sim, group)
        and group.round == round_number
        and group.state == "PreparingRebalance"
    ):
        complete(sim, group)


def complete_if_all_joined(sim: Simulation, group: Group, *, initially: bool = False) -> None:
    """Begin the generation if nobody is missing: all members have joined again and no id waits to be used
    (R103).

    `initially`: even before the initial delay is over.
    """
    waiting = (group.initial and not initially) or group.pending
    if not waiting and all(member.joining for member in group.members.values()):
        complete(sim, group)


def complete(sim: Simulation, group: Group) -> None:
    """The new generation: whoever did not join is out unless it is static, the others are told who leads
    (R103, R104).
    """
    for member in [m for m in group.members.values() if not m.joining and m.instance_id is None]:
        event = MemberRemoved(*sim.stamp(), group.name, member.member_id, member.client, "did not rejoin")
        sim.emit(event)
    if not group.members:
        sim.emit(GroupEmptied(*sim.stamp(), group.name, group.generation + 1))
        return
    joins = [(member, member.joining) for member in group.members.values() if member.joining]
    longest_us = max(member.rebalance_timeout_us for member in group.members.values())
    if not joins:  # only static members, and none is back: wait until they are, or their sessions are over
        sim.schedule(longest_us, TIMER, _rebalance_timeout, group.name, group.round)
        return
    _start_generation(sim, group)
    for member, number in joins:
        respond(sim, number, told(group, member))
    sim.schedule(longest_us, TIMER, sync_timeout, group.name, group.generation)


def _start_generation(sim: Simulation, group: Group) -> None:
    assignor = choose_assignor({m.member_id: m.assignors for m in group.members.values()}) or ""
    leader = group.members.get(group.group_leader)
    if leader is None or not leader.joining:
        leader = next(member for member in group.members.values() if member.joining)
    event = GenerationStarted(*sim.stamp(), group.name, group.generation + 1, assignor, leader.member_id)
    sim.cause = sim.emit(event)


def told(group: Group, member: Member, skip_assignment: bool = False) -> JoinGroupResponse:
    """The answer to a JoinGroup that counted; only the leader hears of the others (R104)."""
    leads = group.group_leader == member.member_id
    members = tuple(
        (m.member_id, m.topics, m.instance_id, m.owned_partitions) for m in group.members.values()
    )
    return JoinGroupResponse(
        0,
        member.member_id,
        group.generation,
        group.assignor,
        group.group_leader,
        members if leads else (),
        skip_assignment and leads,
    )
