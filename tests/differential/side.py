"""Side: one of the two worlds a case is played in, with what its clients told and what its brokers answer.

Both sides tell in the same few words, so that conditions and facts (facts.py) are computed once, for both.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable
from typing import Any, NamedTuple

from mqviz.kafka.errors import Error
from mqviz.model.command.base import Command
from mqviz.model.command.consumer import AddConsumer
from mqviz.model.command.producer import AddProducer, SendRecord
from mqviz.model.command.topic import CreateTopic
from tests.differential.case import Case

Tps = tuple[str, ...]
"""Partitions as `topic-number`, sorted."""

LOCAL = {
    "_MSG_TIMED_OUT": "TIMEOUT",
    "_TIMED_OUT": "TIMEOUT",
    "_MAX_POLL_EXCEEDED": "MAX_POLL_EXCEEDED",
    "_FENCED": "PRODUCER_FENCED",
}
"""What librdkafka calls errors of its own, by the name of Kafka's rule."""

BY_TEXT = {
    "out of range": "OFFSET_OUT_OF_RANGE",
    "No offset stored": "NO_OFFSET_FOR_PARTITION",
    "no previously committed": "NO_OFFSET_FOR_PARTITION",
    "Static consumer fenced": "FENCED_INSTANCE_ID",
}
"""What errors of librdkafka that have several reasons mean, by their text."""


class Told(NamedTuple):
    """Something a client saw, when: `kind` is record, assigned, revoked, lost, delivered, failed, called, ended or answer."""

    step: int
    who: str
    kind: str
    what: Any
    at_us: int


class Sent(NamedTuple):
    """What became of the `number`-th record of a producer (from 1): its place, or an error's name."""

    number: int
    key: str | None
    topic: str
    partition: int
    offset: int
    error: str = ""


class Seen(NamedTuple):
    """A group as its coordinator describes it: partitions by the name of the member's client."""

    state: str
    members: dict[str, Tps]


class Log(NamedTuple):
    """Where a partition's log starts, where read_committed ends, and the high watermark."""

    start: int
    stable: int
    high: int


class Replicas(NamedTuple):
    """Who leads a partition (-1: nobody) and who is in sync, ascending."""

    leader: int
    isr: tuple[int, ...]


class Side(ABC):
    """One world. `told`: what clients told so far; `sends`: how many records each producer was to send."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self.told: list[Told] = []
        self.step = 0
        self.began_us = self.took_us = 0
        self.sends: Counter[str] = Counter()
        self.topics: dict[str, int] = {}
        self.readers: dict[str, AddConsumer] = {}
        for command in (*case.scenario.topics, *case.scenario.producers, *case.scenario.consumers):
            self.note(command)

    @property
    @abstractmethod
    def now_us(self) -> int:
        """This side's clock."""

    @abstractmethod
    def do(self, command: Command) -> str:
        """Do it now; returns `ok` or the error's name."""

    @abstractmethod
    def wait(self, holds: Callable[[], bool], timeout_us: int) -> bool:
        """Let time pass until `holds()`; False if it did not in time."""

    @abstractmethod
    def logs(self, topic: str) -> dict[int, Log]:
        """Every partition's log."""

    @abstractmethod
    def replicas(self, topic: str) -> dict[int, Replicas]:
        """Every partition's leader and replicas in sync, as brokers tell."""

    @abstractmethod
    def commits(self, group: str) -> dict[str, int]:
        """The group's committed offsets, by partition."""

    @abstractmethod
    def group(self, group: str) -> Seen:
        """The group as its coordinator describes it."""

    @abstractmethod
    def positioned(self, consumer: str) -> bool:
        """Whether the consumer knows where to read its partitions."""

    @abstractmethod
    def close(self) -> None:
        """End whatever runs."""

    def tell(self, who: str, kind: str, what: Any, at_us: int | None = None) -> None:
        """Note what a client saw, by default now."""
        self.told.append(Told(self.step, who, kind, what, self.now_us if at_us is None else at_us))

    def called(self, client: str, instance: str | None) -> str:
        """The consumer behind a member; a static one is the last that was started with the group.instance.id.

        A broker goes on showing the client.id of the first one.
        """
        static = [r.name for r in self.readers.values() if r.config.get("group.instance.id", "") == instance]
        return static[-1] if instance else client

    def note(self, command: Command) -> None:
        """Remember what facts and conditions must know of a command."""
        match command:
            case CreateTopic(name=name, partitions=partitions):
                self.topics[name] = partitions or 1
            case AddProducer(name=name, count=count):
                self.sends[name] += count
            case SendRecord(name=name, count=count):
                self.sends[name] += count
            case AddConsumer(name=name):
                self.readers.pop(name, None)
                self.readers[name] = command


def named(code: int, name: str, text: str = "") -> str:
    """An error by Kafka's name: by its code, or the rule's name of one that librdkafka found by itself."""
    if name in ("_AUTO_OFFSET_RESET", "_FATAL"):
        return next((rule for words, rule in BY_TEXT.items() if words in text), name)
    return Error(code).name if code > 0 else LOCAL.get(name, name)


def thrown_named(exception: str) -> str:
    """The same for an exception of the Java client."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", exception.removesuffix("Exception")).upper()


def refusal_named(sentence: str) -> str:
    """The error's name in a sentence of the simulator, or the sentence."""
    found = re.search(r"([A-Z][A-Z_]{3,}) \(\d+\)", sentence)
    thrown = re.search(r"\b(\w+Exception)\b", sentence)
    return found[1] if found else thrown_named(thrown[1]) if thrown else sentence


def tps(partitions: Any) -> Tps:
    """(topic, number) pairs as sorted texts."""
    return tuple(f"{topic}-{number}" for topic, number in sorted(partitions))
