"""Commands to consumers and to what their application does with them."""

from __future__ import annotations

from typing import Literal

import msgspec

from mqviz.model.command.base import Command, Config, Named, Spread, ms
from mqviz.model.units import Duration


class AddConsumer(Command, frozen=True):
    """A consumer application: one member of `group` that processes each record for `processing`.

    Without a name the backend gives the next free one (c1, c2, …); without a topic it subscribes to what the
    group's other members read, or to the only topic there is; `topics` where it reads several. With `assign`
    (partitions, as `orders-0`) it takes these by hand and is no member (R95). `commit` says when the
    application commits (R86): `after` the records of a poll are processed, `before`, after `each` record,
    `async` (after the work, without waiting), `auto` (enable.auto.commit), `none` (only by command), `dedupe`
    (after the work, which recognises records that the group has done), in one `transaction` with what the
    producer `output` sends for each record (R66). `client`: whose client it is, `java` or `librdkafka`.
    `loop` false: the application polls only when it is told to. `store_offsets`: whether the application
    calls store_offsets() `after` it has processed a record or `never`, with enable.auto.offset.store=false
    (R84).
    """

    verb, kind = "add", "consumer"
    name: str = ""
    group: str = ""
    topic: str = ""
    processing: Duration = Duration(100 * ms)
    service_times: Spread = "even"
    max_poll_records: int = 500
    commit: Literal["after", "auto", "before", "each", "async", "none", "dedupe", "transaction"] = "after"
    auto_offset_reset: str = "latest"
    session_timeout: Duration = Duration(45_000 * ms)
    heartbeat_interval: Duration = Duration(3_000 * ms)
    max_poll_interval: Duration = Duration(300_000 * ms)
    config: Config = msgspec.field(default_factory=dict)
    topics: tuple[str, ...] = ()
    assign: tuple[str, ...] = ()
    client: Literal["java", "librdkafka"] = "java"
    loop: bool = True
    output: str = ""
    store_offsets: Literal["after", "never"] = "after"


class CloseConsumer(Named, frozen=True):
    """The application closes its consumer: commit, LeaveGroup, gone."""

    verb, kind = "close", "consumer"


class KillConsumer(Named, frozen=True):
    """The process dies at once: nobody is told."""

    verb, kind = "kill", "consumer"


class PauseConsumer(Named, frozen=True):
    """The process freezes (SIGSTOP); it goes on later with its old beliefs."""

    verb, kind = "pause", "consumer"


class ResumeConsumer(Named, frozen=True):
    """The frozen process goes on."""

    verb, kind = "resume", "consumer"


class SetConsumer(Command, frozen=True):
    """Change how long a running consumer takes for a record,
    or whether its application polls all the time.
    """

    verb, kind = "set", "consumer"
    name: str
    processing: Duration | None = None
    loop: bool | None = None


class PollConsumer(Command, frozen=True):
    """The application of a consumer that does not loop calls poll(timeout) once; it works on what comes."""

    verb, kind = "poll", "consumer"
    name: str
    timeout: Duration = Duration(1_000 * ms)


class BusyConsumer(Command, frozen=True):
    """The application does something else for `time` and does not poll meanwhile; its client's threads go on
    (R93).
    """

    verb, kind = "busy", "consumer"
    name: str
    time: Duration


class CommitConsumer(Command, frozen=True):
    """The application calls commitSync() with its positions (R85)."""

    verb, kind = "commit", "consumer"
    name: str


class SeekConsumer(Command, frozen=True):
    """The application calls seek(): `offset`, or `to` the beginning or the end, or to a `time` of the run
    (R88).

    `partition` -1: all that it owns of `topic` (empty: of every topic).
    """

    verb, kind = "seek", "consumer"
    name: str
    topic: str = ""
    partition: int = -1
    offset: int | None = None
    to: Literal["", "beginning", "end"] = ""
    time: Duration | None = None


class PausePartition(Command, frozen=True):
    """The application calls pause(): it keeps the partition (as `orders-0`), but nothing of it is fetched or
    returned (R89).
    """

    verb, kind = "pause", "partition"
    name: str
    consumer: str


class ResumePartition(Command, frozen=True):
    """The application takes records of the partition again."""

    verb, kind = "resume", "partition"
    name: str
    consumer: str
