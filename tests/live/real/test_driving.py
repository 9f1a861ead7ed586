"""Lessons on a real cluster: real clients, real rebalances, and nothing left behind."""

import asyncio
import json
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from mqviz import facts
from mqviz.backend import Can, Refused
from mqviz.live.drive.backend import ConsentNeededError, open_driven
from mqviz.live.managed import cluster as managed
from mqviz.live.managed.cluster import Cluster
from mqviz.live.observe.observer import observe_once
from mqviz.model.apply import apply
from mqviz.model.command.consumer import AddConsumer
from mqviz.model.command.events import CommandGiven, CommandRefused
from mqviz.model.command.producer import AddProducer
from mqviz.model.command.topic import CreateTopic
from mqviz.model.event import Event
from mqviz.model.observed.clients import events as clients_events
from mqviz.model.state import State
from mqviz.model.units import Duration, Rate
from mqviz.player import Player
from mqviz.scenario import Scenario, Timed
from tests.conftest import StartCluster
from tests.waiting import soon

pytestmark = pytest.mark.kafka

SESSION = Duration(3_000_000)
TOPIC = CreateTopic("orders", 3)
PRODUCER = AddProducer("p1", "orders", Rate(10), keys=("anna", "ben", "carl", "dora", "eve", "finn"))


def consumer(name: str) -> AddConsumer:
    return AddConsumer(
        name,
        "billing",
        "orders",
        Duration(20_000),
        max_poll_records=5,
        auto_offset_reset="earliest",
        session_timeout=SESSION,
        heartbeat_interval=Duration(500_000),
    )


def scenario(*consumers: AddConsumer, timetable: tuple[Timed, ...] = ()) -> Scenario:
    return Scenario(
        "driven",
        Duration(60_000_000),
        "partition-log",
        topics=(TOPIC,),
        producers=(PRODUCER,),
        consumers=consumers,
        timetable=timetable,
    )


class Show:
    """A player on the cluster, as the lesson screen drives it."""

    def __init__(self, bootstrap: str, notes: Path, plan: Scenario) -> None:
        self.player = Player(open_driven(bootstrap, consent=True, notes=notes), plan)
        self.player.play()

    def until(self, condition: Callable[[], bool]) -> None:
        def come() -> bool:
            self.player.tick(50_000)
            return condition()

        assert soon(come), [*map(str, self.player.events[-20:])]

    def give(self, text: str) -> CommandGiven:
        """Give a command; it is told with the next tick."""
        before = len(self.of(CommandGiven))
        self.player.submit(text)
        self.until(lambda: len(self.of(CommandGiven)) > before)
        given = self.of(CommandGiven)[-1]
        assert isinstance(given, CommandGiven)
        return given

    def members(self) -> dict[str, tuple[str, int]]:
        """State and number of partitions of each member."""
        return {m.name: (m.state, len(m.partitions)) for m in facts.members(self.player.state, "billing")}

    def owned(self, name: str) -> int:
        return self.members().get(name, ("", 0))[1]

    def of(self, kind: type[Event]) -> list[Event]:
        return [event for event in self.player.events if isinstance(event, kind)]

    def shared(self, **owned: int) -> Callable[[], bool]:
        return lambda: all(self.owned(name) == number for name, number in owned.items())


@pytest.fixture
def show(kafka: Cluster, tmp_path: Path) -> Iterator[Callable[..., Show]]:
    opened: list[Show] = []

    def start(*consumers: AddConsumer, timetable: tuple[Timed, ...] = ()) -> Show:
        opened.append(Show(kafka.bootstrap, tmp_path, scenario(*consumers, timetable=timetable)))
        return opened[-1]

    yield start
    for one in opened:
        one.player.close()


def topics(bootstrap: str) -> set[str]:
    quiet = logging.getLogger("quiet")
    return set(AdminClient({"bootstrap.servers": bootstrap}, logger=quiet).list_topics(timeout=10).topics)


def test_two_consumers_one_killed_and_the_other_takes_over(show: Callable[..., Show]) -> None:
    """SIGKILL tells nobody: the group notices after the session timeout, then everything moves to the other."""
    run = show(consumer("c1"))
    run.until(run.shared(c1=3))
    run.player.submit("add consumer session_timeout=3s heartbeat_interval=500ms")
    run.until(lambda: run.owned("c1") + run.owned("c2") == 3 and run.owned("c2") > 0)
    given = run.give("kill consumer c1")
    run.until(lambda: run.members()["c1"][0] == "dead")
    ended = run.of(clients_events.ClientEnded)[-1]
    assert ended.cause == given.id
    assert run.owned("c2") < 3, "nobody was told yet"
    run.until(run.shared(c2=3))
    taken = run.of(clients_events.AssignmentReported)[-1]
    assert taken.at_us - ended.at_us > SESSION - 1_000_000, "the last heartbeat was up to 500 ms before"
    assert facts.owner(run.player.state, "billing", "orders", 0) == "c2"
    before = facts.processed(run.player.state, "billing", "c2")
    run.until(lambda: facts.processed(run.player.state, "billing", "c2") != before)


def test_records_are_seen_from_inside_under_plain_names(show: Callable[..., Show]) -> None:
    run = show(consumer("c1"))
    run.until(lambda: facts.processed(run.player.state, "billing") >= 12)  # type: ignore[operator]
    state = run.player.state
    assert [topic.name for topic in facts.topics(state)] == ["orders"]
    assert [group.name for group in facts.groups(state)] == ["billing"]
    assert facts.key_letters(state)[:3] == ("anna", "ben", "carl")
    cells = [cell for p in range(3) for cell in facts.tape(state, "orders", p, 100).cells]
    assert {cell.key for cell in cells if cell.seen} == set(PRODUCER.keys)
    partition_of = {cell.key: p for p in range(3) for cell in facts.tape(state, "orders", p, 100).cells}
    assert len(partition_of) == 6
    delivered = run.of(clients_events.RecordDelivered)
    assert all(event.cause for event in delivered), "each delivery knows the record that it delivers"
    sent = [
        event for event in run.of(clients_events.RecordSent) if isinstance(event, clients_events.RecordSent)
    ]
    assert all(event.partition >= 0 and event.arrives_at_us > event.at_us for event in sent[:5])
    run.until(lambda: isinstance(facts.lag(run.player.state, "billing"), int))
    assert facts.is_observed(state)


def test_an_abort_of_a_client_is_a_notice_and_a_restart_and_never_the_end(show: Callable[..., Show]) -> None:
    run = show(consumer("c1"))
    run.until(run.shared(c1=3))
    started = run.of(clients_events.ConsumerStarted)[-1]
    assert isinstance(started, clients_events.ConsumerStarted)
    os.kill(started.pid, signal.SIGABRT)
    run.until(lambda: len(run.of(clients_events.ConsumerStarted)) == 2)
    notices = [
        e.text for e in run.of(clients_events.ClientNotice) if isinstance(e, clients_events.ClientNotice)
    ]
    assert "its process ended with signal SIGABRT; it is started again" in notices
    run.until(run.shared(c1=3))
    run.until(lambda: run.members()["c1"][0] == "waiting")


def test_a_paused_consumer_is_thrown_out_and_comes_back(show: Callable[..., Show]) -> None:
    run = show(consumer("c1"), consumer("c2"))
    run.until(lambda: run.owned("c1") + run.owned("c2") == 3 and 0 < run.owned("c1") < 3)
    run.player.submit("pause consumer c1")
    run.until(lambda: run.members()["c1"][0] == "paused")
    run.until(run.shared(c2=3))
    run.player.submit("resume consumer c1")
    run.until(lambda: 0 < run.owned("c1") < 3 and run.owned("c1") + run.owned("c2") == 3)


def test_a_closed_consumer_leaves_at_once(show: Callable[..., Show]) -> None:
    run = show(consumer("c1"), consumer("c2"))
    run.until(lambda: run.owned("c1") + run.owned("c2") == 3 and 0 < run.owned("c1") < 3)
    given = run.give("close consumer c2")
    run.until(run.shared(c1=3))
    ended = run.of(clients_events.ClientEnded)[-1]
    assert isinstance(ended, clients_events.ClientEnded)
    assert (ended.name, ended.how, ended.cause) == ("c2", "closed", given.id)


def test_a_name_can_be_used_again_at_once(show: Callable[..., Show]) -> None:
    run = show(consumer("c1"))
    run.until(run.shared(c1=3))
    run.player.submit("close consumer c1")
    run.player.submit("add consumer c1 group=billing topic=orders processing=20ms")
    run.until(lambda: len(run.of(clients_events.ConsumerStarted)) == 2)
    run.until(run.shared(c1=3))
    assert run.members()["c1"][0] in ("working", "waiting")
    with pytest.raises(Refused, match="a client c1 already"):
        run.player.submit("add consumer c1")


def test_rate_processing_time_and_single_records_by_command(show: Callable[..., Show]) -> None:
    run = show(consumer("c1"))
    run.until(run.shared(c1=3))
    run.player.submit("set producer p1 rate=0/s")
    run.until(lambda: facts.producers(run.player.state)[0].rate_per_s == 0)
    run.player.submit("send record p1 key=zoe count=3")
    run.until(lambda: "zoe" in facts.key_letters(run.player.state))
    run.until(
        lambda: (
            [
                e.key
                for e in run.of(clients_events.RecordProduced)
                if isinstance(e, clients_events.RecordProduced)
            ][-3:]
            == ["zoe"] * 3
        )
    )
    run.until(lambda: facts.lag(run.player.state, "billing") == 0)
    run.player.submit("set consumer c1 processing=1s")
    run.player.submit("send record p1 key=zoe")
    run.until(lambda: run.members()["c1"][0] == "working")


def test_what_the_cluster_cannot_do_is_refused_with_the_reason(show: Callable[..., Show]) -> None:
    run = show(consumer("c1"))
    assert run.player.can == {Can.WRITE}
    with pytest.raises(Refused, match="cannot go back"):
        run.player.fork()
    with pytest.raises(Refused, match="mqviz uses only topics that it made here"):
        run.player.submit("add producer p2 topic=__consumer_offsets")
    with pytest.raises(Refused, match="cannot fail a service"):
        run.player.submit("fail service mail-server")
    run.until(run.shared(c1=3))
    given = [e.command for e in run.of(CommandGiven) if isinstance(e, CommandGiven)]
    assert given == [TOPIC, PRODUCER, consumer("c1")], "what was refused left no trace"


def test_a_topic_gets_no_more_replicas_than_there_are_brokers(show: Callable[..., Show]) -> None:
    run = show()
    run.player.submit("create topic safe partitions=2 replication_factor=3")
    run.until(lambda: "safe" in run.player.state.observed.topics)
    partitions = run.player.state.observed.topics["safe"].partitions
    assert [partition.replicas for partition in partitions] == [(1,), (1,)]


def test_the_timetable_is_kept_and_an_impossible_entry_is_an_event(show: Callable[..., Show]) -> None:
    late = (
        Timed(Duration(1_000_000), "add consumer group=billing"),
        Timed(Duration(1_200_000), "kill consumer nobody"),
    )
    run = show(consumer("c1"), timetable=late)
    run.until(lambda: bool(run.of(CommandRefused)))
    refused = run.of(CommandRefused)[-1]
    assert isinstance(refused, CommandRefused)
    assert refused.at_us >= 1_200_000
    assert refused.reason.startswith("there is no consumer nobody")
    run.until(lambda: "c2" in run.members())


def test_topics_are_removed_at_the_end_with_what_the_group_committed(
    kafka: Cluster, show: Callable[..., Show], tmp_path: Path
) -> None:
    before = topics(kafka.bootstrap) - {"__consumer_offsets"}
    run = show(consumer("c1"))
    run.until(lambda: bool(run.of(clients_events.CommitMade)))
    made = topics(kafka.bootstrap) - before - {"__consumer_offsets"}
    assert len(made) == 1
    run_name = made.pop().removesuffix("orders")
    assert run_name.startswith("mqviz.")
    began = time.monotonic()
    run.player.close()
    assert time.monotonic() - began < 20
    run.player.close()
    assert soon(lambda: topics(kafka.bootstrap) - {"__consumer_offsets"} == before)
    left = State()
    for event in asyncio.run(observe_once(kafka.bootstrap)):
        apply(left, event)
    ours = [name for name in left.observed.groups if name.startswith(run_name)]
    assert all(not left.observed.groups[name].commits for name in ours)
    assert list(tmp_path.glob("*.json")) == []


CRASH = """
import sys, time
from pathlib import Path
from mqviz.live.drive.backend import open_driven
from mqviz.model.command.topic import CreateTopic
from mqviz.model.apply import apply
from mqviz.model.state import State
from mqviz.model.units import Duration
from mqviz.scenario import Scenario
plan = Scenario("t", Duration(1), "x", topics=(CreateTopic("orders"),))
open_driven(sys.argv[1], consent=True, notes=Path(sys.argv[2]))(plan, 7)
print("open", flush=True)
time.sleep(60)
"""


def test_what_a_killed_run_left_is_removed_by_the_next_and_nothing_else(
    kafka: Cluster, show: Callable[..., Show], tmp_path: Path
) -> None:
    admin = AdminClient({"bootstrap.servers": kafka.bootstrap}, logger=logging.getLogger("quiet"))
    admin.create_topics([NewTopic("mqviz.users.own", 1)])["mqviz.users.own"].result(10)
    command = [sys.executable, "-c", CRASH, kafka.bootstrap, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as crashed:
        assert crashed.stdout
        assert crashed.stdout.readline() == "open\n"
        crashed.kill()
    (note,) = tmp_path.glob("*.json")
    (left,) = json.loads(note.read_text())["topics"]
    assert left in topics(kafka.bootstrap)
    show().player.close()
    assert soon(lambda: left not in topics(kafka.bootstrap))
    assert "mqviz.users.own" in topics(kafka.bootstrap)
    admin.delete_topics(["mqviz.users.own"])["mqviz.users.own"].result(10)


def test_a_foreign_cluster_needs_consent_to_what_is_listed(kafka: Cluster, tmp_path: Path) -> None:
    before = topics(kafka.bootstrap)
    with pytest.raises(ConsentNeededError, match="mqviz did not start the cluster") as caught:
        open_driven(kafka.bootstrap, notes=tmp_path)(scenario(consumer("c1")), 7)
    assert caught.value.lines[0].startswith("topic mqviz.<run>.orders: 3 partitions")
    assert topics(kafka.bootstrap) == before


def test_a_managed_cluster_needs_no_consent(
    kafka: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(managed, "managed_cluster_ids", lambda: [kafka.run.cluster_id])
    backend = open_driven(kafka.bootstrap, notes=tmp_path)(scenario(), 7)
    backend.close()


@pytest.mark.parametrize(
    ("bootstrap", "reason"),
    [
        ("127.0.0.1:1", r"cannot be reached \(127\.0\.0\.1:1: connection refused\)"),
        ("http://127.0.0.1:1", "leave out http://"),
        ("127.0.0.1:port", "the port is a number"),
    ],
)
def test_a_wrong_address_is_one_sentence_at_once(bootstrap: str, reason: str, tmp_path: Path) -> None:
    began = time.monotonic()
    with pytest.raises(Refused, match=reason) as caught:
        open_driven(bootstrap, consent=True, notes=tmp_path)(scenario(), 7)
    assert "\n" not in str(caught.value)
    assert time.monotonic() - began < 20


def test_a_port_that_speaks_http_is_one_sentence(tmp_path: Path) -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), SimpleHTTPRequestHandler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        with pytest.raises(
            Refused, match=r"the cluster at .* cannot be used: .* is it a Kafka broker"
        ) as caught:
            open_driven(f"127.0.0.1:{server.server_port}", consent=True, notes=tmp_path)(scenario(), 7)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
    assert "\n" not in str(caught.value)


def test_a_broker_that_dies_leaves_the_run_standing(kafka_cluster: StartCluster, tmp_path: Path) -> None:
    running = kafka_cluster()
    run = Show(running.bootstrap, tmp_path, scenario(consumer("c1")))
    try:
        run.until(run.shared(c1=3))
        running.kill_broker(1)
        run.until(
            lambda: any(
                "refused" in e.text.lower()
                for e in run.of(clients_events.ClientNotice)
                if isinstance(e, clients_events.ClientNotice)
            )
        )
        sent = facts.producers(run.player.state)[0].sent
        run.until(lambda: facts.producers(run.player.state)[0].sent > sent)
        running.start_broker(1)
        before = facts.processed(run.player.state, "billing")
        run.until(lambda: facts.processed(run.player.state, "billing") != before)
    finally:
        running.kill_broker(1)
        began = time.monotonic()
        run.player.close()
        assert time.monotonic() - began < 20
    assert len(list(tmp_path.glob("*.json"))) == 1, "what could not be removed stays noted"
