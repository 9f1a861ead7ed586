"""Partition assignors of the classic group protocol, as pure functions (R110, R114, R115, E26, E28).

Types and words are those of ConsumerPartitionAssignor in Kafka's Java client.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple


class TopicPartition(NamedTuple):
    """A partition of a topic."""

    topic: str
    partition: int

    def __str__(self) -> str:
        return f"{self.topic}-{self.partition}"


class Subscription(NamedTuple):
    """What a member brings to a rebalance: its topics, what it still owns, its group.instance.id if it is static."""

    topics: tuple[str, ...]
    owned_partitions: tuple[TopicPartition, ...] = ()
    group_instance_id: str | None = None


Assignment = dict[str, list[TopicPartition]]
Assignor = Callable[[Mapping[str, int], Mapping[str, Subscription]], Assignment]


def range_assignor(
    partitions_per_topic: Mapping[str, int], subscriptions: Mapping[str, Subscription]
) -> Assignment:
    """RangeAssignor: per topic consecutive partitions, as many for each of its subscribers, the first get one more.

    `subscriptions` is by member id. Members are taken in order: static ones by instance id, then the others by
    member id. Every member is in the result, idle ones with an empty list.
    """
    assignment: Assignment = {member: [] for member in subscriptions}
    for topic in sorted(partitions_per_topic):
        members = [m for m in _in_order(subscriptions) if topic in subscriptions[m].topics]
        if members:
            _share_out(topic, partitions_per_topic[topic], members, assignment)
    return assignment


def _in_order(subscriptions: Mapping[str, Subscription]) -> list[str]:
    def order(member: str) -> tuple[bool, str]:
        instance = subscriptions[member].group_instance_id
        return instance is None, member if instance is None else instance

    return sorted(subscriptions, key=order)


def _share_out(topic: str, partitions: int, members: list[str], assignment: Assignment) -> None:
    each, extra = divmod(partitions, len(members))
    first = 0
    for index, member in enumerate(members):
        end = first + each + (index < extra)
        assignment[member] += [TopicPartition(topic, number) for number in range(first, end)]
        first = end


ASSIGNORS: dict[str, Assignor] = {"range": range_assignor}
"""Assignors by the name that members vote with."""

VOTE_ORDER = ("sticky", "range", "roundrobin", "cooperative-sticky")
"""Who wins among equal votes: Java's hash order of the names (E26)."""


def choose_assignor(preferences: Mapping[str, tuple[str, ...]]) -> str | None:
    """The assignor of a generation: each member votes for its first that all support, most votes win (R105).

    `preferences` is by member id. None: no assignor is supported by all.
    """
    common = _supported_by_all(preferences)
    votes: dict[str, int] = {}
    for names in preferences.values():
        vote = next((name for name in names if name in common), None)
        if vote is not None:
            votes[vote] = votes.get(vote, 0) + 1
    return min(votes, key=lambda name: (-votes[name], _tie(name)), default=None)


def _supported_by_all(preferences: Mapping[str, tuple[str, ...]]) -> list[str]:
    lists = list(preferences.values())
    return [name for name in lists[0] if all(name in other for other in lists)] if lists else []


def _tie(name: str) -> tuple[int, str]:
    return VOTE_ORDER.index(name) if name in VOTE_ORDER else len(VOTE_ORDER), name
