"""Controllers that die (R9), what brokers say of leaderships (R25, R27), and connections that they close (R29)."""

from __future__ import annotations

import msgspec
import pytest

from mqviz.backend import Refused
from mqviz.model.kafka.controller.events import BrokerFenced, ControllerElected, PartitionChanged
from mqviz.model.kafka.metadata.events import MetadataLearned
from mqviz.model.kafka.network.events import ConnectionBroken
from mqviz.model.kafka.protocol.requests import FetchRequest, ListOffsetsRequest
from mqviz.model.kafka.protocol.responses import FetchResponse, ListOffsetsResponse
from tests.sim.kafka.worlds import MS, Outside, S, cluster, of, run, times
from tests.sim.worlds import Run

TOPIC = "create topic t replication_factor=3 min_insync_replicas=2"


def test_r9_without_a_majority_nobody_is_fenced_or_elected_and_leaders_go_on() -> None:
    watched = run(TOPIC, "add producer p topic=t rate=5/s linger=0s").to(5 * S)
    watched.do("kill controller 1", "kill controller 2").to(6 * S).do("kill broker 3").to(40 * S)
    assert not of(watched, BrokerFenced)
    assert not of(watched, PartitionChanged)
    producer = watched.state.cluster.producers["p"]
    assert 0 < producer.acknowledged < producer.sent  # acks=all waits for the dead follower
    assert watched.state.cluster.quorum.active == 0
    with pytest.raises(Refused, match="majority"):
        watched.do("create topic u")
    for text in ("add partitions t to=5", "delete topic t", "alter topic t retention.ms=5000"):
        with pytest.raises(Refused, match="majority"):
            watched.do(text)
    watched.do("restart controller 1").to(41_002 * MS)
    assert watched.state.cluster.quorum.active == 0
    watched.to(60 * S)
    elected = of(watched, ControllerElected)[-1]
    assert (elected.controller, elected.at_us) == (1, 41_002 * MS)
    fenced_us = times(watched, BrokerFenced)[0]
    assert elected.at_us + 9 * S <= fenced_us <= elected.at_us + 10_126 * MS
    watched.do("set producer p rate=0/s").to(62 * S)
    producer = watched.state.cluster.producers["p"]
    assert producer.acknowledged == producer.sent
    watched.do("create topic u").to(63 * S)
    assert "u" in watched.state.cluster.topics


def test_r9_the_active_controller_dies_and_another_decides_after_the_fetch_timeout() -> None:
    watched = run(TOPIC).to(5 * S).do("kill broker 1").to(6 * S).do("kill controller 1").to(30 * S)
    assert [(e.controller, e.at_us) for e in of(watched, ControllerElected)] == [(0, 6 * S), (2, 8_002 * MS)]
    assert watched.state.cluster.partition("t", 0).leader == 2
    assert (
        times(watched, BrokerFenced)[0] >= 17_002 * MS
    )  # a new controller gives every broker a whole session


def test_r9_a_voter_that_does_not_decide_may_die() -> None:
    watched = run(TOPIC).to(5 * S).do("kill controller 3").to(6 * S)
    assert watched.state.cluster.quorum.active == 1
    assert not of(watched, ControllerElected)
    with pytest.raises(Refused, match="does not run"):
        watched.do("kill controller 3")
    with pytest.raises(Refused, match="there is no controller 4"):
        watched.do("kill controller 4")


def test_r9_the_number_of_controllers_is_the_scenario_s() -> None:
    scenario = cluster(TOPIC)
    plan = msgspec.structs.replace(scenario.cluster, controllers=1)
    watched = Run(msgspec.structs.replace(scenario, cluster=plan)).to(S).do("kill controller 1").to(2 * S)
    assert watched.state.cluster.quorum.active == 0


def test_r29_an_error_to_acks_0_closes_the_connection_and_the_client_looks_for_the_leader() -> None:
    watched = run(TOPIC, "add producer p topic=t rate=0/s linger=0s acks=0").to(S).do("stop broker 1")
    watched.to(5 * S).do("send record p").to(6 * S)  # it learns of broker 2
    watched.do("restart broker 1").to(10 * S).do("elect leader topic=t partition=0").to(11 * S)
    assert watched.state.cluster.partition("t", 0).leader == 1
    watched.do("send record p").to(12 * S)
    broken = of(watched, ConnectionBroken, 11 * S)
    assert [(event.connection, event.at_us) for event in broken] == [("producer p to 2", 11_002_200)]
    assert [event.leaders for event in of(watched, MetadataLearned, 11 * S)] == [(("t", 0, 1, 2),)]
    watched.do("send record p").to(13 * S)
    log = watched.state.cluster.partition("t", 0).replicas[1].log
    sent = [batch.first_number for batch in log.forwards(0)]
    assert sent[-1] == 2
    assert 1 not in sent


def fetched(raw: Outside, epoch: int, broker: int) -> int:
    answer = raw.ask(FetchRequest((("t", 0, 0),), max_wait_us=0, epochs=(epoch,)), broker)
    assert isinstance(answer, FetchResponse)
    return answer.partitions[0].error if answer.partitions else 0


def test_r27_a_request_names_the_leader_epoch_that_it_believes_in() -> None:
    watched = run(TOPIC).to(S).do("stop broker 1").to(2 * S)
    raw = Outside(watched)
    assert watched.state.cluster.partition("t", 0).leader_epoch == 1
    assert fetched(raw, 0, 2) == 74
    assert fetched(raw, 1, 2) == 0
    assert fetched(raw, 2, 2) == 75
    assert fetched(raw, 1, 3) == 0  # since version 11 of Fetch a follower serves from its copy (R36)
    assert fetched(raw, 0, 3) == 74


def test_r27_a_deposed_leader_that_knows_nothing_yet_calls_the_new_epoch_unknown() -> None:
    watched = run(TOPIC).to(S).do("isolate broker 1 also=raw").to(15 * S)
    assert watched.state.cluster.partition("t", 0).leader == 2
    assert fetched(Outside(watched), 1, 1) == 75


def test_r25_the_end_of_a_log_is_not_told_before_the_new_leader_knows_it() -> None:
    watched = run(TOPIC, "add producer p topic=t rate=0/s linger=0s").to(12 * S).do("send record p")
    watched.to(12_002_500).do("kill broker 1", "pause broker 3").to(24 * S)
    raw = Outside(watched)
    partition = watched.state.cluster.partition("t", 0)
    assert (partition.leader, partition.led.high_watermark, partition.led.log.end) == (2, 0, 1)
    answer = raw.ask(ListOffsetsRequest("latest", (("t", 0),)), 2)
    assert isinstance(answer, ListOffsetsResponse)
    assert answer.partitions[0][2:] == (78, -1)
