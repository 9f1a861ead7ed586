"""A watched cluster for tests: events with running ids, as the observing half would post them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from mqviz.model.apply import apply
from mqviz.model.event import Event
from mqviz.model.observed.events import (
    ClusterSeen,
    CommitsSeen,
    EndsSeen,
    GroupCommits,
    GroupListed,
    GroupSeen,
    GroupsListed,
    LogStartsSeen,
    RefreshEnded,
    TopicSeen,
    TopicsSeen,
    WatchBegan,
)
from mqviz.model.observed.state import SeenBroker, SeenMember, SeenPartition
from mqviz.model.state import State

S = 1_000_000
NOON_US = 12 * 3600 * S


def member(name: str, **held: Iterable[int]) -> SeenMember:
    """A member whose client.id is `name` and which holds these partitions."""
    return SeenMember(f"{name}-0af1", name, "/10.0.0.1", None, {t: tuple(ps) for t, ps in held.items()})


class Watch:
    """A State and the events that made it."""

    def __init__(self, wall_us: int | None = NOON_US) -> None:
        self.state = State()
        self.events: list[Event] = []
        self.now_us = 0
        self.beats = 0
        self.post(WatchBegan, 0, "localhost:9092", 2 * S, wall_us)
        self.post(ClusterSeen, 0, "abc", None, {b: SeenBroker("localhost", 9090 + b) for b in (1, 2, 3)})

    def post(self, kind: type[Event], *fields: Any) -> None:
        """Apply one event now."""
        event = kind(len(self.events) + 1, self.now_us, 0, *fields)
        self.events.append(event)
        apply(self.state, event)

    def topic(self, name: str, partitions: int, leaders: Iterable[int] = (1, 2, 3), id: str = "") -> None:
        """A topic whose partitions are led by `leaders` in turn."""
        turn = list(leaders)
        parts = tuple(SeenPartition(turn[p % len(turn)], 0, (1, 2, 3), (1, 2, 3)) for p in range(partitions))
        self.post(TopicsSeen, 0, {name: TopicSeen(id or name, False, parts)})

    def group(
        self, name: str, *members: SeenMember, kind: str = "classic", state: str = "", since_us: int = 0,
        epoch: int | None = None,
    ) -> None:  # fmt: skip
        """A group as listed and described now by broker 1."""
        found = state or ("Stable" if members else "Empty")
        self.post(GroupsListed, since_us, 1, {name: GroupListed(kind, found)})
        self.post(GroupSeen, since_us, name, kind, found, 1, epoch, "range", members)

    def commits(self, group: str, **offsets: Mapping[int, int]) -> None:
        """New commits of a group."""
        self.post(CommitsSeen, 0, 1, {group: GroupCommits({t: dict(o) for t, o in offsets.items()})})

    def ends(self, unknown: dict[str, dict[int, str]] | None = None, **ends: Mapping[int, int]) -> None:
        """New log ends."""
        self.post(EndsSeen, 0, 1, {t: dict(e) for t, e in ends.items()}, unknown or {})

    def starts(self, **starts: Mapping[int, int]) -> None:
        """New log starts."""
        self.post(LogStartsSeen, 0, 1, {t: dict(e) for t, e in starts.items()})

    def beat(self, *groups: str) -> None:
        """The end of a beat that refreshed `groups`."""
        self.beats += 1
        self.post(RefreshEnded, self.now_us, self.beats, self.now_us - 100_000, 7, groups)

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        self.now_us += int(seconds * S)


def flow(
    watch: Watch,
    group: str,
    topic: str,
    start: Mapping[int, tuple[int, int]],
    per_s: Mapping[int, tuple[float, float]],
    seconds: int = 60,
    step: int = 2,
) -> None:
    """Beats for `seconds`: partition p starts with (end, commit) `start[p]` and grows by `per_s[p]` (in, out)."""
    begin_us = watch.now_us
    for at in range(0, seconds + 1, step):
        watch.now_us = begin_us + at * S
        commits = {p: int(start[p][1] + at * out) for p, (_, out) in per_s.items()}
        ends = {p: int(start[p][0] + at * into) for p, (into, _) in per_s.items()}
        seen = watch.state.observed
        known = seen.groups[group].commits.get(topic) if group in seen.groups else None
        changed = {p: o for p, o in commits.items() if known is None or known.now.get(p) != o}
        if changed:
            watch.commits(group, **{topic: changed})
        old = seen.topics[topic].ends.now
        grown = {p: e for p, e in ends.items() if old.get(p) != e}
        if grown:
            watch.ends(None, **{topic: grown})
        watch.beat(group)
