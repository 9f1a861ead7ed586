"""Why: what administrators did to groups."""

from __future__ import annotations

from mqviz.explain.registry import explains, told
from mqviz.facts.views import Why
from mqviz.model.kafka.coordinator.offsets.events import GroupAltered, GroupDeleted, OffsetsDeleted
from mqviz.model.state import State

SETTINGS = "group settings hold from a member's next request on"
EMPTY = "only a group without members can be deleted"
UNREAD = "only offsets of topics that nobody reads are deleted"


@explains(GroupAltered)
def _altered(_: State, event: GroupAltered) -> Why:
    words = ", ".join(f"{name} = {value}" for name, value in event.config)
    return told(event, f"group {event.group}: {words}", "", SETTINGS)


@explains(GroupDeleted)
def _deleted(_: State, event: GroupDeleted) -> Why:
    return told(event, f"group {event.group} is deleted", "", EMPTY)


@explains(OffsetsDeleted)
def _forgotten(_: State, event: OffsetsDeleted) -> Why:
    places = ", ".join(f"{topic}-{number}" for topic, number in event.partitions)
    return told(event, f"{event.group} forgets what it committed of {places}", "", UNREAD)
