"""Consumer: an application that polls, works on each record, commits, and polls again.

Like a real broker: as its Java client, poll() first does what the group needs, then returns fetched records, at most
max.poll.records, draining partitions one after the other in the order in which they came, and sends the next
fetches before it returns; the position moves when records are returned (R79, R98, E32). commitSync() after the
work of a poll commits the positions of all assigned partitions (R82, R85, E33); auto-commit happens only inside
poll(), every 5 s, and commits what earlier polls returned (R83). One thread works, one record at a time (S18).
Left out: commits before the work, pause() of partitions, other groups' isolation levels.
"""

from __future__ import annotations

from mqviz.kafka.errors import named
from mqviz.kafka.settings import number as setting
from mqviz.model.consumer import (
    CommitEnded,
    CommitRefused,
    CommitStarted,
    Consumer,
    FetchStarted,
    PollCalled,
    RecordsFetched,
    RecordsProcessed,
    RecordsReturned,
    RecordTaken,
)
from mqviz.model.request import AnyRequest, Fetch, Fetched, InFlight, OffsetCommit
from mqviz.sim.engine import STEP, TIMER, Simulation, due
from mqviz.sim.kafka import membership, offsets
from mqviz.sim.kafka.network import ask, receives
from mqviz.sim.kafka.protocols import protocol_of

AUTO_COMMIT_US = setting("auto.commit.interval.ms") * 1_000


def ask_broker(sim: Simulation, consumer: Consumer, broker: int, request: AnyRequest) -> int:
    """Send a request on the consumer's data connection to `broker`."""
    return ask(sim, "consumer", consumer.name, consumer.incarnation, broker, request)


# -- poll() -----------------------------------------------------------------------------------------------


def poll(sim: Simulation, consumer: Consumer) -> None:
    """The application calls poll()."""
    sim.emit(PollCalled(*sim.stamp(), consumer.name))
    progress(sim, consumer)


def progress(sim: Simulation, consumer: Consumer) -> None:
    """Do what poll() does now, if the application is inside it: group work first, then records (R79)."""
    if consumer.activity != "polling" or consumer.state != "running":
        return
    if not protocol_of(consumer).poll(sim, consumer):
        return
    if _auto_commit_due(sim, consumer):
        commit(sim, consumer, "timer")
    offsets.locate(sim, consumer)
    parts = _returnable(consumer)
    if parts:
        event = RecordsReturned(*sim.stamp(), consumer.name, consumer.settings.group, parts)
        sim.cause = sim.emit(event)
    fetch(sim, consumer)
    if parts:
        work(sim, consumer)


def _returnable(consumer: Consumer) -> tuple[tuple[str, int, int, int], ...]:
    """What poll() returns now: ranges of fetched records, at most max.poll.records in all (E32)."""
    left = consumer.settings.max_poll_records
    parts: list[tuple[str, int, int, int]] = []
    for key in consumer.ready:
        claim = consumer.claims[key]
        if claim.position is None or not left:
            break
        end = min(claim.fetched_to, claim.position + left)
        parts.append((claim.topic, claim.partition, claim.position, end))
        left -= end - claim.position
    return tuple(parts)


# -- fetching ---------------------------------------------------------------------------------------------


def fetch(sim: Simulation, consumer: Consumer) -> None:
    """One fetch to each broker that none is on its way to, for partitions without fetched records (R79)."""
    wanted: dict[int, list[tuple[str, int, int]]] = {}
    for claim in consumer.claims.values():
        if claim.position is not None and not claim.fetched:
            leader = sim.state.cluster.partition(claim.topic, claim.partition).leader
            wanted.setdefault(leader, []).append((claim.topic, claim.partition, claim.position))
    for broker in sorted(wanted):
        if broker not in consumer.fetching:
            number = ask_broker(sim, consumer, broker, Fetch(tuple(wanted[broker])))
            sim.emit(FetchStarted(*sim.stamp(), consumer.name, broker, number))


@receives(Fetch)
def _fetched(sim: Simulation, name: str, flight: InFlight) -> None:
    consumer = sim.state.cluster.consumers[name]
    if not isinstance(flight.answer, Fetched):
        return
    broker = sim.state.cluster.connections[flight.connection].broker
    parts = tuple(
        (topic, partition, first, end)
        for topic, partition, _, first, end, _ in flight.answer.parts
        if end > first and _still_wanted(sim, consumer, topic, partition, first)
    )
    sim.cause = sim.emit(RecordsFetched(*sim.stamp(), name, broker, parts))
    progress(sim, consumer)


def _still_wanted(sim: Simulation, consumer: Consumer, topic: str, partition: int, first: int) -> bool:
    """Whether the process still waits for exactly this offset; an answer for earlier beliefs is dropped."""
    claim = consumer.claims.get(sim.state.cluster.partition(topic, partition).key)
    return claim is not None and not claim.fetched and claim.position == first


# -- working ----------------------------------------------------------------------------------------------


def work(sim: Simulation, consumer: Consumer) -> None:
    """Take the next record that poll() returned; after the last one commit, or poll again."""
    while consumer.hand:
        part = consumer.hand[0]
        if consumer.processing_us:
            _take(sim, consumer)
            return
        event = RecordsProcessed(
            *sim.stamp(),
            consumer.name,
            consumer.settings.group,
            part.topic,
            part.partition,
            part.first,
            part.end,
        )
        sim.cause = sim.emit(event)
    if consumer.settings.commit == "after":
        commit(sim, consumer, "application")
    else:
        again(sim, consumer)


def _take(sim: Simulation, consumer: Consumer) -> None:
    part = consumer.hand[0]
    batch = part.batches[0]
    key = batch.keys[part.first - batch.base_offset]
    takes_us = consumer.processing_us
    if consumer.settings.service_times == "exponential":
        takes_us = sim.stream(f"consumer {consumer.name} service").exponential(takes_us)
    event = RecordTaken(
        *sim.stamp(), consumer.name, part.topic, part.partition, part.first, key, sim.now_us + takes_us
    )
    sim.schedule(takes_us, STEP, "kafka.processed", consumer.name, consumer.life, cause=sim.emit(event))


@due("kafka.processed")
def _processed(sim: Simulation, name: str, life: int) -> None:
    consumer = sim.state.cluster.consumers[name]
    taken = consumer.taken
    if consumer.life != life or taken is None:
        return
    event = RecordsProcessed(
        *sim.stamp(),
        name,
        consumer.settings.group,
        taken.topic,
        taken.partition,
        taken.offset,
        taken.offset + 1,
    )
    sim.cause = sim.emit(event)
    work(sim, consumer)


def again(sim: Simulation, consumer: Consumer) -> None:
    """The application's loop comes round: poll, or close if it was asked to."""
    if consumer.state == "closing":
        close(sim, consumer)
    else:
        poll(sim, consumer)


def close(sim: Simulation, consumer: Consumer) -> None:
    """close(): commit if that is automatic, then leave (R94)."""
    automatic = consumer.settings.commit == "auto" and not consumer.lost
    if not (automatic and commit(sim, consumer, "close")):
        protocol_of(consumer).leave(sim, consumer)


def go_on(sim: Simulation, consumer: Consumer) -> None:
    """The frozen process goes on with what it did."""
    if consumer.taken is not None:
        left_us = max(0, consumer.taken.ends_at_us - sim.now_us)
        sim.schedule(left_us, STEP, "kafka.processed", consumer.name, consumer.life)
    else:
        progress(sim, consumer)


# -- committing -------------------------------------------------------------------------------------------


def commit(sim: Simulation, consumer: Consumer, purpose: str) -> bool:
    """Commit the positions of all assigned partitions (E33); False if there is nothing that could be committed."""
    positions = tuple(
        (claim.topic, claim.partition, claim.position)
        for claim in consumer.claims.values()
        if claim.position is not None
    )
    identity = protocol_of(consumer).identity(sim, consumer)
    if positions and identity:
        member_id, generation = identity
        request = OffsetCommit(consumer.settings.group, generation, member_id, positions)
        number = membership.ask_coordinator(sim, consumer, request)
        sim.emit(CommitStarted(*sim.stamp(), consumer.name, number, purpose))
        return True
    if purpose == "application":
        if positions:
            group = consumer.settings.group
            event = CommitRefused(*sim.stamp(), consumer.name, group, 0, 0, "CommitFailedException")
            sim.cause = sim.emit(event)
        again(sim, consumer)
    return False


@receives(OffsetCommit)
def _committed(sim: Simulation, name: str, flight: InFlight) -> None:
    consumer = sim.state.cluster.consumers[name]
    error = flight.answer.error if flight.answer else 0
    purpose = consumer.commits[flight.number]
    if error:
        event = CommitRefused(*sim.stamp(), name, consumer.settings.group, flight.number, error, named(error))
        sim.cause = sim.emit(event)
        protocol_of(consumer).commit_refused(sim, consumer, flight, error)
    else:
        sim.cause = sim.emit(CommitEnded(*sim.stamp(), name, flight.number))
    if purpose == "application":
        again(sim, consumer)
    elif purpose == "close":
        protocol_of(consumer).leave(sim, consumer)
    elif purpose != "timer":
        protocol_of(consumer).committed(sim, consumer, purpose)


def _auto_commit_due(sim: Simulation, consumer: Consumer) -> bool:
    automatic = consumer.settings.commit == "auto"
    return automatic and sim.now_us - consumer.committed_at_us >= AUTO_COMMIT_US


@due("kafka.auto_commit")
def auto_commit(sim: Simulation, name: str, life: int) -> None:
    """While poll() waits the application comes back to it all the time, so that auto-commit is punctual (R83)."""
    consumer = sim.state.cluster.consumers[name]
    if consumer.life != life or consumer.settings.commit != "auto":
        return
    if _auto_commit_due(sim, consumer):
        progress(sim, consumer)
    left_us = consumer.committed_at_us + AUTO_COMMIT_US - sim.now_us
    sim.schedule(left_us if left_us > 0 else AUTO_COMMIT_US, TIMER, "kafka.auto_commit", name, life, cause=0)


@due("kafka.liveness")
def liveness(sim: Simulation, name: str, life: int) -> None:
    """The client leaves the group by itself if poll() did not come within max.poll.interval.ms (R93)."""
    consumer = sim.state.cluster.consumers[name]
    if consumer.life != life or consumer.state != "running":
        return
    interval_us = int(consumer.settings.max_poll_interval)
    since_us = sim.now_us if consumer.activity == "polling" else consumer.polled_at_us
    if sim.now_us - since_us >= interval_us:
        protocol_of(consumer).too_late(sim, consumer)
        since_us = sim.now_us
    delay_us = since_us + interval_us - sim.now_us
    sim.schedule(delay_us, TIMER, "kafka.liveness", name, life, cause=0)
