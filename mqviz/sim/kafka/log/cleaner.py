"""Cleaner: compaction of logs with cleanup.policy=compact, each broker of its own copies.

Like a real broker: one thread wakes every log.cleaner.backoff.ms and goes over the log with the largest dirty
ratio, dirty / (clean + dirty), while one has more than min.cleanable.dirty.ratio or a record that is dirty
for max.compaction.lag.ms (R73); it looks at closed segments only, below the last stable offset and older than
min.compaction.lag.ms. A pass is `clean` of mqviz/model/kafka/log/: the last record of each key stays,
tombstones and markers until their delete horizon (R74-R76), small segments become one (R74). Without new
dirty data there is no further pass, so a tombstone may stay for ever (R75). With compact,delete the same
thread deletes old segments (R77).
Left out: a pass takes no time; the offset map has room for every key.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import msgspec

from mqviz.model.kafka.cluster import Partition, Topic
from mqviz.model.kafka.log.compaction import clean
from mqviz.model.kafka.log.events import LogCleaned
from mqviz.model.kafka.log.segment import Segment
from mqviz.model.kafka.log.state import Log, Replica
from mqviz.sim.engine import TIMER, Simulation, due
from mqviz.sim.kafka.log import retention

ms = 1_000

NEVER_MS = 1 << 60
"""A lag that nobody lives to see."""


class CleanerTimer(msgspec.Struct):
    """When the cleaners wake next with something to do (0: they do not), and the ticket of that due."""

    at_us: int = 0
    ticket: int = 0


def consider(sim: Simulation, partition: Partition, broker: int) -> None:
    """A segment of this copy was closed, or its rules changed: plan the cleaner's next look."""
    topic = sim.state.cluster.topic(partition.topic)
    if "compact" in topic.setting("cleanup.policy"):
        _plan(sim, _soonest(sim, topic, partition.replicas[broker]))


def _plan(sim: Simulation, at_us: int | None) -> None:
    if at_us is None:
        return
    timer = sim.part(CleanerTimer)
    every = max(1, sim.scenario.cluster.setting("log.cleaner.backoff.ms") * ms)
    tick_us = -(-max(at_us, sim.now_us + 1) // every) * every
    if timer.at_us == 0 or tick_us < timer.at_us:
        timer.at_us = tick_us
        timer.ticket = sim.schedule(tick_us - sim.now_us, TIMER, _wake, cause=0)


def _soonest(sim: Simulation, topic: Topic, replica: Replica) -> int | None:
    """When this copy may have something for the cleaner: 0 for the next time,
    None for never as things are.
    """
    log = replica.log
    active = log.segments[-1].base_offset
    times = [retention.soonest(topic, replica)]
    dirty, total = _bytes(log, active)
    if dirty and dirty > topic.setting("min.cleanable.dirty.ratio") * total:
        times.append(0)
    elif dirty and topic.setting("max.compaction.lag.ms") < NEVER_MS:
        times.append((_dirty(log)[0].first_us or 0) + topic.setting("max.compaction.lag.ms") * ms + 1)
    return min((at_us for at_us in times if at_us is not None), default=None)


@due
def _wake(sim: Simulation) -> None:
    timer = sim.part(CleanerTimer)
    if sim.ticket != timer.ticket:
        return
    timer.at_us = 0
    copies = list(_copies(sim))
    for broker in sim.state.cluster.brokers:
        mine = [partition for partition, where in copies if where == broker]
        while _clean_dirtiest(sim, mine, broker):
            pass
    for partition, broker in copies:
        retention.delete_old(sim, partition, broker)
    later = [_soonest(sim, sim.state.cluster.topic(p.topic), p.replicas[broker]) for p, broker in copies]
    _plan(sim, min((at_us for at_us in later if at_us is not None), default=None))


def _copies(sim: Simulation) -> Iterator[tuple[Partition, int]]:
    for topic in sim.state.cluster.topics.values():
        if "compact" in topic.setting("cleanup.policy"):
            for partition in topic.partitions:
                for broker in partition.replicas:
                    if sim.state.cluster.brokers[broker].up:
                        yield partition, broker


def _clean_dirtiest(sim: Simulation, partitions: list[Partition], broker: int) -> bool:
    """One pass over the dirtiest log that has enough to clean; False if none has (R73)."""
    best: tuple[float, Partition, int] | None = None
    for partition in partitions:
        topic = sim.state.cluster.topic(partition.topic)
        replica = partition.replicas[broker]
        end = _cleanable_to(sim, topic, replica)
        dirty, total = _bytes(replica.log, end)
        enough = dirty > topic.setting("min.cleanable.dirty.ratio") * total
        if (
            dirty
            and (enough or _overdue(sim, topic, replica.log))
            and (best is None or dirty / total > best[0])
        ):
            best = (dirty / total, partition, end)
    if best is None:
        return False
    _pass(sim, best[1], broker, best[2])
    return True


def _pass(sim: Simulation, partition: Partition, broker: int, end: int) -> None:
    topic = sim.state.cluster.topic(partition.topic)
    log = partition.replicas[broker].log
    keep_us, most = topic.setting("delete.retention.ms") * ms, topic.setting("segment.bytes")
    cleaned = clean(log, end, sim.now_us, keep_us, most)
    before = sum(segment.bytes for segment in log.segments if segment.base_offset < end)
    after = sum(segment.bytes for segment in cleaned.segments)
    sim.emit(
        LogCleaned(
            *sim.stamp(0),
            partition.topic,
            partition.number,
            broker,
            end,
            cleaned.removed,
            before,
            after,
            keep_us,
            most,
        )
    )


def _first_dirty(log: Log) -> int:
    return max(log.clean_to, log.start)


def _cleanable_to(sim: Simulation, topic: Topic, replica: Replica) -> int:
    """The base offset up to which whole closed segments may be cleaned now (R73)."""
    log = replica.log
    stable: int = getattr(replica, "last_stable_offset", replica.high_watermark)
    bound = min(stable, log.segments[-1].base_offset)
    lag_us = topic.setting("min.compaction.lag.ms") * ms
    for segment in _dirty(log):
        if lag_us and (segment.latest_us or 0) > sim.now_us - lag_us:
            bound = min(bound, segment.base_offset)
            break
    return max(
        (s.base_offset for s in log.segments if s.base_offset <= bound), default=log.segments[0].base_offset
    )


def _dirty(log: Log) -> list[Segment]:
    """Closed segments with offsets that no pass has seen."""
    first = _first_dirty(log)
    return [segment for segment, after in pairwise(log.segments) if after.base_offset > first]


def _bytes(log: Log, end: int) -> tuple[int, int]:
    """(dirty, dirty and clean) bytes of the closed segments below `end`."""
    dirty = sum(segment.bytes for segment in _dirty(log) if segment.base_offset < end)
    return dirty, sum(segment.bytes for segment in log.segments[:-1] if segment.base_offset < end)


def _overdue(sim: Simulation, topic: Topic, log: Log) -> bool:
    """Whether a record is dirty for longer than max.compaction.lag.ms."""
    limit_us = sim.now_us - topic.setting("max.compaction.lag.ms") * ms
    dirty = [segment.first_us for segment in _dirty(log) if segment.first_us is not None]
    return bool(dirty) and min(dirty) < limit_us
