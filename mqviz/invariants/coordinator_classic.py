"""Invariants of classic groups: every partition has an owner, and the load is balanced."""

from __future__ import annotations

from collections.abc import Iterator

from mqviz.invariants.registry import holds
from mqviz.model.kafka.coordinator.classic.state import Group
from mqviz.model.state import State


def _known(state: State, group: Group) -> dict[str, int]:
    """How many partitions of each topic the group leader shared out; nothing if it is not one of ours.

    Members from outside may share out what they like, and a static leader that came back computed nothing.
    """
    consumers = state.cluster.consumers
    ours = all(
        member.client in consumers and consumers[member.client].settings.group == group.name
        for member in group.members.values()
    )
    leader = group.members.get(group.group_leader)
    if not group.settled or not ours or leader is None:
        return {}
    return dict(state.cluster.consumers[leader.client].snapshot)


@holds
def everything_is_given_out(state: State) -> Iterator[str]:
    """A stable group gave every partition to exactly one member; cooperative ones, what nobody must revoke
    (R114).
    """
    for group in state.cluster.groups.values():
        known = _known(state, group)
        wanted = [(topic, number) for topic in sorted(known) for number in range(known[topic])]
        given = sorted(partition for member in group.members.values() for partition in member.partitions)
        if not known:
            continue
        if group.assignor == "cooperative-sticky":
            kept = {place for member in group.members.values() for place in member.owned_partitions.owned}
            wanted = [place for place in wanted if place in given or place not in kept]
        if given != wanted:
            yield f"{group.name} gave out {given}, not {wanted}"


@holds
def the_load_is_balanced(state: State) -> Iterator[str]:
    """Range differs by at most one a topic, the others in all where everybody wants the same (R115-R117)."""
    for group in state.cluster.groups.values():
        members = list(group.members.values())
        if not _known(state, group) or group.assignor == "cooperative-sticky":
            continue
        topics = sorted({topic for member in members for topic in member.topics})
        if group.assignor == "range":
            for topic in topics:
                counts = [sum(t == topic for t, _ in m.partitions) for m in members if topic in m.topics]
                if max(counts) - min(counts) > 1:
                    yield f"{group.name} shares {topic} out as {counts}"
        elif all(sorted(member.topics) == topics for member in members):
            loads = [len(member.partitions) for member in members]
            if max(loads) - min(loads) > 1:
                yield f"{group.name} shares its partitions out as {loads}"


@holds
def static_members_are_members(state: State) -> Iterator[str]:
    """Each group.instance.id belongs to exactly one member of the group (R113, R114)."""
    for group in state.cluster.groups.values():
        for instance_id, member_id in group.static.items():
            if member_id not in group.members or group.members[member_id].instance_id != instance_id:
                yield f"{group.name}: {instance_id} is {member_id}, who is no such member"
