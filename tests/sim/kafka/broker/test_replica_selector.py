"""Consumers that read from the replica in their own rack (R36)."""

from __future__ import annotations

from itertools import pairwise

import msgspec
import pytest

from mqviz.kafka.errors import Error
from mqviz.model.kafka.clients.consumer.events import PositionLost, ReplicaPreferred
from mqviz.model.kafka.log.events import BatchAppended
from mqviz.model.kafka.network.events import RequestSent, ResponseReceived
from mqviz.model.kafka.protocol.requests import FetchRequest
from mqviz.model.kafka.protocol.responses import FetchResponse
from mqviz.model.kafka.replication.events import ReplicaHighWatermarkAdvanced
from mqviz.model.units import Value
from mqviz.sim.kafka.broker.replica_selector import SELECTOR
from tests.sim.kafka.worlds import MS, Outside, S, cluster, of
from tests.sim.worlds import Run

TOPIC = "create topic t replication_factor=3"
PRODUCER = "add producer p topic=t rate=10/s linger=0ms"


def racked(*contents: str, selector: str = SELECTOR) -> Run:
    """Brokers 1, 2, 3 in racks r1, r2, r3."""
    plain = cluster(*contents)
    settings = {"replica.selector.class": Value(selector)} if selector else {}
    plan = msgspec.structs.replace(plain.cluster, racks=("r1", "r2", "r3"), settings=settings)
    return Run(msgspec.structs.replace(plain, cluster=plan))


def consumer(rack: str, more: str = "") -> str:
    return (
        f"add consumer c group=g topic=t processing=0ms auto_offset_reset=earliest client.rack={rack} {more}"
    )


def fetched_from(watched: Run, since_us: int = 0) -> set[int]:
    """Brokers that the consumer sent fetches to."""
    sent = of(watched, RequestSent, since_us, client="consumer")
    return {event.broker for event in sent if isinstance(event.request, FetchRequest)}


def test_r36_the_leader_sends_a_consumer_to_the_replica_in_its_rack() -> None:
    watched = racked(TOPIC, PRODUCER, consumer("r3")).to(5 * S)
    assert [e.broker for e in of(watched, ReplicaPreferred)] == [3]
    assert fetched_from(watched, 1 * S) == {3}
    partition_state = watched.state.cluster.consumers["c"].partition_states["t-0"]
    assert partition_state.position == watched.state.cluster.partition("t", 0).replicas[3].high_watermark


@pytest.mark.parametrize(("rack", "selector"), [("r1", SELECTOR), ("r9", SELECTOR), ("r3", "")])
def test_r36_the_leader_s_rack_an_unknown_rack_and_no_selector_read_from_the_leader(
    rack: str, selector: str
) -> None:
    watched = racked(TOPIC, PRODUCER, consumer(rack), selector=selector).to(5 * S)
    assert of(watched, ReplicaPreferred) == []
    assert fetched_from(watched) == {1}


def test_r36_a_follower_serves_up_to_its_own_high_watermark_and_wakes_who_waits_there() -> None:
    watched = racked(TOPIC, "add producer p topic=t rate=1/s linger=0ms start=2s", consumer("r3")).to(10 * S)
    for appended in of(watched, BatchAppended, 4 * S)[:3]:
        end = appended.batch.end_offset
        risen = of(watched, ReplicaHighWatermarkAdvanced, broker=3, high_watermark=end)[0]
        got = [e for e in of(watched, ResponseReceived, risen.at_us) if e.at_us == risen.at_us + 1 * MS]
        assert got
        assert risen.at_us - appended.at_us <= 501 * MS + 5 * MS


def test_r36_back_to_the_leader_when_the_replica_is_gone() -> None:
    watched = racked(TOPIC, PRODUCER, consumer("r3")).to(5 * S).do("kill broker 3").to(30 * S)
    assert [e.broker for e in of(watched, ReplicaPreferred)][-1] == -1
    assert fetched_from(watched, 20 * S) == {1}
    partition_state = watched.state.cluster.consumers["c"].partition_states["t-0"]
    assert partition_state.position == watched.state.cluster.partition("t", 0).led.high_watermark


def test_r36_the_leader_is_asked_again_after_metadata_max_age() -> None:
    watched = racked(TOPIC, PRODUCER, consumer("r2", "metadata.max.age.ms=2000")).to(7 * S)
    chosen = of(watched, ReplicaPreferred)
    assert [e.broker for e in chosen] == [2, 2, 2, 2]
    assert all(b.at_us - a.at_us >= 2 * S for a, b in pairwise(chosen))


def test_r36_raw_fetches() -> None:
    watched = racked(TOPIC, PRODUCER).to(5 * S)
    raw = Outside(watched)
    end = watched.state.cluster.partition("t", 0).replicas[3].log.end
    away = raw.ask(FetchRequest((("t", 0, 0),), rack="r3"))
    assert isinstance(away, FetchResponse)
    assert [(part.preferred_read_replica, part.end) for part in away.partitions] == [(3, 0)]
    near = raw.ask(FetchRequest((("t", 0, 0),), rack="r3"), 3)
    assert isinstance(near, FetchResponse)
    assert (near.partitions[0].error, near.partitions[0].first) == (0, 0)
    beyond = raw.ask(FetchRequest((("t", 0, end + 1_000),), rack="r3"), 3)
    assert isinstance(beyond, FetchResponse)
    assert beyond.partitions[0].error == Error.OFFSET_OUT_OF_RANGE
    at_leader = raw.ask(FetchRequest((("t", 0, end + 1_000),), rack="r3"), 1)
    assert isinstance(at_leader, FetchResponse)
    assert [part.preferred_read_replica for part in at_leader.partitions] == [-1]


def test_r36_an_offset_that_the_follower_does_not_have_is_asked_of_the_leader_not_reset() -> None:
    """Broker 3 froze and is behind; the consumer seeks to where only the leader is."""
    watched = racked(TOPIC, PRODUCER, consumer("r3")).to(5 * S).do("isolate broker 3 also=c").to(25 * S)
    watched.do("heal broker 3", "seek consumer c topic=t partition=0 to=end").to(40 * S)
    assert of(watched, PositionLost, 25 * S, reset="policy") == []
    partition_state = watched.state.cluster.consumers["c"].partition_states["t-0"]
    assert partition_state.position == watched.state.cluster.partition("t", 0).replicas[3].high_watermark
