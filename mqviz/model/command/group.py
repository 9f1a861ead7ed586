"""Commands to groups: their offsets, their settings, their end."""

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
