"""Watching a real cluster: refresh by refresh, for as long as it takes, whatever the cluster does.

A refresh asks for what is due and ends with an event that has its cost. A refresh that took longer than its
period makes the pause before the next one as long. Losing the cluster ends nothing: it is an event, and tried
again.
"""

import asyncio
import logging
from collections.abc import Collection, Iterable

from mqviz import __version__
from mqviz.live.observe import schedule as every
from mqviz.live.observe.journal import Journal
from mqviz.live.observe.refresh import DEADLINE_S, ClusterLostError, Refresh
from mqviz.live.observe.schedule import Schedule
from mqviz.model.event import Event
from mqviz.model.observed.events import RefreshEnded, WatchBegan
from mqviz.wire.address import Address, parse_bootstrap
from mqviz.wire.brokers import Brokers
from mqviz.wire.connection import Connection

_log = logging.getLogger(__name__)

RETRY_S = (0.1, 3.0)
"""First and longest pause before a broker that could not be reached is tried again."""


class Observer:
    """Watches one cluster and posts what it sees to `journal`. Runs on one asyncio loop."""

    def __init__(
        self,
        bootstrap: str,
        journal: Journal,
        *,
        period_us: int = every.FOCUS_US,
        deadline_s: float = DEADLINE_S,
    ) -> None:
        """`bootstrap` as typed. Raises wire's BadAddress."""
        self.schedule = Schedule(period_us)
        self._bootstrap = bootstrap
        self._journal = journal
        brokers = Brokers(parse_bootstrap(bootstrap), self._connect)
        self._refresh = Refresh(brokers, journal, deadline_s)
        self._wake = asyncio.Event()
        self._begun = False
        self._hurried_us = -period_us
        self._number = 0
        self._topics: frozenset[str] = frozenset()

    async def run(self) -> None:
        """Refresh until cancelled."""
        try:
            while True:
                took_us = await self._timed_refresh()
                await self._pause(took_us)
        finally:
            await self._refresh.close()

    async def close(self) -> None:
        """End the connections; for whoever calls `refresh` and not `run`."""
        await self._refresh.close()

    async def once(self) -> None:
        """One refresh of everything; a period of 0 says that no other follows. Raises ClusterLostError."""
        self.schedule.period_us = 0
        try:
            await self.refresh()
        finally:
            await self._refresh.close()

    def look(
        self, focus: str | None, visible: Collection[str] | None = None, topics: Collection[str] = ()
    ) -> None:
        """What is on screen: the group in focus, the visible ones, topics to see without a group.

        `visible` None: not said, so all are read in every refresh.
        """
        news = focus != self.schedule.focus or not self._topics.issuperset(topics)
        self.schedule.look(focus, visible)
        self._topics = frozenset(topics)
        if news:
            self._wake.set()

    def hurry(self) -> None:
        """Look at everything now."""
        self.schedule.forget()
        self._wake.set()

    def _begin(self) -> None:
        if not self._begun:
            wall_us = self._journal.wall_us()
            self._journal.post(WatchBegan, 0, self._bootstrap, self.schedule.period_us, wall_us)
        self._begun = True

    async def _timed_refresh(self) -> int:
        began_us = self._journal.now_us()
        try:
            await self.refresh()
        except ClusterLostError:
            self.schedule.hurry("cluster", "groups")
        except Exception as error:
            _log.exception("a refresh failed")
            why = f"mqviz failed to read the cluster ({type(error).__name__}: {error})"
            self._refresh.lose_cluster(why, type(error).__name__)
            self.schedule.hurry("cluster", "groups")
        return self._journal.now_us() - began_us

    async def _pause(self, took_us: int) -> None:
        """Until the next refresh is due or somebody looks elsewhere; at least as long as this one took."""
        pause_us = max(self.schedule.period_us - took_us, min(took_us, every.REST_US))
        try:
            await asyncio.wait_for(self._wake.wait(), pause_us / 1e6)
        except TimeoutError:
            return
        finally:
            self._wake.clear()

    async def refresh(self) -> None:
        """Ask for what is due. Raises ClusterLostError."""
        self._begin()
        refresh, schedule = self._refresh, self.schedule
        began_us, requests = self._journal.now_us(), refresh.brokers.requests
        refresh.failed = {}
        await self._see_cluster(began_us)
        described = await self._see_groups(began_us)
        groups = schedule.due_groups(refresh.memory.groups, began_us)
        read, _ = await asyncio.gather(refresh.see_commits(groups), refresh.see_members(described))
        await self._see_offsets(groups, began_us)
        if refresh.memory.unlisted_topics() and schedule.is_due("missing", every.MISSING_US, began_us):
            await refresh.see_missing_topics()
        sent = refresh.brokers.requests - requests
        if sent or refresh.failed:
            self._end_refresh(began_us, sent, read)

    def _connect(self, address: Address) -> Connection:
        """A connection that makes everything due when it is lost: then much else may be otherwise, too."""
        return Connection(address, software_version=__version__, backoff_s=RETRY_S, on_lost=self._hurry_once)

    def _hurry_once(self) -> None:
        """Hurry, but at most once a period: a broker that hangs up on every question is no reason to storm
        it.
        """
        now_us = self._journal.now_us()
        if now_us - self._hurried_us >= self.schedule.period_us:
            self._hurried_us = now_us
            self.hurry()

    async def _see_cluster(self, now_us: int) -> None:
        refresh = self._refresh
        blind = refresh.stale_leaders or refresh.lost.keys() >= set(refresh.brokers.ids)
        if self.schedule.is_due("cluster", every.CLUSTER_US, now_us) or blind:
            await refresh.see_cluster()
        await refresh.probe_lost()

    async def _see_groups(self, now_us: int) -> list[str]:
        """List the groups if that is due; returns those whose members are to be read."""
        known, schedule = self._refresh.memory.groups, self.schedule
        listing = schedule.is_due("groups", every.LISTING_US, now_us)
        changed = await self._refresh.see_groups() if listing else []
        if schedule.is_due("members", every.MEMBERS_US, now_us):
            return list(known)
        return [name for name in known if name in changed or name == schedule.focus]

    async def _see_offsets(self, groups: list[str], now_us: int) -> None:
        refresh = self._refresh
        ends = self._topics_of(groups)
        if self.schedule.is_due("starts", every.STARTS_US, now_us):
            starts = self._topics_of(refresh.memory.groups)
            await asyncio.gather(refresh.see_ends(ends), refresh.see_starts(starts))
        else:
            await refresh.see_ends(ends)

    def _topics_of(self, groups: Iterable[str]) -> list[str]:
        known = self._refresh.memory.groups
        return sorted(self._topics.union(*(known[name].topics() for name in groups if name in known)))

    def _end_refresh(self, began_us: int, sent: int, read: list[str]) -> None:
        self._number += 1
        took_us = self._journal.now_us() - began_us
        period_us = self.schedule.period_us and max(self.schedule.period_us, 2 * took_us)
        self._journal.post(
            RefreshEnded, began_us, self._number, began_us, sent, tuple(read), self._refresh.failed, period_us
        )


async def observe_once(bootstrap: str, deadline_s: float = DEADLINE_S) -> list[Event]:
    """Everything that one look at the cluster shows, as events to apply to an empty State.

    Raises wire's BadAddress for what is no address and ClusterLostError, a sentence, when no broker answers.
    """
    journal = Journal()
    await Observer(bootstrap, journal, deadline_s=deadline_s).once()
    return journal.take_all()
