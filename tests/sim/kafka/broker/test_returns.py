"""Brokers that come back: what they forget, when they are counted in again, what waited in their sockets."""

from __future__ import annotations

import pytest

from mqviz.kafka.errors import Error
from mqviz.model.kafka.clients.producer.events import RecordsFailed
from mqviz.model.kafka.controller.events import PartitionChanged
from mqviz.model.kafka.log.batch import Batch
from mqviz.model.kafka.network.events import RequestSent
from mqviz.model.kafka.protocol.requests import OffsetForLeaderEpochRequest, ProduceRequest
from mqviz.model.kafka.protocol.responses import (
    OffsetForLeaderEpochResponse,
    PartitionProduceResponse,
    ProduceResponse,
)
from mqviz.model.kafka.replication.events import IsrProposed, LeadershipForgotten
from tests.sim.kafka.worlds import MS, Outside, S, of, run
from tests.sim.worlds import Run

TOPIC = "create topic t replication_factor=3 min_insync_replicas=2"


def produce(raw: Outside, value: str, acks: int, broker: int) -> int:
    sent = Batch(0, 1, 70, "", -1, -1, -1, 0, -1, 0, 0, (None,), (value,))
    return raw.send(ProduceRequest(acks, (("t", 0, sent),), 30 * S), broker)


def isr(watched: Run) -> list[int]:
    return watched.state.cluster.partition("t", 0).isr


def test_r20_a_broker_that_is_on_its_way_out_is_not_taken_in_again() -> None:
    """Its fetches still reach the new leader; acks=all must not wait for it."""
    watched = run(TOPIC).to(5 * S).do("stop broker 1").to(6 * S)
    assert of(watched, IsrProposed) == []
    raw = Outside(watched)
    number = produce(raw, "after the stop", -1, 2)
    watched.to(6_100 * MS)
    answer = raw.answer(number)
    assert isinstance(answer, ProduceResponse)
    assert answer.partitions == (PartitionProduceResponse("t", 0, 0, 0),)


@pytest.mark.parametrize("gap_us", [0, 1, 1_000, 1_001, 2_000, 3_000])
def test_r20_two_followers_that_come_back_together_are_both_taken_in(gap_us: int) -> None:
    watched = run(TOPIC).to(5 * S).do("kill broker 2", "kill broker 3").to(20 * S)
    assert isr(watched) == [1]
    watched.do("restart broker 2").to(20 * S + gap_us).do("restart broker 3").to(30 * S)
    assert isr(watched) == [1, 2, 3]


def test_r26_a_leadership_that_wrote_nothing_is_forgotten() -> None:
    """Broker 2 led in epoch 1 and wrote nothing; when it follows, nobody knows of its epoch, and it rejoins all the same."""
    watched = run(TOPIC).to(5 * S).do("kill broker 1").to(20 * S)
    watched.do("restart broker 1").to(30 * S).do("kill broker 2").to(45 * S)
    watched.do("restart broker 2").to(60 * S)
    assert [event.broker for event in of(watched, LeadershipForgotten)] == [2]
    assert isr(watched) == [1, 2, 3]


def test_r27_r33_what_waited_at_a_frozen_leader_is_done_before_it_hears_of_its_successor() -> None:
    watched = run(TOPIC).to(5 * S).do("pause broker 1").to(5_100 * MS)
    one, all_ = Outside(watched, "one"), Outside(watched, "all")
    first, second = produce(one, "e", 1, 1), produce(all_, "f", -1, 1)
    watched.to(30 * S)
    assert watched.state.cluster.partition("t", 0).leader == 2
    watched.do("resume broker 1").to(40 * S)
    answers = [one.answer(first), all_.answer(second)]
    errors = [a.partitions[0].error for a in answers if isinstance(a, ProduceResponse)]
    assert errors == [0, Error.NOT_LEADER_OR_FOLLOWER]
    assert watched.state.cluster.partition("t", 0).replicas[1].log.end == 0


def test_r23_a_new_min_insync_replicas_clears_the_eligible_replicas_without_a_record() -> None:
    watched = run(TOPIC).to(5 * S).do("kill broker 3").to(20 * S).do("kill broker 2").to(35 * S)
    partition = watched.state.cluster.partition("t", 0)
    raw = Outside(watched)
    produce(raw, "x", 1, 1)
    watched.to(36 * S)
    before = partition.partition_epoch
    assert (partition.isr, partition.elr, partition.led.high_watermark) == ([1], [2], 0)
    watched.do("alter topic t min.insync.replicas=1").to(37 * S)
    assert (partition.elr, partition.partition_epoch, partition.led.high_watermark) == ([], before, 0)
    produce(raw, "y", -1, 1)
    watched.to(38 * S)
    assert partition.led.high_watermark == 2


def test_r26_r27_offset_for_leader_epoch() -> None:
    watched = run(TOPIC).to(5 * S)
    raw = Outside(watched)
    produce(raw, "a", -1, 1)
    watched.to(6 * S).do("kill broker 1").to(20 * S)
    other = Outside(watched, "other")
    produce(other, "b", -1, 2)
    watched.to(21 * S)

    def ask(broker: int, current: int, epoch: int, topic: str = "t") -> tuple[int, int, int]:
        answer = other.ask(OffsetForLeaderEpochRequest(((topic, 0, current, epoch),)), broker)
        assert isinstance(answer, OffsetForLeaderEpochResponse)
        return answer.partitions[0][2:]

    assert ask(2, -1, 0) == (0, 0, 1)
    assert ask(2, 1, 1) == (0, 1, 2)
    assert ask(2, 0, 0) == (Error.FENCED_LEADER_EPOCH, -1, -1)
    assert ask(2, 9, 0) == (Error.UNKNOWN_LEADER_EPOCH, -1, -1)
    assert ask(3, 1, 0) == (Error.NOT_LEADER_OR_FOLLOWER, -1, -1)
    assert ask(2, -1, 0, "nowhere") == (Error.UNKNOWN_TOPIC_OR_PARTITION, -1, -1)


def test_r29_acks_0_is_over_when_it_is_written_whatever_happens_to_the_socket() -> None:
    watched = run(TOPIC, "add producer p topic=t acks=0 rate=50/s enable.idempotence=false linger=0ms")
    watched.to(2 * S).do("pause broker 1").to(3 * S).do("kill broker 1").to(25 * S)
    assert watched.state.cluster.producers["p"].requests[1] == 0
    assert len(of(watched, PartitionChanged)) == 1


def test_r14_leaderships_go_back_to_the_preferred_replica_at_the_next_check() -> None:
    watched = run(TOPIC).to(5 * S).do("kill broker 1").to(20 * S).do("restart broker 1").to(299 * S)
    assert (watched.state.cluster.partition("t", 0).leader, isr(watched)) == (2, [1, 2, 3])
    watched.to(301 * S)
    last = of(watched, PartitionChanged)[-1]
    assert (last.at_us, last.leader, last.leader_epoch, last.isr) == (300 * S, 1, 2, (1, 2, 3))


def test_r14_a_check_that_cannot_give_a_leadership_back_looks_again_later() -> None:
    watched = run(TOPIC).to(5 * S).do("kill broker 1").to(310 * S).do("restart broker 1").to(599 * S)
    assert watched.state.cluster.partition("t", 0).leader == 2
    assert watched.to(601 * S).state.cluster.partition("t", 0).leader == 1


def test_r24_the_periodic_check_elects_uncleanly_where_the_topic_allows_it_since() -> None:
    """The changed setting is no trigger (R24); the check every unclean.leader.election.interval.ms is."""
    watched = run("create topic t replication_factor=2 min_insync_replicas=1").to(5 * S).do("kill broker 2")
    watched.to(20 * S).do("kill broker 1").to(40 * S).do("restart broker 2").to(50 * S)
    partition = watched.state.cluster.partition("t", 0)
    assert (partition.leader, partition.elr) == (-1, [1])
    watched.do("alter topic t unclean.leader.election.enable=true").to(299 * S)
    assert partition.leader == -1
    watched.to(301 * S)
    assert (partition.leader, partition.isr, partition.recovering) == (2, [2], True)


@pytest.mark.parametrize("idempotent", ["true", "false"])
def test_r31_what_lies_in_a_frozen_socket_is_written_though_its_client_gave_up(idempotent: str) -> None:
    """The application is told that it failed, the log has it: once if idempotent, else once for each time it was sent (R33)."""
    watched = run(
        "create topic t replication_factor=1",
        "add producer p topic=t rate=1/s count=2 linger=0ms delivery.timeout.ms=3000 request.timeout.ms=1000"
        f" enable.idempotence={idempotent} start=1s",
        brokers=1,
    )
    watched.to(1_500 * MS).do("pause broker 1").to(6 * S)
    partition = watched.state.cluster.partition("t", 0)
    failed = of(watched, RecordsFailed)
    assert [(event.first_number, event.count) for event in failed] == [(1, 1)]
    assert partition.led.log.end == 1
    watched.do("resume broker 1").to(8 * S)
    sends = [e for e in of(watched, RequestSent, 1_500 * MS) if isinstance(e.request, ProduceRequest)]
    assert partition.led.log.end == 1 + (1 if idempotent == "true" else len(sends))
    assert len(sends) == 3
    assert not [name for name in watched.state.cluster.connections if "closed" in name]
