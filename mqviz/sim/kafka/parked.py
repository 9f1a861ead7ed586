"""Parked requests: what a broker cannot answer yet, and the moments when it can (the purgatory).

Like a real broker: a produce with acks=all waits until the high watermark passes its records (R29); a fetch
waits for data below the high watermark or until its time is over (R80).
Left out: produce timeouts, which need a replica that is stuck (R31).
"""

from __future__ import annotations

from mqviz.kafka.errors import Error
from mqviz.kafka.settings import number as setting
from mqviz.model.cluster import Partition
from mqviz.model.request import Fetch, Fetched, Produced
from mqviz.sim.engine import Simulation
from mqviz.sim.kafka import share_fetch
from mqviz.sim.kafka.network import answer, connection_of

MAX_PARTITION_BYTES = setting("max.partition.fetch.bytes")


def wake(sim: Simulation, partition: Partition) -> None:
    """The high watermark of `partition` moved."""
    for number in list(partition.parked_produces):
        if replicated(sim, number):
            answer_produce(sim, number)
    for number in list(partition.parked_fetches):
        answer_fetch(sim, number, at_once=False)
    if sim.state.cluster.share_groups:
        share_fetch.wake_all(sim, partition)


def replicated(sim: Simulation, number: int) -> bool:
    """Whether everything that this produce wrote is below the high watermark."""
    cluster = sim.state.cluster
    return all(
        cluster.partition(topic, partition).led.high_watermark >= end
        for topic, partition, _, end in cluster.requests[number].appended
    )


def answer_produce(sim: Simulation, number: int) -> None:
    """Tell the producer where its batches are, or why one was refused."""
    flight = sim.state.cluster.requests[number]
    written = tuple((topic, partition, 0, base) for topic, partition, base, _ in flight.appended)
    refused = tuple((topic, partition, error, -1) for topic, partition, error in flight.refused)
    answer(sim, number, Produced(0, written + refused))


def answer_fetch(sim: Simulation, number: int, *, at_once: bool) -> bool:
    """Answer a consumer's fetch if it has data or an error, or anyway if `at_once`; True if it was answered."""
    request = sim.state.cluster.requests[number].request
    if not isinstance(request, Fetch):
        return False
    broker = connection_of(sim, number).broker
    parts = tuple(part for wanted in request.offsets if (part := _readable(sim, broker, *wanted)) is not None)
    if parts or at_once:
        answer(sim, number, Fetched(0, parts))
        return True
    return False


def _readable(
    sim: Simulation, broker: int, topic: str, number: int, offset: int
) -> tuple[str, int, int, int, int, int] | None:
    """The part of a fetch answer for one partition; None: nothing to say."""
    found = sim.state.cluster.topics.get(topic)
    if found is None or not 0 <= number < len(found.partitions):
        return topic, number, Error.UNKNOWN_TOPIC_OR_PARTITION, offset, offset, -1
    partition = found.partitions[number]
    if partition.leader != broker:
        return topic, number, Error.NOT_LEADER_OR_FOLLOWER, offset, offset, -1
    log, mark = partition.led.log, partition.led.high_watermark
    if not log.start <= offset <= log.end:
        return topic, number, Error.OFFSET_OUT_OF_RANGE, offset, offset, mark
    if offset >= mark:
        return None
    batches = log.read(offset, mark, MAX_PARTITION_BYTES)
    return topic, number, 0, offset, min(batches[-1].end_offset, mark), mark
