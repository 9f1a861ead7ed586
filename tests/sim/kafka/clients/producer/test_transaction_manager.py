"""Transactional producers as applications: their state machine, their errors, what read_committed consumers see."""

from __future__ import annotations

from typing import Any

import pytest

from mqviz.backend import Refused
from mqviz.explain.causes import explained
from mqviz.facts.simulated import current_lag
from mqviz.kafka.errors import Error
from mqviz.model.kafka.clients.consumer.events import (
    PositionDelayed,
    PositionsMoved,
    RecordsFetched,
    RecordsReturned,
)
from mqviz.model.kafka.clients.producer.events import (
    BatchRetried,
    RecordsFailed,
    SendFailed,
    TransactionCallRefused,
    TransactionFailed,
    TransactionReturned,
)
from mqviz.model.kafka.clients.producer.state import TRANSACTION_MOVES, Producer, Transacting
from mqviz.model.kafka.coordinator.transaction.events import (
    AddedToTransaction,
    TransactionCompleted,
    TransactionFenced,
    TransactionLoaded,
    TransactionPrepared,
)
from mqviz.model.kafka.log.events import BatchAppended
from mqviz.model.kafka.network.events import RequestSent
from mqviz.model.kafka.protocol.requests import FetchRequest
from mqviz.model.moves import IllegalMove, move
from mqviz.sim.kafka.broker.verification import coordinator_of
from tests.sim.kafka.worlds import MS, S, of, run
from tests.sim.worlds import Run

TOPIC = "create topic t"
OWNER = "add producer T topic=t rate=0/s linger=0s transactional.id=T"
PLAIN = "add producer n topic=t rate=0/s linger=0s"


def step(world: Run, *texts: str, ms: int = 200) -> Run:
    """Give the commands, each time with some time to act on it."""
    for text in texts:
        world.do(text).to(world.backend.now_us + ms * MS)
    return world


def began(*more: str, brokers: int = 1, **plan: Any) -> Run:
    """A cluster with the producers T (with transactional.id) and n (without), where T has begun a transaction."""
    world = run(TOPIC, OWNER, PLAIN, *more, brokers=brokers, **plan).to(10 * MS)
    return step(world, "init transaction T", "begin transaction T")


def client(world: Run, name: str = "T") -> tuple[Producer, Transacting]:
    producer = world.state.cluster.producers[name]
    assert producer.transaction is not None
    return producer, producer.transaction


def marks(world: Run) -> tuple[int, int]:
    """(high watermark, last stable offset)"""
    replica = world.state.cluster.partition("t", 0).led
    return replica.high_watermark, replica.last_stable_offset


def thrown(world: Run) -> list[str]:
    """What the calls of the application threw, in order; empty: it returned."""
    events = world.of(TransactionReturned, TransactionCallRefused)
    return [
        event.thrown for event in events if isinstance(event, TransactionReturned | TransactionCallRefused)
    ]


def test_r61_the_table_of_the_client() -> None:
    assert set(TRANSACTION_MOVES) == {
        "UNINITIALIZED",
        "INITIALIZING",
        "READY",
        "IN_TRANSACTION",
        "COMMITTING",
        "ABORTING",
        "ABORTABLE_ERROR",
        "FATAL_ERROR",
    }
    assert TRANSACTION_MOVES["FATAL_ERROR"] == ()
    for now, then in (("ABORTABLE_ERROR", "COMMITTING"), ("READY", "COMMITTING"), ("UNINITIALIZED", "READY")):
        with pytest.raises(IllegalMove):
            move(TRANSACTION_MOVES, now, then, "T")


def test_r61_the_states_of_one_transaction() -> None:
    world = run(TOPIC, OWNER).to(10 * MS)
    assert client(world)[1].state == "UNINITIALIZED"
    world.do("init transaction T").to(world.backend.now_us + 1)
    assert client(world)[1].state == "INITIALIZING"
    world.to(50 * MS)
    producer, found = client(world)
    assert (found.state, producer.producer_id, producer.epoch) == ("READY", 0, 0)
    step(world, "begin transaction T", "send record T count=3")
    assert (client(world)[1].state, client(world)[1].sent) == ("IN_TRANSACTION", 3)
    world.do("commit transaction T").to(world.backend.now_us + 1)
    assert client(world)[1].state == "COMMITTING"
    world.to(world.backend.now_us + 50 * MS)
    producer, found = client(world)
    assert (found.state, producer.epoch, found.ended, found.aborted) == ("READY", 1, 1, 0)


@pytest.mark.parametrize("end", ["commit", "abort"])
def test_r63_one_transaction_seen_by_both_isolation_levels(end: str) -> None:
    world = run(
        TOPIC,
        OWNER,
        PLAIN,
        "add consumer rc topic=t group=rc processing=0s auto_offset_reset=earliest isolation.level=read_committed",
        "add consumer ru topic=t group=ru processing=0s auto_offset_reset=earliest",
        brokers=1,
    ).to(10 * MS)
    step(
        world,
        "send record n count=5",
        "init transaction T",
        "begin transaction T",
        "send record T count=3",
        ms=1000,
    )
    assert marks(world) == (8, 5)
    assert seen(world, "rc") == list(range(5))
    assert seen(world, "ru") == list(range(8))
    assert (position(world, "rc"), position(world, "ru")) == (5, 8)
    assert (lag(world, "rc"), lag(world, "ru")) == (0, 0)
    step(world, f"{end} transaction T", ms=1000)
    assert marks(world) == (9, 9)
    assert seen(world, "rc") == list(range(8 if end == "commit" else 5))
    assert (position(world, "rc"), position(world, "ru")) == (9, 9)
    assert bool(of(world, PositionsMoved, consumer="rc")) == (end == "abort")
    step(world, "send record n", ms=1000)
    assert seen(world, "rc")[-1] == seen(world, "ru")[-1] == 9


def seen(world: Run, consumer: str) -> list[int]:
    """Offsets that poll() returned to the application of `consumer`: records, none of them hidden or a marker."""
    log = world.state.cluster.partition("t", 0).led.log
    committed = consumer == "rc"
    return [
        offset
        for event in of(world, RecordsReturned, consumer=consumer)
        for _, _, first, end in event.parts
        for batch in log.read(first, end)
        for offset in range(max(first, batch.base_offset), min(end, batch.end_offset))
        if not batch.control and not (committed and log.transactions.hides(batch))
    ]


def lag(world: Run, consumer: str) -> int | None:
    return current_lag(world.state, consumer, "t", 0)


def test_r91_lag_by_isolation() -> None:
    """Read_committed lag 0, read_uncommitted lag 3, for consumers that have read up to 5 (R63)."""
    manual = "topic=t processing=0s loop=false max_poll_records=5 auto_offset_reset=earliest"
    world = run(
        TOPIC,
        OWNER,
        PLAIN,
        f"add consumer rc group=rc {manual} isolation.level=read_committed",
        f"add consumer ru group=ru {manual}",
        brokers=1,
    ).to(10 * MS)
    step(world, "send record n count=5", "poll consumer rc", "poll consumer ru", ms=2000)
    assert (position(world, "rc"), position(world, "ru")) == (5, 5)
    step(world, "init transaction T", "begin transaction T", "send record T count=3")
    assert (lag(world, "rc"), lag(world, "ru")) == (0, 3)
    step(world, "commit transaction T")
    assert (lag(world, "rc"), lag(world, "ru")) == (4, 4)


def position(world: Run, consumer: str) -> int | None:
    return world.state.cluster.consumers[consumer].partition_states["t-0"].position


def test_r62_an_empty_transaction_asks_nobody() -> None:
    world = began()
    before = world.state.cluster.last_request
    step(world, "commit transaction T", "begin transaction T", "abort transaction T")
    assert thrown(world) == ["", "", ""]
    assert client(world)[0].epoch == 0
    assert marks(world) == (0, 0)
    assert world.state.cluster.last_request == before


def test_r62_an_end_flushes_first() -> None:
    world = run(TOPIC, OWNER.replace("linger=0s", "linger=10s"), brokers=1).to(10 * MS)
    step(world, "init transaction T", "begin transaction T", "send record T count=2")
    assert marks(world) == (0, 0)
    step(world, "commit transaction T")
    assert marks(world) == (3, 3)
    assert thrown(world) == ["", ""]


def test_r62_an_abort_drops_what_never_left() -> None:
    world = run(TOPIC, OWNER.replace("linger=0s", "linger=10s"), brokers=1).to(10 * MS)
    step(world, "init transaction T", "begin transaction T", "send record T count=2", "abort transaction T")
    assert [event.thrown for event in of(world, RecordsFailed)] == ["TransactionAbortedException"]
    assert thrown(world) == ["", ""]
    assert client(world)[1].state == "READY"
    assert not of(world, AddedToTransaction)


@pytest.mark.parametrize(
    ("texts", "reason"),
    [
        (("begin transaction T",), "state UNINITIALIZED to state IN_TRANSACTION"),
        (("init transaction T", "init transaction T"), "state READY to state INITIALIZING"),
        (("init transaction T", "commit transaction T"), "state READY to state COMMITTING"),
        (
            ("init transaction T", "begin transaction T", "begin transaction T"),
            "IN_TRANSACTION to state IN_TRANSACTION",
        ),
    ],
)
def test_r61_calls_in_a_wrong_state_throw(texts: tuple[str, ...], reason: str) -> None:
    world = step(run(TOPIC, OWNER).to(10 * MS), *texts)
    (refused,) = of(world, TransactionCallRefused)
    assert refused.thrown == "IllegalStateException"
    assert reason in refused.reason


def test_r61_send_outside_of_a_transaction_throws() -> None:
    world = step(run(TOPIC, OWNER).to(10 * MS), "send record T", "init transaction T", "send record T")
    failed = of(world, SendFailed)
    assert [event.thrown for event in failed] == ["IllegalStateException"] * 2
    assert "before completing a call to initTransactions" in failed[0].reason
    assert "while in state READY" in failed[1].reason


def test_r65_a_fenced_producer_can_only_close() -> None:
    world = began("add producer U topic=t rate=0/s linger=0s transactional.id=T")
    step(world, "send record T count=2", "init transaction U", ms=500)
    assert client(world, "U")[0].epoch == 2
    assert marks(world) == (3, 3)
    step(world, "send record T", "commit transaction T", "abort transaction T", "begin transaction T")
    epoch, fenced = "InvalidProducerEpochException", "ProducerFencedException"
    assert [event.thrown for event in of(world, RecordsFailed)] == [epoch]
    assert thrown(world)[2:] == [epoch, fenced, fenced]
    assert client(world)[1].state == "FATAL_ERROR"
    step(world, "close producer T")
    assert client(world)[0].state == "closed"
    step(world, "begin transaction U", "send record U", "commit transaction U")
    assert marks(world) == (5, 5)


def test_r65_a_commit_without_a_send_is_fenced_at_once() -> None:
    world = began("add producer U topic=t rate=0/s linger=0s transactional.id=T")
    step(world, "send record T", "init transaction U", "commit transaction T", ms=500)
    assert thrown(world)[-1] == "ProducerFencedException"
    assert client(world)[1].state == "FATAL_ERROR"


def test_r65_librdkafka_is_out_at_its_first_late_send() -> None:
    world = run(
        TOPIC,
        OWNER + " partitioner=librdkafka",
        "add producer U topic=t rate=0/s transactional.id=T",
        brokers=1,
    ).to(10 * MS)
    step(world, "init transaction T", "begin transaction T", "send record T", "init transaction U", ms=500)
    step(world, "send record T", "commit transaction T")
    assert client(world)[1].state == "FATAL_ERROR"
    assert thrown(world)[-1] == "KafkaError _FENCED"


def test_r64_after_the_timeout_of_the_coordinator_the_late_producer_aborts_and_goes_on() -> None:
    world = began()
    step(world, "send record T").to(71 * S)
    (fenced,) = of(world, TransactionFenced)
    assert fenced.at_us == 70 * S
    assert marks(world) == (2, 2)
    step(world, "send record T", "commit transaction T", "abort transaction T")
    assert thrown(world)[-2:] == ["InvalidProducerEpochException", ""]
    assert marks(world) == (2, 2)
    assert client(world)[0].epoch == 1
    step(world, "begin transaction T", "send record T", "commit transaction T")
    assert marks(world) == (4, 4)
    assert client(world)[1].state == "READY"


def test_r61_a_failed_batch_makes_the_transaction_one_that_can_only_be_aborted() -> None:
    settings = " delivery.timeout.ms=2000 request.timeout.ms=1000"
    world = run(TOPIC, OWNER + settings, brokers=1).to(10 * MS)
    step(
        world, "init transaction T", "begin transaction T", "send record T", "isolate broker 1 also=2", ms=100
    )
    step(world, "send record T", ms=3000)
    (failed,) = of(world, TransactionFailed)
    assert (failed.fatal, failed.thrown) == (False, "TransactionAbortableException")
    step(world, "commit transaction T", "send record T", "heal broker 1", "abort transaction T", ms=500)
    refused = of(world, TransactionCallRefused)[-1]
    assert refused.thrown == "KafkaException<-TransactionAbortableException"
    assert of(world, SendFailed)[-1].thrown == "KafkaException<-TransactionAbortableException"
    assert client(world)[1].state == "READY"
    step(world, "begin transaction T", "send record T", "commit transaction T", ms=500)
    assert thrown(world)[-1] == ""
    assert marks(world)[0] == marks(world)[1]


def test_r61_a_call_that_times_out_can_only_be_repeated() -> None:
    world = run(TOPIC, OWNER + " max.block.ms=2000", brokers=1).to(10 * MS)
    step(world, "isolate broker 1", "init transaction T", ms=2500)
    assert thrown(world) == ["TimeoutException"]
    step(world, "begin transaction T", "heal broker 1", "init transaction T", ms=500)
    refused = of(world, TransactionCallRefused)
    assert "`initTransactions` timed out and must be retried" in refused[0].reason
    assert client(world)[1].state == "READY"


def test_r61_close_aborts_an_open_transaction() -> None:
    world = began()
    step(world, "send record T", "close producer T")
    assert client(world)[0].state == "closed"
    assert world.state.cluster.transactions.ids["T"].state == "CompleteAbort"
    assert marks(world) == (2, 2)


def test_r64_a_killed_producer_leaves_its_transaction_open_until_it_comes_again() -> None:
    world = began()
    step(world, "send record T", "kill producer T", "send record n", ms=1000)
    assert marks(world) == (2, 0)
    step(world, OWNER, "init transaction T", ms=500)
    assert marks(world) == (3, 3)
    assert client(world)[0].epoch == 2


def test_r56_what_kafka_refuses_about_a_transactional_producer() -> None:
    world = run(TOPIC).to(10 * MS)
    for words, reason in (
        ("acks=1", "Cannot set a transactional.id without also enabling idempotence"),
        ("enable.idempotence=false", "Cannot set a transactional.id without also enabling idempotence"),
        ('transactional.id=""', "String must be non-empty"),
    ):
        own = "" if "transactional" in words else "transactional.id=x "
        with pytest.raises(Refused, match=reason):
            world.do(f"add producer x topic=t {own}{words}")
    world.do("add producer y topic=t rate=0/s transactional.id=y transaction.timeout.ms=900001")
    step(world, "init transaction y")
    assert thrown(world) == ["KafkaException"]


def test_a_plain_producer_has_no_transactions() -> None:
    world = run(TOPIC, PLAIN).to(10 * MS)
    with pytest.raises(Refused, match=r"n has no transactional\.id"):
        world.do("begin transaction n")


def test_an_application_puts_its_records_into_transactions_by_itself() -> None:
    producer = "add producer p topic=t rate=50/s count=23 transaction_records=5 abort_every=2"
    world = run(TOPIC, producer, brokers=3).to(2 * S)
    sent = [event.sent for event in of(world, TransactionReturned, call="commit")]
    assert sent == [5, 5, 3]
    assert len(of(world, TransactionReturned, call="abort")) == 2
    found = client(world, "p")[1]
    assert (found.ended, found.aborted, found.transactional_id) == (5, 2, "p")
    assert marks(world)[0] == marks(world)[1]


def test_an_application_ends_its_transactions_by_the_clock() -> None:
    producer = "add producer p topic=t rate=20/s transaction_time=500ms"
    world = run(TOPIC, producer, brokers=1).to(2_100 * MS)
    ends = of(world, TransactionReturned, call="commit")
    assert [event.sent for event in ends] == [11, 10, 11]
    assert [event.at_us for event in ends] == [506_200, 1_052_000, 1_556_200]


def test_with_a_rate_and_no_plan_it_sends_while_a_transaction_is_open() -> None:
    world = run(TOPIC, "add producer T topic=t rate=10/s transactional.id=T", brokers=1).to(1 * S)
    assert client(world)[0].sent == 0
    step(world, "init transaction T", "begin transaction T", ms=500)
    step(world, "commit transaction T", ms=1000)
    assert client(world)[0].sent == 5
    assert not of(world, SendFailed)


def test_no_part_of_an_aborted_transaction_is_returned() -> None:
    world = run(
        "create topic t partitions=2 replication_factor=3",
        "add producer p topic=t rate=200/s count=300 keys=a,b,c,d transaction_records=7 abort_every=3",
        "add producer q topic=t rate=150/s count=200 keys=e,f,g transaction_time=40ms abort_every=2",
        "add producer n topic=t rate=100/s count=100",
        "add consumer rc topic=t group=rc processing=0s auto_offset_reset=earliest isolation.level=read_committed",
        brokers=3,
    ).to(4 * S)
    for number in range(2):
        log = world.state.cluster.partition("t", number).led.log
        wanted = [
            offset
            for batch in log.forwards(0)
            if not batch.control and not log.transactions.hides(batch)
            for offset in range(batch.base_offset, batch.end_offset)
        ]
        assert any(log.transactions.hides(batch) for batch in log.forwards(0))
        assert handed(world, "rc", number) == wanted
        assert world.state.cluster.partition("t", number).led.last_stable_offset == log.end


def handed(world: Run, name: str, number: int) -> list[int]:
    """Offsets of the records that the application of `name` got of partition `number`."""
    found: list[int] = []
    hidden = {
        base
        for event in of(world, RecordsFetched, consumer=name)
        for _, p, base in event.hidden
        if p == number
    }
    log = world.state.cluster.partition("t", number).led.log
    for event in of(world, RecordsReturned, consumer=name):
        for _, partition, first, end in event.parts:
            for batch in log.read(first, end) if partition == number else ():
                if not batch.control and batch.base_offset not in hidden:
                    found += range(max(first, batch.base_offset), min(end, batch.end_offset))
    return found


def test_the_error_of_a_batch_is_told_once() -> None:
    world = began("add producer U topic=t rate=0/s linger=0s transactional.id=T")
    step(world, "send record T", "init transaction U", "send record T count=3", ms=500)
    assert len(of(world, TransactionFailed)) == 1
    assert of(world, TransactionFailed)[0].error == Error.INVALID_PRODUCER_EPOCH


# -- failover of the coordinator ------------------------------------------------------------------------------


def spread(*more: str, transactional_id: str = "T") -> tuple[Run, int]:
    """Three brokers, the topic led by the next one after the coordinator of the id; and the coordinator."""
    name = f"add producer T topic=t rate=0/s linger=0s transactional.id={transactional_id}"
    world = run("create topic t replication_factor=3", name, *more, brokers=3).to(10 * MS)
    coordinator = coordinator_of(world.backend._sim, transactional_id)
    return world, coordinator


def away() -> str:
    """A transactional.id whose coordinator does not lead the topic."""
    world = run("create topic t replication_factor=3", brokers=3).to(10 * MS)
    leader = world.state.cluster.partition("t", 0).leader
    return next(
        name for name in map(str, range(99)) if coordinator_of(world.backend._sim, name) not in (leader, -1)
    )


@pytest.mark.parametrize("after_us", range(0, 8_001, 1_000))
def test_r61_a_decided_transaction_is_ended_by_the_next_coordinator(after_us: int) -> None:
    """Wherever in a commit the coordinator dies: all of it is committed, once, and the producer goes on."""
    world, coordinator = spread(transactional_id=away())
    step(world, "init transaction T", "begin transaction T", "send record T count=3")
    world.do("commit transaction T").to(world.backend.now_us + after_us + 1)
    step(world, f"kill broker {coordinator}", ms=15_000)
    found = next(iter(world.state.cluster.transactions.ids.values()))
    assert thrown(world)[-1] == ""
    assert (client(world)[1].state, found.state) == ("READY", "CompleteCommit")
    assert found.coordinator not in (coordinator, -1)
    assert [event.coordinator for event in of(world, TransactionLoaded)] == [found.coordinator]
    log = world.state.cluster.partition("t", 0).led.log
    assert [(batch.count, batch.control) for batch in log.tail] == [(3, False), (1, True)]
    assert marks(world) == (4, 4)
    step(world, "begin transaction T", "send record T", "abort transaction T")
    assert marks(world) == (6, 6)


def test_r61_a_transaction_survives_a_frozen_coordinator() -> None:
    world, coordinator = spread(transactional_id=away())
    step(world, "init transaction T", "begin transaction T", "send record T", f"pause broker {coordinator}")
    step(world, "commit transaction T", ms=15_000)
    step(world, f"resume broker {coordinator}", ms=40_000)
    found = next(iter(world.state.cluster.transactions.ids.values()))
    assert found.state == "CompleteCommit"
    assert client(world)[1].state == "READY"
    assert marks(world) == (2, 2)


def test_r61_nobody_coordinates_below_the_min_isr() -> None:
    """transaction.state.log.min.isr 2: with one broker left nothing is decided, and records of a transaction are refused."""
    world, _ = spread(" add producer n topic=t rate=0/s acks=1 linger=0s".strip())
    step(world, "init transaction T", "begin transaction T")
    leader = world.state.cluster.partition("t", 0).leader
    others = [number for number in (1, 2, 3) if number != leader]
    step(world, *(f"kill broker {number}" for number in others), ms=15_000)
    step(world, "send record T", "send record n", ms=2_000)
    assert [event.named for event in of(world, BatchRetried)][-1] == "NOT_ENOUGH_REPLICAS (19)"
    assert world.state.cluster.partition("t", 0).led.log.end == 1
    step(world, f"restart broker {others[0]}", ms=15_000)
    step(world, "commit transaction T", ms=2_000)
    assert thrown(world)[-1] == ""
    assert world.state.cluster.partition("t", 0).led.log.end == 3


# -- what consumers wait for ------------------------------------------------------------------------------------


@pytest.mark.parametrize("end", ["commit", "abort"])
def test_r82_a_consumer_asks_again_while_a_transaction_holds_its_offsets(end: str) -> None:
    world = began("add consumer c0 topic=t group=g processing=0s loop=false").to(2 * S)
    step(world, "send record n count=5", "send offsets T consumer=c0 offsets=t-0@3", "kill consumer c0")
    world.do("add consumer c1 topic=t group=g processing=0s auto_offset_reset=earliest session_timeout=45s")
    world.to(60 * S - 1)
    assert world.state.cluster.consumers["c1"].partition_states["t-0"].position is None
    assert of(world, PositionDelayed, consumer="c1")
    step(world, f"{end} transaction T", ms=1_000)
    first = of(world, RecordsReturned, consumer="c1")[0].parts[0][2]
    assert first == (3 if end == "commit" else 0)


def test_r90_the_default_isolation_of_each_client() -> None:
    world = run(
        TOPIC,
        "add consumer j topic=t group=j processing=0s",
        "add consumer l topic=t group=l processing=0s client=librdkafka",
        brokers=1,
    ).to(5 * S)
    asked = {
        event.name: event.request
        for event in of(world, RequestSent)
        if isinstance(event.request, FetchRequest)
    }
    assert (asked["j"].committed, asked["l"].committed) == (False, True)


def test_s13_markers_follow_the_decision_by_one_way_and_a_write() -> None:
    """Prepared on both replicas, then the marker travels one way and is written; completion is one more replicated write."""
    world = run("create topic t replication_factor=3", OWNER, brokers=3).to(10 * MS)
    step(world, "init transaction T", "begin transaction T", "send record T", "commit transaction T")
    (prepared,), (completed,) = of(world, TransactionPrepared), of(world, TransactionCompleted)
    marker = next(event for event in of(world, BatchAppended) if event.batch.control)
    coordinator = world.state.cluster.transactions.ids["T"].coordinator
    leads = world.state.cluster.partition("t", 0).leader == coordinator
    assert marker.at_us - prepared.at_us == 1_200
    assert leads or completed.at_us > marker.at_us + 2_000


def test_the_causes_of_an_abort_lead_back_to_the_record_that_opened_the_transaction() -> None:
    world = began()
    step(world, "send record T").to(75 * S)
    (completed,) = of(world, TransactionCompleted)
    told = [reason.headline for reason in explained(world.log, completed.id)]
    assert told[:5] == [
        "the transaction of T is aborted everywhere",
        "1 marker of T written",
        "the transaction of T is decided: abort",
        "the transaction of T is taken from its producer: epoch 1",
        "t-0 joined the transaction of T",
    ]
    step(world, "send record T")
    (failed,) = of(world, TransactionFailed)
    told = [reason.headline for reason in explained(world.log, failed.id)]
    assert told[:2] == ["the transaction of T cannot be committed any more", "T gives up 1 record for P0"]
