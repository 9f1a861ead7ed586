"""Offsets: where a consumer begins to read, and what its group committed.

Like a real broker: a committed offset if there is one, else auto.offset.reset: latest is the high watermark at
that moment, earliest the log start, none throws (R81); a commit is a replicated write to __consumer_offsets,
last write wins (R82); the coordinator refuses unknown members before wrong generations before a group that
waits for its assignment (R85, E25, E27).
Left out: seek, by_duration (E10), expiry of offsets (R96), unstable offsets of transactions (E45).
"""

from __future__ import annotations

from mqviz.kafka.errors import Error
from mqviz.model.cluster import partition_key
from mqviz.model.consumer import Consumer
from mqviz.model.group import Group, MemberHeard, OffsetsCommitted
from mqviz.model.membership import PositionsAsked, PositionsSet
from mqviz.model.request import InFlight, ListOffsets, OffsetCommit, OffsetFetch, Offsets, Plain
from mqviz.sim.engine import TIMER, Simulation, due
from mqviz.sim.kafka import consumer as actor
from mqviz.sim.kafka import membership, reconciliation
from mqviz.sim.kafka.classic_coordinator import misdirected
from mqviz.sim.kafka.network import answer, connection_of, receives, serves

# -- the client -------------------------------------------------------------------------------------------


def locate(sim: Simulation, consumer: Consumer) -> None:
    """Ask where to read the partitions whose position is unknown, unless that is being asked."""
    if consumer.asked:
        return
    unknown = tuple((c.topic, c.partition) for c in consumer.claims.values() if c.position is None)
    if unknown:
        request = OffsetFetch(consumer.settings.group, unknown)
        number = membership.ask_coordinator(sim, consumer, request)
        sim.emit(PositionsAsked(*sim.stamp(), consumer.name, (number,)))


@receives(OffsetFetch)
def _fetched(sim: Simulation, name: str, flight: InFlight) -> None:
    consumer = sim.state.cluster.consumers[name]
    if flight.number not in consumer.asked or not isinstance(flight.answer, Offsets):
        return
    known = tuple((t, p, offset, "committed") for t, p, _, offset in flight.answer.parts if offset >= 0)
    unknown = [(topic, partition) for topic, partition, _, offset in flight.answer.parts if offset < 0]
    reset = consumer.settings.auto_offset_reset
    if unknown and reset == "none":
        sim.emit(PositionsAsked(*sim.stamp(), name, ()))
        membership.fail(sim, consumer, "NoOffsetForPartitionException")
        return
    if known:
        sim.emit(PositionsSet(*sim.stamp(), name, consumer.settings.group, known))
    numbers = _ask_logs(sim, consumer, reset, unknown)
    sim.emit(PositionsAsked(*sim.stamp(), name, numbers))
    actor.progress(sim, consumer)


def _ask_logs(
    sim: Simulation, consumer: Consumer, which: str, partitions: list[tuple[str, int]]
) -> tuple[int, ...]:
    """Ask the partition leaders where their logs begin or end; returns the numbers of the requests."""
    by_leader: dict[int, list[tuple[str, int]]] = {}
    for topic, partition in partitions:
        leader = sim.state.cluster.partition(topic, partition).leader
        by_leader.setdefault(leader, []).append((topic, partition))
    return tuple(
        actor.ask_broker(sim, consumer, leader, ListOffsets(which, tuple(by_leader[leader])))
        for leader in sorted(by_leader)
    )


@receives(ListOffsets)
def _listed(sim: Simulation, name: str, flight: InFlight) -> None:
    consumer = sim.state.cluster.consumers[name]
    if flight.number not in consumer.asked or not isinstance(flight.answer, Offsets):
        return
    reset = consumer.settings.auto_offset_reset
    positions = tuple(
        (topic, partition, offset, reset) for topic, partition, _, offset in flight.answer.parts
    )
    sim.cause = sim.emit(PositionsSet(*sim.stamp(), name, consumer.settings.group, positions))
    left = tuple(number for number in consumer.asked if number != flight.number)
    sim.emit(PositionsAsked(*sim.stamp(), name, left))
    actor.progress(sim, consumer)


# -- the coordinator --------------------------------------------------------------------------------------


@serves(OffsetFetch)
def _serve_fetch(sim: Simulation, number: int, request: OffsetFetch) -> None:
    error = misdirected(sim, number, request.group)
    if error:
        answer(sim, number, Offsets(error))
        return
    parts: list[tuple[str, int, int, int]] = []
    for topic, partition in request.partitions:
        offset = _committed(sim, request.group, topic, partition)
        held = request.require_stable and sim.state.cluster.transactions.unstable(
            request.group, topic, partition
        )
        error = Error.UNSTABLE_OFFSET_COMMIT if held else Error.NONE
        parts.append((topic, partition, error, -1 if offset is None or held else offset))
    answer(sim, number, Offsets(0, tuple(parts)))


def _committed(sim: Simulation, group: str, topic: str, partition: int) -> int | None:
    found = sim.state.cluster.groups.get(group)
    record = found.records.get(partition_key(topic, partition)) if found else None
    return record.committed if record else None


@serves(OffsetCommit)
def _serve_commit(sim: Simulation, number: int, request: OffsetCommit) -> None:
    group = sim.state.cluster.groups.get(request.group)
    modern = sim.state.cluster.consumer_groups.get(request.group)
    error = misdirected(sim, number, request.group)
    if not error:
        error = reconciliation.commit_error(modern, request) if modern else commit_error(group, request)
    if group is None or error:
        answer(sim, number, Plain(error))
        return
    if request.member_id in group.members:
        sim.emit(MemberHeard(*sim.stamp(), group.name, request.member_id))
    sim.schedule(write_us(sim), TIMER, "kafka.committed", number)


def commit_error(group: Group | None, request: OffsetCommit) -> Error:
    """Why a commit is refused: 25 before 22 before 27 (E27); a commit without membership needs an empty group."""
    if group is None:
        return Error.ILLEGAL_GENERATION
    if request.generation < 0:
        return Error.UNKNOWN_MEMBER_ID if group.members else Error.NONE
    if request.instance_id is not None and group.static.get(request.instance_id) not in (
        None,
        request.member_id,
    ):
        return Error.FENCED_INSTANCE_ID
    if request.member_id not in group.members:
        return Error.UNKNOWN_MEMBER_ID
    if request.generation != group.generation:
        return Error.ILLEGAL_GENERATION
    return Error.REBALANCE_IN_PROGRESS if group.state == "CompletingRebalance" else Error.NONE


@due("kafka.committed")
def _written(sim: Simulation, number: int) -> None:
    request = sim.state.cluster.requests[number].request
    if isinstance(request, OffsetCommit):
        client = connection_of(sim, number).name
        before = tuple(_committed(sim, request.group, topic, p) for topic, p, _ in request.offsets)
        event = OffsetsCommitted(*sim.stamp(), request.group, client, request.offsets, before)
        sim.cause = sim.emit(event)
        answer(sim, number, Plain())


def write_us(sim: Simulation) -> int:
    """How long a write of the group coordinator takes: to the followers and back, if there are any (R6, S4)."""
    cluster = sim.state.cluster
    return 2 * cluster.link_latency_us if len(cluster.brokers) > 1 else 0
