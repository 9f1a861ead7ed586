"""Partition assignors of the classic group protocol, as pure functions (R105, R110, R114-R119).

Types and words are those of ConsumerPartitionAssignor in Kafka's Java client. An assignor is a function of
the number of partitions of each topic and of the members' subscriptions by member id; it answers with what
each member gets, idle members with an empty list. The sticky ones are in assignors_sticky.py. No racks.
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
    """What a member brings to a rebalance.

    `owned_partitions`: what it still owns, which is nothing where it revoked all before joining (eager).
    `group_instance_id`: None unless the member is static. `generation_id`: in which generation it got what it
    owns, -1 for none. `user_data` is what StickyAssignor alone adds: what the member was given last.
    """

    topics: tuple[str, ...]
    owned_partitions: tuple[TopicPartition, ...] = ()
    group_instance_id: str | None = None
    generation_id: int = -1
    user_data: StickyUserData | None = None


class StickyUserData(NamedTuple):
    """What a member was given last, and in which generation."""

    partitions: tuple[TopicPartition, ...] = ()
    generation: int = -1


Assignment = dict[str, list[TopicPartition]]
Assignor = Callable[[Mapping[str, int], Mapping[str, Subscription]], Assignment]


def range_assignor(
    partitions_per_topic: Mapping[str, int], subscriptions: Mapping[str, Subscription]
) -> Assignment:
    """RangeAssignor: per topic consecutive partitions, as many for each of its subscribers, the first get one
    more (R115).

    Members are taken in order: static ones by instance id, then the others by member id.
    """
    assignment: Assignment = {member: [] for member in subscriptions}
    for topic in sorted(partitions_per_topic):
        members = [m for m in _in_order(subscriptions) if topic in subscriptions[m].topics]
        if members:
            _share_out(topic, partitions_per_topic[topic], members, assignment)
    return assignment


def round_robin_assignor(
    partitions_per_topic: Mapping[str, int], subscriptions: Mapping[str, Subscription]
) -> Assignment:
    """RoundRobinAssignor: all partitions in order, dealt like cards to the members in order (R116).

    A member that does not subscribe to the topic is passed over, and the next partition goes to the one
    behind the last that took one. Members are ordered as in `range_assignor`.
    """
    assignment: Assignment = {member: [] for member in subscriptions}
    members = _in_order(subscriptions)
    turn = 0
    for topic in sorted(partitions_per_topic):
        if not any(topic in subscription.topics for subscription in subscriptions.values()):
            continue
        for number in range(partitions_per_topic[topic]):
            while topic not in subscriptions[members[turn % len(members)]].topics:
                turn += 1
            assignment[members[turn % len(members)]].append(TopicPartition(topic, number))
            turn += 1
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


VOTE_ORDER = ("sticky", "range", "roundrobin", "cooperative-sticky")
"""Who wins among equal votes: Java's hash order of the names (R105)."""


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
