"""Commands to transactional producers: the calls of their application, one by one.

Like a real broker: as the methods of a Java producer; what they throw is an event (R61). Left out: nothing.
"""

from __future__ import annotations

from mqviz.backend import Refused
from mqviz.model.command.transaction import (
    AbortTransaction,
    BeginTransaction,
    CommitTransaction,
    InitTransactions,
    SendOffsets,
)
from mqviz.model.kafka.clients.producer.state import Producer
from mqviz.sim.engine import Simulation, checks, handles
from mqviz.sim.kafka import choices
from mqviz.sim.kafka.clients.consumer.protocol import protocol_of
from mqviz.sim.kafka.clients.producer import commands as producer_commands
from mqviz.sim.kafka.clients.producer import transaction_loop, transaction_manager


def _transactional(sim: Simulation, name: str) -> Producer:
    """The producer, which runs and has a transactional.id; raises Refused."""
    producer = producer_commands.alive(sim, name)
    if producer.transaction is None:
        raise Refused(f"producer {name} has no transactional.id (IllegalStateException)")
    if producer.state != "running":
        raise Refused(f"producer {name} is not running")
    if producer.transaction.waiting:
        raise Refused(f"producer {name} waits in {transaction_manager.METHODS[producer.transaction.call]}()")
    return producer


@checks(InitTransactions)
def _check_init(sim: Simulation, command: InitTransactions) -> InitTransactions:
    _transactional(sim, command.name)
    return command


@handles(InitTransactions)
def _init(sim: Simulation, command: InitTransactions) -> None:
    transaction_manager.call(sim, sim.state.cluster.producers[command.name], "init")


@checks(BeginTransaction)
def _check_begin(sim: Simulation, command: BeginTransaction) -> BeginTransaction:
    _transactional(sim, command.name)
    return command


@handles(BeginTransaction)
def _begin(sim: Simulation, command: BeginTransaction) -> None:
    producer = sim.state.cluster.producers[command.name]
    if transaction_manager.begin(sim, producer):
        transaction_loop.begun(sim, producer)


@checks(CommitTransaction)
def _check_commit(sim: Simulation, command: CommitTransaction) -> CommitTransaction:
    _transactional(sim, command.name)
    return command


@handles(CommitTransaction)
def _commit(sim: Simulation, command: CommitTransaction) -> None:
    transaction_manager.call(sim, sim.state.cluster.producers[command.name], "commit")


@checks(AbortTransaction)
def _check_abort(sim: Simulation, command: AbortTransaction) -> AbortTransaction:
    _transactional(sim, command.name)
    return command


@handles(AbortTransaction)
def _abort(sim: Simulation, command: AbortTransaction) -> None:
    transaction_manager.call(sim, sim.state.cluster.producers[command.name], "abort")


@checks(SendOffsets)
def _check_offsets(sim: Simulation, command: SendOffsets) -> SendOffsets:
    _transactional(sim, command.name)
    consumer = choices.alive(sim, command.consumer)
    if not consumer.settings.group:
        raise Refused(f"consumer {command.consumer} has no group (InvalidGroupIdException)")
    for text in command.offsets:
        _offset(sim, text)
    return command


def _offset(sim: Simulation, text: str) -> tuple[str, int, int]:
    """What `orders-0@4` says; raises Refused."""
    where, at, offset = text.partition("@")
    if not at or not offset.isdigit():
        raise Refused(
            f"offsets are written as TOPIC-NUMBER@OFFSET, such as orders-0@4, and are not negative: {text}"
        )
    return (*choices.place(sim, where), int(offset))


@handles(SendOffsets)
def _send_offsets(sim: Simulation, command: SendOffsets) -> None:
    cluster = sim.state.cluster
    producer, consumer = cluster.producers[command.name], cluster.consumers[command.consumer]
    offsets = tuple(_offset(sim, text) for text in command.offsets) or tuple(
        (partition_state.topic, partition_state.partition, partition_state.position)
        for partition_state in consumer.partition_states.values()
        if partition_state.position is not None
    )
    identity = protocol_of(consumer).identity(sim, consumer)
    transaction_manager.send_offsets(sim, producer, consumer.settings.group, offsets, identity)
