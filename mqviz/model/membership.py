"""Membership: what a consumer process knows of its group, and which partitions it may read from where."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import mqviz.model.group_takeover  # noqa: F401  (registers its events)
from mqviz.model.claim import Claim
from mqviz.model.consumer import Phase
from mqviz.model.event import Event, Weight, applies
from mqviz.model.member_stops import gave_up, has_share

if TYPE_CHECKING:
    from mqviz.model.state import State


class MembershipChanged(Event, frozen=True):
    """What the process knows of its membership.

    `lost`: its partitions were taken from it behind its back. `given`: what SyncGroup brought, None for another
    event. `fenced`: another process has its group.instance.id, the next poll() throws (R113).
    """

    consumer: str
    phase: Phase
    member_id: str
    generation: int
    lost: bool = False
    given: tuple[tuple[str, int], ...] | None = None
    fenced: bool = False


class RejoinNeeded(Event, frozen=True):
    """The process was told that the group rebalances; it joins again at its next poll() (R106)."""

    consumer: str
    group: str


class AssignmentComputed(Event, frozen=True):
    """The group leader's assignor decided who gets what: by member id; `partitions`: of each topic how many (R104)."""

    weight = Weight.STEP
    consumer: str
    group: str
    generation: int
    assignor: str
    partitions: tuple[tuple[str, int], ...]
    assignments: tuple[tuple[str, tuple[tuple[str, int], ...]], ...]


class ShareArrived(Event, frozen=True):
    """SyncGroup was answered while the application works on records: the callbacks come with its next poll() (R109)."""

    consumer: str
    group: str
    generation: int
    partitions: tuple[tuple[str, int], ...]


class PartitionsAssigned(Event, frozen=True):
    """onPartitionsAssigned: the process may read these partitions from now on (R108)."""

    weight = Weight.STEP
    consumer: str
    group: str
    generation: int
    partitions: tuple[tuple[str, int], ...]


class PartitionsRevoked(Event, frozen=True):
    """onPartitionsRevoked, or onPartitionsLost: the process stops reading them; what it had fetched is dropped."""

    weight = Weight.STEP
    consumer: str
    group: str
    partitions: tuple[tuple[str, int], ...]
    lost: bool


class PositionsAsked(Event, frozen=True):
    """These are the requests from which the process will learn where to start reading; () when all are answered."""

    consumer: str
    numbers: tuple[int, ...]


class PositionsSet(Event, frozen=True):
    """Where the process starts to read: (topic, partition, offset, because of: committed, earliest, latest) (R81)."""

    weight = Weight.STEP
    consumer: str
    group: str
    positions: tuple[tuple[str, int, int, str], ...]


@applies(MembershipChanged)
def _membership(state: State, event: MembershipChanged) -> None:
    consumer = state.cluster.consumers[event.consumer]
    consumer.membership += event.phase != "stable"
    consumer.phase = event.phase
    consumer.member_id = event.member_id
    consumer.generation = event.generation
    consumer.rejoin = event.phase == "unjoined"
    consumer.lost = event.lost
    consumer.fenced = event.fenced
    consumer.arrived = None
    consumer.asked = ()
    if event.phase == "joining":
        consumer.snapshot = ()
    if event.phase == "stable":
        has_share(consumer, event.at_us)
    if event.given is not None:
        consumer.given, consumer.given_generation = event.given, event.generation
        consumer.committed_at_us = event.at_us


@applies(ShareArrived)
def _arrived(state: State, event: ShareArrived) -> None:
    state.cluster.consumers[event.consumer].arrived = event.partitions


@applies(AssignmentComputed)
def _computed(state: State, event: AssignmentComputed) -> None:
    state.cluster.consumers[event.consumer].snapshot = event.partitions


@applies(RejoinNeeded)
def _rejoin(state: State, event: RejoinNeeded) -> None:
    state.cluster.consumers[event.consumer].rejoin = True


@applies(PartitionsAssigned)
def _assigned(state: State, event: PartitionsAssigned) -> None:
    cluster = state.cluster
    claims = state.cluster.consumers[event.consumer].claims
    for topic, number in event.partitions:
        key = cluster.partition(topic, number).key
        claims[key] = Claim(topic, number)
        if event.group in cluster.groups:
            cluster.groups[event.group].record(key, topic, number).held_by(event.at_us, event.consumer)
    has_share(cluster.consumers[event.consumer], event.at_us)
    cluster.consumers[event.consumer].assigned_at_us = event.at_us


@applies(PartitionsRevoked)
def _revoked(state: State, event: PartitionsRevoked) -> None:
    consumer = state.cluster.consumers[event.consumer]
    for topic, number in event.partitions:
        del consumer.claims[state.cluster.partition(topic, number).key]
    let_go(state, event.group, event.consumer, event.partitions, event.at_us)
    gave_up(consumer, event.at_us, event.partitions, event.lost)
    consumer.lost = False
    consumer.asked = ()
    consumer.ready = [key for key in consumer.ready if key in consumer.claims]


def let_go(
    state: State, group: str, consumer: str, partitions: Iterable[tuple[str, int]], at_us: int
) -> None:
    """Nobody reads these partitions from now on, where `consumer` was the one who did."""
    records = state.cluster.groups[group].records if group in state.cluster.groups else {}
    for topic, number in partitions:
        record = records.get(state.cluster.partition(topic, number).key)
        if record is not None and record.tenures and record.tenures[-1][1] == consumer:
            record.held_by(at_us, "")


@applies(PositionsAsked)
def _asked(state: State, event: PositionsAsked) -> None:
    state.cluster.consumers[event.consumer].asked = event.numbers


@applies(PositionsSet)
def _positions(state: State, event: PositionsSet) -> None:
    cluster = state.cluster
    consumer = state.cluster.consumers[event.consumer]
    for topic, number, offset, _ in event.positions:
        key = cluster.partition(topic, number).key
        claim = consumer.claims[key]
        claim.position = claim.fetched_to = offset
        claim.reset = ""
        if event.group in cluster.groups:
            cluster.groups[event.group].record(key, topic, number).begin(offset)
