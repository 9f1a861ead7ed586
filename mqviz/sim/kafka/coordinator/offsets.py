"""Offsets: what the coordinator of a group remembers of its progress.

Like a real broker: a commit is a replicated write to __consumer_offsets, last write wins, backwards too
(R82); the coordinator refuses unknown members before wrong generations before a group that waits for its
assignment (R85, R104); without a member id only a group without members can commit, which is how offsets are
reset (R88, R95). Offsets of a group that was empty for offsets.retention.minutes go at the next check (R96),
as do those of a topic that no member reads any more (R96).
Left out: metadata of offsets.
"""

from __future__ import annotations

from mqviz.kafka.errors import Error
from mqviz.model.kafka.cluster import partition_key
from mqviz.model.kafka.coordinator.classic.events import GroupCreated, MemberHeard
from mqviz.model.kafka.coordinator.classic.state import Group
from mqviz.model.kafka.coordinator.offsets.events import OffsetsCommitted, OffsetsExpired
from mqviz.model.kafka.coordinator.offsets.state import GroupPartition
from mqviz.model.kafka.protocol.requests import OffsetCommitRequest, OffsetFetchRequest
from mqviz.model.kafka.protocol.responses import OffsetCommitResponse, OffsetFetchResponse
from mqviz.sim.engine import TIMER, Simulation, due, opens
from mqviz.sim.kafka.coordinator.classic.failover import misdirected
from mqviz.sim.kafka.coordinator.classic.validation import member_error
from mqviz.sim.kafka.coordinator.consumer import reconciliation
from mqviz.sim.kafka.coordinator.lookup import coordinator_of, write_us
from mqviz.sim.kafka.network.connection import connection_of, respond, serves

TopicOffsets = tuple[tuple[str, int, int], ...]
"""Offsets: (topic, partition, offset)."""

# -- fetching and committing --------------------------------------------------------------------------------


@serves(OffsetFetchRequest)
def _serve_fetch(sim: Simulation, number: int, request: OffsetFetchRequest) -> None:
    error = misdirected(sim, number, request.group)
    if error:
        respond(sim, number, OffsetFetchResponse(error))
        return
    parts: list[tuple[str, int, int, int]] = []
    for topic, partition in request.partitions:
        offset = _committed(sim, request.group, topic, partition)
        held = request.require_stable and sim.state.cluster.transactions.unstable(
            request.group, topic, partition
        )
        error = Error.UNSTABLE_OFFSET_COMMIT if held else Error.NONE
        parts.append((topic, partition, error, -1 if offset is None or held else offset))
    respond(sim, number, OffsetFetchResponse(0, tuple(parts)))


def _committed(sim: Simulation, group: str, topic: str, partition: int) -> int | None:
    found = sim.state.cluster.groups.get(group)
    record = found.records.get(partition_key(topic, partition)) if found else None
    return record.committed if record else None


@serves(OffsetCommitRequest)
def _serve_commit(sim: Simulation, number: int, request: OffsetCommitRequest) -> None:
    group = sim.state.cluster.groups.get(request.group)
    error = Error.NONE if known(sim, request.offsets) else Error.UNKNOWN_TOPIC_OR_PARTITION
    error = error or misdirected(sim, number, request.group) or refusal(sim, request)
    if error:
        respond(sim, number, OffsetCommitResponse(error))
        return
    if group is None:
        sim.emit(GroupCreated(*sim.stamp(), request.group, coordinator_of(sim, request.group)))
        group = sim.state.cluster.groups[request.group]
    if request.member_id in group.members:
        sim.emit(MemberHeard(*sim.stamp(), group.name, request.member_id))
    sim.schedule(write_us(sim), TIMER, _written, number, connection_of(sim, number).name, request)


def known(sim: Simulation, offsets: TopicOffsets) -> TopicOffsets:
    """Those whose partition is there: each broker looks for itself before it asks the coordinator for the
    others.
    """
    topics = sim.state.cluster.topics
    return tuple(
        each for each in offsets if each[0] in topics and 0 <= each[1] < len(topics[each[0]].partitions)
    )


def refusal(sim: Simulation, request: OffsetCommitRequest) -> Error:
    """Why the coordinator refuses this commit, by the protocol of its group."""
    modern = sim.state.cluster.consumer_groups.get(request.group)
    if modern:
        return reconciliation.commit_error(modern, request)
    return commit_error(sim.state.cluster.groups.get(request.group), request)


def commit_error(group: Group | None, request: OffsetCommitRequest, transactional: bool = False) -> Error:
    """Why a commit is refused: 25 before 22 before 27 (R104); without membership the group must be empty
    (R95).

    In a transaction nobody need be a member, nor does the group's state count.
    """
    if group is None:
        old = transactional or request.version < 9
        unknown = Error.ILLEGAL_GENERATION if old else Error.GROUP_ID_NOT_FOUND
        return unknown if request.generation >= 0 else Error.NONE
    if request.generation < 0 and group.state == "Empty":
        return Error.NONE
    if request.generation >= 0 or request.member_id or request.instance_id is not None:
        error = member_error(group, request)
    else:
        error = Error.NONE if transactional else Error.UNKNOWN_MEMBER_ID
    waits = group.state == "CompletingRebalance" and not transactional
    return error or (Error.REBALANCE_IN_PROGRESS if waits else Error.NONE)


@due
def _written(sim: Simulation, number: int, client: str, request: OffsetCommitRequest) -> None:
    """The commit is in the log, also if its connection broke meanwhile and nobody can be told; topics that
    are gone are refused.
    """
    if request.group not in sim.state.cluster.groups:
        respond(sim, number, OffsetCommitResponse(Error.GROUP_ID_NOT_FOUND))
        return
    kept = known(sim, request.offsets)
    if kept:
        before = tuple(_committed(sim, request.group, topic, p) for topic, p, _ in kept)
        by_hand = not request.member_id
        event = OffsetsCommitted(*sim.stamp(), request.group, client, kept, before, by_hand)
        sim.cause = sim.emit(event)
    respond(
        sim,
        number,
        OffsetCommitResponse(Error.NONE if kept == request.offsets else Error.UNKNOWN_TOPIC_OR_PARTITION),
    )


# -- expiry -------------------------------------------------------------------------------------------------


@opens
def _begin(sim: Simulation) -> None:
    if sim.scenario.topics:
        _next_check(sim)


def _next_check(sim: Simulation) -> None:
    every_us = sim.scenario.cluster.setting("offsets.retention.check.interval.ms") * 1000
    sim.schedule(every_us, TIMER, _expire, cause=0)


@due
def _expire(sim: Simulation) -> None:
    """Forget offsets that no member has been subscribed to for the retention (R96)."""
    keep_us = sim.scenario.cluster.setting("offsets.retention.minutes") * 60_000_000
    for group in sim.state.cluster.groups.values():
        old = tuple(
            (record.topic, record.partition)
            for record in group.records.values()
            if _expired(sim, group, record, sim.now_us - keep_us)
        )
        if old:
            sim.emit(OffsetsExpired(*sim.stamp(), group.name, old))
    _next_check(sim)


def _expired(sim: Simulation, group: Group, record: GroupPartition, before_us: int) -> bool:
    """Whether a commit is too old, and neither a member's subscription nor an open transaction keeps it (R82,
    R96).
    """
    topic, cluster = record.topic, sim.state.cluster
    if record.committed is None or cluster.transactions.unstable(group.name, topic, record.partition):
        return False
    modern = cluster.consumer_groups.get(group.name)
    members = (modern or group).members.values()
    if any(topic in member.topics for member in members):
        return False
    if group.emptied_at_us and group.state == "Empty" and not members:
        return group.emptied_at_us <= before_us
    settled = modern is not None or group.state in ("Stable", "Empty")
    return settled and record.committed_at_us <= before_us
