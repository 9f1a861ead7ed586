"""Transactions by raw requests: coordinator, markers, last stable offset, offsets in a transaction."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from mqviz.kafka.errors import Error
from mqviz.model.kafka.coordinator.offsets.events import OffsetsCommitted
from mqviz.model.kafka.coordinator.transaction.events import (
    TransactionalIdExpired,
    TransactionCompleted,
    TransactionFenced,
)
from mqviz.model.kafka.coordinator.transaction.state import MOVES, Transaction
from mqviz.model.kafka.log.batch import TRANSACTIONAL, Batch
from mqviz.model.kafka.log.state import Replica
from mqviz.model.kafka.log.transactions import recorded
from mqviz.model.kafka.protocol.requests import (
    ConsumerGroupHeartbeatRequest,
    EndTxnRequest,
    FetchRequest,
    InitProducerIdRequest,
    OffsetCommitRequest,
    OffsetFetchRequest,
    ProduceRequest,
    TxnOffsetCommitRequest,
)
from mqviz.model.kafka.protocol.responses import (
    EndTxnResponse,
    FetchResponse,
    InitProducerIdResponse,
    OffsetCommitResponse,
    OffsetFetchResponse,
    ProduceResponse,
    TxnOffsetCommitResponse,
)
from mqviz.model.moves import IllegalMove, move
from mqviz.model.units import Value
from mqviz.sim.kafka.broker.verification import coordinator_of
from mqviz.sim.kafka.coordinator.lookup import coordinator_of as group_coordinator
from tests.sim.kafka.worlds import MS, Outside, S, cluster, of
from tests.sim.worlds import Run


class Owner(Outside):
    """A raw client that owns a transactional.id, with a world of one topic t."""

    def __init__(self, run: Run, name: str = "raw", transactional_id: str = "T") -> None:
        super().__init__(run, name)
        self.id = transactional_id
        self.producer_id = self.epoch = -1
        self.sequences: dict[tuple[str, int], int] = {}

    @property
    def coordinator(self) -> int:
        return coordinator_of(self.run.backend._sim, self.id)

    def init(self, timeout_us: int = 60 * S) -> Error:
        reply = self.ask(InitProducerIdRequest(self.id, timeout_us), self.coordinator)
        assert isinstance(reply, InitProducerIdResponse)
        if not reply.error:
            self._use(reply)
        return Error(reply.error)

    def _use(self, reply: InitProducerIdResponse | EndTxnResponse) -> None:
        self.producer_id, self.epoch, self.sequences = reply.producer_id, reply.producer_epoch, {}

    def send(self, *values: str, topic: str = "t", partition: int = 0) -> tuple[Error, int]:  # type: ignore[override]
        first = self.sequences.get((topic, partition), 0)
        batch = self.batch(values, first)
        leader = self.run.state.cluster.partition(topic, partition).leader
        reply = self.ask(ProduceRequest(-1, ((topic, partition, batch),)), leader, within_us=200 * MS)
        assert isinstance(reply, ProduceResponse)
        error, base = reply.partitions[0].error, reply.partitions[0].base_offset
        if not error:
            self.sequences[topic, partition] = first + len(values)
        return Error(error), base

    def batch(self, values: tuple[str, ...], first: int, attributes: int = TRANSACTIONAL) -> Batch:
        now = self.run.backend.now_us
        fields = (0, len(values), 80, "", self.producer_id, self.epoch, first, attributes, -1, now, 0)
        return Batch(*fields, (None,) * len(values), values)

    def ask(self, request: Any, broker: int = 1, within_us: int = 10 * MS) -> Any:
        number = Outside.send(self, request, broker)
        self.run.to(self.run.backend.now_us + within_us)
        return self.answer(number)

    def end(self, commit: bool = True, within_us: int = 100 * MS) -> Error:
        request = EndTxnRequest(self.id, self.producer_id, self.epoch, commit)
        reply = self.ask(request, self.coordinator, within_us)
        assert isinstance(reply, EndTxnResponse)
        if not reply.error:
            self._use(reply)
        return Error(reply.error)

    def offsets(self, offset: int, group: str = "g", generation: int = -1) -> Error:
        parts = (("t", 0, offset),)
        request = TxnOffsetCommitRequest(self.id, self.producer_id, self.epoch, group, parts, generation)
        reply = self.ask(request, group_coordinator(self.run.backend._sim, group))
        assert isinstance(reply, TxnOffsetCommitResponse)
        return Error(reply.error)

    def committed(self, stable: bool = True, group: str = "g") -> tuple[Error, int]:
        broker = group_coordinator(self.run.backend._sim, group)
        reply = self.ask(OffsetFetchRequest(group, (("t", 0),), stable), broker)
        assert isinstance(reply, OffsetFetchResponse)
        return Error(reply.partitions[0][2]), reply.partitions[0][3]


def world(brokers: int = 1, partitions: int = 1, settings: dict[str, str] | None = None) -> Run:
    factor = min(3, brokers)
    scenario = cluster(f"create topic t partitions={partitions} replication_factor={factor}", brokers=brokers)
    named = {name: Value(value) for name, value in (settings or {}).items()}
    plan = replace(scenario.cluster, settings=named)
    return Run(replace(scenario, cluster=plan)).to(10 * MS)


def led(run: Run, partition: int = 0) -> Replica:
    return run.state.cluster.partition("t", partition).led


def marks(run: Run, partition: int = 0) -> tuple[int, int]:
    """(high watermark, last stable offset)"""
    replica = led(run, partition)
    return replica.high_watermark, replica.last_stable_offset


def known(run: Run, name: str = "T") -> Transaction:
    return run.state.cluster.transactions.ids[name]


def started(brokers: int = 1, settings: dict[str, str] | None = None) -> tuple[Run, Owner]:
    run = world(brokers, settings=settings)
    owner = Owner(run)
    assert owner.init() == Error.NONE
    return run, owner


def plain(run: Run, *values: str) -> int:
    """Append records without a transaction; returns the first one's offset."""
    client = Owner(run, "plain")
    batch = client.batch(values, 0, 0)
    reply = client.ask(ProduceRequest(-1, (("t", 0, batch),)), 1, within_us=50 * MS)
    base: int = reply.partitions[0].base_offset
    return base


@pytest.mark.parametrize("commit", [True, False])
@pytest.mark.parametrize("brokers", [1, 3])
def test_r63_one_transaction(commit: bool, brokers: int) -> None:
    run, owner = started(brokers)
    assert plain(run, *"abcde") == 0
    assert marks(run) == (5, 5)
    assert owner.send("x", "y", "z") == (Error.NONE, 5)
    assert marks(run) == (8, 5)
    assert owner.end(commit) == Error.NONE
    assert marks(run) == (9, 9)
    last = led(run).log.tail[-1]
    assert (last.base_offset, last.count, last.control, last.aborts) == (8, 1, True, not commit)
    assert plain(run, "f") == 9


def test_r63_a_hung_transaction_hides_what_comes_after_it() -> None:
    run, owner = started()
    owner.send("x")
    plain(run, "n")
    assert marks(run) == (2, 0)
    owner.end()
    assert marks(run) == (3, 3)


def test_r63_the_last_stable_offset_is_the_oldest_open_transaction_of_all_producers() -> None:
    run, owner = started()
    other = Owner(run, "other", "U")
    other.init()
    owner.send("x")
    other.send("y")
    owner.end()
    assert marks(run) == (3, 1)
    other.end(commit=False)
    assert marks(run) == (4, 4)
    assert [(each.first, each.marker) for each in led(run).log.transactions.aborted(0, 4)] == [(1, 3)]


def test_r63_every_replica_knows_it_by_itself() -> None:
    run, owner = started(brokers=3)
    owner.send("x")
    owner.end(commit=False)
    owner.send("y")
    run.to(run.backend.now_us + 2 * S)
    for replica in run.state.cluster.partition("t", 0).replicas.values():
        assert replica.log.transactions == recorded(replica.log.forwards(0))
        assert replica.last_stable_offset == 2


def test_r63_a_truncation_opens_the_transaction_again() -> None:
    run, owner = started()
    owner.send("x")
    owner.end()
    log = led(run).log
    log.truncate(1)
    assert log.transactions.open == {owner.producer_id: 0}


def test_r62_a_marker_comes_to_every_touched_partition() -> None:
    run = world(partitions=3)
    owner = Owner(run)
    owner.init()
    owner.send("x", partition=0)
    owner.send("y", "z", partition=2)
    assert known(run).partitions == [("t", 0), ("t", 2)]
    owner.end()
    assert [led(run, number).log.end for number in range(3)] == [2, 0, 3]
    assert known(run).state == "CompleteCommit"
    assert known(run).partitions == []


def test_r61_epochs_and_states() -> None:
    run, owner = started()
    assert (owner.epoch, known(run).state) == (0, "Empty")
    assert owner.init() == Error.NONE
    assert (owner.epoch, known(run).state) == (1, "Empty")
    owner.send("x")
    assert known(run).state == "Ongoing"
    owner.end()
    assert (owner.epoch, known(run).epoch, known(run).state) == (2, 2, "CompleteCommit")
    owner.send("x")
    owner.end(commit=False)
    assert (owner.epoch, known(run).state) == (3, "CompleteAbort")


def test_r61_a_retried_end_of_the_epoch_before_is_answered_again() -> None:
    run, owner = started()
    owner.send("x")
    owner.end()
    owner.epoch -= 1
    assert owner.end() == Error.NONE
    assert owner.epoch == 1
    assert led(run).log.end == 2
    owner.epoch -= 1
    assert owner.end(commit=False) == Error.INVALID_TXN_STATE


def test_r61_a_commit_of_nothing_is_refused_by_the_coordinator() -> None:
    _, owner = started()
    assert owner.end() == Error.INVALID_TXN_STATE


def test_r61_the_table_of_moves() -> None:
    assert move(MOVES, "Ongoing", "PrepareCommit", "T") == "PrepareCommit"
    for now, then in (("Empty", "PrepareCommit"), ("PrepareCommit", "CompleteAbort"), ("Dead", "Empty")):
        with pytest.raises(IllegalMove):
            move(MOVES, now, then, "T")


def test_r61_only_the_coordinator_answers() -> None:
    run = world(brokers=3)
    owner = Owner(run)
    wrong = owner.coordinator % 3 + 1
    reply = owner.ask(InitProducerIdRequest("T"), wrong)
    assert reply.error == Error.NOT_COORDINATOR


def test_r64_a_timeout_out_of_range_is_refused() -> None:
    run = world()
    assert Owner(run).init(900_001 * MS) == Error.INVALID_TRANSACTION_TIMEOUT


def test_r65_a_takeover_aborts_and_raises_the_epoch_by_two() -> None:
    run, first = started()
    first.send("f0", "f1")
    second = Owner(run, "second")
    assert second.init() == Error.CONCURRENT_TRANSACTIONS
    run.to(run.backend.now_us + 50 * MS)
    assert second.init() == Error.NONE
    assert (second.producer_id, second.epoch) == (first.producer_id, 2)
    assert known(run).state == "Empty"
    assert marks(run) == (3, 3)
    assert first.send("f2") == (Error.INVALID_PRODUCER_EPOCH, -1)
    assert first.end() == Error.PRODUCER_FENCED
    assert first.end(commit=False) == Error.PRODUCER_FENCED
    assert second.send("h0") == (Error.NONE, 3)
    assert second.end() == Error.NONE
    assert marks(run) == (5, 5)


def test_r64_a_transaction_that_is_too_old_is_aborted_by_the_next_check() -> None:
    run, owner = started()
    owner.send("x")
    run.to(60 * S)
    assert not of(run, TransactionFenced)
    run.to(70 * S + 500 * MS)
    assert [event.at_us for event in of(run, TransactionFenced)] == [70 * S]
    assert (known(run).state, known(run).epoch) == ("CompleteAbort", 1)
    assert owner.send("late") == (Error.INVALID_PRODUCER_EPOCH, -1)
    assert owner.end(commit=False) == Error.NONE
    assert owner.epoch == 1
    assert led(run).log.end == 2
    assert owner.send("again") == (Error.NONE, 2)
    assert owner.end() == Error.NONE


def test_r62_records_that_come_before_the_markers_wait_for_them() -> None:
    run, owner = started()
    owner.send("x")
    request = EndTxnRequest(owner.id, owner.producer_id, owner.epoch, True)
    Outside.send(owner, request, owner.coordinator)
    run.to(run.backend.now_us + 1_500)
    assert known(run).state == "PrepareCommit"
    owner.epoch, owner.sequences = 1, {}
    assert owner.send("y") == (Error.NONE, 2)
    assert [batch.control for batch in led(run).log.tail] == [False, True, False]


def test_r61_an_unknown_producer_id_cannot_write_in_a_transaction() -> None:
    _, owner = started()
    owner.producer_id = 77
    assert owner.send("x") == (Error.INVALID_PRODUCER_ID_MAPPING, -1)


def test_r66_offsets_count_when_the_transaction_commits() -> None:
    run, owner = started()
    owner.send("out")
    assert owner.offsets(0) == Error.NONE
    assert owner.committed() == (Error.UNSTABLE_OFFSET_COMMIT, -1)
    assert owner.committed(stable=False) == (Error.NONE, -1)
    assert owner.end(commit=False) == Error.NONE
    assert owner.committed() == (Error.NONE, -1)
    owner.send("out")
    owner.offsets(0)
    assert owner.end() == Error.NONE
    assert owner.committed() == (Error.NONE, 0)
    assert run.state.cluster.transactions.pending == {}
    assert known(run).groups == []


def test_r66_a_fenced_owner_commits_no_offsets() -> None:
    _, owner = started()
    owner.epoch = 5
    assert owner.offsets(4) == Error.INVALID_PRODUCER_EPOCH
    owner.epoch = 0
    assert owner.offsets(4, generation=3) == Error.ILLEGAL_GENERATION


def test_r61_an_id_that_nobody_uses_is_forgotten() -> None:
    run, owner = started(settings={"transactional.id.expiration.ms": "7200000"})
    owner.send("x")
    owner.end()
    run.to(2 * 3600 * S)
    assert not of(run, TransactionalIdExpired)
    run.to(3 * 3600 * S + 1)
    assert len(of(run, TransactionalIdExpired)) == 1
    assert owner.end() == Error.INVALID_PRODUCER_ID_MAPPING
    assert owner.init() == Error.NONE
    assert owner.epoch == 0


def test_r62_completion_follows_the_last_marker() -> None:
    run, owner = started(brokers=3)
    owner.send("x")
    owner.end()
    assert [event.commit for event in of(run, TransactionCompleted)] == [True]


# -- what real brokers were seen to answer to raw requests ---------------------------------------------------


def test_r58_the_first_batch_that_a_partition_sees_of_a_transactional_producer_has_sequence_0() -> None:
    watched = world()
    owner = Owner(watched)
    assert owner.init() == Error.NONE
    owner.sequences["t", 0] = 2
    assert owner.send("a") == (Error.OUT_OF_ORDER_SEQUENCE_NUMBER, -1)
    owner.sequences.clear()
    assert owner.send("a") == (Error.NONE, 0)


def test_r62_a_partition_whose_batch_is_refused_gets_its_marker_all_the_same() -> None:
    watched = world(partitions=2)
    owner = Owner(watched)
    assert owner.init() == Error.NONE
    owner.sequences["t", 1] = 2
    assert owner.send("a", partition=1)[0] == Error.OUT_OF_ORDER_SEQUENCE_NUMBER
    assert owner.end() == Error.NONE
    (marker,) = watched.state.cluster.partition("t", 1).led.log.forwards(0)
    assert marker.control
    assert watched.state.cluster.partition("t", 0).led.log.end == 0


def test_r63_a_fetch_that_begins_at_the_marker_tells_of_the_aborted_transaction() -> None:
    watched = world()
    owner = Owner(watched)
    assert owner.init() == Error.NONE
    assert owner.send("a", "b") == (Error.NONE, 0)
    assert owner.end(commit=False) == Error.NONE
    reply = owner.ask(FetchRequest((("t", 0, 2),), 0, 0, committed=True))
    assert isinstance(reply, FetchResponse)
    assert [part.aborted_transactions for part in reply.partitions] == [((owner.producer_id, 0),)]


def test_r66_a_member_commits_in_a_transaction_while_its_group_waits_for_the_assignment() -> None:
    watched = world()
    owner, member = Owner(watched), Outside(watched, "m1")
    assert owner.init() == Error.NONE
    member.join()
    watched.to(watched.backend.now_us + 10 * MS)
    assert watched.state.cluster.groups["g"].state == "CompletingRebalance"
    fields = (owner.id, owner.producer_id, owner.epoch, "g", (("t", 0, 5),))
    assert owner.ask(TxnOffsetCommitRequest(*fields, 1, member.member_id)) == TxnOffsetCommitResponse()
    assert owner.ask(TxnOffsetCommitRequest(*fields)) == TxnOffsetCommitResponse()
    assert owner.ask(TxnOffsetCommitRequest(*fields, 0, member.member_id)) == TxnOffsetCommitResponse(
        Error.ILLEGAL_GENERATION
    )
    fields = (*fields[:4], (("nowhere", 0, 5),))
    assert owner.ask(TxnOffsetCommitRequest(*fields)) == TxnOffsetCommitResponse(
        Error.UNKNOWN_TOPIC_OR_PARTITION
    )


def test_r85_another_member_epoch_in_a_transaction_is_an_illegal_generation() -> None:
    watched = world()
    owner = Owner(watched)
    assert owner.init() == Error.NONE
    Outside(watched, "m").ask(
        ConsumerGroupHeartbeatRequest("g", "mA", 0, "mA", None, 30 * S, ("t",), None, ())
    )
    fields = (owner.id, owner.producer_id, owner.epoch, "g", (("t", 0, 5),))
    assert owner.ask(TxnOffsetCommitRequest(*fields, 2, "mA")) == TxnOffsetCommitResponse(
        Error.ILLEGAL_GENERATION
    )
    assert owner.ask(TxnOffsetCommitRequest(*fields, 1, "mB")) == TxnOffsetCommitResponse(
        Error.UNKNOWN_MEMBER_ID
    )
    assert owner.ask(TxnOffsetCommitRequest(*fields, 1, "mA")) == TxnOffsetCommitResponse()
    assert owner.ask(TxnOffsetCommitRequest(*fields)) == TxnOffsetCommitResponse()


# -- plain commits beside a transaction ---------------------------------------------------------------------------


def outright(owner: Owner, offset: int) -> None:
    """Somebody commits t-0 without a transaction, as no member."""
    broker = group_coordinator(owner.run.backend._sim, "g")
    reply = Outside(owner.run, "tool").ask(OffsetCommitRequest("g", -1, "", (("t", 0, offset),)), broker)
    assert reply == OffsetCommitResponse()


@pytest.mark.parametrize("commit", [True, False])
def test_r82_a_plain_commit_after_the_transactional_one_stays(commit: bool) -> None:
    _, owner = started()
    assert owner.offsets(7) == Error.NONE
    outright(owner, 4)
    assert owner.committed(stable=False) == (Error.NONE, 4)
    assert owner.committed() == (Error.UNSTABLE_OFFSET_COMMIT, -1), (
        "the transaction holds its offset until the marker"
    )
    assert owner.end(commit) == Error.NONE
    assert owner.committed() == (Error.NONE, 4)


def test_r82_a_transactional_commit_after_the_plain_one_counts_at_its_marker() -> None:
    watched, owner = started()
    outright(owner, 4)
    assert owner.offsets(7) == Error.NONE
    assert owner.committed(stable=False) == (Error.NONE, 4)
    assert owner.end() == Error.NONE
    assert owner.committed() == (Error.NONE, 7)
    assert [event.before for event in of(watched, OffsetsCommitted)] == [(None,), (4,)]


def test_r82_of_two_transactions_the_later_offset_stays_whichever_ends_first() -> None:
    for first in (0, 1):
        watched, owner = started()
        other = Owner(watched, "raw2", "T2")
        assert other.init() == Error.NONE
        assert (owner.offsets(3), other.offsets(5)) == (Error.NONE, Error.NONE)
        pair = (owner, other) if not first else (other, owner)
        assert [each.end() for each in pair] == [Error.NONE, Error.NONE]
        assert owner.committed() == (Error.NONE, 5)


def test_r82_a_plain_commit_that_was_deleted_overtakes_nothing() -> None:
    watched, owner = started()
    assert owner.offsets(7) == Error.NONE
    outright(owner, 4)
    watched.do("delete offsets g topic=t")
    assert owner.end() == Error.NONE
    assert owner.committed() == (Error.NONE, 7)
