"""Facts: pure functions that read a State; the only way that scenes, goals, reports and tests look at it.

Each reads whichever part of the State is there: `cluster` (simulated, complete) or `observed` (real, each
value or Unknown). One file a subject; `simulated` reads the cluster and `watched` what was observed, and the
functions of this file ask the one that knows. Facts with a plain name and plain arguments are in `NAMED`, so
that a lesson's goal can ask for them by name. `needs` says what a backend must be able to see or do for the
fact to be known.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from mqviz.facts import consumer_group, crash, fates, log_files, simulated, systems, tenure
from mqviz.facts.fates import Deliveries, Fate, RecordLedger
from mqviz.facts.log_files import SegmentView
from mqviz.facts.views import (
    Disturbance,
    Flight,
    GroupView,
    Lag,
    Ledger,
    MemberView,
    ProducerView,
    RequestView,
    ServiceView,
    Tape,
    Tenure,
    TopicView,
)
from mqviz.facts.watched import cluster as observed
from mqviz.model.observed.state import Unknown
from mqviz.model.registry import Registry
from mqviz.model.state import State

Function = TypeVar("Function", bound=Callable[..., Any])

NAMED: Registry[str, Callable[..., Any]] = Registry("two facts are called")
"""Facts that goals and predictions may ask for by name: arguments after `state` are str or int, all optional
but the group.
"""


def named(function: Function) -> Function:
    """Let lessons ask for this fact by its name."""
    NAMED.add(function.__name__, function)
    return function


def is_observed(state: State) -> bool:
    """True if a real cluster is being watched."""
    return state.observed.bootstrap != ""


def _half(state: State) -> Any:
    return observed if is_observed(state) else simulated


# -- the cluster ---------------------------------------------------------------------------------------


def topics(state: State) -> tuple[TopicView, ...]:
    """Topics by name, without Kafka's internal ones."""
    return _half(state).topics(state)  # type: ignore[no-any-return]


def tape(state: State, topic: str, partition: int, last: int) -> Tape:
    """The last `last` records of a partition and its marks."""
    return _half(state).tape(state, topic, partition, last)  # type: ignore[no-any-return]


def producers(state: State) -> tuple[ProducerView, ...]:
    """Producers that mqviz runs or simulates, in the order they were added; closed ones are left out."""
    return _half(state).producers(state)  # type: ignore[no-any-return]


def flights(state: State) -> tuple[Flight, ...]:
    """Records on their way at this moment, in the order they were sent."""
    return _half(state).flights(state)  # type: ignore[no-any-return]


def key_letters(state: State) -> tuple[str, ...]:
    """Keys in the order of their first appearance in the run; the n-th has the n-th letter, for the whole
    run.
    """
    return _half(state).key_letters(state)  # type: ignore[no-any-return]


# -- groups --------------------------------------------------------------------------------------------


def groups(state: State) -> tuple[GroupView, ...]:
    """Consumer groups: simulated ones in the order they appeared, watched ones by name."""
    return _half(state).groups(state)  # type: ignore[no-any-return]


def members(state: State, group: str) -> tuple[MemberView, ...]:
    """Members of a group in the order they first joined; dead ones stay until the group removed them."""
    return _half(state).members(state, group)  # type: ignore[no-any-return]


@named
def owner(state: State, group: str, topic: str, partition: int) -> str | None | Unknown:
    """Name of the member that owns the partition now; None: nobody reads it."""
    return _half(state).owner(state, group, topic, partition)  # type: ignore[no-any-return]


def committed(state: State, group: str, topic: str, partition: int) -> int | None | Unknown:
    """Committed offset: the next one to read after a restart (R82); None: no commit yet."""
    return _half(state).committed(state, group, topic, partition)  # type: ignore[no-any-return]


def position(state: State, group: str, topic: str, partition: int) -> int | None | Unknown:
    """The owner's position: the next offset it will take (R79); None: nobody reads it."""
    return _half(state).position(state, group, topic, partition)  # type: ignore[no-any-return]


def partition_lag(state: State, group: str, topic: str, partition: int) -> Lag:
    """End minus committed, as Kafka's own tool counts it (R91)."""
    return _half(state).partition_lag(state, group, topic, partition)  # type: ignore[no-any-return]


def group_lag(state: State, group: str) -> Lag:
    """Lag summed over all partitions whose lag is a number."""
    return _half(state).group_lag(state, group)  # type: ignore[no-any-return]


def tenures(state: State, group: str) -> tuple[Tenure, ...]:
    """Who of the group read each of its partitions when; of a real cluster that is not seen."""
    return () if is_observed(state) else tenure.tenures(state, group)


def disturbance(state: State, group: str) -> Disturbance | None:
    """What happened to the group last: whose process came or went, and when; of a real cluster that is not
    seen.
    """
    return None if is_observed(state) else tenure.disturbance(state, group)


def ledger(state: State, group: str) -> Ledger | Unknown:
    """Where every record of the group's topics is."""
    return _half(state).ledger(state, group)  # type: ignore[no-any-return]


# -- logs and records of the simulated cluster ------------------------------------------------------------


def segments(state: State, topic: str, partition: int, broker: int = -1) -> tuple[SegmentView, ...]:
    """The segments of a broker's copy, -1: of the partition leader's; of a real cluster they are not seen."""
    return () if is_observed(state) else log_files.segments(state, topic, partition, broker)


def record_ledger(state: State, topic: str, partition: int | None = None) -> RecordLedger | Unknown:
    """What became of the records sent to a topic: acknowledged, in the log, lost and why."""
    return INSIDE if is_observed(state) else fates.record_ledger(state, topic, partition)


def deliveries(state: State, group: str, topic: str, partition: int) -> Deliveries | Unknown:
    """How many records the group processed never, once, more often."""
    return INSIDE if is_observed(state) else fates.deliveries(state, group, topic, partition)


def fate(state: State, producer: str, topic: str, partition: int, number: int) -> Fate | Unknown:
    """What became of one record, by its number among its producer's to this partition."""
    return INSIDE if is_observed(state) else fates.fate(state, producer, topic, partition, number)


INSIDE = Unknown("only a simulated cluster shows what is inside its brokers")


# -- named facts: numbers for goals and predictions ------------------------------------------------------


@named
def log_start(state: State, topic: str, partition: int = 0) -> int | Unknown:
    """The first offset that can be read."""
    return tape(state, topic, partition, 0).log_start


@named
def storage_bytes(state: State, topic: str) -> int | Unknown:
    """Bytes that the topic takes on all disks."""
    return INSIDE if is_observed(state) else log_files.storage(state, topic)


@named
def lost_records(state: State, topic: str) -> int | Unknown:
    """How many acknowledged records of the topic are lost."""
    found = record_ledger(state, topic)
    return found if isinstance(found, Unknown) else sum(found.lost.values())


@named
def duplicate_records(state: State, topic: str) -> int | Unknown:
    """How many copies beyond the first are in the topic's logs."""
    found = record_ledger(state, topic)
    return found if isinstance(found, Unknown) else found.duplicates


@named
def member_count(state: State, group: str) -> int | Unknown:
    """How many members the group has."""
    return len([m for m in members(state, group) if m.state != "dead"])


@named
def partition_count(state: State, topic: str) -> int | Unknown:
    """How many partitions the topic has."""
    return next((t.partitions for t in topics(state) if t.name == topic), 0)


@named
def idle_members(state: State, group: str) -> int | Unknown:
    """How many members own no partition once the group is settled (R114)."""
    found = members(state, group)
    if any(m.state in ("joining", "unknown") for m in found):
        return Unknown("the group is rebalancing", state.now_us)
    return len([m for m in found if m.state != "dead" and not m.partitions])


@named
def owned_partitions(state: State, group: str, member: str = "") -> int | Unknown:
    """How many partitions the member owns (without a member: all members together)."""
    return sum(len(m.partitions) for m in members(state, group) if member in ("", m.name))


@named
def lag(state: State, group: str, topic: str = "", partition: int = -1) -> int | None | Unknown:
    """Lag of one partition, or of the whole group."""
    reading = partition_lag(state, group, topic, partition) if topic else group_lag(state, group)
    return reading.value


@named
def time_lag(state: State, group: str, topic: str, partition: int = 0) -> int | None | Unknown:
    """How old the first record is that the group has not committed, in us (R92)."""
    return INSIDE if is_observed(state) else crash.time_lag(state, group, topic, partition)


def exposures(state: State, topic: str, partition: int) -> tuple[crash.Exposure, ...]:
    """What a crash would cost each group that reads this partition, and what it did cost; nothing of a real
    cluster.
    """
    return () if is_observed(state) else crash.exposures(state, topic, partition)


def times_done(state: State, group: str, topic: str, partition: int, first: int, end: int) -> tuple[int, ...]:
    """How often a group of a simulated cluster did each of the offsets first … end - 1."""
    return crash.times_done(state, group, topic, partition, first, end)


@named
def read_again(state: State, group: str, topic: str, partition: int = 0) -> int | Unknown:
    """How many offsets the successor of a dead reader read again."""
    return _cost(state, group, topic, partition, "again")


@named
def never_done(state: State, group: str, topic: str, partition: int = 0) -> int | Unknown:
    """How many offsets below the commit the group never did and never will."""
    return _cost(state, group, topic, partition, "lost")


def _cost(state: State, group: str, topic: str, partition: int, which: str) -> int | Unknown:
    if is_observed(state):
        return INSIDE
    found = [e for e in exposures(state, topic, partition) if e.group == group]
    return int(getattr(found[0].did, which)) if found else 0


@named
def generation(state: State, group: str) -> int | Unknown:
    """The group's generation (classic) or epoch."""
    return next((g.generation for g in groups(state) if g.name == group), 0)


@named
def group_epoch(state: State, group: str) -> int:
    """The group epoch of a group of the consumer protocol: it rises with each join, leave and change of
    topics (R122).
    """
    return consumer_group.group_epochs(state, group)[0]


@named
def assignment_epoch(state: State, group: str) -> int:
    """The group epoch that the last target assignment was computed for (R122)."""
    return consumer_group.group_epochs(state, group)[1]


def member_progress(state: State, group: str) -> tuple[consumer_group.MemberProgress, ...]:
    """How far each member of a group of the consumer protocol is from its target (R123)."""
    return consumer_group.member_progress(state, group)


@named
def processed(state: State, group: str, member: str = "") -> int | Unknown:
    """How many records the members of the group have processed."""
    total = 0
    for found in members(state, group):
        if member in ("", found.name):
            if isinstance(found.processed, Unknown):
                return found.processed
            total += found.processed
    return total


# -- the guide's other systems ---------------------------------------------------------------------------


def requests(state: State, service: str) -> tuple[RequestView, ...]:
    """Sign-ups of a service, oldest first: those still going on and the last 256 that ended."""
    return systems.requests(state, service)


def services(state: State) -> tuple[ServiceView, ...]:
    """Sign-up services in the order they were added."""
    return systems.services(state)


@named
def answered(state: State, service: str) -> int:
    """How many sign-ups got an answer."""
    return systems.service(state, service).answered


@named
def failed(state: State, service: str) -> int:
    """How many sign-ups failed."""
    return systems.service(state, service).failed


@named
def mails_sent(state: State, service: str) -> int:
    """How many mails were sent."""
    return systems.service(state, service).mails_sent


@named
def mails_waiting(state: State, service: str) -> int:
    """How many mails wait in the queue, or in a worker's hands."""
    return systems.service(state, service).mails_waiting


@named
def mean_answer_ms(state: State, service: str) -> float | None:
    """Mean time from sign-up to answer so far, in milliseconds."""
    mean = systems.service(state, service).mean_answer_us
    return None if mean is None else mean / 1000


@named
def answer_ms(state: State, service: str, client: int = 1) -> float | None:
    """How long client number `client` waited for its answer, in milliseconds; None: no answer yet."""
    return systems.answer_ms(state, service, client)
