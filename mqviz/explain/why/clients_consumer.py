"""Why: what an application asks of its consumer, positions that are lost and found, offsets set by hand or
expired.
"""

from __future__ import annotations

from mqviz.explain.registry import explains, told
from mqviz.facts.views import Why
from mqviz.facts.words import lasting, names
from mqviz.model.kafka.clients.consumer.events import (
    ApplicationBusy,
    LoopSet,
    PartitionsPaused,
    PollEnded,
    PositionLost,
    RecordsSkipped,
    ReplicaPreferred,
    Sought,
)
from mqviz.model.kafka.coordinator.offsets.events import OffsetsExpired
from mqviz.model.state import State

POLL = "poll() returns with records, or when time is over"
LIVENESS = "who polls too late leaves its group"
SEEK = "seek() moves a position; what is committed stays"
RESET = "no position that exists: auto.offset.reset decides"
PAUSE = "paused: it keeps the partition and returns nothing"
ONCE = "exactly once: the work itself knows what is done"
CLOSEST = "with client.rack: read from the replica in that rack"
EXPIRY = "offsets of topics that are subscribed to stay"


def _places(partitions: tuple[tuple[str, int], ...]) -> str:
    return names([f"P{partition}" for _, partition in partitions])


@explains(PollEnded)
def _poll(_: State, event: PollEnded) -> Why:
    if event.exception:
        return told(event, f"poll() of {event.consumer} throws {event.exception}", rule=RESET)
    return told(event, f"{event.consumer} polls no more until it is told to", rule=POLL)


@explains(LoopSet)
def _loop(_: State, event: LoopSet) -> Why:
    how = "polls all the time from now on" if event.loop else "polls only when it is told to"
    return told(event, f"{event.consumer} {how}", rule=POLL)


@explains(ReplicaPreferred)
def _closest(_: State, event: ReplicaPreferred) -> Why:
    where = f"broker {event.broker}" if event.broker >= 0 else "its leader again"
    return told(
        event, f"{event.consumer} reads {event.topic} P{event.partition} from {where}", event.because, CLOSEST
    )


@explains(ApplicationBusy)
def _busy(state: State, event: ApplicationBusy) -> Why:
    limit = lasting(int(state.cluster.consumers[event.consumer].settings.max_poll_interval))
    headline = f"{event.consumer} is busy for {lasting(event.until_us - event.at_us)} and does not poll"
    return told(event, headline, f"it may be away for {limit} at most", LIVENESS)


@explains(Sought)
def _sought(_: State, event: Sought) -> Why:
    moved = ", ".join(f"P{partition} → {offset}" for _, partition, offset in event.positions[:3])
    return told(event, f"{event.consumer} seeks: {moved}", "what it had fetched is dropped", SEEK)


@explains(PositionLost)
def _lost(state: State, event: PositionLost) -> Why:
    policy = state.cluster.consumers[event.consumer].settings.auto_offset_reset
    wanted = {"policy": policy, "time": "the first record of that time"}.get(event.reset, event.reset)
    headline = f"{event.consumer} looks for its position of {_places(event.partitions)} again: {wanted}"
    return told(event, headline, event.because, RESET if event.reset == "policy" else SEEK)


@explains(PartitionsPaused)
def _paused(_: State, event: PartitionsPaused) -> Why:
    what = "takes no records of" if event.paused else "takes records again of"
    return told(event, f"{event.consumer} {what} {_places(event.partitions)}", rule=PAUSE)


@explains(RecordsSkipped)
def _skipped(_: State, event: RecordsSkipped) -> Why:
    last = event.end - 1
    what = f"offset {last}" if last == event.first else f"offsets {event.first} to {last}"
    return told(event, f"{event.consumer} passes over P{event.partition} {what}", event.because, ONCE)


@explains(OffsetsExpired)
def _expired(_: State, event: OffsetsExpired) -> Why:
    headline = f"the offsets of {event.group} for {_places(event.partitions)} are forgotten"
    return told(
        event,
        headline,
        "no member was subscribed to it for too long",
        EXPIRY,
        "the next member begins by auto.offset.reset",
    )
