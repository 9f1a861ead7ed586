"""One look at a cluster, in the fewest requests: metadata at once, then commits, then log ends, then members.

Commits are read before ends, so that lag errs high and is never negative. Nothing waits for a broker that
did not answer last time, and what is missing of one broker, group or partition leaves the others as they are.
"""

import asyncio
import contextlib
from collections.abc import Callable, Collection, Iterable
from typing import TypeVar

from mqviz.live.observe.journal import Journal
from mqviz.live.observe.memory import Difference, KnownGroup, Memory, by_topic, sentence
from mqviz.model.observed import events as observed_events
from mqviz.wire import asks
from mqviz.wire.asks import Ask
from mqviz.wire.brokers import Brokers
from mqviz.wire.errors import BrokerRefused, UnsupportedVersion, WireError
from mqviz.wire.reading import Offsets

T = TypeVar("T")

DEADLINE_S = 2.0
FIRST_CONTACT = 2.5
"""How many times as long the first answer of all may take: it opens the connections, and nothing is shown
until then.
"""

PROBE_WAIT_S = 0.2
_MOVED = (14, 15, 16)
"""COORDINATOR_LOAD_IN_PROGRESS, COORDINATOR_NOT_AVAILABLE, NOT_COORDINATOR."""
_STALE_LEADER = (3, 5, 6, 74, 75)
"""Errors that say the metadata is old: unknown partition, no leader, not the leader,
fenced or unknown epoch.
"""

_DESCRIBE: dict[str, Callable[[Collection[str]], Ask[tuple[asks.Described, ...]]]] = {
    "classic": asks.describe_classic,
    "consumer": asks.describe_consumer,
    "share": asks.describe_share,
}
_NO_COMMITS = {"share": "a share group has no commits; brokers keep the state of each record"}


class ClusterLostError(Exception):
    """No broker answers; the argument is a sentence."""


class Refresh:
    """Asks a cluster's brokers and posts what is new. Any number of its steps make a refresh."""

    def __init__(self, brokers: Brokers, journal: Journal, deadline_s: float = DEADLINE_S) -> None:
        self.brokers = brokers
        self.journal = journal
        self.memory = Memory()
        self.lost: dict[int, str] = {}
        """Brokers that did not answer when last asked, and why."""
        self.failed: dict[int, str] = {}
        """Brokers that did not answer, or refused, in this refresh."""
        self.stale_leaders = False
        """Whether a broker said that it no longer leads what metadata says it leads."""
        self._deadline_s = deadline_s
        self._answered_us: dict[int, int] = {}
        self._any_answered_us = 0
        self._asked_offsets: dict[tuple[int, int], tuple[dict[str, list[int]], Ask[dict[str, Offsets]]]] = {}
        """By broker and time, what was asked for last: the same question is written only once."""
        self._lost_kind = ""
        self._probe: asyncio.Task[None] | None = None

    # -- cluster -----------------------------------------------------------------------------------------

    async def see_cluster(self) -> None:
        """Brokers and topics. Raises ClusterLostError, having posted it."""
        since_us, asked_us = self._any_answered_us, self.journal.now_us()
        try:
            answer = await self.brokers.any(asks.metadata(), self._patience_s())
        except WireError as error:
            self.lose_cluster(str(error), error.reason)
            raise ClusterLostError(str(error)) from error
        self._any_answered_us, self.stale_leaders = asked_us, False
        if self._lost_kind:
            self.journal.post(observed_events.ConnectionBack, since_us)
            self._lost_kind = ""
        await self.brokers.learn(answer.brokers)
        self._keep_lost(answer.brokers)
        self._post_cluster(answer, since_us)

    def _patience_s(self) -> float:
        return self._deadline_s * (FIRST_CONTACT if self.memory.cluster is None else 1)

    def lose_cluster(self, why: str, kind: str) -> None:
        """Nothing can be seen of the cluster, until it can; another `kind` of reason is news again."""
        if kind != self._lost_kind:
            self.journal.post(observed_events.ConnectionLost, self._any_answered_us, why)
        self._lost_kind = kind

    def _keep_lost(self, brokers: Iterable[asks.Broker]) -> None:
        """A broker that left the cluster is no longer lost; it is gone."""
        ids = {broker.id for broker in brokers}
        self.lost = {broker: why for broker, why in self.lost.items() if broker in ids}

    def _post_cluster(self, answer: asks.Cluster, since_us: int) -> None:
        if self.memory.learn_brokers(answer) and self.memory.cluster is not None:
            cluster_id, brokers = self.memory.cluster
            self.journal.post(observed_events.ClusterSeen, since_us, cluster_id, None, brokers)
        topics, gone = self.memory.learn_topics(answer)
        if topics or gone:
            self.journal.post(observed_events.TopicsSeen, since_us, topics, gone)

    async def see_missing_topics(self) -> None:
        """Topics that groups have commits in and that metadata does not list: gone, or not ours to see."""
        names = sorted(self.memory.unlisted_topics())
        if not names:
            return
        asked_us = self.journal.now_us()
        try:
            answer = await self.brokers.any(asks.metadata(names), self._deadline_s)
        except WireError:
            return
        news = {t.name: sentence(t.error) for t in answer.topics if t.error}
        news = {name: why for name, why in news.items() if self.memory.missing.get(name) != why}
        self.memory.missing.update(news)
        if news:
            refused = {name: observed_events.TopicSeen("", False, (), why) for name, why in news.items()}
            gone = tuple(t.name for t in answer.topics if t.name in news and t.error == 3)
            self.journal.post(observed_events.TopicsSeen, asked_us, refused, gone)

    # -- groups ------------------------------------------------------------------------------------------

    async def see_groups(self) -> list[str]:
        """The groups of every coordinator; returns those whose state, kind or coordinator changed."""
        ids = self.brokers.ids
        read = await asyncio.gather(*(self._see_listing(broker) for broker in ids))
        answers = {broker: answer for broker, answer in zip(ids, read, strict=True) if answer is not None}
        changed: list[str] = []
        for broker, (since_us, listed) in answers.items():
            news = self.memory.learn_listing(broker, listed)
            changed += news
            if news:
                self.journal.post(observed_events.GroupsListed, since_us, broker, news)
        self._post_gone(answers)
        return changed

    async def _see_listing(self, broker: int) -> tuple[int, tuple[asks.Listed, ...]] | None:
        since_us = self._answered_us.get(broker, 0)
        try:
            answer = await self._of(broker, asks.list_groups())
        except (BrokerRefused, UnsupportedVersion) as error:
            self.failed[broker] = error.sentence
            return None
        return None if answer is None else (since_us, answer)

    def _post_gone(self, answers: dict[int, tuple[int, tuple[asks.Listed, ...]]]) -> None:
        """A group is gone when its coordinator answers without it, and nobody else has it."""
        listed = {group.group for _, answer in answers.values() for group in answer}
        for broker, (since_us, _) in answers.items():
            known = self.memory.groups.items()
            gone = tuple(name for name, g in known if g.coordinator == broker and name not in listed)
            for name in gone:
                del self.memory.groups[name]
            if gone:
                self.journal.post(observed_events.GroupsListed, since_us, broker, {}, gone)

    async def see_commits(self, groups: Collection[str]) -> list[str]:
        """Commits of these groups, one request a coordinator; returns the groups that were read."""
        for name in groups:
            self._hide_where_there_are_none(name)
        wanted = [name for name in groups if self._kind(name) not in _NO_COMMITS]
        read, moved = await self._fetch_all(wanted)
        if moved and await self._find_coordinators(moved):
            again, still = await self._fetch_all(list(moved))
            read, moved = read + again, {name: still.get(name, "") for name in moved if name not in again}
        for name, why in moved.items():
            if why:
                self._hide(name, "commits", why)
        return read

    async def _fetch_all(self, groups: list[str]) -> tuple[list[str], dict[str, str]]:
        """(groups read, groups to look for elsewhere: why)."""
        by_coordinator: dict[int, list[str]] = {}
        for name in groups:
            by_coordinator.setdefault(self.memory.groups[name].coordinator, []).append(name)
        found = await asyncio.gather(*(self._fetch(b, names) for b, names in by_coordinator.items()))
        read = [name for part, _ in found for name in part]
        return read, {name: why for _, part in found for name, why in part.items()}

    async def _fetch(self, broker: int, groups: list[str]) -> tuple[list[str], dict[str, str]]:
        asked_us = self.journal.now_us()
        try:
            answer = await self._of(broker, asks.offset_fetch(groups))
        except (BrokerRefused, UnsupportedVersion) as error:
            for name in groups:
                self._hide(name, "commits", error.sentence)
            return [], {}
        if answer is None:
            return [], dict.fromkeys(groups, "")
        bad = {name: commits.error for name, commits in answer.items() if commits.error}
        for name, code in bad.items():
            if code not in _MOVED:
                self._hide(name, "commits", sentence(code))
        good = [name for name in groups if name in answer and name not in bad]
        news = {name: self.memory.groups[name].learn_commits(answer[name], asked_us) for name in good}
        changed = {name: new for name, new in news.items() if new is not None}
        if changed:
            since_us = min(since for since, _ in changed.values())
            payload = {name: commits for name, (_, commits) in changed.items()}
            self.journal.post(observed_events.CommitsSeen, since_us, broker, payload)
        return good, {name: sentence(code) for name, code in bad.items() if code in _MOVED}

    async def _find_coordinators(self, groups: Collection[str]) -> bool:
        """Look for the coordinators of groups anew; whether any of them is another broker than before."""
        try:
            answer = await self.brokers.any(asks.find_coordinators(groups), self._deadline_s)
        except WireError:
            return False
        moved = False
        for name, (broker, error) in answer.items():
            known = self.memory.groups.get(name)
            if known is not None and not error and broker != known.coordinator:
                known.coordinator, moved = broker, True
                listed = observed_events.GroupListed(known.kind, known.state)
                self.journal.post(observed_events.GroupsListed, self._any_answered_us, broker, {name: listed})
        return moved

    async def see_members(self, groups: Collection[str]) -> None:
        """Members of these groups: one request a coordinator and kind of group."""
        wanted: dict[tuple[int, str], list[str]] = {}
        for name in groups:
            kind = self._kind(name)
            if kind in _DESCRIBE:
                wanted.setdefault((self.memory.groups[name].coordinator, kind), []).append(name)
            else:
                self._hide(name, "members", f"mqviz cannot read the members of {kind} groups")
        await asyncio.gather(*(self._describe(*where, names) for where, names in wanted.items()))

    async def _describe(self, broker: int, kind: str, groups: list[str]) -> None:
        asked_us = self.journal.now_us()
        try:
            answer = await self._of(broker, _DESCRIBE[kind](groups))
        except (BrokerRefused, UnsupportedVersion) as error:
            for name in groups:
                self._hide(name, "members", error.sentence)
            return
        for group in answer or ():
            known = self.memory.groups.get(group.group)
            if known is not None:
                self._post_described(known, kind, broker, group, asked_us)

    def _post_described(
        self, known: KnownGroup, kind: str, broker: int, group: asks.Described, asked_us: int
    ) -> None:
        """A group that is listed but described as dead was just made or changes its kind: seen next time."""
        if group.error and group.error not in (*_MOVED, 69):
            self._hide(group.group, "members", sentence(group.error))
        if group.error or group.state == "Dead":
            return
        since_us = known.learn_members(group, asked_us)
        if since_us is not None:
            generation = None if kind == "classic" else group.group_epoch
            self.journal.post(
                observed_events.GroupSeen, since_us, group.group, kind, group.state, broker, generation,
                group.assignor, known.members,
            )  # fmt: skip

    def _kind(self, group: str) -> str:
        """Brokers before Kafka 3.8 do not answer it; there is only one kind on them."""
        return self.memory.groups[group].kind or "classic"

    def _hide_where_there_are_none(self, group: str) -> None:
        why = _NO_COMMITS.get(self._kind(group))
        if why:
            self._hide(group, "commits", why)

    def _hide(self, group: str, what: str, why: str) -> None:
        known = self.memory.groups[group]
        if known.hidden.get(what) != why:
            known.hidden[what] = why
            self.journal.post(observed_events.GroupHidden, self._any_answered_us, group, what, why)

    # -- offsets -----------------------------------------------------------------------------------------

    async def see_ends(self, topics: Iterable[str]) -> None:
        """Where the logs of these topics end."""
        await self._see_offsets(topics, asks.LATEST)

    async def see_starts(self, topics: Iterable[str]) -> None:
        """Where the logs of these topics start."""
        await self._see_offsets(topics, asks.EARLIEST)

    async def _see_offsets(self, topics: Iterable[str], time: int) -> None:
        wanted: dict[int, dict[str, list[int]]] = {}
        for name in topics:
            topic = self.memory.topics.get(name)
            for number, partition in enumerate(topic.partitions if topic else ()):
                if partition.leader >= 0:
                    wanted.setdefault(partition.leader, {}).setdefault(name, []).append(number)
        await asyncio.gather(*(self._list_offsets(b, parts, time) for b, parts in wanted.items()))

    async def _list_offsets(self, broker: int, partitions: dict[str, list[int]], time: int) -> None:
        asked_us = self.journal.now_us()
        before, ask = self._asked_offsets.get((broker, time), (None, None))
        if ask is None or before != partitions:
            ask = asks.list_offsets(partitions, time)
            self._asked_offsets[broker, time] = (partitions, ask)
        try:
            answer = await self._of(broker, ask)
        except (BrokerRefused, UnsupportedVersion) as error:
            self.failed[broker] = error.sentence
            return
        if answer is None:
            return
        latest = time == asks.LATEST
        known = self.memory.ends if latest else self.memory.starts
        news = by_topic(known, broker, answer, asked_us)
        if any(error in _STALE_LEADER for topic in news for error in answer[topic].columns()[2]):
            self.stale_leaders = True
        self._post_offsets(broker, news, latest)

    def _post_offsets(self, broker: int, news: dict[str, Difference], latest: bool) -> None:
        offsets = {topic: found.offsets for topic, found in news.items() if found.offsets}
        unknown = {topic: found.unknown for topic, found in news.items() if found.unknown}
        since_us = min((found.since_us for found in news.values()), default=0)
        if latest and news:
            self.journal.post(observed_events.EndsSeen, since_us, broker, offsets, unknown)
        elif offsets:
            self.journal.post(observed_events.LogStartsSeen, since_us, broker, offsets)

    # -- brokers -----------------------------------------------------------------------------------------

    async def _of(self, broker: int, ask: Ask[T]) -> T | None:
        """The broker's answer; None if it gives none, which is then posted once.

        Raises BrokerRefused and UnsupportedVersion: those are answers.
        """
        if broker in self.lost:
            self.failed[broker] = self.lost[broker]
            return None
        return await self._ask(broker, ask)

    async def _ask(self, broker: int, ask: Ask[T]) -> T | None:
        asked_us = self.journal.now_us()
        try:
            answer = await self.brokers.of(broker, ask, self._deadline_s)
        except (BrokerRefused, UnsupportedVersion):
            self._note_answer(broker, asked_us)
            raise
        except WireError as error:
            self.failed[broker] = str(error)
            if broker not in self.lost:
                self.lost[broker] = str(error)
                self.journal.post(
                    observed_events.BrokerLost, self._answered_us.get(broker, 0), broker, str(error)
                )
            return None
        self._note_answer(broker, asked_us)
        return answer

    def _note_answer(self, broker: int, asked_us: int) -> None:
        since_us = self._answered_us.get(broker, 0)
        self._answered_us[broker] = asked_us
        if self.lost.pop(broker, None) is not None:
            self.journal.post(observed_events.BrokerBack, since_us, broker)

    async def probe_lost(self) -> None:
        """Ask the lost brokers again, beside everything else; waits only a moment for them."""
        if self._probe is None and self.lost:
            self._probe = asyncio.create_task(self._probe_all(list(self.lost)))
        if self._probe is not None:
            done, _ = await asyncio.wait({self._probe}, timeout=PROBE_WAIT_S)
            self._probe = None if done else self._probe

    async def _probe_all(self, brokers: list[int]) -> None:
        await asyncio.gather(*(self._probe_one(broker) for broker in brokers))

    async def _probe_one(self, broker: int) -> None:
        with contextlib.suppress(BrokerRefused, UnsupportedVersion):
            await self._ask(broker, asks.list_groups())

    async def close(self) -> None:
        """End what still waits, and the connections."""
        if self._probe is not None:
            self._probe.cancel()
            await asyncio.gather(self._probe, return_exceptions=True)
        await self.brokers.close()
