"""The ledger of a real cluster: where every record is that a producer of mqviz sent, as one group sees it.

Only clients that mqviz runs tell what they did with a record, so the ledger counts their records and no
others.
"""

from __future__ import annotations

from typing import NamedTuple

from mqviz.facts.views import Ledger
from mqviz.model.observed.state import DrivenPartition, Observed, Unknown
from mqviz.model.state import State

_ANY = bytes([0] + [1] * 255)
"""Table of bytes.translate: whether it happened at all."""
_TWICE = bytes([0, 0] + [1] * 254)
"""Table of bytes.translate: whether it happened more than once."""


class Counts(NamedTuple):
    """Records of one partition that are ours and arrived: the first four add up to all of them."""

    done: int
    in_hand: int
    waiting: int
    lost: int
    twice: int


def ledger(state: State, group: str) -> Ledger | Unknown:
    """Where every record is that mqviz sent to the topics which its members of `group` read."""
    observed = state.observed
    topics = {c.topic for c in observed.driven.consumers.values() if c.group == group}
    senders = [p for p in observed.driven.producers.values() if p.topic in topics]
    if not senders:
        return Unknown("only records that mqviz sends are counted, to topics that its consumers read")
    counts = [
        _count(observed, group, topic, number, partition)
        for topic in sorted(topics)
        for number, partition in observed.driven.partitions.get(topic, {}).items()
    ]
    done, in_hand, waiting, lost, twice = (
        (sum(column) for column in zip(*counts, strict=True)) if counts else (0,) * 5
    )
    sent, failed = sum(p.sent for p in senders), sum(p.failed for p in senders)
    on_the_way = sent - failed - done - in_hand - waiting - lost
    return Ledger(sent, done, in_hand, waiting, 0, on_the_way, lost + failed, twice)


def _count(observed: Observed, group: str, topic: str, number: int, partition: DrivenPartition) -> Counts:
    ours = partition.ours.translate(_ANY)
    marks = partition.done.get(group, bytearray())
    done = _both(ours, marks.translate(_ANY))
    undone = ours.count(1) - done
    seen = observed.groups.get(group)
    track = seen.commits.get(topic) if seen else None
    committed = track.now.get(number, 0) if track else 0
    before = max(0, committed - partition.first)
    passed = ours[:before].count(1) - _both(ours[:before], marks[:before].translate(_ANY))
    held = [
        at
        for at in _in_hands(observed, group, topic, number, partition.first)
        if 0 <= at < len(ours) and ours[at] and not (at < len(marks) and marks[at])
    ]
    lost = passed - len([at for at in held if at < before])
    twice = _both(ours, marks.translate(_TWICE))
    return Counts(done, len(held), undone - len(held) - lost, lost, twice)


def _in_hands(observed: Observed, group: str, topic: str, number: int, first: int) -> list[int]:
    """Places of the records that members of the group work on, each once."""
    found = {
        consumer.in_hand.offset - first: 1
        for consumer in observed.driven.consumers.values()
        if consumer.group == group
        and consumer.in_hand
        and (consumer.in_hand.topic, consumer.in_hand.partition) == (topic, number)
    }
    return list(found)


def _both(one: bytes | bytearray, other: bytes | bytearray) -> int:
    """At how many places both hold a 1; counted as whole numbers,
    because a ledger may have a million places.
    """
    return (int.from_bytes(one, "little") & int.from_bytes(other, "little")).bit_count()
