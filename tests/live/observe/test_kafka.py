"""Watching real brokers: what is seen, what a lost broker costs, and that the brokers saw only reading."""

import asyncio
import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from confluent_kafka import Consumer, Producer
from confluent_kafka.admin import AdminClient, NewTopic

from mqviz.live.managed import cluster, jars
from mqviz.live.managed.java import find_java
from mqviz.live.observe.backend import KafkaBackend
from mqviz.live.observe.observer import observe_once
from mqviz.model.apply import apply
from mqviz.model.event import Event
from mqviz.model.observed import events as observed_events
from mqviz.model.observed.state import Observed, Unknown
from mqviz.model.state import State
from mqviz.wire.apis import READ_ONLY
from tests.conftest import JARS, StartCluster
from tests.waiting import DEADLINE_S, soon

pytestmark = pytest.mark.kafka

SAFE = {
    "API_VERSIONS", "METADATA", "LIST_GROUPS", "DESCRIBE_GROUPS", "CONSUMER_GROUP_DESCRIBE", "SHARE_GROUP_DESCRIBE",
    "OFFSET_FETCH", "FIND_COORDINATOR", "LIST_OFFSETS", "DESCRIBE_CLUSTER", "DESCRIBE_TOPIC_PARTITIONS",
    "DESCRIBE_CONFIGS", "FETCH",
}  # fmt: skip
QUIET = {"log_level": 0}
FENCED_SOON = {"broker.session.timeout.ms": "3000", "broker.heartbeat.interval.ms": "500"}
"""How long a dead broker counts as alive: 9 s by default."""


class Watch:
    """A KafkaBackend, drained into a State."""

    def __init__(self, bootstrap: str) -> None:
        self.backend = KafkaBackend(bootstrap, period_us=300_000)
        self.state = State()
        self.events: list[Event] = []

    def drain(self) -> Observed:
        for event in self.backend.advance(self.backend.journal.now_us()):
            apply(self.state, event)
            self.events.append(event)
        return self.state.observed

    def until(self, holds: Callable[[Observed], object]) -> Observed:
        assert soon(lambda: holds(self.drain())), self.events[-20:]
        return self.state.observed


@contextmanager
def watching(bootstrap: str) -> Iterator[Watch]:
    watch = Watch(bootstrap)
    try:
        yield watch
    finally:
        watch.backend.close()
        assert soon(lambda: not watch.backend._thread.is_alive())


def create(bootstrap: str, replicas: int = 1, **topics: int) -> None:
    admin = AdminClient({"bootstrap.servers": bootstrap, **QUIET})
    for made in admin.create_topics([NewTopic(t, n, replicas) for t, n in topics.items()]).values():
        made.result()


def produce(bootstrap: str, topic: str, count: int, partition: int = 0) -> None:
    producer = Producer({"bootstrap.servers": bootstrap, **QUIET})
    for _ in range(count):
        producer.produce(topic, b"x", partition=partition)
    assert producer.flush(20) == 0


@contextmanager
def member(bootstrap: str, group: str, topic: str, read: int, **settings: str) -> Iterator[Consumer]:
    """A real consumer that read `read` records, committed them, and stays."""
    basis = {"bootstrap.servers": bootstrap, "group.id": group, "enable.auto.commit": False, **QUIET}
    consumer = Consumer(
        {**basis, "auto.offset.reset": "earliest", "client.id": f"client-{group}", **settings}
    )
    consumer.subscribe([topic])
    deadline = time.monotonic() + DEADLINE_S
    while not consumer.assignment() or read:
        assert time.monotonic() < deadline
        record = consumer.poll(0.1)
        if record is not None and record.error() is None:
            read -= 1
            if not read:
                consumer.commit(asynchronous=False)
                break
    try:
        yield consumer
    finally:
        consumer.close()


@contextmanager
def share_member(bootstrap: str, version: str, group: str, topic: str) -> Iterator[None]:
    """A real share consumer: only Kafka's own tool is one."""
    libraries = ":".join(map(str, jars.class_path(version, print, folder=JARS)))
    command = [str(find_java()), "-cp", libraries, "org.apache.kafka.tools.consumer.ConsoleShareConsumer"]
    command += ["--bootstrap-server", bootstrap, "--topic", topic, "--group", group]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield
    finally:
        process.terminate()
        process.wait(20)


@pytest.mark.parametrize("version", ["4.2.1", "4.3.1"])
def test_every_kind_of_group_is_seen_and_the_broker_saw_only_reading(
    kafka_cluster: StartCluster, version: str
) -> None:
    running = kafka_cluster(1, version, requests=True)
    bootstrap = running.bootstrap
    create(bootstrap, orders=3, pay=1, gone=1)
    for topic in ("orders", "pay", "gone"):
        produce(bootstrap, topic, 50)
    with (
        member(bootstrap, "classic", "orders", 5, **{"group.instance.id": "static"}),
        member(bootstrap, "modern", "pay", 7, **{"group.protocol": "consumer"}),
        member(bootstrap, "no-commit", "pay", 0),
        member(bootstrap, "ghost", "gone", 3),
        share_member(bootstrap, version, "shared", "pay"),
        watching(bootstrap) as watch,
    ):
        seen = watch.until(lambda seen: members(seen, "shared") and members(seen, "modern"))
        assert (seen.groups["classic"].kind, seen.groups["modern"].kind) == ("classic", "consumer")
        assert seen.groups["shared"].kind == "share"
        assert "no commits" in seen.groups["shared"].commits_unknown.reason
        (static,) = seen.groups["classic"].members
        assert (static.instance_id, static.client_id) == ("static", "client-classic")
        assert static.assignment == {"orders": (0, 1, 2)}
        (modern,) = seen.groups["modern"].members
        assert modern.assignment == modern.target == {"pay": (0,)}
        seen = watch.until(lambda seen: seen.groups["no-commit"].refreshed_us >= 0)
        assert seen.groups["classic"].commits["orders"].now == {0: 5}
        assert seen.groups["modern"].commits["pay"].now == {0: 7}
        assert seen.groups["no-commit"].commits == {}
        assert seen.topics["orders"].ends.now == {0: 50, 1: 0, 2: 0}
        assert seen.topics["pay"].starts == {0: 0}

        admin = AdminClient({"bootstrap.servers": bootstrap, **QUIET})
        admin.delete_topics(["gone"])["gone"].result()
        watch.until(lambda seen: seen.topics["gone"].gone)
        produce(bootstrap, "orders", 10)
        watch.until(lambda seen: seen.topics["orders"].ends.now[0] == 60)
        assert seen.beat.requests < 12
        assert seen.lost is None
    ours, others = requests_of(running.node(1).request_log)
    assert set(ours) <= SAFE
    assert set(ours) >= {"OFFSET_FETCH", "LIST_OFFSETS", "CONSUMER_GROUP_DESCRIBE", "SHARE_GROUP_DESCRIBE"}
    assert {"CREATE_TOPICS", "PRODUCE", "OFFSET_COMMIT"} <= set(others)
    assert len(SAFE) >= len(READ_ONLY)


def members(seen: Observed, group: str) -> bool:
    found = seen.groups.get(group)
    return bool(found and not isinstance(found.members, Unknown) and found.members)


def requests_of(log: Path) -> tuple[Counter[str], Counter[str]]:
    """Kinds of requests in a broker's log: (those of mqviz, those of other clients)."""
    ours: Counter[str] = Counter()
    others: Counter[str] = Counter()
    for line in log.read_text().splitlines():
        _, found, text = line.partition("Completed request:")
        if found:
            request = json.loads(text)
            if request["listener"] != "CONTROLLER":
                header = request["requestHeader"]
                (ours if header["clientId"] == "mqviz" else others)[header["requestApiKeyName"]] += 1
    return ours, others


def test_a_killed_and_a_paused_broker_cost_only_what_they_led(kafka_cluster: StartCluster) -> None:
    running = kafka_cluster(3, settings=FENCED_SOON)
    create(running.bootstrap, orders=6)
    for partition in range(6):
        produce(running.bootstrap, "orders", 5, partition)
    with member(running.bootstrap, "g", "orders", 5), watching(running.bootstrap) as watch:
        watch.backend.look("g")
        seen = watch.until(lambda seen: len(seen.topics["orders"].ends.now) == 6 if seen.topics else False)
        frozen = next(n for n in (1, 2, 3) if n != seen.groups["g"].coordinator)
        led = [n for n, p in enumerate(seen.topics["orders"].partitions) if p.leader == frozen]
        assert led
        running.pause_broker(frozen)
        watch.until(lambda seen: frozen in seen.brokers_lost)
        other = next(n for n in range(6) if n not in led)
        beat = watch.state.observed.beat.number
        watch.until(lambda seen: seen.beat.number > beat + 2)
        produce(running.bootstrap, "orders", 5, other)
        seen = watch.until(lambda seen: seen.topics["orders"].ends.now[other] == 10)
        assert seen.lost is None
        running.resume_broker(frozen)
        watch.until(lambda seen: frozen in seen.brokers and not seen.brokers_lost)
        watch.until(lambda seen: all(p.leader > 0 for p in seen.topics["orders"].partitions))

        running.kill_broker(frozen)
        watch.until(lambda seen: frozen in seen.brokers_lost)
        watch.until(lambda seen: frozen not in seen.brokers)
        partitions = watch.state.observed.topics["orders"].partitions
        assert [partitions[n].leader for n in led] == [-1] * len(led)
        running.start_broker(frozen)
        watch.until(lambda seen: frozen in seen.brokers and not seen.brokers_lost)
        watch.until(lambda seen: all(p.leader > 0 for p in seen.topics["orders"].partitions))


def test_losing_the_whole_cluster_keeps_the_picture_and_finds_it_again(kafka_cluster: StartCluster) -> None:
    running = kafka_cluster(1, settings=FENCED_SOON)
    create(running.bootstrap, orders=1)
    produce(running.bootstrap, "orders", 5)
    with member(running.bootstrap, "g", "orders", 3):
        pass
    with watching(running.bootstrap) as watch:
        watch.until(lambda seen: "g" in seen.groups and seen.groups["g"].refreshed_us >= 0)
        running.kill_broker(1)
        watch.until(lambda seen: seen.lost)
        seen = watch.until(lambda seen: seen.lost and "connection refused" in seen.lost.reason)
        assert seen.groups["g"].commits["orders"].now == {0: 3}
        age = seen.beat.ended_us
        running.start_broker(1)
        watch.until(lambda seen: seen.lost is None)
        seen = watch.until(lambda seen: seen.beat.ended_us > age and not seen.brokers_lost)
        assert seen.groups["g"].commits["orders"].now == {0: 3}
        kinds = [name for event in watch.events if (name := type(event).__name__).startswith("Connection")]
        assert (kinds[0], kinds[-1]) == ("ConnectionLost", "ConnectionBack")


def test_a_coordinator_that_dies_hands_its_groups_over(kafka_cluster: StartCluster) -> None:
    running = kafka_cluster(3, settings=FENCED_SOON)
    create(running.bootstrap, 3, orders=1)
    produce(running.bootstrap, "orders", 5)
    with member(running.bootstrap, "g", "orders", 3):
        pass
    with watching(running.bootstrap) as watch:
        seen = watch.until(lambda seen: "g" in seen.groups and seen.groups["g"].refreshed_us >= 0)
        first = seen.groups["g"].coordinator
        running.kill_broker(first)
        watch.until(lambda seen: seen.groups["g"].coordinator != first)
        killed = watch.state.now_us
        seen = watch.until(lambda seen: seen.groups["g"].refreshed_us > killed)
        assert seen.groups["g"].commits["orders"].now == {0: 3}
        assert seen.lost is None


def test_one_look_agrees_with_kafkas_own_tool(kafka: cluster.Cluster) -> None:
    create(kafka.bootstrap, **{"look-a": 2, "look-b": 1})
    produce(kafka.bootstrap, "look-a", 9, 0)
    produce(kafka.bootstrap, "look-a", 4, 1)
    produce(kafka.bootstrap, "look-b", 6)
    with member(kafka.bootstrap, "look", "look-a", 6):
        pass
    state = State()
    for event in asyncio.run(observe_once(kafka.bootstrap)):
        apply(state, event)
    libraries = ":".join(map(str, jars.class_path(kafka.kafka_version, print, folder=JARS)))
    command = [
        str(find_java()),
        "-cp",
        libraries,
        "org.apache.kafka.tools.consumer.group.ConsumerGroupCommand",
    ]
    command += ["--bootstrap-server", kafka.bootstrap, "--group", "look", "--describe"]
    text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    rows = [line.split() for line in text.splitlines() if line.startswith("look ")]
    ends = state.observed.topics["look-a"].ends.now
    ours = {p: (offset, ends[p]) for p, offset in state.observed.groups["look"].commits["look-a"].now.items()}
    assert ours == {int(row[2]): (int(row[3]), int(row[4])) for row in rows if row[3] != "-"}
    assert ours


def test_importing_the_backend_does_not_import_kio_or_a_client_library() -> None:
    code = "import sys, mqviz.live.observe.backend; print([m for m in ('kio', 'confluent_kafka') if m in sys.modules])"
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "[]"


def test_the_events_of_lost_and_found_brokers_are_never_thinned() -> None:
    kinds = [
        observed_events.BrokerLost,
        observed_events.BrokerBack,
        observed_events.ConnectionLost,
        observed_events.ConnectionBack,
        observed_events.GroupSeen,
    ]
    assert not any(kind.thinned for kind in kinds)
