"""Invariants of transactions: what read_committed sees, and who may write for a transactional.id.

That all of a committed transaction's records are handed out is held by tests against the log.
"""

from __future__ import annotations

from collections.abc import Iterator

from mqviz.invariants.registry import holds
from mqviz.model.kafka.clients.consumer.isolation import reads_committed
from mqviz.model.state import State


@holds
def nothing_unstable_is_stable(state: State) -> Iterator[str]:
    """Log start <= last stable offset <= high watermark, and no open transaction begins below it (R15,
    R63).
    """
    for partition in state.cluster.partitions():
        for broker, replica in partition.replicas.items():
            transactions = replica.log.transactions
            if not transactions.open and not transactions.ended:
                continue
            stable, start = replica.last_stable_offset, replica.log.start
            if not start <= stable <= max(start, replica.high_watermark):
                yield f"{partition.key} on broker {broker}: stable up to {stable}"
            if stable > max(start, min(transactions.open.values(), default=stable)):
                yield f"{partition.key} on broker {broker}: stable up to {stable}, open {transactions.open}"


@holds
def nobody_works_on_aborted_records(state: State) -> Iterator[str]:
    """No consumer with isolation.level=read_committed has a record of an aborted or open transaction in hand
    (R63).
    """
    if not state.cluster.transactions.ids:
        return
    for consumer in state.cluster.consumers.values():
        if not consumer.hand or not reads_committed(consumer.settings):
            continue
        for part in consumer.hand:
            partition = state.cluster.partition(part.topic, part.partition)
            copy = partition.replicas.get(partition.leader)
            for batch in part.batches if copy is not None else ():
                if batch.transactional and copy is not None and copy.log.transactions.hides(batch):
                    yield f"{consumer.name} works on {partition.key} {batch.base_offset}, which was aborted"


@holds
def no_old_epoch_writes(state: State) -> Iterator[str]:
    """After the coordinator raised the epoch no batch of a transaction has a lower one; the last batch is
    looked at (R65).

    What belongs to no transaction the broker writes without asking the coordinator.
    """
    table = state.cluster.transactions
    for topic in state.cluster.topics.values() if table.ids else ():
        for partition in topic.partitions:
            if partition.leader not in partition.replicas or not partition.led.log.tail:
                continue
            last = partition.led.log.tail[-1]
            found = table.of(last.producer_id)
            data = last.transactional and not last.control
            old = found is not None and last.producer_epoch < found.epoch
            if found is not None and data and old and last.appended_at_us > found.changed_at_us:
                yield f"{partition.key}: epoch {last.producer_epoch} wrote after {found.epoch} was given"


@holds
def open_transactions_are_known(state: State) -> Iterator[str]:
    """What a transaction holds is on its list: only a state with an open or ending transaction has partitions
    or groups.
    """
    for name, found in state.cluster.transactions.ids.items():
        if (found.partitions or found.groups) and found.state in ("Empty", "CompleteCommit", "CompleteAbort"):
            yield f"{name} is {found.state} with {found.partitions} and {found.groups}"
        if state.cluster.transactions.owners.get(found.producer_id) != name:
            yield f"{name} has producer id {found.producer_id}, which is somebody else's"
