"""Isolation: which fetched batches a read_committed consumer does not show to its application.

Like a real broker: as the Java client, which is told the producer id and first offset of each aborted
transaction that touches an answer, and leaves out that producer's transactional batches from there up to the
marker of the abort (R63, R90). Left out: nothing.
"""

from __future__ import annotations

from mqviz.model.kafka.clients.consumer.state import Consumer
from mqviz.model.kafka.log.batch import Batch
from mqviz.model.kafka.protocol.responses import FetchPartitionData
from mqviz.sim.engine import Simulation


def hidden(
    sim: Simulation, consumer: Consumer, parts: list[FetchPartitionData]
) -> tuple[tuple[str, int, int], ...]:
    """(topic, partition, base offset) of each batch in these parts of the answer whose transaction was
    aborted.
    """
    found: list[tuple[str, int, int]] = []
    for part in parts:
        if part.aborted_transactions:
            batches = consumer.carried.get(sim.state.cluster.partition(part.topic, part.partition).key, ())
            hidden_ones = of_aborted(batches, part.aborted_transactions)
            found += [(part.topic, part.partition, batch.base_offset) for batch in hidden_ones]
    return tuple(found)


def of_aborted(batches: tuple[Batch, ...], aborted: tuple[tuple[int, int], ...]) -> list[Batch]:
    """The batches that belong to these aborted transactions (producer id, first offset), both in the order of
    their offsets.
    """
    waiting = list(aborted)
    owners: dict[int, bool] = {}
    found: list[Batch] = []
    for batch in batches:
        while waiting and waiting[0][1] < batch.end_offset:
            owners[waiting.pop(0)[0]] = True
        if batch.aborts:
            owners.pop(batch.producer_id, None)
        elif batch.transactional and not batch.control and batch.producer_id in owners:
            found.append(batch)
    return found
