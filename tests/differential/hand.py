"""Real clients that are led by hand, in this process: polls one by one, seek, pause of partitions, commits, transactions."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any

from confluent_kafka import (
    OFFSET_BEGINNING,
    OFFSET_END,
    Consumer,
    KafkaError,
    KafkaException,
    Message,
    Producer,
    TopicPartition,
)

from mqviz.live.drive.child.protocol import BeConsumer, BeProducer, now_us
from mqviz.live.drive.plan import Names
from mqviz.model.command.base import Command
from mqviz.model.command.consumer import AddConsumer, SeekConsumer
from mqviz.model.command.transaction import (
    AbortTransaction,
    BeginTransaction,
    CommitTransaction,
    InitTransactions,
    SendOffsets,
)
from tests.differential.side import Sent, named, tps

Tell = Callable[[str, Any], None]
ANSWER_S = 15.0
COMMIT_FAILED = ("UNKNOWN_MEMBER_ID", "ILLEGAL_GENERATION", "_ASSIGNMENT_LOST")
QUIET = logging.getLogger("differential.quiet")
QUIET.propagate = False
QUIET.addHandler(logging.NullHandler())


class HandConsumer:
    """One consumer; what it sees is told under its plain names. Each call of `poll` takes one record at most."""

    def __init__(self, command: AddConsumer, order: BeConsumer, names: Names, tell: Tell) -> None:
        self.loop = command.loop
        self._names = names
        self._tell = tell
        self._positions: dict[tuple[str, int], int] = {}
        self._fetching: dict[str, bool] = {}
        own = {"enable.auto.commit": "false", "logger": QUIET, "statistics.interval.ms": 100}
        self._consumer = Consumer({**order.config, **own, "stats_cb": self._measured})
        if command.assign:
            self._consumer.assign([self._place(text) for text in command.assign])
        else:
            self._consumer.subscribe(
                list(order.topics), on_assign=self._assigned, on_revoke=self._revoked, on_lost=self._lost
            )

    def poll(self, timeout_s: float) -> None:
        """One poll."""
        end_us = now_us() + int(timeout_s * 1_000_000)
        while True:
            message = self._consumer.poll(min(0.1, timeout_s))
            if message is not None:
                self._take(message)
            if message is not None or now_us() >= end_us:
                return

    def pump(self) -> None:
        """Take whatever has come, where the application polls all the time."""
        while self.loop and (message := self._consumer.poll(0)) is not None:
            self._take(message)

    @property
    def positioned(self) -> bool:
        """Whether it knows where to read each of its partitions, as its statistics say."""
        return bool(self._fetching) and all(self._fetching.values())

    def progress(self) -> tuple[list[TopicPartition], Any]:
        """Where it has come, and its group metadata, for a transaction."""
        return self._known(), self._consumer.consumer_group_metadata()

    def commit(self) -> None:
        """commitSync() with the positions; an error is told, as Java's CommitFailedException where it is one (R85)."""
        try:
            self._consumer.commit(offsets=self._known(), asynchronous=False)
        except KafkaException as error:
            name = _name(error)
            self._tell("failed", "COMMIT_FAILED" if name in COMMIT_FAILED else name)

    def seek(self, command: SeekConsumer) -> None:
        """Go elsewhere in the partitions that it owns."""
        offset = {"beginning": OFFSET_BEGINNING, "end": OFFSET_END}.get(command.to, command.offset)
        for place in self._consumer.assignment():
            if command.partition in (-1, place.partition):
                self._consumer.seek(TopicPartition(place.topic, place.partition, offset))

    def pause(self, partition: str) -> None:
        """Take nothing of this partition."""
        self._consumer.pause([self._place(partition)])

    def resume(self, partition: str) -> None:
        """Take records of it again."""
        self._consumer.resume([self._place(partition)])

    def close(self) -> None:
        """Leave the group."""
        self._consumer.close()
        self._tell("ended", ())

    def _take(self, message: Message) -> None:
        error = message.error()
        if error is None:
            topic, partition, offset = message.topic() or "", message.partition() or 0, message.offset() or 0
            self._positions[topic, partition] = offset + 1
            self._tell("delivered", (f"{self._names.plain(topic)}-{partition}", offset))
        else:
            self._tell("failed", named(error.code(), error.name(), error.str()))

    def _known(self) -> list[TopicPartition]:
        return [TopicPartition(*place, offset) for place, offset in self._positions.items()]

    def _measured(self, text: str) -> None:
        topics = json.loads(text)["topics"].values()
        self._fetching = {
            f"{topic['topic']}-{number}": partition["fetch_state"] == "active"
            for topic in topics
            for number, partition in topic["partitions"].items()
            if partition["desired"]
        }

    def _place(self, text: str) -> TopicPartition:
        topic, _, number = text.rpartition("-")
        return TopicPartition(self._names.real(topic), int(number))

    def _assigned(self, _: Consumer, places: list[TopicPartition]) -> None:
        self._tell("assigned", self._plain(places))

    def _revoked(self, _: Consumer, places: list[TopicPartition]) -> None:
        self._forget("revoked", places)

    def _lost(self, _: Consumer, places: list[TopicPartition]) -> None:
        self._forget("lost", places)

    def _forget(self, how: str, places: list[TopicPartition]) -> None:
        for place in places:
            self._positions.pop((place.topic, place.partition), None)
        self._tell(how, self._plain(places))

    def _plain(self, places: list[TopicPartition]) -> tuple[str, ...]:
        return tps((self._names.plain(place.topic), place.partition) for place in places)


class HandProducer:
    """A transactional producer; each call waits for its end, and its outcome is told."""

    def __init__(self, order: BeProducer, names: Names, tell: Tell) -> None:
        self._order = order
        self._names = names
        self._tell = tell
        self._number = 0
        self._producer = Producer({**order.config, "logger": QUIET})

    def call(self, command: Command, consumer: HandConsumer | None = None) -> None:
        """initTransactions() and the others."""
        match command:
            case InitTransactions():
                self._do("init", lambda: self._producer.init_transactions(ANSWER_S))
            case BeginTransaction():
                self._do("begin", self._producer.begin_transaction)
            case CommitTransaction():
                self._do("commit", lambda: self._producer.commit_transaction(ANSWER_S))
            case AbortTransaction():
                self._do("abort", lambda: self._producer.abort_transaction(ANSWER_S))
            case SendOffsets() if consumer is not None:
                self._do(
                    "offsets",
                    lambda: self._producer.send_offsets_to_transaction(*consumer.progress(), ANSWER_S),
                )

    def send(self, key: str | None, count: int) -> None:
        """So many records."""
        for _ in range(count):
            self._number += 1
            answered = partial(self._answered, self._number, key)
            value = str(self._number).encode().ljust(self._order.value_size, b".")
            encoded = None if key is None else key.encode()
            try:
                self._producer.produce(self._order.topic, value, encoded, on_delivery=answered)
            except KafkaException as error:
                self._tell("record", Sent(self._number, key, "", -1, -1, _name(error)))

    def pump(self) -> None:
        """Hear what became of records; a fenced producer says so again and again, which its calls have told."""
        with suppress(KafkaException):
            self._producer.poll(0)

    def close(self) -> None:
        """Let go of it; what is open stays open."""
        with suppress(KafkaException):
            self._producer.purge()
            self._producer.flush(1)

    def _do(self, call: str, what: Callable[[], Any]) -> None:
        try:
            what()
        except KafkaException as error:
            self._tell("called", [call, _name(error)])
        else:
            self._tell("called", [call, "ok"])

    def _answered(self, number: int, key: str | None, error: KafkaError | None, message: Message) -> None:
        topic = self._names.plain(message.topic() or "")
        if error is None:
            self._tell("record", Sent(number, key, topic, message.partition() or 0, message.offset() or 0))
        else:
            self._tell("record", Sent(number, key, topic, -1, -1, named(error.code(), error.name())))


def _name(error: KafkaException) -> str:
    return named(error.args[0].code(), error.args[0].name())


def set_offsets(config: dict[str, str], group: str, places: list[TopicPartition]) -> str:
    """Commit for a group without being its member, as the tools do; returns `ok` or the error's name."""
    client = Consumer({**config, "group.id": group, "enable.auto.commit": "false", "logger": QUIET})
    try:
        found = client.commit(offsets=places, asynchronous=False) or []
        errors = [place.error for place in found if place.error]
        return named(errors[0].code(), errors[0].name()) if errors else "ok"
    except KafkaException as error:
        return _name(error)
    finally:
        client.close()
