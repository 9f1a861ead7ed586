"""Reconciliation: the next step that a member of the consumer protocol takes towards its target, decided by
values alone.

Like a real broker: CurrentAssignmentBuilder (R123): first give up what the target does not hold, in the old
epoch; then take what is free in the target's epoch; wait for the rest. Whose epochs count in heartbeats
(R121) and in commits (R85). Left out: regular expressions as subscriptions.
"""

from __future__ import annotations

from typing import NamedTuple

from mqviz.kafka.errors import Error
from mqviz.model.kafka.cluster import partition_key
from mqviz.model.kafka.coordinator.consumer.state import ConsumerGroup, ConsumerGroupMember, Partitions
from mqviz.model.kafka.protocol.requests import ConsumerGroupHeartbeatRequest, OffsetCommitRequest


class Step(NamedTuple):
    """What a member is after a step."""

    state: str
    epoch: int
    assigned: Partitions
    revoking: Partitions


def next_step(group: ConsumerGroup, member: ConsumerGroupMember, owned: Partitions | None) -> Step | None:
    """The step that a heartbeat with these `owned` partitions allows; None: nothing changes (R123)."""
    stays = member.state == "STABLE" and member.epoch == group.assignment_epoch
    waits = member.state == "UNREVOKED" and _owns(owned, member.revoking)
    step = _unsubscribe(member, owned) if stays or waits else _compute(group, member, owned)
    if step is None:
        return None
    same = step == Step(member.state, member.epoch, member.assigned, member.revoking)
    return None if same and member.previous_epoch == member.epoch else step


def _compute(group: ConsumerGroup, member: ConsumerGroupMember, owned: Partitions | None) -> Step:
    target = tuple(p for p in group.target.get(member.member_id, ()) if p[0] in member.topics)
    keep = tuple(p for p in member.assigned if p in target)
    revoke = tuple(p for p in member.assigned if p not in target)
    if revoke and _owns(owned, revoke):
        return Step("UNREVOKED", member.epoch, keep, revoke)
    wanted = [p for p in target if p not in keep]
    free = [p for p in wanted if _is_free(group, member, p)]
    state = "UNRELEASED" if len(free) < len(wanted) else "STABLE"
    return Step(state, group.assignment_epoch, tuple(sorted((*keep, *free))), ())


def _unsubscribe(member: ConsumerGroupMember, owned: Partitions | None) -> Step | None:
    """A member that no longer subscribes to a topic gives it up, whatever its target says."""
    dropped = tuple(p for p in member.assigned if p[0] not in member.topics)
    if not dropped:
        return None
    keep = tuple(p for p in member.assigned if p[0] in member.topics)
    revoking = tuple(sorted((*member.revoking, *dropped)))
    if _owns(owned, revoking):
        return Step("UNREVOKED", member.epoch, keep, revoking)
    return Step(member.state, member.epoch, keep, member.revoking)


def _owns(owned: Partitions | None, revoked: Partitions) -> bool:
    """Whether the member still has some of `revoked`;
    one that does not say what it owns has them all (R123).
    """
    return owned is None or any(partition in owned for partition in revoked)


def _is_free(group: ConsumerGroup, member: ConsumerGroupMember, partition: tuple[str, int]) -> bool:
    return group.owners.get(partition_key(*partition)) in (None, member.member_id)


def epoch_error(member: ConsumerGroupMember, request: ConsumerGroupHeartbeatRequest) -> Error:
    """Whether the epoch of a heartbeat counts: the member's own, the one before if the last answer was lost
    (R121), 0 to join again.
    """
    if request.member_epoch in (member.epoch, 0):
        return Error.NONE
    lost_answer = (
        request.member_epoch == member.previous_epoch < member.epoch
        and request.owned is not None
        and all(partition in member.assigned for partition in request.owned)
    )
    return Error.NONE if lost_answer else Error.FENCED_MEMBER_EPOCH


def commit_error(group: ConsumerGroup, request: OffsetCommitRequest) -> Error:
    """Why a commit is refused: unknown members 25 before another epoch 113; without membership only while
    empty (R85).
    """
    if request.generation < 0 and not group.members:
        return Error.NONE
    member = group.members.get(request.member_id)
    if member is None:
        return Error.UNKNOWN_MEMBER_ID
    if request.version < 9:
        return Error.UNSUPPORTED_VERSION
    return Error.NONE if request.generation == member.epoch else Error.STALE_MEMBER_EPOCH
