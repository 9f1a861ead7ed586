"""The uniform assignor for members that subscribe to different topics, as a pure function (R126).

Like a real broker: UniformHeterogeneousAssignmentBuilder: everybody keeps what it may read, topics with the
most partitions a reader come first, each goes to its least loaded readers in turn, then partitions move from
the most to the least loaded reader of a topic, topic by topic, until a round over all moves nothing. Left
out: racks; topics that are equal in all this are ordered by their names, not by their random ids.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mqviz.kafka.assignors import Assignment, Subscription, TopicPartition

ROUNDS = 16
"""Kafka stops after so many rounds, balanced or not."""


class _Balancer:
    """The readers of a topic by load: who gets the next partition, and who gives one away.

    The least loaded form a range that is served in turn and grows as its level rises; so do the most loaded
    from above.
    """

    def __init__(self, readers: Sequence[str], load: dict[str, int]) -> None:
        self.load = load
        self.readers = sorted(readers, key=lambda member: load[member])
        self.least_end, self.least_level, self.least_next = 0, load[self.readers[0]] - 1, 0
        self.most_start = self.most_end = len(self.readers)
        self.most_level, self.most_next = load[self.readers[-1]] + 1, len(self.readers) - 1

    def least(self) -> str:
        """Who gets the next partition."""
        if self.least_next >= self.least_end:
            self.least_level += 1
            while self.least_end < len(self.readers) and self._load(self.least_end) == self.least_level:
                self.least_end += 1
            self.least_next = 0
        self.least_next += 1
        return self.readers[self.least_next - 1]

    def most(self) -> str | None:
        """Who gives one away next; None: nobody can."""
        if self.most_next < self.most_start:
            if self.most_start > 0 and self.most_end <= self.most_start:
                self.most_level = self._load(self.most_start - 1)
            else:
                self.most_level -= 1
            while self.most_start > 0 and self._load(self.most_start - 1) == self.most_level:
                self.most_start -= 1
            self.most_next = self.most_end - 1
        if self.most_next < 0:
            return None
        self.most_next -= 1
        return self.readers[self.most_next + 1]

    def exclude(self) -> None:
        """The one that `most` named has nothing to give."""
        at, last = self.most_next + 1, self.most_end - 1
        self.readers[at], self.readers[last] = self.readers[last], self.readers[at]
        self.most_end -= 1

    @property
    def balanced(self) -> bool:
        """Whether the levels of the two ranges differ by one at most."""
        return self.most_level - self.least_level <= 1

    def _load(self, index: int) -> int:
        return self.load[self.readers[index]]


def unequal(
    partitions_per_topic: Mapping[str, int],
    topics: Mapping[str, Sequence[str]],
    subscriptions: Mapping[str, Subscription],
) -> Assignment:
    """Who gets what; `topics` are those that exist of each member, the members in the assignor's walk."""
    readers = {t: [m for m in topics if t in topics[m]] for t in partitions_per_topic}
    order = sorted(
        (t for t in partitions_per_topic if readers[t]),
        key=lambda t: (-partitions_per_topic[t] / len(readers[t]), len(readers[t]), t),
    )
    owners = {t: _kept(t, partitions_per_topic[t], readers[t], subscriptions) for t in order}
    load = {m: sum(each.count(m) for each in owners.values()) for m in topics}
    for topic in order:
        balancer = _Balancer(readers[topic], load)
        for number, owner in enumerate(owners[topic]):
            if not owner:
                _give(owners[topic], number, balancer.least(), load)
    _balance([topic for topic in order if len(readers[topic]) > 1], readers, owners, load)
    found: Assignment = {member: [] for member in subscriptions}
    for topic in sorted(owners):
        for number, owner in enumerate(owners[topic]):
            found[owner].append(TopicPartition(topic, number))
    return found


def _kept(
    topic: str, count: int, readers: Sequence[str], subscriptions: Mapping[str, Subscription]
) -> list[str]:
    """Who keeps each partition of a topic, "" for nobody."""
    owners = [""] * count
    for member in readers:
        for owned in subscriptions[member].owned_partitions:
            if owned.topic == topic and owned.partition < count:
                owners[owned.partition] = member
    return owners


def _balance(
    order: Sequence[str],
    readers: Mapping[str, Sequence[str]],
    owners: Mapping[str, list[str]],
    load: dict[str, int],
) -> None:
    last = ""
    for _ in range(ROUNDS):
        for topic in order:
            if topic == last:
                return
            if _balance_topic(readers[topic], owners[topic], load) or not last:
                last = topic


def _balance_topic(readers: Sequence[str], owners: list[str], load: dict[str, int]) -> bool:
    """Move partitions of a topic, each owner's last one first; whether one moved."""
    loads = [load[member] for member in readers]
    if max(loads) - min(loads) <= 1:
        return False
    balancer = _Balancer(readers, load)
    held = {member: [n for n, owner in enumerate(owners) if owner == member] for member in readers}
    moved = False
    while (giver := _giver(balancer, held)) is not None:
        number, taker = held[giver].pop(), balancer.least()
        if balancer.balanced:
            break
        _give(owners, number, taker, load)
        moved = True
    return moved


def _giver(balancer: _Balancer, held: Mapping[str, list[int]]) -> str | None:
    """The most loaded reader that has a partition to give."""
    while (giver := balancer.most()) is not None and not held[giver]:
        balancer.exclude()
    return giver


def _give(owners: list[str], number: int, taker: str, load: dict[str, int]) -> None:
    if owners[number]:
        load[owners[number]] -= 1
    owners[number] = taker
    load[taker] += 1
