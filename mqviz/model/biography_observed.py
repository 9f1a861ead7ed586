"""Biography of a record on a real cluster, as far as the clients of mqviz tell of it.

When it was appended and when it became readable no client sees; so these lines are missing, not guessed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from mqviz.model.event import Event
from mqviz.model.observed_clients import (
    AssignmentReported,
    ClientEnded,
    ClientPaused,
    CommitMade,
    ConsumerStarted,
    RecordDelivered,
    RecordProcessed,
    RecordProduced,
)
from mqviz.model.readings import Biography
from mqviz.model.story import Story


@dataclass
class Told:
    """The story, and which group each consumer belongs to."""

    story: Story
    group_of: dict[str, str] = field(default_factory=dict)


def tell(events: Sequence[Event], topic: str, partition: int, offset: int) -> Biography | None:
    """The biography of a record that a client of ours wrote or read; None: none did."""
    first = next((event for event in events if _is_it(event, topic, partition, offset)), None)
    if not isinstance(first, RecordProduced | RecordDelivered):
        return None
    told = Told(Story(topic, partition, offset, first.key, readable=True))
    for event in events:
        line = TELL.get(type(event))
        if line is not None:
            line(told, event)
    return told.story.end()


def _is_it(event: Event, topic: str, partition: int, offset: int) -> bool:
    return isinstance(event, RecordProduced | RecordDelivered | RecordProcessed) and (
        (event.topic, event.partition, event.offset) == (topic, partition, offset)
    )


def _this(told: Told, event: RecordProduced | RecordDelivered | RecordProcessed) -> bool:
    return _is_it(event, told.story.topic, told.story.partition, told.story.offset)


def _started(told: Told, event: ConsumerStarted) -> None:
    told.group_of[event.name] = event.group


def _produced(told: Told, event: RecordProduced) -> None:
    if _this(told, event):
        how = f'key "{event.key}"' if event.key is not None else "no key"
        told.story.add(
            event.since_us or event.at_us, "produced", f"{event.producer}, {how} to P{event.partition}"
        )
        told.story.add(event.at_us, "acked", f"{event.producer} knows it is safe")


def _delivered(told: Told, event: RecordDelivered) -> None:
    if not _this(told, event):
        return
    if not told.story.stations:
        told.story.add(event.at_us, "produced", "by somebody else, not seen")
    told.story.delivered(event.at_us, told.group_of.get(event.consumer, ""), event.consumer)


def _processed(told: Told, event: RecordProcessed) -> None:
    if _this(told, event):
        told.story.processed(event.at_us, told.group_of.get(event.consumer, ""), event.consumer)


def _committed(told: Told, event: CommitMade) -> None:
    """The next reader starts at the group's last commit, so it is kept as where everybody begins."""
    group = told.group_of.get(event.consumer, "")
    if not told.story.here(event.topic, event.partition):
        return
    was = told.story.group(group).committed_to
    told.story.committed(event.at_us, group, event.consumer, was, event.offset)
    starts = told.story.group(group).starts
    for name, belongs in told.group_of.items():
        if belongs == group:
            starts[name] = (event.offset, "committed")


def _ended(told: Told, event: ClientEnded) -> None:
    if event.how != "closed":
        told.story.lost_reader(event.at_us, told.group_of.get(event.name, ""), event.name, "dies")


def _paused(told: Told, event: ClientPaused) -> None:
    told.story.lost_reader(event.at_us, told.group_of.get(event.name, ""), event.name, "freezes")


def _assigned(told: Told, event: AssignmentReported) -> None:
    if (told.story.topic, told.story.partition) not in event.partitions:
        told.story.gave_up(event.at_us, told.group_of.get(event.consumer, ""), event.consumer, lost=False)


TELL: dict[type[Event], Callable[[Told, Any], None]] = {
    ConsumerStarted: _started,
    RecordProduced: _produced,
    RecordDelivered: _delivered,
    RecordProcessed: _processed,
    CommitMade: _committed,
    ClientEnded: _ended,
    ClientPaused: _paused,
    AssignmentReported: _assigned,
}
