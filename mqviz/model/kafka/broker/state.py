"""A broker: its process, what the controller thinks of it, and its machine."""

from __future__ import annotations

import msgspec

from mqviz.model.kafka.log.batch import Batch
from mqviz.model.kafka.replication.state import Feed, Fetcher

UP = ("running", "stopping")
"""States in which the process serves requests."""


class Broker(msgspec.Struct):
    """A server; `feeds` by follower, `fetchers` by leader, `carried`: batches fetched and not yet written.

    `process`: see MOVES, since `since_us`. `fenced`: the controller does not count on it. `incarnation`
    counts its starts; `clean`: its last end was a controlled one. `silence` counts faults and recoveries, so
    that a timer of an earlier one is void. `beats_from_us`: its heartbeats leave at this time and every
    broker.heartbeat.interval.ms after; `heard_at_us`: the last one before it fell silent, -1 while it does
    not. `dark`: its machine is off.
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
    heartbeats_from_us: int = 0
    heard_at_us: int = -1
    dark: bool = False
    slow: int = 1
    delay_us: int = 0
    leaving_us: int = -1

    @property
    def up(self) -> bool:
        """Whether its process serves requests."""
        return self.process in UP


MOVES: dict[str, tuple[str, ...]] = {
    "running": ("stopping", "paused", "dead"),
    "stopping": ("stopped", "paused", "dead"),
    "paused": ("running", "dead"),
    "stopped": ("starting",),
    "dead": ("starting",),
    "starting": ("running", "dead"),
}
"""From each state of a broker's process those that may follow (R5, R10, R11, R28)."""
