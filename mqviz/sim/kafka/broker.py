"""Broker: what a partition leader does with Produce, Fetch and ListOffsets.

Like a real broker: appends cost time once a request (R6); acks=0 gets no answer, acks=1 one after the append,
acks=all one when the high watermark has passed the records, and is refused before the append while too few
replicas are in sync (R29, R30); consumers read below the high watermark only (R17, R80).
A batch of an idempotent producer that the log has already is answered, not written (R58).
Left out: leaders that change, timestamps that are refused (R68).
"""

from __future__ import annotations

from mqviz.kafka.errors import Error, named
from mqviz.model.answers import ListOffsetsResponse
from mqviz.model.cluster import Topic
from mqviz.model.isolation import readable_to
from mqviz.model.log import Batch, BatchAppended, BatchRefused
from mqviz.model.producer_state import BatchRepeated
from mqviz.model.request import Fetch, ListOffsets, Produce
from mqviz.sim.engine import TIMER, Simulation, due
from mqviz.sim.kafka import (
    disconnect,
    log_segments,
    parked,
    producer_state,
    replica,
    sockets,
    transaction_writes,
)
from mqviz.sim.kafka.network import answer, connection_of, end, park, serves


@serves(Produce)
def _produce(sim: Simulation, number: int, request: Produce) -> None:
    cluster = sim.state.cluster
    sim.schedule(cluster.append_us(cluster.requests[number].broker), TIMER, "kafka.append", number)


@due("kafka.append")
def _append(sim: Simulation, number: int) -> None:
    cluster = sim.state.cluster
    flight = cluster.requests.get(number)
    if flight is None or not isinstance(flight.request, Produce):
        return
    broker, request = flight.broker, flight.request
    if not sockets.awake(sim, broker, "kafka.append", number):
        return
    if transaction_writes.defers(sim, number, request):
        return
    why = sim.cause
    for topic, partition, batch in request.batches:
        sim.cause = why
        error = _misplaced(sim, topic, partition, broker, request.acks) or transaction_writes.enlist(
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
    return log_segments.refusal(sim, topic, batch)


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
        log_segments.attributes(sim.state.cluster.topic(topic), batch),
        copy.leader_epoch,
        batch.created_at_us,
        sim.now_us,
        batch.keys,
        batch.values,
        batch.created,
        None,
        batch.first_number,
    )
    first = log_segments.before_append(sim, partition, leader, written.bytes, written.latest_us)
    sim.cause = sim.emit(BatchAppended(*sim.stamp(), topic, partition_number, leader, number, written))
    log_segments.after_append(sim, partition, leader, first)
    replica.advance_high_watermark(sim, partition, leader)
    replica.feed_followers(sim, partition, leader)


def _reply(sim: Simulation, number: int, request: Produce) -> None:
    if request.acks == 0:
        refused, connection = sim.state.cluster.requests[number].refused, connection_of(sim, number)
        end(sim, number)
        if refused:  # there is no answer that could say so
            disconnect.close(sim, connection)
    elif request.acks == 1 or parked.replicated(sim, number):
        parked.answer_produce(sim, number)
    else:
        park(sim, number)
        sim.schedule(request.timeout_us, TIMER, "kafka.produce_timeout", number)


@serves(Fetch)
def _fetch(sim: Simulation, number: int, request: Fetch) -> None:
    if not parked.answer_fetch(sim, number, at_once=False):
        park(sim, number)
        sim.schedule(request.max_wait_us, TIMER, "kafka.fetch_wait", number)


@due("kafka.fetch_wait")
def _waited(sim: Simulation, number: int) -> None:
    flight = sim.state.cluster.requests.get(number)
    if flight is None or flight.answer is not None:
        return
    if sockets.awake(sim, flight.broker, "kafka.fetch_wait", number):
        parked.answer_fetch(sim, number, at_once=True)


@serves(ListOffsets)
def _list_offsets(sim: Simulation, number: int, request: ListOffsets) -> None:
    broker = connection_of(sim, number).broker
    parts = tuple((topic, p, *_listed(sim, broker, topic, p, request)) for topic, p in request.partitions)
    answer(sim, number, ListOffsetsResponse(0, parts))


def _listed(sim: Simulation, broker: int, topic: str, number: int, request: ListOffsets) -> tuple[int, int]:
    """(error, offset): an end of the log, or its first record of that time or later, -1 if there is none (R81, R88).

    A new leader whose high watermark is below the start of its epoch does not know yet how far consumers may read, and tells only
    what lies below (E74).
    """
    found = sim.state.cluster.topics.get(topic)
    if found is None or not 0 <= number < len(found.partitions):
        return Error.UNKNOWN_TOPIC_OR_PARTITION, -1
    copy = found.partitions[number].replicas.get(broker)
    if copy is None or copy.leader != broker:
        return Error.NOT_LEADER_OR_FOLLOWER, -1
    log, mark = copy.log, readable_to(copy, request.committed)
    if request.which == "earliest":
        return Error.NONE, log.start
    if request.which == "time":
        first = log.offset_for_time(request.at_us)
        if first and first[0] < mark:
            return Error.NONE, first[0]
        mark = -1
    if log.epochs and copy.high_watermark < log.epochs[-1][1]:
        return Error.OFFSET_NOT_AVAILABLE, -1
    return Error.NONE, mark
