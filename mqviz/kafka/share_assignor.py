"""The assignor `simple` of share groups (R130): partitions are shared out to members, several members a
partition.

Nothing is hashed: each partition gets as many members as are needed so that nobody is idle, and what a member
has it keeps as long as it may. Kafka 4.0 hashed members; the balanced way is simulated for every version.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

TopicPartition = tuple[str, int]


def simple(
    partitions: Mapping[str, int],
    subscriptions: Mapping[str, Sequence[str]],
    current: Mapping[str, Sequence[TopicPartition]] | None = None,
) -> dict[str, tuple[TopicPartition, ...]]:
    """Who reads what: `partitions` counts them by topic, `subscriptions` are topics by member, `current` what
    each has.

    Topics with the same subscribers are shared out together. The answer is sorted by topic and number.
    """
    current = current or {}
    by_readers: dict[tuple[str, ...], list[str]] = {}
    for topic in sorted(partitions):
        readers = tuple(member for member, topics in subscriptions.items() if topic in topics)
        by_readers.setdefault(readers, []).append(topic)
    found: dict[str, list[TopicPartition]] = {member: [] for member in subscriptions}
    for readers, topics in by_readers.items():
        pool = [(topic, number) for topic in topics for number in range(partitions[topic])]
        for member, given in _share_out(pool, readers, current).items():
            found[member] += given
    return {member: tuple(sorted(given)) for member, given in found.items()}


def wanted(members: int, partitions: int) -> list[int]:
    """How many partitions each member gets, in the members' order."""
    total = _sharing(members, partitions) * partitions
    marks = [-(-total * i // members) for i in range(members + 1)]
    return [marks[i + 1] - marks[i] for i in range(members)]


def _sharing(members: int, partitions: int) -> int:
    return -(-members // partitions)


def _share_out(
    pool: list[TopicPartition],
    members: tuple[str, ...],
    current: Mapping[str, Sequence[TopicPartition]],
) -> dict[str, list[TopicPartition]]:
    if not pool or not members:
        return {}
    quota = dict(zip(members, wanted(len(members), len(pool)), strict=True))
    room = dict.fromkeys(pool, _sharing(len(members), len(pool)))
    given: dict[str, list[TopicPartition]] = {member: [] for member in members}
    for member in members:
        for partition in current.get(member, ()):
            if len(given[member]) < quota[member] and room.get(partition, 0) > 0:
                given[member].append(partition)
                room[partition] -= 1
    _deal(room, quota, given)
    return given


def _deal(
    room: dict[TopicPartition, int], quota: dict[str, int], given: dict[str, list[TopicPartition]]
) -> None:
    """What is left goes to members below their quota in turn, to each at most once."""
    unfilled = [member for member in quota if len(given[member]) < quota[member]]
    for partition in room:
        while room[partition]:
            taker = next((member for member in unfilled if partition not in given[member]), None)
            if taker is None:
                break
            given[taker].append(partition)
            room[partition] -= 1
            unfilled.remove(taker)
            if len(given[taker]) < quota[taker]:
                unfilled.append(taker)
