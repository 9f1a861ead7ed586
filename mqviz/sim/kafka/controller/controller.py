"""Controller: who is fenced, who leads, who is in sync, who may lead next; one record a change, told to all
brokers.

Like a real broker: as the active controller of KRaft, heartbeats, and a check every broker.session.timeout.ms
/ 8 that fences whoever was silent for broker.session.timeout.ms (R10); one record a partition with leader,
in-sync replicas and eligible leader replicas together (R21); the leader stays while it may, else the first
replica in list order that is in sync, else eligible, else the last known leader, else, if that is allowed,
anyone (R21-R24); leader epochs grow with each change of the leader, to nobody too. Brokers hear of it one
latency after the decision (R6).
Left out: the Raft log of the quorum; without a majority of its voters nothing here happens (R9, S3).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from mqviz.model.kafka.cluster import Partition
from mqviz.model.kafka.controller.events import (
    BrokerFellSilent,
    BrokerFenced,
    BrokerHeardAgain,
    BrokerUnfenced,
    PartitionChanged,
)
from mqviz.sim.engine import TIMER, Simulation, due
from mqviz.sim.kafka.controller import internal_topics
from mqviz.sim.kafka.controller.publishing import catch_up, tell
from mqviz.sim.kafka.controller.registered import (
    DECISION_US,
    acts,
    hears,
    last_heartbeat_us,
    session_us,
    usable,
)


def listen(sim: Simulation, number: int) -> None:
    """Something happened to a broker or its links: note whether its heartbeats still come, and plan its
    fencing if not.
    """
    broker = sim.state.cluster.brokers[number]
    heard = hears(sim, number)
    if heard and broker.heard_at_us >= 0:
        sim.emit(BrokerHeardAgain(*sim.stamp(), number))
        if broker.fenced:
            delay_us = 2 * sim.state.cluster.link_latency_us + DECISION_US
            sim.schedule(delay_us, TIMER, _unfence, number, broker.silence)
    elif not heard and broker.heard_at_us < 0:
        sim.emit(BrokerFellSilent(*sim.stamp(), number, last_heartbeat_us(sim, number, sim.now_us)))
        if not broker.fenced:
            plan_fencing(sim, number)


def plan_fencing(sim: Simulation, number: int) -> None:
    """A silent broker will be fenced at the first check at which it is stale,
    unless it is heard again (R10).
    """
    broker = sim.state.cluster.brokers[number]
    delay_us = _fenced_at_us(sim, broker.heard_at_us) - sim.now_us
    sim.schedule(delay_us, TIMER, _fence, number, broker.silence)


def _fenced_at_us(sim: Simulation, heard_at_us: int) -> int:
    """The first check at which a broker that was last heard then is stale (R10)."""
    every_us = max(1, session_us(sim) // 8)
    stale_us = max(heard_at_us + session_us(sim), sim.now_us)
    return -(-stale_us // every_us) * every_us


class Decided(msgspec.Struct):
    """When the last fencing is, or was, written with all that follows from it."""

    at_us: int = 0


@due
def _fence(sim: Simulation, number: int, silence: int) -> None:
    """One stale broker at a time, each with the records of its partitions: the next one is looked at when
    these are written (R10).
    """
    broker, decided = sim.state.cluster.brokers[number], sim.part(Decided)
    if broker.silence != silence or broker.fenced or not acts(sim):
        return
    if sim.now_us < decided.at_us:
        sim.schedule(decided.at_us - sim.now_us, TIMER, _fence, number, silence)
    else:
        decided.at_us = sim.now_us + DECISION_US
        fence(sim, number, "silent")


def fence(sim: Simulation, number: int, why: str) -> None:
    """Give a broker up, and a decision later everything that it leads or is in sync with."""
    sim.cause = sim.emit(BrokerFenced(*sim.stamp(), number, why))
    sim.schedule(DECISION_US, TIMER, _removed, number)


@due
def _removed(sim: Simulation, number: int) -> None:
    if sim.state.cluster.brokers[number].fenced:
        remove(sim, number, f"broker {number} is fenced")
        reseat(sim)


def reseat(sim: Simulation) -> None:
    """Partitions of internal topics may have other leaders: their coordinators take over."""
    internal_topics.moved(sim)


def leads(sim: Simulation, number: int) -> bool:
    """Whether a broker leads anything."""
    led = (partition.leader for partition in sim.state.cluster.partitions())
    return number in led or internal_topics.led_by(sim, number)


def remove(sim: Simulation, number: int, why: str) -> None:
    """Take a broker out of every leadership and in-sync set, one record a partition (R21)."""
    for partition in sim.state.cluster.partitions():
        if number in partition.isr or partition.leader == number:
            change(sim, partition, [b for b in partition.isr if b != number], why)


@due
def _unfence(sim: Simulation, number: int, silence: int) -> None:
    broker = sim.state.cluster.brokers[number]
    wants = broker.fenced and broker.process == "running"
    if broker.silence == silence and wants and hears(sim, number):
        unfence(sim, number)


def unfence(sim: Simulation, number: int) -> None:
    """Count on a broker again: partitions that nobody leads may get a leader (R10, R24)."""
    sim.cause = sim.emit(BrokerUnfenced(*sim.stamp(), number))
    catch_up(sim, number)
    for partition in sim.state.cluster.partitions():
        if partition.leader < 0:
            change(sim, partition, partition.isr, f"broker {number} is back")
    reseat(sim)


def register(sim: Simulation, number: int, clean: bool) -> None:
    """A broker that was started again registers; after an unclean end it may be nobody's eligible leader
    (R23).
    """
    if clean:
        return
    for partition in sim.state.cluster.partitions():
        if number in partition.isr or number in partition.elr:
            rest = [b for b in partition.isr if b != number]
            why = f"broker {number} did not end cleanly"
            change(sim, partition, rest, why, unclean_ends=(number,))


# -- one partition -------------------------------------------------------------------------------------------


def change(
    sim: Simulation,
    partition: Partition,
    isr: Sequence[int],
    why: str,
    *,
    unclean_ends: Iterable[int] = (),
    recovered: bool = False,
    unclean: bool = False,
    prefer: int = -1,
) -> None:
    """Write a new record with these in-sync replicas, if it differs: elect a leader if the old one cannot
    stay (R21-R24).

    `unclean_ends`: brokers that come back without a clean shutdown. `recovered`: the leader itself asked.
    `unclean`: any replica may lead. `prefer`: who shall lead, if in sync.
    """
    new_isr, elr = _sets(sim, partition, list(isr), unclean_ends)
    leader, recovering = partition.leader, partition.recovering and not recovered
    last_known: tuple[int, ...] = ()
    if prefer >= 0 and prefer in new_isr and usable(sim, prefer):
        leader = prefer
    elif leader not in new_isr or not usable(sim, leader):
        leader, new_isr, elr, unclean_now = _elect(sim, partition, new_isr, elr, unclean)
        recovering = recovering or unclean_now
    if leader < 0 and not new_isr:
        last_known = tuple(partition.last_known_elr) if partition.leader < 0 else (partition.leader,)
    epoch = partition.leader_epoch + (leader != partition.leader)
    record = (tuple(new_isr), tuple(sorted(elr)), last_known, recovering)
    if (leader, *record) == (partition.leader, *_record(partition)):
        return
    sim.cause = sim.emit(
        PartitionChanged(
            *sim.stamp(),
            partition.topic,
            partition.number,
            leader,
            epoch,
            partition.partition_epoch + 1,
            record[0],
            record[1],
            record[2],
            record[3],
            why,
        )
    )
    tell(sim, partition)


def _record(partition: Partition) -> tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...], bool]:
    isr, elr, last = tuple(partition.isr), tuple(partition.elr), tuple(partition.last_known_elr)
    return isr, elr, last, partition.recovering


def _sets(
    sim: Simulation, partition: Partition, isr: list[int], unclean_ends: Iterable[int]
) -> tuple[list[int], list[int]]:
    """The new in-sync and eligible replicas (R22, R23)."""
    if not sim.version.eligible_leader_replicas:
        return (isr or partition.isr[:1], [])
    topic = sim.state.cluster.topic(partition.topic)
    if len(isr) >= min(topic.min_insync_replicas, len(partition.replica_ids)):
        return isr, []
    gone = (*isr, *unclean_ends)
    return isr, sorted({*partition.elr, *partition.isr}.difference(gone))


def _elect(
    sim: Simulation, partition: Partition, isr: list[int], elr: list[int], unclean: bool
) -> tuple[int, list[int], list[int], bool]:
    """(leader, in-sync, eligible, uncleanly): the first usable one in list order, in sync before eligible
    before the rest.
    """
    replicas = [broker for broker in partition.replica_ids if usable(sim, broker)]
    for broker in replicas:
        if broker in isr:
            return broker, isr, elr, False
    if not isr:
        for broker in replicas:
            if broker in elr:
                return broker, [broker], [b for b in elr if b != broker], False
        if not elr and partition.last_known_elr and partition.last_known_elr[0] in replicas:
            return partition.last_known_elr[0], [partition.last_known_elr[0]], [], True
    allowed = unclean or sim.state.cluster.topic(partition.topic).setting("unclean.leader.election.enable")
    if allowed and replicas:
        return replicas[0], [replicas[0]], [], True
    return -1, isr, elr, False
