"""What a leader does with batches of idempotent producers (R58, R59)."""

from __future__ import annotations

from mqviz.kafka.errors import Error
from mqviz.model.kafka.log.batch import Batch
from mqviz.model.kafka.log.events import BatchAppended, BatchRepeated
from mqviz.model.kafka.log.producer_state import REMEMBERED, rebuilt
from mqviz.model.kafka.protocol.requests import ProduceRequest
from mqviz.model.kafka.protocol.responses import ProduceResponse
from mqviz.sim.kafka.log.producer_state import NEW, decide
from tests.sim.kafka.worlds import Outside, cluster, of, run
from tests.sim.worlds import Run

ONE = "create topic t partitions=1 replication_factor=3"


def batch(first: int, count: int = 1, epoch: int = 0, producer_id: int = 7, base: int = 0) -> Batch:
    """A batch of `count` records with these sequences."""
    keys = (None,) * count
    return Batch(base, count, 100, "raw", producer_id, epoch, first, 0, 0, 0, 0, keys)


def asked(client: Outside, sent: Batch) -> tuple[int, int]:
    """(error, base offset) of the answer to this batch with acks=all."""
    answer = client.ask(ProduceRequest(-1, (("t", 0, sent),)))
    assert isinstance(answer, ProduceResponse)
    return answer.partitions[0].error, answer.partitions[0].base_offset


def test_r58_a_retry_whose_ack_was_lost_is_answered_with_its_first_offset() -> None:
    watched = run(ONE)
    client = Outside(watched)
    assert asked(client, batch(0, 10)) == (0, 0)
    assert asked(client, batch(0, 10)) == (0, 0)
    assert watched.state.cluster.partition("t", 0).led.log.end == 10
    assert asked(client, batch(0, 10, producer_id=-1)) == (0, 10)
    assert watched.state.cluster.partition("t", 0).led.log.end == 20
    assert len(of(watched, BatchRepeated)) == 1


def test_r58_the_batch_behind_a_refused_one_is_refused_too() -> None:
    watched = run(ONE)
    client = Outside(watched)
    assert asked(client, batch(0, 10)) == (0, 0)
    assert asked(client, batch(20, 10)) == (Error.OUT_OF_ORDER_SEQUENCE_NUMBER, -1)
    assert [asked(client, batch(10, 10)), asked(client, batch(20, 10))] == [(0, 10), (0, 20)]
    assert asked(client, batch(40, 10, producer_id=-1)) == (0, 30)
    assert asked(client, batch(30, 10, producer_id=-1)) == (0, 40)


def test_r58_order_of_the_checks() -> None:
    watched = run(ONE)
    client = Outside(watched)
    for first in range(REMEMBERED + 1):
        assert asked(client, batch(first)) == (0, first)
    gap, old = (Error.OUT_OF_ORDER_SEQUENCE_NUMBER, -1), (Error.INVALID_PRODUCER_EPOCH, -1)
    assert asked(client, batch(1)) == (0, 1)
    assert asked(client, batch(0)) == gap
    assert asked(client, batch(7)) == gap
    assert asked(client, batch(5, 2)) == gap
    assert asked(client, batch(5, epoch=1)) == gap
    assert asked(client, batch(0, epoch=1)) == (0, 6)
    assert asked(client, batch(6)) == old
    assert asked(client, batch(5)) == old
    assert asked(client, batch(5, producer_id=8)) == (0, 7)
    assert asked(client, batch(0, producer_id=8)) == gap
    assert asked(client, batch(6, producer_id=8)) == (0, 8)


def test_r59_an_id_that_wrote_nothing_for_long_is_forgotten() -> None:
    scenario = cluster(ONE)
    scenario.cluster.settings["producer.id.expiration.ms"] = "1000"  # type: ignore[assignment]
    scenario.cluster.settings["producer.id.expiration.check.interval.ms"] = "600"  # type: ignore[assignment]
    watched = Run(scenario, 7)
    client = Outside(watched)
    assert asked(client, batch(0, 2)) == (0, 0)
    watched.to(900_000)
    assert asked(client, batch(5))[0] == Error.OUT_OF_ORDER_SEQUENCE_NUMBER
    watched.to(1_190_000)
    assert asked(client, batch(5))[0] == Error.OUT_OF_ORDER_SEQUENCE_NUMBER
    watched.to(1_201_000)
    assert asked(client, batch(5)) == (0, 2)


def test_r58_the_table_is_rebuilt_from_the_log() -> None:
    watched = run(ONE, "add producer p topic=t rate=100/s").to(1_000_000)
    partition = watched.state.cluster.partition("t", 0)
    kept = partition.led.producers
    batches = [event.batch for event in of(watched, BatchAppended)]
    assert rebuilt(batches, 0) == kept
    assert rebuilt(partition.led.log.forwards(0), 0) == kept
    last = batches[-1]
    assert decide(kept.entries[last.producer_id], last) == (Error.NONE, last.base_offset)


def test_r58_an_unknown_id_may_begin_anywhere() -> None:
    assert decide(None, batch(5)) == (Error.NONE, NEW)


def test_r57_after_the_largest_sequence_comes_0() -> None:
    client, most = Outside(run(ONE)), (1 << 31) - 1
    assert asked(client, batch(most - 1, 3)) == (0, 0)
    assert asked(client, batch(most - 1, 3)) == (0, 0)
    assert asked(client, batch(2)) == (Error.OUT_OF_ORDER_SEQUENCE_NUMBER, -1)
    assert [asked(client, batch(1)), asked(client, batch(2))] == [(0, 3), (0, 4)]
    assert asked(client, batch(most - 1, 2, producer_id=8)) == (0, 5)
    assert asked(client, batch(0, producer_id=8)) == (0, 7)
