"""What a driven client and mqviz send each other: one JSON line a struct, orders down, reports up.

Times are microseconds of the system's monotonic clock, which all processes of a machine share. Keys are
text; None is a null key. This module is light: mqviz itself never imports the client library.
"""

import time
from typing import Final

import msgspec

Place = tuple[str, int]
"""(topic, partition)."""


class Order(msgspec.Struct, frozen=True, tag_field="do", forbid_unknown_fields=True):
    """Base of what a child receives. The first order says what it is; `config` is librdkafka's own."""


class BeProducer(Order, frozen=True, tag="be-producer"):
    """Send `count` records (0: without end) to `topic`, as the command AddProducer describes."""

    config: dict[str, str]
    topic: str
    rate_per_s: float
    count: int
    start_us: int
    keys: tuple[str, ...]
    key_choice: str
    arrivals: str
    value_size: int
    seed: int


class BeConsumer(Order, frozen=True, tag="be-consumer"):
    """Read `topics` as one member of the group of `config`, as the command AddConsumer describes."""

    config: dict[str, str]
    topics: tuple[str, ...]
    processing_us: int
    service_times: str
    max_poll_records: int
    commit: str
    seed: int
    store_offsets: str = "after"


class BeAdmin(Order, frozen=True, tag="be-admin"):
    """Make and remove topics; nothing about groups is ever asked."""

    config: dict[str, str]


class SetRate(Order, frozen=True, tag="rate"):
    """Producer: from now on that many records a second."""

    rate_per_s: float


class Send(Order, frozen=True, tag="send"):
    """Producer: `count` more records now."""

    key: str | None
    count: int = 1


class SetProcessing(Order, frozen=True, tag="processing"):
    """Consumer: from the next record on, processing takes that long."""

    processing_us: int


class Close(Order, frozen=True, tag="close"):
    """End in the orderly way: flush, or commit and leave the group."""


class Look(Order, frozen=True, tag="look"):
    """Admin: report the cluster id, the brokers and the names of the topics."""


class Make(Order, frozen=True, tag="make"):
    """Admin: create a topic with the given replicas of each partition."""

    topic: str
    replicas: list[list[int]]
    settings: dict[str, str]


class Remove(Order, frozen=True, tag="remove"):
    """Admin: delete topics; one that is not there counts as deleted."""

    topics: tuple[str, ...]


class Report(msgspec.Struct, frozen=True, tag_field="report", forbid_unknown_fields=True):
    """Base of what a child emits."""

    at_us: int


class Ready(Report, frozen=True, tag="ready"):
    """The client exists."""


class Sent(Report, frozen=True, tag="sent"):
    """The application handed a record to the producer; `number` counts from 1."""

    number: int
    key: str | None


class Produced(Report, frozen=True, tag="produced"):
    """A record was acknowledged (with acks=0: handed to the network, and `offset` is -1)."""

    number: int
    key: str | None
    topic: str
    partition: int
    offset: int
    sent_at_us: int


class NotProduced(Report, frozen=True, tag="not-produced"):
    """A record was given up; `error` is Kafka's name."""

    number: int
    key: str | None
    error: str
    sent_at_us: int


class Assigned(Report, frozen=True, tag="assigned"):
    """The group gave these partitions; `owned` is everything the member has now."""

    partitions: tuple[Place, ...]
    owned: tuple[Place, ...]


class Revoked(Report, frozen=True, tag="revoked"):
    """The group took these partitions; `lost`: without asking, so that nothing could be committed."""

    partitions: tuple[Place, ...]
    owned: tuple[Place, ...]
    lost: bool


class Delivered(Report, frozen=True, tag="delivered"):
    """A record came from a poll and processing it began, which will take `processing_us`."""

    topic: str
    partition: int
    offset: int
    key: str | None
    processing_us: int


class Processed(Report, frozen=True, tag="processed"):
    """A record was processed."""

    topic: str
    partition: int
    offset: int


class Committed(Report, frozen=True, tag="committed"):
    """The answer to a commit; `error` is empty or Kafka's name."""

    offsets: tuple[tuple[str, int, int], ...]
    error: str


class Failed(Report, frozen=True, tag="failed"):
    """The client library reported an error; `fatal`: it cannot go on."""

    error: str
    text: str
    fatal: bool


class LogLine(Report, frozen=True, tag="log"):
    """A line of the client library's log."""

    level: str
    text: str


class Looked(Report, frozen=True, tag="looked"):
    """What Look saw."""

    cluster_id: str
    brokers: tuple[int, ...]
    topics: tuple[str, ...]


class Done(Report, frozen=True, tag="done"):
    """Make or Remove came to its end; `error` is empty or a sentence."""

    error: str


class Closed(Report, frozen=True, tag="closed"):
    """The client closed in the orderly way."""


AnyOrder = BeProducer | BeConsumer | BeAdmin | SetRate | Send | SetProcessing | Close | Look | Make | Remove
AnyReport = (
    Ready
    | Sent
    | Produced
    | NotProduced
    | Assigned
    | Revoked
    | Delivered
    | Processed
    | Committed
    | Failed
    | LogLine
    | Looked
    | Done
    | Closed
)
ORDERS: Final = msgspec.json.Decoder(AnyOrder)
REPORTS: Final = msgspec.json.Decoder(AnyReport)
ENCODE: Final = msgspec.json.Encoder().encode


def now_us() -> int:
    """This moment, on the clock of all reports."""
    return time.monotonic_ns() // 1_000
