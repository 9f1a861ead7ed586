"""Producer state: whether a leader writes a batch of an idempotent producer.

Like a real broker: the order of its checks (R58): one of the last five batches of the same epoch is answered
with its first offset; an older epoch is refused with 47; a newer epoch must begin at sequence 0, the same one
go on where it ended, else 45; an id that the partition has never seen, or that wrote nothing for
producer.id.expiration.ms (R59), which is looked for every producer.id.expiration.check.interval.ms and not
while its transaction is open, may begin anywhere, in a transaction at 0 only (KIP-890); what is new and
outside of the id's open transaction in this partition is refused with 48 (R62). Left out: entries outlive
neither their log's deleted segments nor a failover after them.
"""

from __future__ import annotations

from mqviz.kafka.errors import Error
from mqviz.model.kafka.log.batch import Batch
from mqviz.model.kafka.log.producer_state import MOST_SEQUENCES, ProducerEntry, last_sequence
from mqviz.model.kafka.log.state import Replica, table
from mqviz.sim.engine import Simulation

NEW = -1
"""The batch is new: append it."""


def decide(entry: ProducerEntry | None, batch: Batch) -> tuple[Error, int]:
    """(error, base offset of the batch that it repeats, or NEW), given what is known of its producer id."""
    if entry is None:
        lost = batch.transactional and batch.first_sequence > 0
        return (Error.OUT_OF_ORDER_SEQUENCE_NUMBER if lost else Error.NONE), NEW
    first, last = batch.first_sequence, last_sequence(batch)
    if batch.producer_epoch == entry.epoch:
        for known in entry.batches:
            if (known.first_sequence, known.last_sequence) == (first, last):
                return Error.NONE, known.base_offset
    if batch.producer_epoch < entry.epoch:
        return Error.INVALID_PRODUCER_EPOCH, NEW
    same = batch.producer_epoch == entry.epoch
    following = (entry.last_sequence + 1) % MOST_SEQUENCES if same else 0
    return (Error.NONE if first == following else Error.OUT_OF_ORDER_SEQUENCE_NUMBER), NEW


def check(sim: Simulation, copy: Replica, batch: Batch) -> tuple[Error, int]:
    """`decide` for a broker that takes itself for the leader of its `copy`; a batch without producer id is
    always new.
    """
    if batch.producer_id < 0:
        return Error.NONE, NEW
    entry = table(copy, copy.leader_epoch).entries.get(batch.producer_id)
    is_open = batch.producer_id in copy.log.transactions.open
    if entry is not None and not is_open and _expired(sim, entry):
        entry = None
    error, known = decide(entry, batch)
    if is_open and not batch.transactional and not error and known == NEW:
        return Error.INVALID_TXN_STATE, NEW
    return error, known


def _expired(sim: Simulation, entry: ProducerEntry) -> bool:
    """Whether the last check before now found the entry too old (R59)."""
    setting = sim.scenario.cluster.setting
    every_us = int(setting("producer.id.expiration.check.interval.ms")) * 1_000
    checked_us = sim.now_us // every_us * every_us
    return checked_us - entry.last_at_us >= int(setting("producer.id.expiration.ms")) * 1_000
