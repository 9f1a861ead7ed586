"""Random transactions, faults and take-overs: what read_committed consumers get is exactly what was committed."""

from __future__ import annotations

import random
from functools import cache

import pytest
from msgspec.structs import replace

from mqviz.backend import Refused
from mqviz.invariants import broken
from mqviz.model.apply import apply
from mqviz.model.event import Event
from mqviz.model.kafka.clients.consumer.events import RecordsFetched, RecordsReturned
from mqviz.model.kafka.clients.consumer.isolation import reads_committed
from mqviz.model.kafka.clients.producer.events import TransactionReturned
from mqviz.model.kafka.coordinator.transaction.events import ProducerIdAssigned
from mqviz.model.kafka.log.events import BatchAppended
from mqviz.model.units import Value
from tests.sim.kafka.worlds import MS, S, cluster, of
from tests.sim.worlds import Run

SEEDS = range(5)
SETTINGS = {
    "broker.session.timeout.ms": "3000",
    "broker.heartbeat.interval.ms": "500",
    "transaction.abort.timed.out.transaction.cleanup.interval.ms": "1000",
}
TIMEOUT = "transaction.timeout.ms=4000"
PRODUCERS = (
    f"add producer p topic=t rate=6/s keys=a,b transaction_records=4 abort_every=3 transactional.id=P {TIMEOUT}",
    f"add producer q topic=t rate=5/s keys=c,d transaction_time=900ms abort_every=4 transactional.id=Q {TIMEOUT}",
    f"add producer r topic=t rate=4/s keys=e transaction_records=3 transactional.id=P {TIMEOUT}",
)
FAULTS = (
    "kill broker {}",
    "restart broker {}",
    "restart broker {}",
    "pause broker {}",
    "resume broker {}",
    "kill producer {p}",
    "pause producer {p}",
    "resume producer {p}",
    "resume producer {p}",
    "close producer {p}",
)


class Followed(Run):
    """A run that is held to the invariants after each step instead of each event, which would take minutes."""

    def follow_one(self, event: Event) -> None:
        apply(self.state, event)
        self.log.append(event)

    def to(self, at_us: int) -> Run:
        super().to(at_us)
        assert not broken(self.state)
        return self


@cache
def chaos(seed: int) -> Run:
    """A run of some 15 s in which brokers and producers fail and come back, and then some peace."""
    drawn = random.Random(seed)
    scenario = cluster(
        "create topic t partitions=2 replication_factor=3 min_insync_replicas=2",
        "add producer n topic=t rate=2/s",
        *PRODUCERS[: drawn.choice((2, 2, 3))],
        "add consumer rc topic=t group=rc processing=0s auto_offset_reset=earliest isolation.level=read_committed",
        "add consumer ru topic=t group=ru processing=0s auto_offset_reset=earliest",
    )
    named = {name: Value(text) for name, text in SETTINGS.items()}
    scenario = replace(scenario, cluster=replace(scenario.cluster, settings=named))
    world = Followed(scenario, seed).to(500 * MS)
    for _ in range(9):
        text = drawn.choice(FAULTS).replace("{p}", drawn.choice("pqr")).format(drawn.randint(1, 3))
        try_to(world, text)
        if drawn.random() < 0.5:
            try_to(world, drawn.choice(PRODUCERS))
        world.to(world.backend.now_us + drawn.randint(1, 3_000) * MS)
    for broker in (1, 2, 3):
        try_to(world, f"resume broker {broker}")
        try_to(world, f"restart broker {broker}")
    world.to(world.backend.now_us + 8 * S)
    for name in "npqr":
        try_to(world, f"kill producer {name}")
    return world.to(world.backend.now_us + 15 * S)


def try_to(world: Run, text: str) -> None:
    try:
        world.do(text)
    except Refused:
        return
    world.to(world.backend.now_us + 1)


def returned(world: Run, name: str, number: int) -> list[int]:
    """Offsets of the records that poll() gave the application of `name`, of partition `number`."""
    log = world.state.cluster.partition("t", number).led.log
    fetched = of(world, RecordsFetched, consumer=name)
    hidden = {base for event in fetched for _, partition, base in event.hidden if partition == number}
    return [
        offset
        for event in of(world, RecordsReturned, consumer=name)
        for _, partition, first, end in event.parts
        if partition == number
        for batch in log.read(first, end)
        if not batch.control and batch.base_offset not in hidden
        for offset in range(max(first, batch.base_offset), min(end, batch.end_offset))
    ]


@pytest.mark.parametrize("seed", SEEDS)
def test_read_committed_gets_all_that_was_committed_and_nothing_else(seed: int) -> None:
    world = chaos(seed)
    assert reads_committed(world.state.cluster.consumers["rc"].settings)
    assert sum(not event.thrown for event in of(world, TransactionReturned, call="commit")) > 1
    for number in range(2):
        led = world.state.cluster.partition("t", number).led
        batches = [batch for batch in led.log.forwards(0) if not batch.control]
        committed = [batch for batch in batches if not led.log.transactions.hides(batch)]
        assert led.last_stable_offset == led.log.end
        assert not led.log.transactions.open
        assert sorted(returned(world, "rc", number)) == offsets(committed)
        assert sorted(returned(world, "ru", number)) == offsets(batches)


def offsets(batches: list[object]) -> list[int]:
    found: list[int] = []
    for batch in batches:
        found += range(batch.base_offset, batch.end_offset)  # type: ignore[attr-defined]
    return found


@pytest.mark.parametrize("seed", SEEDS[:3])
def test_a_transaction_has_one_outcome_in_all_partitions(seed: int) -> None:
    """Each (producer id, epoch) of data ended in all partitions the same way, and no epoch is used after the next was given."""
    world = chaos(seed)
    outcomes: dict[tuple[int, int], set[bool]] = {}
    for number in range(2):
        log = world.state.cluster.partition("t", number).led.log
        for batch in log.forwards(0):
            if batch.transactional and not batch.control:
                key = (batch.producer_id, batch.producer_epoch)
                outcomes.setdefault(key, set()).add(log.transactions.hides(batch))
    assert len(outcomes) > 3
    assert all(len(found) == 1 for found in outcomes.values())
    for event in of(world, BatchAppended):
        batch = event.batch
        if batch.transactional and not batch.control:
            later = [
                e
                for e in of(world, ProducerIdAssigned, producer_id=batch.producer_id)
                if e.at_us < event.at_us
            ]
            assert all(e.epoch <= batch.producer_epoch for e in later)
