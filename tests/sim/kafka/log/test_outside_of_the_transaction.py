"""While a transaction of a producer id is open in a partition, what the id writes there outside of it is refused (R62)."""

from __future__ import annotations

from mqviz.kafka.errors import Error
from mqviz.model.kafka.protocol.requests import ProduceRequest
from mqviz.model.kafka.protocol.responses import ProduceResponse
from tests.sim.kafka.coordinator.transaction.test_coordinator import Owner, led, started


def plainly(owner: Owner, first: int, epoch: int = 0) -> tuple[int, int]:
    """(error, base offset) of the answer to one record with the owner's id that belongs to no transaction."""
    owner.epoch += epoch
    batch = owner.batch(("n",), first, 0)
    owner.epoch -= epoch
    reply = owner.ask(ProduceRequest(-1, (("t", 0, batch),)))
    assert isinstance(reply, ProduceResponse)
    (part,) = reply.partitions
    return part.error, part.base_offset


def test_r62_a_record_outside_of_the_open_transaction_is_refused_with_48() -> None:
    run, owner = started()
    assert owner.send("x") == (Error.NONE, 0)
    assert plainly(owner, 1) == (Error.INVALID_TXN_STATE, -1)
    assert plainly(owner, 0, epoch=1) == (Error.INVALID_TXN_STATE, -1), "a newer epoch ends no transaction"
    assert led(run).log.end == 1


def test_r62_sequences_and_repeated_batches_are_looked_at_first() -> None:
    _, owner = started()
    owner.send("x")
    assert plainly(owner, 5) == (Error.OUT_OF_ORDER_SEQUENCE_NUMBER, -1)
    assert plainly(owner, 0) == (Error.NONE, 0), "the broker has this batch already"


def test_r62_after_the_marker_the_same_record_is_written() -> None:
    _, owner = started()
    owner.send("x")
    owner.end()
    assert plainly(owner, 0) == (Error.NONE, 2)
