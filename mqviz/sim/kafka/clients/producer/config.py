"""Settings of a producer by Kafka's names, with the defaults of its client, and Kafka's checks of them (R56).

Like a real broker: as its clients, Java and librdkafka differ in their defaults and in what they refuse (R45,
R54, R56).
Left out: settings that change nothing here are not known and are refused as Kafka refuses a wrong value.
"""

from __future__ import annotations

from msgspec.structs import replace

from mqviz.kafka import settings
from mqviz.kafka.settings import refused, refused_producer
from mqviz.model.command.producer import AddProducer
from mqviz.model.kafka.clients.producer.state import Producer
from mqviz.model.units import Size

IN_FLIGHT = "max.in.flight.requests.per.connection"

FIELDS = {"batch_size": 16384, "max_in_flight": 5}
"""What the fields hold if nobody says anything: the defaults of the Java client."""

LIBRDKAFKA = {"enable.idempotence": False, "delivery.timeout.ms": 300000}
"""librdkafka's own defaults; its delivery.timeout.ms is another name of message.timeout.ms."""


def number(producer: Producer, name: str) -> int:
    """A setting that is a number, in Kafka's units."""
    return int(of(producer.settings, name))


def flag(producer: Producer, name: str) -> bool:
    """A setting that is true or false."""
    return bool(of(producer.settings, name))


def text(producer: Producer, name: str) -> str:
    """A setting that is a text."""
    return str(of(producer.settings, name))


def of(command: AddProducer, name: str) -> int | float | bool | str:
    """The value that the client works with."""
    config = command.config
    found: int | float | bool | str
    if command.partitioner != "java" and name in LIBRDKAFKA:
        if name == "delivery.timeout.ms" and "message.timeout.ms" in config:
            name = "message.timeout.ms"
        found = settings.of(config, "producer", name) if name in config else LIBRDKAFKA[name]
        return found
    found = settings.of(config, "producer", name)
    return found


def resolved(command: AddProducer) -> AddProducer:
    """The command with librdkafka's own defaults and names in the fields that stand for settings (R54)."""
    config = dict(command.config)
    if command.partitioner == "java" or settings.first_refused(config, "producer"):
        return command
    own = 5 if idempotent(command) else 1_000_000
    size = settings.of(config, "producer", "batch.size") if "batch.size" in config else 1_000_000
    flights = settings.of(config, "producer", IN_FLIGHT) if IN_FLIGHT in config else own
    if int(command.batch_size) != FIELDS["batch_size"]:
        size = command.batch_size
    if command.max_in_flight != FIELDS["max_in_flight"]:
        flights = command.max_in_flight
    rest = {name: text for name, text in config.items() if name not in ("batch.size", IN_FLIGHT)}
    return replace(command, batch_size=Size(size), max_in_flight=flights, config=rest)


def automatic(command: AddProducer) -> bool:
    """Whether the application begins and ends transactions by itself."""
    return bool(command.transaction_records or command.transaction_time)


def delivery_us(producer: Producer) -> int:
    """How long after its creation a batch is given up (R45); never less than linger.ms + request.timeout.ms
    if unset.
    """
    command = producer.settings
    timeout_us = number(producer, "delivery.timeout.ms") * 1_000
    if command.partitioner == "java" and "delivery.timeout.ms" not in command.config:
        return max(timeout_us, int(command.linger) + number(producer, "request.timeout.ms") * 1_000)
    if producer.transaction is not None and command.partitioner != "java":
        return min(timeout_us, number(producer, "transaction.timeout.ms") * 1_000)
    return timeout_us


def idempotent(command: AddProducer) -> bool:
    """Whether the producer has an id: asked for, or by default and nothing speaks against it (R56)."""
    if command.partitioner != "java" and command.config.get("transactional.id"):
        return True
    if "enable.idempotence" in command.config:
        return bool(of(command, "enable.idempotence"))
    return bool(of(command, "enable.idempotence")) and command.acks in ("all", "-1") and _retries(command) > 0


def refusal(command: AddProducer) -> str | None:
    """Kafka's refusal of these settings; None: all fine."""
    values: tuple[tuple[str, int | str], ...] = (
        ("acks", command.acks),
        ("linger.ms", command.linger // 1000),
        ("batch.size", int(command.batch_size)),
        ("max.in.flight.requests.per.connection", command.max_in_flight),
    )
    found = [reason for name, value in values if (reason := refused(name, value))]
    found += [reason for reason in [settings.first_refused(command.config, "producer")] if reason]
    if found:
        return found[0]
    return _idempotence(command) or _timeouts(command)


def _idempotence(command: AddProducer) -> str | None:
    asked = command.config.get("enable.idempotence") == "true"
    name = command.config.get("transactional.id")
    if name and not (idempotent(command) or asked):
        return "Cannot set a transactional.id without also enabling idempotence."
    if name and command.partitioner != "java" and command.acks not in ("all", "-1"):
        return "`acks` must be set to `all` when `enable.idempotence` is true"
    if not name and (automatic(command) or command.abort_every):
        return "transactions need a transactional.id"
    if min(command.transaction_records, command.transaction_time, command.abort_every) < 0:
        return "transaction_records, transaction_time and abort_every are not negative"
    if asked and command.acks not in ("all", "-1"):
        return (
            "Must set acks to all in order to use the idempotent producer. "
            "Otherwise we cannot guarantee idempotence."
        )
    if asked and _retries(command) == 0:
        return "Must set retries to non-zero when using the idempotent producer."
    return refused_producer(bool(of(command, "enable.idempotence")), command.max_in_flight)


def _retries(command: AddProducer) -> int:
    return int(of(command, "retries"))


def _timeouts(command: AddProducer) -> str | None:
    if command.partitioner != "java" or "delivery.timeout.ms" not in command.config:
        return None
    least = int(command.linger) // 1000 + int(of(command, "request.timeout.ms"))
    if int(of(command, "delivery.timeout.ms")) < least:
        return (
            "Failed to construct kafka producer: delivery.timeout.ms should be equal to or larger than "
            "linger.ms + request.timeout.ms"
        )
    return None
