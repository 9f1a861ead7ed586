"""Consumer: an application that is one member of a group, as the process itself sees it.

What the group's coordinator believes about it is in group.py; the two differ while word travels, and for
good when the process is dead or frozen.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import msgspec

from mqviz.model.command import AddConsumer
from mqviz.model.event import Event, Weight, applies
from mqviz.model.log import Batch
from mqviz.model.member_stops import Stop

if TYPE_CHECKING:
    from mqviz.model.state import State

Phase = Literal["unjoined", "joining", "syncing", "stable"]
"""Where the process stands with its group: no membership, JoinGroup sent, SyncGroup sent, has an assignment."""


class Claim(msgspec.Struct):
    """A partition that the process believes it owns.

    `position`: next offset that poll() will return, None until it is known; `fetched`: batches that wait in
    the process, which cover position … fetched_to - 1.
    """

    topic: str
    partition: int
    position: int | None = None
    fetched: list[Batch] = msgspec.field(default_factory=list)
    fetched_to: int = 0


class Slice(msgspec.Struct):
    """Records first … end - 1 of a partition that poll() returned and that are still to be processed."""

    topic: str
    partition: int
    first: int
    end: int
    batches: list[Batch]


class Taken(msgspec.Struct):
    """The record that the application works on."""

    topic: str
    partition: int
    offset: int
    key: str | None
    started_at_us: int
    ends_at_us: int


class Consumer(msgspec.Struct):
    """A consumer process.

    `state`: running, paused, closing, closed, dead. `activity`: polling (inside poll(), nothing to return),
    processing, committing, closing. `incarnation` counts its starts, `life` its starts, pauses and ends,
    `membership` the rounds of joining: a timer of an earlier one is void. `rejoin`: the next poll() must join again. `fetching`: partitions asked
    for, by broker. `fenced`: another process has its group.instance.id. `given`: what it was assigned last, in
    `given_generation`; `snapshot`: how many partitions its topics had when it, as the group leader, assigned them.
    `arrived`: what SyncGroup brought while the application was busy, for the next poll(). `ready`: partitions with fetched records, in the order they came.
    `asked`: requests that will tell it where to start reading. `commits`: purposes of commits on their way.
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
    claims: dict[str, Claim] = msgspec.field(default_factory=dict)
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


class ConsumerAdded(Event, frozen=True):
    """A consumer process started and subscribed; it is no member yet."""

    name: str
    settings: AddConsumer
    topics: tuple[str, ...]


class PollCalled(Event, frozen=True):
    """The application called poll()."""

    consumer: str


class FetchStarted(Event, frozen=True):
    """A fetch left for a broker; no other goes there until it is back (R79)."""

    consumer: str
    broker: int
    number: int


class RecordsFetched(Event, frozen=True):
    """A fetch came back; these ranges wait in the process until poll() returns them."""

    consumer: str
    broker: int
    parts: tuple[tuple[str, int, int, int], ...]


class RecordsReturned(Event, frozen=True):
    """poll() returned these ranges: the position moves now (R79)."""

    weight = Weight.STEP
    consumer: str
    group: str
    parts: tuple[tuple[str, int, int, int], ...]


class RecordTaken(Event, frozen=True):
    """The application began to work on a record."""

    consumer: str
    topic: str
    partition: int
    offset: int
    key: str | None
    ends_at_us: int


class RecordsProcessed(Event, frozen=True):
    """The application is done with offsets first … end - 1: their effect has happened."""

    weight = Weight.STEP
    consumer: str
    group: str
    topic: str
    partition: int
    first: int
    end: int


class CommitStarted(Event, frozen=True):
    """The process asked its coordinator to commit.

    `purpose`: application (commitSync, which waits), timer (auto-commit, which does not), rejoin or close
    (auto-commit before the partitions are given up, which waits) (R83, R85).
    """

    consumer: str
    number: int
    purpose: str


class CommitEnded(Event, frozen=True):
    """The answer to commit `number` came: the coordinator remembers, and whoever waited for that goes on."""

    consumer: str
    number: int


class CommitRefused(Event, frozen=True):
    """The coordinator refused commit `number`; the application goes on without it (R85).

    `named` is the error's name and code; `number` 0: the client knows that it is no member and did not ask.
    """

    weight = Weight.MOMENT
    consumer: str
    group: str
    number: int
    error: int
    named: str


class ConsumerProcessingSet(Event, frozen=True):
    """From the next record on the application takes so long for each."""

    weight = Weight.STEP
    consumer: str
    processing_us: int


class ConsumerChanged(Event, frozen=True):
    """The process was paused, resumed, killed, asked to close, is leaving or is gone: see Consumer.state."""

    weight = Weight.MOMENT
    consumer: str
    group: str
    state: str


class ConsumerFailed(Event, frozen=True):
    """poll() threw, by its exception's name, and the application ends."""

    weight = Weight.MOMENT
    consumer: str
    group: str
    exception: str


def _of(state: State, name: str) -> Consumer:
    return state.cluster.consumers[name]


@applies(ConsumerAdded)
def _added(state: State, event: ConsumerAdded) -> None:
    consumers = state.cluster.consumers
    before = consumers.pop(event.name, None)
    settings = event.settings
    consumers[event.name] = Consumer(
        event.name,
        settings,
        list(event.topics),
        int(settings.processing),
        before.incarnation + 1 if before else 1,
        before.life + 1 if before else 1,
        polled_at_us=event.at_us,
        committed_at_us=event.at_us,
    )


@applies(PollCalled)
def _polled(state: State, event: PollCalled) -> None:
    consumer = _of(state, event.consumer)
    consumer.activity = "polling"
    consumer.polled_at_us = event.at_us


@applies(ConsumerFailed)
def _failed(state: State, event: ConsumerFailed) -> None:
    _of(state, event.consumer).state = "closing"


@applies(FetchStarted)
def _fetching(state: State, event: FetchStarted) -> None:
    _of(state, event.consumer).fetching[event.broker] = event.number


@applies(RecordsFetched)
def _fetched(state: State, event: RecordsFetched) -> None:
    consumer = _of(state, event.consumer)
    del consumer.fetching[event.broker]
    for topic, number, _, end in event.parts:
        key = state.cluster.partition(topic, number).key
        claim = consumer.claims[key]
        claim.fetched.extend(consumer.carried[key])
        claim.fetched_to = end
        consumer.ready.append(key)
    consumer.carried = {}


@applies(RecordsReturned)
def _returned(state: State, event: RecordsReturned) -> None:
    consumer = _of(state, event.consumer)
    consumer.activity = "processing"
    for topic, number, first, end in event.parts:
        key = state.cluster.partition(topic, number).key
        claim = consumer.claims[key]
        held = [batch for batch in claim.fetched if batch.base_offset < end]
        consumer.hand.append(Slice(topic, number, first, end, held))
        claim.fetched = [batch for batch in claim.fetched if batch.end_offset > end]
        claim.position = end
        if end == claim.fetched_to:
            consumer.ready.remove(key)


@applies(RecordTaken)
def _taken(state: State, event: RecordTaken) -> None:
    _of(state, event.consumer).taken = Taken(
        event.topic, event.partition, event.offset, event.key, event.at_us, event.ends_at_us
    )


@applies(RecordsProcessed)
def _processed(state: State, event: RecordsProcessed) -> None:
    cluster = state.cluster
    consumer = cluster.consumers[event.consumer]
    consumer.taken = None
    consumer.processed += event.end - event.first
    part = consumer.hand[0]
    part.first = event.end
    if part.first == part.end:
        del consumer.hand[0]
    else:
        part.batches = [batch for batch in part.batches if batch.end_offset > part.first]
    key = cluster.partition(event.topic, event.partition).key
    cluster.groups[event.group].record(key, event.topic, event.partition).passed(event.first, event.end)


@applies(CommitStarted)
def _commits(state: State, event: CommitStarted) -> None:
    consumer = _of(state, event.consumer)
    consumer.committed_at_us = event.at_us
    consumer.commits[event.number] = event.purpose
    if event.purpose == "application":
        consumer.activity = "committing"


@applies(CommitEnded)
def _committed(state: State, event: CommitEnded) -> None:
    _of(state, event.consumer).commits.pop(event.number, None)


@applies(CommitRefused)
def _refused(state: State, event: CommitRefused) -> None:
    _of(state, event.consumer).commits.pop(event.number, None)


@applies(ConsumerProcessingSet)
def _slower(state: State, event: ConsumerProcessingSet) -> None:
    _of(state, event.consumer).processing_us = event.processing_us


@applies(ConsumerChanged)
def _changed(state: State, event: ConsumerChanged) -> None:
    consumer = _of(state, event.consumer)
    if event.state == "running" and consumer.taken is not None:
        consumer.taken.ends_at_us += event.at_us - consumer.frozen_at_us
    consumer.state = event.state
    consumer.life += event.state not in ("closing", "leaving")
    consumer.frozen_at_us = event.at_us
    if event.state in ("dead", "closed"):
        from mqviz.model.membership import let_go  # it builds on this file

        held = [(claim.topic, claim.partition) for claim in consumer.claims.values()]
        let_go(state, event.group, event.consumer, held, event.at_us)
        consumer.claims, consumer.hand, consumer.taken = {}, [], None
        consumer.fetching, consumer.carried, consumer.ready = {}, {}, []
