"""Exactly once: an application that consumes, transforms and produces, with its offsets in the same
transaction (R66).

Like a real broker: as such an application in Java: initTransactions() before the first poll(), so that a
former owner is out before offsets are read; then for each poll() a transaction: one output for each record,
sendOffsetsToTransaction() with the group metadata, commitTransaction(). What fails is aborted, and reading
goes on where the group last committed; a producer that was fenced ends the application (R65). Consumer and
producer are one process: they are killed, frozen and closed together. Left out: the transform itself (an
output has its input's key and value), several outputs a record.
"""

from __future__ import annotations

from mqviz.backend import Refused
from mqviz.model.command.consumer import AddConsumer
from mqviz.model.kafka.clients.consumer.events import PositionLost
from mqviz.model.kafka.clients.consumer.state import Consumer
from mqviz.model.kafka.clients.producer.events import ProducerChanged
from mqviz.model.kafka.clients.producer.state import Call, Producer
from mqviz.model.kafka.log.batch import Batch
from mqviz.sim.engine import Simulation
from mqviz.sim.kafka.clients.consumer import wakeup
from mqviz.sim.kafka.clients.consumer.protocol import protocol_of
from mqviz.sim.kafka.clients.producer import application as sending
from mqviz.sim.kafka.clients.producer import commands as producer_commands
from mqviz.sim.kafka.clients.producer import registration, sender, transaction_loop, transaction_manager


def refusal(sim: Simulation, command: AddConsumer) -> None:
    """Raise Refused unless `output` is a transactional producer that nobody else drives."""
    if (command.commit == "transaction") != bool(command.output):
        raise Refused(
            "commit=transaction needs output=NAME, a producer with a transactional.id, and the other way "
            "round"
        )
    if not command.output:
        return
    producer = sim.state.cluster.producers.get(command.output)
    if producer is None or producer.state != "running" or producer.transaction is None:
        raise Refused(f"output={command.output} is no running producer with a transactional.id")
    driven = any(
        c.settings.output == command.output and _lives(c) for c in sim.state.cluster.consumers.values()
    )
    if producer.rate_per_s or driven:
        raise Refused(
            f"producer {command.output} has something else to do: give it rate=0/s and one consumer"
        )


def _lives(consumer: Consumer) -> bool:
    return consumer.state not in ("closed", "dead")


def producer_of(sim: Simulation, consumer: Consumer) -> Producer:
    """The producer of the same application."""
    return sim.state.cluster.producers[consumer.settings.output]


def consumer_of(sim: Simulation, producer: Producer) -> Consumer | None:
    """The consumer of the application whose producer this is, if there is one."""
    consumers = sim.state.cluster.consumers.values()
    return next((c for c in consumers if c.settings.output == producer.name and _lives(c)), None)


# -- the loop of the application -----------------------------------------------------------------------------


def ready(sim: Simulation, consumer: Consumer) -> bool:
    """Whether the application may poll: initTransactions() comes before everything else."""
    producer = producer_of(sim, consumer)
    if registration.of(producer).state != "UNINITIALIZED":
        return True
    transaction_manager.call(sim, producer, "init")
    return False


def begin(sim: Simulation, consumer: Consumer) -> None:
    """poll() returned records: a transaction begins."""
    if transaction_manager.begin(sim, producer_of(sim, consumer)):
        wakeup.work(sim, consumer)
    else:
        _recover(sim, consumer)


def produce(sim: Simulation, consumer: Consumer, end: int) -> None:
    """One output for each record in hand below `end`."""
    part, producer = consumer.hand[0], producer_of(sim, consumer)
    for batch in part.batches:
        for offset in range(max(part.first, batch.base_offset), min(end, batch.end_offset)):
            sending.send(sim, producer, _output(producer, batch, offset - batch.base_offset))
    sender.drain(sim, producer)


def _output(producer: Producer, batch: Batch, index: int) -> Call:
    return Call(producer.settings.topic, -1, batch.keys[index], batch.value(index), None, -1, False)


def finish(sim: Simulation, consumer: Consumer) -> None:
    """All that poll() returned is done: its offsets go into the transaction."""
    offsets = tuple(
        (partition_state.topic, partition_state.partition, partition_state.handed)
        for partition_state in consumer.partition_states.values()
        if partition_state.handed is not None
    )
    identity = protocol_of(consumer).identity(sim, consumer)
    group = consumer.settings.group
    if not transaction_manager.send_offsets(sim, producer_of(sim, consumer), group, offsets, identity):
        _recover(sim, consumer)


def returned(sim: Simulation, consumer: Consumer, producer: Producer, what: str, thrown: str) -> None:
    """A call of the application is over: what comes next in its loop."""
    if not _lives(consumer):
        return
    if thrown and not registration.of(producer).failed:
        _repeat(sim, producer, what)
    elif thrown:
        _recover(sim, consumer)
    elif what == "init":
        wakeup.poll(sim, consumer)
    elif what == "offsets":
        if not transaction_manager.call(sim, producer, "commit"):
            _recover(sim, consumer)
    else:
        if what == "abort":
            _go_back(sim, consumer)
        wakeup.again(sim, consumer)


def _repeat(sim: Simulation, producer: Producer, what: str) -> None:
    """It took longer than max.block.ms: call the same again."""
    found = registration.of(producer)
    if what == "offsets":
        identity = (found.member_id, found.generation)
        transaction_manager.send_offsets(sim, producer, found.group, found.offsets, identity)
    else:
        transaction_manager.call(sim, producer, what)


def _recover(sim: Simulation, consumer: Consumer) -> None:
    """Something threw: abort if that is possible, else end."""
    producer = producer_of(sim, consumer)
    if registration.of(producer).state == "ABORTABLE_ERROR":
        transaction_manager.call(sim, producer, "abort")
    else:
        wakeup.throw(sim, consumer, registration.of(producer).thrown or "IllegalStateException")
        along(sim, consumer, "closing")


def _go_back(sim: Simulation, consumer: Consumer) -> None:
    """The transaction was aborted: read on from what the group committed."""
    places = tuple(
        (partition_state.topic, partition_state.partition)
        for partition_state in consumer.partition_states.values()
    )
    if places:
        because = "its transaction was aborted"
        event = PositionLost(*sim.stamp(), consumer.name, consumer.settings.group, places, "", 0, because)
        sim.cause = sim.emit(event)


def along(sim: Simulation, consumer: Consumer, state: str) -> None:
    """What happens to the process happens to its producer too: running, paused, closing, dead."""
    if not consumer.settings.output:
        return
    producer = producer_of(sim, consumer)
    if producer.state in ("closed", "dead", "closing") or producer.state == state:
        return
    if state == "running":
        producer_commands.resume(sim, producer.name)
        return
    why = sim.cause
    sim.cause = sim.emit(ProducerChanged(*sim.stamp(), producer.name, state))
    if state == "closing":
        sender.drain(sim, producer)
    sim.cause = why


@transaction_loop.returned_to_consumer.filled
def _returned(sim: Simulation, producer: Producer, what: str, thrown: str) -> bool:
    """A call of the producer is over: its consumer goes on, if it has one."""
    consumer = consumer_of(sim, producer)
    if consumer is not None:
        returned(sim, consumer, producer, what, thrown)
    return consumer is not None
