"""Transactions of librdkafka: it tells the coordinator where it will write, and keeps its epoch (R62, R65)."""

from __future__ import annotations

from typing import Any

from mqviz.kafka.errors import Error
from mqviz.model.kafka.clients.producer.events import EpochWanted, PartitionsRegistered
from mqviz.model.kafka.log.events import BatchAppended
from mqviz.model.kafka.protocol.requests import (
    AddPartitionsToTxnRequest,
    AnyRequest,
    EndTxnRequest,
    InitProducerIdRequest,
)
from mqviz.model.kafka.protocol.responses import AddPartitionsToTxnResponse, InitProducerIdResponse
from mqviz.sim.kafka.broker.verification import coordinator_of
from tests.sim.kafka.worlds import MS, Outside, of, run
from tests.sim.worlds import Run

TOPIC = "create topic t partitions=2 max.message.bytes=500"
ADD = "add producer L topic=t rate=0/s linger=0s partitioner=librdkafka transactional.id=L"


def began(*more: str) -> Run:
    """A producer of librdkafka whose first transaction is open."""
    world = run(TOPIC, ADD).to(10 * MS)
    return step(world, "init transaction L", "begin transaction L", *more)


def step(world: Run, *commands: str) -> Run:
    """Each command, and 300 ms for it."""
    for command in commands:
        world.do(command).to(world.backend.now_us + 300 * MS)
    return world


def known(world: Run) -> tuple[str, int]:
    """State and epoch of the transactional.id at its coordinator."""
    found = world.state.cluster.transactions.ids["L"]
    return found.state, found.epoch


def test_r62_librdkafka_asks_before_it_writes_and_once_for_each_partition() -> None:
    world = began("send record L partition=0", "send record L partition=0", "send record L partition=1")
    assert [event.partitions for event in of(world, PartitionsRegistered)] == [(("t", 0),), (("t", 1),)]
    assert of(world, PartitionsRegistered)[0].at_us < of(world, BatchAppended)[0].at_us
    step(world, "commit transaction L", "begin transaction L", "send record L partition=1")
    assert len(of(world, PartitionsRegistered)) == 3


def test_r62_librdkafka_keeps_its_epoch_and_its_sequences_go_on() -> None:
    world = began("send record L partition=0", "commit transaction L")
    assert known(world) == ("CompleteCommit", 0)
    step(world, "begin transaction L", "send record L partition=0", "abort transaction L")
    assert known(world) == ("CompleteAbort", 0)
    batches = [event.batch for event in of(world, BatchAppended)]
    assert [(b.control, b.producer_epoch, b.first_sequence) for b in batches] == [
        (False, 0, 0),
        (True, 0, -1),
        (False, 0, 1),
        (True, 0, -1),
    ]
    assert world.state.cluster.partition("t", 0).led.last_stable_offset == 4


def test_r60_librdkafka_takes_a_new_epoch_when_records_of_an_aborted_transaction_failed() -> None:
    world = began("send record L partition=0", "send record L partition=0 size=700", "abort transaction L")
    assert len(of(world, EpochWanted)) == 1
    assert known(world) == ("Empty", 1)
    step(world, "begin transaction L", "send record L partition=0", "commit transaction L")
    assert known(world) == ("CompleteCommit", 1)


def test_r62_r65_what_the_coordinator_answers_to_version_1() -> None:
    world = run(TOPIC)
    broker = coordinator_of(world.backend._sim, "x")
    client = Outside(world)

    def ask(request: AnyRequest) -> Any:
        return client.ask(request, broker)

    granted = ask(InitProducerIdRequest("x"))
    assert isinstance(granted, InitProducerIdResponse)
    own = granted.producer_id, granted.producer_epoch
    assert ask(EndTxnRequest("x", *own, True, False)).error == Error.INVALID_TXN_STATE
    assert ask(AddPartitionsToTxnRequest("x", *own, (("t", 9),))) == AddPartitionsToTxnResponse(
        Error.UNKNOWN_TOPIC_OR_PARTITION
    )
    assert ask(AddPartitionsToTxnRequest("x", own[0], 7, (("t", 0),))) == AddPartitionsToTxnResponse(
        Error.PRODUCER_FENCED
    )
    assert ask(AddPartitionsToTxnRequest("x", 999, 0, (("t", 0),))) == AddPartitionsToTxnResponse(
        Error.INVALID_PRODUCER_ID_MAPPING
    )
    for _ in range(2):
        assert ask(AddPartitionsToTxnRequest("x", *own, (("t", 0),))) == AddPartitionsToTxnResponse()
    for _ in range(2):
        answer = ask(EndTxnRequest("x", *own, True, False))
        assert (answer.error, answer.producer_epoch) == (0, 0)
        world.to(world.backend.now_us + 500 * MS)
    assert ask(EndTxnRequest("x", *own, False, False)).error == Error.INVALID_TXN_STATE


def test_r62_librdkafka_ends_nothing_of_which_the_coordinator_never_heard() -> None:
    auto = "rate=40/s transaction_records=5 abort_every=3"
    world = run(f"{TOPIC} replication_factor=3", ADD.replace("rate=0/s", auto)).to(2_000 * MS)
    for broker in (1, 2, 3):
        world.do(f"stop broker {broker}").to(world.backend.now_us + 4_000 * MS)
        world.do(f"restart broker {broker}").to(world.backend.now_us + 6_000 * MS)
    producer = world.state.cluster.producers["L"]
    assert producer.transaction is not None
    assert (producer.state, producer.transaction.error) == ("running", 0)
