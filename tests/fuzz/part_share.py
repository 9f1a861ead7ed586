"""Share groups: ShareGroupHeartbeat, ShareFetch and ShareAcknowledge by members on connections of their own.

Left out: more than one partition, whose order in an answer is drawn by lot; renewals and the record limit, which are of a later
version of the requests; fewer records than there are, because what
comes again comes in the portions in which it was acquired, in the model in batches of the log; release in a ShareFetch, which the
broker may answer before the release is written; closing by ShareFetch, which no client does. The group's
epochs and shares are not compared: the broker makes partitions known to the share coordinator first, which takes its time (E17).
Locks and sessions never time out here: the two clocks differ.
"""

from __future__ import annotations

from collections.abc import Generator
from random import Random
from typing import Any

from mqviz.model.batch import Batch
from mqviz.model.request import AnyRequest, Produce
from mqviz.model.share_messages import ShareAcknowledge, ShareFetch, ShareGroupHeartbeat
from tests.fuzz.side import Op, Told

PLACE = ("t", 0)
STEPS = 40
KINDS = ("release", "accept", "reject")


class Sharer:
    """What a member knows: its session's epoch, what it was given and did not acknowledge."""

    def __init__(self, member_id: str) -> None:
        self.member_id = member_id
        self.session = 0
        self.held: list[tuple[int, int]] = []


class Sharers:
    """Chooses requests."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.sharers = [Sharer(f"own-{letter * 17}A") for letter in "pqr"[: random.choice((1, 2, 3))]]

    def choose(self) -> tuple[Sharer | None, AnyRequest]:
        """Who asks, and what."""
        if self.random.random() < 0.25:
            count = self.random.randint(1, 4)
            batch = Batch(0, count, 70, "raw", -1, -1, -1, 0, -1, 0, 0, (None,) * count)
            return None, Produce(-1, ((*PLACE, batch),))
        sharer = self.random.choice(self.sharers)
        makers = [self.beat, self.fetch, self.acknowledge]
        (maker,) = self.random.choices(makers, (2, 6, 4))
        return sharer, maker(sharer)

    def beat(self, sharer: Sharer) -> AnyRequest:
        """Join, leave, come with an epoch that never was."""
        epoch = self.random.choices((0, -1, 99), (8, 2, 1))[0]
        topics = None if epoch else self.random.choices((("t",), None), (9, 1))[0]
        return ShareGroupHeartbeat("g", sharer.member_id, epoch, "raw", topics)

    def session(self, sharer: Sharer) -> int:
        """Mostly the next."""
        return max(0, sharer.session + self.random.choices((0, 1, -1), (20, 1, 1))[0])

    def fetch(self, sharer: Sharer) -> AnyRequest:
        """Some records, and at times words on those before."""
        session = self.session(sharer)
        acks = self.acks(sharer, KINDS[1:]) if session and self.random.random() < 0.4 else ()
        return ShareFetch("g", sharer.member_id, session, (PLACE,), 500, False, acks)

    def acknowledge(self, sharer: Sharer) -> AnyRequest:
        """Words on some records, or a good-bye."""
        session = -1 if self.random.random() < 0.15 else self.session(sharer)
        return ShareAcknowledge("g", sharer.member_id, session, self.acks(sharer))

    def acks(self, sharer: Sharer, kinds: tuple[str, ...] = KINDS) -> Any:
        """On what it holds, whole or in part; at times on what it does not hold."""
        if self.random.random() < 0.1 or not sharer.held:
            first = self.random.randint(0, 12)
            return (
                (*PLACE, first, first + 1, "accept"),
            )  # more may straddle the start, which trips Kafka (NPE)
        batches = [
            self.part(each) for each in self.random.choices(sharer.held, k=self.random.choice((1, 1, 2, 3)))
        ]
        batches = batches if self.random.random() < 0.3 else sorted(batches)
        return tuple((*PLACE, first, last + 1, self.random.choice(kinds)) for first, last in batches)

    def part(self, held: tuple[int, int]) -> tuple[int, int]:
        """Of a range that it holds all or a part, at times none at all."""
        first, last = held
        if self.random.random() < 0.5:
            first = self.random.randint(first, last)
        if self.random.random() < 0.5:
            last = self.random.randint(max(0, first - (self.random.random() < 0.05)), last)
        return first, last

    def learn(self, sharer: Sharer | None, request: AnyRequest, answer: Any) -> None:
        """What the member learns from its answer."""
        if sharer is None or answer is None:
            return
        if isinstance(request, ShareGroupHeartbeat):
            return
        if answer[0]:
            sharer.session = 0 if self.random.random() < 0.7 else sharer.session
            return
        for *_, first, end, _ in getattr(request, "acks", ()):
            sharer.held = [each for each in sharer.held if each[0] >= end or each[1] < first]
        if isinstance(request, ShareFetch):
            sharer.held += [(first, last) for _, _, first, last, _ in answer[1]]
        sharer.session = 0 if request.epoch == -1 else request.epoch + 1  # type: ignore[union-attr]
        sharer.held = sharer.held if sharer.session else []


def share(random: Random) -> Generator[Op, Told, None]:
    """See the module: the group begins at the end of the log, which is where its first fetch finds it."""
    sharers = Sharers(random)
    first = sharers.sharers[0]
    begin: list[AnyRequest] = [
        ShareGroupHeartbeat("g", first.member_id, 0, "raw", ("t",)),
        ShareFetch("g", first.member_id, 0, (PLACE,)),
    ]
    for number in range(STEPS):
        sharer, request = (first, begin[number]) if number < len(begin) else sharers.choose()
        told = yield Op(sharer.member_id if sharer else "producer", request)
        sharers.learn(sharer, request, told.get(number))
