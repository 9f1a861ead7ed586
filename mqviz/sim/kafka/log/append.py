"""Log segments: what a partition leader checks before it writes a batch, and when a log begins a new segment.

Like a real broker: a batch above max.message.bytes, with a timestamp too far from now, or without key for a
compacted topic is refused whole and takes no offset (R68, R74); message.timestamp.type LogAppendTime
overwrites timestamps. Before an append the active segment is closed if the batch does not fit, or if the
batch is more than segment.ms younger than the segment's first one (R67); each replica rolls its own log.
Left out: full indexes and offsets too far from the base, which need millions of small batches (R67); jitter.
"""

from __future__ import annotations

from mqviz.kafka.errors import Error
from mqviz.model.kafka.cluster import Partition, Topic
from mqviz.model.kafka.log.batch import LOG_APPEND_TIME, Batch
from mqviz.model.kafka.log.events import SegmentRolled
from mqviz.sim.engine import Simulation
from mqviz.sim.kafka.log import cleaner, retention


def refusal(sim: Simulation, topic: Topic, batch: Batch) -> Error:
    """Why the log does not take `batch`, NONE if it does; in the order in which Kafka looks (R68)."""
    setting = topic.setting
    if batch.bytes > setting("max.message.bytes"):
        return Error.MESSAGE_TOO_LARGE
    if setting("message.timestamp.type") == "CreateTime" and not batch.control:
        latest_us = batch.latest_us
        earliest_us = latest_us if batch.created is None else min(batch.created)
        if _far(sim, topic, latest_us) or _far(sim, topic, earliest_us):
            return Error.INVALID_TIMESTAMP
    if "compact" in setting("cleanup.policy") and None in batch.keys and not batch.control:
        return Error.INVALID_RECORD
    return Error.NONE


def _far(sim: Simulation, topic: Topic, stamp_us: int) -> bool:
    """Whether a timestamp is too far from now."""
    after_ms, before_ms = (topic.setting(f"message.timestamp.{way}.max.ms") for way in ("after", "before"))
    return bool(stamp_us - sim.now_us > after_ms * 1000 or sim.now_us - stamp_us > before_ms * 1000)


def invalid(sim: Simulation, topic: Topic, batch: Batch) -> tuple[int, ...]:
    """The records for which `batch` is refused with INVALID_TIMESTAMP or INVALID_RECORD, by their place in it
    (R68, R74).
    """
    stamped = topic.setting("message.timestamp.type") == "CreateTime"
    keyed = "compact" in topic.setting("cleanup.policy")
    return tuple(
        index
        for index in range(batch.count)
        if (keyed and batch.keys[index] is None) or (stamped and _far(sim, topic, batch.timestamp_us(index)))
    )


def attributes(topic: Topic, batch: Batch) -> int:
    """The attributes with which `batch` is written."""
    appended = topic.setting("message.timestamp.type") == "LogAppendTime"
    return batch.attributes | LOG_APPEND_TIME if appended else batch.attributes & ~LOG_APPEND_TIME


def before_append(sim: Simulation, partition: Partition, broker: int, size: int, latest_us: int) -> bool:
    """Close the active segment of this broker's copy if `size` bytes up to timestamp `latest_us` do not go in
    (R67).

    True: what is appended now is the first in its segment.
    """
    topic = sim.state.cluster.topic(partition.topic)
    active = partition.replicas[broker].log.segments[-1]
    reason = ""
    if active.bytes > topic.setting("segment.bytes") - size:
        reason = "size"
    elif active.first_us is not None and latest_us - active.first_us > segment_us(topic):
        reason = "time"
    if reason and active.bytes:
        roll(sim, partition, broker, reason)
    return bool(reason) or not active.bytes


def segment_us(topic: Topic) -> int:
    """How long a segment takes records: segment.ms,
    at most max.compaction.lag.ms where the log is compacted.
    """
    longest: int = topic.setting("segment.ms")
    if "compact" in topic.setting("cleanup.policy"):
        longest = min(longest, topic.setting("max.compaction.lag.ms"))
    return longest * 1000


def roll(sim: Simulation, partition: Partition, broker: int, reason: str) -> None:
    """Close the active segment of this broker's copy."""
    log = partition.replicas[broker].log
    sim.emit(SegmentRolled(*sim.stamp(), partition.topic, partition.number, broker, log.end, reason))
    cleaner.consider(sim, partition, broker)


def after_append(sim: Simulation, partition: Partition, broker: int, first: bool) -> None:
    """Records came into this broker's copy, `first` in their segment: plan who looks when they are too old or
    too many.
    """
    topic = sim.state.cluster.topic(partition.topic)
    if first or topic.setting("retention.bytes") >= 0:
        consider(sim, partition, broker)


def consider(sim: Simulation, partition: Partition, broker: int) -> None:
    """This copy or its rules changed: plan who looks at it next."""
    retention.consider(sim, partition, broker)
    cleaner.consider(sim, partition, broker)
