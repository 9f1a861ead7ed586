"""The simulated side: the scenario on SimBackend, every event held to the invariants, its facts told in a Side's words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mqviz.backend import Refused
from mqviz.kafka.errors import Error
from mqviz.model.command.base import Command
from mqviz.model.command.group import ResetGroup
from mqviz.model.command.share import CommitShareConsumer, PollShareConsumer
from mqviz.model.command.topic import DeleteRecords
from mqviz.model.command.transaction import AnyTransactionCommand
from mqviz.model.event import Event
from mqviz.model.kafka.clients.consumer.events import (
    CommitRefused,
    ConsumerChanged,
    ConsumerFailed,
    PartitionsAssigned,
    PartitionsRevoked,
    RecordsReturned,
)
from mqviz.model.kafka.clients.producer.events import (
    RecordsAcknowledged,
    RecordsFailed,
    SendCalled,
    SendFailed,
    TransactionBegan,
    TransactionCallRefused,
    TransactionReturned,
)
from mqviz.model.kafka.clients.share.events import (
    ShareCallFailed,
    ShareCommitEnded,
    ShareConsumerChanged,
    ShareRecordsReturned,
)
from tests.differential.case import Case
from tests.differential.side import Log, Replicas, Seen, Sent, Side, named, refusal_named, thrown_named, tps
from tests.sim.worlds import Run

MOMENT_US = 50_000
CALL_US = 60_000_000


class Simulated(Side):
    """A run of the simulator."""

    def __init__(self, case: Case) -> None:
        super().__init__(case)
        self._numbers: dict[str, int] = {}
        self._sent: dict[tuple[str, str, int, int], tuple[int, str | None]] = {}
        self._run = Run(case.scenario, case.scenario.seed)
        self._at_us = 0
        self._calls_over = 0

    def do(self, command: Command) -> str:
        """Give the command."""
        try:
            self._run.backend.submit(command)
        except Refused as refusal:
            return refusal_named(str(refusal))
        if isinstance(command, DeleteRecords | ResetGroup):
            self._to(self._run.backend.now_us + MOMENT_US)
        elif isinstance(command, AnyTransactionCommand):
            self._to(self._run.backend.now_us + 1)
            self.wait(lambda: not self._waits(command.name), CALL_US)
        elif isinstance(command, PollShareConsumer | CommitShareConsumer):
            self._calls_over = 0
            self.wait(lambda: self._calls_over > 0, CALL_US)
        return "ok"

    def _waits(self, producer: str) -> bool:
        transaction = self._run.state.cluster.producers[producer].transaction
        return transaction is not None and transaction.waiting

    def wait(self, holds: Callable[[], bool], timeout_us: int) -> bool:
        """Go from instant to instant."""
        backend = self._run.backend
        end_us = backend.now_us + timeout_us
        while not holds():
            following = backend.next_at_us()
            if backend.now_us >= end_us:
                return False
            self._to(end_us if following is None else min(end_us, following + 1))
        return True

    @property
    def now_us(self) -> int:
        """Simulated time."""
        return self._run.backend.now_us

    def logs(self, topic: str) -> dict[int, Log]:
        """As the leaders have them."""
        return {
            p.number: Log(p.led.log.start, p.led.last_stable_offset, p.led.high_watermark)
            for p in self._run.state.cluster.topics[topic].partitions
        }

    def replicas(self, topic: str) -> dict[int, Replicas]:
        """As the controller has them."""
        partitions = self._run.state.cluster.topics[topic].partitions
        return {p.number: Replicas(p.leader, tuple(sorted(p.isr))) for p in partitions}

    def placement(self) -> dict[str, list[list[int]]]:
        """Which brokers hold each partition, the leader first."""
        topics = self._run.backend.state.cluster.topics.values()
        return {topic.name: [list(p.replica_ids) for p in topic.partitions] for topic in topics}

    def commits(self, group: str) -> dict[str, int]:
        """As the coordinator remembers them."""
        known = self._run.state.cluster.groups.get(group)
        records = known.records.values() if known else ()
        return {f"{r.topic}-{r.partition}": r.committed for r in records if r.committed is not None}

    def group(self, group: str) -> Seen:
        """As the coordinator has it, by its protocol."""
        cluster = self._run.state.cluster
        known = cluster.consumer_groups.get(group) or cluster.groups.get(group)
        if known is None:
            return Seen("Dead", {})
        members = {self.called(m.client, m.instance_id): tps(m.partitions) for m in known.members.values()}
        return Seen(known.state, members)

    def positioned(self, consumer: str) -> bool:
        """Each claim has its position."""
        partition_states = self._run.state.cluster.consumers[consumer].partition_states.values()
        return bool(partition_states) and all(
            partition_state.position is not None for partition_state in partition_states
        )

    def tell(self, who: str, kind: str, what: Any, at_us: int | None = None) -> None:
        """By default at the time of the event that is looked at."""
        super().tell(who, kind, what, self._at_us if at_us is None else at_us)

    def close(self) -> None:
        """Nothing runs."""

    def _to(self, at_us: int) -> None:
        for event in self._run.backend.advance(at_us):
            self._run.follow_one(event)
            self._at_us = event.at_us
            self._translate(event)

    def _translate(self, event: Event) -> None:
        match event:
            case SendCalled(producer=name, topic=topic, partition=partition, sequence=first):
                for sequence in range(first, first + event.count):
                    self._sent[name, topic, partition, sequence] = (self._next(name), event.key)
            case SendFailed(producer=name):
                self.tell(name, "record", Sent(self._next(name), None, "", -1, -1, Error(event.error).name))
            case RecordsAcknowledged() | RecordsFailed():
                self._answered(event)
            case PartitionsAssigned(consumer=name, partitions=partitions):
                self.tell(name, "assigned", tps(partitions))
            case PartitionsRevoked(consumer=name, partitions=partitions, lost=lost):
                self.tell(name, "lost" if lost else "revoked", tps(partitions))
            case TransactionBegan(producer=name):
                self.tell(name, "called", ["begin", "ok"])
            case TransactionReturned(producer=name, call=call, error=error):
                self.tell(
                    name, "called", [call, named(error, "") if error else thrown_named(event.thrown) or "ok"]
                )
            case TransactionCallRefused(producer=name, call=call, error=error):
                self.tell(name, "called", [call, named(error, "") if error else thrown_named(event.thrown)])
            case RecordsReturned():
                self._returned(event)
            case CommitRefused(consumer=name, error=error):
                self.tell(name, "failed", named(error, "") if error else thrown_named(event.named))
            case ConsumerFailed(consumer=name, exception=exception):
                self.tell(name, "failed", thrown_named(exception))
            case ConsumerChanged(consumer=name, state="closed" | "dead"):
                self.tell(name, "ended", ())
            case _:
                self._translate_share(event)

    def _translate_share(self, event: Event) -> None:
        match event:
            case ShareRecordsReturned(consumer=name, parts=parts):
                self._calls_over += 1
                for topic, partition, first, end, count in parts:
                    for offset in range(first, end):
                        self.tell(name, "delivered", (f"{topic}-{partition}", offset, count))
            case ShareCommitEnded(consumer=name, results=results):
                self._calls_over += 1
                outcomes = sorted(Error(error).name if error else "ok" for _, _, error in results)
                self.tell(name, "called", ["commit", *outcomes])
            case ShareCallFailed(consumer=name, exception=exception):
                self._calls_over += 1
                self.tell(name, "failed", thrown_named(exception))
            case ShareConsumerChanged(consumer=name, state="closed" | "dead"):
                self.tell(name, "ended", ())

    def _next(self, producer: str) -> int:
        self._numbers[producer] = self._numbers.get(producer, 0) + 1
        return self._numbers[producer]

    def _answered(self, event: RecordsAcknowledged | RecordsFailed) -> None:
        name, topic, partition = event.producer, event.topic, event.partition
        for k in range(event.count):
            number, key = self._sent[name, topic, partition, event.first_number + k]
            if isinstance(event, RecordsFailed):
                what = Sent(number, key, topic, -1, -1, Error(event.error).name)
            else:
                offset = event.base_offset + k if event.base_offset >= 0 else -1
                what = Sent(number, key, topic, partition, offset)
            self.tell(name, "record", what)

    def _returned(self, event: RecordsReturned) -> None:
        """Only records; there may be gaps between them."""
        hand = self._run.state.cluster.consumers[event.consumer].hand[-len(event.parts) :]
        for part in hand:
            for batch in part.batches:
                first, end = max(part.first, batch.base_offset), min(part.end, batch.end_offset)
                for offset in range(first, end):
                    self.tell(event.consumer, "delivered", (f"{part.topic}-{part.partition}", offset))
