"""Facts of transactions: the records of a partition by the fate of their transaction, who has one, and who
sees what (R63).
"""

from __future__ import annotations

from typing import NamedTuple

from mqviz.model.kafka.clients.consumer.isolation import readable_to, reads_committed
from mqviz.model.kafka.cluster import Partition
from mqviz.model.kafka.coordinator.transaction.state import Transaction
from mqviz.model.kafka.log.batch import Batch
from mqviz.model.kafka.log.state import Replica
from mqviz.model.state import State


class Spot(NamedTuple):
    """One offset of a log. `fate`: plain (no transaction), open, committed, aborted; or it is a marker:
    commit, abort.

    `owner`: the transactional.id, "" for none; `visible`: a read_committed consumer is handed it, or will be.
    """

    offset: int
    key: str | None
    fate: str
    owner: str

    @property
    def marker(self) -> bool:
        """Whether it is no record but the end of a transaction."""
        return self.fate in ("commit", "abort")


class Reader(NamedTuple):
    """A consumer of the partition: its isolation, its next offset (None: not known), and how much it has yet
    to read.
    """

    name: str
    group: str
    committed: bool
    position: int | None
    lag: int | None


class Owner(NamedTuple):
    """A transactional.id: what its coordinator and its producer (if one lives) believe.

    `began_us`: since when its transaction is open, None if none is; `client`: the state of the producer's own
    machine, "" for none.
    """

    transactional_id: str
    epoch: int
    state: str
    changed_us: int
    began_us: int | None
    timeout_us: int
    coordinator: int
    producer: str
    process: str
    client: str
    client_epoch: int
    sent: int


class Counts(NamedTuple):
    """Offsets of a partition below its high watermark, by what they are."""

    plain: int
    committed: int
    aborted: int
    open: int
    markers: int


def partitions(state: State) -> list[Partition]:
    """Partitions in the order of topics and numbers, those that a transaction wrote to first."""
    found = state.cluster.partitions()
    return sorted(found, key=lambda partition: not _touched(partition))


def _touched(partition: Partition) -> bool:
    copy = leading(partition)
    if copy is None:
        return False
    return any(batch.transactional for batch in copy.log.tail[-64:])


def leading(partition: Partition) -> Replica | None:
    """The copy that readers read; None while nobody leads."""
    return partition.replicas.get(partition.leader)


def spots(state: State, partition: Partition, most: int) -> list[Spot]:
    """The last `most` offsets of the leader's log, oldest first; what compaction took away is left out."""
    copy = leading(partition)
    if copy is None:
        return []
    first = max(copy.log.start, copy.log.end - most)
    fates = _fates(copy, first)
    return [
        Spot(offset, batch.keys[offset - batch.base_offset], fate, _owner(state, batch))
        for batch, fate in fates
        for offset in range(max(first, batch.base_offset), batch.end_offset)
    ]


def _fates(copy: Replica, first: int) -> list[tuple[Batch, str]]:
    """Batches from `first` on, each with its fate: that of the next marker of its producer."""
    found: list[tuple[Batch, str]] = []
    ends: dict[int, str] = {}
    for batch in copy.log.backwards(copy.log.end):
        if batch.end_offset <= first:
            break
        if batch.control:
            ends[batch.producer_id] = "aborted" if batch.aborts else "committed"
            found.append((batch, "abort" if batch.aborts else "commit"))
        elif batch.transactional:
            found.append((batch, ends.get(batch.producer_id, "open")))
        else:
            found.append((batch, "plain"))
    return found[::-1]


def _owner(state: State, batch: Batch) -> str:
    if not batch.transactional:
        return ""
    return state.cluster.transactions.owners.get(batch.producer_id, batch.producer)


def counts(partition: Partition) -> Counts:
    """All offsets below the high watermark that are still in the log, by what they are."""
    copy = leading(partition)
    found = dict.fromkeys(("plain", "committed", "aborted", "open", "commit", "abort"), 0)
    if copy is not None:
        for batch, fate in _fates(copy, copy.log.start):
            below = min(batch.end_offset, copy.high_watermark) - max(batch.base_offset, copy.log.start)
            found[fate] += max(0, below)
    return Counts(
        found["plain"], found["committed"], found["aborted"], found["open"], found["commit"] + found["abort"]
    )


def readers(state: State, partition: Partition) -> list[Reader]:
    """The living consumers that own the partition, read_committed ones first."""
    copy = leading(partition)
    found = []
    for consumer in state.cluster.consumers.values():
        partition_state = consumer.partition_states.get(partition.key)
        if partition_state is None:
            continue
        committed = reads_committed(consumer.settings)
        lag = None
        if copy is not None and partition_state.position is not None:
            lag = max(0, readable_to(copy, committed) - partition_state.position)
        found.append(Reader(consumer.name, consumer.settings.group, committed, partition_state.position, lag))
    return sorted(found, key=lambda reader: not reader.committed)


def owners(state: State) -> list[Owner]:
    """Every transactional.id that a coordinator knows, in the order in which they came."""
    return [_about(state, found) for found in state.cluster.transactions.ids.values()]


def _about(state: State, found: Transaction) -> Owner:
    own = [
        producer
        for producer in state.cluster.producers.values()
        if producer.transaction is not None
        and producer.transaction.transactional_id == found.transactional_id
    ]
    producer = next((p for p in own if p.producer_id == found.producer_id and p.epoch == found.epoch), None)
    producer = producer or (own[-1] if own else None)
    client = producer.transaction if producer is not None else None
    return Owner(
        found.transactional_id,
        found.epoch,
        found.state,
        found.changed_at_us,
        found.began_at_us if found.state == "Ongoing" else None,
        found.timeout_us,
        found.coordinator,
        producer.name if producer is not None else "",
        producer.state if producer is not None else "",
        client.state if client is not None else "",
        producer.epoch if producer is not None else -1,
        client.sent if client is not None else 0,
    )
