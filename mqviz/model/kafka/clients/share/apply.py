"""What becomes of a share consumer: its membership, the records that it acquired, their acknowledgements."""

from __future__ import annotations

import msgspec

from mqviz.model.event import applies
from mqviz.model.kafka.clients.share.events import (
    ShareAcksRefused,
    ShareCallFailed,
    ShareCommitCalled,
    ShareCommitEnded,
    ShareConsumerAdded,
    ShareConsumerChanged,
    ShareMembershipChanged,
    SharePollCalled,
    ShareProcessingSet,
    ShareRecordsAcked,
    ShareRecordsReturned,
    ShareRecordsWorked,
    ShareRecordTaken,
    ShareRequestEnded,
    ShareRequestStarted,
)
from mqviz.model.kafka.clients.share.state import HELD, Delivered, ShareConsumer, Working, acknowledged
from mqviz.model.state import State


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
