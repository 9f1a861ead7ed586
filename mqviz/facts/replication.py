"""Facts of replication: each broker's copy of a partition, where it leaves the leader's log, and what fell
off it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from mqviz.facts.fates import Fate, fate_of
from mqviz.model.kafka.broker.state import Broker
from mqviz.model.kafka.cluster import Cluster, Leadership, Partition
from mqviz.model.kafka.ledger.state import PartitionLedger
from mqviz.model.kafka.log.batch import Batch
from mqviz.model.kafka.log.cut import Cut
from mqviz.model.kafka.log.state import Log, Replica
from mqviz.model.kafka.network.state import InFlight
from mqviz.model.kafka.protocol.requests import ReplicaFetchRequest
from mqviz.model.kafka.protocol.responses import FetchResponse
from mqviz.model.state import State


class CopyCell(msgspec.Struct, frozen=True):
    """One record of a copy: written to a leader's log at `at_us` in leader epoch `epoch`.

    `acknowledged`: its producer was told so; `failed`: it was told of an error; `lost`: acknowledged, and no
    more in the log that counts.
    """

    offset: int
    key: str | None
    epoch: int
    at_us: int
    acknowledged: bool = False
    failed: bool = False
    lost: bool = False


class CutView(msgspec.Struct, frozen=True):
    """What a copy lost at `at_us`: offsets end … before - 1, because `leader` began `epoch` without them."""

    at_us: int
    end: int
    before: int
    leader: int
    epoch: int
    cells: tuple[CopyCell, ...]


class CopyView(msgspec.Struct, frozen=True):
    """One broker's copy. `role`: leader, isr, elr or out, as the controller has it; `process`: its state,
    running to dead.

    `cut_off`: links to others are cut; `believes`: it thinks that it leads. `agrees_to`: up to here it is the
    log that counts; `end` where that holds for all of it.
    """

    broker: int
    role: str
    process: str
    since_us: int
    fenced: bool
    cut_off: bool
    believes: bool
    start: int
    end: int
    high_watermark: int
    agrees_to: int
    cells: tuple[CopyCell, ...]
    cut: CutView | None

    @property
    def up(self) -> bool:
        """Whether its process serves requests."""
        return self.process in ("running", "stopping")


class Copying(msgspec.Struct, frozen=True):
    """Records on their way from the leader to a follower; the first has offset `first`."""

    leader: int
    follower: int
    first: int
    keys: tuple[str | None, ...]
    sent_at_us: int
    arrives_at_us: int


class Replication(msgspec.Struct, frozen=True):
    """A partition as the controller has it, and all its copies by broker. `led_by`: whose log counts, also
    while `leader` is -1.

    `epochs`: (leader epoch, first offset) of that log; `reigns`: the last leaderships, oldest first.
    """

    topic: str
    partition: int
    leader: int
    led_by: int
    epoch: int
    isr: tuple[int, ...]
    elr: tuple[int, ...]
    min_isr: int
    high_watermark: int
    epochs: tuple[tuple[int, int], ...]
    leaderships: tuple[Leadership, ...]
    copies: tuple[CopyView, ...]
    on_the_way: tuple[Copying, ...]


def span(state: State, topic: str, partition: int) -> tuple[int, int]:
    """From the lowest log start to the highest log end of all copies, of what they cut off too."""
    copies = state.cluster.partition(topic, partition).replicas.values()
    ends = [max(copy.log.end, copy.cut.before if copy.cut else 0) for copy in copies]
    return min(copy.log.start for copy in copies), max(ends)


def replication(state: State, topic: str, partition: int, first: int = 0, end: int = 1 << 62) -> Replication:
    """A partition with the records first … end - 1 of each copy; raises KeyError or IndexError if there is
    none.
    """
    cluster = state.cluster
    found = cluster.partition(topic, partition)
    led = found.led.log
    copies = tuple(_copy(cluster, found, broker, first, end) for broker in found.replica_ids)
    flights = (c for request in cluster.requests.values() for c in _copying(cluster, found, request))
    return Replication(
        topic,
        partition,
        found.leader,
        found.leader if found.leader >= 0 else found.last_leader,
        found.leader_epoch,
        tuple(found.isr),
        tuple(found.elr),
        cluster.topic(topic).min_insync_replicas,
        found.led.high_watermark,
        tuple(led.epochs),
        tuple(found.leaderships),
        copies,
        tuple(sorted(flights, key=lambda each: each.sent_at_us)),
    )


def cut(state: State, topic: str, partition: int, broker: int) -> CutView | None:
    """What this broker's copy lost last; None: nothing."""
    found = state.cluster.partition(topic, partition)
    return _cut(state.cluster, found, found.replicas[broker].cut)


def moving(state: State) -> bool:
    """Whether a record is on its way from a leader to a follower."""
    return any(
        isinstance(each.request, ReplicaFetchRequest)
        and isinstance(each.response, FetchResponse)
        and each.carried
        for each in state.cluster.requests.values()
    )


def _copy(cluster: Cluster, partition: Partition, number: int, first: int, end: int) -> CopyView:
    copy, broker = partition.replicas[number], cluster.brokers[number]
    log = copy.log
    kept = log.forwards(max(first, log.start))
    return CopyView(
        number,
        _role(partition, number),
        broker.process,
        broker.since_us,
        broker.fenced,
        any(str(number) in nodes for nodes in cluster.cuts),
        _believes(copy, broker),
        log.start,
        log.end,
        copy.high_watermark,
        agreement(partition.led.log, log),
        tuple(c for c in _cells(cluster, partition, kept, end) if max(first, log.start) <= c.offset),
        _cut(cluster, partition, copy.cut),
    )


def _role(partition: Partition, broker: int) -> str:
    if broker == partition.leader:
        return "leader"
    if broker in partition.isr:
        return "isr"
    return "elr" if broker in partition.elr else "out"


def _believes(copy: Replica, broker: Broker) -> bool:
    return broker.up and copy.leader == broker.id


def agreement(counts: Log, copy: Log) -> int:
    """Up to which offset `copy` is the same log as the one that counts, as their leader epochs say (R26)."""
    if counts is copy:
        return copy.end
    end, epoch = copy.end, copy.last_epoch
    while epoch >= 0:
        known, known_end = counts.end_of_epoch(epoch)
        end = min(end, known_end)
        if known == epoch:
            return end
        epoch, own_end = copy.end_of_epoch(known)
        if epoch > known:
            return min(end, own_end)
        end = min(end, own_end)
    return min(end, counts.end) if copy.epochs else copy.end


def _cells(cluster: Cluster, partition: Partition, batches: Iterable[Batch], end: int) -> Iterator[CopyCell]:
    tracks = cluster.ledger.get(partition.key, PartitionLedger()).tracks
    for batch in batches:
        if batch.base_offset >= end:
            return
        track = tracks.get(batch.producer)
        for index in range(min(batch.count, end - batch.base_offset)):
            fate = Fate(False, False, 0, "")
            if track is not None and batch.first_number >= 0:
                fate = fate_of(track.byte(batch.first_number + index))
            yield CopyCell(
                batch.base_offset + index,
                batch.keys[index],
                batch.leader_epoch,
                batch.appended_at_us,
                fate.acknowledged,
                fate.failed,
                fate.lost,
            )


def _cut(cluster: Cluster, partition: Partition, cut: Cut | None) -> CutView | None:
    if cut is None:
        return None
    cells = tuple(c for c in _cells(cluster, partition, cut.batches, cut.before) if c.offset >= cut.end)
    return CutView(cut.at_us, cut.end, cut.before, cut.leader, cut.leader_epoch, cells)


def _copying(cluster: Cluster, partition: Partition, request: InFlight) -> Iterator[Copying]:
    """What the answer to a follower's fetch brings of this partition."""
    asked = request.request
    if not isinstance(asked, ReplicaFetchRequest) or not isinstance(request.response, FetchResponse):
        return
    for part in request.response.partitions:
        first, end = part.first, part.end
        if (part.topic, part.partition) == (partition.topic, partition.number) and end > first:
            keys = tuple(
                key
                for batch in request.carried[partition.key]
                for offset, key in enumerate(batch.keys, batch.base_offset)
                if first <= offset < end
            )
            yield Copying(
                request.broker,
                asked.follower,
                first,
                keys,
                request.answered_at_us,
                request.returns_at_us,
            )
