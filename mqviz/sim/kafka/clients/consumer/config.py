"""Consumer settings: what a consumer's settings mean for its client, and which ones Kafka refuses.

Like a real broker: as ConsumerConfig and ConsumerCoordinator of the Java client (R120), with the defaults of
librdkafka where they differ (R84, R90). Left out: settings that change nothing here, which are refused when a
file is read.
"""

from __future__ import annotations

import re
from typing import Any

from mqviz.commands import IN_SHORT
from mqviz.kafka.errors import Error, named
from mqviz.kafka.settings import first_refused, of, refused, refused_by_protocol, refused_consumer
from mqviz.model.command.consumer import AddConsumer
from mqviz.model.kafka.clients.consumer.isolation import reads_committed
from mqviz.model.kafka.clients.consumer.state import Consumer
from mqviz.model.kafka.protocol.requests import FetchRequest
from mqviz.sim.engine import Simulation
from mqviz.sim.kafka.clients.consumer.assignors import STRATEGY, refused_strategy


def value(consumer: Consumer, name: str) -> Any:
    """The value of a setting of this consumer, in Kafka's units."""
    return of(consumer.settings.config, "consumer", name)


def fetch_request(
    consumer: Consumer, offsets: tuple[tuple[str, int, int], ...], epochs: tuple[int, ...] = ()
) -> FetchRequest:
    """A fetch of this consumer with its settings (R80); without settings of its own the defaults of Fetch are
    Kafka's.
    """
    committed = reads_committed(consumer.settings)
    if not consumer.settings.config:
        return (
            FetchRequest(offsets, committed=committed, epochs=epochs)
            if committed or epochs
            else FetchRequest(offsets)
        )
    return FetchRequest(
        offsets,
        value(consumer, "fetch.max.wait.ms") * 1000,
        value(consumer, "fetch.min.bytes"),
        value(consumer, "fetch.max.bytes"),
        value(consumer, "max.partition.fetch.bytes"),
        committed,
        value(consumer, "client.rack"),
        epochs,
    )


def most_records(consumer: Consumer) -> int:
    """max.poll.records; librdkafka's poll gives one message at a time."""
    return 1 if consumer.settings.client == "librdkafka" else consumer.settings.max_poll_records


def backoff_us(consumer: Consumer, attempt: int) -> int:
    """How long the client waits before it tries again: retry.backoff.ms doubled each time,
    up to its maximum.
    """
    first: int = value(consumer, "retry.backoff.ms") * 1000
    most: int = value(consumer, "retry.backoff.max.ms") * 1000
    return min(most, first << min(attempt, 20))


_DURATION = re.compile(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?")


def duration_us(policy: str) -> int:
    """The length in `by_duration:P…` (KIP-1106)."""
    found = _DURATION.fullmatch(policy.partition(":")[2])
    days, hours, minutes, seconds = found.groups() if found else (None,) * 4
    whole = int(days or 0) * 86_400 + int(hours or 0) * 3_600 + int(minutes or 0) * 60
    return whole * 1_000_000 + round(float(seconds or 0) * 1_000_000)


# -- refusals -----------------------------------------------------------------------------------------------


def refusal(sim: Simulation, command: AddConsumer) -> str | None:
    """Why Kafka's client, or the broker at its first JoinGroup, refuses these settings; None:
    they are fine.
    """
    found = first_refused(command.config, "consumer") or _refused_fields(command)
    automatic = command.config.get("enable.auto.commit", "").lower() == "true"
    if automatic and command.assign and not command.group and not found:
        found = (
            "enable.auto.commit cannot be set to true when default group id (null) is used "
            "(InvalidConfigurationException)"
        )
    if command.store_offsets == "never" and command.client != "librdkafka":
        found = found or "store_offsets() is a call of librdkafka: say client=librdkafka"
    if found or command.assign:
        return found
    protocol = of(command.config, "consumer", "group.protocol")
    found = refused_by_protocol(protocol, _given(command))
    return found or (_refused_by_classic(sim, command) if protocol == "classic" else None)


def _given(command: AddConsumer) -> list[str]:
    """Names of the settings that were set, as far as they differ from the default where they have a field."""
    default = AddConsumer()
    fields = IN_SHORT[AddConsumer].items()
    given = [name for name, field in fields if getattr(command, field) != getattr(default, field)]
    return [*command.config, *given]


def _refused_fields(command: AddConsumer) -> str | None:
    values: tuple[tuple[str, int | str], ...] = (
        ("auto.offset.reset", command.auto_offset_reset),
        ("max.poll.records", command.max_poll_records),
        ("max.poll.interval.ms", command.max_poll_interval // 1000),
        ("session.timeout.ms", command.session_timeout // 1000),
        ("heartbeat.interval.ms", command.heartbeat_interval // 1000),
    )
    return next((reason for name, each in values if (reason := refused(name, each))), None)


def _refused_by_classic(sim: Simulation, command: AddConsumer) -> str | None:
    session_ms = command.session_timeout // 1000
    cluster = sim.scenario.cluster
    low, high = (cluster.setting(f"group.{end}.session.timeout.ms") for end in ("min", "max"))
    if not low <= session_ms <= high:
        return (
            f"session.timeout.ms {session_ms} is outside of group.min.session.timeout.ms {low} and "
            f"group.max.session.timeout.ms {high} ({named(Error.INVALID_SESSION_TIMEOUT)})"
        )
    strategy = command.config.get(STRATEGY)
    found = refused_strategy(strategy, command.client) if strategy is not None else None
    return found or refused_consumer(session_ms, command.heartbeat_interval // 1000)
