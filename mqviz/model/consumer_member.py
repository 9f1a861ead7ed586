"""Consumer member: what a process knows of its membership in a group of the consumer protocol (KIP-848).

What the group's coordinator believes is in consumer_group.py; the two differ while word travels.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from mqviz.model.consumer_group import Partitions
from mqviz.model.event import Event, applies
from mqviz.model.group import move

if TYPE_CHECKING:
    from mqviz.model.state import State

CLIENT_MOVES: dict[str, tuple[str, ...]] = {
    "UNSUBSCRIBED": ("JOINING",),
    "JOINING": ("JOINING", "RECONCILING", "FENCED", "FATAL", "LEAVING", "STALE"),
    "RECONCILING": ("RECONCILING", "ACKNOWLEDGING", "FENCED", "FATAL", "LEAVING", "STALE"),
    "ACKNOWLEDGING": ("ACKNOWLEDGING", "RECONCILING", "STABLE", "FENCED", "FATAL", "LEAVING", "STALE"),
    "STABLE": ("STABLE", "RECONCILING", "FENCED", "FATAL", "LEAVING", "STALE"),
    "FENCED": ("JOINING", "LEAVING"),
    "STALE": ("JOINING", "LEAVING"),
    "LEAVING": (),
    "FATAL": (),
}
"""From each state of the client those that may follow (R124).

RECONCILING: was given an assignment that it has not taken over yet; only poll() does that. ACKNOWLEDGING:
took it over, must say so. FENCED: the group does not know it (any more); STALE: it left because poll() came too late.
"""


class ClientMember(msgspec.Struct):
    """Membership of a process, by its consumer's name; `incarnation` is which start of the process.

    `target`: what it was told to read; `told`: what it told last that it reads, None if it must tell everything again. `in_flight`:
    number of its heartbeat on the way, 0 for none; `beats`: heartbeats so far, a timer of an earlier one is void.
    `failures`: heartbeats in a row that the network or the coordinator did not answer. `error`: why it is FATAL.
    """

    member_id: str
    incarnation: int
    state: str = "UNSUBSCRIBED"
    epoch: int = 0
    target: Partitions = ()
    told: Partitions | None = None
    in_flight: int = 0
    beats: int = 0
    failures: int = 0
    interval_us: int = 0
    error: int = 0


class ClientMemberStarted(Event, frozen=True):
    """A process will be a member; it makes its own id, which it keeps as long as it lives."""

    consumer: str
    member_id: str
    incarnation: int


class ClientMemberChanged(Event, frozen=True):
    """The process's view of its membership moved on."""

    consumer: str
    state: str
    epoch: int
    error: int = 0


class ClientHeartbeatSent(Event, frozen=True):
    """Heartbeat `number` left; `told`: what the process reads, as far as the coordinator will know then."""

    consumer: str
    number: int
    told: Partitions


class ClientHeartbeatEnded(Event, frozen=True):
    """The answer came, or none will come (`failed`); `target` None: as before; `interval_us` until the next one."""

    consumer: str
    failed: bool
    interval_us: int
    target: Partitions | None


def _of(state: State, name: str) -> ClientMember:
    return state.cluster.client_members[name]


@applies(ClientMemberStarted)
def _started(state: State, event: ClientMemberStarted) -> None:
    state.cluster.client_members[event.consumer] = ClientMember(event.member_id, event.incarnation)


@applies(ClientMemberChanged)
def _changed(state: State, event: ClientMemberChanged) -> None:
    member = _of(state, event.consumer)
    member.state = move(CLIENT_MOVES, member.state, event.state, event.consumer)
    member.epoch, member.error = event.epoch, event.error
    state.cluster.consumers[event.consumer].generation = event.epoch
    if event.state in ("JOINING", "FENCED", "STALE"):
        member.told, member.target = None, ()


@applies(ClientHeartbeatSent)
def _sent(state: State, event: ClientHeartbeatSent) -> None:
    member = _of(state, event.consumer)
    member.in_flight = event.number
    member.beats += 1
    member.told = event.told


@applies(ClientHeartbeatEnded)
def _ended(state: State, event: ClientHeartbeatEnded) -> None:
    member = _of(state, event.consumer)
    member.in_flight = 0
    member.interval_us = event.interval_us
    member.failures = member.failures + 1 if event.failed else 0
    if event.failed:
        member.told = None
    if event.target is not None:
        member.target = event.target
