"""A consumer joins, fetches, polls, commits, seeks; its application works on records, stops, dies."""

from __future__ import annotations

from mqviz.model.command.consumer import AddConsumer
from mqviz.model.event import Event, Weight
from mqviz.model.kafka.clients.consumer.state import Phase
from mqviz.model.kafka.coordinator.consumer.state import Partitions


class ConsumerAdded(Event, frozen=True):
    """A consumer process started and subscribed; it is no member yet."""

    name: str
    settings: AddConsumer
    topics: tuple[str, ...]


class PollCalled(Event, frozen=True):
    """The application called poll()."""

    consumer: str


class FetchStarted(Event, frozen=True):
    """A fetch left for a broker; no other goes there until it is back (R79)."""

    consumer: str
    broker: int
    number: int


class RecordsFetched(Event, frozen=True, omit_defaults=True):
    """A fetch came back; these ranges wait in the process until poll() returns them; `hidden`: base offsets
    of aborted batches.
    """

    consumer: str
    broker: int
    parts: tuple[tuple[str, int, int, int], ...]
    hidden: tuple[tuple[str, int, int], ...] = ()


class RecordsReturned(Event, frozen=True):
    """poll() returned these ranges: the position moves now (R79)."""

    weight = Weight.STEP
    consumer: str
    group: str
    parts: tuple[tuple[str, int, int, int], ...]


class RecordTaken(Event, frozen=True):
    """The application began to work on a record."""

    consumer: str
    topic: str
    partition: int
    offset: int
    key: str | None
    ends_at_us: int


class RecordsProcessed(Event, frozen=True):
    """The application is done with offsets first … end - 1: their effect has happened."""

    weight = Weight.STEP
    consumer: str
    group: str
    topic: str
    partition: int
    first: int
    end: int


class RecordsSkipped(Event, frozen=True):
    """The application does not work on these offsets: its table says that they are done, or its commit failed
    (R86).
    """

    weight = Weight.STEP
    consumer: str
    group: str
    topic: str
    partition: int
    first: int
    end: int
    because: str


class CommitStarted(Event, frozen=True):
    """The process asked its coordinator to commit.

    `purpose`: application (commitSync after the work, which waits), before or each (the same before the work,
    after a record), command (by hand), async (commitAsync) or timer (auto-commit), which do not wait, rejoin
    or close (auto-commit before the partitions are given up, which waits) (R83, R85).
    """

    consumer: str
    number: int
    purpose: str


class CommitEnded(Event, frozen=True):
    """The answer to commit `number` came: the coordinator remembers, and whoever waited for that goes on."""

    consumer: str
    number: int


class CommitRefused(Event, frozen=True):
    """The coordinator refused commit `number`; the application goes on without it (R85).

    `named` is the error's name and code; `number` 0: the client knows that it is no member and did not ask.
    """

    weight = Weight.MOMENT
    consumer: str
    group: str
    number: int
    error: int
    named: str


class ConsumerProcessingSet(Event, frozen=True):
    """From the next record on the application takes so long for each."""

    weight = Weight.STEP
    consumer: str
    processing_us: int


class ConsumerChanged(Event, frozen=True):
    """The process was paused, resumed, killed, asked to close, is leaving or is gone: see Consumer.state."""

    weight = Weight.MOMENT
    consumer: str
    group: str
    state: str


class ConsumerFailed(Event, frozen=True):
    """poll() threw, by its exception's name, and the application ends."""

    weight = Weight.MOMENT
    consumer: str
    group: str
    exception: str


class PollEnded(Event, frozen=True):
    """poll() is over in an application that polls only when told; `exception`: what it threw, by name, else
    empty.
    """

    weight = Weight.STEP
    consumer: str
    group: str
    exception: str


class LoopSet(Event, frozen=True):
    """The application polls all the time from now on, or only when told."""

    weight = Weight.STEP
    consumer: str
    loop: bool


class ApplicationBusy(Event, frozen=True):
    """The application does something else until `until_us`; `now`: it is not in the middle of records or a
    commit.
    """

    weight = Weight.STEP
    consumer: str
    until_us: int
    now: bool


class Sought(Event, frozen=True):
    """seek(): reading goes on at these offsets (topic, partition, offset);
    what was fetched is dropped (R88).
    """

    weight = Weight.MOMENT
    consumer: str
    group: str
    positions: tuple[tuple[str, int, int], ...]


class PositionLost(Event, frozen=True):
    """The position must be looked for anew, as the partition says; `because` in plain words (R81)."""

    weight = Weight.MOMENT
    consumer: str
    group: str
    partitions: tuple[tuple[str, int], ...]
    reset: str
    at_us_wanted: int
    because: str


class PositionDelayed(Event, frozen=True):
    """No answer says where to read these; the client asks again at `until_us` at the earliest (R81, R82)."""

    consumer: str
    partitions: tuple[tuple[str, int], ...]
    until_us: int


class PartitionsPaused(Event, frozen=True):
    """pause() or resume(): see TopicPartitionState.paused (R89)."""

    weight = Weight.STEP
    consumer: str
    group: str
    partitions: tuple[tuple[str, int], ...]
    paused: bool


class CommitRetried(Event, frozen=True, omit_defaults=True):
    """Commit `number` met an error that passes; the client sends it again after its backoff (R85).

    An auto-commit is one of what is read by then: `since_us`: auto.commit.interval.ms runs as if from there
    on (R83).
    """

    consumer: str
    number: int
    error: int
    named: str
    since_us: int | None = None


class StoredCommitted(Event, frozen=True):
    """librdkafka sends these stored offsets for commit (R84)."""

    consumer: str
    offsets: tuple[tuple[str, int, int], ...]


class MembershipChanged(Event, frozen=True):
    """What the process knows of its membership.

    `lost`: its partitions were taken from it behind its back. `given`: what SyncGroup brought, None for
    another event. `fenced`: another process has its group.instance.id, the next poll() throws (R113).
    """

    consumer: str
    phase: Phase
    member_id: str
    generation: int
    lost: bool = False
    given: tuple[tuple[str, int], ...] | None = None
    fenced: bool = False


class RejoinNeeded(Event, frozen=True):
    """The process was told that the group rebalances; it joins again at its next poll() (R106)."""

    consumer: str
    group: str


class AssignmentComputed(Event, frozen=True):
    """The group leader's assignor decided who gets what: by member id; `partitions`: of each topic how many
    (R104).
    """

    weight = Weight.STEP
    consumer: str
    group: str
    generation: int
    assignor: str
    partitions: tuple[tuple[str, int], ...]
    assignments: tuple[tuple[str, tuple[tuple[str, int], ...]], ...]


class ShareArrived(Event, frozen=True):
    """SyncGroup was answered while the application works on records: the callbacks come with its next poll()
    (R109).
    """

    consumer: str
    group: str
    generation: int
    partitions: tuple[tuple[str, int], ...]


class PartitionsAssigned(Event, frozen=True):
    """onPartitionsAssigned: the process may read these partitions from now on (R108)."""

    weight = Weight.STEP
    consumer: str
    group: str
    generation: int
    partitions: tuple[tuple[str, int], ...]


class PartitionsRevoked(Event, frozen=True):
    """onPartitionsRevoked, or onPartitionsLost: the process stops reading them; what it had fetched is
    dropped.
    """

    weight = Weight.STEP
    consumer: str
    group: str
    partitions: tuple[tuple[str, int], ...]
    lost: bool


class PositionsAsked(Event, frozen=True):
    """These are the requests from which the process will learn where to start reading; () when all are
    answered.
    """

    consumer: str
    numbers: tuple[int, ...]


class PositionsSet(Event, frozen=True):
    """Where the process starts to read: (topic, partition, offset, because of: committed, earliest, latest)
    (R81).
    """

    weight = Weight.STEP
    consumer: str
    group: str
    positions: tuple[tuple[str, int, int, str], ...]


class ClientMemberStarted(Event, frozen=True):
    """A process will be a member; it makes its own id, which it keeps as long as it lives."""

    consumer: str
    member_id: str
    incarnation: int


class ClientMemberChanged(Event, frozen=True):
    """The process's view of its membership moved on."""

    consumer: str
    state: str
    epoch: int
    error: int = 0


class ClientHeartbeatSent(Event, frozen=True):
    """Heartbeat `number` left; `told`: what the process reads, as far as the coordinator will know then."""

    consumer: str
    number: int
    told: Partitions


class ClientHeartbeatEnded(Event, frozen=True):
    """The answer came, or none will come (`failed`); `target` None: as before; `interval_us` until the next
    one.
    """

    consumer: str
    failed: bool
    interval_us: int
    target: Partitions | None


class ReplicaPreferred(Event, frozen=True):
    """The consumer reads this partition from `broker` until `until_us`, or from the leader again (-1);
    `because` in plain words.
    """

    weight = Weight.STEP
    consumer: str
    topic: str
    partition: int
    broker: int
    until_us: int
    because: str


class PositionsMoved(Event, frozen=True):
    """These ranges held nothing that the application may see (markers, aborted records): the position jumps
    over them (R63).
    """

    consumer: str
    parts: tuple[tuple[str, int, int, int], ...]
