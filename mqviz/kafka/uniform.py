"""The uniform assignor of the consumer group protocol, as a pure function (R126).

Members that subscribe to different topics are in uniform_unequal.py. Left out: racks.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from mqviz.kafka.assignors import Assignment, Subscription, TopicPartition
from mqviz.kafka.coordinators import java_hash
from mqviz.kafka.uniform_unequal import unequal


def walk_order(names: Iterable[str]) -> list[str]:
    """The order in which Java walks a HashMap with these keys, put in one after the other (R126)."""
    found = list(names)
    capacity = 16
    while len(found) > capacity * 3 // 4:
        capacity *= 2

    def bucket(name: str) -> int:
        code = java_hash(name) & 0xFFFFFFFF
        return (code ^ (code >> 16)) & (capacity - 1)

    return sorted(found, key=bucket)


def timeline_order(names: Iterable[str], most: int) -> list[str]:
    """The order in which a coordinator walks its members, `names` in the order of joining, to tell an
    assignor of them.

    It is that of Kafka's TimelineHashMap, whose table is as large as `most` members at once made it; it
    decides between members in one bucket of the assignor's own walk (R126).
    """
    capacity = 2
    while (most + 1) * 3 > 4 * capacity:
        capacity *= 2
    shift = 65 - capacity.bit_length()

    def slot(name: str) -> int:
        return (java_hash(name) * -7046029254386353131 & (1 << 64) - 1) >> shift

    latest_first = list(names)[::-1]
    return sorted(latest_first, key=slot)


def uniform_assignor(
    partitions_per_topic: Mapping[str, int], subscriptions: Mapping[str, Subscription]
) -> Assignment:
    """UniformAssignor: the same number of partitions for each member, as few moves as that allows.

    `subscriptions` is by member id in the coordinator's order; `owned_partitions` are what the last target
    assignment gave.
    """
    members = walk_order(subscriptions)
    topics = {m: sorted(t for t in subscriptions[m].topics if t in partitions_per_topic) for m in members}
    if all(topics[member] == topics[members[0]] for member in members):
        wanted = topics[members[0]] if members else []
        every = [TopicPartition(t, n) for t in wanted for n in range(partitions_per_topic[t])]
        return _homogeneous(every, members, subscriptions)
    return unequal(partitions_per_topic, topics, subscriptions)


def _homogeneous(
    every: list[TopicPartition], members: list[str], subscriptions: Mapping[str, Subscription]
) -> Assignment:
    """Everybody keeps up to a quota, the rest is dealt out in the same walk, each member up to its quota
    (R126).
    """
    known = dict.fromkeys(every)
    owned = {m: sorted(p for p in subscriptions[m].owned_partitions if p in known) for m in members}
    assigned = {partition for parts in owned.values() for partition in parts}
    pool = [partition for partition in every if partition not in assigned]
    each, extras = divmod(len(every), len(members))
    quotas: dict[str, int] = {}
    for index, member in enumerate(members):
        quota = each + (extras > 0)
        if quota > each and len(owned[member]) < quota and len(members) - index > extras:
            quota = each
        extras -= quota > each
        quotas[member] = quota
        pool += owned[member][quota:]
        owned[member] = owned[member][:quota]
    rest = iter(pool)
    for member in members:
        for _ in range(quotas[member] - len(owned[member])):
            owned[member].append(next(rest))
    return {member: sorted(owned[member]) for member in subscriptions}
