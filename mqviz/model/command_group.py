"""Commands of an administrator to groups (mqviz/model/command.py)."""

from __future__ import annotations

import msgspec

from mqviz.model.command_base import Command, Config, Named


class AlterGroup(Named, frozen=True):
    """Set dynamic settings of a group, which need not be there: `alter group g share.record.lock.duration.ms=20000`."""

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
