"""Kafka's settings with defaults and limits, and the words with which Kafka refuses a value.

The tables are in settings_tables.py. Times are in milliseconds, as in Kafka's files.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from mqviz.kafka.settings_tables import BROKER, CONSUMER, GROUP, PRODUCER, TOPIC, Setting
from mqviz.model.kafka.topic_settings import TOPIC_SETTINGS

COMPONENTS: dict[str, dict[str, Setting]] = {
    component: {setting.name: setting for setting in table}
    for component, table in (
        ("broker", BROKER),
        ("topic", TOPIC),
        ("producer", PRODUCER),
        ("consumer", CONSUMER),
        ("group", GROUP),
    )
}
"""The settings of each component by their names; share consumers take those of consumers."""

SETTINGS: dict[str, Setting] = {
    name: setting for table in reversed(COMPONENTS.values()) for name, setting in table.items()
}
"""Any setting by its name, for those whose name means the same everywhere."""


TOPIC_SETTINGS.update({setting.name: setting.default for setting in TOPIC})


def of(config: Mapping[str, str], component: str, name: str) -> Any:
    """The value of setting `name` in `config`, in Kafka's units, or its default; see `read`.

    Raises ValueError with Kafka's words if the value is none that Kafka takes.
    """
    setting = COMPONENTS[component][name]
    given = config.get(name)
    return setting.default if given is None else read(setting, given)


def read(setting: Setting, text: str) -> int | float | bool | str:
    """What `text` means as a value of `setting`; raises ValueError with Kafka's words."""
    kind = type(setting.default)
    if kind is bool:
        if text.lower() not in ("true", "false"):
            raise ValueError(_invalid(setting.name, text, "Expected value to be either true or false"))
        return text.lower() == "true"
    try:
        value = kind(text)
    except ValueError:
        name = "DOUBLE" if kind is float else "INT"
        raise ValueError(_invalid(setting.name, text, f"Not a number of type {name}")) from None
    reason = _refused(setting, value)
    if reason:
        raise ValueError(reason)
    return value


def first_refused(config: Mapping[str, str], component: str) -> str | None:
    """Kafka's refusal of the first value in `config` that it does not take, or of an unknown name; None: all
    fine.
    """
    for name, text in config.items():
        setting = COMPONENTS[component].get(name)
        if setting is None:
            return f"Unknown {component} config name: {name}"
        try:
            read(setting, text)
        except ValueError as error:
            return str(error)
    return None


def number(name: str) -> int:
    """The default of a setting that is a number."""
    default = SETTINGS[name].default
    if not isinstance(default, int):
        raise TypeError(f"{name} is no number")
    return default


def refused(name: str, value: int | str) -> str | None:
    """Kafka's ConfigException for a value, as a sentence; None: the value is fine."""
    return _refused(SETTINGS[name], value)


def _refused(setting: Setting, value: float | str) -> str | None:
    name = setting.name
    if setting.texts:
        return None if value in setting.texts else _invalid(name, value, _one_of(setting.texts))
    if name == "auto.offset.reset" and not is_reset_policy(str(value)):
        return _invalid(
            name,
            value,
            "Invalid value for auto.offset.reset: use latest, earliest, none or by_duration:PnDTnHnMnS",
        )
    if name == "transactional.id" and value == "":
        return _invalid(name, value, "String must be non-empty")
    if isinstance(value, str):
        return None if isinstance(setting.default, str) else _invalid(name, value, "Not a number of type INT")
    if setting.low is not None and value < setting.low:
        return _invalid(name, value, f"Value must be at least {setting.low}")
    if setting.high is not None and value > setting.high:
        return _invalid(name, value, f"Value must be no more than {setting.high}")
    return None


def refused_producer(idempotent: bool, max_in_flight: int) -> str | None:
    """What ProducerConfig says about settings that do not go together (R56)."""
    if idempotent and max_in_flight > 5:
        return (
            "To use the idempotent producer, max.in.flight.requests.per.connection must be set to at most 5. "
            f"Current value is {max_in_flight}."
        )
    return None


def refused_consumer(session_timeout_ms: int, heartbeat_interval_ms: int) -> str | None:
    """What the consumer says about timeouts that do not go together (R120)."""
    if heartbeat_interval_ms >= session_timeout_ms:
        return "Heartbeat must be set lower than the session timeout"
    return None


CLASSIC_ONLY = ("partition.assignment.strategy", "heartbeat.interval.ms", "session.timeout.ms")
CONSUMER_ONLY = ("group.remote.assignor",)


def refused_by_protocol(protocol: str, given: Iterable[str]) -> str | None:
    """What ConsumerConfig says about a setting, among those `given`, that group.protocol does not have
    (R120).
    """
    foreign = CLASSIC_ONLY if protocol == "consumer" else CONSUMER_ONLY
    names = set(given)
    found = next((name for name in foreign if name in names), None)
    return f"{found} cannot be set when group.protocol={protocol.upper()}" if found else None


def session_timeout_in_range(session_timeout_ms: int) -> bool:
    """Whether a broker with default settings takes this session timeout;
    else INVALID_SESSION_TIMEOUT (R101).
    """
    low, high = number("group.min.session.timeout.ms"), number("group.max.session.timeout.ms")
    return low <= session_timeout_ms <= high


def is_reset_policy(text: str) -> bool:
    """Whether auto.offset.reset takes this value (KIP-1106)."""
    return text in ("latest", "earliest", "none") or bool(_BY_DURATION.fullmatch(text))


_BY_DURATION = re.compile(r"by_duration:P(?=\d|T)(\d+D)?(T(?=\d)(\d+H)?(\d+M)?(\d+(\.\d+)?S)?)?")
"""by_duration with an ISO 8601 length of time (KIP-1106)."""


def _invalid(name: str, value: float | str, why: str) -> str:
    return f"Invalid value {value} for configuration {name}: {why}"


def _one_of(texts: tuple[str, ...]) -> str:
    return f"String must be one of: {', '.join(texts)}"
