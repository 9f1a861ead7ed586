"""Invariants of groups of the consumer protocol (KIP-848), at one moment;
tests hold those that compare two.
"""

from __future__ import annotations

from collections.abc import Iterator

from mqviz.invariants.registry import holds
from mqviz.model.kafka.coordinator.consumer.state import AWAY
from mqviz.model.state import State


@holds
def one_member_has_a_partition(state: State) -> Iterator[str]:
    """A partition belongs to one member at most, also while it is being given up (R114)."""
    for group in state.cluster.consumer_groups.values():
        owners: dict[str, str] = {}
        for member in group.members.values():
            for topic, number in (*member.assigned, *member.revoking):
                key = f"{topic}-{number}"
                if key in owners:
                    yield f"{group.name}: {owners[key]} and {member.member_id} have {key}"
                owners[key] = member.member_id
        if owners != group.owners:
            yield f"{group.name}: owners are {owners}, the group believes {group.owners}"


@holds
def a_stable_group_covers_its_topics(state: State) -> Iterator[str]:
    """In a stable group every partition of the subscribed topics has an owner (R114)."""
    for group in state.cluster.consumer_groups.values():
        if group.state == "Stable":
            for topic, count in group.metadata:
                missing = [n for n in range(count) if f"{topic}-{n}" not in group.owners]
                if missing:
                    yield f"{group.name}: nobody has {topic} {missing}"


@holds
def no_member_is_ahead_of_its_group(state: State) -> Iterator[str]:
    """Member epoch <= assignment epoch <= group epoch; the states are those that follow from them (R104,
    R122, R129).
    """
    for group in state.cluster.consumer_groups.values():
        if group.assignment_epoch > group.epoch:
            yield f"{group.name}: assignment epoch {group.assignment_epoch}, group epoch {group.epoch}"
        for member in group.members.values():
            if member.epoch > group.assignment_epoch or (member.epoch < 0 and member.epoch != AWAY):
                yield f"{group.name}: {member.member_id} is at {member.epoch} of {group.assignment_epoch}"
            gives_up = (
                member.state == "UNREVOKED" and member.epoch > 0
            )  # one that left for a while gave up all that
            if bool(member.revoking) != gives_up:
                yield f"{group.name}: {member.member_id} is {member.state} and gives up {member.revoking}"
