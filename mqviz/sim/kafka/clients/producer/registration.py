"""Registration: what librdkafka tells the transaction coordinator before it writes (transaction version 1,
R62).

Like a real broker: as librdkafka's client, the first record for a partition in a transaction makes it send
AddPartitionsToTxn, and nothing leaves for that partition until the answer is there; a group's offsets need
AddOffsetsToTxn first (R66). While the transaction before still waits for its markers it asks again every 20
ms. Its epoch stays the same over all its transactions; only when records failed, so that sequences are
missing, does it take a new one after the abort.
Left out: one request for many partitions that were added within a moment.
"""

from __future__ import annotations

from mqviz.kafka.errors import Error, named
from mqviz.model.kafka.clients.producer.accumulator import Queue
from mqviz.model.kafka.clients.producer.events import (
    PartitionsAsked,
    PartitionsNotRegistered,
    PartitionsRegistered,
)
from mqviz.model.kafka.clients.producer.state import Producer, Transacting
from mqviz.model.kafka.network.state import InFlight
from mqviz.model.kafka.protocol.requests import AddPartitionsToTxnRequest
from mqviz.sim.engine import TIMER, Simulation, due
from mqviz.sim.hook import Hook
from mqviz.sim.kafka.broker import verification
from mqviz.sim.kafka.clients.producer import config as settings
from mqviz.sim.kafka.network.connection import receives, send

SOON_US = 20_000
"""How long librdkafka waits while the transaction before is not complete."""

AGAIN = (
    Error.COORDINATOR_LOAD_IN_PROGRESS,
    Error.COORDINATOR_NOT_AVAILABLE,
    Error.NOT_COORDINATOR,
    Error.NETWORK_EXCEPTION,
    Error.REQUEST_TIMED_OUT,
    Error.CONCURRENT_TRANSACTIONS,
)
"""Answers after which the client asks again."""

FENCED = (Error.INVALID_PRODUCER_EPOCH, Error.PRODUCER_FENCED)
"""What a coordinator says to an owner whose id was taken over; the client calls both PRODUCER_FENCED."""

progress: Hook[[Simulation, Producer], None] = Hook("go on with the application's call")
fail: Hook[..., None] = Hook("end a transaction by an error")
go_on: Hook[[Simulation, Producer], None] = Hook("send what waited")


def of(producer: Producer) -> Transacting:
    """What a transactional producer knows; raises TypeError for another one."""
    if producer.transaction is None:
        raise TypeError(f"{producer.name} is not transactional")
    return producer.transaction


def explicit(producer: Producer) -> bool:
    """Whether this client speaks transaction version 1."""
    return producer.settings.partitioner != "java"


def waits(producer: Producer, queue: Queue) -> bool:
    """Whether batches of this queue may not leave, because the coordinator has not heard of its partition
    yet.
    """
    found = producer.transaction
    return found is not None and explicit(producer) and (queue.topic, queue.partition) not in found.added


def begun(producer: Producer) -> bool:
    """Whether the coordinator has something to end: with version 1 only what it was told of."""
    found = of(producer)
    return bool(found.added or found.added_groups) if explicit(producer) else found.started


def gap(producer: Producer) -> bool:
    """Whether sequences of this epoch were given and never acknowledged."""
    queues = producer.queues.values()
    return any(queue.epoch == producer.epoch and queue.acked + 1 != queue.sequence for queue in queues)


def tell(sim: Simulation, producer: Producer) -> None:
    """Tell the coordinator what it has not heard of, if anything."""
    found = of(producer)
    if (
        found.adding
        or sim.now_us < found.add_again_at_us
        or found.state not in ("IN_TRANSACTION", "COMMITTING")
    ):
        return
    partitions = tuple(
        (queue.topic, queue.partition)
        for queue in producer.queues.values()
        if queue.batches and waits(producer, queue)
    )
    of_group = not partitions and found.call == "offsets" and found.group not in found.added_groups
    if not partitions and not of_group:
        return
    broker = verification.coordinator_of(sim, found.transactional_id)
    if broker < 0:
        _later(sim, producer, Error.COORDINATOR_NOT_AVAILABLE)
        return
    name, owner, epoch = found.transactional_id, producer.producer_id, producer.epoch
    request = AddPartitionsToTxnRequest(name, owner, epoch, partitions, (found.group,) if of_group else ())
    number = send(sim, "producer", producer.name, producer.incarnation, broker, request)
    sim.emit(PartitionsAsked(*sim.stamp(), producer.name, number))


def _later(sim: Simulation, producer: Producer, error: Error) -> None:
    again_us = SOON_US
    if error != Error.CONCURRENT_TRANSACTIONS:
        again_us = max(settings.number(producer, "retry.backoff.ms"), 1) * 1_000
    event = PartitionsNotRegistered(*sim.stamp(), producer.name, error, named(error), sim.now_us + again_us)
    sim.emit(event)
    sim.schedule(again_us, TIMER, _again, producer.name, producer.incarnation)


@due
def _again(sim: Simulation, name: str, incarnation: int) -> None:
    producer = sim.state.cluster.producers[name]
    if producer.incarnation == incarnation and producer.state in ("running", "closing"):
        tell(sim, producer)
        progress(sim, producer)


@receives(AddPartitionsToTxnRequest)
def _answered(sim: Simulation, name: str, flight: InFlight) -> None:
    producer, request = sim.state.cluster.producers[name], flight.request
    found = producer.transaction
    if found is None or found.adding != flight.number or not isinstance(request, AddPartitionsToTxnRequest):
        return
    error = Error(flight.response.error) if flight.response else Error.NETWORK_EXCEPTION
    if error in AGAIN:
        _later(sim, producer, error)
    elif error:
        sim.cause = sim.emit(PartitionsNotRegistered(*sim.stamp(), name, error, named(error), 0))
        fenced = error in FENCED
        fail(sim, producer, Error.PRODUCER_FENCED if fenced else error, fatal=fenced)
    else:
        sim.cause = sim.emit(PartitionsRegistered(*sim.stamp(), name, request.partitions, request.groups))
        tell(sim, producer)
        go_on(sim, producer)
