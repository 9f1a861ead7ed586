"""Consumer: an application that is one member of a group, as the process itself sees it.

What the group's coordinator believes about it is in group.py; the two differ while word travels, and for
good when the process is dead or frozen.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import msgspec

from mqviz.model.claim import Claim, Slice, Taken
from mqviz.model.command import AddConsumer
from mqviz.model.crashes import died
from mqviz.model.event import Event, Weight, applies
from mqviz.model.log import Batch
from mqviz.model.member_stops import Stop

if TYPE_CHECKING:
    from mqviz.model.state import State

Phase = Literal["unjoined", "joining", "syncing", "stable"]
"""Where the process stands with its group: no membership, JoinGroup sent, SyncGroup sent, has an assignment."""


class Consumer(msgspec.Struct):
    """A consumer process.

    `state`: running, paused, closing, leaving, closed, dead. `activity`: polling (inside poll(), nothing to return),
    processing, committing, busy (with something else until `busy_until_us`), idle (not told to poll; see `loop`). `polls` counts calls of poll(). `incarnation` counts its starts, `life` its starts, pauses and ends,
    `membership` the rounds of joining: a timer of an earlier one is void. `rejoin`: the next poll() must join again. `fetching`: partitions asked
    for, by broker. `fenced`: another process has its group.instance.id. `given`: what it was assigned last, in
    `given_generation`; `snapshot`: how many partitions its topics had when it, as the group leader, assigned them.
    `arrived`: what SyncGroup brought while the application was busy, for the next poll(). `ready`: partitions with fetched records, in the order they came.
    `asked`: requests that will tell it where to start reading. `commits`: purposes of commits on their way.
    `committed_at_us`: since when auto.commit.interval.ms runs: the last commit but those by hand, or the last assignment
    (R83). `assigned_at_us`: when it was last given partitions. `came_us`: when it started, went on, froze, or began to end.
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
    loop: bool = True
    came_us: int = 0
    polls: int = 0
    busy_until_us: int = 0
    assigned_at_us: int = -1

    def move(self, key: str, end: int) -> None:
        """The position of partition `key` is `end` now; what is below it of what was fetched is gone."""
        claim = self.claims[key]
        claim.fetched = [batch for batch in claim.fetched if batch.end_offset > end]
        claim.position = end
        if end == claim.fetched_to:
            self.ready.remove(key)
            claim.forget()


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


class RecordsFetched(Event, frozen=True, omit_defaults=True):
    """A fetch came back; these ranges wait in the process until poll() returns them; `hidden`: base offsets of aborted batches."""

    consumer: str
    broker: int
    parts: tuple[tuple[str, int, int, int], ...]
    hidden: tuple[tuple[str, int, int], ...] = ()


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


class RecordsSkipped(Event, frozen=True):
    """The application does not work on these offsets: its table says that they are done, or its commit failed (R86)."""

    weight = Weight.STEP
    consumer: str
    group: str
    topic: str
    partition: int
    first: int
    end: int
    because: str


class CommitStarted(Event, frozen=True):
    """The process asked its coordinator to commit.

    `purpose`: application (commitSync after the work, which waits), before or each (the same before the work, after a
    record), command (by hand), async (commitAsync) or timer (auto-commit), which do not wait, rejoin or close
    (auto-commit before the partitions are given up, which waits) (R83, R85).
    """

    consumer: str
    number: int
    purpose: str


class CommitEnded(Event, frozen=True):
    """The answer to commit `number` came: the coordinator remembers, and whoever waited for that goes on."""

    consumer: str
    number: int


REBALANCING = "RebalanceInProgressException"
"""What a commit throws while its process joins the group again: it may commit later (R85)."""


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
        activity="polling" if settings.loop else "idle",
        polled_at_us=event.at_us,
        committed_at_us=event.at_us,
        came_us=event.at_us,
        loop=settings.loop,
    )


@applies(PollCalled)
def _polled(state: State, event: PollCalled) -> None:
    consumer = _of(state, event.consumer)
    consumer.activity = "polling"
    consumer.polled_at_us = event.at_us
    consumer.polls += 1


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
    for topic, number, base in event.hidden:
        consumer.claims[state.cluster.partition(topic, number).key].hidden.append(base)
    consumer.carried = {}


@applies(RecordsReturned)
def _returned(state: State, event: RecordsReturned) -> None:
    consumer = _of(state, event.consumer)
    consumer.activity = "processing"
    consumer.polled_at_us = event.at_us
    for topic, number, first, end in event.parts:
        key = state.cluster.partition(topic, number).key
        claim = consumer.claims[key]
        held = [batch for batch in claim.fetched if batch.base_offset < end and claim.visible(batch)]
        claim.handed = end
        consumer.hand.append(Slice(topic, number, first, end, held))
        consumer.move(key, end)


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
    consumer.processed += consumer.hand[0].count(event.end)
    _put_down(consumer.hand, event.end)
    key = cluster.partition(event.topic, event.partition).key
    group = cluster.groups.get(event.group)
    if group is not None:
        group.record(key, event.topic, event.partition).passed(event.first, event.end)
    claim = consumer.claims.get(key)
    if claim is not None:
        claim.done = event.end


def _put_down(hand: list[Slice], end: int) -> None:
    part = hand[0]
    part.first = end
    if part.first >= part.end:
        del hand[0]
    else:
        while part.batches and part.batches[0].end_offset <= end:
            del part.batches[0]


@applies(RecordsSkipped)
def _skipped(state: State, event: RecordsSkipped) -> None:
    consumer = _of(state, event.consumer)
    _put_down(consumer.hand, event.end)
    claim = consumer.claims.get(state.cluster.partition(event.topic, event.partition).key)
    if claim is not None:
        claim.done = event.end


@applies(CommitStarted)
def _commits(state: State, event: CommitStarted) -> None:
    consumer = _of(state, event.consumer)
    if event.purpose != "command":
        consumer.committed_at_us = event.at_us
    consumer.commits[event.number] = event.purpose
    if event.purpose in ("application", "before", "each"):
        consumer.activity = "committing"
    group = state.cluster.groups.get(consumer.settings.group)
    if event.purpose == "command" and group is not None:
        for key in consumer.claims:
            if key in group.records:
                group.records[key].moved = True


@applies(CommitEnded)
def _committed(state: State, event: CommitEnded) -> None:
    consumer = _of(state, event.consumer)
    purpose = consumer.commits.pop(event.number, "")
    if purpose in ("before", "each"):
        consumer.activity = "processing"


@applies(CommitRefused)
def _refused(state: State, event: CommitRefused) -> None:
    consumer = _of(state, event.consumer)
    purpose = consumer.commits.pop(event.number, "")
    if purpose in ("before", "each"):
        consumer.activity = "processing"


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
    if event.state not in ("leaving", "closed"):
        consumer.came_us = event.at_us
    if event.state == "dead":
        died(state, consumer, event.at_us)
    if event.state in ("dead", "closed"):
        from mqviz.model.membership import let_go  # it builds on this file

        held = [(claim.topic, claim.partition) for claim in consumer.claims.values()]
        let_go(state, event.group, event.consumer, held, event.at_us)
        consumer.claims, consumer.hand, consumer.taken = {}, [], None
        consumer.fetching, consumer.carried, consumer.ready = {}, {}, []
