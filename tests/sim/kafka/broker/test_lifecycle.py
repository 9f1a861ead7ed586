"""Brokers that die, stop, freeze and come back: who leads when, what is kept and what is lost."""

from __future__ import annotations

import pytest

from mqviz.model.kafka.cluster import Partition
from mqviz.model.kafka.controller.events import BrokerFenced, PartitionChanged
from mqviz.model.kafka.log.batch import Batch
from mqviz.model.kafka.protocol.requests import ListOffsetsRequest, ProduceRequest
from mqviz.model.kafka.protocol.responses import ListOffsetsResponse, NoResponse, ProduceResponse
from mqviz.model.kafka.replication.events import LeadershipLearned, ReplicaTruncated
from mqviz.sim.kafka.controller import controller
from mqviz.sim.kafka.replication import isr
from tests.sim.kafka.worlds import MS, Outside, S, of, run, times
from tests.sim.worlds import Run

TOPIC = "create topic t replication_factor=3 min_insync_replicas=2"


def partition(watched: Run) -> Partition:
    return watched.state.cluster.topics["t"].partitions[0]


def batch(value: str) -> Batch:
    return Batch(0, 1, 70, "", -1, -1, -1, 0, -1, 0, 0, (None,), (value,))


def produce(raw: Outside, value: str, acks: int = -1, broker: int = 1, timeout_us: int = 30 * S) -> int:
    return raw.send(ProduceRequest(acks, (("t", 0, batch(value)),), timeout_us), broker)


def outcome(raw: Outside, number: int) -> tuple[int, int] | None:
    """(error, base offset) of a produce; None: not answered."""
    answer = raw.answer(number)
    if not isinstance(answer, ProduceResponse):
        return None
    return answer.partitions[0].error, answer.partitions[0].base_offset


def values(watched: Run, broker: int) -> list[str | None]:
    log = partition(watched).replicas[broker].log
    return [value for each in log.forwards(log.start) for value in each.values or ()]


def test_r10_a_killed_leader_is_fenced_at_the_next_check_and_another_leads_two_ms_later() -> None:
    watched = run(TOPIC).to(11_500 * MS).do("kill broker 1").to(30 * S)
    assert times(watched, BrokerFenced) == [19_125 * MS]
    assert times(watched, PartitionChanged) == [19_126 * MS]
    assert times(watched, LeadershipLearned) == [19_127 * MS] * 2
    changed = of(watched, PartitionChanged)[0]
    assert (changed.leader, changed.leader_epoch, changed.isr, changed.elr) == (2, 1, (2, 3), ())


@pytest.mark.parametrize("kill_ms", range(10_000, 12_000, 250))
def test_r10_without_a_leader_for_7_to_10_1_seconds(kill_ms: int) -> None:
    watched = run(TOPIC).to(kill_ms * MS).do("kill broker 1").to(30 * S)
    gap_us = times(watched, BrokerFenced)[0] - kill_ms * MS
    assert 7_000 * MS <= gap_us <= 10_125 * MS


def test_r10_two_silent_brokers_are_given_up_one_after_the_other() -> None:
    watched = run("create topic t replication_factor=2").to(11_500 * MS)
    watched.do("isolate broker 1", "isolate broker 2").to(30 * S)
    assert times(watched, BrokerFenced) == [19_125 * MS, 19_126 * MS]
    first, second = of(watched, PartitionChanged)
    assert (first.leader, first.isr) == (2, (2,))
    assert (second.leader, second.isr, second.elr, second.last_known_elr) == (-1, (), (2,), (2,))


def test_r11_a_controlled_stop_leaves_no_gap() -> None:
    watched = run(TOPIC).to(11_500 * MS).do("stop broker 1").to(14 * S)
    assert times(watched, PartitionChanged)[0] - 11_500 * MS <= 3 * MS
    assert partition(watched).leader == 2
    assert watched.state.cluster.brokers[1].process == "stopped"


def test_r33c_acknowledged_by_the_leader_alone_and_lost_when_it_returns() -> None:
    watched = run(TOPIC).to(5 * S)
    raw = Outside(watched)
    first = produce(raw, "everywhere")
    watched.to(6 * S).do("pause broker 2", "pause broker 3").to(6_100 * MS)
    lonely = produce(raw, "lonely", acks=1)
    watched.to(6_200 * MS)
    assert outcome(raw, first) == (0, 0)
    assert outcome(raw, lonely) == (0, 1)
    watched.do("kill broker 1", "resume broker 2", "resume broker 3").to(25 * S)
    other = Outside(watched, "other")
    again = produce(other, "new", broker=2)
    watched.to(26 * S)
    assert outcome(other, again) == (0, 1)
    watched.do("restart broker 1").to(40 * S)
    cut = of(watched, ReplicaTruncated)[0]
    assert (cut.broker, cut.before, cut.end, cut.records) == (1, 2, 1, 1)
    assert [values(watched, broker) for broker in (1, 2, 3)] == [["everywhere", "new"]] * 3
    assert sorted(partition(watched).isr) == [1, 2, 3]


def test_r33f_two_dead_followers_acks_1_is_accepted_and_invisible_and_acks_all_refused() -> None:
    watched = run(TOPIC).to(5 * S).do("kill broker 2", "kill broker 3").to(20 * S)
    raw = Outside(watched)
    one, every = produce(raw, "one", acks=1), produce(raw, "all")
    watched.to(21 * S)
    assert outcome(raw, one) == (0, 0)
    assert outcome(raw, every) == (19, -1)
    assert partition(watched).led.high_watermark == 0
    assert (partition(watched).isr, partition(watched).elr) == ([1], [3])


def test_r23_eligible_replicas_follow_the_example() -> None:
    watched = run(TOPIC).to(5 * S).do("isolate broker 3").to(20 * S)
    assert (partition(watched).isr, partition(watched).elr) == ([1, 2], [])
    watched.do("isolate broker 2").to(40 * S)
    assert (partition(watched).isr, partition(watched).elr) == ([1], [2])
    watched.do("isolate broker 1").to(60 * S)
    found = partition(watched)
    assert (found.leader, found.isr, found.elr) == (-1, [], [1, 2])
    watched.do("heal broker 2").to(61 * S)
    assert (found.leader, found.isr, found.elr) == (2, [2], [1])


def test_r31_a_request_in_flight_to_a_broker_that_dies_fails_with_13() -> None:
    watched = run(TOPIC, "add producer p topic=t rate=0/s linger=0s").to(5 * S)
    watched.do("pause broker 2", "pause broker 3", "send record p").to(5_010 * MS)
    watched.do("kill broker 1").to(5_020 * MS)
    assert watched.state.cluster.producers["p"].acknowledged == 0
    assert not [f for f in watched.state.cluster.requests.values() if isinstance(f.response, NoResponse)]


def test_r29_r31_parked_acks_all_ends_with_7_after_the_request_s_timeout() -> None:
    watched = run(TOPIC).to(5 * S).do("pause broker 2", "pause broker 3").to(5_100 * MS)
    raw = Outside(watched)
    number = produce(raw, "x", timeout_us=1_000 * MS)
    watched.to(7 * S)
    assert outcome(raw, number) == (7, 0)


def test_r24_unclean_election_by_hand_loses_what_the_new_leader_never_had() -> None:
    watched = run("create topic t replication_factor=2").to(5 * S).do("pause broker 2").to(20 * S)
    raw = Outside(watched)
    number = produce(raw, "only on 1")
    watched.to(21 * S)
    assert outcome(raw, number) == (0, 0)
    watched.do("kill broker 1").to(40 * S).do("resume broker 2").to(50 * S)
    assert partition(watched).leader == -1
    watched.do("elect leader topic=t partition=0 how=unclean").to(51 * S)
    found = partition(watched)
    assert (found.leader, found.isr, found.recovering) == (2, [2], True)
    assert values(watched, 2) == []
    watched.do("restart broker 1").to(60 * S)
    assert values(watched, 1) == []


@pytest.mark.parametrize(
    ("fault", "back"),
    [("kill", "restart"), ("stop", "restart"), ("isolate", "heal"), ("pause", "resume")],
)
def test_r20_r28_a_follower_that_comes_back_is_in_sync_again_without_new_records(
    fault: str, back: str
) -> None:
    watched = run(TOPIC).to(5 * S).do(f"{fault} broker 3").to(60 * S)
    assert partition(watched).isr == [1, 2]
    watched.do(f"{back} broker 3").to(64 * S)
    assert partition(watched).isr == [1, 2, 3]


def test_r28_below_min_insync_acks_all_is_accepted_again_once_followers_are_back() -> None:
    watched = run(TOPIC).to(5 * S).do("kill broker 2", "kill broker 3").to(30 * S)
    watched.do("restart broker 2", "restart broker 3").to(40 * S)
    raw = Outside(watched)
    number = produce(raw, "x")
    watched.to(41 * S)
    assert outcome(raw, number) == (0, 0)


def test_r5_r11_a_stop_that_the_controller_cannot_hear_moves_nothing_before_the_fencing() -> None:
    watched = run(TOPIC).to(5 * S).do("isolate broker 1").to(5_100 * MS).do("stop broker 1").to(6 * S)
    assert (partition(watched).leader, watched.state.cluster.brokers[1].process) == (1, "stopping")
    watched.to(20 * S)
    assert partition(watched).leader == 2
    watched.to(310 * S)
    assert watched.state.cluster.brokers[1].process == "stopped"


def test_r6_everybody_whom_a_cut_kept_from_the_controller_learns_when_it_heals() -> None:
    watched = run(TOPIC).to(5 * S).do("isolate broker 1 also=controller").to(5_500 * MS)
    watched.do("stop broker 1").to(7 * S).do("heal broker 1").to(8 * S)
    copies = partition(watched).replicas
    assert [(copies[b].leader, copies[b].leader_epoch) for b in (2, 3)] == [(2, 1)] * 2


def test_list_offsets_of_a_topic_that_is_not_there_is_answered() -> None:
    watched = run(TOPIC).to(5 * S)
    answer = Outside(watched).ask(ListOffsetsRequest("latest", (("nope", 0), ("t", 7))))
    assert isinstance(answer, ListOffsetsResponse)
    assert [part[2] for part in answer.partitions] == [3, 3]


def test_r20_a_proposal_that_the_controller_refuses_is_not_waited_for() -> None:
    watched = run(TOPIC, "add producer p topic=t rate=0/s linger=0s").to(5 * S).do("isolate broker 3")
    watched.to(20 * S).do("heal broker 3").to(20_001 * MS)
    sim = watched.backend._sim
    isr.propose(sim, sim.state.cluster.partition("t", 0), 1, [1, 2, 3])
    controller.fence(sim, 3, "silent")
    watched.to(20_004 * MS).do("send record p").to(20_020 * MS)
    assert not partition(watched).replicas[1].pending
    assert watched.state.cluster.producers["p"].acknowledged == 1


@pytest.mark.parametrize("at_us", range(12_000_000, 12_004_000, 400))
def test_r11_r20_a_stop_in_the_middle_of_a_write_does_not_stall_the_high_watermark(at_us: int) -> None:
    watched = run(TOPIC, "add producer p topic=t rate=0/s linger=0s").to(12 * S)
    watched.do("send record p").to(at_us).do("stop broker 3").to(13 * S).do("send record p").to(14 * S)
    assert watched.state.cluster.producers["p"].acknowledged == 2


def test_r70_a_dead_broker_deletes_nothing_until_it_runs_again() -> None:
    topic = "create topic t replication_factor=2 retention.ms=5000"
    watched = run(topic, "add producer p topic=t rate=0/s linger=0s").to(S).do("send record p").to(2 * S)
    watched.do("kill broker 2").to(40 * S)
    assert [segment.base_offset for segment in partition(watched).replicas[1].log.segments] == [1]
    assert partition(watched).replicas[2].log.start == 0
    watched.do("restart broker 2").to(331 * S)
    assert partition(watched).replicas[2].log.start == 1


def test_r16_a_follower_that_comes_back_learns_the_high_watermark_without_new_records() -> None:
    watched = run(TOPIC, "add producer p topic=t rate=0/s linger=0s").to(S).do("send record p")
    watched.to(S + 3_000).do("kill broker 3").to(15 * S)
    copies = partition(watched).replicas
    assert (copies[1].high_watermark, copies[3].high_watermark, copies[3].log.end) == (1, 0, 1)
    watched.do("restart broker 3").to(19 * S)
    assert partition(watched).replicas[3].high_watermark == 1
