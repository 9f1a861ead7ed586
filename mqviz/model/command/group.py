"""Command: a frozen intent in the imperative, and the two events that tell what became of it.

The fields of a command are the keys of its text notation (mqviz/commands.py) and of its entry in a scenario
file. The settings that lessons use most are fields, with `_` for `.` and a unit for their times; every other
one is in `config`, by Kafka's own name and in Kafka's units, and is written as it is (`retries=3
buffer.memory=65536`). An accepted command is the event `CommandGiven`, the root of causes; one that turns out
impossible later is `CommandRefused`.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from mqviz.model.command.base import Command, Config, Named
from mqviz.model.units import Duration


class ResetGroup(Command, frozen=True):
    """An administrator sets committed offsets of a group without members (R88): to an `offset`, an end, or a
    `time` of the run.

    `partition` -1: all partitions of `topic`, or of all topics that the group has offsets of.
    """

    verb, kind = "reset", "group"
    name: str
    topic: str = ""
    partition: int = -1
    offset: int | None = None
    to: Literal["", "earliest", "latest"] = ""
    time: Duration | None = None


class AlterGroup(Named, frozen=True):
    """Set dynamic settings of a group, which need not be there: `alter group g
    share.record.lock.duration.ms=20000`.
    """

    verb, kind = "alter", "group"
    config: Config = msgspec.field(default_factory=dict)


class DeleteGroup(Named, frozen=True):
    """Delete a group without members, with all that it committed."""

    verb, kind = "delete", "group"


class DeleteOffsets(Command, frozen=True):
    """Forget what a group committed of a topic; `partition` -1: of all its partitions."""

    verb, kind = "delete", "offsets"
    name: str
    topic: str = ""
    partition: int = -1


AnyGroupCommand = AlterGroup | DeleteGroup | DeleteOffsets
