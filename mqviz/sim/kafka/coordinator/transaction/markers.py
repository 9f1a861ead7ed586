"""Transaction markers: how the outcome of a transaction reaches every partition and group that it touched.

Like a real broker: the coordinator sends WriteTxnMarkers to the leaders, which append one control record a
partition with the raised epoch and answer when it is replicated; a group's coordinator commits or drops the
offsets that wait (R62, R66); what fails is sent again, and a leader writes a marker once and none that comes
after the next transaction began; when all is written the coordinator writes CompleteCommit or CompleteAbort.
Left out: markers of many transactions in one request; the interval in which they are sent (S13).
"""

from __future__ import annotations

from mqviz.kafka.errors import Error, named
from mqviz.model.kafka.cluster import Partition, partition_key
from mqviz.model.kafka.coordinator.offsets.events import OffsetsCommitted
from mqviz.model.kafka.coordinator.transaction.events import (
    MarkersWritten,
    TransactionalOffsetsEnded,
    TransactionCompleted,
)
from mqviz.model.kafka.coordinator.transaction.state import Transaction
from mqviz.model.kafka.log.batch import CONTROL, TRANSACTIONAL, Batch
from mqviz.model.kafka.log.events import BatchRefused, BatchRepeated
from mqviz.model.kafka.log.state import table
from mqviz.model.kafka.network.state import InFlight
from mqviz.model.kafka.protocol.requests import WriteTxnMarkersRequest
from mqviz.model.kafka.protocol.responses import WriteTxnMarkersResponse
from mqviz.sim.engine import TIMER, Simulation, due
from mqviz.sim.kafka.broker import produce
from mqviz.sim.kafka.broker.verification import can_act, coordinator_of
from mqviz.sim.kafka.coordinator import lookup
from mqviz.sim.kafka.coordinator.lookup import write_us
from mqviz.sim.kafka.network.connection import connection_of, enter_purgatory, receives, respond, send, serves

MARKER_BYTES = 78
"""A batch with nothing but an end-of-transaction marker."""

AGAIN_US = 100_000
"""How long the coordinator waits before it sends a marker again."""


# -- the transaction coordinator -----------------------------------------------------------------------------


def send_markers(sim: Simulation, found: Transaction) -> None:
    """Send the outcome to whoever has no marker yet."""
    leaders: dict[int, list[tuple[str, int]]] = {}
    for topic, number in found.partitions:
        leaders.setdefault(_leader(sim, topic, number), []).append((topic, number))
    groups: dict[int, list[str]] = {}
    for group in found.groups:
        groups.setdefault(lookup.coordinator_of(sim, group), []).append(group)
    if not leaders and not groups:
        sim.schedule(write_us(sim), TIMER, _complete, found.transactional_id, found.epoch)
    for leader in sorted(leaders):
        _send(sim, found, leader, tuple(leaders[leader]), ())
    for coordinator in sorted(groups):
        _send(sim, found, coordinator, (), tuple(groups[coordinator]))


def _leader(sim: Simulation, topic: str, number: int) -> int:
    known = sim.state.cluster.topics.get(topic)
    return known.partitions[number].leader if known else -1


def _send(
    sim: Simulation, found: Transaction, to: int, parts: tuple[tuple[str, int], ...], groups: tuple[str, ...]
) -> None:
    coordinator = coordinator_of(sim, found.transactional_id)
    if to < 0 or coordinator < 0:
        _later(sim, found)
        return
    request = WriteTxnMarkersRequest(
        found.transactional_id, found.producer_id, found.epoch, found.commit, parts, groups, found.raised
    )
    send(sim, "broker", str(coordinator), 1, to, request, " markers")


def _later(sim: Simulation, found: Transaction) -> None:
    sim.schedule(AGAIN_US, TIMER, _again, found.transactional_id, found.epoch)


def _ending(sim: Simulation, transactional_id: str, epoch: int) -> Transaction | None:
    """The transaction, if it still waits for markers of this epoch."""
    found = sim.state.cluster.transactions.ids.get(transactional_id)
    waits = found is not None and found.epoch == epoch and found.state in ("PrepareCommit", "PrepareAbort")
    return found if waits else None


@due
def _again(sim: Simulation, transactional_id: str, epoch: int) -> None:
    found = _ending(sim, transactional_id, epoch)
    if found is None or not (found.partitions or found.groups):
        return
    if can_act(sim, transactional_id, _again, transactional_id, epoch):
        send_markers(sim, found)


@receives(WriteTxnMarkersRequest)
def _received(sim: Simulation, name: str, flight: InFlight) -> None:
    request = flight.request
    if not isinstance(request, WriteTxnMarkersRequest):
        return
    found = _ending(sim, request.transactional_id, request.producer_epoch)
    if found is None or not (found.partitions or found.groups):
        return
    reply = flight.response if isinstance(flight.response, WriteTxnMarkersResponse) else None
    partitions = tuple((t, number) for t, number, error in (reply.partitions if reply else ()) if not error)
    groups = request.groups if reply and not reply.error else ()
    sim.cause = found.decided_by
    if partitions or groups:
        sim.cause = sim.emit(MarkersWritten(*sim.stamp(), found.transactional_id, partitions, groups))
    if len(partitions) < len(request.partitions) or len(groups) < len(request.groups):
        _later(sim, found)
    if not found.partitions and not found.groups:
        sim.schedule(write_us(sim), TIMER, _complete, found.transactional_id, found.epoch)


@due
def _complete(sim: Simulation, transactional_id: str, epoch: int) -> None:
    found = _ending(sim, transactional_id, epoch)
    if found is None:
        return
    if can_act(sim, transactional_id, _complete, transactional_id, epoch):
        sim.emit(TransactionCompleted(*sim.stamp(), transactional_id, found.commit))


# -- the partition leader and the group coordinator ----------------------------------------------------------


@serves(WriteTxnMarkersRequest)
def _serve(sim: Simulation, number: int, request: WriteTxnMarkersRequest) -> None:
    if request.groups:
        sim.schedule(write_us(sim), TIMER, _end_offsets, number)
    else:
        sim.schedule(sim.state.cluster.append_us(connection_of(sim, number).broker), TIMER, _write, number)


@due
def _write(sim: Simulation, number: int) -> None:
    flight = sim.state.cluster.requests.get(number)
    if flight is None or not isinstance(flight.request, WriteTxnMarkersRequest):
        return
    why, here = sim.cause, connection_of(sim, number).broker
    for topic, partition in flight.request.partitions:
        sim.cause = why
        _write_one(sim, number, topic, partition, flight.request, here)
    if produce.replicated(sim, number):
        produce.respond_to_produce(sim, number)
    else:
        enter_purgatory(sim, number)


def _write_one(
    sim: Simulation, number: int, topic: str, partition: int, request: WriteTxnMarkersRequest, here: int
) -> None:
    """Write the marker, unless it is here already, or too late because the next transaction of this producer
    has begun.
    """
    found, error = sim.state.cluster.partition(topic, partition), Error.NONE
    copy = found.replicas[here]
    if copy.leader != here:
        error = Error.NOT_LEADER_OR_FOLLOWER
    else:
        entry = table(copy, copy.leader_epoch).entries.get(request.producer_id)
        if entry is not None and entry.epoch >= request.producer_epoch + (not request.raised):
            error = Error.INVALID_PRODUCER_EPOCH if entry.batches else Error.NONE
            if not error:
                _repeat(sim, number, found, request, here)
                return
    if error:
        sim.emit(BatchRefused(*sim.stamp(), topic, partition, here, number, error, named(error), 1))
    else:
        produce.write(sim, number, topic, partition, marker(sim, found, request), here)


def _repeat(
    sim: Simulation, number: int, found: Partition, request: WriteTxnMarkersRequest, here: int
) -> None:
    log = found.replicas[here].log
    own = (b for b in log.backwards(log.end) if b.control and b.producer_id == request.producer_id)
    base = next((batch.base_offset for batch in own), log.end - 1)
    name = request.transactional_id
    sim.emit(BatchRepeated(*sim.stamp(), found.topic, found.number, here, number, name, base, 1))


def marker(sim: Simulation, partition: Partition, request: WriteTxnMarkersRequest) -> Batch:
    """The control batch that ends the transaction on one partition: it takes one offset (R62)."""
    return Batch(
        0,
        1,
        MARKER_BYTES,
        "",
        request.producer_id,
        request.producer_epoch,
        -1,
        TRANSACTIONAL | CONTROL,
        partition.leader_epoch,
        sim.now_us,
        0,
        (None,),
        ("COMMIT" if request.commit else "ABORT",),
    )


@due
def _end_offsets(sim: Simulation, number: int) -> None:
    flight = sim.state.cluster.requests.get(number)
    if flight is None or not isinstance(flight.request, WriteTxnMarkersRequest):
        return
    request, here = flight.request, connection_of(sim, number).broker
    if any(lookup.coordinator_of(sim, group) != here for group in request.groups):
        respond(sim, number, WriteTxnMarkersResponse(Error.NOT_COORDINATOR))
        return
    for group in request.groups:
        _end_group(sim, group, request)
    respond(sim, number, WriteTxnMarkersResponse())


def _end_group(sim: Simulation, group: str, request: WriteTxnMarkersRequest) -> None:
    held = sim.state.cluster.transactions.pending.get(group, {}).get(request.producer_id)
    if held is None:
        return
    why = sim.cause
    sim.cause = sim.emit(TransactionalOffsetsEnded(*sim.stamp(), group, request.producer_id, request.commit))
    if request.commit:
        _commit(sim, group, request.transactional_id, held)
    sim.cause = why


def _commit(sim: Simulation, group: str, client: str, held: list[tuple[str, int, int, int]]) -> None:
    """The offsets count, but for those that are overtaken: the record further back in __consumer_offsets
    stays (R82).
    """
    records = sim.state.cluster.groups[group].records
    known = [(each, records.get(partition_key(*each[:2]))) for each in held]
    last = [(each, record) for each, record in known if not (record and record.overtakes(each[3]))]
    if last:
        offsets, written = tuple(each[:3] for each, _ in last), tuple(each[3] for each, _ in last)
        before = tuple(record.committed if record else None for _, record in last)
        sim.emit(OffsetsCommitted(*sim.stamp(), group, client, offsets, before, written=written))
