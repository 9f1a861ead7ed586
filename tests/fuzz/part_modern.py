"""Consumer groups of KIP-848: ConsumerGroupHeartbeat by members that choose their ids, commits with member epochs, topics that come and grow.

Left out: the uniform assignor with several topics, because Kafka's order of topics is that of their random ids; members of the
classic protocol in such a group (S10); regular expressions. Sessions and revocations never time out here: the two clocks differ.
"""

from __future__ import annotations

from collections.abc import Generator
from random import Random
from typing import Any

from mqviz.model.kafka.protocol.requests import (
    AnyRequest,
    ConsumerGroupHeartbeatRequest,
    InitProducerIdRequest,
    OffsetCommitRequest,
    OffsetFetchRequest,
    TxnOffsetCommitRequest,
)
from tests.fuzz.side import Op, Told

STEPS = 50
GHOST = "own-ghost"
TIMEOUT_US = 60_000_000
Parts = tuple[tuple[str, int], ...]


class Member:
    """What a member knows: its epoch, and what it was told to hold."""

    def __init__(self, member_id: str, instance_id: str | None) -> None:
        self.member_id = member_id
        self.instance_id = instance_id
        self.epoch = 0
        self.held: Parts = ()


def member_ids(random: Random, count: int) -> list[str]:
    """Ids that Java's hash maps keep in buckets of their own: the order within a bucket is that of the coordinator's tables,
    which depends on all members that ever were."""
    found: list[str] = []
    buckets = {bucket(GHOST)}
    while len(found) < count:
        name = (
            f"own-{''.join(random.choices('abcdefghijklmnopqrstuvwxyz0123456789', k=random.randint(1, 9)))}"
        )
        if bucket(name) not in buckets:
            buckets.add(bucket(name))
            found.append(name)
    return found


def bucket(name: str) -> int:
    """Java's, in a map of 16."""
    code = 0
    for letter in name:
        code = (31 * code + ord(letter)) & 0xFFFFFFFF
    return (code ^ (code >> 16)) & 15


class Members:
    """Chooses requests."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.assignor = random.choice(("uniform", "range"))
        self.topics: list[tuple[str, ...]] = [("t",)]
        if self.assignor == "range":
            self.topics += [("t", "u"), ("u",), ("t", "nowhere"), ("t", "v"), ()]
        names = member_ids(random, random.choice((2, 3, 4, 6)))
        self.members = [Member(name, random.choice((None, None, None, "i1", "i2"))) for name in names]
        self.asked: dict[int, Member] = {}
        self.partitions = {"t": 2, "u": 2}
        self.owner = (-1, -1)

    def choose(self, number: int) -> Op:
        """The next request, or a change of the topics."""
        if self.random.random() < 0.05:
            return Op("admin", self.change())
        member = self.asked[number] = self.random.choice(self.members)
        makers = [self.beat, self.leave, self.commit, self.committed]
        (maker,) = self.random.choices(makers, (20, 2, 3, 1))
        return Op("a", maker(member))

    def change(self) -> str:
        """A topic is created or grows."""
        if "v" not in self.partitions and self.random.random() < 0.3:
            self.partitions["v"] = 2
            return "create topic v partitions=2"
        topic = self.random.choice(list(self.partitions))
        self.partitions[topic] += self.random.randint(1, 4)
        return f"add partitions {topic} to={self.partitions[topic]}"

    def member_id(self, member: Member) -> str:
        kind = self.random.choices(("own", "other", "ghost", "none"), (60, 1, 1, 1))[0]
        if kind == "other":
            return self.random.choice(self.members).member_id
        return {"own": member.member_id, "ghost": GHOST, "none": ""}[kind]

    def instance_id(self, member: Member) -> str | None:
        return member.instance_id if self.random.random() > 0.04 else self.random.choice((None, "i1", "i3"))

    def identity(self, member: Member) -> tuple[str, str | None]:
        """Who joins: an id that comes with another group.instance.id than before is nothing that a client does."""
        other = self.random.choice((member, member, self.random.choice(self.members)))
        known = other.member_id, other.instance_id
        return self.random.choices((known, (GHOST, None), ("", None)), (60, 1, 1))[0]

    def epoch(self, member: Member) -> int:
        """Mostly its own."""
        return max(0, member.epoch + self.random.choices((0, -1, 1, -2), (14, 1, 1, 1))[0])

    def beat(self, member: Member) -> AnyRequest:
        """A join, or a heartbeat that says what it holds, something else, or nothing."""
        epoch, who, instance_id = self.epoch(member), self.member_id(member), self.instance_id(member)
        topics = self.random.choice(self.topics)
        assignor = self.assignor if self.random.random() > 0.02 else "nobodys"
        if not epoch:
            who, instance_id = self.identity(member)
            topics = topics or (
                "t",
            )  # who joins without topics leaves the group's kind of subscriptions as it was
            owned: Parts | None = (
                () if self.random.random() > 0.03 else self.random.choice((None, (("t", 0),)))
            )
            timeout_us = TIMEOUT_US if self.random.random() > 0.03 else -1
            return ConsumerGroupHeartbeatRequest(
                "g", who, 0, "raw", instance_id, timeout_us, topics, assignor, owned
            )
        kind = self.random.choices(("holds", "nothing", "some", "all"), (8, 4, 1, 4))[0]
        held = member.held if kind != "some" else tuple(p for p in member.held if self.random.random() < 0.5)
        if kind == "all":
            again = topics if self.random.random() < 0.3 else self.topics[0]
            return ConsumerGroupHeartbeatRequest(
                "g", who, epoch, "raw", instance_id, TIMEOUT_US, again, None, held
            )
        told = topics if self.random.random() < 0.08 else None
        said = None if kind == "nothing" else held
        return ConsumerGroupHeartbeatRequest("g", who, epoch, "raw", instance_id, -1, told, None, said)

    def leave(self, member: Member) -> AnyRequest:
        epoch = (
            self.random.choice((-1, -2))
            if member.instance_id
            else self.random.choices((-1, -2, -3), (9, 1, 1))[0]
        )
        return ConsumerGroupHeartbeatRequest(
            "g", self.member_id(member), epoch, "raw", self.instance_id(member)
        )

    def commit(self, member: Member) -> AnyRequest:
        """By a member, by nobody, in a transaction."""
        offsets = ((*self.random.choice((("t", 0), ("t", 1), ("u", 0))), self.random.randint(0, 9)),)
        kind = self.random.choices(("member", "nobody", "transaction"), (5, 1, 2))[0]
        if kind == "nobody":
            return OffsetCommitRequest("g", -1, "", offsets)
        if kind == "transaction":
            who = ("", -1) if self.random.random() < 0.2 else (self.member_id(member), self.epoch(member))
            return TxnOffsetCommitRequest("x", *self.owner, "g", offsets, who[1], who[0])
        return OffsetCommitRequest(
            "g", self.epoch(member), self.member_id(member), offsets, member.instance_id
        )

    def committed(self, _: Member) -> AnyRequest:
        return OffsetFetchRequest(
            "g", (("t", 0), ("t", 1), ("u", 0)), require_stable=self.random.random() < 0.5
        )

    def learn(self, request: AnyRequest | str, number: int, told: Told) -> None:
        """What the member learns from its answer."""
        answer: Any = told.get(number)
        if not isinstance(request, ConsumerGroupHeartbeatRequest) or answer is None:
            return
        member = self.asked[number]
        error, epoch, held = answer
        if error in ("UNKNOWN_MEMBER_ID", "FENCED_MEMBER_EPOCH") and self.random.random() < 0.6:
            member.epoch, member.held = 0, ()
        elif not error and request.member_id == member.member_id:
            member.epoch = max(0, epoch)
            member.held = tuple(held) if held is not None else member.held


def modern(random: Random) -> Generator[Op, Told, None]:
    """See the module."""
    members = Members(random)
    first = yield Op("owner", InitProducerIdRequest("x"))
    members.owner = first[0][1:]
    for number in range(1, STEPS):
        op = members.choose(number)
        members.learn(op.request, number, (yield op))
