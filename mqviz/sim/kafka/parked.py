"""Parked requests: what a broker cannot answer yet, and the moments when it can (the purgatory).

Like a real broker: a produce with acks=all waits until the high watermark passes its records (R29); a fetch
waits for data below the high watermark or until its time is over (R80).
What waited at a leader that leads no more is answered NOT_LEADER_OR_FOLLOWER, what waited too long REQUEST_TIMED_OUT (R31).
Left out: limits of a whole fetch (fetch.max.bytes).
"""

from __future__ import annotations

from mqviz.kafka.errors import Error
from mqviz.model.cluster import Partition, Topic
from mqviz.model.isolation import readable_to
from mqviz.model.request import (
    Fetch,
    Fetched,
    FetchedAndAborted,
    FetchedElsewhere,
    InFlight,
    Produce,
    Produced,
    ProducedElsewhere,
    ProducedInvalid,
)
from mqviz.sim.engine import Simulation, due
from mqviz.sim.kafka import epochs, log_segments, metadata, share_fetch, sockets
from mqviz.sim.kafka.network import answer

Part = tuple[str, int, int, int, int, int]
"""(topic, partition, error, first, end, high watermark) of a fetch answer."""


def wake(sim: Simulation, partition: Partition) -> None:
    """The high watermark of `partition` moved."""
    for number in list(partition.parked_produces):
        if replicated(sim, number):
            answer_produce(sim, number)
    for number in list(partition.parked_fetches):
        answer_fetch(sim, number, at_once=False)
    if sim.state.cluster.share_groups:
        share_fetch.wake_all(sim, partition)


def wake_at(sim: Simulation, partition: Partition, follower: int) -> None:
    """The high watermark of a follower's copy moved: who waits there has something to read."""
    for number in list(partition.parked_fetches):
        if sim.state.cluster.requests[number].broker == follower:
            answer_fetch(sim, number, at_once=False)


def replicated(sim: Simulation, number: int) -> bool:
    """Whether everything that this produce wrote is below the high watermark."""
    cluster = sim.state.cluster
    flight = cluster.requests[number]
    return all(
        cluster.partition(topic, partition).replicas[flight.broker].high_watermark >= end
        for topic, partition, _, end in flight.appended
    )


def answer_produce(sim: Simulation, number: int, error: Error = Error.NONE) -> None:
    """Tell the producer where its batches are, or why one was refused; `error` is what is said of those not replicated (R31, E42)."""
    flight = sim.state.cluster.requests[number]
    written = tuple(
        (topic, partition, _after(sim, number, topic, partition, end, error), base)
        for topic, partition, base, end in flight.appended
    )
    refused = tuple((topic, partition, error, -1) for topic, partition, error in flight.refused)
    parts = written + refused
    if any(part[2] == Error.NOT_LEADER_OR_FOLLOWER for part in parts):
        leaders = metadata.elsewhere(sim, flight.broker, (part[:3] for part in parts))
        answer(sim, number, ProducedElsewhere(0, parts, leaders) if leaders else Produced(0, parts))
        return
    invalid = _invalid(sim, flight) if flight.refused else ()
    answer(sim, number, ProducedInvalid(0, parts, invalid) if invalid else Produced(0, parts))


def _invalid(sim: Simulation, flight: InFlight) -> tuple[tuple[str, int, tuple[int, ...]], ...]:
    """Which records of refused batches the log does not take."""
    found = []
    for topic, partition, error in flight.refused:
        if error in (Error.INVALID_TIMESTAMP, Error.INVALID_RECORD) and isinstance(flight.request, Produce):
            place = (topic, partition)
            batch = next(b for t, p, b in flight.request.batches if (t, p) == place)
            found.append((*place, log_segments.invalid(sim, sim.state.cluster.topic(topic), batch)))
    return tuple(found)


def _after(sim: Simulation, number: int, topic: str, partition: int, end: int, error: Error) -> Error:
    """What is said of a batch that was written: it may be in the log although this is an error (R31)."""
    flight = sim.state.cluster.requests[number]
    found = sim.state.cluster.partition(topic, partition)
    copy = found.replicas[flight.broker]
    if copy.high_watermark < end:
        return error
    fewest = min(sim.state.cluster.topic(topic).min_insync_replicas, len(found.replica_ids))
    acks = flight.request.acks if isinstance(flight.request, Produce) else 1
    if acks == -1 and copy.leader == flight.broker and len(copy.isr) < fewest:
        return Error.NOT_ENOUGH_REPLICAS_AFTER_APPEND
    return Error.NONE


def leader_moved(sim: Simulation, partition: Partition, broker: int) -> None:
    """Broker `broker` does not lead `partition` any more: whoever waits there is told so."""
    cluster = sim.state.cluster
    for number in list(partition.parked_produces):
        if cluster.requests[number].broker == broker:
            answer_produce(sim, number, Error.NOT_LEADER_OR_FOLLOWER)
    for number in list(partition.parked_fetches):
        if cluster.requests[number].broker == broker:
            answer_fetch(sim, number, at_once=True)


@due("kafka.produce_timeout")
def timed_out(sim: Simulation, number: int) -> None:
    """A produce waited for its replicas as long as its client said (R31)."""
    flight = sim.state.cluster.requests.get(number)
    if flight is None or flight.answer is not None:
        return
    if sockets.awake(sim, flight.broker, "kafka.produce_timeout", number):
        answer_produce(sim, number, Error.REQUEST_TIMED_OUT)


def answer_fetch(sim: Simulation, number: int, *, at_once: bool) -> bool:
    """Answer a consumer's fetch if it has enough data or an error, or anyway if `at_once`; True if it was answered (R80).

    The first batch of the first partition that has one comes always; the others as far as the limits allow.
    """
    request = sim.state.cluster.requests[number].request
    if not isinstance(request, Fetch):
        return False
    broker = sim.state.cluster.requests[number].broker
    parts: list[Part] = []
    total = 0
    topics = sim.state.cluster.topics
    for at, (topic, partition, offset) in enumerate(request.offsets):
        epoch = request.epochs[at] if request.epochs else -1
        if _has_all(topics.get(topic), partition, broker, offset, epoch):
            continue
        part, size = _readable(sim, broker, topic, partition, offset, epoch, request, total)
        total += size
        if part is not None:
            parts.append(part)
    if at_once or total >= request.min_bytes or any(part[2] for part in parts):
        told = tuple(parts)
        aborted = _aborted(sim, broker, parts) if request.committed else ()
        leaders = metadata.elsewhere(sim, broker, (part[:3] for part in parts if part[2]))
        if leaders:
            answer(sim, number, FetchedElsewhere(0, told, leaders))
        else:
            answer(sim, number, FetchedAndAborted(0, told, aborted) if aborted else Fetched(0, told))
        return True
    return False


def _aborted(sim: Simulation, broker: int, parts: list[Part]) -> tuple[tuple[str, int, int, int], ...]:
    """The aborted transactions that touch what is sent: the client leaves their records out by itself (R63)."""
    found: list[tuple[str, int, int, int]] = []
    for topic, number, error, first, end, _ in parts:
        if not error and end > first:
            log = sim.state.cluster.partition(topic, number).replicas[broker].log
            touching = sorted(log.transactions.aborted(first, end), key=lambda each: each.first)
            found += [(topic, number, each.producer_id, each.first) for each in touching]
    return tuple(found)


def _has_all(topic: Topic | None, number: int, broker: int, offset: int, epoch: int) -> bool:
    """Whether the reader has what this leader shows, which is all that there is to say of an idle partition."""
    if topic is None or not 0 <= number < len(topic.partitions):
        return False
    copy = topic.partitions[number].replicas.get(broker)
    if copy is None or copy.leader != broker or epoch not in (-1, copy.leader_epoch):
        return False
    return copy.high_watermark == offset


def _readable(
    sim: Simulation, broker: int, topic: str, number: int, offset: int, epoch: int, request: Fetch, used: int
) -> tuple[Part | None, int]:
    """The part of a fetch answer for one partition and its bytes; None: nothing to say."""
    found = sim.state.cluster.topics.get(topic)
    if found is None or not 0 <= number < len(found.partitions):
        return (topic, number, Error.UNKNOWN_TOPIC_OR_PARTITION, offset, offset, -1), 0
    partition = found.partitions[number]
    copy = partition.replicas.get(broker)
    error = epochs.checked(copy, broker, epoch)
    if copy is None or error not in (
        Error.NONE,
        Error.NOT_LEADER_OR_FOLLOWER,
    ):  # whoever has a copy serves it (R36)
        return (topic, number, error, offset, offset, -1), 0
    log, mark = copy.log, copy.high_watermark
    if not log.start <= offset <= log.end:
        return (topic, number, Error.OFFSET_OUT_OF_RANGE, offset, offset, -1), 0
    limit = readable_to(copy, request.committed)
    if offset >= limit:
        return None, 0
    most = min(request.partition_bytes, request.max_bytes - used)
    batches = log.read(offset, limit, most)
    size = sum(batch.bytes for batch in batches)
    if not batches or (used and size > most):
        return None, 0
    return (topic, number, 0, offset, min(batches[-1].end_offset, limit), mark), size
