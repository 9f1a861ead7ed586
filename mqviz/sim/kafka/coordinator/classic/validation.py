"""Classic errors: whether a request comes from a member of the group, and of its generation (R104, R113).

Like a real broker: whoever comes with the group.instance.id of another member is fenced before anything else
is looked at, unknown members are told before wrong generations. Left out: groups that are Dead.
"""

from __future__ import annotations

from mqviz.kafka.errors import Error
from mqviz.model.kafka.coordinator.classic.state import Group
from mqviz.model.kafka.protocol.requests import HeartbeatRequest, OffsetCommitRequest, SyncGroupRequest


def member_error(
    group: Group | None, request: SyncGroupRequest | HeartbeatRequest | OffsetCommitRequest
) -> Error:
    """Fenced before unknown before wrong generation (R104, R113)."""
    error = fenced(group, request.member_id, request.instance_id)
    if error or group is None:
        return error
    if request.member_id not in group.members:
        return Error.UNKNOWN_MEMBER_ID
    return Error.ILLEGAL_GENERATION if request.generation != group.generation else Error.NONE


def fenced(group: Group | None, member_id: str, instance_id: str | None) -> Error:
    """FENCED_INSTANCE_ID if the group.instance.id belongs to another member now;
    unknown if to none (R113).
    """
    if group is None:
        return Error.UNKNOWN_MEMBER_ID
    if instance_id is None:
        return Error.NONE
    holder = group.static.get(instance_id)
    if holder is None:
        return Error.UNKNOWN_MEMBER_ID
    return Error.NONE if holder == member_id else Error.FENCED_INSTANCE_ID
