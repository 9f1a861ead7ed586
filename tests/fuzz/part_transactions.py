"""Idempotent and transactional producers: InitProducerId, Produce, TxnOffsetCommit, EndTxn in any order, and who reads.

Left out, as the model leaves it out: AddPartitionsToTxn and AddOffsetsToTxn, which clients of transaction version 2 never send
(S13, KIP-890); InitProducerId with the id and epoch that a client had, which only they of version 1 send.
"""

from __future__ import annotations

from collections.abc import Generator
from random import Random

from mqviz.model.kafka.log.batch import TRANSACTIONAL, Batch
from mqviz.model.kafka.protocol.requests import (
    AnyRequest,
    EndTxnRequest,
    FetchRequest,
    InitProducerIdRequest,
    ListOffsetsRequest,
    OffsetFetchRequest,
    ProduceRequest,
    TxnOffsetCommitRequest,
)
from tests.fuzz.side import Op, Told

PLACES = [("t", 0), ("t", 1), ("u", 0)]
NOBODY = 4_321_000
STEPS = 40


class Owner:
    """A producer id as clients know it: of which transactional.id, its newest epoch, its sequences by partition."""

    def __init__(self, number: int, transactional_id: str, epoch: int) -> None:
        self.number = number
        self.transactional_id = transactional_id
        self.epoch = epoch
        self.batches: dict[tuple[tuple[str, int], int], list[tuple[int, int]]] = {}

    def written(self, place: tuple[str, int], epoch: int) -> list[tuple[int, int]]:
        """(first sequence, count) of what was produced there in this epoch."""
        return self.batches.setdefault((place, epoch), [])


class Producers:
    """Chooses requests."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.owners: dict[int, Owner] = {}

    def choose(self) -> AnyRequest:
        """The next request."""
        makers = [
            self.init,
            self.produce,
            self.outside,
            self.end,
            self.offsets,
            self.list_offsets,
            self.fetch,
            self.committed,
        ]
        (maker,) = self.random.choices(makers, (3, 10, 1, 5, 3, 3, 4, 2))
        return maker()

    def init(self) -> AnyRequest:
        name = self.random.choice(("", "x", "x", "y"))
        timeout_us = self.random.choices((60_000_000, 0, 10**10), (20, 1, 1))[0]
        return InitProducerIdRequest(name, timeout_us)

    def owner(self, transactional: bool = False) -> Owner:
        """Somebody, mostly with a transactional.id if asked so; at times nobody that there is."""
        known = [o for o in self.owners.values() if o.transactional_id or not transactional]
        if not known or self.random.random() < 0.04:
            return Owner(NOBODY, "x", 0)
        return self.random.choice(known)

    def epoch(self, owner: Owner) -> int:
        """Mostly the newest."""
        off = self.random.choices((0, -1, 1, -2), (12, 3, 1, 1))[0]
        return max(0, owner.epoch + off)

    def produce(self) -> AnyRequest:
        if self.random.random() < 0.08:
            place = self.random.choice(PLACES)
            return ProduceRequest(-1, ((*place, self.batch(-1, -1, -1, 1, False)),))
        owner = self.owner()
        # a transactional batch of an epoch that was never given leaves a guard behind that refuses right ones later
        epoch = min(self.epoch(owner), owner.epoch if owner.transactional_id else 1 << 15)
        places = self.random.sample(PLACES, self.random.choices((1, 2), (5, 1))[0])
        batches = []
        for place in places:
            first, count = self.sequence(owner.written(place, epoch))
            transactional = bool(owner.transactional_id)
            batches.append((*place, self.batch(owner.number, epoch, first, count, transactional)))
        return ProduceRequest(-1, tuple(sorted(batches, key=lambda each: each[:2])))

    def outside(self) -> AnyRequest:
        """One record that says of no transaction, where one of its producer id is probably open (R62)."""
        owner = self.owner(transactional=True)
        written = [
            (place, batches[-1])
            for (place, epoch), batches in owner.batches.items()
            if batches and epoch == owner.epoch
        ]
        if not written:
            return self.produce()
        place, last = self.random.choice(written)
        return ProduceRequest(-1, ((*place, self.batch(owner.number, owner.epoch, sum(last), 1, False)),))

    def sequence(self, written: list[tuple[int, int]]) -> tuple[int, int]:
        """(first, count): what comes next, one of the last again, something else."""
        after = sum(written[-1]) if written else 0
        kind = self.random.choices(("next", "again", "gap", "overlap", "zero"), (14, 4, 1, 1, 1))[0]
        count = self.random.randint(1, 3)
        if kind == "again" and written:
            return self.random.choice(written[-7:])
        if kind == "overlap":
            return max(0, after - 1), 2
        return (after + 2 if kind == "gap" else 0 if kind == "zero" else after), count

    def batch(self, owner: int, epoch: int, first: int, count: int, transactional: bool) -> Batch:
        attributes = TRANSACTIONAL if transactional else 0
        return Batch(0, count, 70, "raw", owner, epoch, first, attributes, -1, 0, 0, (None,) * count)

    def end(self) -> AnyRequest:
        owner = self.owner(transactional=True)
        name = owner.transactional_id or "x"
        if self.random.random() < 0.04:
            name = self.random.choice(("x", "y", "z"))
        return EndTxnRequest(name, owner.number, self.epoch(owner), self.random.random() < 0.6)

    def offsets(self) -> AnyRequest:
        owner = self.owner(transactional=True)
        place = self.random.choice(PLACES)
        name = owner.transactional_id or "x"
        offset = self.random.randint(0, 20)
        return TxnOffsetCommitRequest(name, owner.number, self.epoch(owner), "g", ((*place, offset),))

    def list_offsets(self) -> AnyRequest:
        which = self.random.choices(("latest", "earliest"), (5, 1))[0]
        return ListOffsetsRequest(which, tuple(PLACES), committed=self.random.random() < 0.6)

    def fetch(self) -> AnyRequest:
        places = sorted(self.random.sample(PLACES, self.random.randint(1, 2)))
        offsets = tuple((*place, self.random.choice((0, 0, 1, 3, 7, 50))) for place in places)
        return FetchRequest(offsets, 0, 0, committed=self.random.random() < 0.6)

    def committed(self) -> AnyRequest:
        return OffsetFetchRequest("g", tuple(PLACES), require_stable=self.random.random() < 0.5)

    def learn(self, request: AnyRequest, told: object) -> None:
        """What clients know from the answers; answers are as side.py tells them."""
        if (
            isinstance(request, InitProducerIdRequest | EndTxnRequest)
            and isinstance(told, tuple)
            and told[1] >= 0
        ):
            _, number, epoch = told
            name = request.transactional_id
            self.owners.setdefault(number, Owner(number, name, epoch)).epoch = epoch
        elif isinstance(request, ProduceRequest) and isinstance(told, tuple):
            good = {(topic, n) for topic, n, error, _ in told[1] if not error}
            for topic, n, batch in request.batches:
                if (topic, n) in good and batch.producer_id in self.owners:
                    written = self.owners[batch.producer_id].written((topic, n), batch.producer_epoch)
                    if (batch.first_sequence, batch.count) not in written:
                        written.append((batch.first_sequence, batch.count))


def transactions(random: Random) -> Generator[Op, Told, None]:
    """See the module."""
    producers = Producers(random)
    for number in range(STEPS):
        request = producers.choose() if number > 1 else InitProducerIdRequest(("x", "")[number])
        answers = yield Op("a", request)
        producers.learn(request, answers.get(number))
