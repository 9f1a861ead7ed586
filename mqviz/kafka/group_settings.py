"""Settings of groups: Kafka's refusals of dynamic values, and of brokers' limits that do not go together."""

from __future__ import annotations

from collections.abc import Mapping

from mqviz.kafka.settings import COMPONENTS, is_reset_policy, of, read

SINCE_4_3 = (
    "consumer.assignment.interval.ms",
    "share.delivery.count.limit",
    "share.partition.max.record.locks",
    "share.renew.acknowledge.enable",
)
"""Dynamic settings that groups have from 4.3 on."""

LIMITED = (
    "consumer.heartbeat.interval.ms",
    "consumer.session.timeout.ms",
    "share.heartbeat.interval.ms",
    "share.session.timeout.ms",
    "share.record.lock.duration.ms",
)
"""Settings that a broker has as `group.` + name, with limits `group.KIND.min.…` and `group.KIND.max.…`."""

KINDS = ("consumer", "share")


def limit(name: str, which: str) -> str:
    """The broker's setting that is the min or max of a group's: `group.share.min.session.timeout.ms`."""
    kind, _, rest = name.partition(".")
    return f"group.{kind}.{which}.{rest}"


def group_refused(config: Mapping[str, str], broker: Mapping[str, str], version: str) -> str | None:
    """Kafka's words on dynamic settings of a group, where the brokers' settings are `broker`; None: fine."""
    for name, text in config.items():
        known = name in COMPONENTS["group"] and (version >= "4.3" or name not in SINCE_4_3)
        if not known:
            return f"Unknown group config name: {name}"
        reason = _unreadable(name, text)
        if reason:
            return reason
    values = {name: of(broker, "broker", f"group.{name}") for name in LIMITED}
    given = {name: of(config, "group", name) for name in LIMITED if name in config}
    for name, value in given.items():
        low, high = limit(name, "min"), limit(name, "max")
        if value < of(broker, "broker", low):
            return f"{name} must be greater than or equal to {low}"
        if value > of(broker, "broker", high):
            return f"{name} must be less than or equal to {high}"
    values |= given
    for kind in KINDS:
        session, beat = f"{kind}.session.timeout.ms", f"{kind}.heartbeat.interval.ms"
        if values[session] <= values[beat]:
            return f"{session} must be greater than {beat}"
    return None


def _unreadable(name: str, text: str) -> str | None:
    if name == "share.auto.offset.reset" and (text == "none" or not is_reset_policy(text)):
        return (
            f"Invalid value {text} for configuration {name}: Invalid value `{text}` for configuration "
            f"{name}. "
            "The value must be either 'earliest', 'latest' or of the format 'by_duration:<PnDTnHnMn.nS>'."
        )
    try:
        read(COMPONENTS["group"][name], text)
    except ValueError as error:
        return str(error)
    return None


def broker_refused(config: Mapping[str, str]) -> str | None:
    """Why a broker with these group settings would not start, in Kafka's words; None: fine."""
    values = {name: of(config, "broker", f"group.{name}") for name in LIMITED}
    for name in LIMITED:
        low, high, own = limit(name, "min"), limit(name, "max"), f"group.{name}"
        least, most = of(config, "broker", low), of(config, "broker", high)
        if most < least:
            return f"{high} must be greater than or equal to {low}"
        if values[name] < least:
            return f"{own} must be greater than or equal to {low}"
        if values[name] > most:
            return f"{own} must be less than or equal to {high}"
    for kind in KINDS:
        beat, session = f"{kind}.heartbeat.interval.ms", f"{kind}.session.timeout.ms"
        if values[beat] >= values[session]:
            return f"group.{beat} must be less than group.{session}"
    return None
