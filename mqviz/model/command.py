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
from mqviz.model.command_broker import AddBroker as AddBroker
from mqviz.model.command_broker import ElectLeader as ElectLeader
from mqviz.model.command_broker import FailDisk as FailDisk
from mqviz.model.command_broker import FailPower as FailPower
from mqviz.model.command_broker import HealBroker as HealBroker
from mqviz.model.command_broker import IsolateBroker as IsolateBroker
from mqviz.model.command_broker import KillBroker as KillBroker
from mqviz.model.command_broker import KillController as KillController
from mqviz.model.command_broker import PauseBroker as PauseBroker
from mqviz.model.command_broker import RestartBroker as RestartBroker
from mqviz.model.command_broker import RestartController as RestartController
from mqviz.model.command_broker import ResumeBroker as ResumeBroker
from mqviz.model.command_broker import SlowBroker as SlowBroker
from mqviz.model.command_broker import StopBroker as StopBroker
from mqviz.model.command_group import AnyGroupCommand
from mqviz.model.command_share import AnyShareCommand
from mqviz.model.command_systems import AddSignUp as AddSignUp
from mqviz.model.command_systems import FailService as FailService
from mqviz.model.command_systems import RepairService as RepairService
from mqviz.model.command_topic import AddPartitions as AddPartitions
from mqviz.model.command_topic import AlterCluster as AlterCluster
from mqviz.model.command_topic import AlterTopic as AlterTopic
from mqviz.model.command_topic import CreateTopic as CreateTopic
from mqviz.model.command_topic import DeleteRecords as DeleteRecords
from mqviz.model.command_topic import DeleteTopic as DeleteTopic
from mqviz.model.command_transactions import AnyTransactionCommand
from mqviz.model.event import Event, Weight, applies
from mqviz.model.units import Duration, Rate, Size

if TYPE_CHECKING:
    from mqviz.model.state import State


class AddProducer(Command, frozen=True):
    """A producer application: sends `count` records (0: without end) to `topic` at `rate`, keys in turn or drawn.

    With a `burst` it sends that many in a row, then pauses, so that `rate` stays the mean.
    `keys` is a list of keys (empty: null keys); `key_choice` is `turn` or `random`; `arrivals` is `even`
    or `exponential`. `partitioner` is `java` (murmur2, sticky), `librdkafka` (CRC32), or one of librdkafka's by its name.
    `transaction_records` or `transaction_time`: it puts so many records, or so much time, into each transaction and aborts
    every `abort_every`-th (0: none); transactional.id is its name if none is given. With a transactional.id only, it sends
    at its rate while a transaction is open, and begins and ends one when it is told to.
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


class AddConsumer(Command, frozen=True):
    """A consumer application: one member of `group` that processes each record for `processing`.

    Without a name the backend gives the next free one (c1, c2, …); without a topic it subscribes to what the
    group's other members read, or to the only topic there is; `topics` where it reads several. With `assign` (partitions, as
    `orders-0`) it takes these by hand and is no member (R95).
    `commit` says when the application commits (R86): `after` the records of a poll are processed, `before`, after
    `each` record, `async` (after the work, without waiting), `auto` (enable.auto.commit), `none` (only by command), `dedupe`
    (after the work, which recognises records that the group has done), in one `transaction` with what the producer `output`
    sends for each record (R66). `client`: whose client it is, `java` or
    `librdkafka`. `loop` false: the application polls only when it is told to. `store_offsets`: whether the application calls
    store_offsets() `after` it has processed a record or `never`, with enable.auto.offset.store=false (R84, E70).
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


AnyCommand = (
    CreateTopic
    | AddPartitions
    | DeleteTopic
    | AlterCluster
    | AlterTopic
    | DeleteRecords
    | AddProducer
    | AddConsumer
    | CloseConsumer
    | KillConsumer
    | PauseConsumer
    | ResumeConsumer
    | CloseProducer
    | FlushProducer
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
    | AddBroker
    | KillBroker
    | StopBroker
    | PauseBroker
    | ResumeBroker
    | RestartBroker
    | FailDisk
    | FailPower
    | KillController
    | RestartController
    | SlowBroker
    | IsolateBroker
    | HealBroker
    | ElectLeader
    | AddSignUp
    | FailService
    | RepairService
    | AnyGroupCommand
    | AnyShareCommand
    | AnyTransactionCommand
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
