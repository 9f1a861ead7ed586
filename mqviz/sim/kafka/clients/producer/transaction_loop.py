"""Transaction loop: the application of a transactional producer, between its sends and its transactions.

Like a real broker: as a real application, one thread begins, sends, ends, and begins again; what its rate
asks for meanwhile is sent afterwards. With `transaction_records` or `transaction_time` it does so by itself,
commits or aborts by its own count, calls again what timed out, aborts what failed, and closes a producer that
was fenced, as Kafka's documentation advises (R61, R65). Otherwise it sends at its rate while a transaction is
open and ends one when told to. Left out: an application that sends the records of a failed transaction again.
"""

from __future__ import annotations

from mqviz.model.kafka.clients.producer.events import ProducerChanged, ProducerPaced
from mqviz.model.kafka.clients.producer.state import Producer
from mqviz.sim.engine import STEP, TIMER, Simulation, due
from mqviz.sim.hook import Hook
from mqviz.sim.kafka.clients.producer import config as settings
from mqviz.sim.kafka.clients.producer import registration, sender, transaction_manager
from mqviz.sim.kafka.clients.producer.transaction_manager import blocked

pace: Hook[[Simulation, Producer], None] = Hook("send at a producer's rate")
returned_to_consumer: Hook[[Simulation, Producer, str, str], bool] = Hook(
    "let the consumer of an exactly-once application go on"
)


def automatic(producer: Producer) -> bool:
    """Whether the application begins and ends transactions by itself."""
    given = producer.settings
    return bool(given.transaction_records or given.transaction_time)


def start(sim: Simulation, producer: Producer) -> None:
    """The process has started: initTransactions() comes first."""
    if automatic(producer):
        sim.schedule(0, STEP, _start, producer.name, producer.incarnation)


@due
def _start(sim: Simulation, name: str, incarnation: int) -> None:
    producer = sim.state.cluster.producers[name]
    if producer.incarnation == incarnation and producer.state == "running":
        transaction_manager.call(sim, producer, "init")


def may_send(producer: Producer) -> bool:
    """Whether the application is at a point of its loop where it sends the next record of its rate."""
    found = registration.of(producer)
    if automatic(producer):
        return not found.waiting and found.state not in ("UNINITIALIZED", "FATAL_ERROR")
    return found.state == "IN_TRANSACTION" and not found.call


def before_send(sim: Simulation, producer: Producer) -> bool:
    """The next record of the rate is due: begin a transaction if none is open; False if there is something
    else to do first.
    """
    found = registration.of(producer)
    if not automatic(producer):
        return may_send(producer)
    if found.failed:
        _recover(sim, producer)
        return False
    if found.state == "READY":
        transaction_manager.begin(sim, producer)
        if producer.settings.transaction_time:
            args = (producer.name, producer.incarnation, found.ended)
            sim.schedule(int(producer.settings.transaction_time), STEP, _over, *args)
    return found.state == "IN_TRANSACTION"


def room(producer: Producer, most: int) -> int:
    """How many of the next `most` records fit into the open transaction."""
    records = producer.settings.transaction_records
    return min(most, records - registration.of(producer).sent) if records else most


def after_send(sim: Simulation, producer: Producer) -> None:
    """A record of the rate was sent: end the transaction if it has enough."""
    found, given = registration.of(producer), producer.settings
    if not automatic(producer) or found.state != "IN_TRANSACTION":
        return
    full = given.transaction_records and found.sent >= given.transaction_records
    if full or (given.count and producer.turn >= given.count):
        _end(sim, producer)


@due
def _over(sim: Simulation, name: str, incarnation: int, ended: int) -> None:
    """The transaction has had its time."""
    producer = sim.state.cluster.producers[name]
    found = producer.transaction
    if found is None or (producer.incarnation, found.ended) != (incarnation, ended):
        return
    if found.state == "IN_TRANSACTION" and producer.state == "running":
        _end(sim, producer)


def _end(sim: Simulation, producer: Producer) -> None:
    every = producer.settings.abort_every
    aborts = every > 0 and (registration.of(producer).ended + 1) % every == 0
    transaction_manager.call(sim, producer, "abort" if aborts else "commit")


def begun(sim: Simulation, producer: Producer) -> None:
    """The application was told to begin a transaction: its rate counts from now."""
    if producer.rate_per_s and not automatic(producer):
        sim.emit(ProducerPaced(*sim.stamp(), producer.name, producer.rate_per_s, sim.now_us))
        pace(sim, producer)


@transaction_manager.returned.filled
def returned(sim: Simulation, producer: Producer, what: str, thrown: str) -> None:
    """A call of the application is over."""
    if returned_to_consumer(sim, producer, what, thrown):
        return
    if producer.state != "running" or not automatic(producer):
        return
    if thrown and not registration.of(producer).failed:
        transaction_manager.call(sim, producer, what)
    elif thrown:
        _recover(sim, producer)
    else:
        pace(sim, producer)


def _recover(sim: Simulation, producer: Producer) -> None:
    """An error: abort and go on if that is possible, else end."""
    if registration.of(producer).state == "ABORTABLE_ERROR":
        transaction_manager.call(sim, producer, "abort")
    else:
        sim.cause = sim.emit(ProducerChanged(*sim.stamp(), producer.name, "closing"))
        sender.drain(sim, producer)


def resumed(sim: Simulation, producer: Producer) -> None:
    """The frozen process goes on: a call that took too long meanwhile times out now, another one is looked at
    again.
    """
    found = registration.of(producer)
    if found.waiting:
        wait_us = settings.number(producer, "max.block.ms") * 1_000
        args = (producer.name, producer.incarnation, found.called)
        sim.schedule(wait_us, TIMER, blocked, *args)
    elif automatic(producer) and found.state == "IN_TRANSACTION" and producer.settings.transaction_time:
        args = (producer.name, producer.incarnation, found.ended)
        sim.schedule(0, STEP, _over, *args)
    elif found.state == "UNINITIALIZED":
        start(sim, producer)
    transaction_manager.progress(sim, producer)
