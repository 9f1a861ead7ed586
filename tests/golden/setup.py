"""Setup: a case's cluster, as a scenario; its settings and topics in the simulator's words."""

from __future__ import annotations

from typing import Any

from mqviz.kafka import settings
from mqviz.kafka.versions import ELR
from mqviz.model.command.topic import CreateTopic
from mqviz.model.units import Duration, Value
from mqviz.scenario import ClusterPlan, Scenario
from tests.golden.registry import Args, NotRun

Case = dict[str, Any]

UNITS_MS = {"hours": 3_600_000, "minutes": 60_000}


def _in_ms(broker: Args) -> Args:
    """The brokers' settings, with those in hours and minutes in milliseconds, which come first (log.retention.hours)."""
    found = dict(broker)
    for name in ("log.retention", "log.roll"):
        for unit in ("minutes", "hours"):
            if f"{name}.{unit}" in broker and f"{name}.ms" not in found:
                found[f"{name}.ms"] = int(broker[f"{name}.{unit}"]) * UNITS_MS[unit]
    return found


def known(config: dict[str, Any], component: str) -> dict[str, Value]:
    """The settings that change something in the simulator; a recording may give others too."""
    names = settings.COMPONENTS[component]
    return {name: Value(_text(value)) for name, value in config.items() if name in names}


def _text(value: Any) -> str:
    if isinstance(value, list):
        return ",".join(map(_text, value))
    return str(value).lower() if isinstance(value, bool) else str(value)


def scenario_of(case: Case) -> Scenario:
    """The cluster of a case; its topics are made by the first commands."""
    config, setup = case["config"], case["setup"]
    each = config.get("broker_each", {})
    plan = ClusterPlan(
        brokers=len(setup["brokers"]),
        link_latency=Duration(250),
        append_cost=Duration(50),
        group_initial_rebalance_delay=Duration(
            1000 * int(config["broker"].get("group.initial.rebalance.delay.ms", 3000))
        ),
        racks=tuple(
            str(each[str(b)]["broker.rack"])
            for b in setup["brokers"]
            if "broker.rack" in each.get(str(b), {})
        ),
        settings=known(_in_ms(config["broker"]), "broker"),
        features=_features(config.get("features") or {}),
        groups={name: known(table, "group") for name, table in config.get("group", {}).items()},
    )
    topics = tuple(topic_command(name, topic) for name, topic in setup.get("topics", {}).items())
    return Scenario(case["id"], Duration(1 << 50), "partition-log", cluster=plan, topics=topics)


NEW = {"group.version": 1, "transaction.version": 2, "share.version": 1, ELR: 1}
"""Feature levels of a cluster that was formatted by 4.2."""


def _features(given: dict[str, Any]) -> dict[str, int]:
    """The levels that are not those of a new cluster."""
    other = {name: int(given[name]) for name, level in NEW.items() if int(given.get(name, level)) != level}
    for name in other:
        if name != ELR:
            raise NotRun(f"feature {name}={other[name]}")
    return other


def topic_command(name: str, topic: Args) -> CreateTopic:
    """The command that makes this topic; what it does not say the brokers' settings do."""
    config, replicas = topic_config(topic.get("config") or {}), topic.get("replicas")
    if replicas:
        lists = tuple("/".join(map(str, ids)) for ids in replicas)
        return CreateTopic(name, config=config, replicas=lists)
    return CreateTopic(name, topic.get("partitions"), topic.get("rf"), config=config)


NO_PART = (
    "compression.gzip.level",
    "compression.lz4.level",
    "compression.zstd.level",
    "follower.replication.throttled.replicas",
    "index.interval.bytes",
    "leader.replication.throttled.replicas",
    "local.retention.bytes",
    "local.retention.ms",
    "preallocate",
    "remote.log.copy.disable",
    "remote.log.delete.on.disable",
    "remote.storage.enable",
    "segment.index.bytes",
    "segment.jitter.ms",
)
"""Topic settings of Kafka that change nothing in the simulator."""


def topic_config(config: Args) -> dict[str, Value]:
    """The topic settings of a recording that are simulated, and those that Kafka does not know, to be refused."""
    return {name: Value(_text(value)) for name, value in config.items() if name not in NO_PART}
