"""Producers while brokers die, freeze and come back: exactly one copy with idempotence, duplicates without it."""

from __future__ import annotations

import pytest

from mqviz.model.kafka.clients.producer.events import SendCalled
from mqviz.model.kafka.log.events import BatchAppended, BatchRepeated
from tests.sim.kafka.worlds import MS, S, of, run
from tests.sim.worlds import Run

TOPIC = "create topic t replication_factor=3 min_insync_replicas=2"


def held(watched: Run) -> list[int]:
    """The numbers of the records in the leader's log, in its order."""
    log = watched.state.cluster.topics["t"].partitions[0].led.log
    return [b.first_number + k for b in log.forwards(log.start) for k in range(b.count)]


@pytest.mark.parametrize("kill_us", range(11_500_000, 11_512_000, 1_700))
def test_r33_r58_an_idempotent_producer_writes_each_record_once_over_a_failover(kill_us: int) -> None:
    watched = run(TOPIC, "add producer p topic=t rate=0/s linger=0s").to(kill_us - 50 * MS)
    watched.do("set producer p rate=500/s").to(kill_us).do("kill broker 1").to(kill_us + 100 * MS)
    watched.do("set producer p rate=0/s").to(40 * S)
    producer = watched.state.cluster.producers["p"]
    assert held(watched) == list(range(producer.sent))
    assert (producer.acknowledged, producer.dropped) == (producer.sent, 0)


def test_r33_a_frozen_leader_makes_duplicates_only_without_idempotence() -> None:
    for idempotence, copies in (("true", 1), ("false", 2)):
        watched = run(
            TOPIC,
            f"add producer p topic=t rate=0/s linger=0s enable.idempotence={idempotence} request.timeout.ms=1000",
        ).to(S)
        watched.do("send record p").to(S + 1_300)
        assert len(of(watched, BatchAppended)) == 1
        watched.do("pause broker 1").to(3 * S)
        watched.do("resume broker 1").to(20 * S)
        producer = watched.state.cluster.producers["p"]
        assert held(watched).count(0) >= copies
        assert (len(held(watched)) == 1) == (copies == 1)
        assert producer.acknowledged == 1
        assert producer.duplicates == len(held(watched)) - 1
        assert bool(of(watched, BatchRepeated)) == (copies == 1)


def test_r44_a_dead_cluster_fills_the_buffer_and_then_blocks() -> None:
    watched = run(
        "create topic t", "add producer p topic=t rate=100/s value_size=1000B buffer.memory=163840", brokers=1
    ).to(S)
    watched.do("kill broker 1").to(20 * S)
    producer = watched.state.cluster.producers["p"]
    assert producer.calls
    assert producer.calls[0].why == "buffer.memory"
    assert producer.buffered <= 163840
    last_us = of(watched, SendCalled)[-1].at_us
    assert S + 500 * MS < last_us < 4 * S
    watched.do("restart broker 1").to(60 * S)
    assert not producer.calls or len(of(watched, SendCalled)) > 300
