"""A consumer: what its client knows of partitions, positions and commits, what its application does."""

from __future__ import annotations

from typing import Literal

import msgspec

from mqviz.model.command.consumer import AddConsumer
from mqviz.model.kafka.coordinator.consumer.state import Partitions
from mqviz.model.kafka.log.batch import Batch

Phase = Literal["unjoined", "joining", "syncing", "stable"]
"""Where the process stands with its group: no membership, JoinGroup sent, SyncGroup sent,
has an assignment.
"""


class Consumer(msgspec.Struct):
    """A consumer process.

    `state`: running, paused, closing, leaving, closed, dead. `activity`: polling (inside poll(), nothing to
    return), processing, committing, busy (with something else until `busy_until_us`), idle (not told to poll;
    see `loop`). `polls` counts calls of poll(). `incarnation` counts its starts, `life` its starts, pauses
    and ends, `membership` the rounds of joining: a timer of an earlier one is void. `rejoin`: the next poll()
    must join again. `fetching`: partitions asked for, by broker. `fenced`: another process has its
    group.instance.id. `given`: what it was assigned last, in `given_generation`; `snapshot`: how many
    partitions its topics had when it, as the group leader, assigned them.
    `arrived`: what SyncGroup brought while the application was busy, for the next poll(). `ready`: partitions
    with fetched records, in the order they came.
    `asked`: requests that will tell it where to start reading. `commits`: purposes of commits on their way.
    `committed_at_us`: since when auto.commit.interval.ms runs: the last commit but those by hand, or the last
    assignment (R83). `assigned_at_us`: when it was last given partitions. `came_us`: when it started, went
    on, froze, or began to end.
    """

    name: str
    settings: AddConsumer
    topics: list[str]
    processing_us: int
    incarnation: int
    life: int
    state: str = "running"
    activity: str = "polling"
    phase: Phase = "unjoined"
    membership: int = 0
    member_id: str = ""
    generation: int = -1
    rejoin: bool = True
    lost: bool = False
    fenced: bool = False
    given: tuple[tuple[str, int], ...] = ()
    given_generation: int = -1
    snapshot: tuple[tuple[str, int], ...] = ()
    arrived: tuple[tuple[str, int], ...] | None = None
    stops: list[Stop] = msgspec.field(default_factory=list)
    partition_states: dict[str, TopicPartitionState] = msgspec.field(default_factory=dict)
    hand: list[Slice] = msgspec.field(default_factory=list)
    taken: Taken | None = None
    polled_at_us: int = 0
    committed_at_us: int = 0
    frozen_at_us: int = 0
    processed: int = 0
    fetching: dict[int, int] = msgspec.field(default_factory=dict)
    ready: list[str] = msgspec.field(default_factory=list)
    asked: tuple[int, ...] = ()
    commits: dict[int, str] = msgspec.field(default_factory=dict)
    carried: dict[str, tuple[Batch, ...]] = msgspec.field(default_factory=dict)
    loop: bool = True
    came_us: int = 0
    polls: int = 0
    busy_until_us: int = 0
    assigned_at_us: int = -1

    def move(self, key: str, end: int) -> None:
        """The position of partition `key` is `end` now; what is below it of what was fetched is gone."""
        partition_state = self.partition_states[key]
        partition_state.fetched = [batch for batch in partition_state.fetched if batch.end_offset > end]
        partition_state.position = end
        if end == partition_state.fetched_to:
            self.ready.remove(key)
            partition_state.forget()


REBALANCING = "RebalanceInProgressException"
"""What a commit throws while its process joins the group again: it may commit later (R85)."""


class TopicPartitionState(msgspec.Struct):
    """A partition that the process believes it owns.

    `position`: next offset that poll() will return, None until it is known; `fetched`: batches that wait in
    the process, which cover position … fetched_to - 1. `hidden`: base offsets of those that read_committed
    does not show.
    `reset`: how a lost position is found: by the group's commit (empty), the `policy` of auto.offset.reset,
    `earliest`, `latest`, the `time` at_us; not before `not_before_us`. `paused`: by the application (R89).
    `handed`: the offset after the last record that poll() returned, `done`: after the last one that is done
    with, None if there was none; `stored`: which of them librdkafka's timer committed last (R84).
    `preferred`: the replica that the leader sent the consumer to, until `preferred_until_us`;
    -1: it reads from the leader (R36).
    """

    topic: str
    partition: int
    position: int | None = None
    fetched: list[Batch] = msgspec.field(default_factory=list)
    fetched_to: int = 0
    hidden: list[int] = msgspec.field(default_factory=list)
    reset: str = ""
    at_us: int = 0
    not_before_us: int = 0
    paused: bool = False
    handed: int | None = None
    done: int | None = None
    stored: int | None = None
    preferred: int = -1
    preferred_until_us: int = 0

    def forget(self) -> None:
        """What was fetched is of no use any more."""
        self.fetched, self.hidden = [], []

    def visible(self, batch: Batch) -> bool:
        """Whether an application may see the records of `batch`."""
        return not batch.control and batch.base_offset not in self.hidden


class Slice(msgspec.Struct):
    """Offsets first … end - 1 of a partition that poll() returned and that are still to be processed.

    `batches` hold the records; there may be gaps between them, where others were compacted away or are
    markers.
    """

    topic: str
    partition: int
    first: int
    end: int
    batches: list[Batch]

    def next_record(self) -> int | None:
        """The offset of the next record; None: only a gap is left."""
        for batch in self.batches:
            if batch.end_offset > self.first:
                return max(self.first, batch.base_offset) if batch.base_offset < self.end else None
        return None

    def end_after(self, offset: int | None) -> int:
        """Where the work is after the record at `offset`: just behind it, or behind the gap that ends what is
        in hand.
        """
        more = offset is not None and self.batches and offset + 1 < self.batches[-1].end_offset
        return offset + 1 if offset is not None and more else self.end

    def count(self, end: int) -> int:
        """How many records there are below `end`."""
        found = 0
        for batch in self.batches:
            if batch.base_offset >= end:
                break
            found += max(0, min(end, batch.end_offset) - max(self.first, batch.base_offset))
        return found


class Taken(msgspec.Struct):
    """The record that the application works on."""

    topic: str
    partition: int
    offset: int
    key: str | None
    started_at_us: int
    ends_at_us: int


MOST_STOPS = 16
"""Stops that a member remembers: the last ones."""


class Stop(msgspec.Struct):
    """A member gave up all that it had at `since_us` (`lost`: it was taken away) and has a share again at
    `until_us`.
    """

    since_us: int
    partitions: tuple[tuple[str, int], ...]
    lost: bool
    until_us: int | None = None


def gave_up(consumer: Consumer, at_us: int, partitions: tuple[tuple[str, int], ...], lost: bool) -> None:
    """Note a revocation; only one that leaves nothing stops the member, and one that ends is not stopped."""
    if not consumer.partition_states and consumer.state in ("running", "paused"):
        consumer.stops.append(Stop(at_us, partitions, lost))
        del consumer.stops[:-MOST_STOPS]


def has_share(consumer: Consumer, at_us: int) -> None:
    """Note that the member has its share, which may be empty."""
    if consumer.stops and consumer.stops[-1].until_us is None:
        consumer.stops[-1].until_us = at_us


class ClientMember(msgspec.Struct):
    """Membership of a process, by its consumer's name; `incarnation` is which start of the process.

    `target`: what it was told to read; `told`: what it told last that it reads, None if it must tell
    everything again. `in_flight`: number of its heartbeat on the way, 0 for none; `beats`: heartbeats so far,
    a timer of an earlier one is void.
    `failures`: heartbeats in a row that the network or the coordinator did not answer. `error`: why it is
    FATAL.
    """

    member_id: str
    incarnation: int
    state: str = "UNSUBSCRIBED"
    epoch: int = 0
    target: Partitions = ()
    told: Partitions | None = None
    in_flight: int = 0
    heartbeats: int = 0
    failures: int = 0
    interval_us: int = 0
    error: int = 0


CLIENT_MOVES: dict[str, tuple[str, ...]] = {
    "UNSUBSCRIBED": ("JOINING",),
    "JOINING": ("JOINING", "RECONCILING", "FENCED", "FATAL", "LEAVING", "STALE"),
    "RECONCILING": ("RECONCILING", "ACKNOWLEDGING", "FENCED", "FATAL", "LEAVING", "STALE"),
    "ACKNOWLEDGING": ("ACKNOWLEDGING", "RECONCILING", "STABLE", "FENCED", "FATAL", "LEAVING", "STALE"),
    "STABLE": ("STABLE", "RECONCILING", "FENCED", "FATAL", "LEAVING", "STALE"),
    "FENCED": ("JOINING", "LEAVING"),
    "STALE": ("JOINING", "LEAVING"),
    "LEAVING": (),
    "FATAL": (),
}
"""From each state of the client those that may follow (R124).

RECONCILING: was given an assignment that it has not taken over yet; only poll() does that. ACKNOWLEDGING:
took it over, must say so. FENCED: the group does not know it (any more); STALE: it left because poll() came
too late.
"""
