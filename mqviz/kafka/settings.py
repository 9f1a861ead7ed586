"""Kafka's settings with defaults and limits, and the words with which Kafka refuses a value.

Only settings that change something here are listed. Times are in milliseconds, as in Kafka's files.
"""

from __future__ import annotations

from typing import NamedTuple

MAX_INT = 2147483647


class Setting(NamedTuple):
    """A setting: its default, the range of numbers or the texts that Kafka takes."""

    name: str
    default: int | str
    low: int | None = None
    high: int | None = None
    texts: tuple[str, ...] = ()


TABLE = (
    # broker
    Setting("group.initial.rebalance.delay.ms", 3000, 0),
    Setting("group.min.session.timeout.ms", 6000),
    Setting("group.max.session.timeout.ms", 1800000),
    Setting("replica.fetch.wait.max.ms", 500),
    Setting("replica.fetch.max.bytes", 1048576, 0),
    # topic
    Setting("min.insync.replicas", 1, 1),
    Setting("max.message.bytes", 1048588, 0),
    # producer
    Setting("acks", "all", texts=("all", "-1", "0", "1")),
    Setting("linger.ms", 5, 0),
    Setting("batch.size", 16384, 0),
    Setting("max.request.size", 1048576, 0),
    Setting("max.in.flight.requests.per.connection", 5, 1),
    # consumer
    Setting("auto.offset.reset", "latest", texts=("latest", "earliest", "none")),
    Setting("auto.commit.interval.ms", 5000, 0),
    Setting("fetch.max.wait.ms", 500, 0),
    Setting("max.partition.fetch.bytes", 1048576, 0),
    Setting("max.poll.records", 500, 1),
    Setting("max.poll.interval.ms", 300000, 1, MAX_INT),
    Setting("session.timeout.ms", 45000, 0, MAX_INT),
    Setting("heartbeat.interval.ms", 3000, 0, MAX_INT),
)

SETTINGS = {setting.name: setting for setting in TABLE}


def number(name: str) -> int:
    """The default of a setting that is a number."""
    default = SETTINGS[name].default
    if isinstance(default, str):
        raise TypeError(f"{name} is no number")
    return default


def refused(name: str, value: int | str) -> str | None:
    """Kafka's ConfigException for a value, as a sentence; None: the value is fine."""
    setting = SETTINGS[name]
    if setting.texts:
        return None if value in setting.texts else _invalid(name, value, _one_of(setting.texts))
    if isinstance(value, str):
        return _invalid(name, value, "Not a number of type INT")
    if setting.low is not None and value < setting.low:
        return _invalid(name, value, f"Value must be at least {setting.low}")
    if setting.high is not None and value > setting.high:
        return _invalid(name, value, f"Value must be no more than {setting.high}")
    return None


def refused_producer(idempotent: bool, max_in_flight: int) -> str | None:
    """What ProducerConfig says about settings that do not go together (E48)."""
    if idempotent and max_in_flight > 5:
        return (
            "To use the idempotent producer, max.in.flight.requests.per.connection must be set to at most 5. "
            f"Current value is {max_in_flight}."
        )
    return None


def refused_consumer(session_timeout_ms: int, heartbeat_interval_ms: int) -> str | None:
    """What the consumer says about timeouts that do not go together (E49)."""
    if heartbeat_interval_ms >= session_timeout_ms:
        return "Heartbeat must be set lower than the session timeout"
    return None


def session_timeout_in_range(session_timeout_ms: int) -> bool:
    """Whether a broker with default settings takes this session timeout; else INVALID_SESSION_TIMEOUT (E27)."""
    low, high = number("group.min.session.timeout.ms"), number("group.max.session.timeout.ms")
    return low <= session_timeout_ms <= high


def _invalid(name: str, value: int | str, why: str) -> str:
    return f"Invalid value {value} for configuration {name}: {why}"


def _one_of(texts: tuple[str, ...]) -> str:
    return f"String must be one of: {', '.join(texts)}"
