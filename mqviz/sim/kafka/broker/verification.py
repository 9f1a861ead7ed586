"""Transaction writes: what a broker asks the transaction coordinator before it writes for a transaction.

Like a real broker: with transaction version 2 (KIP-890, 4.0) a partition joins the transaction by the first
batch that is produced to it, a group by its first offsets (R62); the coordinator refuses an older epoch, so a
fenced producer writes nothing more (R65); while the transaction before still waits for its markers the broker
asks again for 100 ms. A producer hears NOT_ENOUGH_REPLICAS while there is no coordinator.
Left out: how long the broker and the coordinator talk about it (S13).
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from mqviz.kafka.coordinators import offsets_partition
from mqviz.kafka.errors import Error
from mqviz.model.kafka.broker.state import Broker
from mqviz.model.kafka.coordinator.transaction.events import AddedToTransaction
from mqviz.model.kafka.internal_topics import leader
from mqviz.model.kafka.log.batch import Batch
from mqviz.model.kafka.protocol.requests import ProduceRequest
from mqviz.sim.engine import TIMER, Args, Simulation, due
from mqviz.sim.hook import Hook
from mqviz.sim.kafka.controller.internal_topics import stripe
from mqviz.sim.kafka.network import sockets

RETRY_US = 20_000
"""add.partitions.to.txn.retry.backoff.ms"""

RETRY_MOST_US = 100_000
"""add.partitions.to.txn.retry.backoff.max.ms"""


NOBODY_US = 100_000
"""How long until somebody looks again whether there is a coordinator; clients ask as often."""


check: Hook[[Simulation], None] = due(Hook("look for transactions that are too old"))


class Checks(msgspec.Struct):
    """When the coordinators look for transactions that are too old the next time."""

    next_us: int = -1


def coordinator_of(sim: Simulation, transactional_id: str) -> int:
    """The broker that leads the id's partition of __transaction_state; -1: nobody does (R61)."""
    replicas = tuple(broker.id for broker in _replicas(sim, transactional_id))
    return leader(sim.state.cluster, replicas)


def _replicas(sim: Simulation, transactional_id: str) -> list[Broker]:
    """The brokers that hold the id's partition of __transaction_state, placed as any topic (R13)."""
    cluster, brokers = sim.scenario.cluster, sim.state.cluster.brokers
    partitions = cluster.setting("transaction.state.log.num.partitions")
    factor = cluster.setting("transaction.state.log.replication.factor")
    first = offsets_partition(transactional_id, partitions)
    return [brokers[number] for number in stripe(sim, first, factor)]


def writable(sim: Simulation, transactional_id: str) -> bool:
    """Whether its coordinator can write: transaction.state.log.min.isr replicas are there (R30)."""
    replicas = _replicas(sim, transactional_id)
    fewest: int = min(sim.scenario.cluster.setting("transaction.state.log.min.isr"), len(replicas))
    return sum(not broker.fenced for broker in replicas) >= fewest


def can_act(
    sim: Simulation, transactional_id: str, handler: Callable[[Simulation, *Args], None], *args: *Args
) -> bool:
    """Whether the coordinator can do now what `handler` does; if not, it or the next one does it as soon as
    it can.
    """
    coordinator = coordinator_of(sim, transactional_id)
    if coordinator >= 0 and writable(sim, transactional_id):
        return sockets.awake(sim, coordinator, handler, *args)
    sim.schedule(NOBODY_US, TIMER, handler, *args)
    return False


def refusal(sim: Simulation, producer_id: int, epoch: int) -> Error:
    """Why the owner of this producer id and epoch may not add to its transaction now."""
    found = sim.state.cluster.transactions.of(producer_id)
    if found is None:
        return Error.INVALID_PRODUCER_ID_MAPPING
    if not writable(sim, found.transactional_id):
        return Error.COORDINATOR_NOT_AVAILABLE
    if epoch != found.epoch:
        return Error.INVALID_PRODUCER_EPOCH
    return Error.CONCURRENT_TRANSACTIONS if found.state.startswith("Prepare") else Error.NONE


def batch_refusal(sim: Simulation, batch: Batch) -> Error:
    """The same for a batch; NONE for one that belongs to no transaction."""
    if not batch.transactional:
        return Error.NONE
    error = refusal(sim, batch.producer_id, batch.producer_epoch)
    return Error.NOT_ENOUGH_REPLICAS if error == Error.COORDINATOR_NOT_AVAILABLE else error


def defers(
    sim: Simulation, number: int, request: ProduceRequest, again: Callable[[Simulation, int], None]
) -> bool:
    """Whether this produce comes while the transaction before still ends;
    `again` looks at it a little later.
    """
    for _, _, batch in request.batches:
        if batch.transactional and batch_refusal(sim, batch) == Error.CONCURRENT_TRANSACTIONS:
            if sim.now_us - sim.state.cluster.requests[number].arrives_at_us >= RETRY_MOST_US:
                return False
            sim.schedule(RETRY_US, TIMER, again, number)
            return True
    return False


def enlist(sim: Simulation, topic: str, partition: int, batch: Batch) -> Error:
    """The partition of a transactional batch joins the transaction, even if the batch is then refused; or why
    it may not.
    """
    error = batch_refusal(sim, batch)
    if batch.transactional and not error:
        add(sim, batch.producer_id, ((topic, partition),), ())
    return error


def add(
    sim: Simulation, producer_id: int, partitions: tuple[tuple[str, int], ...], groups: tuple[str, ...]
) -> None:
    """Add what is new to the transaction, and open it if it is not."""
    found = sim.state.cluster.transactions.of(producer_id)
    if found is None:
        return
    known = found.state == "Ongoing"
    fresh = tuple(each for each in partitions if not known or each not in found.partitions)
    fresh_groups = tuple(each for each in groups if not known or each not in found.groups)
    if fresh or fresh_groups:
        sim.cause = sim.emit(AddedToTransaction(*sim.stamp(), found.transactional_id, fresh, fresh_groups))
        watch(sim)


def watch(sim: Simulation) -> None:
    """Let the coordinators look for transactions that are too old, as they do all the time (R64)."""
    interval = sim.scenario.cluster.setting("transaction.abort.timed.out.transaction.cleanup.interval.ms")
    part = sim.part(Checks)
    if part.next_us <= sim.now_us:
        part.next_us = (sim.now_us // (interval * 1_000) + 1) * interval * 1_000
        sim.schedule(part.next_us - sim.now_us, TIMER, check, cause=0)
