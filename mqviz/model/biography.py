"""Biography: what happened to one record, told from the events of a run, and why it was delivered so often.

A record is named by topic, partition and offset. In a simulated cluster its life before it had an offset is
found through the producer's sequence number in the batch that was appended; of a real cluster only what the
clients of mqviz tell is known (biography_observed.py).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from mqviz.model import biography_observed
from mqviz.model.consumer import CommitRefused, ConsumerChanged, RecordsProcessed, RecordsReturned
from mqviz.model.event import Event
from mqviz.model.group import OffsetsCommitted
from mqviz.model.log import BatchAppended, HighWatermarkAdvanced, ReplicaAppended
from mqviz.model.membership import PartitionsRevoked, PositionsSet
from mqviz.model.producer import RecordsAcknowledged, SendCalled
from mqviz.model.readings import Biography
from mqviz.model.story import Story


def biography(events: Sequence[Event], topic: str, partition: int, offset: int) -> Biography | None:
    """The biography of a record as far as `events` (from the beginning of the run) go; None: nothing is known of it."""
    births = (n for n in range(len(events) - 1, -1, -1) if _is_birth(events[n], topic, partition, offset))
    index = next(births, None)  # the last one: an offset that was cut off is given to another record (R69)
    if index is None:
        return biography_observed.tell(events, topic, partition, offset)
    born = events[index]
    assert isinstance(born, BatchAppended)
    story = Story(topic, partition, offset, born.batch.keys[offset - born.batch.base_offset])
    _produced(story, events, index, born)
    story.add(born.at_us, "appended", f"broker {born.broker}, epoch {born.batch.leader_epoch}")
    for event in events[:index]:
        if isinstance(event, PositionsSet):
            _started(story, event)
    for event in events[index + 1 :]:
        tell = TELL.get(type(event))
        if tell is not None:
            tell(story, event)
    return story.end()


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


# -- one function a kind of event -------------------------------------------------------------------------------


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
        story.add(event.at_us, "acked", f"{event.producer} knows it is safe")


def _started(story: Story, event: PositionsSet) -> None:
    for topic, partition, position, why in event.positions:
        if story.here(topic, partition):
            story.group(event.group).starts[event.consumer] = (position, why)


def _delivered(story: Story, event: RecordsReturned) -> None:
    if story.among(event.parts):
        story.delivered(event.at_us, event.group, event.consumer)


def _processed(story: Story, event: RecordsProcessed) -> None:
    if story.here(event.topic, event.partition) and event.first <= story.offset < event.end:
        story.processed(event.at_us, event.group, event.consumer)


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


def _revoked(story: Story, event: PartitionsRevoked) -> None:
    if (story.topic, story.partition) in event.partitions:
        story.gave_up(event.at_us, event.group, event.consumer, event.lost)


TELL: dict[type[Event], Callable[[Story, Any], None]] = {
    ReplicaAppended: _copied,
    HighWatermarkAdvanced: _readable,
    RecordsAcknowledged: _acked,
    PositionsSet: _started,
    RecordsReturned: _delivered,
    RecordsProcessed: _processed,
    OffsetsCommitted: _committed,
    CommitRefused: _refused,
    ConsumerChanged: _changed,
    PartitionsRevoked: _revoked,
}
