"""The high watermark waits for a replica outside the ISR, too, if it was caught up not long ago and may enter (R17)."""

from __future__ import annotations

import pytest

from mqviz.model.kafka.clients.producer.events import RecordsAcknowledged
from mqviz.model.kafka.log.state import Replica
from tests.sim.kafka.worlds import MS, S, of, run
from tests.sim.worlds import Run

PRODUCER = "add producer p topic=t rate=0/s linger=0s"


def led(watched: Run) -> Replica:
    return watched.state.cluster.partition("t", 0).led


def returned(frozen_us: int) -> Run:
    """Broker 3 was frozen so long that it left the ISR; its fetches have begun again, but an append takes it two seconds."""
    watched = run("create topic t replicas=1/2/3", PRODUCER).to(5 * S)
    watched.do("send record p").to(6 * S).do("pause broker 3").to(6 * S + frozen_us - S)
    watched.do("send record p").to(6 * S + frozen_us).do("slow broker 3 factor=10000", "resume broker 3")
    watched.to(watched.backend.now_us + 100 * MS)
    assert (led(watched).isr, led(watched).high_watermark) == ([1, 2], 2)
    return watched


def test_r17_acks_all_waits_for_a_follower_that_is_about_to_be_in_sync_again() -> None:
    watched = returned(frozen_us=12 * S).do("send record p")
    back_us = watched.backend.now_us
    watched.to(back_us + 1500 * MS)
    assert (led(watched).isr, led(watched).follower_ends[2], led(watched).high_watermark) == ([1, 2], 3, 2)
    assert len(of(watched, RecordsAcknowledged)) == 2
    watched.to(back_us + 6 * S)
    assert (led(watched).isr, led(watched).high_watermark) == ([1, 2, 3], 3)
    assert len(of(watched, RecordsAcknowledged)) == 3


def test_r17_who_was_behind_for_longer_than_replica_lag_time_max_ms_is_not_waited_for() -> None:
    watched = returned(frozen_us=40 * S).do("send record p")
    watched.to(watched.backend.now_us + 1500 * MS)
    assert (led(watched).isr, led(watched).high_watermark) == ([1, 2], 3)


@pytest.mark.parametrize("fault", ["pause broker 3", "kill broker 3", "stop broker 3"])
def test_r17_nobody_waits_for_a_broker_that_is_fenced_or_on_its_way_out(fault: str) -> None:
    watched = run("create topic t replicas=1/2/3", PRODUCER).to(5 * S).do("send record p").to(6 * S)
    watched.do(fault).to(20 * S).do("send record p").to(20 * S + 100 * MS)
    assert (led(watched).isr, led(watched).high_watermark) == ([1, 2], 2)


def test_r17_a_new_leader_counts_as_caught_up_only_who_is_in_sync() -> None:
    watched = run("create topic t replicas=1/2/3", PRODUCER).to(5 * S).do("pause broker 3").to(30 * S)
    watched.do("stop broker 1").to(31 * S)
    assert list(led(watched).caught_up_us) == [1]
