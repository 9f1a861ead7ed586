"""Consuming: what an application asks of its consumer besides poll(): seek, pause of partitions, polls one by one, being busy.

Also how a position is lost and looked for again, and what an administrator or time does to a group's offsets.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mqviz.model.event import Event, Weight, applies

if TYPE_CHECKING:
    from mqviz.model.claim import Claim
    from mqviz.model.consumer import Consumer
    from mqviz.model.state import State


class PollEnded(Event, frozen=True):
    """poll() is over in an application that polls only when told; `exception`: what it threw, by name, else empty."""

    weight = Weight.STEP
    consumer: str
    group: str
    exception: str


class LoopSet(Event, frozen=True):
    """The application polls all the time from now on, or only when told."""

    weight = Weight.STEP
    consumer: str
    loop: bool


class ApplicationBusy(Event, frozen=True):
    """The application does something else until `until_us`; `now`: it is not in the middle of records or a commit."""

    weight = Weight.STEP
    consumer: str
    until_us: int
    now: bool


class Sought(Event, frozen=True):
    """seek(): reading goes on at these offsets (topic, partition, offset); what was fetched is dropped (R88)."""

    weight = Weight.MOMENT
    consumer: str
    group: str
    positions: tuple[tuple[str, int, int], ...]


class PositionLost(Event, frozen=True):
    """The position must be looked for anew, as Claim.reset says; `because` in plain words (R81)."""

    weight = Weight.MOMENT
    consumer: str
    group: str
    partitions: tuple[tuple[str, int], ...]
    reset: str
    at_us_wanted: int
    because: str


class PositionDelayed(Event, frozen=True):
    """No answer says where to read these; the client asks again at `until_us` at the earliest (E10, E45)."""

    consumer: str
    partitions: tuple[tuple[str, int], ...]
    until_us: int


class PartitionsPaused(Event, frozen=True):
    """pause() or resume(): see Claim.paused (R89)."""

    weight = Weight.STEP
    consumer: str
    group: str
    partitions: tuple[tuple[str, int], ...]
    paused: bool


class CommitRetried(Event, frozen=True, omit_defaults=True):
    """Commit `number` met an error that passes; the client sends it again after its backoff (R85).

    An auto-commit is one of what is read by then: `since_us`: auto.commit.interval.ms runs as if from there on (R83).
    """

    consumer: str
    number: int
    error: int
    named: str
    since_us: int | None = None


class StoredCommitted(Event, frozen=True):
    """librdkafka sends these stored offsets for commit (R84)."""

    consumer: str
    offsets: tuple[tuple[str, int, int], ...]


class OffsetsExpired(Event, frozen=True):
    """No member was subscribed to their topics for too long: the committed offsets of these partitions are gone (R96, E72)."""

    weight = Weight.MOMENT
    group: str
    partitions: tuple[tuple[str, int], ...]


def _of(state: State, name: str) -> Consumer:
    return state.cluster.consumers[name]


def _claims(state: State, name: str, partitions: tuple[tuple[str, int], ...]) -> list[Claim]:
    claims = _of(state, name).claims
    keys = [state.cluster.partition(topic, number).key for topic, number in partitions]
    return [claims[key] for key in keys if key in claims]


@applies(PollEnded)
def _poll_ended(state: State, event: PollEnded) -> None:
    consumer = _of(state, event.consumer)
    consumer.activity = "idle"
    consumer.polled_at_us = event.at_us  # while it waited it was polling


@applies(LoopSet)
def _loop(state: State, event: LoopSet) -> None:
    _of(state, event.consumer).loop = event.loop


@applies(ApplicationBusy)
def _busy(state: State, event: ApplicationBusy) -> None:
    consumer = _of(state, event.consumer)
    consumer.busy_until_us = event.until_us
    if event.now:
        consumer.activity = "busy"


@applies(Sought)
def _sought(state: State, event: Sought) -> None:
    consumer = _of(state, event.consumer)
    for topic, number, offset in event.positions:
        key = state.cluster.partition(topic, number).key
        claim = consumer.claims[key]
        _drop(consumer, key, claim)
        claim.position = claim.fetched_to = offset
        claim.reset = ""
        claim.handed = claim.done = None
        _user_moved(state, event.group, key)


@applies(PositionLost)
def _lost(state: State, event: PositionLost) -> None:
    consumer = _of(state, event.consumer)
    for topic, number in event.partitions:
        key = state.cluster.partition(topic, number).key
        claim = consumer.claims[key]
        _drop(consumer, key, claim)
        claim.position = None
        claim.reset = event.reset
        claim.at_us = event.at_us_wanted
        claim.not_before_us = 0
        _user_moved(state, event.group, key)


def _drop(consumer: Consumer, key: str, claim: Claim) -> None:
    claim.forget()
    if key in consumer.ready:
        consumer.ready.remove(key)


def _user_moved(state: State, group: str, key: str) -> None:
    """From now on a commit of this group says nothing about what was done before."""
    known = state.cluster.groups.get(group)
    if known is not None and key in known.records:
        known.records[key].moved = True


@applies(PositionDelayed)
def _delayed(state: State, event: PositionDelayed) -> None:
    for claim in _claims(state, event.consumer, event.partitions):
        claim.not_before_us = event.until_us


@applies(PartitionsPaused)
def _paused(state: State, event: PartitionsPaused) -> None:
    for claim in _claims(state, event.consumer, event.partitions):
        claim.paused = event.paused


@applies(CommitRetried)
def _retried(state: State, event: CommitRetried) -> None:
    consumer = _of(state, event.consumer)
    consumer.commits.pop(event.number, None)
    if event.since_us is not None:
        consumer.committed_at_us = event.since_us


@applies(StoredCommitted)
def _stored(state: State, event: StoredCommitted) -> None:
    claims = _of(state, event.consumer).claims
    for topic, number, offset in event.offsets:
        claims[state.cluster.partition(topic, number).key].stored = offset


@applies(OffsetsExpired)
def _expired(state: State, event: OffsetsExpired) -> None:
    group = state.cluster.groups[event.group]
    for topic, number in event.partitions:
        group.records[state.cluster.partition(topic, number).key].committed = None
