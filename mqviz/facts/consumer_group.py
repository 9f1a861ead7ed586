"""Facts of groups of the consumer protocol (KIP-848): epochs, and how far each member is from its target."""

from __future__ import annotations

from mqviz.facts.views import Reading
from mqviz.model.kafka.coordinator.consumer.state import ConsumerGroup, Partitions
from mqviz.model.state import State


class MemberProgress(Reading, frozen=True):
    """A member as its coordinator sees it, and what its process does about it.

    `state`: STABLE, UNREVOKED, UNRELEASED (R123). `process`: JOINING, RECONCILING, ACKNOWLEDGING, STABLE …,
    "" for a client from outside. `revoke_by_us`: when it is removed if it does not give up `revoking`, 0 if
    it has nothing to give up.
    """

    name: str
    member_id: str
    instance_id: str
    state: str
    epoch: int
    assigned: Partitions
    revoking: Partitions
    target: Partitions
    revoke_by_us: int
    process: str


def group_epochs(state: State, group: str) -> tuple[int, int]:
    """Group epoch and assignment epoch; (0, 0) for a group that is none of this protocol."""
    found = state.cluster.consumer_groups.get(group)
    return (found.epoch, found.assignment_epoch) if found else (0, 0)


def member_progress(state: State, group: str) -> tuple[MemberProgress, ...]:
    """Members in the order they joined."""
    found = state.cluster.consumer_groups.get(group)
    return tuple(_progress(state, found, member_id) for member_id in found.members) if found else ()


def _progress(state: State, group: ConsumerGroup, member_id: str) -> MemberProgress:
    member = group.members[member_id]
    process = state.cluster.client_members.get(member.client)
    return MemberProgress(
        member.client,
        member_id,
        member.instance_id,
        member.state,
        member.epoch,
        member.assigned,
        member.revoking,
        group.target.get(member_id, ()),
        member.revoke_by_us,
        process.state if process and process.member_id == member_id else "",
    )
