"""A controlled stop takes as long as the controller and the other brokers need to agree (R11)."""

from __future__ import annotations

import pytest

from mqviz.model.kafka.broker.events import BrokerProcessChanged, ControlledShutdownBegan
from mqviz.model.kafka.cluster import Partition
from mqviz.model.kafka.controller.events import BrokerFenced, PartitionChanged
from tests.sim.kafka.worlds import MS, S, of, run, times
from tests.sim.worlds import Run

TOPIC = "create topic t replication_factor=3 min_insync_replicas=2"
PRODUCER = "add producer p topic=t rate=0/s linger=0ms"
READER = "add consumer c assign=t-0 auto.offset.reset=earliest"


def partition(watched: Run) -> Partition:
    """The only one of the topic."""
    return watched.state.cluster.partition("t", 0)


def ended_ms(watched: Run, broker: int, since_us: int) -> float:
    """How many ms after `since_us` the process of a broker had ended."""
    return times(watched, BrokerProcessChanged, since_us, broker=broker, process="stopped")[0] / MS


def test_r11_a_leader_stops_when_the_others_have_heard_who_leads_now() -> None:
    """Heartbeats leave every 2 s, at 12 s those of the others; it asks at 11.5, 11.55 and 13.55 s."""
    watched = run(TOPIC).to(11_500 * MS).do("stop broker 1").to(15 * S)
    assert times(watched, PartitionChanged, 11_500 * MS)[0] == 2 * MS
    assert ended_ms(watched, 1, 11_500 * MS) == 3 + 50 + 3 + 2_000 + 3


def test_r11_a_broker_that_leads_nothing_may_end_at_once() -> None:
    watched = run(TOPIC).to(11_500 * MS).do("stop broker 3").to(12 * S)
    assert not of(watched, ControlledShutdownBegan)
    assert ended_ms(watched, 3, 11_500 * MS) == 3
    assert partition(watched).isr == [1, 2]


def test_r11_the_last_broker_has_nobody_to_wait_for() -> None:
    watched = run("create topic t", brokers=1).to(11_500 * MS)
    watched.do("stop broker 1").to(12 * S)
    assert ended_ms(watched, 1, 11_500 * MS) == 3 + 50 + 3


def test_r11_a_broker_that_died_and_is_not_fenced_yet_is_waited_for() -> None:
    watched = run(TOPIC).to(11_500 * MS).do("kill broker 3").to(12 * S).do("stop broker 1").to(30 * S)
    fenced_us = of(watched, BrokerFenced, broker=3)[0].at_us
    assert of(watched, BrokerProcessChanged, broker=1, process="stopped")[0].at_us > fenced_us


def acknowledged() -> Run:
    """Ten records that were acknowledged with acks=all a moment ago."""
    watched = run(TOPIC, PRODUCER).to(5 * S).do(*["send record p"] * 10)
    while watched.state.cluster.producers["p"].acknowledged < 10:
        watched.to(watched.backend.now_us + 100)
    return watched


def read_to(watched: Run) -> int:
    """Up to which offset a consumer comes within 5 s."""
    watched.do(READER).to(watched.backend.now_us + 5 * S)
    return watched.state.cluster.consumers["c"].partition_states["t-0"].fetched_to


def test_r11_what_was_acknowledged_is_seen_after_all_brokers_stopped_one_after_another() -> None:
    """Also while the last leader is back alone, with a high watermark that stands still."""
    watched = acknowledged()
    for broker in (1, 2, 3):
        watched.do(f"stop broker {broker}")
        while watched.state.cluster.brokers[broker].process != "stopped":
            watched.to(watched.backend.now_us + 100)
    watched.do("restart broker 3").to(watched.backend.now_us + 10 * S)
    assert (partition(watched).leader, partition(watched).isr) == (3, [3])
    assert read_to(watched) == 10
    watched.do("restart broker 1", "restart broker 2").to(watched.backend.now_us + 10 * S)
    assert [copy.high_watermark for copy in partition(watched).replicas.values()] == [10, 10, 10]


@pytest.mark.parametrize("gap_us", [0, 500, 2_500, 20_000])
def test_r11_nothing_is_lost_when_all_brokers_stop_together(gap_us: int) -> None:
    watched = acknowledged()
    for broker in (1, 2, 3):
        watched.do(f"stop broker {broker}").to(watched.backend.now_us + gap_us)
    watched.to(20 * S)
    assert {broker.process for broker in watched.state.cluster.brokers.values()} == {"stopped"}
    watched.do(*[f"restart broker {broker}" for broker in (1, 2, 3)]).to(40 * S)
    assert read_to(watched) == 10
