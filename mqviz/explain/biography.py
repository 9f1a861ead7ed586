"""Biography: what happened to one record, told from the events of a run, and why it was delivered so often.

A record is named by topic, partition and offset. In a simulated cluster its life before it had an offset is
found through the producer's sequence number in the batch that was appended; of a real cluster only what the
clients of mqviz tell is known (biography_observed.py).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from mqviz.explain import biography_observed
from mqviz.explain.story import Story
from mqviz.facts.views import Biography
from mqviz.model.event import Event
from mqviz.model.kafka.broker.events import ReplicaLost
from mqviz.model.kafka.clients.consumer.events import (
    CommitRefused,
    ConsumerChanged,
    PartitionsRevoked,
    PositionsSet,
    RecordsProcessed,
    RecordsReturned,
    RecordsSkipped,
)
from mqviz.model.kafka.clients.producer.events import RecordsAcknowledged, SendCalled
from mqviz.model.kafka.coordinator.offsets.events import OffsetsCommitted
from mqviz.model.kafka.log.events import BatchAppended
from mqviz.model.kafka.replication.events import HighWatermarkAdvanced, ReplicaAppended, ReplicaTruncated


def biography(events: Sequence[Event], topic: str, partition: int, offset: int) -> Biography | None:
    """The biography of a record as far as `events` (from the beginning of the run) go; None: nothing is known
    of it.
    """
    found = biographies(events, topic, partition, offset)
    return found[-1] if found else None


def biographies(events: Sequence[Event], topic: str, partition: int, offset: int) -> tuple[Biography, ...]:
    """As `biography`, of each record that ever had this offset: one that was cut off makes room for another
    (R26, R69).
    """
    births = [number for number, event in enumerate(events) if _is_birth(event, topic, partition, offset)]
    if not births:
        seen = biography_observed.tell(events, topic, partition, offset)
        return () if seen is None else (seen,)
    return tuple(
        _tell(events, topic, partition, offset, index, after)
        for index, after in zip(births, (*births[1:], len(events)), strict=True)
    )


def _tell(
    events: Sequence[Event], topic: str, partition: int, offset: int, index: int, after: int
) -> Biography:
    """The life of the record that event `index` wrote; from event `after` on the offset names another one."""
    born = events[index]
    assert isinstance(born, BatchAppended)
    story = Story(topic, partition, offset, born.batch.keys[offset - born.batch.base_offset])
    story.leader = born.broker
    _produced(story, events, index, born)
    story.add(born.at_us, "appended", f"broker {born.broker}, epoch {born.batch.leader_epoch}")
    for event in events[:index]:
        if isinstance(event, PositionsSet):
            _started(story, event)
    for number, event in enumerate(events[index + 1 :], index + 1):
        tell = TELL.get(type(event)) if number < after else CUT.get(type(event))
        if tell is not None:
            tell(story, event)
    return story.end(_fate(story))


def _fate(story: Story) -> str:
    """What to say of a record that no replica has any more; empty for all others."""
    if not story.lost:
        return ""
    return (
        "lost: it was acknowledged, and no replica has it any more"
        if story.acked
        else "lost: no replica has it any more"
    )


def _is_birth(event: Event, topic: str, partition: int, offset: int) -> bool:
    return (
        isinstance(event, BatchAppended)
        and event.topic == topic
        and event.partition == partition
        and event.batch.base_offset <= offset < event.batch.end_offset
    )


def _produced(story: Story, events: Sequence[Event], index: int, born: BatchAppended) -> None:
    """Find the send() that this record comes from: the last one with its sequence before the append."""
    batch = born.batch
    sequence = batch.first_sequence + story.offset - batch.base_offset
    for at in range(index - 1, -1, -1):
        event = events[at]
        if (
            isinstance(event, SendCalled)
            and event.sequence <= sequence < event.sequence + event.count
            and event.producer == batch.producer
            and story.here(event.topic, event.partition)
        ):
            how = f'key "{event.key}"' if event.keyed else "no key"
            story.add(event.at_us, "produced", f"{event.producer}, {how} to P{event.partition}")
            return


# -- one function a kind of event ----------------------------------------------------------------------------


def _copied(story: Story, event: ReplicaAppended) -> None:
    if story.here(event.topic, event.partition) and event.first <= story.offset < event.end:
        story.copies.append(event.broker)


def _readable(story: Story, event: HighWatermarkAdvanced) -> None:
    if story.here(event.topic, event.partition) and event.before <= story.offset < event.high_watermark:
        have = " and ".join(str(broker) for broker in sorted(story.copies))
        copies = f"{have} {'has' if len(story.copies) == 1 else 'have'} it, " if story.copies else ""
        story.add(event.at_us, "readable", f"{copies}watermark {event.high_watermark}")
        story.readable = True


def _acked(story: Story, event: RecordsAcknowledged) -> None:
    safe = event.base_offset <= story.offset < event.base_offset + event.count
    if safe and story.here(event.topic, event.partition):
        story.acked = True
        story.add(event.at_us, "acked", f"{event.producer} knows it is safe")


def _started(story: Story, event: PositionsSet) -> None:
    for topic, partition, position, why in event.positions:
        if story.here(topic, partition):
            story.group(event.group).starts[event.consumer] = (position, why)


def _delivered(story: Story, event: RecordsReturned) -> None:
    if story.among(event.parts):
        story.delivered(event.at_us, event.group, event.consumer)
        story.group(event.group).worker = event.consumer


def _processed(story: Story, event: RecordsProcessed) -> None:
    if story.here(event.topic, event.partition) and event.first <= story.offset < event.end:
        story.processed(event.at_us, event.group, event.consumer)


def _skipped(story: Story, event: RecordsSkipped) -> None:
    if story.here(event.topic, event.partition) and event.first <= story.offset < event.end:
        story.passed_over(event.at_us, event.group, event.consumer, event.because)


def _committed(story: Story, event: OffsetsCommitted) -> None:
    for (topic, partition, offset), was in zip(event.offsets, event.before, strict=True):
        if story.here(topic, partition):
            story.committed(event.at_us, event.group, event.client, was, offset)


def _refused(story: Story, event: CommitRefused) -> None:
    if story.held(event.group, event.consumer) is not None:
        story.add(event.at_us, "not committed", f"{event.consumer}: {event.named}", "bad")


def _changed(story: Story, event: ConsumerChanged) -> None:
    fate = {"dead": "dies", "paused": "freezes"}.get(event.state)
    if fate:
        story.lost_reader(event.at_us, event.group, event.consumer, fate)
    if fate == "dies":
        story.died_before_work(event.at_us, event.group, event.consumer)


def _revoked(story: Story, event: PartitionsRevoked) -> None:
    if (story.topic, story.partition) in event.partitions:
        story.gave_up(event.at_us, event.group, event.consumer, event.lost)


def _cut(story: Story, event: ReplicaTruncated) -> None:
    if story.here(event.topic, event.partition) and event.end <= story.offset < event.before:
        _gone(story, event, f"broker {event.broker} goes back to {event.end}, as its leader has it")


def _disk(story: Story, event: ReplicaLost) -> None:
    if story.here(event.topic, event.partition):
        _gone(story, event, f"the disk of broker {event.broker} is lost")


def _gone(story: Story, event: ReplicaTruncated | ReplicaLost, detail: str) -> None:
    """One copy fewer, if this broker had one."""
    holders = {story.leader, *story.copies}
    if event.broker not in holders:
        return
    story.copies = [broker for broker in story.copies if broker != event.broker]
    story.leader = -1 if story.leader == event.broker else story.leader
    story.lost = holders == {event.broker}
    story.add(event.at_us, "cut off", detail, "bad")


CUT: dict[type[Event], Callable[[Story, Any], None]] = {ReplicaTruncated: _cut, ReplicaLost: _disk}
"""What still happens to a record when its offset names another one."""

TELL: dict[type[Event], Callable[[Story, Any], None]] = CUT | {
    ReplicaAppended: _copied,
    HighWatermarkAdvanced: _readable,
    RecordsAcknowledged: _acked,
    PositionsSet: _started,
    RecordsReturned: _delivered,
    RecordsProcessed: _processed,
    RecordsSkipped: _skipped,
    OffsetsCommitted: _committed,
    CommitRefused: _refused,
    ConsumerChanged: _changed,
    PartitionsRevoked: _revoked,
}
