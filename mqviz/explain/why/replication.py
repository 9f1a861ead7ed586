"""Why, in plain words with the numbers of this run: the events of mqviz/model/kafka/replication."""

from __future__ import annotations

from mqviz.explain import rules
from mqviz.explain.phrases import broker_set, offset_range
from mqviz.explain.registry import explains, told
from mqviz.facts import replication, simulated
from mqviz.facts.views import Why
from mqviz.facts.words import names, several
from mqviz.model.kafka.replication.events import (
    HighWatermarkAdvanced,
    IsrProposed,
    LeadershipForgotten,
    ReplicaTruncated,
)
from mqviz.model.state import State


@explains(IsrProposed)
def _proposed(_: State, event: IsrProposed) -> Why:
    return told(
        event,
        f"broker {event.broker} asks for other in-sync replicas",
        f"{event.topic} P{event.partition}: {broker_set(event.isr)}",
        rules.IN_SYNC,
    )


@explains(ReplicaTruncated)
def _truncated(state: State, event: ReplicaTruncated) -> Why:
    return told(
        event,
        f"broker {event.broker} cuts its log from end {event.before} back to {event.end}",
        _cut_records(state, event),
        rules.TRUNCATION,
        f"log end {event.before} → {event.end}",
    )


def _cut_records(state: State, event: ReplicaTruncated) -> str:
    """Which records went, where the leader's epoch begins without them, and whether anybody was promised
    them.
    """
    many = (
        f"{several(event.records, 'record')} of {event.topic} P{event.partition} that its leader does "
        "not have"
    )
    if event.topic not in state.cluster.topics:
        return many
    cut = replication.cut(state, event.topic, event.partition, event.broker)
    if cut is None or cut.at_us != event.at_us:
        return many
    lost = [cell for cell in cut.cells if cell.lost]
    if not lost:
        return f"{many}; none was acknowledged and lost"
    named = ", ".join(f"{cell.offset}" + (f" ({cell.key})" if cell.key else "") for cell in lost[:3])
    more = f" and {len(lost) - 3} more" if len(lost) > 3 else ""
    return f"epoch {cut.epoch} began at {cut.end} without {named}{more}: acknowledged, and lost now"


@explains(LeadershipForgotten)
def _forgotten(_: State, event: LeadershipForgotten) -> Why:
    return told(
        event,
        f"broker {event.broker} strikes leader epoch {event.epoch} of {event.topic} P{event.partition} "
        "from its notes",
        "it led then, but wrote nothing, and its leader knows of no such epoch",
        rules.TRUNCATION,
    )


@explains(HighWatermarkAdvanced)
def _readable(state: State, event: HighWatermarkAdvanced) -> Why:
    partition = state.cluster.partition(event.topic, event.partition)
    have = names([str(broker) for broker in partition.isr])
    what = offset_range(event.before, event.high_watermark)
    reason = f"brokers {have} have it" if len(partition.isr) > 1 else f"broker {have} is the only replica"
    change = _lag_change(state, event) or f"high watermark {event.before} → {event.high_watermark}"
    return told(event, f"P{event.partition}: {what} can be read", reason, rules.MARK, change, 19)


def _lag_change(state: State, event: HighWatermarkAdvanced) -> str:
    """How the lag of the groups that read this partition grew."""
    found = []
    for group in sorted(state.cluster.groups):
        committed = simulated.committed(state, group, event.topic, event.partition)
        if committed is not None:
            was, now = event.before - committed, event.high_watermark - committed
            found.append(f"lag of {group} on P{event.partition} {was} → {now}")
    return "; ".join(found[:2])
