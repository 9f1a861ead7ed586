"""Classic groups: JoinGroup, SyncGroup, Heartbeat, LeaveGroup, OffsetCommit and OffsetFetch, by members and by others, in every state.

JoinGroup and SyncGroup may wait, so that each has a connection of its own. Sessions and rebalances never time out here: the two
clocks differ. Left out: StickyAssignor's user data.
"""

from __future__ import annotations

from collections.abc import Generator
from random import Random
from typing import Any

from mqviz.model.kafka.protocol.requests import (
    AnyRequest,
    HeartbeatRequest,
    InitProducerIdRequest,
    JoinGroupRequest,
    LeaveGroupRequest,
    OffsetCommitRequest,
    OffsetFetchRequest,
    SyncGroupRequest,
    TxnOffsetCommitRequest,
)
from mqviz.model.kafka.protocol.subscription import OwnedPartitions
from tests.fuzz.side import Op, Told

PLACES = [("t", 0), ("t", 1), ("u", 0), ("u", 1)]
STEPS = 50
S = 1_000_000
TASTES = (("range",), ("range", "roundrobin"), ("roundrobin", "range"), ("cooperative-sticky", "range"))
ODD_TASTE = ("sticky",)


class Client:
    """What a client of the group knows: its id, its generation, and whom it leads."""

    def __init__(self, name: str, instance_id: str | None, taste: tuple[str, ...]) -> None:
        self.name = name
        self.instance_id = instance_id
        self.taste = taste
        self.topics: tuple[str, ...] = ("t",)
        self.owned: tuple[tuple[str, int], ...] = ()
        self.member_id = ""
        self.generation = -1
        self.members: tuple[str, ...] = ()


class Clients:
    """Chooses requests."""

    def __init__(self, random: Random) -> None:
        self.random = random
        instances = (None, None, None, "i1", "i1", "i2")
        self.clients = [
            Client(f"c{n}", random.choice(instances), random.choice(TASTES))
            for n in range(random.choice((2, 2, 3, 4)))
        ]
        self.asked: dict[int, Client] = {}
        self.owner = (-1, -1)
        self.given: set[str] = set()

    def choose(self, number: int) -> Op:
        """The next request."""
        client = self.asked[number] = self.random.choice(self.clients)
        makers = [self.join, self.sync, self.heartbeat, self.leave, self.commit, self.committed]
        (maker,) = self.random.choices(makers, (8, 7, 3, 2, 3, 1))
        request = maker(client)
        parks = isinstance(request, JoinGroupRequest | SyncGroupRequest)
        return Op(f"{client.name}.{number}" if parks else client.name, request)

    def member_id(self, client: Client) -> str:
        """Mostly its own."""
        kind = self.random.choices(("own", "other", "ghost", "none"), (30, 1, 1, 1))[0]
        if kind == "other":
            return self.random.choice(self.clients).member_id
        return {"own": client.member_id, "ghost": "own-ghost", "none": ""}[kind]

    def instance_id(self, client: Client) -> str | None:
        return client.instance_id if self.random.random() > 0.05 else self.random.choice((None, "i1", "i3"))

    def generation(self, client: Client) -> int:
        """Mostly its own."""
        return client.generation + self.random.choices((0, -1, 1), (12, 1, 1))[0]

    def join(self, client: Client) -> AnyRequest:
        """A join; at times with another subscription, or with something that no group takes."""
        if self.random.random() < 0.15:
            client.topics = self.random.choice((("t",), ("t", "u"), ("u",)))
        if self.random.random() < 0.1:
            client.owned = tuple(sorted(self.random.sample(PLACES, self.random.randint(0, 2))))
        taste = client.taste if self.random.random() > 0.05 else ODD_TASTE
        session_us = self.random.choices((60 * S, 100_000, 4_000 * S), (30, 1, 1))[0]
        generation = client.generation if client.owned else -1
        owned_partitions = OwnedPartitions(client.owned, generation) if client.owned else OwnedPartitions()
        who = self.member_id(client)
        # a group.instance.id with an id that was only given trips an assertion in Kafka
        instance_id = None if who in self.given else self.instance_id(client)
        return JoinGroupRequest(
            "g", who, client.name, session_us, 120 * S, taste, client.topics, instance_id, owned_partitions
        )

    def sync(self, client: Client) -> AnyRequest:
        """Its share, please; the leader brings everybody's, at times not all."""
        members = [m for m in client.members if self.random.random() > 0.1]
        shares: dict[str, list[tuple[str, int]]] = {member: [] for member in members}
        for place in PLACES if members else ():
            shares[self.random.choice(members)].append(place)
        told = tuple((member, tuple(parts)) for member, parts in shares.items())
        generation, who = self.generation(client), self.member_id(client)
        return SyncGroupRequest("g", generation, who, told, self.instance_id(client))

    def heartbeat(self, client: Client) -> AnyRequest:
        return HeartbeatRequest(
            "g", self.generation(client), self.member_id(client), self.instance_id(client)
        )

    def leave(self, client: Client) -> AnyRequest:
        return LeaveGroupRequest("g", self.member_id(client), self.instance_id(client))

    def commit(self, client: Client) -> AnyRequest:
        """By a member, by nobody, of a topic that is not there, in a transaction."""
        place = self.random.choice((*PLACES, ("nowhere", 0)))
        offsets = ((*place, self.random.randint(0, 9)),)
        kind = self.random.choices(("member", "nobody", "transaction"), (5, 1, 2))[0]
        if kind == "nobody":
            return OffsetCommitRequest("g", -1, "", offsets)
        if kind == "transaction":
            who = (
                ("", -1) if self.random.random() < 0.2 else (self.member_id(client), self.generation(client))
            )
            return TxnOffsetCommitRequest("x", *self.owner, "g", ((*place[:1], 0, 5),), who[1], who[0])
        who_id, generation = self.member_id(client), self.generation(client)
        return OffsetCommitRequest("g", generation, who_id, offsets, self.instance_id(client))

    def committed(self, _: Client) -> AnyRequest:
        return OffsetFetchRequest("g", tuple(PLACES), require_stable=self.random.random() < 0.5)

    def learn(self, told: Told) -> None:
        """What the clients learn from answers."""
        for number, answer in told.items():
            client = self.asked.get(number)
            if client and len(answer) == 7:
                self._joined(client, answer)
            elif client and answer[0] == "UNKNOWN_MEMBER_ID" and self.random.random() < 0.5:
                client.member_id, client.members = "", ()

    def _joined(self, client: Client, answer: Any) -> None:
        error, member_id, generation, _, leader, members, _ = answer
        if error == "MEMBER_ID_REQUIRED":
            client.member_id = member_id
            self.given.add(member_id)
        elif error == "UNKNOWN_MEMBER_ID":
            client.member_id = ""
        elif not error:
            client.member_id, client.generation = member_id, generation
            self.given.discard(member_id)
            client.members = tuple(m[0] for m in members) if leader == member_id else ()


def classic(random: Random) -> Generator[Op, Told, None]:
    """See the module."""
    clients = Clients(random)
    first = yield Op("owner", InitProducerIdRequest("x"))
    clients.owner = first[0][1:]
    for number in range(1, STEPS):
        clients.learn((yield clients.choose(number)))
