"""The real side: mqviz's own driven clients, one process each, on a broker that the test started; admin requests beside them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace
from functools import partial
from typing import Any

from confluent_kafka import KafkaError, KafkaException, TopicPartition
from confluent_kafka.admin import (
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    ResourceType,
)
from confluent_kafka.cimpl import NewTopic

from mqviz.live.drive import plan as drive_plan
from mqviz.live.drive.child import protocol
from mqviz.live.drive.plan import Names
from mqviz.live.drive.processes import Drive, Ended
from mqviz.live.managed.cluster import Cluster
from mqviz.model.command.base import Command
from mqviz.model.command.broker import KillBroker, RestartBroker, StopBroker
from mqviz.model.command.consumer import (
    AddConsumer,
    CloseConsumer,
    CommitConsumer,
    KillConsumer,
    PauseConsumer,
    PausePartition,
    PollConsumer,
    ResumeConsumer,
    ResumePartition,
    SeekConsumer,
    SetConsumer,
)
from mqviz.model.command.group import ResetGroup
from mqviz.model.command.producer import AddProducer, CloseProducer, KillProducer, SendRecord
from mqviz.model.command.share import AddShareConsumer, CloseShareConsumer
from mqviz.model.command.topic import DeleteRecords
from mqviz.model.command.transaction import SendOffsets
from mqviz.wire import asks
from mqviz.wire.address import parse_bootstrap
from mqviz.wire.asks import EARLIEST, LATEST
from mqviz.wire.brokers import Brokers
from mqviz.wire.errors import WireError
from tests.differential.case import Case
from tests.differential.hand import QUIET, HandConsumer, HandProducer, set_offsets
from tests.differential.hand_share import HandShareConsumer
from tests.differential.side import Log, Replicas, Seen, Sent, Side, named, tps

ANSWER_S = 15.0
ATTEMPTS = 3
MOMENT_S = 0.02
TOLD = ("_AUTO_OFFSET_RESET", "_FATAL", "_MAX_POLL_EXCEEDED")
"""Errors of librdkafka's own that an application must deal with; the others tell of connections that come and go."""


class Real(Side):
    """One play of a case on a running cluster, with topics and groups of its own, placed as the simulator places them."""

    def __init__(self, case: Case, running: Cluster, placement: dict[str, list[list[int]]]) -> None:
        super().__init__(case)
        self._names = Names()
        self._cluster = running
        self._config = {"bootstrap.servers": running.bootstrap}
        self._admin = AdminClient(self._config, logger=QUIET)
        self._loop = asyncio.Runner()
        self._brokers = Brokers(parse_bootstrap(running.bootstrap))
        self._drive = Drive()
        self._hands: dict[str, HandConsumer] = {}
        self._owners: dict[str, HandProducer] = {}
        """Transactional producers."""
        self._sharers: dict[str, HandShareConsumer] = {}
        self._modern = {c.group: c.config.get("group.protocol") == "consumer" for c in self.readers.values()}
        try:
            self._prepare(case, placement)
        except BaseException:
            self.close()
            raise

    def _prepare(self, case: Case, placement: dict[str, list[list[int]]]) -> None:
        scenario = case.scenario
        topics = [
            NewTopic(
                self._names.real(topic.name),
                topic.partitions or 1,
                replica_assignment=placement[topic.name],
                config={
                    "min.insync.replicas": str(topic.min_insync_replicas or 1),
                    **{name: str(value) for name, value in topic.config.items()},
                },
            )
            for topic in scenario.topics
        ]
        _finish(self._admin.create_topics(topics))
        for group, config in scenario.cluster.groups.items():
            self._set_group(self._names.real(group), config)
        for command in (*scenario.producers, *scenario.consumers, *scenario.share_consumers):
            self.do(command)

    def _set_group(self, group: str, config: Any) -> None:
        entries = [
            ConfigEntry(name, str(value), incremental_operation=AlterConfigOpType.SET)
            for name, value in config.items()
        ]
        resource = ConfigResource(ResourceType.GROUP, group, incremental_configs=entries)
        _finish(self._admin.incremental_alter_configs([resource]))

    # -- doing ---------------------------------------------------------------------------------------------

    def do(self, command: Command) -> str:
        """Do it with a real client or an admin request."""
        name = str(getattr(command, "name", ""))
        match command:
            case AddConsumer():
                self._add_consumer(command)
            case DeleteRecords(partition=partition, before=before):
                place = TopicPartition(self._names.real(name), partition, before)
                return _outcome(self._admin.delete_records([place]))
            case ResetGroup():
                return set_offsets(self._config, self._names.real(name), self._offsets_of(command))
            case PausePartition(consumer=consumer):
                self._hands[consumer].pause(name)
            case ResumePartition(consumer=consumer):
                self._hands[consumer].resume(name)
            case KillBroker():
                self._cluster.kill_broker(int(name))
            case StopBroker():
                self._cluster.stop_broker(int(name))
            case RestartBroker():
                self._cluster.start_broker(int(name))
            case AddShareConsumer():
                self._sharers[name] = HandShareConsumer(
                    command, self._config, self._names, partial(self.tell, name)
                )
            case CloseShareConsumer():
                self._sharers.pop(name).close()
            case _ if name in self._sharers:
                self._sharers[name].obey(command)
            case SendOffsets(consumer=consumer):
                self._owners[name].call(command, self._hands[consumer])
            case AddProducer() if "transactional.id" in command.config:
                self._add_owner(command)
            case SendRecord(key=key, count=count) if name in self._owners:
                self._owners[name].send(key or None, count)
            case _ if name in self._hands:
                return self._by_hand(name, command)
            case _ if name in self._owners:
                self._owners[name].call(command)
            case _:
                self._drive_client(name, command)
        return "ok"

    def _add_consumer(self, command: AddConsumer) -> None:
        self._modern[command.group] = command.config.get("group.protocol") == "consumer"
        order = drive_plan.consumer_order(command, self._names, self._config, 7)
        if command.loop and not command.assign:
            self._drive.start(command.name, order)
        else:
            tell = partial(self.tell, command.name)
            self._hands[command.name] = HandConsumer(command, order, self._names, tell)

    def _add_owner(self, command: AddProducer) -> None:
        order = drive_plan.producer_order(command, self._names, self._config, 7)
        tell = partial(self.tell, command.name)
        self._owners[command.name] = HandProducer(order, self._names, tell)

    def _by_hand(self, name: str, command: Command) -> str:
        hand = self._hands[name]
        match command:
            case PollConsumer(timeout=timeout):
                hand.poll(int(timeout) / 1_000_000)
            case SetConsumer(loop=loop):
                hand.loop = bool(loop)
            case SeekConsumer():
                hand.seek(command)
            case CommitConsumer():
                hand.commit()
            case CloseConsumer():
                self._hands.pop(name).close()
            case _:
                raise ValueError(f"a consumer led by hand cannot {command.verb}")
        return "ok"

    def _drive_client(self, name: str, command: Command) -> None:
        drive = self._drive
        match command:
            case AddProducer():
                drive.start(name, drive_plan.producer_order(command, self._names, self._config, 7))
            case SetConsumer(processing=processing) if processing is not None:
                drive.send(name, protocol.SetProcessing(int(processing)))
            case SendRecord(key=key, count=count):
                drive.send(name, protocol.Send(key or None, count))
            case CloseProducer() | CloseConsumer():
                drive.close(name)
            case KillProducer() | KillConsumer():
                drive.kill(name)
            case PauseConsumer():
                drive.pause(name)
            case ResumeConsumer():
                drive.resume(name)
            case _:
                raise ValueError(f"the real side cannot {command.verb} a {command.kind}")

    def _offsets_of(self, command: ResetGroup) -> list[TopicPartition]:
        logs = self.logs(command.topic)
        to = {"earliest": lambda log: log.start, "latest": lambda log: log.high}.get(command.to)
        return [
            TopicPartition(self._names.real(command.topic), number, to(log) if to else command.offset)
            for number, log in logs.items()
            if command.partition in (-1, number)
        ]

    def wait(self, holds: Callable[[], bool], timeout_us: int) -> bool:
        """Listen to the clients and look again and again."""
        deadline = time.monotonic() + timeout_us / 1_000_000
        while True:
            self._listen()
            if holds():
                return True
            if time.monotonic() > deadline:
                return False
            time.sleep(MOMENT_S)

    @property
    def now_us(self) -> int:
        """The machine's clock."""
        return time.monotonic_ns() // 1000

    def _listen(self) -> None:
        for hand in (*self._hands.values(), *self._owners.values()):
            hand.pump()
        for name, report in self._drive.take():
            at_us = report.at_us
            match report:
                case protocol.Produced(_, number, key, topic, partition, offset):
                    sent = Sent(number, key, self._names.plain(topic), partition, offset)
                    self.tell(name, "record", sent, at_us)
                case protocol.NotProduced(_, number, key, error):
                    sent = Sent(number, key, "", -1, -1, _kafka_name(error.partition(":")[0]))
                    self.tell(name, "record", sent, at_us)
                case protocol.Assigned(_, partitions):
                    self.tell(name, "assigned", self._plain(partitions), at_us)
                case protocol.Revoked(_, partitions, _, lost):
                    self.tell(name, "lost" if lost else "revoked", self._plain(partitions), at_us)
                case protocol.Delivered(_, topic, partition, offset):
                    self.tell(name, "delivered", (f"{self._names.plain(topic)}-{partition}", offset), at_us)
                case protocol.Committed(_, _, error) if error:
                    self.tell(name, "failed", _kafka_name(error), at_us)
                case protocol.Failed(_, error, text, fatal) if (
                    fatal or error in TOLD or not error.startswith("_")
                ):
                    self.tell(name, "failed", _kafka_name(error, text), at_us)
                case Ended(_, how, reason):
                    if how == "died":
                        raise AssertionError(f"client {name}: {reason}")
                    self.tell(name, "ended", (), at_us)

    def _plain(self, partitions: Any) -> tuple[str, ...]:
        return tps((self._names.plain(topic), number) for topic, number in partitions)

    # -- asking the brokers --------------------------------------------------------------------------------

    def logs(self, topic: str) -> dict[int, Log]:
        """Three questions to each partition leader."""
        leaders = self.replicas(topic)
        found = {}
        for number, (leader, _) in leaders.items():
            places = {self._names.real(topic): [number]}
            latest = asks.list_offsets(places, LATEST)
            stable = latest._replace(build=lambda m, ask=latest: replace(ask.build(m), isolation_level=1))
            questions = (asks.list_offsets(places, EARLIEST), stable, latest)
            found[number] = Log(*(self._offset(leader, ask) for ask in questions))
        return found

    def _offset(self, leader: int, ask: Any) -> int:
        (offsets,) = self._ask(ask, leader).values()
        return int(offsets.columns()[1][0])

    def replicas(self, topic: str) -> dict[int, Replicas]:
        """One Metadata."""
        seen = self._ask(asks.metadata([self._names.real(topic)]))
        self._loop.run(self._brokers.learn(seen.brokers))
        (found,) = seen.topics
        return {p.partition: Replicas(p.leader, tuple(sorted(p.isr))) for p in found.partitions}

    def commits(self, group: str) -> dict[str, int]:
        """One OffsetFetch."""
        real = self._names.real(group)
        found = self._ask(asks.offset_fetch([real]))[real]
        return {
            f"{self._names.plain(topic)}-{number}": offset
            for topic, offsets in found.topics
            for number, offset in zip(*offsets.columns()[:2], strict=True)
            if offset >= 0
        }

    def group(self, group: str) -> Seen:
        """One question to the coordinator, by the group's protocol."""
        real = self._names.real(group)
        modern = self._modern.get(group, False)
        (found,) = self._ask(asks.describe_consumer([real]) if modern else asks.describe_classic([real]))
        members = {
            self.called(member.client_id, member.instance_id): tps(
                (self._names.plain(h.topic), n) for h in member.assignment for n in h.partitions
            )
            for member in found.members
        }
        return Seen(found.state, members)

    def positioned(self, consumer: str) -> bool:
        """Known of consumers led by hand."""
        return self._hands[consumer].positioned

    def _ask(self, ask: Any, broker: int | None = None) -> Any:
        """The answer of a broker, or of any; the first question loads Kafka's message definitions too, which takes its time."""
        for left in reversed(range(ATTEMPTS)):
            brokers = self._brokers
            question = brokers.any(ask, ANSWER_S) if broker is None else brokers.of(broker, ask, ANSWER_S)
            try:
                return self._loop.run(question)
            except WireError:  # a busy machine, or a broker that has just gone
                if not left:
                    raise
                time.sleep(1)
        raise AssertionError("unreachable")

    def close(self) -> None:
        """End the clients, remove the topics."""
        for hand in (*self._hands.values(), *self._owners.values(), *self._sharers.values()):
            hand.close()
        self._drive.shut(3)
        self._loop.run(self._brokers.close())
        self._loop.close()
        if len(self._cluster.nodes) > 1:
            return  # it ends with the test
        topics = [self._names.real(topic) for topic in self.topics]
        _finish(self._admin.delete_topics(topics), allow=KafkaError.UNKNOWN_TOPIC_OR_PART)


def _finish(futures: dict[Any, Future[Any]], allow: int = 0) -> None:
    for future in futures.values():
        try:
            future.result(ANSWER_S)
        except KafkaException as error:
            if error.args[0].code() != allow:
                raise


def _outcome(futures: dict[Any, Future[Any]]) -> str:
    try:
        _finish(futures)
    except KafkaException as error:
        return named(error.args[0].code(), error.args[0].name())
    return "ok"


def _kafka_name(name: str, text: str = "") -> str:
    """Kafka's name of an error that librdkafka names."""
    return named(getattr(KafkaError, name, 0), name, text)
