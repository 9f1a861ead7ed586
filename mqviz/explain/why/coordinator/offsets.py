"""Why, in plain words with the numbers of this run: the events of mqviz/model/kafka/coordinator/offsets."""

from __future__ import annotations

from mqviz.explain import rules
from mqviz.explain.phrases import places
from mqviz.explain.registry import explains, told
from mqviz.facts.views import Why
from mqviz.model.kafka.coordinator.offsets.events import (
    GroupAltered,
    GroupDeleted,
    OffsetsCommitted,
    OffsetsDeleted,
    OffsetsExpired,
)
from mqviz.model.state import State

EXPIRY = "offsets of topics that are subscribed to stay"


@explains(OffsetsExpired)
def _expired(_: State, event: OffsetsExpired) -> Why:
    headline = f"the offsets of {event.group} for {places(event.partitions)} are forgotten"
    return told(
        event,
        headline,
        "no member was subscribed to it for too long",
        EXPIRY,
        "the next member begins by auto.offset.reset",
    )


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


@explains(OffsetsCommitted)
def _committed(state: State, event: OffsetsCommitted) -> Why:
    moved = [
        (topic, partition, was, now)
        for (topic, partition, now), was in zip(event.offsets, event.before, strict=True)
        if was != now
    ]
    if not moved:
        return told(
            event, f"{event.client} commits the same offsets again", "nothing was read since", rules.NEXT
        )
    steps = ", ".join(f"P{p} {'–' if was is None else was} → {now}" for _, p, was, now in moved[:3])
    lags = []
    for topic, partition, was, now in moved[:2]:
        mark = state.cluster.partition(topic, partition).led.high_watermark
        before = "–" if was is None else str(max(0, mark - was))
        after = str(max(0, mark - now))
        if before != after:
            lags.append(f"lag of P{partition} {before} → {after}")
    headline = f"{event.client} commits {steps}"
    return told(event, headline, f"{event.group} would go on there", rules.NEXT, "; ".join(lags), 16)
