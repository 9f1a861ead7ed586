"""What the watching half sees, cut down to what this run made there, under its plain names.

Other topics and groups of the cluster are nobody's business in a lesson. Where a client of ours knows better
than an answer that was on its way meanwhile (an end, a commit), the older value is left out.
"""

from collections.abc import Callable, Mapping
from typing import TypeVar

from msgspec.structs import replace

from mqviz.live.drive.plan import Names
from mqviz.model.event import Event
from mqviz.model.observed.events import (
    ByPartition,
    CommitsSeen,
    EndsSeen,
    GroupCommits,
    GroupHidden,
    GroupSeen,
    GroupsListed,
    LogStartsSeen,
    RefreshEnded,
    TopicsSeen,
    WatchBegan,
)
from mqviz.model.observed.state import SeenMember

Value = TypeVar("Value")


class Known:
    """The furthest that our clients reported themselves: {(topic, partition): end}, commits with the group
    before.
    """

    def __init__(self) -> None:
        self.ends: dict[tuple[str, int], int] = {}
        self.commits: dict[tuple[str, str, int], int] = {}

    def end(self, topic: str, partition: int, end: int) -> None:
        """A record before this end was acknowledged or read."""
        self.ends[topic, partition] = max(end, self.ends.get((topic, partition), 0))

    def commit(self, group: str, topic: str, partition: int, offset: int) -> None:
        """This commit was accepted."""
        self.commits[group, topic, partition] = offset


class Lens:
    """Translates the events of the watching half."""

    def __init__(self, names: Names, known: Known) -> None:
        self._names = names
        self._known = known

    def through(self, event: Event) -> Event | None:
        """The event as this run sees it; None where there is nothing of ours in it."""
        match event:
            case WatchBegan():
                return None
            case TopicsSeen():
                topics, gone = self._ours(event.topics), self._list(event.gone)
                return replace(event, topics=topics, gone=gone) if topics or gone else None
            case EndsSeen():
                ends = self._fresh(self._ours(event.ends), self._known_end)
                unknown = self._ours(event.unknown)
                return replace(event, ends=ends, unknown=unknown) if ends or unknown else None
            case LogStartsSeen():
                starts = self._ours(event.starts)
                return replace(event, starts=starts) if starts else None
        return self._through_groups(event)

    def _through_groups(self, event: Event) -> Event | None:
        match event:
            case GroupsListed():
                groups, gone = self._ours(event.groups), self._list(event.gone)
                return replace(event, groups=groups, gone=gone) if groups or gone else None
            case GroupSeen() | GroupHidden():
                if not self._names.is_ours(event.group):
                    return None
                plain = replace(event, group=self._names.plain(event.group))
                if isinstance(plain, GroupSeen):
                    return replace(plain, members=tuple(map(self._member, plain.members)))
                return plain
            case CommitsSeen():
                commits = {g: self._commits(g, c) for g, c in self._ours(event.groups).items()}
                return replace(event, groups=commits) if commits else None
            case RefreshEnded():
                return replace(event, groups=self._list(event.groups))
        return event

    def _ours(self, table: Mapping[str, Value]) -> dict[str, Value]:
        return {self._names.plain(name): value for name, value in table.items() if self._names.is_ours(name)}

    def _list(self, names: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(self._names.plain(name) for name in names if self._names.is_ours(name))

    def _member(self, member: SeenMember) -> SeenMember:
        target = None if member.target is None else self._ours(member.target)
        return replace(member, assignment=self._ours(member.assignment), target=target)

    def _commits(self, group: str, commits: GroupCommits) -> GroupCommits:
        def known(topic: str, partition: int) -> int:
            return self._known.commits.get((group, topic, partition), 0)

        return GroupCommits(
            self._fresh(self._ours(commits.offsets), known),
            self._ours(commits.gone),
            self._ours(commits.unknown),
        )

    def _known_end(self, topic: str, partition: int) -> int:
        return self._known.ends.get((topic, partition), 0)

    @staticmethod
    def _fresh(offsets: ByPartition, known: Callable[[str, int], int]) -> ByPartition:
        fresh = {t: {p: o for p, o in found.items() if o >= known(t, p)} for t, found in offsets.items()}
        return {topic: found for topic, found in fresh.items() if found}
