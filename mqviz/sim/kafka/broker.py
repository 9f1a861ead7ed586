"""Broker: what a partition leader does with Produce, Fetch and ListOffsets.

Like a real broker: appends cost time once a request (R6); acks=0 gets no answer, acks=1 one after the append,
acks=all one when the high watermark has passed the records, and is refused before the append while too few
replicas are in sync (R29, R30); consumers read below the high watermark only (R17, R80).
A batch of an idempotent producer that the log has already is answered, not written (R58).
Left out: leaders that change, timestamps that are refused (R68).
"""

from __future__ import annotations

from mqviz.kafka.errors import Error, named
from mqviz.kafka.settings import number as setting
from mqviz.model.cluster import Topic
from mqviz.model.log import Batch, BatchAppended, BatchRefused
from mqviz.model.producer_state import BatchRepeated
from mqviz.model.request import Fetch, ListOffsets, Offsets, Produce
from mqviz.sim.engine import TIMER, Simulation, due
from mqviz.sim.kafka import log_segments, parked, producer_state, replica, transaction_writes
from mqviz.sim.kafka.network import answer, connection_of, end, park, serves

WAIT_US = setting("fetch.max.wait.ms") * 1_000


@serves(Produce)
def _produce(sim: Simulation, number: int, request: Produce) -> None:
    sim.schedule(sim.state.cluster.append_cost_us, TIMER, "kafka.append", number)


@due("kafka.append")
def _append(sim: Simulation, number: int) -> None:
    cluster = sim.state.cluster
    request = cluster.requests[number].request
    if not isinstance(request, Produce):
        return
    if transaction_writes.defers(sim, number, request):
        return
    broker = connection_of(sim, number).broker
    why = sim.cause
    for topic, partition, batch in request.batches:
        sim.cause = why
        error = _refusal(sim, cluster.topics.get(topic), partition, broker, request.acks, batch)
        known = producer_state.NEW
        if not error:
            error, known = producer_state.check(sim, cluster.partition(topic, partition), batch)
        if error:
            sim.emit(
                BatchRefused(*sim.stamp(), topic, partition, broker, number, error, named(error), batch.count)
            )
        elif known != producer_state.NEW:
            who, count = batch.producer, batch.count
            sim.emit(BatchRepeated(*sim.stamp(), topic, partition, broker, number, who, known, count))
        else:
            transaction_writes.enlist(sim, topic, partition, batch)
            write(sim, number, topic, partition, batch)
    _reply(sim, number, request)


def _refusal(
    sim: Simulation, topic: Topic | None, partition: int, broker: int, acks: int, batch: Batch
) -> Error:
    if topic is None or not 0 <= partition < len(topic.partitions):
        return Error.UNKNOWN_TOPIC_OR_PARTITION
    found = topic.partitions[partition]
    if found.leader != broker:
        return Error.NOT_LEADER_OR_FOLLOWER
    if acks == -1 and len(found.isr) < min(topic.min_insync_replicas, topic.replication_factor):
        return Error.NOT_ENOUGH_REPLICAS
    return transaction_writes.batch_refusal(sim, batch) or log_segments.refusal(sim, topic, batch)


def write(sim: Simulation, number: int, topic: str, partition_number: int, batch: Batch) -> None:
    """Append `batch`, let followers have it, and move the high watermark where there are none (RF 1)."""
    partition = sim.state.cluster.partition(topic, partition_number)
    written = Batch(
        partition.led.log.end,
        batch.count,
        batch.bytes,
        batch.producer,
        batch.producer_id,
        batch.producer_epoch,
        batch.first_sequence,
        log_segments.attributes(sim.state.cluster.topics[topic], batch),
        partition.leader_epoch,
        batch.created_at_us,
        sim.now_us,
        batch.keys,
        batch.values,
        batch.created,
        None,
        batch.first_number,
    )
    first = log_segments.before_append(sim, partition, partition.leader, written.bytes, written.latest_us)
    sim.cause = sim.emit(
        BatchAppended(*sim.stamp(), topic, partition_number, partition.leader, number, written)
    )
    log_segments.after_append(sim, partition, partition.leader, first)
    replica.advance_high_watermark(sim, partition)
    replica.feed_followers(sim, partition)


def _reply(sim: Simulation, number: int, request: Produce) -> None:
    if request.acks == 0:
        end(sim, number)
    elif request.acks == 1 or parked.replicated(sim, number):
        parked.answer_produce(sim, number)
    else:
        park(sim, number)


@serves(Fetch)
def _fetch(sim: Simulation, number: int, request: Fetch) -> None:
    if not parked.answer_fetch(sim, number, at_once=False):
        park(sim, number)
        sim.schedule(WAIT_US, TIMER, "kafka.fetch_wait", number)


@due("kafka.fetch_wait")
def _waited(sim: Simulation, number: int) -> None:
    flight = sim.state.cluster.requests.get(number)
    if flight is not None and flight.answer is None:
        parked.answer_fetch(sim, number, at_once=True)


@serves(ListOffsets)
def _list_offsets(sim: Simulation, number: int, request: ListOffsets) -> None:
    parts: list[tuple[str, int, int, int]] = []
    for topic, partition in request.partitions:
        led = sim.state.cluster.partition(topic, partition).led
        offset = led.log.start if request.which == "earliest" else led.high_watermark
        parts.append((topic, partition, 0, offset))
    answer(sim, number, Offsets(0, tuple(parts)))
