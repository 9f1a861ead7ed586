"""What was seen of a real Kafka: one event an answer, with only what changed, as absolute values.

`at_us` is when it was seen (never decreasing), `since_us` the earliest it can have happened: the last time
that it was still otherwise. Events that a long run may thin say so with `thinned`; two of them with the same
`thin_key` can be replaced by `later.absorb(earlier)`, because each tells only what changed. Members,
partition leaders, lost brokers and commands are never thinned.
"""

from __future__ import annotations

from typing import ClassVar, Self

import msgspec

from mqviz.model.event import Event, Weight
from mqviz.model.observed.state import SeenBroker, SeenMember, SeenPartition

ByPartition = dict[str, dict[int, int]]
"""{topic: {partition: offset}}."""

Reasons = dict[str, dict[int, str]]
"""{topic: {partition: why its offset is not known}}."""


class Seen(Event, frozen=True):
    """Base of everything that was seen. `since_us`: the earliest it can have happened."""

    since_us: int

    thinned: ClassVar[bool] = False

    def thin_key(self) -> str | None:
        """Events with the same key may be merged within a window of a long run; None: never."""
        return type(self).__name__ if self.thinned else None

    def absorb(self, earlier: Self) -> Self:
        """This event with what only `earlier`, of the same key, told."""
        del earlier
        return self


# -- the connection --------------------------------------------------------------------------------------


class WatchBegan(Seen, frozen=True):
    """A cluster is being watched through `bootstrap`; the focused group is asked for every `period_us` (0:
    only once).

    `wall_us`: what the clock on the wall shows at time 0 of this run (us since 1970 of the local time zone),
    so that moments can be told as 12:04:31; None: they are told as ages.
    """

    weight = Weight.MOMENT
    bootstrap: str
    period_us: int = 2_000_000
    wall_us: int | None = None


class ConnectionLost(Seen, frozen=True):
    """No broker answers any more; the last picture stays."""

    weight = Weight.MOMENT
    reason: str


class ConnectionBack(Seen, frozen=True):
    """Some broker answers again."""

    weight = Weight.MOMENT


class BrokerLost(Seen, frozen=True):
    """One broker does not answer: ends of the logs that it leads, and commits of its groups, are unknown."""

    weight = Weight.MOMENT
    broker: int
    reason: str


class BrokerBack(Seen, frozen=True):
    """The broker answers again."""

    weight = Weight.MOMENT
    broker: int


class RefreshEnded(Seen, frozen=True):
    """One round of requests is over. `groups`: those whose commits and ends were both asked for in it.

    The event comes after the events of its answers, also when nothing changed: it is what makes values fresh.
    """

    thinned = True
    number: int
    began_us: int
    requests: int
    groups: tuple[str, ...] = ()
    failed: dict[int, str] = {}
    period_us: int = 0

    def absorb(self, earlier: Self) -> Self:
        """The later beat, which also made fresh what the earlier one did."""
        more = dict.fromkeys(self.groups) | dict.fromkeys(earlier.groups)
        return msgspec.structs.replace(self, groups=tuple(more))


# -- brokers, topics, offsets ----------------------------------------------------------------------------


class ClusterSeen(Seen, frozen=True):
    """The brokers of the cluster, all of them, when any of it changed."""

    weight = Weight.STEP
    cluster_id: str | None
    controller: int | None
    brokers: dict[int, SeenBroker]


class TopicSeen(msgspec.Struct, frozen=True):
    """A topic, whole; the n-th of `partitions` is partition n. `refused`: why it cannot be read, or ""."""

    id: str
    internal: bool
    partitions: tuple[SeenPartition, ...]
    refused: str = ""


class TopicsSeen(Seen, frozen=True):
    """Topics that are new or changed (partitions, leaders, in-sync replicas), and those that are gone."""

    weight = Weight.STEP
    topics: dict[str, TopicSeen]
    gone: tuple[str, ...] = ()


class EndsSeen(Seen, frozen=True):
    """Where logs led by `broker` end, as a consumer sees it (the high watermark); `unknown` where it was not
    told.
    """

    thinned = True
    broker: int
    ends: ByPartition
    unknown: Reasons = {}

    def thin_key(self) -> str:
        """Answers of one broker replace each other."""
        return f"ends {self.broker}"

    def size(self) -> int:
        """One an end."""
        return 1 + sum(map(len, self.ends.values())) + sum(map(len, self.unknown.values()))

    def absorb(self, earlier: Self) -> Self:
        """The later answer, and what only the earlier one told."""
        ends, unknown = _absorb(self.ends, self.unknown, earlier.ends, earlier.unknown)
        return msgspec.structs.replace(self, ends=ends, unknown=unknown)


class LogStartsSeen(Seen, frozen=True):
    """Where logs led by `broker` start: what is older is deleted."""

    thinned = True
    broker: int
    starts: ByPartition

    def thin_key(self) -> str:
        """Answers of one broker replace each other."""
        return f"starts {self.broker}"

    def size(self) -> int:
        """One a log start."""
        return 1 + sum(map(len, self.starts.values()))

    def absorb(self, earlier: Self) -> Self:
        """The later answer, and what only the earlier one told."""
        return msgspec.structs.replace(self, starts=_overlay(earlier.starts, self.starts))


# -- groups ----------------------------------------------------------------------------------------------


class GroupListed(msgspec.Struct, frozen=True):
    """A group as its coordinator lists it. `kind`: classic, consumer, share, streams; None: the broker does
    not tell.
    """

    kind: str | None
    state: str


class GroupsListed(Seen, frozen=True):
    """Groups that `broker` coordinates, those that are new or changed; `gone` exist nowhere any more."""

    weight = Weight.STEP
    broker: int
    groups: dict[str, GroupListed]
    gone: tuple[str, ...] = ()


class GroupSeen(Seen, frozen=True):
    """A group as its coordinator describes it, whole, when any of it changed; `since_us`: the describe
    before.

    `generation` None: the protocol does not tell it (classic); `assignor` "": none chosen yet.
    """

    weight = Weight.STEP
    group: str
    kind: str
    state: str
    coordinator: int
    generation: int | None
    assignor: str
    members: tuple[SeenMember, ...]


class GroupHidden(Seen, frozen=True):
    """The members of a group, or its commits, cannot be read. `what`: members, commits or both; `reason`: a
    sentence.
    """

    weight = Weight.STEP
    group: str
    what: str
    reason: str


class GroupCommits(msgspec.Struct, frozen=True):
    """Commits of one group that changed: new offsets, partitions without a commit any more,
    and unknown ones.
    """

    offsets: ByPartition = {}
    gone: dict[str, tuple[int, ...]] = {}
    unknown: Reasons = {}


class CommitsSeen(Seen, frozen=True):
    """Commits of groups that `broker` coordinates, those that changed."""

    thinned = True
    broker: int
    groups: dict[str, GroupCommits]

    def thin_key(self) -> str:
        """Answers of one broker replace each other."""
        return f"commits {self.broker}"

    def size(self) -> int:
        """One a commit."""
        told = [*self.groups.values()]
        return 1 + sum(sum(map(len, c.offsets.values())) + sum(map(len, c.unknown.values())) for c in told)

    def absorb(self, earlier: Self) -> Self:
        """The later answer, and what only the earlier one told."""
        merged = dict(earlier.groups)
        for name, commits in self.groups.items():
            merged[name] = _absorb_commits(merged[name], commits) if name in merged else commits
        return msgspec.structs.replace(self, groups=merged)


def _absorb_commits(earlier: GroupCommits, later: GroupCommits) -> GroupCommits:
    left = {topic: dict.fromkeys(partitions, 0) for topic, partitions in later.gone.items()}
    before = {topic: dict(why) for topic, why in earlier.unknown.items()}
    _without(before, left)
    offsets, unknown = _absorb(later.offsets, later.unknown, earlier.offsets, before)
    _without(offsets, left)
    gone = {topic: dict.fromkeys(partitions, 0) for topic, partitions in earlier.gone.items()}
    gone = _overlay(gone, left)
    _without(gone, later.offsets)
    return GroupCommits(offsets, {topic: tuple(ps) for topic, ps in gone.items()}, unknown)


def _absorb(
    offsets: ByPartition, unknown: Reasons, earlier_offsets: ByPartition, earlier_unknown: Reasons
) -> tuple[ByPartition, Reasons]:
    """Offsets and reasons of two answers as one; a value takes the place of a reason, not the other way
    round.
    """
    reasons = {topic: dict(why) for topic, why in earlier_unknown.items()}
    _without(reasons, offsets)
    for topic, why in unknown.items():
        reasons.setdefault(topic, {}).update(why)
    return _overlay(earlier_offsets, offsets), reasons


def _overlay(earlier: ByPartition, later: ByPartition) -> ByPartition:
    merged = dict(earlier)
    for topic, offsets in later.items():
        merged[topic] = merged[topic] | offsets if topic in merged else offsets
    return merged


def _without(table: dict[str, dict[int, int]] | Reasons, taken: ByPartition) -> None:
    for topic, offsets in taken.items():
        if topic in table:
            kept = {p: value for p, value in table[topic].items() if p not in offsets}
            table[topic] = kept  # type: ignore[assignment]
