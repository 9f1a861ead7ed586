"""Consume, transform, produce: offsets and outputs in one transaction (R66), whatever happens to the application."""

from __future__ import annotations

import pytest

from mqviz.backend import Refused
from mqviz.facts.fates import deliveries
from mqviz.model.kafka.clients.consumer.events import ConsumerFailed, PositionLost
from mqviz.model.kafka.clients.producer.events import TransactionReturned
from mqviz.model.kafka.log.state import Log
from tests.sim.kafka.worlds import MS, S, of, run
from tests.sim.worlds import Run

IN, OUT = "create topic in partitions=2", "create topic out partitions=2"
SOURCE = "add producer p topic=in rate=200/s count=60 keys=a,b,c,d"
SINK = "add producer E topic=out rate=0/s linger=0s transactional.id=E"
READ = "isolation.level=read_committed auto_offset_reset=earliest"
COPY = (
    f"add consumer c1 group=g topic=in processing=2ms commit=transaction output=E {READ} session_timeout=6s"
)


def world(*more: str, brokers: int = 1) -> Run:
    """An application that copies 60 records of `in` to `out`; it is added after the source."""
    topics = [f"{topic} replication_factor={brokers}" for topic in (IN, OUT)]
    return run(*topics, SOURCE, SINK, *more, brokers=brokers)


def committed(started: Run, topic: str) -> list[tuple[str | None, int]]:
    """(key, partition) of each record of `topic` that read_committed shows, in the order of the log."""
    found = []
    for partition in started.state.cluster.topics[topic].partitions:
        log: Log = partition.led.log
        for batch in log.forwards(log.start):
            if not batch.control and not log.transactions.hides(batch):
                found += [(key, partition.number) for key in batch.keys]
    return found


def offsets(started: Run) -> dict[str, int | None]:
    return {key: record.committed for key, record in started.state.cluster.groups["g"].records.items()}


def test_r66_every_record_comes_out_once() -> None:
    started = world(COPY).to(5 * S)
    assert committed(started, "out") == committed(started, "in")
    assert sum(offset or 0 for offset in offsets(started).values()) == 60
    assert all(not event.thrown for event in of(started, TransactionReturned))


@pytest.mark.parametrize("at_ms", range(30, 331, 50))
def test_r86_wherever_the_application_dies_each_record_comes_out_once(at_ms: int) -> None:
    started = world(COPY).to(at_ms * MS)
    started.do("kill consumer c1").to(started.backend.now_us + 100 * MS)
    assert started.state.cluster.producers["E"].state == "dead"
    started.do(SINK, COPY).to(20 * S)
    assert committed(started, "out") == committed(started, "in")
    assert sum(offset or 0 for offset in offsets(started).values()) == 60
    for number in range(2):
        led = started.state.cluster.partition("out", number).led
        assert led.last_stable_offset == led.log.end


def test_r65_a_second_instance_takes_over_and_the_first_ends() -> None:
    again = SINK.replace("producer E", "producer F")
    started = world(COPY, again).to(150 * MS)
    started.do(COPY.replace("c1", "c2").replace("output=E", "output=F")).to(20 * S)
    (failed,) = of(started, ConsumerFailed)
    assert (failed.consumer, failed.exception) == ("c1", "ProducerFencedException")
    assert started.state.cluster.producers["E"].state == "closed"
    assert committed(started, "out") == committed(started, "in")


def test_r66_an_aborted_transaction_is_read_again() -> None:
    """The coordinator's timeout aborts; the application aborts too and reads on from what the group committed."""
    slow = COPY.replace("processing=2ms", "processing=3s max_poll_records=5")
    timing = " transaction.timeout.ms=5000"
    started = run(IN, OUT, SOURCE.replace("count=60", "count=10"), SINK + timing, slow, brokers=1).to(40 * S)
    started.do("set consumer c1 processing=1ms").to(80 * S)
    assert of(started, TransactionReturned, call="abort")
    assert any(event.because == "its transaction was aborted" for event in of(started, PositionLost))
    assert committed(started, "out") == committed(started, "in")
    assert sum(offset or 0 for offset in offsets(started).values()) == 10


def test_r66_a_rebalance_costs_no_record_and_doubles_none() -> None:
    more = [SINK.replace("E", "F"), COPY.replace("c1", "c2").replace("output=E", "output=F")]
    started = world(COPY, more[0]).to(120 * MS)
    started.do(more[1]).to(200 * MS)
    started.do("close consumer c1").to(20 * S)
    assert started.state.cluster.producers["E"].state == "closed"
    assert sorted(committed(started, "out"), key=str) == sorted(committed(started, "in"), key=str)


def test_r66_a_frozen_application_goes_on() -> None:
    started = world(COPY).to(100 * MS)
    started.do("pause consumer c1").to(2 * S)
    started.do("resume consumer c1").to(20 * S)
    assert committed(started, "out") == committed(started, "in")


def test_r63_what_read_committed_never_sees_is_not_counted_as_delivered() -> None:
    started = run(
        "create topic t",
        "add producer p topic=t rate=100/s count=20 transaction_records=5 abort_every=2",
        f"add consumer rc topic=t group=rc processing=0s {READ}",
        "add consumer ru topic=t group=ru processing=0s auto_offset_reset=earliest",
        brokers=1,
    ).to(3 * S)
    seen, all_of_it = deliveries(started.state, "rc", "t", 0), deliveries(started.state, "ru", "t", 0)
    assert (seen.never, seen.once, seen.more) == (0, 10, 0)
    assert all_of_it.once > 10


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ("commit=transaction", "needs output="),
        ("output=E", "needs output="),
        ("commit=transaction output=p", "no running producer with a transactional.id"),
        ("commit=transaction output=x", "no running producer with a transactional.id"),
    ],
)
def test_what_is_refused(words: str, reason: str) -> None:
    started = world().to(10 * MS)
    with pytest.raises(Refused, match=reason):
        started.do(f"add consumer c topic=in group=g {words}")
