"""Commits: when and what an application or its client commits, and what becomes of it.

Like a real broker: commitSync() commits the positions of all assigned partitions, waits, and tries again
after errors that pass, for at most default.api.timeout.ms; commitAsync() does neither (R82, R85). Auto-commit
of the Java client happens only inside poll(), once its interval is over, which begins anew when the group has
settled, and commits what earlier polls returned; after an error that passes it comes again after
retry.backoff.ms (R83); that of librdkafka is a timer in the background, counted from the assignment, which
commits the offsets stored so far, none if nobody stores any (R84). Left out: metadata of offsets.
"""

from __future__ import annotations

from mqviz.kafka.errors import Error, named
from mqviz.model.kafka.clients.consumer.events import (
    CommitEnded,
    CommitRefused,
    CommitRetried,
    CommitStarted,
    StoredCommitted,
)
from mqviz.model.kafka.clients.consumer.state import REBALANCING, Consumer
from mqviz.model.kafka.network.state import InFlight
from mqviz.model.kafka.protocol.requests import OffsetCommitRequest
from mqviz.sim.engine import TIMER, Simulation, due
from mqviz.sim.kafka.clients.consumer import coordinator_client, wakeup
from mqviz.sim.kafka.clients.consumer.config import backoff_us, value
from mqviz.sim.kafka.clients.consumer.protocol import name_of, protocol_of
from mqviz.sim.kafka.network.connection import receives

Positions = tuple[tuple[str, int, int], ...]

PASSING = (
    Error.REQUEST_TIMED_OUT,
    Error.NETWORK_EXCEPTION,
    Error.COORDINATOR_LOAD_IN_PROGRESS,
    Error.COORDINATOR_NOT_AVAILABLE,
    Error.NOT_COORDINATOR,
    Error.UNKNOWN_TOPIC_OR_PARTITION,
)
"""Errors after which a commit that waits is sent again (R85)."""

WAITING = ("application", "before", "each", "command", "rejoin", "close")
"""Purposes of commits that somebody waits for."""

OWN = ("application", "before", "each", "command", "async", "timer", "close")
"""Purposes that are the consumer's own affair; the others are those of its group protocol."""


def positions(consumer: Consumer) -> Positions:
    """What is committed now: each partition's position (R82); of librdkafka's timer what was stored and is
    not committed.
    """
    if consumer.settings.commit == "auto" and consumer.settings.client == "librdkafka":
        return _stored(consumer)
    return tuple(
        (partition_state.topic, partition_state.partition, partition_state.position)
        for partition_state in consumer.partition_states.values()
        if partition_state.position is not None
    )


def _stored(consumer: Consumer) -> Positions:
    """Offsets after what was handed over, or after what is done if the application stores them itself, if it
    does (R84).
    """
    at_once = value(consumer, "enable.auto.offset.store")
    if not at_once and consumer.settings.store_offsets == "never":
        return ()
    found = [
        (partition_state, partition_state.handed if at_once else partition_state.done)
        for partition_state in consumer.partition_states.values()
    ]
    return tuple(
        (partition_state.topic, partition_state.partition, offset)
        for partition_state, offset in found
        if offset is not None and offset != partition_state.stored
    )


def commit(sim: Simulation, consumer: Consumer, purpose: str, offsets: Positions | None = None) -> bool:
    """Commit `offsets`, or the positions; False if nothing was sent: there is nothing, or it is no member
    (R85).
    """
    wanted = positions(consumer) if offsets is None else offsets
    if not wanted and consumer.settings.group:
        return False
    identity = protocol_of(consumer).identity(sim, consumer)
    if identity is None or not consumer.settings.group:
        _refuse_here(sim, consumer, purpose)
        return False
    _send(sim, consumer, purpose, wanted, identity, 0, sim.now_us)
    if consumer.settings.client == "librdkafka" and consumer.settings.commit == "auto":
        sim.emit(StoredCommitted(*sim.stamp(), consumer.name, wanted))
    return True


def _refuse_here(sim: Simulation, consumer: Consumer, purpose: str) -> None:
    """The client itself knows that it cannot commit, and says so to whoever asked for it: for good, or while
    it joins again.
    """
    group = consumer.settings.group
    exception = "CommitFailedException" if group else "InvalidGroupIdException"
    if group and consumer.phase in ("joining", "syncing"):
        exception = REBALANCING
    if purpose not in ("timer", "rejoin", "close"):
        sim.cause = sim.emit(CommitRefused(*sim.stamp(), consumer.name, group, 0, 0, exception))


def _send(
    sim: Simulation,
    consumer: Consumer,
    purpose: str,
    offsets: Positions,
    identity: tuple[str, int],
    attempt: int,
    since_us: int,
) -> None:
    member_id, generation = identity
    static = coordinator_client.instance_id(consumer) if name_of(consumer) == "classic" else None
    request = OffsetCommitRequest(consumer.settings.group, generation, member_id, offsets, static)
    number = coordinator_client.ask_coordinator(sim, consumer, request)
    sim.emit(CommitStarted(*sim.stamp(), consumer.name, number, purpose))
    if attempt:
        sim.part(Attempts).of[number] = (attempt, since_us)


class Attempts:
    """Commits that were sent again: (how often, since when), by number."""

    def __init__(self) -> None:
        self.of: dict[int, tuple[int, int]] = {}


@receives(OffsetCommitRequest)
def _answered(sim: Simulation, name: str, flight: InFlight) -> None:
    consumer = sim.state.cluster.consumers[name]
    purpose = consumer.commits.get(flight.number)
    if purpose is None:
        return
    error = flight.response.error if flight.response else 0
    tried = sim.part(Attempts).of.pop(flight.number, (0, flight.sent_at_us))
    if error in PASSING and purpose in WAITING and _again_later(sim, consumer, flight, purpose, tried):
        return
    if error in PASSING and purpose == "timer" and consumer.settings.client == "java":
        _auto_again_later(sim, consumer, flight, error)
        return
    if error:
        event = CommitRefused(*sim.stamp(), name, consumer.settings.group, flight.number, error, named(error))
        sim.cause = sim.emit(event)
        if error not in PASSING:
            protocol_of(consumer).commit_refused(sim, consumer, flight, error)
    else:
        sim.cause = sim.emit(CommitEnded(*sim.stamp(), name, flight.number))
    _go_on(sim, consumer, purpose, bool(error))


def _again_later(
    sim: Simulation, consumer: Consumer, flight: InFlight, purpose: str, tried: tuple[int, int]
) -> bool:
    """Send the commit again after a backoff, unless its time is over."""
    attempt, since_us = tried
    delay_us = backoff_us(consumer, attempt)
    request = flight.request
    if sim.now_us + delay_us - since_us > value(consumer, "default.api.timeout.ms") * 1000:
        return False
    if not isinstance(request, OffsetCommitRequest):
        return False
    error = flight.response.error if flight.response else 0
    sim.cause = sim.emit(CommitRetried(*sim.stamp(), consumer.name, flight.number, error, named(error)))
    args = (consumer.name, consumer.life, purpose, request.offsets, attempt + 1, since_us)
    sim.schedule(delay_us, TIMER, _again, *args)
    return True


def _auto_again_later(sim: Simulation, consumer: Consumer, flight: InFlight, error: int) -> None:
    """An auto-commit failed for now: the next one comes retry.backoff.ms later,
    not an interval later (R83).
    """
    delay_us = backoff_us(consumer, 0)
    since_us = sim.now_us + delay_us - interval_us(consumer)
    event = CommitRetried(*sim.stamp(), consumer.name, flight.number, error, named(error), since_us)
    sim.cause = sim.emit(event)
    sim.schedule(delay_us, TIMER, _auto_again, consumer.name, consumer.life)


@due
def _auto_again(sim: Simulation, name: str, life: int) -> None:
    """Inside poll() it commits now; an application at work does so with its next poll()."""
    consumer = sim.state.cluster.consumers[name]
    if consumer.life == life:
        wakeup.progress(sim, consumer)


@due
def _again(
    sim: Simulation, name: str, life: int, purpose: str, offsets: Positions, attempt: int, since_us: int
) -> None:
    consumer = sim.state.cluster.consumers[name]
    if consumer.life != life:
        return
    identity = protocol_of(consumer).identity(sim, consumer)
    if identity is not None:
        _send(sim, consumer, purpose, offsets, identity, attempt, since_us)
        return
    _refuse_here(sim, consumer, purpose)
    _go_on(sim, consumer, purpose, refused=True)


def _go_on(sim: Simulation, consumer: Consumer, purpose: str, refused: bool) -> None:
    """Whoever waited for the commit goes on."""
    if purpose == "application":
        wakeup.again(sim, consumer)
    elif purpose == "before" and refused:
        wakeup.put_down(sim, consumer, "the commit before the work failed")
    elif purpose in ("before", "each"):
        wakeup.work(sim, consumer)
    elif purpose == "close":
        protocol_of(consumer).leave(sim, consumer)
    elif purpose not in OWN:
        protocol_of(consumer).committed(sim, consumer, purpose)


# -- auto-commit --------------------------------------------------------------------------------------------


def interval_us(consumer: Consumer) -> int:
    """auto.commit.interval.ms."""
    interval: int = value(consumer, "auto.commit.interval.ms") * 1000
    return interval


def auto(sim: Simulation, consumer: Consumer) -> None:
    """Inside poll(): commit if the interval is over (R83); librdkafka's timer runs by itself (R84)."""
    settings = consumer.settings
    if settings.commit != "auto":
        return
    if settings.client == "librdkafka":
        _start_timer(sim, consumer)
    elif sim.now_us - consumer.committed_at_us >= interval_us(consumer):
        commit(sim, consumer, "timer")


class StoreTimers:
    """By consumer the assignment (its time) that its timer of librdkafka counts from."""

    def __init__(self) -> None:
        self.since: dict[str, tuple[int, int]] = {}


def _start_timer(sim: Simulation, consumer: Consumer) -> None:
    mark = (consumer.incarnation, consumer.assigned_at_us)
    since = sim.part(StoreTimers).since
    if consumer.assigned_at_us >= 0 and since.get(consumer.name) != mark:
        since[consumer.name] = mark
        left_us = max(0, consumer.assigned_at_us + interval_us(consumer) - sim.now_us)
        sim.schedule(left_us, TIMER, _store_timer, consumer.name, *mark, cause=0)


@due
def _store_timer(sim: Simulation, name: str, incarnation: int, assigned_at_us: int) -> None:
    """librdkafka's background thread commits what is stored, whatever the application does (R84)."""
    consumer = sim.state.cluster.consumers[name]
    if (consumer.incarnation, consumer.assigned_at_us) != (incarnation, assigned_at_us):
        return
    if consumer.state in ("dead", "closed", "leaving"):
        return
    if consumer.state != "paused":
        commit(sim, consumer, "timer")
    args = (name, incarnation, assigned_at_us)
    sim.schedule(interval_us(consumer), TIMER, _store_timer, *args, cause=0)


@due
def auto_commit(sim: Simulation, name: str, life: int) -> None:
    """While poll() waits the application comes back to it all the time, so that auto-commit is punctual
    (R83).
    """
    consumer = sim.state.cluster.consumers[name]
    if consumer.life != life or consumer.settings.commit != "auto":
        return
    if sim.now_us - consumer.committed_at_us >= interval_us(consumer):
        wakeup.progress(sim, consumer)
    left_us = consumer.committed_at_us + interval_us(consumer) - sim.now_us
    delay_us = left_us if left_us > 0 else interval_us(consumer)
    sim.schedule(max(delay_us, 1_000), TIMER, auto_commit, name, life, cause=0)
