"""Fetch: what a partition leader, or a closer replica, gives a consumer to read.

Like a real broker: below the high watermark or the last stable offset only (R17, R63, R80), with enough bytes
or when the wait is over; whole batches come, the first one always (R80). One response carries everything that
applies: errors, aborted transactions, a moved leader, a closer replica (R35, R36, R63).
Left out: sessions in which only what changed is named (S11).
"""

from __future__ import annotations

from mqviz.kafka.errors import Error
from mqviz.model.kafka.clients.consumer.isolation import readable_to
from mqviz.model.kafka.cluster import Topic
from mqviz.model.kafka.log.state import Log
from mqviz.model.kafka.protocol.requests import FetchRequest
from mqviz.model.kafka.protocol.responses import FetchPartitionData, FetchResponse
from mqviz.sim.engine import TIMER, Simulation, due
from mqviz.sim.kafka import metadata
from mqviz.sim.kafka.broker import replica_selector
from mqviz.sim.kafka.network import sockets
from mqviz.sim.kafka.network.connection import enter_purgatory, respond, serves
from mqviz.sim.kafka.replication import leader_epoch


@serves(FetchRequest)
def _fetch(sim: Simulation, number: int, request: FetchRequest) -> None:
    if not respond_to_fetch(sim, number, at_once=False):
        enter_purgatory(sim, number)
        sim.schedule(request.max_wait_us, TIMER, _waited, number)


@due
def _waited(sim: Simulation, number: int) -> None:
    flight = sim.state.cluster.requests.get(number)
    if flight is None or flight.response is not None:
        return
    if sockets.awake(sim, flight.broker, _waited, number):
        respond_to_fetch(sim, number, at_once=True)


def respond_to_fetch(sim: Simulation, number: int, *, at_once: bool) -> bool:
    """Answer a consumer's fetch if it has enough data, an error or a closer replica, or anyway if `at_once`;
    True if it was answered (R80).

    The first batch of the first partition that has one comes always; the others as far as the limits allow.
    """
    request = sim.state.cluster.requests[number].request
    if not isinstance(request, FetchRequest):
        return False
    broker = sim.state.cluster.requests[number].broker
    parts: list[FetchPartitionData] = []
    total = 0
    topics = sim.state.cluster.topics
    for at, (topic, partition, offset) in enumerate(request.offsets):
        epoch = request.epochs[at] if request.epochs else -1
        if not request.rack and _has_all(topics.get(topic), partition, broker, offset, epoch):
            continue
        part, size = _readable(sim, broker, topic, partition, offset, epoch, request, total)
        total += size
        if part is not None:
            parts.append(part)
    urgent = at_once or any(part.error or part.preferred_read_replica >= 0 for part in parts)
    if urgent or total >= request.min_bytes:
        respond(sim, number, FetchResponse(0, tuple(parts)))
        return True
    return False


def _aborted(log: Log, first: int, end: int) -> tuple[tuple[int, int], ...]:
    """The aborted transactions that touch what is sent:
    the client leaves their records out by itself (R63).
    """
    touching = sorted(log.transactions.aborted(first, end), key=lambda each: each.first)
    return tuple((each.producer_id, each.first) for each in touching)


def _has_all(topic: Topic | None, number: int, broker: int, offset: int, epoch: int) -> bool:
    """Whether the reader has what this leader shows,
    which is all that there is to say of an idle partition.
    """
    if topic is None or not 0 <= number < len(topic.partitions):
        return False
    copy = topic.partitions[number].replicas.get(broker)
    if copy is None or copy.leader != broker or epoch not in (-1, copy.leader_epoch):
        return False
    return copy.high_watermark == offset


def _readable(
    sim: Simulation,
    broker: int,
    topic: str,
    number: int,
    offset: int,
    epoch: int,
    request: FetchRequest,
    used: int,
) -> tuple[FetchPartitionData | None, int]:
    """What a fetch answer says of one partition, and its bytes; None: nothing."""
    found = sim.state.cluster.topics.get(topic)
    if found is None or not 0 <= number < len(found.partitions):
        return FetchPartitionData(topic, number, Error.UNKNOWN_TOPIC_OR_PARTITION, offset, offset), 0
    partition = found.partitions[number]
    copy = partition.replicas.get(broker)
    error = leader_epoch.checked(copy, broker, epoch)
    if copy is None or error not in (
        Error.NONE,
        Error.NOT_LEADER_OR_FOLLOWER,
    ):  # whoever has a copy serves it (R36)
        leader = metadata.current_leader(sim, broker, topic, number, error)
        return FetchPartitionData(topic, number, error, offset, offset, current_leader=leader), 0
    log, mark = copy.log, copy.high_watermark
    closer = replica_selector.replica(sim, partition, broker, request.rack, offset) if request.rack else -1
    if closer >= 0:
        return (
            FetchPartitionData(
                topic, number, 0, offset, offset, mark, log.start, preferred_read_replica=closer
            ),
            0,
        )
    if not log.start <= offset <= log.end:
        return FetchPartitionData(topic, number, Error.OFFSET_OUT_OF_RANGE, offset, offset), 0
    limit = readable_to(copy, request.committed)
    if offset >= limit:
        return None, 0
    most = min(request.partition_bytes, request.max_bytes - used)
    batches = log.read(offset, limit, most)
    size = sum(batch.bytes for batch in batches)
    if not batches or (used and size > most):
        return None, 0
    end = min(batches[-1].end_offset, limit)
    aborted = _aborted(log, offset, end) if request.committed else ()
    return FetchPartitionData(topic, number, 0, offset, end, mark, log.start, aborted), size
