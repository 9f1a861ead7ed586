"""Retention: whole old segments go, by time or by size, and DeleteRecords moves the log start by request.

Like a real broker: every log.retention.check.interval.ms, first after log.initial.task.delay.ms, each broker
deletes from its own copies the oldest segments while each qualifies and ends at or below the high watermark
(R70, R71): below the log start; the log without it is still at least retention.bytes; its largest timestamp
is more than retention.ms old. If all qualify the active one is rolled first. A file vanishes
file.delete.delay.ms later. Compacted logs are looked at by the cleaner instead (R77). DeleteRecords moves the
log start up to the high watermark, is refused above it, and is answered when the in-sync replicas have moved
theirs (R72). A consumer never deletes anything.
Left out: a check in which nothing can happen is not simulated; each replica's phase is the cluster's start.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import msgspec

from mqviz.kafka.errors import Error
from mqviz.model.kafka.cluster import Partition, Topic
from mqviz.model.kafka.log.events import LogStartMoved, SegmentRolled, SegmentsDeleted
from mqviz.model.kafka.log.state import Replica
from mqviz.model.kafka.protocol.requests import DeleteRecordsRequest
from mqviz.model.kafka.protocol.responses import DeleteRecordsResponse
from mqviz.sim.engine import ARRIVAL, TIMER, Simulation, due
from mqviz.sim.kafka.network.connection import connection_of, enter_purgatory, respond, serves

ms = 1_000


class RetentionTimer(msgspec.Struct):
    """When the next check is due that can delete something (0: none), and the ticket of its due.

    `deletes`: numbers of the DeleteRecords requests that wait for followers.
    """

    at_us: int = 0
    ticket: int = 0
    deletes: list[int] = msgspec.field(default_factory=list)


# -- when ---------------------------------------------------------------------------------------------------


def consider(sim: Simulation, partition: Partition, broker: int) -> None:
    """This copy grew, or its rules changed: plan the check that may delete of it."""
    topic = sim.state.cluster.topic(partition.topic)
    if "compact" not in topic.setting("cleanup.policy"):
        _plan(sim, sim.part(RetentionTimer), soonest(topic, partition.replicas[broker]))


def _plan(sim: Simulation, timer: RetentionTimer, at_us: int | None) -> None:
    if at_us is None:
        return
    tick_us = _tick(sim, max(at_us, sim.now_us + 1))
    if timer.at_us == 0 or tick_us < timer.at_us:
        timer.at_us = tick_us
        timer.ticket = sim.schedule(tick_us - sim.now_us, TIMER, _check, cause=0)


def _tick(sim: Simulation, at_us: int) -> int:
    """The first check at `at_us` or later."""
    plan = sim.scenario.cluster
    first = plan.setting("log.initial.task.delay.ms") * ms
    every = plan.setting("log.retention.check.interval.ms") * ms
    return int(first + -(-max(0, at_us - first) // every) * every)


def soonest(topic: Topic, replica: Replica) -> int | None:
    """When the oldest segment can qualify: 0 for now, None for never as things are."""
    log = replica.log
    oldest = log.segments[0]
    if len(log.segments) > 1 and log.segments[1].base_offset <= log.start:
        return 0
    if "delete" not in topic.setting("cleanup.policy") or oldest.latest_us is None:
        return None
    kept_bytes, kept_ms = topic.setting("retention.bytes"), topic.setting("retention.ms")
    if kept_bytes >= 0 and sum(each.bytes for each in log.segments) - kept_bytes >= oldest.bytes:
        return 0
    return oldest.latest_us + int(kept_ms) * ms + 1 if kept_ms >= 0 else None


@due
def _check(sim: Simulation) -> None:
    timer = sim.part(RetentionTimer)
    if sim.ticket != timer.ticket:
        return
    timer.at_us = 0
    copies = list(_copies(sim))
    for partition, broker in copies:
        delete_old(sim, partition, broker)
    later = [soonest(sim.state.cluster.topic(p.topic), p.replicas[broker]) for p, broker in copies]
    _plan(sim, timer, min((at_us for at_us in later if at_us is not None), default=None))


def _copies(sim: Simulation) -> Iterator[tuple[Partition, int]]:
    """Copies that this check looks at: on brokers that run, of topics that are not compacted."""
    for topic in sim.state.cluster.topics.values():
        if "compact" not in topic.setting("cleanup.policy"):
            for partition in topic.partitions:
                for broker in partition.replicas:
                    if sim.state.cluster.brokers[broker].up:
                        yield partition, broker


# -- what ---------------------------------------------------------------------------------------------------


def delete_old(sim: Simulation, partition: Partition, broker: int) -> None:
    """Delete the segments of this copy that no rule keeps (R70)."""
    why = sim.cause
    for reason, rule in (("log start", _below_start), ("size", _over_size), ("time", _over_time)):
        count = rule(sim, partition, broker)
        if count:
            _delete(sim, partition, broker, count, reason)
        sim.cause = why


def _below_start(sim: Simulation, partition: Partition, broker: int) -> int:
    replica = partition.replicas[broker]
    later = [after.base_offset for _, after in pairwise(replica.log.segments)]
    return sum(base <= min(replica.log.start, replica.high_watermark) for base in later)


def _over_size(sim: Simulation, partition: Partition, broker: int) -> int:
    topic = sim.state.cluster.topic(partition.topic)
    kept_bytes = topic.setting("retention.bytes")
    if "delete" not in topic.setting("cleanup.policy") or kept_bytes < 0:
        return 0
    replica = partition.replicas[broker]
    over = sum(segment.bytes for segment in replica.log.segments) - kept_bytes
    count = 0
    for segment in replica.log.segments[: _committed(replica)]:
        over -= segment.bytes
        if over < 0 or not segment.bytes:
            break
        count += 1
    return count


def _over_time(sim: Simulation, partition: Partition, broker: int) -> int:
    topic = sim.state.cluster.topic(partition.topic)
    kept_ms = topic.setting("retention.ms")
    if "delete" not in topic.setting("cleanup.policy") or kept_ms < 0:
        return 0
    replica = partition.replicas[broker]
    count = 0
    for segment in replica.log.segments[: _committed(replica)]:
        if segment.latest_us is None or sim.now_us - segment.latest_us <= kept_ms * ms:
            break
        count += 1
    return count


def _committed(replica: Replica) -> int:
    """How many segments end at or below the high watermark; an empty active one is never deleted."""
    ends = [*(each.base_offset for each in replica.log.segments[1:]), replica.log.end]
    if not replica.log.segments[-1].bytes:
        ends.pop()
    return sum(end <= replica.high_watermark for end in ends)


def _delete(sim: Simulation, partition: Partition, broker: int, count: int, reason: str) -> None:
    log = partition.replicas[broker].log
    name, number = partition.topic, partition.number
    if count == len(log.segments):
        sim.cause = sim.emit(SegmentRolled(*sim.stamp(), name, number, broker, log.end, "retention"))
    size = sum(segment.bytes for segment in log.segments[:count])
    topic = sim.state.cluster.topic(name)
    gone_us = sim.now_us + topic.setting("file.delete.delay.ms") * ms
    sim.cause = sim.emit(
        SegmentsDeleted(*sim.stamp(), name, number, broker, count, size, int(gone_us), reason)
    )
    if broker == partition.leader:
        low_watermark_moved(sim)


# -- the log start ------------------------------------------------------------------------------------------


def follow_log_start(sim: Simulation, partition: Partition, broker: int, start: int) -> None:
    """A fetch answer told this follower where the leader's log starts: its own starts there too (R72).

    Not above its own high watermark, of which a later answer tells; unless all that it has lies below.
    """
    copy = partition.replicas[broker]
    if copy.log.start < start <= copy.high_watermark or start > copy.log.end:
        _move_start(sim, partition, broker, start, "the leader's log start")
        delay_us = sim.state.cluster.link_latency_us
        sim.schedule(delay_us, ARRIVAL, low_watermark_moved)


def _move_start(sim: Simulation, partition: Partition, broker: int, start: int, reason: str) -> None:
    before = partition.replicas[broker].log.start
    event = LogStartMoved(*sim.stamp(), partition.topic, partition.number, broker, before, start, reason)
    sim.cause = sim.emit(event)
    consider(sim, partition, broker)


@due
def low_watermark_moved(sim: Simulation) -> None:
    """Answer the DeleteRecords requests that waited for the in-sync replicas' log starts."""
    for number in list(sim.part(RetentionTimer).deletes):
        _answer_if_done(sim, number)


@serves(DeleteRecordsRequest)
def _delete_records(sim: Simulation, number: int, request: DeleteRecordsRequest) -> None:
    broker = connection_of(sim, number).broker
    why = sim.cause
    for name, index, offset in request.offsets:
        sim.cause = why
        if not _refusal(sim, broker, name, index, offset):
            partition = sim.state.cluster.partition(name, index)
            led = partition.replicas[broker]
            start = led.high_watermark if offset == -1 else offset
            if start > led.log.start:
                _move_start(sim, partition, broker, start, "delete records")
    sim.cause = why
    if not _answer_if_done(sim, number):
        enter_purgatory(sim, number)
        sim.part(RetentionTimer).deletes.append(number)
        sim.schedule(request.timeout_us, TIMER, _too_late, number)


@due
def _too_late(sim: Simulation, number: int) -> None:
    flight = sim.state.cluster.requests.get(number)
    if flight is not None and flight.response is None:
        _answer(sim, number, Error.REQUEST_TIMED_OUT)


def _refusal(sim: Simulation, broker: int, name: str, number: int, offset: int) -> Error:
    topic = sim.state.cluster.topics.get(name)
    if topic is None or not 0 <= number < len(topic.partitions):
        return Error.UNKNOWN_TOPIC_OR_PARTITION
    partition = topic.partitions[number]
    if partition.leader != broker:
        return Error.NOT_LEADER_OR_FOLLOWER
    if topic.setting("cleanup.policy") == "compact":
        return Error.POLICY_VIOLATION
    if offset < -1 or offset > partition.replicas[broker].high_watermark:
        return Error.OFFSET_OUT_OF_RANGE
    return Error.NONE


def _answer_if_done(sim: Simulation, number: int) -> bool:
    cluster = sim.state.cluster
    flight = cluster.requests.get(number)
    if flight is None or not isinstance(flight.request, DeleteRecordsRequest) or flight.response is not None:
        _forget(sim, number)
        return True
    request = flight.request
    broker = connection_of(sim, number).broker
    for name, index, offset in request.offsets:
        if _refusal(sim, broker, name, index, offset):
            continue
        partition = cluster.partition(name, index)
        wanted = partition.replicas[broker].log.start if offset == -1 else offset
        if low_watermark(partition) < wanted:
            return False
    _answer(sim, number, Error.NONE)
    return True


def _forget(sim: Simulation, number: int) -> None:
    deletes = sim.part(RetentionTimer).deletes
    if number in deletes:
        deletes.remove(number)


def low_watermark(partition: Partition) -> int:
    """The lowest log start of the in-sync replicas."""
    return min((partition.replicas[broker].log.start for broker in partition.isr), default=0)


def _answer(sim: Simulation, number: int, late: Error) -> None:
    request = sim.state.cluster.requests[number].request
    broker = connection_of(sim, number).broker
    parts: list[tuple[str, int, int, int]] = []
    for name, index, offset in request.offsets if isinstance(request, DeleteRecordsRequest) else ():
        error = _refusal(sim, broker, name, index, offset) or late
        low = -1 if error else low_watermark(sim.state.cluster.partition(name, index))
        parts.append((name, index, error, low))
    _forget(sim, number)
    respond(sim, number, DeleteRecordsResponse(0, tuple(parts)))
