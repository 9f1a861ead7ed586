"""Commands to producers."""

from __future__ import annotations

from typing import Literal

import msgspec

from mqviz.model.command.base import Command, Config, Named, Spread, ms
from mqviz.model.units import Duration, Rate, Size


class AddProducer(Command, frozen=True):
    """A producer application: sends `count` records (0: without end) to `topic` at `rate`, keys in turn or
    drawn.

    With a `burst` it sends that many in a row, then pauses, so that `rate` stays the mean. `keys` is a list
    of keys (empty: null keys); `key_choice` is `turn` or `random`; `arrivals` is `even` or `exponential`.
    `partitioner` is `java` (murmur2, sticky), `librdkafka` (CRC32), or one of librdkafka's by its name.
    `transaction_records` or `transaction_time`: it puts so many records, or so much time, into each
    transaction and aborts every `abort_every`-th (0: none); transactional.id is its name if none is given.
    With a transactional.id only, it sends at its rate while a transaction is open, and begins and ends one
    when it is told to.
    """

    verb, kind = "add", "producer"
    name: str
    topic: str
    rate: Rate = Rate(1)
    count: int = 0
    start: Duration = Duration(0)
    keys: tuple[str, ...] = ()
    key_choice: Literal["turn", "random"] = "turn"
    arrivals: Spread = "even"
    burst: int = 1
    value_size: Size = Size(100)
    acks: str = "all"
    linger: Duration = Duration(5 * ms)
    batch_size: Size = Size(16384)
    max_in_flight: int = 5
    partitioner: Literal[
        "java",
        "librdkafka",
        "murmur2_random",
        "murmur2",
        "consistent",
        "consistent_random",
        "fnv1a",
        "fnv1a_random",
        "random",
    ] = "java"
    config: Config = msgspec.field(default_factory=dict)
    transaction_records: int = 0
    transaction_time: Duration = Duration(0)
    abort_every: int = 0


class CloseProducer(Named, frozen=True):
    """The producer sends what it holds and ends."""

    verb, kind = "close", "producer"


class FlushProducer(Named, frozen=True):
    """The producer sends what it holds, without waiting for linger.ms."""

    verb, kind = "flush", "producer"


class KillProducer(Named, frozen=True):
    """The producer's process dies; what was not sent is gone."""

    verb, kind = "kill", "producer"


class PauseProducer(Named, frozen=True):
    """The producer's process freezes."""

    verb, kind = "pause", "producer"


class ResumeProducer(Named, frozen=True):
    """The frozen producer goes on."""

    verb, kind = "resume", "producer"


class SetProducer(Command, frozen=True):
    """Change how fast a running producer sends."""

    verb, kind = "set", "producer"
    name: str
    rate: Rate


class SendRecord(Command, frozen=True):
    """One more record through the producer `name`, now; `key` empty means a null key.

    `value` is a short text (empty: an opaque payload of the producer's size); `tombstone=true` sends a null
    value, which deletes the key where the topic is compacted. `timestamp_ms` counts from the start of the run
    and may be negative; without it the record is stamped now. `partition` is an explicit one (-1: the
    partitioner chooses), `size` the bytes of an opaque payload (-1: as the producer's others), `topic`
    another one than the producer's.
    """

    verb, kind = "send", "record"
    name: str
    key: str = ""
    count: int = 1
    value: str = ""
    tombstone: bool = False
    timestamp_ms: int | None = None
    partition: int = -1
    size: int = -1
    topic: str = ""
