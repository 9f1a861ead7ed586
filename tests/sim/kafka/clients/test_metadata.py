"""What clients believe of partition leaders, how they find out, and that groups live on over failovers."""

from __future__ import annotations

import msgspec
import pytest

from mqviz.kafka.coordinators import offsets_partition
from mqviz.model.kafka.clients.producer.events import BatchRetried, RecordsAcknowledged
from mqviz.model.kafka.controller.events import CoordinatorsMoved, PartitionChanged
from mqviz.model.kafka.log.events import BatchAppended
from mqviz.model.kafka.metadata.events import MetadataLearned
from mqviz.model.kafka.metadata.state import belief, node_of
from mqviz.model.kafka.network.events import RequestSent, ResponseSent
from mqviz.model.kafka.protocol.requests import OffsetFetchRequest, ProduceRequest
from mqviz.model.kafka.protocol.responses import ProduceResponse
from mqviz.scenario import Scenario
from mqviz.sim.kafka.coordinator.lookup import coordinator_of
from mqviz.sim.kafka.coordinator.share.fetch import ShareSessions
from tests.sim.kafka.worlds import MS, S, cluster, of, run, times
from tests.sim.worlds import Run

TOPIC = "create topic t replication_factor=3 min_insync_replicas=2"


def with_settings(scenario: Scenario, config: dict[str, int | str]) -> Scenario:
    plan = msgspec.structs.replace(scenario.cluster, settings=config)
    return msgspec.structs.replace(scenario, cluster=plan)


def believed(watched: Run, client: str, name: str, topic: str = "t", number: int = 0) -> tuple[int, int]:
    return belief(watched.state.cluster.partition(topic, number), node_of(client, name, 1))


def test_r35_a_producer_finds_the_new_leader_by_its_next_refresh_after_the_election() -> None:
    watched = run(TOPIC, "add producer p topic=t rate=0/s linger=0s").to(11_498_900)
    watched.do("send record p").to(11_500 * MS).do("kill broker 1").to(30 * S)
    tries = times(watched, BatchRetried)
    assert tries[0] == 11_501 * MS
    assert len(tries) >= 8
    learned = times(watched, MetadataLearned, client="p")
    assert len(learned) == 1
    assert 19_127 * MS <= learned[0] <= 19_127 * MS + 1_200 * MS + 4 * MS
    assert times(watched, RecordsAcknowledged) == [learned[0] + 4_400]
    assert believed(watched, "producer", "p") == (2, 1)


def test_r35_until_it_is_told_a_client_believes_in_the_old_leader() -> None:
    watched = run(TOPIC, "add producer p topic=t rate=0/s linger=0s").to(S).do("kill broker 1").to(15 * S)
    assert watched.state.cluster.partition("t", 0).leader == 2
    assert believed(watched, "producer", "p") == (1, 0)
    watched.do("send record p").to(15_100 * MS)
    assert [(e.broker, e.at_us) for e in of(watched, RequestSent, 15 * S, client="producer")] == [
        (1, 15 * S),
        (2, 15_004 * MS),
    ]
    assert watched.state.cluster.producers["p"].acknowledged == 1


def test_r35_an_error_6_names_the_new_leader_and_no_backoff_is_waited() -> None:
    watched = run(TOPIC, "add producer p topic=t rate=0/s linger=0s").to(S)
    watched.do("pause broker 3", "send record p").to(S + 100 * MS).do("stop broker 1").to(S + 150 * MS)
    answers = [e.response for e in of(watched, ResponseSent) if isinstance(e.response, ProduceResponse)]
    assert [part.current_leader for part in answers[0].partitions] == [(2, 1)]
    learned = times(watched, MetadataLearned, client="p")[0]
    again = [e for e in of(watched, RequestSent, client="producer") if isinstance(e.request, ProduceRequest)][
        1
    ]
    assert (again.at_us, again.broker) == (learned, 2)


def test_r27_r35_a_client_that_is_cut_off_with_the_old_leader_goes_on_believing_in_it() -> None:
    watched = run(TOPIC, "add producer p topic=t rate=10/s linger=0s acks=1").to(S)
    watched.do("isolate broker 1 also=p").to(20 * S)
    assert watched.state.cluster.partition("t", 0).leader == 2
    assert believed(watched, "producer", "p") == (1, 0)
    before = watched.state.cluster.producers["p"].acknowledged
    assert before > 150
    watched.do("heal broker 1").to(21 * S)
    assert believed(watched, "producer", "p") == (2, 1)
    assert watched.state.cluster.producers["p"].acknowledged > before


def test_r35_metadata_that_is_too_old_is_asked_for_again() -> None:
    watched = run(TOPIC, "add producer p topic=t rate=0/s metadata.max.age.ms=30000").to(S)
    watched.do("stop broker 1").to(29_999 * MS)
    assert believed(watched, "producer", "p") == (1, 0)
    watched.to(31 * S)
    assert times(watched, MetadataLearned) == [30_002 * MS]


def test_r35_a_stale_broker_cannot_take_back_what_a_client_knows() -> None:
    watched = run(TOPIC, "add producer p topic=t rate=5/s linger=0s").to(S).do("isolate broker 3")
    watched.to(5 * S).do("stop broker 1").to(6 * S)
    assert believed(watched, "producer", "p") == (2, 1)
    watched.do("kill broker 2").to(7 * S)
    assert {e.leaders for e in of(watched, MetadataLearned)} == {(("t", 0, 2, 1),)}


def test_r35_a_producer_of_a_leaderless_partition_asks_until_there_is_a_leader() -> None:
    watched = run(
        "create topic t replication_factor=2", "add producer p topic=t rate=0/s linger=0s", brokers=3
    )
    watched.to(S).do("stop broker 2").to(2 * S).do("kill broker 1").to(15 * S).do("send record p").to(20 * S)
    assert watched.state.cluster.partition("t", 0).leader == -1
    assert believed(watched, "producer", "p")[0] == -1
    assert len(times(watched, RequestSent, 15_010 * MS, client="producer")) == 0
    watched.do("restart broker 1").to(40 * S)
    assert watched.state.cluster.producers["p"].acknowledged == 1


COORDINATOR = offsets_partition("g") % 3 + 1
GROUP = "add consumer {} group=g topic=t group.protocol={} processing=1ms auto_offset_reset=earliest"


@pytest.mark.parametrize(
    ("protocol", "fault", "broker"),
    [
        ("classic", "kill", 1),  # leads partition 0
        ("classic", "stop", 1),
        ("classic", "pause", 2),
        ("classic", "kill", COORDINATOR),
        ("consumer", "stop", 1),
        ("consumer", "isolate", 1),
        ("consumer", "kill", 2),
        ("consumer", "kill", COORDINATOR),
    ],
)
def test_r35_r99_a_group_survives_the_end_of_any_broker(protocol: str, fault: str, broker: int) -> None:
    watched = run(
        "create topic t partitions=2 replication_factor=3 min_insync_replicas=2",
        "add producer p topic=t rate=2/s linger=0s keys=a,b,c,d",
        *(GROUP.format(name, protocol) for name in ("c1", "c2")),
    ).to(5 * S)
    watched.do(f"{fault} broker {broker}").to(22 * S).do("set producer p rate=0/s").to(60 * S)
    producer = watched.state.cluster.producers["p"]
    assert producer.acknowledged == producer.sent
    topic = watched.state.cluster.topics["t"]
    group = watched.state.cluster.groups["g"]
    ends = {p.key: p.led.high_watermark for p in topic.partitions}
    assert sum(ends.values()) == producer.sent
    assert {key: record.committed for key, record in group.records.items()} == ends
    assert {e.leader for e in of(watched, PartitionChanged)} <= {1, 2, 3}
    assert of(watched, BatchAppended)


def test_r130_a_share_group_reads_on_from_the_new_leader() -> None:
    watched = run(TOPIC, "add producer p topic=t rate=5/s linger=0s").to(S)
    watched.do("add share-consumer s1 group=q topic=t processing=1ms").to(12 * S)
    watched.do("kill broker 1").to(40 * S).do("set producer p rate=0/s").to(60 * S)
    done = watched.state.cluster.share_groups["q"].windows["t-0"]
    assert done.start == watched.state.cluster.partition("t", 0).led.high_watermark


@pytest.mark.parametrize("fault", ["kill", "stop", "pause", "isolate"])
def test_r14_r99_coordinators_move_with_their_partitions_and_come_back_with_the_preferred_leader(
    fault: str,
) -> None:
    back = {"kill": "restart", "stop": "restart", "pause": "resume", "isolate": "heal"}[fault]
    config = {"leader.imbalance.check.interval.seconds": 60}
    watched = Run(with_settings(cluster(TOPIC, GROUP.format("c1", "consumer")), config)).to(5 * S)
    watched.do(f"{fault} broker {COORDINATOR}").to(20 * S)
    second = COORDINATOR % 3 + 1
    assert watched.state.cluster.groups["g"].coordinator == second
    assert coordinator_of(watched.backend._sim, "g") == second
    watched.do(f"{back} broker {COORDINATOR}").to(59 * S)
    assert coordinator_of(watched.backend._sim, "g") == second
    watched.to(61 * S)
    assert coordinator_of(watched.backend._sim, "g") == COORDINATOR
    assert watched.state.cluster.groups["g"].coordinator == COORDINATOR
    assert len(of(watched, CoordinatorsMoved)) == 2


def test_r61_r99_a_group_of_a_cluster_with_one_broker_waits_for_it() -> None:
    watched = run(
        "create topic t",
        "add producer p topic=t rate=2/s linger=0s",
        GROUP.format("c1", "classic"),
        brokers=1,
    ).to(5 * S)
    watched.do("kill broker 1").to(60 * S).do("restart broker 1").to(70 * S).do("set producer p rate=0/s").to(
        80 * S
    )
    group = watched.state.cluster.groups["g"]
    assert (group.state, group.generation, len(group.members)) == ("Stable", 1, 1)
    assert group.records["t-0"].committed == watched.state.cluster.partition("t", 0).led.high_watermark


def test_r132_the_sessions_of_share_consumers_die_with_the_broker() -> None:
    watched = run(TOPIC, "add producer p topic=t rate=0/s linger=0s").to(S)
    watched.do("add share-consumer s1 group=q topic=t processing=5s").to(2 * S).do("send record p").to(3 * S)
    watched.do("kill broker 1").to(4 * S).do("restart broker 1").to(12 * S)
    assert not [s for s in watched.backend._sim.part(ShareSessions).sessions.values() if s.broker == 1]
    watched.do("send record p").to(70 * S)
    window = watched.state.cluster.share_groups["q"].windows["t-0"]
    assert window.start == watched.state.cluster.partition("t", 0).led.high_watermark == 2


def test_r35_r81_where_to_begin_is_asked_again_after_a_backoff_while_nobody_leads() -> None:
    """Without a commit and without a leader the coordinator is asked some times a second, not once a round trip."""
    watched = run("create topic t replicas=2").to(5 * S).do("kill broker 2").to(20 * S)
    watched.do("add consumer c1 group=g topic=t auto_offset_reset=earliest").to(40 * S)
    asked = [event for event in of(watched, RequestSent) if isinstance(event.request, OffsetFetchRequest)]
    assert 1 < len(asked) <= 200
    watched.do("restart broker 2").to(60 * S)
    assert watched.state.cluster.consumers["c1"].partition_states["t-0"].position == 0
