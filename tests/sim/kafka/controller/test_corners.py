"""Corners of the rules of brokers and controllers, where one rule meets another."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from mqviz.backend import Refused
from mqviz.kafka.errors import Error
from mqviz.model.kafka.clients.consumer.events import ReplicaPreferred
from mqviz.model.kafka.cluster import Partition
from mqviz.model.kafka.controller.events import PartitionChanged
from mqviz.model.kafka.log.batch import Batch
from mqviz.model.kafka.log.events import LogStartMoved
from mqviz.model.kafka.network.events import ResponseReceived
from mqviz.model.kafka.protocol.requests import FetchRequest, OffsetForLeaderEpochRequest, ProduceRequest
from mqviz.model.kafka.protocol.responses import (
    FetchPartitionData,
    FetchResponse,
    OffsetForLeaderEpochResponse,
    PartitionProduceResponse,
    ProduceResponse,
)
from mqviz.model.kafka.replication.events import ReplicaAppended, ReplicaHighWatermarkAdvanced
from mqviz.model.units import Value
from mqviz.sim.kafka.broker.replica_selector import SELECTOR
from tests.sim.kafka.worlds import MS, Outside, S, cluster, of, run
from tests.sim.worlds import Run

TOPIC = "create topic t replication_factor=3 min_insync_replicas=2"


def partition(watched: Run) -> Partition:
    return watched.state.cluster.partition("t", 0)


def leaderless(*more: str) -> Run:
    """Brokers 3, 2 and 1 died one after the other: in sync is nobody, eligible are 1 and 2, 1 led last."""
    watched = run(TOPIC, *more).to(11_500 * MS)
    for broker in (3, 2, 1):
        watched.do(f"kill broker {broker}").to(watched.backend.now_us + 15 * S)
    assert (partition(watched).elr, partition(watched).last_known_elr) == ([1, 2], [1])
    return watched


def test_r23_without_leader_a_new_min_insync_replicas_strikes_out_the_last_leader_too() -> None:
    """ClearElrRecord: nobody is known to have all, so the controller waits for an unclean election, by hand here (R24)."""
    watched = leaderless().do("alter topic t min.insync.replicas=1").to(60 * S)
    watched.do("restart broker 1", "restart broker 2", "restart broker 3").to(500 * S)
    assert (partition(watched).leader, partition(watched).isr) == (-1, [])
    watched.do("elect leader topic=t partition=0 how=unclean").to(510 * S)
    assert (partition(watched).leader, sorted(partition(watched).isr)) == (1, [1, 2, 3])


def test_r23_the_value_that_it_had_already_is_no_change_and_strikes_out_nobody() -> None:
    watched = leaderless().do("alter topic t min.insync.replicas=2").to(70 * S)
    assert (partition(watched).elr, partition(watched).last_known_elr) == ([1, 2], [1])


def test_r24_an_unclean_election_without_a_living_replica_is_refused() -> None:
    watched = leaderless()
    with pytest.raises(Refused, match="ELIGIBLE_LEADERS_NOT_AVAILABLE"):
        watched.do("elect leader topic=t partition=0 how=unclean")


def test_r21_a_clean_election_does_not_end_the_recovery_of_an_unclean_one() -> None:
    """Broker 3 leads uncleanly, freezes before anybody follows, and leads again: only the leader itself ends it."""
    watched = leaderless().do("restart broker 3").to(70 * S)
    watched.do("elect leader topic=t partition=0 how=unclean").to(71 * S)
    watched.do("pause broker 3").to(90 * S).do("resume broker 3").to(100 * S)
    watched.do("restart broker 1").to(120 * S)
    found = [(e.leader, e.recovering) for e in of(watched, PartitionChanged, 70 * S) if e.isr != (1,)]
    assert found[:3] == [(3, True), (-1, True), (3, True)]
    assert found[-1] == (3, False)


@pytest.mark.parametrize(
    ("given", "fewest"), [("", 2), ("min.insync.replicas=1", 1), ("min.insync.replicas=3", 3)]
)
def test_r30_a_topic_s_own_min_insync_replicas_goes_before_the_brokers(given: str, fewest: int) -> None:
    plain = cluster(f"create topic t replication_factor=3 {given}")
    plan = replace(plain.cluster, settings={"min.insync.replicas": Value("2")})
    watched = Run(replace(plain, cluster=plan)).to(S)
    assert watched.state.cluster.topic("t").setting("min.insync.replicas") == fewest


def test_r22_the_feature_of_eligible_replicas_can_be_off_in_any_version() -> None:
    plain = cluster(TOPIC)
    plan = replace(plain.cluster, features={"eligible.leader.replicas.version": 0})
    watched = Run(replace(plain, cluster=plan)).to(11_500 * MS)
    for broker in (3, 2, 1):
        watched.do(f"kill broker {broker}").to(watched.backend.now_us + 15 * S)
    found = partition(watched)
    assert (found.leader, found.isr, found.elr, found.last_known_elr) == (-1, [1], [], [])


def test_r29_acks_other_than_all_0_and_1_are_refused() -> None:
    watched = run(TOPIC).to(S)
    batch = Batch(0, 1, 70, "raw", -1, -1, -1, 0, 0, watched.backend.now_us, 0, (None,), ("a",))
    reply = Outside(watched).ask(ProduceRequest(2, (("t", 0, batch),), 1_000_000))
    assert isinstance(reply, ProduceResponse)
    assert reply.partitions == (PartitionProduceResponse("t", 0, Error.INVALID_REQUIRED_ACKS),)


def test_r36_a_follower_that_fell_out_of_sync_is_nobody_s_closest_replica() -> None:
    plain = cluster(TOPIC, "add producer p topic=t rate=20/s linger=0s")
    settings = {"replica.selector.class": Value(SELECTOR), "replica.lag.time.max.ms": Value("4000")}
    plan = replace(plain.cluster, racks=("r1", "r2", "r3"), settings=settings)
    watched = Run(replace(plain, cluster=plan)).to(S).do("slow broker 3 factor=100000").to(30 * S)
    assert sorted(partition(watched).isr) == [1, 2]
    watched.do(
        "slow broker 3 factor=5000", "add consumer c assign=t-0 client.rack=r3 auto.offset.reset=earliest"
    )
    assert of(watched.to(40 * S), ReplicaPreferred) == []


def test_r36_a_follower_serves_whoever_asks_up_to_its_own_high_watermark() -> None:
    watched = run(TOPIC, "add producer p topic=t rate=0/s linger=0s").to(S).do("send record p").to(1_100 * MS)
    assert [copy.high_watermark for copy in partition(watched).replicas.values()] == [1, 0, 0]
    raw = Outside(watched)
    number = raw.send(FetchRequest((("t", 0, 0),), max_wait_us=5 * S), 3)
    assert raw.answer(number) is None
    (marked,) = of(watched.to(3 * S), ReplicaHighWatermarkAdvanced, broker=3)
    reply, (received,) = raw.answer(number), of(watched, ResponseReceived, number=number)
    assert isinstance(reply, FetchResponse)
    assert reply.partitions == (FetchPartitionData("t", 0, 0, 0, 1, 1, 0),)
    assert received.at_us == marked.at_us + MS


def test_r26_an_epoch_that_the_leader_never_saw_has_no_end() -> None:
    watched = run(TOPIC).to(S).do("stop broker 1").to(2 * S)
    ask = OffsetForLeaderEpochRequest((("t", 0, 1, 0), ("t", 0, 1, 1), ("t", 0, 1, 2), ("t", 0, 1, -1)))
    reply = Outside(watched).ask(ask, 2)
    assert isinstance(reply, OffsetForLeaderEpochResponse)
    assert [part[2:] for part in reply.partitions] == [(0, 0, 0), (0, 1, 0), (0, -1, -1), (0, -1, -1)]


def test_r27_r72_what_a_deposed_leader_said_of_its_log_start_comes_too_late() -> None:
    """Its answer waited at a cut link; broker 2 leads since then, with a high watermark that could not rise."""
    watched = run(TOPIC, "add producer p topic=t rate=0/s linger=0s", latency_us=20 * MS).to(S)
    watched.do("send record p").to(1_100 * MS).do("delete records t").to(1_160 * MS)
    assert [(c.log.start, c.high_watermark) for c in partition(watched).replicas.values()][:2] == [
        (1, 1),
        (0, 0),
    ]
    told = of(watched.to(1_700 * MS), LogStartMoved, broker=2)[0].at_us
    again = run(TOPIC, "add producer p topic=t rate=0/s linger=0s", latency_us=20 * MS).to(S)
    again.do("send record p").to(1_100 * MS).do("delete records t").to(told - 10 * MS)
    again.do("isolate broker 1", "kill broker 3").to(20 * S)
    assert (partition(again).leader, partition(again).led.high_watermark) == (2, 0)
    again.do("heal broker 1").to(20 * S + 30 * MS)
    assert partition(again).led.log.start == 0


def test_r16_a_follower_gets_replica_fetch_max_bytes_at_once_but_the_first_batch_always() -> None:
    plain = cluster(TOPIC, "add producer p topic=t rate=0/s linger=0s batch.size=0")
    plan = replace(plain.cluster, settings={"replica.fetch.max.bytes": Value("150")})
    watched = Run(replace(plain, cluster=plan)).to(S).do("kill broker 3").to(20 * S)
    watched.do(*["send record p"] * 4).to(21 * S).do("restart broker 3").to(40 * S)
    copied = [(e.first, e.end) for e in of(watched, ReplicaAppended, broker=3)]
    assert copied == [(0, 1), (1, 2), (2, 3), (3, 4)]
