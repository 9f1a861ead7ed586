"""Followers fetch and copy, high watermarks move, logs are truncated, brokers learn who leads."""

from __future__ import annotations

from mqviz.model.event import Event, Weight


class ReplicaAppended(Event, frozen=True):
    """A follower wrote offsets first … end - 1, as fetch `number` brought them, to its own log."""

    topic: str
    partition: int
    broker: int
    number: int
    first: int
    end: int


class FollowerFetched(Event, frozen=True):
    """A fetch of `follower` reached the leader: it has everything below these offsets (R16)."""

    broker: int
    follower: int
    offsets: tuple[tuple[str, int, int], ...]


class HighWatermarkAdvanced(Event, frozen=True):
    """Everything below `high_watermark` is on every in-sync replica: committed, and readable (R17)."""

    weight = Weight.STEP
    topic: str
    partition: int
    before: int
    high_watermark: int
    broker: int


class ReplicaHighWatermarkAdvanced(Event, frozen=True):
    """A follower was told the high watermark by fetch answer (R15)."""

    topic: str
    partition: int
    broker: int
    high_watermark: int


class LeadershipLearned(Event, frozen=True):
    """A broker was told the newest record of a partition; it leads, follows or stands still if it has a copy.

    `led`: it led until now. `moved`: the leader epoch is another one than it knew.
    """

    topic: str
    partition: int
    broker: int
    led: bool = False
    moved: bool = False


class ReplicaTruncated(Event, frozen=True):
    """A follower cut its log: what it had from offset `end` on is not what its leader has (R26)."""

    weight = Weight.MOMENT
    topic: str
    partition: int
    broker: int
    before: int
    end: int
    records: int


class LeadershipForgotten(Event, frozen=True):
    """A follower struck a leadership of its own that wrote nothing, and of which its leader does not know
    (R26).
    """

    topic: str
    partition: int
    broker: int
    epoch: int


class IsrProposed(Event, frozen=True):
    """The partition leader asked the controller for other in-sync replicas (R20)."""

    weight = Weight.STEP
    topic: str
    partition: int
    broker: int
    isr: tuple[int, ...]


class FetcherReset(Event, frozen=True):
    """A follower starts to fetch anew from a leader that it could not reach, from where its copies end."""

    broker: int
    leader: int
