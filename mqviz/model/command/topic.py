"""Commands to topics."""

from __future__ import annotations

import msgspec

from mqviz.model.command.base import Command, Config, Named


class CreateTopic(Command, frozen=True):
    """A new topic; `config` holds Kafka's topic settings by their names, such as `retention.ms`.

    What is not said is as the brokers' settings have it: num.partitions, default.replication.factor,
    min.insync.replicas.
    `replicas`: brokers of each partition by hand, the preferred leader first, as in `replicas=1/2/3,2/3/1`.
    """

    verb, kind = "create", "topic"
    name: str
    partitions: int | None = None
    replication_factor: int | None = None
    min_insync_replicas: int | None = None
    config: Config = msgspec.field(default_factory=dict)
    replicas: tuple[str, ...] = ()


class AddPartitions(Command, frozen=True):
    """Let a topic have `to` partitions in all; `replicas` of the new ones as in CreateTopic."""

    verb, kind = "add", "partitions"
    name: str
    to: int
    replicas: tuple[str, ...] = ()


class DeleteTopic(Named, frozen=True):
    """Delete a topic with all its records."""

    verb, kind = "delete", "topic"


class AlterTopic(Named, frozen=True):
    """Change settings of a topic that is there; `config` as in CreateTopic (`alter topic t
    retention.ms=60000`).
    """

    verb, kind = "alter", "topic"
    config: Config = msgspec.field(default_factory=dict)


class AlterCluster(Command, frozen=True):
    """Change settings of all brokers while they run, those that Kafka lets change (`alter cluster
    min.insync.replicas=2`).
    """

    verb, kind = "alter", "cluster"
    config: Config = msgspec.field(default_factory=dict)


class DeleteRecords(Named, frozen=True):
    """Make `before` the first offset of the topic's partition that can be read; -1: all that is committed
    goes.
    """

    verb, kind = "delete", "records"
    partition: int = 0
    before: int = -1
