"""Biography: what happened to one record, told from the events of a run, and why it was delivered so often.

A record is named by topic, partition and offset; its life before it had an offset is found through the
producer's sequence number in the batch that was appended.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from mqviz.model.consumer import CommitRefused, ConsumerChanged, RecordsProcessed, RecordsReturned
from mqviz.model.event import Event
from mqviz.model.group import OffsetsCommitted
from mqviz.model.lag_words import lasting
from mqviz.model.log import BatchAppended, HighWatermarkAdvanced, ReplicaAppended
from mqviz.model.membership import PartitionsRevoked, PositionsSet
from mqviz.model.producer import RecordsAcknowledged, SendCalled
from mqviz.model.readings import Biography, Station

LONG_US = 1_000_000
"""A wait for a reader that is worth a line of its own."""

TIMES = {0: "not yet", 1: "once", 2: "twice"}


@dataclass
class Reading:
    """What one group did with the record; `starts`: (consumer, position) where each reader began."""

    holder: str = ""
    deliveries: list[str] = field(default_factory=list)
    processed: int = 0
    committed_to: int | None = None
    committed: bool = False
    starts: dict[str, tuple[int, str]] = field(default_factory=dict)
    why: str = ""


@dataclass
class Story:
    """The record and what is known of it so far."""

    topic: str
    partition: int
    offset: int
    born: BatchAppended
    stations: list[Station] = field(default_factory=list)
    groups: dict[str, Reading] = field(default_factory=dict)
    copies: list[int] = field(default_factory=list)
    broken: str = ""

    def add(self, at_us: int, what: str, detail: str, sign: str = "done") -> None:
        """The next line."""
        after_us = at_us - self.stations[-1].at_us if self.stations else None
        self.stations.append(Station(at_us, what, detail, sign, after_us))

    def group(self, name: str) -> Reading:
        """What this group did with it."""
        return self.groups.setdefault(name, Reading())

    def to(self, group: str, words: str) -> str:
        """`words`, and of which group, once there are several."""
        return f"{words} ({group})" if len(self.groups) > 1 else words

    def here(self, topic: str, partition: int) -> bool:
        """Whether this is the record's partition."""
        return topic == self.topic and partition == self.partition

    def among(self, parts: Sequence[tuple[str, int, int, int]]) -> bool:
        """Whether one of these ranges holds the record."""
        return any(self.here(t, p) and first <= self.offset < end for t, p, first, end in parts)


def biography(events: Sequence[Event], topic: str, partition: int, offset: int) -> Biography | None:
    """The biography of a record as far as `events` (from the beginning of the run) go; None: it is not in the log."""
    index = next((n for n, event in enumerate(events) if _is_birth(event, topic, partition, offset)), None)
    if index is None:
        return None
    born = events[index]
    assert isinstance(born, BatchAppended)
    story = Story(topic, partition, offset, born)
    _produced(story, events, index)
    story.add(born.at_us, "appended", f"broker {born.broker}, epoch {born.batch.leader_epoch}")
    for start in _earlier_starts(events, index):
        _started(story, start)
    for event in events[index + 1 :]:
        tell = TELL.get(type(event))
        if tell is not None:
            tell(story, event)
    key = born.batch.keys[offset - born.batch.base_offset]
    delivered = sum(len(group.deliveries) for group in story.groups.values())
    return Biography(topic, partition, offset, key, tuple(story.stations), delivered, _verdict(story))


def _is_birth(event: Event, topic: str, partition: int, offset: int) -> bool:
    return (
        isinstance(event, BatchAppended)
        and event.topic == topic
        and event.partition == partition
        and event.batch.base_offset <= offset < event.batch.end_offset
    )


def _produced(story: Story, events: Sequence[Event], index: int) -> None:
    """Find the send() that this record comes from: the last one with its sequence before the append."""
    batch = story.born.batch
    sequence = batch.first_sequence + story.offset - batch.base_offset
    for event in reversed(events[:index]):
        if (
            isinstance(event, SendCalled)
            and event.sequence == sequence
            and event.producer == batch.producer
            and story.here(event.topic, event.partition)
        ):
            how = f'key "{event.key}"' if event.keyed else "no key"
            story.add(event.at_us, "produced", f"{event.producer}, {how} to P{event.partition}")
            return


def _earlier_starts(events: Sequence[Event], index: int) -> list[PositionsSet]:
    return [event for event in events[:index] if isinstance(event, PositionsSet)]


# -- one function a kind of event -------------------------------------------------------------------------------


def _copied(story: Story, event: ReplicaAppended) -> None:
    if story.here(event.topic, event.partition) and event.first <= story.offset < event.end:
        story.copies.append(event.broker)


def _readable(story: Story, event: HighWatermarkAdvanced) -> None:
    if story.here(event.topic, event.partition) and event.before <= story.offset < event.high_watermark:
        have = " and ".join(str(broker) for broker in sorted(story.copies))
        copies = f"{have} {'has' if len(story.copies) == 1 else 'have'} it, " if story.copies else ""
        story.add(event.at_us, "readable", f"{copies}watermark {event.high_watermark}")


def _acked(story: Story, event: RecordsAcknowledged) -> None:
    safe = event.base_offset <= story.offset < event.base_offset + event.count
    if safe and story.here(event.topic, event.partition):
        story.add(event.at_us, "acked", f"{event.producer} knows it is safe")


def _started(story: Story, event: PositionsSet) -> None:
    for topic, partition, position, why in event.positions:
        if story.here(topic, partition):
            group = story.group(event.group)
            group.starts[event.consumer] = (position, why)
            if why == "committed":
                group.committed_to = position


def _delivered(story: Story, event: RecordsReturned) -> None:
    if not story.among(event.parts):
        return
    group = story.group(event.group)
    _waited(story, event.at_us)
    again = len(group.deliveries) + 1
    detail = story.to(event.group, f"to {event.consumer}")
    if again > 1:
        position, why = group.starts.get(event.consumer, (0, ""))
        detail += f", from {why} {position}  ×{again}"
        group.why = _why_again(group, event.consumer, position, why)
    group.deliveries.append(event.consumer)
    group.holder = event.consumer
    story.add(event.at_us, "delivered", detail, "done" if again == 1 else "wait")


def _waited(story: Story, at_us: int) -> None:
    """A long time without a reader is a line of its own."""
    waited_us = at_us - story.stations[-1].at_us
    if waited_us >= LONG_US:
        who = "nobody reads" if story.broken else "waits to be read in"
        since_us = story.stations[-1].at_us
        story.stations.append(
            Station(since_us, lasting(waited_us), f"{who} P{story.partition}", "wait", None)
        )
    story.broken = ""


def _why_again(group: Reading, reader: str, position: int, how: str) -> str:
    did = "processed it" if group.processed else "had it in hand"
    if how != "committed":
        return (
            f"because {group.holder} {did} but had committed nothing; "
            f"{reader} starts at {position}, the {how} record"
        )
    return (
        f"because {group.holder} {did} but had committed only {position}; "
        f"{reader} starts where the last commit says: at {position}"
    )


def _processed(story: Story, event: RecordsProcessed) -> None:
    if story.here(event.topic, event.partition) and event.first <= story.offset < event.end:
        group = story.group(event.group)
        group.processed += 1
        again = f"  ×{group.processed}" if group.processed > 1 else ""
        detail = story.to(event.group, f"by {event.consumer}") + again
        story.add(event.at_us, "processed", detail, "wait" if again else "done")


def _committed(story: Story, event: OffsetsCommitted) -> None:
    for (topic, partition, offset), was in zip(event.offsets, event.before, strict=True):
        if not story.here(topic, partition):
            continue
        group = story.group(event.group)
        group.committed_to = offset
        if (was or 0) <= story.offset < offset and group.deliveries:
            group.committed = True
            group.holder = ""
            story.add(event.at_us, "committed", story.to(event.group, f"{offset}, by {event.client}"))


def _refused(story: Story, event: CommitRefused) -> None:
    group = story.group(event.group) if event.group in story.groups else Reading()
    if group.holder == event.consumer and not group.committed:
        story.add(event.at_us, "not committed", f"{event.consumer}: {event.named}", "bad")


def _changed(story: Story, event: ConsumerChanged) -> None:
    group = story.groups.get(event.group)
    if group is None or group.holder != event.consumer or group.committed:
        return
    if event.state == "dead":
        story.broken = event.consumer
        story.add(event.at_us, f"{event.consumer} dies", f"before it commits {story.offset + 1}", "bad")
    elif event.state == "paused":
        story.broken = event.consumer
        story.add(event.at_us, f"{event.consumer} freezes", "with the record in hand", "bad")


def _revoked(story: Story, event: PartitionsRevoked) -> None:
    group = story.groups.get(event.group)
    if group is None or group.holder != event.consumer or group.committed:
        return
    if (story.topic, story.partition) in event.partitions:
        what = "loses" if event.lost else "gives up"
        story.add(event.at_us, f"{event.consumer} {what}", f"P{story.partition}, before a commit", "bad")


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


# -- the verdict ------------------------------------------------------------------------------------------------


def _verdict(story: Story) -> str:
    if not story.groups:
        readable = any(station.what == "readable" for station in story.stations)
        return "nobody has asked for it yet" if readable else "not readable yet: not on every in-sync replica"
    return "; ".join(_sentence(story, name, group) for name, group in sorted(story.groups.items()))


def _sentence(story: Story, name: str, group: Reading) -> str:
    count = len(group.deliveries)
    often = TIMES.get(count, f"{count} times")
    said = f"{name}: {often}" if len(story.groups) > 1 else often
    if not count:
        begin = min((position for position, _ in group.starts.values()), default=0)
        if begin > story.offset:
            return f"{said}, and never will be: the group began at {begin}"
        return f"{said}: it waits to be read"
    if count > 1:
        return f"{said}, {group.why}"
    if group.committed:
        return f"{said}: {group.deliveries[0]} processed it and committed"
    return f"{said}: {group.deliveries[0]} has not committed it yet, so it may come again"
