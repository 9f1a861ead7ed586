"""Measures: what a whole run of the simulated Kafka amounts to, folded from its events.

Throughput, how long records took from send() to their acknowledgement and to each group, and how long
partitions stood still in rebalances. Times of records are those of their batch: from its first send(). Memory
grows with batches, not with records.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from mqviz.model.event import Event
from mqviz.model.kafka.clients.consumer.events import PartitionsAssigned, PartitionsRevoked, RecordsReturned
from mqviz.model.kafka.clients.producer.events import RecordsAcknowledged
from mqviz.model.kafka.coordinator.classic.events import GroupStabilized, RebalanceStarted
from mqviz.model.kafka.log.events import BatchAppended


@dataclass
class Times:
    """Lengths of time in microseconds, each with how many records had it."""

    counts: Counter[int] = field(default_factory=Counter)

    def add(self, us: int, records: int) -> None:
        """These many records took `us`."""
        self.counts[us] += records

    @property
    def records(self) -> int:
        """How many records were measured."""
        return sum(self.counts.values())

    def percentile(self, part: float) -> int:
        """The time that `part` (0 … 1) of the records did not exceed; 0 without records."""
        left = part * self.records
        for us in sorted(self.counts):
            left -= self.counts[us]
            if left <= 0:
                return us
        return 0


@dataclass
class Pauses:
    """What a group's rebalances cost. `lengths_us` of those that ended; `still_us`: time of every partition
    without a reader.
    """

    lengths_us: list[int] = field(default_factory=list)
    still_us: int = 0
    stops: int = 0
    longest_us: int = 0
    began_us: int | None = None
    stopped: dict[tuple[str, int], int] = field(default_factory=dict)


Batches = tuple[list[int], list[int]]
"""First offsets and creation times of a partition's batches."""


class Measures:
    """The measures of a run; `see` takes its events in order."""

    def __init__(self) -> None:
        self.sent_us: int | None = None
        self.appended = 0
        self.appended_bytes = 0
        self.last_us = 0
        self.acknowledged: dict[str, Times] = {}
        self.delivered: dict[str, Times] = {}
        self.pauses: dict[str, Pauses] = {}
        self._batches: dict[tuple[str, int], Batches] = {}

    def see(self, events: Iterable[Event]) -> None:
        """Fold these events in."""
        for event in events:
            do = _SEES.get(type(event))
            if do:
                do(self, event)

    def created_us(self, topic: str, partition: int, offset: int) -> int | None:
        """When the batch with this offset was begun at its producer; None: it was never appended."""
        firsts, created = self._batches.get((topic, partition), ([], []))
        at = bisect_right(firsts, offset) - 1
        return created[at] if at >= 0 else None

    # -- one function a kind of event ----------------------------------------------------------------------

    def _append(self, event: BatchAppended) -> None:
        batch = event.batch
        firsts, created = self._batches.setdefault((event.topic, event.partition), ([], []))
        while firsts and firsts[-1] >= batch.base_offset:  # after a truncation an offset has another record
            firsts.pop()
            created.pop()
        firsts.append(batch.base_offset)
        created.append(batch.created_at_us)
        if batch.producer:
            self.appended += batch.count
            self.appended_bytes += batch.bytes
            self.sent_us = batch.created_at_us if self.sent_us is None else self.sent_us
            self.last_us = event.at_us

    def _acknowledge(self, event: RecordsAcknowledged) -> None:
        created = self.created_us(event.topic, event.partition, event.base_offset)
        if event.base_offset >= 0 and created is not None:
            times = self.acknowledged.setdefault(event.producer, Times())
            times.add(event.at_us - created, event.count)

    def _return(self, event: RecordsReturned) -> None:
        times = self.delivered.setdefault(event.group, Times())
        for topic, partition, first, end in event.parts:
            offset = first
            firsts, created = self._batches.get((topic, partition), ([], []))
            at = max(0, bisect_right(firsts, offset) - 1)
            while offset < end and at < len(firsts):
                until = min(end, firsts[at + 1]) if at + 1 < len(firsts) else end
                times.add(event.at_us - created[at], until - offset)
                offset, at = until, at + 1

    def _rebalance(self, event: RebalanceStarted) -> None:
        pauses = self.pauses.setdefault(event.group, Pauses())
        pauses.began_us = event.at_us if pauses.began_us is None else pauses.began_us

    def _stable(self, event: GroupStabilized) -> None:
        pauses = self.pauses.setdefault(event.group, Pauses())
        if pauses.began_us is not None:
            pauses.lengths_us.append(event.at_us - pauses.began_us)
            pauses.began_us = None

    def _revoke(self, event: PartitionsRevoked) -> None:
        pauses = self.pauses.setdefault(event.group, Pauses())
        for place in event.partitions:
            pauses.stopped.setdefault(place, event.at_us)

    def _assign(self, event: PartitionsAssigned) -> None:
        pauses = self.pauses.setdefault(event.group, Pauses())
        for place in event.partitions:
            since_us = pauses.stopped.pop(place, None)
            if since_us is not None:
                pauses.stops += 1
                pauses.still_us += event.at_us - since_us
                pauses.longest_us = max(pauses.longest_us, event.at_us - since_us)


_SEES: dict[type[Event], Callable[[Measures, Any], None]] = {
    BatchAppended: Measures._append,
    RecordsAcknowledged: Measures._acknowledge,
    RecordsReturned: Measures._return,
    RebalanceStarted: Measures._rebalance,
    GroupStabilized: Measures._stable,
    PartitionsRevoked: Measures._revoke,
    PartitionsAssigned: Measures._assign,
}
