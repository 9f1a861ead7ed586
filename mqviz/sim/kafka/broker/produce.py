"""Produce: what a partition leader does with batches.

Like a real broker: appends cost time once a request (R6); acks=0 gets no answer, acks=1 one after the append,
acks=all one when the high watermark has passed the records, and is refused before the append while too few
replicas are in sync (R29, R30). A batch of an idempotent producer that the log has already is answered, not
written (R58). What waited too long is answered REQUEST_TIMED_OUT (R31).
Left out: quotas.
"""

from __future__ import annotations

from mqviz.kafka.errors import Error, named
from mqviz.model.kafka.cluster import Topic
from mqviz.model.kafka.log.batch import Batch
from mqviz.model.kafka.log.events import BatchAppended, BatchRefused, BatchRepeated
from mqviz.model.kafka.network.state import InFlight
from mqviz.model.kafka.protocol.requests import ProduceRequest
from mqviz.model.kafka.protocol.responses import (
    PartitionProduceResponse,
    ProduceResponse,
    WriteTxnMarkersResponse,
)
from mqviz.sim.engine import TIMER, Simulation, due
from mqviz.sim.kafka import metadata
from mqviz.sim.kafka.broker import verification
from mqviz.sim.kafka.log import append, producer_state
from mqviz.sim.kafka.network import disconnect, sockets
from mqviz.sim.kafka.network.connection import connection_of, end, enter_purgatory, respond, serves
from mqviz.sim.kafka.replication import fetcher as replica_fetcher


@serves(ProduceRequest)
def _produce(sim: Simulation, number: int, request: ProduceRequest) -> None:
    cluster = sim.state.cluster
    sim.schedule(cluster.append_us(cluster.requests[number].broker), TIMER, _append, number)


@due
def _append(sim: Simulation, number: int) -> None:
    cluster = sim.state.cluster
    flight = cluster.requests.get(number)
    if flight is None or not isinstance(flight.request, ProduceRequest):
        return
    broker, request = flight.broker, flight.request
    if not sockets.awake(sim, broker, _append, number):
        return
    if verification.defers(sim, number, request, _append):
        return
    why = sim.cause
    for topic, partition, batch in request.batches:
        sim.cause = why
        error = _misplaced(sim, topic, partition, broker, request.acks) or verification.enlist(
            sim, topic, partition, batch
        )
        error = error or _refusal(sim, cluster.topic(topic), partition, broker, request.acks, batch)
        known = producer_state.NEW
        if not error:
            copy = cluster.partition(topic, partition).replicas[broker]
            error, known = producer_state.check(sim, copy, batch)
        if error:
            sim.emit(
                BatchRefused(*sim.stamp(), topic, partition, broker, number, error, named(error), batch.count)
            )
        elif known != producer_state.NEW:
            who, count = batch.producer, batch.count
            sim.emit(BatchRepeated(*sim.stamp(), topic, partition, broker, number, who, known, count))
        else:
            write(sim, number, topic, partition, batch, broker)
    _reply(sim, number, request)


def _misplaced(sim: Simulation, topic: str, partition: int, broker: int, acks: int) -> Error:
    """Why this broker does not write to the partition at all."""
    found = sim.state.cluster.topics.get(topic)
    if found is None or not 0 <= partition < len(found.partitions):
        return Error.UNKNOWN_TOPIC_OR_PARTITION
    if acks not in (-1, 0, 1):
        return Error.INVALID_REQUIRED_ACKS
    copy = found.partitions[partition].replicas.get(broker)
    return Error.NOT_LEADER_OR_FOLLOWER if copy is None or copy.leader != broker else Error.NONE


def _refusal(sim: Simulation, topic: Topic, partition: int, broker: int, acks: int, batch: Batch) -> Error:
    copy = topic.partitions[partition].replicas[broker]
    if acks == -1 and len(copy.isr) < min(topic.min_insync_replicas, topic.replication_factor):
        return Error.NOT_ENOUGH_REPLICAS
    return append.refusal(sim, topic, batch)


def write(sim: Simulation, number: int, topic: str, partition_number: int, batch: Batch, leader: int) -> None:
    """Append `batch`, let followers have it, and move the high watermark where there are none (RF 1)."""
    partition = sim.state.cluster.partition(topic, partition_number)
    copy = partition.replicas[leader]
    written = Batch(
        copy.log.end,
        batch.count,
        batch.bytes,
        batch.producer,
        batch.producer_id,
        batch.producer_epoch,
        batch.first_sequence,
        append.attributes(sim.state.cluster.topic(topic), batch),
        copy.leader_epoch,
        batch.created_at_us,
        sim.now_us,
        batch.keys,
        batch.values,
        batch.created,
        None,
        batch.first_number,
    )
    first = append.before_append(sim, partition, leader, written.bytes, written.latest_us)
    sim.cause = sim.emit(BatchAppended(*sim.stamp(), topic, partition_number, leader, number, written))
    append.after_append(sim, partition, leader, first)
    replica_fetcher.advance_high_watermark(sim, partition, leader)
    replica_fetcher.feed_followers(sim, partition, leader)


def _reply(sim: Simulation, number: int, request: ProduceRequest) -> None:
    if request.acks == 0:
        refused, connection = sim.state.cluster.requests[number].refused, connection_of(sim, number)
        end(sim, number)
        if refused:  # there is no answer that could say so
            disconnect.close(sim, connection)
    elif request.acks == 1 or replicated(sim, number):
        respond_to_produce(sim, number)
    else:
        enter_purgatory(sim, number)
        sim.schedule(request.timeout_us, TIMER, timed_out, number)


def replicated(sim: Simulation, number: int) -> bool:
    """Whether everything that this produce wrote is below the high watermark."""
    cluster = sim.state.cluster
    flight = cluster.requests[number]
    return all(
        cluster.partition(topic, partition).replicas[flight.broker].high_watermark >= end
        for topic, partition, _, end in flight.appended
    )


def respond_to_produce(sim: Simulation, number: int, error: Error = Error.NONE) -> None:
    """Tell who wrote where the batches are, or why one was refused; `error` is what is said of those not
    replicated (R31).
    """
    flight = sim.state.cluster.requests[number]
    written = tuple(
        _produced(sim, flight, topic, partition, _after(sim, number, topic, partition, end, error), base)
        for topic, partition, base, end in flight.appended
    )
    parts = written + tuple(_produced(sim, flight, *each, -1) for each in flight.refused)
    if isinstance(flight.request, ProduceRequest):
        respond(sim, number, ProduceResponse(0, parts))
    else:
        told = tuple((part.topic, part.partition, part.error) for part in parts)
        respond(sim, number, WriteTxnMarkersResponse(0, told))


def _produced(
    sim: Simulation, flight: InFlight, topic: str, partition: int, error: int, base: int
) -> PartitionProduceResponse:
    """What is said of one batch."""
    if not error:
        return PartitionProduceResponse(topic, partition, 0, base)
    leader = metadata.current_leader(sim, flight.broker, topic, partition, error)
    records = _record_errors(sim, flight, topic, partition, error)
    return PartitionProduceResponse(topic, partition, error, base, records, leader)


def _record_errors(
    sim: Simulation, flight: InFlight, topic: str, partition: int, error: int
) -> tuple[int, ...]:
    """Which records of a refused batch the log does not take."""
    if error not in (Error.INVALID_TIMESTAMP, Error.INVALID_RECORD) or not isinstance(
        flight.request, ProduceRequest
    ):
        return ()
    batch = next(b for t, p, b in flight.request.batches if (t, p) == (topic, partition))
    return append.invalid(sim, sim.state.cluster.topic(topic), batch)


def _after(sim: Simulation, number: int, topic: str, partition: int, end: int, error: Error) -> Error:
    """What is said of a batch that was written: it may be in the log although this is an error (R31)."""
    flight = sim.state.cluster.requests[number]
    found = sim.state.cluster.partition(topic, partition)
    copy = found.replicas[flight.broker]
    if copy.high_watermark < end:
        return error
    fewest = min(sim.state.cluster.topic(topic).min_insync_replicas, len(found.replica_ids))
    acks = flight.request.acks if isinstance(flight.request, ProduceRequest) else 1
    if acks == -1 and copy.leader == flight.broker and len(copy.isr) < fewest:
        return Error.NOT_ENOUGH_REPLICAS_AFTER_APPEND
    return Error.NONE


@due
def timed_out(sim: Simulation, number: int) -> None:
    """A produce waited for its replicas as long as its client said (R31)."""
    flight = sim.state.cluster.requests.get(number)
    if flight is None or flight.response is not None:
        return
    if sockets.awake(sim, flight.broker, timed_out, number):
        respond_to_produce(sim, number, Error.REQUEST_TIMED_OUT)
