"""Share consumer: an application that takes records from a share group, as the process itself sees it (R133).

What the brokers believe is in share.py; the two differ while word travels, and for good when the process is dead.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import msgspec

from mqviz.model.command_share import AddShareConsumer
from mqviz.model.event import Event, Weight, applies
from mqviz.model.log import Batch
from mqviz.model.share_delivered import Delivered as Delivered
from mqviz.model.share_delivered import acknowledged
from mqviz.model.share_messages import Acks

if TYPE_CHECKING:
    from mqviz.model.state import State

Ack = Literal["accept", "release", "reject", "renew"]


HELD = ("renewing", "renewed")
"""Not the application's to acknowledge now: the lock is being renewed, or was and poll() has not returned the record again."""


class Working(msgspec.Struct):
    """The record that the application works on."""

    topic: str
    partition: int
    offset: int
    key: str | None
    started_at_us: int
    ends_at_us: int


class ShareConsumer(msgspec.Struct):
    """A share consumer's process.

    `state`: running, paused, closing, leaving, closed, dead. `activity`: idle (outside of poll(), nothing to do),
    polling, processing, committing, closing. `life` counts starts, pauses and ends, `polls` calls of poll(): a timer of
    an earlier one is void. `delivered`: what poll() returned and no request has taken along as acknowledged;
    `next_work`: where in it the application goes on (topic, partition, offset). `buffered`: acquired and not returned yet.
    `acks`: acknowledgements that no request has taken along yet. `busy`: the request on its way, by broker, one at a time
    (a share session is in step); `sessions`: the epoch of the next request, by broker. `fetching`: records are wanted: until some
    come each leader is asked again and again, also between two calls of poll() (E66). `results`: (topic, partition, error)
    of the commit that is going on; `committing`: its requests.
    """

    name: str
    settings: AddShareConsumer
    processing_us: int
    incarnation: int
    life: int
    member_id: str
    explicit: bool
    state: str = "running"
    activity: str = "idle"
    epoch: int = 0
    interval_us: int = 0
    heard: bool = False
    partitions: tuple[tuple[str, int], ...] = ()
    delivered: list[Delivered] = msgspec.field(default_factory=list)
    buffered: list[Delivered] = msgspec.field(default_factory=list)
    hand: list[tuple[str, int, int, int]] = msgspec.field(default_factory=list)
    taken: Working | None = None
    acks: list[tuple[str, int, int, int, str]] = msgspec.field(default_factory=list)
    sessions: dict[int, int] = msgspec.field(default_factory=dict)
    busy: dict[int, int] = msgspec.field(default_factory=dict)
    fetching: bool = False
    polls: int = 0
    commits: int = 0
    results: list[tuple[str, int, int]] = msgspec.field(default_factory=list)
    carried: dict[str, tuple[Batch, ...]] = msgspec.field(default_factory=dict)
    frozen_at_us: int = 0
    processed: int = 0

    @property
    def unacknowledged(self) -> bool:
        """Whether poll() returned a record that was not acknowledged."""
        return any(not part.ack for part in self.delivered)


class ShareConsumerAdded(Event, frozen=True):
    """A share consumer's process started; it is no member yet."""

    name: str
    settings: AddShareConsumer
    member_id: str
    explicit: bool


class ShareMembershipChanged(Event, frozen=True):
    """What the process knows of its membership: epoch (0: must join), heartbeat interval, partitions (None: as before)."""

    consumer: str
    epoch: int
    interval_us: int
    partitions: tuple[tuple[str, int], ...] | None


class SharePollCalled(Event, frozen=True):
    """The application called poll(); in implicit mode that accepts what the poll before returned (R133)."""

    consumer: str


class ShareCommitCalled(Event, frozen=True):
    """The application called commitSync(): what it acknowledged is sent; implicit mode accepts all first (R133)."""

    consumer: str


class ShareCallFailed(Event, frozen=True):
    """`call` (poll, acknowledge) threw at once, by its exception's name (E62)."""

    weight = Weight.MOMENT
    consumer: str
    group: str
    call: str
    exception: str


class ShareRequestStarted(Event, frozen=True):
    """A ShareFetch or ShareAcknowledge left for a broker and took these acknowledgements along."""

    consumer: str
    broker: int
    number: int
    acks: Acks


class ShareRequestEnded(Event, frozen=True):
    """Its answer came: ranges that wait for poll() now, what became of the acknowledgements, and whether the session goes on.

    `renewed`: what the member goes on holding, and gets from poll() once more.
    """

    consumer: str
    broker: int
    parts: tuple[tuple[str, int, int, int, int], ...]
    acked: tuple[tuple[str, int, int], ...]
    session: bool
    renewed: tuple[tuple[str, int, int, int], ...] = ()


class ShareRecordsReturned(Event, frozen=True):
    """poll() returned these ranges (topic, partition, first, end, delivery count), the first ones of what is buffered; none: its
    time was over.

    `renewed`: they are those that the application had already and whose locks it renewed.
    """

    weight = Weight.STEP
    consumer: str
    group: str
    parts: tuple[tuple[str, int, int, int, int], ...]
    renewed: bool = False


class ShareRecordTaken(Event, frozen=True):
    """The application began to work on a record."""

    consumer: str
    topic: str
    partition: int
    offset: int
    key: str | None
    ends_at_us: int


class ShareRecordsWorked(Event, frozen=True):
    """The application is done with first … end - 1: their effect has happened, unless it gives them back."""

    consumer: str
    topic: str
    partition: int
    first: int
    end: int


class ShareRecordsAcked(Event, frozen=True):
    """acknowledge() was called for these ranges (topic, partition, first, end, type)."""

    consumer: str
    acks: Acks


class ShareCommitEnded(Event, frozen=True):
    """commitSync() returned: (topic, partition, error) of each partition that had acknowledgements."""

    consumer: str
    group: str
    results: tuple[tuple[str, int, int], ...]


class ShareAcksRefused(Event, frozen=True):
    """The acknowledgement callback got an error: these records are somebody else's by now (R133, E62)."""

    weight = Weight.MOMENT
    consumer: str
    group: str
    topic: str
    partition: int
    error: int
    named: str


class ShareProcessingSet(Event, frozen=True):
    """From the next record on the application takes so long for each."""

    weight = Weight.STEP
    consumer: str
    processing_us: int


class ShareConsumerChanged(Event, frozen=True):
    """The process was paused, resumed, killed, asked to close, is leaving or is gone: see ShareConsumer.state."""

    weight = Weight.MOMENT
    consumer: str
    group: str
    state: str
    activity: str = ""


def _of(state: State, name: str) -> ShareConsumer:
    return state.cluster.share_consumers[name]


@applies(ShareConsumerAdded)
def _added(state: State, event: ShareConsumerAdded) -> None:
    consumers = state.cluster.share_consumers
    before = consumers.pop(event.name, None)
    consumers[event.name] = ShareConsumer(
        event.name,
        event.settings,
        int(event.settings.processing),
        before.incarnation + 1 if before else 1,
        before.life + 1 if before else 1,
        event.member_id,
        event.explicit,
    )


@applies(ShareMembershipChanged)
def _membership(state: State, event: ShareMembershipChanged) -> None:
    consumer = _of(state, event.consumer)
    consumer.epoch = event.epoch
    consumer.interval_us = event.interval_us
    if event.partitions is not None:
        consumer.partitions = event.partitions


def _gather(consumer: ShareConsumer) -> None:
    """What is acknowledged goes into the next request; implicit mode accepts the rest first (R133)."""
    left: list[Delivered] = []
    for part in consumer.delivered:
        kind = part.ack or ("" if consumer.explicit else "accept")
        if kind and kind not in HELD:
            consumer.acks.append((part.topic, part.partition, part.first, part.end, kind))
            part.ack = "renewing" if kind == "renew" else kind
        if not kind or part.ack in HELD:
            left.append(part)
    consumer.delivered = left


@applies(SharePollCalled)
def _polled(state: State, event: SharePollCalled) -> None:
    consumer = _of(state, event.consumer)
    consumer.activity = "polling"
    consumer.polls += 1
    _gather(consumer)
    held = [part.ack for part in consumer.delivered]
    consumer.fetching |= "renewing" in held if held else not consumer.buffered


@applies(ShareCommitCalled)
def _commits(state: State, event: ShareCommitCalled) -> None:
    consumer = _of(state, event.consumer)
    consumer.activity = "committing"
    consumer.commits += 1
    consumer.results = []
    _gather(consumer)


@applies(ShareCallFailed)
def _failed(state: State, event: ShareCallFailed) -> None:
    """Nothing changes in the process: the call did nothing."""


@applies(ShareRequestStarted)
def _started(state: State, event: ShareRequestStarted) -> None:
    consumer = _of(state, event.consumer)
    consumer.busy[event.broker] = event.number
    consumer.sessions[event.broker] = consumer.sessions.get(event.broker, 0) + 1
    taken = set(event.acks)
    consumer.acks = [ack for ack in consumer.acks if ack not in taken]


@applies(ShareRequestEnded)
def _ended(state: State, event: ShareRequestEnded) -> None:
    consumer = _of(state, event.consumer)
    del consumer.busy[event.broker]
    if not event.session:
        consumer.sessions.pop(event.broker, None)
    for topic, number, first, end, deliveries in event.parts:
        held = [
            batch
            for batch in consumer.carried.get(state.cluster.partition(topic, number).key, ())
            if batch.base_offset < end and batch.end_offset > first
        ]
        consumer.buffered.append(Delivered(topic, number, first, end, deliveries, "", held))
    consumer.carried = {}
    consumer.fetching &= not event.parts
    _renew(consumer, event)
    consumer.results += event.acked


def _renew(consumer: ShareConsumer, event: ShareRequestEnded) -> None:
    """What was renewed waits for poll(); what could not be is somebody else's by now."""
    refused = {(topic, number) for topic, number, error in event.acked if error}
    for part in consumer.delivered:
        if (part.topic, part.partition, part.first, part.end) in event.renewed:
            part.ack = "renewed"
    consumer.delivered = [
        part
        for part in consumer.delivered
        if part.ack != "renewing" or (part.topic, part.partition) not in refused
    ]


@applies(ShareRecordsReturned)
def _returned(state: State, event: ShareRecordsReturned) -> None:
    consumer = _of(state, event.consumer)
    consumer.activity = "processing" if event.parts else "idle"
    if event.renewed:
        for part in consumer.delivered:
            part.ack = "" if part.ack == "renewed" else part.ack
    else:
        consumer.delivered += _taken_from(consumer.buffered, event.parts)
    consumer.hand = [part[:4] for part in event.parts]


def _taken_from(
    buffered: list[Delivered], parts: tuple[tuple[str, int, int, int, int], ...]
) -> list[Delivered]:
    """Take these parts away from the front of what is buffered; the last one may be the beginning of one."""
    found = buffered[: len(parts)]
    del buffered[: len(parts)]
    if parts and parts[-1][3] < found[-1].end:
        end = parts[-1][3]
        buffered.insert(0, msgspec.structs.replace(found[-1], first=end))
        found[-1] = msgspec.structs.replace(found[-1], end=end)
    return found


@applies(ShareRecordTaken)
def _taken(state: State, event: ShareRecordTaken) -> None:
    _of(state, event.consumer).taken = Working(
        event.topic, event.partition, event.offset, event.key, event.at_us, event.ends_at_us
    )


@applies(ShareRecordsWorked)
def _worked(state: State, event: ShareRecordsWorked) -> None:
    consumer = _of(state, event.consumer)
    consumer.taken = None
    consumer.processed += event.end - event.first
    topic, partition, _, end = consumer.hand[0]
    if event.end == end:
        del consumer.hand[0]
    else:
        consumer.hand[0] = (topic, partition, event.end, end)


@applies(ShareRecordsAcked)
def _acked(state: State, event: ShareRecordsAcked) -> None:
    consumer = _of(state, event.consumer)
    for ack in event.acks:
        consumer.delivered = acknowledged(consumer.delivered, *ack)


@applies(ShareCommitEnded)
def _committed(state: State, event: ShareCommitEnded) -> None:
    consumer = _of(state, event.consumer)
    consumer.activity = "idle"
    consumer.results = []


@applies(ShareAcksRefused)
def _refused(state: State, event: ShareAcksRefused) -> None:
    """The process only hears of it."""


@applies(ShareProcessingSet)
def _slower(state: State, event: ShareProcessingSet) -> None:
    _of(state, event.consumer).processing_us = event.processing_us


@applies(ShareConsumerChanged)
def _changed(state: State, event: ShareConsumerChanged) -> None:
    consumer = _of(state, event.consumer)
    if event.state == "running" and consumer.taken is not None:
        consumer.taken.ends_at_us += event.at_us - consumer.frozen_at_us
    consumer.state = event.state
    consumer.activity = event.activity or consumer.activity
    consumer.life += event.state not in ("closing", "leaving")
    consumer.frozen_at_us = event.at_us
    if event.state in ("leaving", "closed", "dead"):
        consumer.delivered, consumer.buffered, consumer.hand, consumer.taken = [], [], [], None
    if event.state in ("closed", "dead"):
        consumer.acks, consumer.busy, consumer.sessions, consumer.partitions = [], {}, {}, ()
