"""All commands there are, as one union: what files, notation and events may hold."""

from __future__ import annotations

from mqviz.model.command.broker import (
    AddBroker,
    ElectLeader,
    FailDisk,
    FailPower,
    HealBroker,
    IsolateBroker,
    KillBroker,
    KillController,
    PauseBroker,
    RestartBroker,
    RestartController,
    ResumeBroker,
    SlowBroker,
    StopBroker,
)
from mqviz.model.command.consumer import (
    AddConsumer,
    BusyConsumer,
    CloseConsumer,
    CommitConsumer,
    KillConsumer,
    PauseConsumer,
    PausePartition,
    PollConsumer,
    ResumeConsumer,
    ResumePartition,
    SeekConsumer,
    SetConsumer,
)
from mqviz.model.command.group import AnyGroupCommand, ResetGroup
from mqviz.model.command.producer import (
    AddProducer,
    CloseProducer,
    FlushProducer,
    KillProducer,
    PauseProducer,
    ResumeProducer,
    SendRecord,
    SetProducer,
)
from mqviz.model.command.share import AnyShareCommand
from mqviz.model.command.systems import AddSignUp, FailService, RepairService
from mqviz.model.command.topic import (
    AddPartitions,
    AlterCluster,
    AlterTopic,
    CreateTopic,
    DeleteRecords,
    DeleteTopic,
)
from mqviz.model.command.transaction import AnyTransactionCommand

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
