"""What a run makes on a real cluster: its names there, its topics, and its clients' settings.

Everything that a run makes is called `mqviz.<run>.…` there, so that it can never be a user's own; on the
screen and in commands it has its plain name.
"""

import secrets
import socket
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from mqviz.backend import Refused
from mqviz.live.drive.child import protocol
from mqviz.live.drive.processes import seed_of
from mqviz.model.command.consumer import AddConsumer
from mqviz.model.command.producer import AddProducer
from mqviz.model.command.topic import CreateTopic
from mqviz.scenario import Scenario
from mqviz.wire.address import parse_bootstrap
from mqviz.wire.errors import BadAddress

REACH_S: Final = 3.0

PARTITIONERS: Final = {"java": "murmur2_random", "librdkafka": "consistent_random"}
"""Scenario's word to librdkafka's, where they differ. Its murmur2_random puts keyed records where Java's
default does.
"""

JAVA_ONLY: Final = frozenset(
    (
        "buffer.memory",
        "default.api.timeout.ms",
        "max.block.ms",
        "max.poll.records",
        "max.request.size",
        "partitioner.adaptive.partitioning.enable",
        "partitioner.availability.timeout.ms",
        "partitioner.class",
        "partitioner.ignore.keys",
    )
)
"""Settings of the Java client that librdkafka does not have."""

RESETS: Final = {"none": "error"}
"""Kafka's word to librdkafka's, where they differ."""

CLASSIC_ONLY: Final = ("session.timeout.ms", "heartbeat.interval.ms", "partition.assignment.strategy")
"""Settings that a member of a group of the consumer protocol must not have (R120)."""


class Names:
    """Plain names and the names on the cluster."""

    def __init__(self, run: str | None = None) -> None:
        self.run = run or secrets.token_hex(3)
        self.prefix = f"mqviz.{self.run}."

    def real(self, plain: str) -> str:
        """The name on the cluster."""
        return self.prefix + plain

    def is_ours(self, real: str) -> bool:
        """Whether this run made it."""
        return real.startswith(self.prefix)

    def plain(self, real: str) -> str:
        """The name on the screen."""
        return real.removeprefix(self.prefix)


def replicas_of(topic: CreateTopic, brokers: Sequence[int]) -> list[list[int]]:
    """Which brokers hold each partition, the leader first: in turn, so that the leaders are spread evenly.

    Where the cluster has fewer brokers than the topic wants replicas, each broker holds one.
    """
    if topic.replicas:
        by_hand = [[int(b) for b in each.split("/") if b.isdigit()] for each in topic.replicas]
        strangers = sorted({b for ids in by_hand for b in ids if b not in brokers})
        if strangers or not all(by_hand):
            known = ", ".join(map(str, brokers))
            raise Refused(f"replicas={','.join(topic.replicas)}: the brokers of this cluster are {known}")
        return by_hand
    partitions, copies = _size(topic)
    if partitions < 1 or copies < 1:
        raise Refused(f"topic {topic.name} needs at least one partition and one replica")
    count = len(brokers)
    factor = min(copies, count)
    return [[brokers[(p + n) % count] for n in range(factor)] for p in range(partitions)]


def _size(topic: CreateTopic) -> tuple[int, int]:
    """(partitions, replication factor): Kafka's own defaults where the scenario does not say."""
    partitions, factor = topic.partitions, topic.replication_factor
    return 1 if partitions is None else partitions, 1 if factor is None else factor


JAVA_DEFAULTS = {"batch.size": "16384", "max.in.flight.requests.per.connection": "5"}


def producer_order(
    command: AddProducer, names: Names, config: Mapping[str, str], seed: int
) -> protocol.BeProducer:
    """The first order of a producer's process."""
    own = {
        "client.id": command.name,
        "acks": command.acks,
        "linger.ms": _ms(command.linger),
        "batch.size": str(int(command.batch_size)),
        "max.in.flight.requests.per.connection": str(command.max_in_flight),
        "partitioner": PARTITIONERS.get(command.partitioner, command.partitioner),
        **_known(command.config),
    }
    if command.partitioner != "java":  # librdkafka's own defaults, not those of Java that the fields have
        for name in [name for name, default in JAVA_DEFAULTS.items() if own[name] == default]:
            del own[name]
    if "transactional.id" in own:
        own["transactional.id"] = names.real(own["transactional.id"])
    return protocol.BeProducer(
        {**config, **own},
        names.real(command.topic),
        float(command.rate),
        command.count,
        int(command.start),
        command.keys,
        command.key_choice,
        command.arrivals,
        int(command.value_size),
        seed_of(seed, command.name),
    )


def consumer_order(
    command: AddConsumer, names: Names, config: Mapping[str, str], seed: int
) -> protocol.BeConsumer:
    """The first order of a consumer's process. It joins the run's own group, never one of the cluster's."""
    own = {
        "client.id": command.name,
        "group.id": names.real(command.group),
        "auto.offset.reset": RESETS.get(command.auto_offset_reset, command.auto_offset_reset),
        "enable.auto.commit": "true" if command.commit == "auto" else "false",
        "enable.auto.offset.store": "false",
        "partition.assignment.strategy": "range",
        "session.timeout.ms": _ms(command.session_timeout),
        "heartbeat.interval.ms": _ms(command.heartbeat_interval),
        "max.poll.interval.ms": _ms(max(command.max_poll_interval, command.session_timeout)),
        **_known(command.config),
    }
    if own.get("group.protocol") == "consumer":
        own = {name: value for name, value in own.items() if name not in CLASSIC_ONLY}
    return protocol.BeConsumer(
        {**config, **own},
        tuple(names.real(topic) for topic in command.topics or (command.topic,)),
        int(command.processing),
        command.service_times,
        command.max_poll_records,
        command.commit,
        seed_of(seed, command.name),
        command.store_offsets,
    )


def _known(config: Mapping[str, str]) -> dict[str, str]:
    """Settings by Kafka's names, without those that this client does not have."""
    return {name: str(value) for name, value in config.items() if name not in JAVA_ONLY}


def _ms(duration_us: int) -> str:
    return str(duration_us // 1_000)


def reach(bootstrap: str) -> str:
    """The addresses as the client library reads them; raises Refused if they are none, or nobody listens
    there.
    """
    try:
        addresses = parse_bootstrap(bootstrap)
    except BadAddress as error:
        raise Refused(str(error)) from None
    reasons = []
    for address in addresses:
        try:
            socket.create_connection(address, timeout=REACH_S).close()
        except OSError as error:
            reasons.append(f"{address}: {(error.strerror or 'no answer').lower()}")
        else:
            return ",".join(map(str, addresses))
    raise Refused(
        f"the cluster cannot be reached ({'; '.join(reasons)}); is it running, and is the address right?"
    )


def check(scenario: Scenario) -> None:
    """Refuse what no Kafka has."""
    if scenario.sign_ups:
        raise Refused("a real Kafka has no sign-up service: play this scenario on the simulator")
    if not scenario.topics:
        raise Refused("this scenario has no topic, so there is nothing to do on a real Kafka")


def listing(scenario: Scenario) -> list[str]:
    """What a run would make on a cluster, one line each, for a user to agree to, and what becomes of it.

    Groups are not deleted here: with its topics a group loses its commits, and Kafka deletes by itself what
    has neither members nor commits.
    """
    groups = sorted({consumer.group for consumer in scenario.consumers} - {""})
    lines = [
        f"topic mqviz.<run>.{t.name}: {_count(_size(t)[0], 'partition')}, "
        f"{_up_to(_size(t)[1])} each; removed at the end"
        for t in scenario.topics
    ]
    stays = "stays without members and commits, until Kafka deletes it"
    lines += [f"group mqviz.<run>.{group}; {stays}" for group in groups]
    lines += [f"producer {p.name}: {p.rate} to {p.topic}" for p in scenario.producers]
    lines += [f"consumer {name} of {c.group}" for name, c in _named(scenario.consumers)]
    return lines


def _up_to(replicas: int) -> str:
    return "1 replica" if replicas == 1 else f"{replicas} replicas (or as many as there are brokers)"


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _named(consumers: Iterable[AddConsumer]) -> Iterable[tuple[str, AddConsumer]]:
    return ((consumer.name or f"c{n}", consumer) for n, consumer in enumerate(consumers, 1))
