"""Broker: a server process, what the controller thinks of it, and links that are cut.

A process's states and moves are the table MOVES; whether it is fenced is the controller's belief, which differs from the
truth for as long as nobody notices.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from mqviz.model.event import Event, Weight, applies
from mqviz.model.group import move
from mqviz.model.log import Batch, Replica

if TYPE_CHECKING:
    from mqviz.model.state import State

MOVES: dict[str, tuple[str, ...]] = {
    "running": ("stopping", "paused", "dead"),
    "stopping": ("stopped", "paused", "dead"),
    "paused": ("running", "dead"),
    "stopped": ("starting",),
    "dead": ("starting",),
    "starting": ("running", "dead"),
}
"""From each state of a broker's process those that may follow (R5, R10, R11, R28)."""

UP = ("running", "stopping")
"""States in which the process serves requests."""


class Feed(msgspec.Struct):
    """A leader's side of a follower's fetch loop.

    `asked_us`: when the last fetch came. `waiting`: number of the parked fetch, 0 for none. `fresh`: partitions with data that was not sent yet;
    `marks`: partitions whose high watermark it was not told.
    """

    asked_us: int = 0
    waiting: int = 0
    fresh: dict[str, bool] = msgspec.field(default_factory=dict)
    marks: dict[str, bool] = msgspec.field(default_factory=dict)


class Fetcher(msgspec.Struct):
    """A follower's side: `running` while a fetch is on its way; `news`: log ends that the leader was not told."""

    running: bool = False
    news: dict[str, tuple[str, int, int, int]] = msgspec.field(default_factory=dict)


class Broker(msgspec.Struct):
    """A server; `feeds` by follower, `fetchers` by leader, `carried`: batches fetched and not yet written.

    `process`: see MOVES, since `since_us`. `fenced`: the controller does not count on it. `incarnation` counts its starts; `clean`: its last end was a controlled one.
    `silence` counts faults and recoveries, so that a timer of an earlier one is void. `beats_from_us`: its heartbeats leave at this time and every
    broker.heartbeat.interval.ms after; `heard_at_us`: the last one before it fell silent, -1 while it does not. `dark`: its machine is off.
    `slow`: how many times as long an append takes; `delay_us`: what each byte to and from it takes more.
    `leaving_us`: when the controller took away what it led, because it wants to stop; -1: it does not (R11).
    """

    id: int
    feeds: dict[int, Feed] = msgspec.field(default_factory=dict)
    fetchers: dict[int, Fetcher] = msgspec.field(default_factory=dict)
    carried: dict[str, tuple[Batch, ...]] = msgspec.field(default_factory=dict)
    rack: str = ""
    process: str = "running"
    since_us: int = 0
    fenced: bool = False
    incarnation: int = 1
    clean: bool = True
    silence: int = 0
    beats_from_us: int = 0
    heard_at_us: int = -1
    dark: bool = False
    slow: int = 1
    delay_us: int = 0
    leaving_us: int = -1

    @property
    def up(self) -> bool:
        """Whether its process serves requests."""
        return self.process in UP


class BrokerProcessChanged(Event, frozen=True):
    """A broker's process stopped, died, froze, went on or started; nobody else needs to know yet."""

    weight = Weight.MOMENT
    broker: int
    process: str


class BrokerFellSilent(Event, frozen=True):
    """The controller hears no heartbeats from now on; the last one came at `heard_at_us` (R10)."""

    broker: int
    heard_at_us: int


class BrokerHeardAgain(Event, frozen=True):
    """Heartbeats of this broker reach the controller again."""

    broker: int


class BrokerFenced(Event, frozen=True):
    """The controller gave a silent broker up: it is in no in-sync set and leads nothing any more (R10)."""

    weight = Weight.MOMENT
    broker: int
    why: str


class ControlledShutdownBegan(Event, frozen=True):
    """The controller knows that a broker wants to stop: others lead what it led from now on (R11)."""

    weight = Weight.STEP
    broker: int


class BrokerUnfenced(Event, frozen=True):
    """The controller counts on this broker again: it has caught up with the metadata (R10, R28)."""

    weight = Weight.STEP
    broker: int


class LinksCut(Event, frozen=True):
    """No byte passes between these nodes and all others, either way, and nobody is told (R5)."""

    weight = Weight.MOMENT
    nodes: tuple[str, ...]


class LinksHealed(Event, frozen=True):
    """Bytes pass again between these nodes and the others."""

    weight = Weight.MOMENT
    nodes: tuple[str, ...]


@applies(BrokerProcessChanged)
def _process(state: State, event: BrokerProcessChanged) -> None:
    broker = state.cluster.brokers[event.broker]
    broker.process = move(MOVES, broker.process, event.process, f"broker {event.broker}")
    broker.since_us = event.at_us
    if event.process in ("dead", "stopped"):
        broker.clean = event.process == "stopped"
        broker.carried = {}
        for fetcher in broker.fetchers.values():
            fetcher.running, fetcher.news = False, {}
        for feed in broker.feeds.values():
            feed.waiting, feed.fresh, feed.marks = 0, {}, {}
        for partition in state.cluster.partitions():
            if event.broker in partition.replicas:
                _believes_nothing(partition.replicas[event.broker])
    if event.process == "starting":
        broker.incarnation += 1
        broker.dark = False
        _forgotten(state, event.broker)


def _forgotten(state: State, follower: int) -> None:
    """What leaders knew of a broker's copies was of its last life: they count it in again by what it fetches now (R20)."""
    for partition in state.cluster.partitions():
        for copy in partition.replicas.values():
            if follower in copy.follower_ends:
                copy.follower_ends[follower] = -1


def _believes_nothing(copy: Replica) -> None:
    """What a process knew dies with it; its log and the checkpoint of its high watermark do not."""
    copy.leader = copy.leader_epoch = copy.partition_epoch = -1
    copy.isr, copy.pending = [], ()
    copy.follower_ends, copy.caught_up_us, copy.looked = {}, {}, {}


@applies(BrokerFellSilent)
def _silent(state: State, event: BrokerFellSilent) -> None:
    broker = state.cluster.brokers[event.broker]
    broker.silence += 1
    broker.heard_at_us = event.heard_at_us


@applies(BrokerHeardAgain)
def _heard(state: State, event: BrokerHeardAgain) -> None:
    broker = state.cluster.brokers[event.broker]
    broker.silence += 1
    broker.heard_at_us = -1
    broker.beats_from_us = event.at_us


@applies(BrokerFenced)
def _fenced(state: State, event: BrokerFenced) -> None:
    broker = state.cluster.brokers[event.broker]
    broker.fenced, broker.leaving_us = True, -1


@applies(ControlledShutdownBegan)
def _leaving(state: State, event: ControlledShutdownBegan) -> None:
    state.cluster.brokers[event.broker].leaving_us = event.at_us


@applies(BrokerUnfenced)
def _unfenced(state: State, event: BrokerUnfenced) -> None:
    state.cluster.brokers[event.broker].fenced = False


@applies(LinksCut)
def _cut(state: State, event: LinksCut) -> None:
    state.cluster.cuts.append(event.nodes)


@applies(LinksHealed)
def _healed(state: State, event: LinksHealed) -> None:
    state.cluster.cuts.remove(event.nodes)
