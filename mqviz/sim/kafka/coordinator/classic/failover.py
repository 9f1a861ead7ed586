"""Classic coordinator: which broker coordinates a group, and what happens when another one does (R99).

Like a real broker: only the leader of the group's partition of __consumer_offsets answers for it, all others
say NOT_COORDINATOR; who becomes that leader reads the group from the log: its generation, members and shares
as of the last assignment; sessions begin anew, and a rebalance that went on is forgotten. Left out: the time
that loading takes (S4).
"""

from __future__ import annotations

from mqviz.kafka.errors import Error
from mqviz.model.kafka.broker.state import UP
from mqviz.model.kafka.controller.events import CoordinatorsMoved
from mqviz.model.kafka.coordinator.classic.events import GroupLoaded
from mqviz.model.kafka.coordinator.classic.state import Group
from mqviz.model.kafka.protocol.responses import JoinGroupResponse, SyncGroupResponse
from mqviz.sim.engine import TIMER, Simulation, due, reacts
from mqviz.sim.hook import Hook
from mqviz.sim.kafka.coordinator.lookup import coordinator_of
from mqviz.sim.kafka.network.connection import connection_of, respond

session: Hook[[Simulation, str, str, int], None] = due(Hook("end the session of a member"))


def misdirected(sim: Simulation, number: int, name: str) -> Error:
    """Why this broker does not answer for the group, or NONE; the coordinator loads it first if it is new
    here.
    """
    coordinator = coordinator_of(sim, name)
    if coordinator < 0:
        return Error.COORDINATOR_NOT_AVAILABLE
    if connection_of(sim, number).broker != coordinator:
        return Error.NOT_COORDINATOR
    group = sim.state.cluster.groups.get(name)
    if group is not None and group.coordinator != coordinator:
        load(sim, group)
    return Error.NONE


def unnamed(sim: Simulation, number: int, name: str) -> Error:
    """As `misdirected`, for requests of members, whose group must have a name."""
    return misdirected(sim, number, name) if name else Error.INVALID_GROUP_ID


def looks_after(sim: Simulation, group: Group) -> bool:
    """Whether the broker in whose memory the group's timers run is alive, and still its coordinator."""
    alive = sim.state.cluster.brokers[group.coordinator].process in (*UP, "paused")
    return alive and coordinator_of(sim, group.name) == group.coordinator


@reacts(CoordinatorsMoved)
def _coordinators_moved(sim: Simulation, event: CoordinatorsMoved) -> None:
    """Partitions of __consumer_offsets have other leaders: these load the groups in them."""
    for group in list(sim.state.cluster.groups.values()):
        coordinator = coordinator_of(sim, group.name)
        classic = group.protocol != "consumer"
        if classic and (coordinator in event.back or coordinator not in (-1, group.coordinator)):
            load(sim, group)


def load(sim: Simulation, group: Group) -> None:
    """The new coordinator takes over; everybody's session begins anew, and who waited for the old one is sent
    on.
    """
    for member in list(group.members.values()):
        for number, told in ((member.joining, JoinGroupResponse), (member.syncing, SyncGroupResponse)):
            flight = sim.state.cluster.requests.get(number)
            if flight is not None and flight.response is None:
                respond(sim, number, told(Error.NOT_COORDINATOR))
    sim.cause = sim.emit(GroupLoaded(*sim.stamp(), group.name, coordinator_of(sim, group.name)))
    for member in group.members.values():
        watch(sim, group, member.member_id, member.session_timeout_us)


def watch(sim: Simulation, group: Group, member_id: str, after_us: int) -> None:
    """Look at the member when its session would be over; one timer a member."""
    sim.schedule(after_us, TIMER, session, group.name, member_id, group.loads, cause=0)
