"""Isolation: which fetched batches a read_committed consumer does not show to its application.

Like a real broker: as the Java client, which is told the producer id and first offset of each aborted transaction that touches an
answer, and leaves out that producer's transactional batches from there up to the marker of the abort (R63, R90). Left out: nothing.
"""

from __future__ import annotations

from mqviz.model.consumer import Consumer
from mqviz.model.log import Batch
from mqviz.model.request import FetchedAndAborted
from mqviz.sim.engine import Simulation


def hidden(
    sim: Simulation,
    consumer: Consumer,
    reply: FetchedAndAborted,
    parts: tuple[tuple[str, int, int, int], ...],
) -> tuple[tuple[str, int, int], ...]:
    """(topic, partition, base offset) of each batch in these parts of the answer whose transaction was aborted."""
    found: list[tuple[str, int, int]] = []
    for topic, number, _, _ in parts:
        batches = consumer.carried.get(sim.state.cluster.partition(topic, number).key, ())
        aborted = [(owner, first) for t, n, owner, first in reply.aborted if (t, n) == (topic, number)]
        found += [(topic, number, batch.base_offset) for batch in of_aborted(batches, aborted)]
    return tuple(found)


def of_aborted(batches: tuple[Batch, ...], aborted: list[tuple[int, int]]) -> list[Batch]:
    """The batches that belong to these aborted transactions (producer id, first offset), both in the order of their offsets."""
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
