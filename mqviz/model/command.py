"""Command: a frozen intent in the imperative, and the two events that tell what became of it.

The fields of a command are the keys of its text notation (mqviz/commands.py) and of its entry in a
scenario file. The settings that lessons use most are fields, with `_` for `.` and a unit for their times; every other one is
in `config`, by Kafka's own name and in Kafka's units, and is written as it is (`retries=3 buffer.memory=65536`). An accepted command
is the event `CommandGiven`, the root of causes; one that turns out impossible later is `CommandRefused`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import msgspec

from mqviz.model.command_base import Command as Command
from mqviz.model.command_base import Config as Config
from mqviz.model.command_base import Named as Named
from mqviz.model.command_base import Spread as Spread
from mqviz.model.command_base import ms
from mqviz.model.command_share import AnyShareCommand
from mqviz.model.event import Event, Weight, applies
from mqviz.model.units import Duration, Rate, Size

if TYPE_CHECKING:
    from mqviz.model.state import State


class CreateTopic(Command, frozen=True):
    """A new topic; `config` holds Kafka's topic settings by their names, such as `retention.ms`."""

    verb, kind = "create", "topic"
    name: str
    partitions: int = 1
    replication_factor: int = 1
    min_insync_replicas: int = 1
    config: Config = msgspec.field(default_factory=dict)


class AlterTopic(Named, frozen=True):
    """Change settings of a topic that is there; `config` as in CreateTopic (`alter topic t retention.ms=60000`)."""

    verb, kind = "alter", "topic"
    config: Config = msgspec.field(default_factory=dict)


class DeleteRecords(Named, frozen=True):
    """Make `before` the first offset of the topic's partition that can be read; -1: all that is committed goes."""

    verb, kind = "delete", "records"
    partition: int = 0
    before: int = -1


class AddProducer(Command, frozen=True):
    """A producer application: sends `count` records (0: without end) to `topic` at `rate`, keys in turn or drawn.

    `keys` is a list of keys (empty: null keys); `key_choice` is `turn` or `random`; `arrivals` is `even`
    or `exponential`. `partitioner` is `java` (murmur2, sticky), `librdkafka` (CRC32), or one of librdkafka's by its name.
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


class AddConsumer(Command, frozen=True):
    """A consumer application: one member of `group` that processes each record for `processing`.

    Without a name the backend gives the next free one (c1, c2, …); without a topic it subscribes to what the
    group's other members read, or to the only topic there is; `topics` where it reads several. With `assign` (partitions, as
    `orders-0`) it takes these by hand and is no member (R95).
    `commit` says when the application commits (R86): `after` the records of a poll are processed, `before`, after
    `each` record, `async` (after the work, without waiting), `auto` (enable.auto.commit), `none` (only by command), `dedupe`
    (after the work, which recognises records that the group has done). `client`: whose client it is, `java` or
    `librdkafka`. `loop` false: the application polls only when it is told to.
    """

    verb, kind = "add", "consumer"
    name: str = ""
    group: str = ""
    topic: str = ""
    processing: Duration = Duration(100 * ms)
    service_times: Spread = "even"
    max_poll_records: int = 500
    commit: Literal["after", "auto", "before", "each", "async", "none", "dedupe"] = "after"
    auto_offset_reset: str = "latest"
    session_timeout: Duration = Duration(45_000 * ms)
    heartbeat_interval: Duration = Duration(3_000 * ms)
    max_poll_interval: Duration = Duration(300_000 * ms)
    config: Config = msgspec.field(default_factory=dict)
    topics: tuple[str, ...] = ()
    assign: tuple[str, ...] = ()
    client: Literal["java", "librdkafka"] = "java"
    loop: bool = True


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


class CloseProducer(Named, frozen=True):
    """The producer sends what it holds and ends."""

    verb, kind = "close", "producer"


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


class SetConsumer(Command, frozen=True):
    """Change how long a running consumer takes for a record, or whether its application polls all the time."""

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
    """The application does something else for `time` and does not poll meanwhile; its client's threads go on (R93)."""

    verb, kind = "busy", "consumer"
    name: str
    time: Duration


class CommitConsumer(Command, frozen=True):
    """The application calls commitSync() with its positions (R85)."""

    verb, kind = "commit", "consumer"
    name: str


class SeekConsumer(Command, frozen=True):
    """The application calls seek(): `offset`, or `to` the beginning or the end, or to a `time` of the run (R88).

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
    """The application calls pause(): it keeps the partition (as `orders-0`), but nothing of it is fetched or returned (R89)."""

    verb, kind = "pause", "partition"
    name: str
    consumer: str


class ResumePartition(Command, frozen=True):
    """The application takes records of the partition again."""

    verb, kind = "resume", "partition"
    name: str
    consumer: str


class ResetGroup(Command, frozen=True):
    """An administrator sets committed offsets of a group without members (R88): to an `offset`, an end, or a `time` of the run.

    `partition` -1: all partitions of `topic`, or of all topics that the group has offsets of.
    """

    verb, kind = "reset", "group"
    name: str
    topic: str = ""
    partition: int = -1
    offset: int | None = None
    to: Literal["", "earliest", "latest"] = ""
    time: Duration | None = None


class SendRecord(Command, frozen=True):
    """One more record through the producer `name`, now; `key` empty means a null key.

    `value` is a short text (empty: an opaque payload of the producer's size); `tombstone=true` sends a null value,
    which deletes the key where the topic is compacted. `timestamp_ms` counts from the start of the run and may be negative;
    without it the record is stamped now. `partition` is an explicit one (-1: the partitioner chooses), `size` the bytes of an
    opaque payload (-1: as the producer's others), `topic` another one than the producer's.
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


class KillBroker(Named, frozen=True):
    """The broker's process dies: peers see the connection close, the controller only the silence."""

    verb, kind = "kill", "broker"


class StopBroker(Named, frozen=True):
    """Controlled shutdown: the controller moves its leaderships, then it ends."""

    verb, kind = "stop", "broker"


class PauseBroker(Named, frozen=True):
    """The broker's process freezes; its sockets stay open."""

    verb, kind = "pause", "broker"


class ResumeBroker(Named, frozen=True):
    """The frozen broker goes on, with its old beliefs."""

    verb, kind = "resume", "broker"


class RestartBroker(Named, frozen=True):
    """A broker that was stopped or killed starts again on its disk."""

    verb, kind = "restart", "broker"


class FailDisk(Command, frozen=True):
    """The disk of a dead broker is lost, or what it keeps of one topic."""

    verb, kind = "fail", "disk"
    name: str
    topic: str = ""


class IsolateBroker(Command, frozen=True):
    """No byte passes between this broker (and the nodes in `also`: brokers, clients) and everybody else."""

    verb, kind = "isolate", "broker"
    name: str
    also: tuple[str, ...] = ()


class HealBroker(Named, frozen=True):
    """The links of an isolated broker, and of whoever was cut off with it, work again."""

    verb, kind = "heal", "broker"


class ElectLeader(Command, frozen=True):
    """Elect a leader now: the preferred replica, or (`how=unclean`) any that is there."""

    verb, kind = "elect", "leader"
    topic: str
    partition: int
    how: Literal["preferred", "unclean"] = "preferred"


class AddSignUp(Command, frozen=True):
    """The sign-up service of the guide in one `design`, `synchronous` or `asynchronous` (R136, R137).

    `clients` sign-ups arrive (0: without end), `arrivals` `even` or `exponential` at `rate`, from `start`
    on, or exactly at the times listed in `at`, all counted from when the service is added; designs with the
    same `stream` see the same arrivals, database times and mail times. `threads` requests are served at once
    (0: as many as there are). `database` is the time in the database (`database_times` `even`: always that;
    `exponential`: its mean), `queue` the time to leave the note; a mail takes between `mail_min` and
    `mail_max` (`mail_times` `even`: drawn uniformly; `exponential`: exponential with mean `mail_min`; both
    0s: no mail). A synchronous sign-up waits for its mail for at most `timeout`. `workers` send the mails of
    the asynchronous design (0: as many as there are mails).
    """

    verb, kind = "add", "sign-up"
    name: str
    design: Literal["synchronous", "asynchronous"] = "synchronous"
    clients: int = 5
    rate: Rate = Rate(2)
    arrivals: Spread = "even"
    start: Duration = Duration(0)
    at: tuple[Duration, ...] = ()
    threads: int = 0
    workers: int = 0
    database: Duration = Duration(100 * ms)
    database_times: Spread = "even"
    queue: Duration = Duration(1 * ms)
    mail_min: Duration = Duration(3_000 * ms)
    mail_max: Duration = Duration(5_000 * ms)
    mail_times: Spread = "even"
    stream: str = "sign-up"
    mail_server: str = "mail-server"
    timeout: Duration = Duration(30_000 * ms)


class FailService(Named, frozen=True):
    """The service stops answering: whoever calls it fails."""

    verb, kind = "fail", "service"


class RepairService(Named, frozen=True):
    """The service answers again."""

    verb, kind = "repair", "service"


AnyCommand = (
    CreateTopic
    | AlterTopic
    | DeleteRecords
    | AddProducer
    | AddConsumer
    | CloseConsumer
    | KillConsumer
    | PauseConsumer
    | ResumeConsumer
    | CloseProducer
    | KillProducer
    | PauseProducer
    | ResumeProducer
    | SetProducer
    | SetConsumer
    | PollConsumer
    | BusyConsumer
    | CommitConsumer
    | SeekConsumer
    | PausePartition
    | ResumePartition
    | ResetGroup
    | SendRecord
    | KillBroker
    | StopBroker
    | PauseBroker
    | ResumeBroker
    | RestartBroker
    | FailDisk
    | IsolateBroker
    | HealBroker
    | ElectLeader
    | AddSignUp
    | FailService
    | RepairService
    | AnyShareCommand
)
"""Every command there is; mqviz/commands.py makes its table from this."""


class CommandLog(msgspec.Struct):
    """The commands of this run so far, in order."""

    given: int = 0
    refused: int = 0


class CommandGiven(Event, frozen=True, omit_defaults=True):
    """Somebody asked for something and it was accepted; number counts from 1.

    `of_scenario`: the scenario asks for it itself, with its contents or its timetable (not written where it is False,
    so that captures from before this field keep their hash).
    """

    weight = Weight.MOMENT
    number: int
    command: AnyCommand
    of_scenario: bool = False


class CommandRefused(Event, frozen=True):
    """An accepted command turned out to be impossible; `reason` is a sentence."""

    weight = Weight.STEP
    number: int
    reason: str


@applies(CommandGiven)
def _given(state: State, event: CommandGiven) -> None:
    state.commands.given = event.number


@applies(CommandRefused)
def _refused(state: State, event: CommandRefused) -> None:
    state.commands.refused += 1
