"""Observed: a real Kafka as far as it was seen; each value, or Unknown with its reason.

Offsets are kept flat ({topic: {partition: offset}}), because a large cluster has ten thousand log ends and a
fifth of a million commits; whatever can be computed from them is computed where it is shown. What clusters
hand out (frozen structs, dicts of an event) is kept as it came and never changed.
"""

from __future__ import annotations

import msgspec

from mqviz.model.observed.track import Track


class Unknown(msgspec.Struct, frozen=True):
    """A value that could not be seen: why, and since when (microseconds)."""

    reason: str
    since_us: int = 0


NOT_SEEN = Unknown("not seen yet")

NO_RIGHT = "no right to"
"""How the reason begins wherever the cluster refuses to tell for want of a permission."""


class SeenBroker(msgspec.Struct, frozen=True):
    """A broker as the cluster advertises it."""

    host: str
    port: int
    rack: str | None = None


class SeenPartition(msgspec.Struct, frozen=True):
    """A partition as Metadata tells it; `leader` -1: none. `epoch`: of the leader,
    -1 where it is not told.
    """

    leader: int
    epoch: int = -1
    replicas: tuple[int, ...] = ()
    isr: tuple[int, ...] = ()


class SeenTopic(msgspec.Struct):
    """A topic: the n-th of `partitions` is partition n.

    `refused`: why the topic cannot be read (no right, or gone: then it stays, because groups still have
    commits there). `leaderless`: some partition has no leader. `ends_unknown`: the partitions whose end was
    asked for and not told, and why.
    """

    id: str = ""
    internal: bool = False
    partitions: tuple[SeenPartition, ...] = ()
    refused: Unknown | None = None
    gone: bool = False
    leaderless: bool = False
    ends: Track = msgspec.field(default_factory=Track)
    ends_unknown: dict[int, Unknown] = {}
    starts: dict[int, int] = {}


class SeenMember(msgspec.Struct, frozen=True):
    """A member as the coordinator describes it: what it holds, and (consumer protocol) what it is to hold.

    `assignment` and `target` are {topic: partitions}; `target` is None where the protocol has none.
    """

    id: str
    client_id: str
    host: str = ""
    instance_id: str | None = None
    assignment: dict[str, tuple[int, ...]] = {}
    target: dict[str, tuple[int, ...]] | None = None


class Rewind(msgspec.Struct, frozen=True):
    """A commit that moved back: seen at `at_us`, from one offset to a smaller one."""

    at_us: int
    topic: str
    partition: int
    before: int
    after: int


class Move(msgspec.Struct, frozen=True):
    """A partition that changed hands; names of members, "" for nobody."""

    topic: str
    partition: int
    before: str
    after: str


class Rebalance(msgspec.Struct, frozen=True):
    """What two describes of a group, at `since_us` and at `at_us`, differ in.

    One or more rebalances lie between them: `at_least` of them. `took_us`: how long the group was seen
    unsettled; it took at least that long. `going_on`: it was not over when last seen.
    """

    at_us: int
    since_us: int
    joined: tuple[str, ...]
    left: tuple[str, ...]
    moved: tuple[Move, ...]
    at_least: int = 1
    took_us: int = 0
    going_on: bool = False


class LagSample(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """A group at the end of a beat: sums over the `known` of `total` partitions whose lag is a number.

    Samples with the same `span` are sums over the same partitions, so only they may be subtracted.
    """

    at_us: int
    lag: int
    ends: int
    commits: int
    known: int
    total: int
    span: int


class Stall(msgspec.Struct, frozen=True):
    """A partition with unread records whose commit stays at `offset` since `since_us` while its log grew by
    `grown`.

    `at_least`: it may have been so for longer; the look back ends there.
    """

    topic: str
    partition: int
    offset: int
    since_us: int
    grown: int
    at_least: bool = False


class LagSummary(msgspec.Struct, frozen=True):
    """What stood out when the sums of a group were taken; places are (topic, partition).

    `worst`: the largest lag. `behind`: how many partitions have unread records; `stalls`: how many of these
    make no progress, `stall` the one with the largest lag. `breach`: a commit below the log start, and by how
    many offsets; `ahead`: a commit beyond the end, likewise. `reasons`: {why a lag is no number: partitions}.
    """

    worst: tuple[str, int, int] | None = None
    behind: int = 0
    stall: Stall | None = None
    stalls: int = 0
    breach: tuple[str, int, int] | None = None
    breaches: int = 0
    ahead: tuple[str, int, int] | None = None
    reasons: dict[str, int] = {}
    no_commit: int = 0


class SeenGroup(msgspec.Struct):
    """A group of any type. `refreshed_us`: end of the last beat that read its commits and ends, -1 for none
    yet.

    `generation`: the group epoch of the consumer protocol. `members` are in the order they were first seen.
    `commits`: {topic: offsets}; `commits_unknown`: all of them, or single partitions, and why.
    `progress_us`: when a commit was last seen to move forward. `empty_us`: since when it has no members;
    `emptied`: it had some before, so that this is when they left.
    `settled_members`: as of the last describe at which no rebalance went on; `unsettled_us`: since when one
    does.
    """

    kind: str | Unknown = NOT_SEEN
    state: str | Unknown = NOT_SEEN
    coordinator: int | Unknown = NOT_SEEN
    generation: int | Unknown = NOT_SEEN
    assignor: str | Unknown = NOT_SEEN
    members: tuple[SeenMember, ...] | Unknown = NOT_SEEN
    described_us: int = -1
    settled_members: tuple[SeenMember, ...] | None = None
    unsettled_us: int = -1
    empty_us: int = -1
    emptied: bool = False
    commits: dict[str, Track] = {}
    commits_unknown: Unknown | None = None
    partitions_unknown: dict[str, dict[int, Unknown]] = {}
    progress_us: int = -1
    refreshed_us: int = -1
    samples: list[LagSample] = []
    summary: LagSummary = LagSummary()
    unsummed: tuple[tuple[str, int], ...] = ()
    rebalances: list[Rebalance] = []
    rewinds: list[Rewind] = []


class Refresh(msgspec.Struct, frozen=True):
    """One round of requests: `failed` is {broker: reason} of those that did not answer in it."""

    number: int = 0
    began_us: int = 0
    ended_us: int = 0
    requests: int = 0
    failed: dict[int, str] = {}
    period_us: int = 0


class Outgoing(msgspec.Struct, frozen=True):
    """A record that a producer of ours sent and that is not acknowledged; partition -1, arrives_at_us 0: not
    known yet.
    """

    number: int
    topic: str
    key: str | None
    sent_at_us: int
    partition: int = -1
    arrives_at_us: int = 0


class DrivenProducer(msgspec.Struct):
    """A real producer that mqviz runs. `state`: running, paused, dead, closed. `ended`: the reason why it
    ended.
    """

    topic: str
    rate_per_s: float
    acks: str
    partitioner: str
    pid: int
    state: str = "running"
    ended: str = ""
    sent: int = 0
    acknowledged: int = 0
    failed: int = 0
    outgoing: dict[int, Outgoing] = {}


class Taken(msgspec.Struct, frozen=True):
    """The record that a consumer of ours works on."""

    topic: str
    partition: int
    offset: int
    key: str | None
    at_us: int


class DrivenConsumer(msgspec.Struct):
    """A real consumer that mqviz runs. `state`: running, paused, dead, closed.

    `settled`: its last callback gave it partitions (perhaps none); otherwise it is joining. `positions`:
    {topic: {partition: next offset}} of what it was given.
    """

    group: str
    topic: str
    pid: int
    state: str = "running"
    ended: str = ""
    settled: bool = False
    partitions: tuple[tuple[str, int], ...] = ()
    positions: dict[str, dict[int, int]] = {}
    in_hand: Taken | None = None
    fetched: int = 0
    processed: int = 0


class KnownRecord(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """A record whose content was seen."""

    offset: int
    key: str | None
    producer: str
    at_us: int


class DrivenPartition(msgspec.Struct):
    """Records of one partition that mqviz sent or read: the last ones, and which offsets are ours.

    `ours`: one byte an offset from `first` on, 1 where a producer of ours wrote it. `done`: {group: one byte
    an offset from `first` on, how often the group's members processed it (255: that often or more)}.
    """

    first: int
    last_records: list[KnownRecord] = []
    ours: bytearray = msgspec.field(default_factory=bytearray)
    done: dict[str, bytearray] = {}


class Driven(msgspec.Struct):
    """The clients that mqviz runs on the cluster, in the order they were started, and what they did.

    `keys`: {key: its place in the order of first appearance}.
    """

    producers: dict[str, DrivenProducer] = {}
    consumers: dict[str, DrivenConsumer] = {}
    partitions: dict[str, dict[int, DrivenPartition]] = {}
    keys: dict[str, int] = {}


class Observed(msgspec.Struct):
    """Brokers, topics, offsets and groups of a real Kafka, and the clients that mqviz runs there.

    `bootstrap`: what the cluster was reached by, "" while no cluster is watched. `wall_us`: what the clock on
    the wall shows at time 0, in microseconds since 1970 of its own time zone; None: not told. `lost`: why and
    since when nothing of the cluster answers; None while it does. `brokers_lost`: the same for single
    brokers.
    """

    bootstrap: str = ""
    wall_us: int | None = None
    cluster_id: str | Unknown = NOT_SEEN
    controller: int | Unknown = NOT_SEEN
    lost: Unknown | None = None
    beat: Refresh = Refresh()
    brokers: dict[int, SeenBroker] = {}
    brokers_lost: dict[int, Unknown] = {}
    topics: dict[str, SeenTopic] = {}
    groups: dict[str, SeenGroup] = {}
    driven: Driven = msgspec.field(default_factory=Driven)
