"""Kafka's settings with their defaults and limits, one table a component. Times are in milliseconds, as in
Kafka's files.

A scenario that gives a setting which is not here is refused. Those of INERT are taken and change nothing in
the simulator.
"""

from __future__ import annotations

from typing import NamedTuple

MAX_INT = 2147483647
MAX_LONG = 9223372036854775807


class Setting(NamedTuple):
    """A setting: its default (whose type is its type), the range of numbers or the texts that Kafka takes."""

    name: str
    default: int | float | bool | str
    low: float | None = None
    high: float | None = None
    texts: tuple[str, ...] = ()


# Topic settings; a broker setting of another name gives the default of a topic that does not say (LogConfig).
TOPIC = (
    Setting("cleanup.policy", "delete"),
    Setting(
        "compression.type", "producer", texts=("uncompressed", "zstd", "lz4", "snappy", "gzip", "producer")
    ),
    Setting("delete.retention.ms", 86400000, 0),
    Setting("file.delete.delay.ms", 60000, 0),
    Setting("flush.messages", MAX_LONG, 1),
    Setting("flush.ms", MAX_LONG, 0),
    Setting("max.compaction.lag.ms", MAX_LONG, 1),
    Setting("max.message.bytes", 1048588, 0),
    Setting("message.timestamp.after.max.ms", 3600000, 0),
    Setting("message.timestamp.before.max.ms", MAX_LONG, 0),
    Setting("message.timestamp.type", "CreateTime", texts=("CreateTime", "LogAppendTime")),
    Setting("min.cleanable.dirty.ratio", 0.5, 0, 1),
    Setting("min.compaction.lag.ms", 0, 0),
    Setting("min.insync.replicas", 1, 1),
    Setting("retention.bytes", -1),
    Setting("retention.ms", 604800000, -1),
    Setting("segment.bytes", 1073741824, 1048576, MAX_INT),
    Setting("segment.ms", 604800000, 1),
    Setting("unclean.leader.election.enable", False),
)

TOPIC_DEFAULTS = {
    "cleanup.policy": "log.cleanup.policy",
    "delete.retention.ms": "log.cleaner.delete.retention.ms",
    "file.delete.delay.ms": "log.segment.delete.delay.ms",
    "max.compaction.lag.ms": "log.cleaner.max.compaction.lag.ms",
    "max.message.bytes": "message.max.bytes",
    "message.timestamp.after.max.ms": "log.message.timestamp.after.max.ms",
    "message.timestamp.before.max.ms": "log.message.timestamp.before.max.ms",
    "message.timestamp.type": "log.message.timestamp.type",
    "min.cleanable.dirty.ratio": "log.cleaner.min.cleanable.ratio",
    "min.compaction.lag.ms": "log.cleaner.min.compaction.lag.ms",
    "retention.bytes": "log.retention.bytes",
    "retention.ms": "log.retention.ms",
    "segment.bytes": "log.segment.bytes",
    "segment.ms": "log.roll.ms",
    "min.insync.replicas": "min.insync.replicas",
    "unclean.leader.election.enable": "unclean.leader.election.enable",
}
"""The broker setting that gives a topic setting's default."""

_TOPIC = {setting.name: setting for setting in TOPIC}

BROKER = (
    *(_TOPIC[name]._replace(name=broker) for name, broker in TOPIC_DEFAULTS.items()),
    Setting("num.partitions", 1, 1),
    Setting("default.replication.factor", 1, 1),
    Setting("auto.create.topics.enable", True),
    Setting("delete.topic.enable", True),
    Setting("auto.leader.rebalance.enable", True),
    Setting("leader.imbalance.check.interval.seconds", 300, 1),
    Setting("unclean.leader.election.interval.ms", 300000, 1),
    Setting("replica.selector.class", ""),
    Setting("broker.heartbeat.interval.ms", 2000, 1),
    Setting("broker.session.timeout.ms", 9000, 1),
    Setting("controller.quorum.fetch.timeout.ms", 2000, 1),
    Setting("controller.quorum.election.timeout.ms", 1000, 1),
    Setting("controller.quorum.election.backoff.max.ms", 1000, 0),
    Setting("replica.lag.time.max.ms", 30000, 1),
    Setting("replica.fetch.wait.max.ms", 500, 0),
    Setting("replica.fetch.min.bytes", 1, 0),
    Setting("replica.fetch.max.bytes", 1048576, 0),
    Setting("replica.fetch.backoff.ms", 1000, 0),
    Setting("replica.high.watermark.checkpoint.interval.ms", 5000, 1),
    Setting("log.retention.check.interval.ms", 300000, 1),
    Setting("log.initial.task.delay.ms", 30000, 0),
    Setting("log.cleaner.backoff.ms", 15000, 0),
    Setting("offsets.topic.num.partitions", 50, 1),
    Setting("offsets.topic.replication.factor", 3, 1),
    Setting("offsets.retention.minutes", 10080, 1),
    Setting("offsets.retention.check.interval.ms", 600000, 1),
    Setting("offsets.commit.timeout.ms", 5000, 1),
    Setting("transaction.state.log.num.partitions", 50, 1),
    Setting("transaction.state.log.replication.factor", 3, 1),
    Setting("transaction.state.log.min.isr", 2, 1),
    Setting("transaction.max.timeout.ms", 900000, 1),
    Setting("transaction.abort.timed.out.transaction.cleanup.interval.ms", 10000, 1),
    Setting("transactional.id.expiration.ms", 604800000, 1),
    Setting("producer.id.expiration.ms", 86400000, 1),
    Setting("producer.id.expiration.check.interval.ms", 600000, 1),
    Setting("group.initial.rebalance.delay.ms", 3000, 0),
    Setting("group.min.session.timeout.ms", 6000),
    Setting("group.max.session.timeout.ms", 1800000),
    Setting("group.max.size", MAX_INT, 1),
    Setting("group.consumer.assignors", "uniform,range"),
    Setting("group.consumer.assignment.interval.ms", 0, 0),
    Setting("group.consumer.heartbeat.interval.ms", 5000, 1),
    Setting("group.consumer.min.heartbeat.interval.ms", 5000, 1),
    Setting("group.consumer.max.heartbeat.interval.ms", 15000, 1),
    Setting("group.consumer.session.timeout.ms", 45000, 1),
    Setting("group.consumer.min.session.timeout.ms", 45000, 1),
    Setting("group.consumer.max.session.timeout.ms", 60000, 1),
    Setting("group.consumer.max.size", MAX_INT, 1),
    Setting("group.share.heartbeat.interval.ms", 5000, 1),
    Setting("group.share.min.heartbeat.interval.ms", 5000, 1),
    Setting("group.share.max.heartbeat.interval.ms", 15000, 1),
    Setting("group.share.session.timeout.ms", 45000, 1),
    Setting("group.share.min.session.timeout.ms", 45000, 1),
    Setting("group.share.max.session.timeout.ms", 60000, 1),
    Setting("group.share.max.size", 200, 1, 1000),
    Setting("group.share.delivery.count.limit", 5, 2, 10),
    Setting("group.share.record.lock.duration.ms", 30000, 1000, 3600000),
    Setting("group.share.min.record.lock.duration.ms", 15000, 1000, 30000),
    Setting("group.share.max.record.lock.duration.ms", 60000, 30000, 3600000),
    Setting("group.share.partition.max.record.locks", 2000, 100, 10000),
    Setting("share.coordinator.state.topic.num.partitions", 50, 1),
    Setting("share.coordinator.state.topic.replication.factor", 3, 1),
    Setting("share.coordinator.state.topic.min.isr", 2, 1),
)

PRODUCER = (
    Setting("acks", "all", texts=("all", "-1", "0", "1")),
    Setting("batch.size", 16384, 0),
    Setting("buffer.memory", 33554432, 0),
    Setting("compression.type", "none", texts=("none", "gzip", "snappy", "lz4", "zstd")),
    Setting("delivery.timeout.ms", 120000, 0, MAX_INT),
    Setting("enable.idempotence", True),
    Setting("linger.ms", 5, 0),
    Setting("max.block.ms", 60000, 0),
    Setting("max.in.flight.requests.per.connection", 5, 1),
    Setting("max.request.size", 1048576, 0),
    Setting("metadata.max.age.ms", 300000, 0),
    Setting("partitioner.adaptive.partitioning.enable", True),
    Setting("partitioner.availability.timeout.ms", 0, 0),
    Setting("partitioner.class", ""),
    Setting("partitioner.ignore.keys", False),
    Setting("reconnect.backoff.max.ms", 1000, 0),
    Setting("reconnect.backoff.ms", 50, 0),
    Setting("request.timeout.ms", 30000, 0, MAX_INT),
    Setting("retries", MAX_INT, 0, MAX_INT),
    Setting("retry.backoff.max.ms", 1000, 0),
    Setting("retry.backoff.ms", 100, 0),
    Setting("transaction.timeout.ms", 60000),
    Setting("transactional.id", ""),
    # librdkafka's own
    Setting("batch.num.messages", 10000, 1, 1000000),
    Setting("message.timeout.ms", 300000, 0, MAX_INT),
    Setting("partitioner", "consistent_random"),
    Setting("queue.buffering.max.kbytes", 1048576, 1, MAX_INT),
    Setting("queue.buffering.max.messages", 100000, 0, MAX_INT),
    Setting("sticky.partitioning.linger.ms", 10, 0, 900000),
)

CONSUMER = (
    Setting("auto.commit.interval.ms", 5000, 0),
    Setting("auto.offset.reset", "latest"),
    Setting("client.rack", ""),
    Setting("default.api.timeout.ms", 60000, 0),
    Setting("enable.auto.commit", True),
    Setting("enable.auto.offset.store", True),
    Setting("fetch.max.bytes", 52428800, 0),
    Setting("fetch.max.wait.ms", 500, 0),
    Setting("fetch.min.bytes", 1, 0),
    Setting("group.instance.id", ""),
    Setting("group.protocol", "classic", texts=("classic", "consumer")),
    Setting("group.remote.assignor", ""),
    Setting("heartbeat.interval.ms", 3000, 0, MAX_INT),
    Setting("isolation.level", "read_uncommitted", texts=("read_committed", "read_uncommitted")),
    Setting("max.partition.fetch.bytes", 1048576, 0),
    Setting("max.poll.interval.ms", 300000, 1, MAX_INT),
    Setting("max.poll.records", 500, 1),
    Setting("metadata.max.age.ms", 300000, 0),
    Setting("partition.assignment.strategy", "range,cooperative-sticky"),
    Setting("reconnect.backoff.max.ms", 1000, 0),
    Setting("reconnect.backoff.ms", 50, 0),
    Setting("request.timeout.ms", 30000, 0),
    Setting("retry.backoff.max.ms", 1000, 0),
    Setting("retry.backoff.ms", 100, 0),
    Setting("session.timeout.ms", 45000, 0, MAX_INT),
    Setting("share.acknowledgement.mode", "implicit", texts=("implicit", "explicit")),
    Setting("share.acquire.mode", "batch_optimized", texts=("batch_optimized", "record_limit")),
)

GROUP = (
    Setting("consumer.assignment.interval.ms", 0, 0),
    Setting("consumer.heartbeat.interval.ms", 5000, 1),
    Setting("consumer.session.timeout.ms", 45000, 1),
    Setting("share.auto.offset.reset", "latest"),
    Setting("share.delivery.count.limit", 5, 2, 10),
    Setting("share.heartbeat.interval.ms", 5000, 1),
    Setting("share.isolation.level", "read_uncommitted", texts=("read_committed", "read_uncommitted")),
    Setting("share.partition.max.record.locks", 2000, 100, 10000),
    Setting("share.record.lock.duration.ms", 30000, 1000, 3600000),
    Setting("share.renew.acknowledge.enable", True),
    Setting("share.session.timeout.ms", 45000, 1),
)

INERT = {
    "auto.create.topics.enable": (
        "a command that names an unknown topic is refused, as a typing mistake would be"
    ),
    "controller.quorum.election.backoff.max.ms": "a new controller is elected at once",
    "flush.messages": "when pages are written to disk is the operating system's choice",
    "flush.ms": "when pages are written to disk is the operating system's choice",
    "offsets.commit.timeout.ms": "a commit waits until it is replicated or its coordinator is gone",
    "partitioner.availability.timeout.ms": "the partitioner counts every partition",
    "reconnect.backoff.max.ms": "a client connects again when it has something to ask",
    "reconnect.backoff.ms": "a client connects again when it has something to ask",
    "replica.fetch.min.bytes": "a leader answers its follower as soon as there is anything",
    "replica.high.watermark.checkpoint.interval.ms": (
        "a broker that returns hears of the high watermark from its leader"
    ),
    "share.coordinator.state.topic.min.isr": "the share coordinator's topic is not laid out",
    "share.coordinator.state.topic.num.partitions": "the share coordinator's topic is not laid out",
    "share.coordinator.state.topic.replication.factor": "the share coordinator's topic is not laid out",
}
"""Settings without effect in the simulator, and why; docs/simulator.md lists them."""
