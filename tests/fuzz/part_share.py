"""Share groups: ShareGroupHeartbeat, ShareFetch and ShareAcknowledge by members on connections of their own.

A member of a group on two partitions asks for all there is, because the order of partitions in an answer is drawn by lot, and with
it which of them comes first the next time; on one partition it asks for few or many.
Left out: renewals and the record limit, which are of a later version of the requests; release in a ShareFetch, which the
broker may answer before the release is written; closing by ShareFetch, which no client does. The group's
epochs and shares are not compared: the broker makes partitions known to the share coordinator first, which takes its time (R125).
Locks and sessions never time out here: the two clocks differ.
"""

from __future__ import annotations

from collections.abc import Generator
from random import Random
from typing import Any

from mqviz.model.kafka.log.batch import Batch
from mqviz.model.kafka.protocol.requests import (
    AnyRequest,
    ProduceRequest,
    ShareAcknowledgeRequest,
    ShareFetchRequest,
    ShareGroupHeartbeatRequest,
)
from tests.fuzz.side import Op, Told

PLACES = (("t", 0), ("t", 1))
STEPS = 40
KINDS = ("release", "accept", "reject")


class Sharer:
    """What a member knows: its session's epoch, what it was given and did not acknowledge."""

    def __init__(self, member_id: str) -> None:
        self.member_id = member_id
        self.session = 0
        self.held: list[tuple[int, int, int]] = []


class Sharers:
    """Chooses requests."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.places = PLACES[: random.choice((1, 1, 2))]
        self.most = random.choice((1, 2, 3, 7, 500)) if len(self.places) == 1 else 500
        self.sharers = [Sharer(f"own-{letter * 17}A") for letter in "pqr"[: random.choice((1, 2, 3))]]

    def choose(self) -> tuple[Sharer | None, AnyRequest]:
        """Who asks, and what."""
        if self.random.random() < 0.25:
            count = self.random.randint(1, 4)
            batch = Batch(0, count, 70, "raw", -1, -1, -1, 0, -1, 0, 0, (None,) * count)
            return None, ProduceRequest(-1, ((*self.random.choice(self.places), batch),))
        sharer = self.random.choice(self.sharers)
        makers = [self.beat, self.fetch, self.acknowledge]
        (maker,) = self.random.choices(makers, (2, 6, 4))
        return sharer, maker(sharer)

    def beat(self, sharer: Sharer) -> AnyRequest:
        """Join, leave, come with an epoch that never was."""
        epoch = self.random.choices((0, -1, 99), (8, 2, 1))[0]
        topics = None if epoch else self.random.choices((("t",), None), (9, 1))[0]
        return ShareGroupHeartbeatRequest("g", sharer.member_id, epoch, "raw", topics)

    def session(self, sharer: Sharer) -> int:
        """Mostly the next."""
        return max(0, sharer.session + self.random.choices((0, 1, -1), (20, 1, 1))[0])

    def fetch(self, sharer: Sharer) -> AnyRequest:
        """Some records, and at times words on those before."""
        session = self.session(sharer)
        acks = self.acks(sharer, KINDS[1:]) if session and self.random.random() < 0.4 else ()
        return ShareFetchRequest("g", sharer.member_id, session, self.places, self.most, False, acks)

    def acknowledge(self, sharer: Sharer) -> AnyRequest:
        """Words on some records, or a good-bye."""
        session = -1 if self.random.random() < 0.15 else self.session(sharer)
        return ShareAcknowledgeRequest("g", sharer.member_id, session, self.acks(sharer))

    def acks(self, sharer: Sharer, kinds: tuple[str, ...] = KINDS) -> Any:
        """On what it holds, whole or in part, several batches in any order; at times on what it does not hold."""
        if self.random.random() < 0.1 or not sharer.held:
            first = self.random.randint(0, 12)
            # more may straddle the start, which trips Kafka (NPE)
            return ((*self.random.choice(self.places), first, first + 1, "accept"),)
        chosen = self.random.choices(sharer.held, k=self.random.choice((1, 1, 2, 3)))
        batches = [self.part(*each) for each in chosen]
        batches = batches if self.random.random() < 0.3 else sorted(batches)
        return tuple(
            ("t", number, first, last + 1, self.random.choice(kinds)) for number, first, last in batches
        )

    def part(self, number: int, first: int, last: int) -> tuple[int, int, int]:
        """Of a range that it holds all or a part, at times none at all."""
        if self.random.random() < 0.5:
            first = self.random.randint(first, last)
        if self.random.random() < 0.5:
            last = self.random.randint(max(0, first - (self.random.random() < 0.05)), last)
        return number, first, last

    def learn(self, sharer: Sharer | None, request: AnyRequest, answer: Any) -> None:
        """What the member learns from its answer."""
        if sharer is None or answer is None:
            return
        if isinstance(request, ShareGroupHeartbeatRequest):
            return
        if answer[0]:
            sharer.session = 0 if self.random.random() < 0.7 else sharer.session
            return
        for _, number, first, end, _ in getattr(request, "acks", ()):
            sharer.held = [
                each for each in sharer.held if each[0] != number or each[1] >= end or each[2] < first
            ]
        if isinstance(request, ShareFetchRequest):
            sharer.held += [(number, first, last) for _, number, first, last, _ in answer[1]]
        sharer.session = 0 if request.epoch == -1 else request.epoch + 1  # type: ignore[union-attr]
        sharer.held = sharer.held if sharer.session else []


def share(random: Random) -> Generator[Op, Told, None]:
    """See the module: the group begins at the end of the log, which is where its first fetch finds it."""
    sharers = Sharers(random)
    first = sharers.sharers[0]
    begin: list[AnyRequest] = [
        ShareGroupHeartbeatRequest("g", first.member_id, 0, "raw", ("t",)),
        ShareFetchRequest("g", first.member_id, 0, sharers.places, sharers.most),
    ]
    for number in range(STEPS):
        sharer, request = (first, begin[number]) if number < len(begin) else sharers.choose()
        told = yield Op(sharer.member_id if sharer else "producer", request)
        sharers.learn(sharer, request, told.get(number))
