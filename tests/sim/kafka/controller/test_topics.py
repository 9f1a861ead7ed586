"""Topics that are made by hand, grow and go while clients work (R12, R13, R48, R111, R122)."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from mqviz.backend import Refused
from mqviz.kafka.errors import Error
from mqviz.model.kafka.broker.state import Broker
from mqviz.model.kafka.clients.consumer.events import PartitionsAssigned, RejoinNeeded
from mqviz.model.kafka.clients.producer.events import RecordsFailed, SendFailed
from mqviz.model.kafka.controller.events import PartitionsAdded, TopicDeleted
from mqviz.model.kafka.log.batch import Batch
from mqviz.model.kafka.log.events import BatchAppended
from mqviz.model.kafka.metadata.events import PartitionsCounted
from mqviz.model.kafka.protocol.requests import (
    FetchRequest,
    ListOffsetsRequest,
    OffsetFetchRequest,
    ProduceRequest,
)
from mqviz.model.kafka.protocol.responses import (
    FetchResponse,
    ListOffsetsResponse,
    OffsetFetchResponse,
    ProduceResponse,
)
from mqviz.model.units import Value
from mqviz.sim.kafka.controller.placement import place
from tests.sim.kafka.worlds import MS, Outside, S, cluster, of, run, times
from tests.sim.worlds import Run

TOPIC = "create topic t partitions=2 replication_factor=2"


def refusal(watched: Run, text: str) -> str:
    with pytest.raises(Refused) as found:
        watched.do(text)
    return str(found.value)


def placed(watched: Run, topic: str = "t") -> list[list[int]]:
    return [partition.replica_ids for partition in watched.state.cluster.topics[topic].partitions]


def member(protocol: str, name: str = "c1", more: str = "") -> str:
    age = "metadata.max.age.ms=5000 default.api.timeout.ms=5000"
    return f"add consumer {name} group=g topic=t processing=0ms auto_offset_reset=earliest group.protocol={protocol} {age} {more}"


# -- placement -------------------------------------------------------------------------------------------------


def test_r12_replicas_by_hand() -> None:
    watched = run("create topic t replicas=3/1,2/3,1/2").to(1 * S)
    assert placed(watched) == [[3, 1], [2, 3], [1, 2]]
    assert [p.leader for p in watched.state.cluster.topics["t"].partitions] == [3, 2, 1]
    assert watched.state.cluster.topics["t"].replication_factor == 2


@pytest.mark.parametrize(
    ("replicas", "words"),
    [
        ("1/7", "includes broker 7, but no such broker is registered"),
        ("1/1", "includes the broker 1 more than once"),
        ("/", "includes an empty replica list"),
        (
            "1/2,3",
            "includes a partition with 1 replica(s), but this is not consistent with previous partitions, which",
        ),
    ],
)
def test_r12_replicas_by_hand_that_kafka_refuses(replicas: str, words: str) -> None:
    found = refusal(run(TOPIC).to(1 * S), f"create topic u replicas={replicas}")
    assert words in found
    assert "INVALID_REPLICA_ASSIGNMENT (39)" in found


def test_r12_replicas_by_hand_and_numbers_that_say_otherwise() -> None:
    watched = run(TOPIC).to(1 * S)
    assert "INVALID_REQUEST (42)" in refusal(watched, "create topic u replicas=1/2 partitions=3")
    assert "INVALID_REQUEST (42)" in refusal(watched, "create topic u replicas=1/2 replication_factor=3")


def test_r13_a_fenced_broker_counts_but_stands_last_and_is_not_in_sync() -> None:
    watched = run(TOPIC).to(1 * S).do("kill broker 1").to(20 * S)
    watched.do("create topic u partitions=2 replication_factor=3", "create topic v replicas=1/2").to(21 * S)
    assert placed(watched, "u") == [[2, 3, 1], [3, 2, 1]]
    parts = [*watched.state.cluster.topics["u"].partitions, *watched.state.cluster.topics["v"].partitions]
    assert [(p.leader, p.isr) for p in parts] == [(2, [2, 3]), (3, [3, 2]), (2, [2])]
    assert "All brokers specified in the manual" in refusal(watched, "create topic w replicas=1")
    watched.do("restart broker 1").to(30 * S)
    assert [sorted(p.isr) for p in parts] == [[1, 2, 3], [1, 2, 3], [1, 2]]


def test_r12_no_unfenced_broker_no_topic() -> None:
    watched = run(TOPIC, brokers=2).to(1 * S).do("kill broker 1", "kill broker 2").to(20 * S)
    assert "All brokers are currently fenced (INVALID_REPLICATION_FACTOR (38))" in refusal(
        watched, "create topic u"
    )


def test_r13_with_racks_every_partition_lies_in_different_racks() -> None:
    brokers = [
        Broker(number, rack=rack) for number, rack in enumerate(("a", "a", "b", "b", "c", "c"), start=1)
    ]
    found = place(brokers, 6, 3)
    rack = {broker.id: broker.rack for broker in brokers}
    assert all(len({rack[b] for b in ids}) == 3 for ids in found)
    assert sorted(ids[0] for ids in found) == [1, 2, 3, 4, 5, 6]
    assert place(brokers, 4, 3, first=2) == found[2:]
    assert [len(set(ids)) for ids in place(brokers, 6, 6)] == [6] * 6


def test_r13_the_scenario_s_racks_are_the_brokers() -> None:
    plain = cluster("create topic t partitions=3 replication_factor=2", brokers=4)
    plan = msgspec.structs.replace(plain.cluster, racks=("a", "a", "b", "b"))
    watched = Run(msgspec.structs.replace(plain, cluster=plan)).to(1 * S)
    assert placed(watched) == [[1, 3], [4, 2], [1, 3]]


# -- more partitions -------------------------------------------------------------------------------------------


def test_r12_partitions_are_added_and_only_added() -> None:
    watched = run(TOPIC).to(1 * S)
    for text, words in (
        ("add partitions t to=2", "Topic already has 2 partition(s) (INVALID_PARTITIONS (37))"),
        ("add partitions t to=1", "The topic t currently has 2 partition(s); 1 would not be an increase"),
        ("add partitions u to=3", "UNKNOWN_TOPIC_OR_PARTITION (3)"),
        (
            "add partitions t to=4 replicas=1/2",
            "Attempted to add 2 additional partition(s), but only 1 assignment(s)",
        ),
        ("add partitions t to=3 replicas=1", "which have 2 replica(s)"),
    ):
        assert words.replace(" (INVALID_PARTITIONS (37))", "") in refusal(watched, text)
    watched.do("add partitions t to=4").to(2 * S).do("add partitions t to=5 replicas=3/1").to(3 * S)
    assert placed(watched) == [[1, 2], [2, 3], [3, 1], [1, 2], [3, 1]]
    assert times(watched, PartitionsAdded) == [1_002 * MS, 2_002 * MS]


def test_r48_producers_use_new_partitions_when_their_metadata_is_new() -> None:
    watched = run(
        TOPIC, "add producer p topic=t rate=40/s linger=0ms keys=a,b,c,d,e,f,g,h metadata.max.age.ms=5000"
    ).to(6 * S)
    watched.do("add partitions t to=6").to(12 * S)
    told = times(watched, PartitionsCounted)
    assert [10 * S <= at_us <= 10 * S + 3 * MS for at_us in told] == [True]
    late = [e.at_us for e in of(watched, BatchAppended) if e.partition >= 2]
    assert min(late) >= told[0]


@pytest.mark.parametrize("protocol", ["classic", "consumer"])
def test_r111_r122_new_partitions_are_read_after_a_rebalance(protocol: str) -> None:
    watched = run(
        TOPIC,
        "add producer p topic=t rate=5/s linger=0ms keys=a,b,c,d,e,f,g,h metadata.max.age.ms=5000",
        member(protocol),
        member(protocol, "c2"),
    )
    watched.to(12 * S).do("add partitions t to=6").to(32 * S)
    owned = [key for c in watched.state.cluster.consumers.values() for key in c.partition_states]
    assert sorted(owned) == [f"t-{n}" for n in range(6)]
    if protocol == "classic":
        assert len(of(watched, RejoinNeeded)) >= 1
        assert all(at_us <= 12 * S + 5 * S + 10 * MS for at_us in times(watched, RejoinNeeded))
    positions = {
        k: c.position
        for one in watched.state.cluster.consumers.values()
        for k, c in one.partition_states.items()
    }
    for key, position in positions.items():
        assert position is not None
        assert position >= watched.state.cluster.partition_by_key(key).led.high_watermark - 2


def test_r130_a_share_group_reads_new_partitions() -> None:
    watched = run(TOPIC)
    watched.do("add share-consumer s group=sg topic=t").to(10 * S).do("add partitions t to=4").to(30 * S)
    group = watched.state.cluster.share_groups["sg"]
    assigned = [p for m in group.members.values() for p in m.partitions]
    assert sorted(assigned) == [("t", n) for n in range(4)]


# -- deleting --------------------------------------------------------------------------------------------------


def test_a_topic_that_is_not_there_cannot_be_deleted() -> None:
    assert "UNKNOWN_TOPIC_OR_PARTITION (3)" in refusal(run(TOPIC).to(1 * S), "delete topic u")


def test_deletion_can_be_switched_off() -> None:
    plain = cluster(TOPIC)
    settings: Any = {"delete.topic.enable": "false"}
    plan = msgspec.structs.replace(plain.cluster, settings=settings)
    watched = Run(msgspec.structs.replace(plain, cluster=plan)).to(1 * S)
    assert "TOPIC_DELETION_DISABLED (73)" in refusal(watched, "delete topic t")


def test_who_asks_for_a_deleted_topic_is_told_that_it_is_unknown() -> None:
    watched = run(TOPIC).to(1 * S)
    in_purgatory = Outside(watched, "parked")
    waiting = in_purgatory.send(FetchRequest((("t", 0, 0),), max_wait_us=30 * S))
    watched.do("pause broker 2").to(1_100 * MS)
    stalled = Outside(watched, "stalled")
    sent = Batch(0, 1, 70, "", -1, -1, -1, 0, -1, 0, 0, (None,), ("x",))
    writing = stalled.send(ProduceRequest(-1, (("t", 0, sent),)))
    watched.to(2 * S).do("delete topic t").to(3 * S)
    assert [times(watched, TopicDeleted)] == [[2_002 * MS]]
    answers = in_purgatory.answer(waiting), stalled.answer(writing)
    assert isinstance(answers[0], FetchResponse)
    assert isinstance(answers[1], ProduceResponse)
    assert [a.partitions[0].error for a in (answers[0], answers[1])] == [Error.UNKNOWN_TOPIC_OR_PARTITION] * 2
    raw = Outside(watched)
    for request in (
        ProduceRequest(1, (("t", 0, sent),)),
        FetchRequest((("t", 0, 0),)),
        ListOffsetsRequest("latest", (("t", 0),)),
        FetchRequest((("never", 0, 0),)),
    ):
        answer = raw.ask(request)
        assert isinstance(answer, FetchResponse | ProduceResponse | ListOffsetsResponse)
        error = (
            answer.partitions[0][2] if isinstance(answer, ListOffsetsResponse) else answer.partitions[0].error
        )
        assert error == Error.UNKNOWN_TOPIC_OR_PARTITION


def test_r48_r45_a_producer_whose_topic_is_gone() -> None:
    """What it holds expires after delivery.timeout.ms; what it sends later waits max.block.ms for metadata."""
    watched = run(
        TOPIC,
        "add producer p topic=t rate=1/s linger=0ms count=8 max.block.ms=2000 delivery.timeout.ms=35000",
    )
    watched.to(3_500 * MS).do("delete topic t").to(60 * S)
    failed, thrown = of(watched, RecordsFailed), of(watched, SendFailed)
    assert sum(e.count for e in failed) + len(thrown) == 4
    assert {e.error for e in failed} <= {Error.REQUEST_TIMED_OUT}
    assert {e.reason for e in thrown} == {"Topic t not present in metadata after 2000 ms."}


@pytest.mark.parametrize("protocol", ["classic", "consumer"])
def test_r111_r122_members_let_go_of_a_deleted_topic(protocol: str) -> None:
    watched = run(
        TOPIC,
        "create topic u partitions=2",
        "add producer p topic=u rate=5/s linger=0ms",
        member(protocol, more="topics=t,u").replace("topic=t ", ""),
        member(protocol, "c2", more="topics=t,u").replace("topic=t ", ""),
    )
    watched.to(12 * S).do("delete topic t").to(30 * S)
    owned = sorted(key for c in watched.state.cluster.consumers.values() for key in c.partition_states)
    assert owned == ["u-0", "u-1"]
    assert all(p[0] == "u" for e in of(watched, PartitionsAssigned, 20 * S) for p in e.partitions)
    assert all(c.state == "running" for c in watched.state.cluster.consumers.values())


def test_r82_committed_offsets_go_with_the_topic_and_a_new_one_of_that_name_begins_anew() -> None:
    watched = run(TOPIC, "add producer p topic=t rate=50/s linger=0ms count=100", member("classic"))
    watched.to(12 * S)
    raw = Outside(watched)
    where = watched.state.cluster.groups["g"].coordinator

    def committed() -> list[int]:
        answer = raw.ask(OffsetFetchRequest("g", (("t", 0), ("t", 1))), where)
        assert isinstance(answer, OffsetFetchResponse)
        return [part[3] for part in answer.partitions]

    assert sum(committed()) == 100
    watched.do("close consumer c1").to(14 * S).do("delete topic t").to(15 * S)
    assert committed() == [-1, -1]
    assert "p still use the topic t that was deleted" in refusal(watched, "create topic t")
    watched.do("close producer p").to(15_100 * MS)
    watched.do("create topic t partitions=3 replication_factor=2").to(16 * S)
    watched.do("add producer q topic=t rate=50/s linger=0ms count=30").to(20 * S)
    watched.do(member("classic", "c9")).to(40 * S)
    assert sum(p.led.log.end for p in watched.state.cluster.topics["t"].partitions) == 30
    assert sum(committed()) + raw_third(watched, raw, where) == 30


def raw_third(watched: Run, raw: Outside, where: int) -> int:
    answer = raw.ask(OffsetFetchRequest("g", (("t", 2),)), where)
    assert isinstance(answer, OffsetFetchResponse)
    return answer.partitions[0][3]


def test_a_share_group_lets_go_of_a_deleted_topic() -> None:
    watched = run(TOPIC, "add producer p topic=t rate=5/s linger=0ms")
    watched.do("add share-consumer s group=sg topic=t").to(10 * S).do("delete topic t").to(40 * S)
    group = watched.state.cluster.share_groups["sg"]
    assert sorted(p for m in group.members.values() for p in m.partitions) == []


@pytest.mark.parametrize("seed", range(2))
def test_topics_come_and_go_under_load(seed: int) -> None:
    """Made, grown and deleted while all kinds of clients work: the invariants hold, and nobody breaks."""
    watched = run(
        TOPIC,
        "create topic u partitions=2 replication_factor=3",
        "add producer p topic=t rate=2/s linger=0ms keys=a,b,c metadata.max.age.ms=3000",
        "add producer q topic=u rate=2/s metadata.max.age.ms=3000",
        member("classic", more="topics=t,u").replace("topic=t ", ""),
        member("consumer", "k1").replace("group=g", "group=k"),
        seed=seed,
    )
    watched.do("add share-consumer s group=sg topic=t").to(4 * S + seed * 777 * MS)
    watched.do("add partitions u to=3", "create topic v partitions=2 replication_factor=3", "kill broker 3")
    watched.to(watched.backend.now_us + 10 * MS)
    watched.do("add producer r topic=v rate=2/s", member("classic", "v1").replace("topic=t", "topic=v"))
    watched.to(7 * S + seed * 333 * MS).do("delete topic t").to(9 * S).do("add partitions v to=5").to(16 * S)
    watched.do("restart broker 3", "delete topic v").to(25 * S).do("add partitions u to=6").to(40 * S)
    assert len(of(watched, TopicDeleted)) == 2
    consumers = watched.state.cluster.consumers.values()
    assert {consumer.state for consumer in consumers} == {"running"}
    assert sorted(key for each in consumers for key in each.partition_states) == [f"u-{n}" for n in range(6)]


# -- settings of all brokers -------------------------------------------------------------------------------------


def test_r30_a_setting_of_all_brokers_counts_where_a_topic_has_none_of_its_own() -> None:
    watched = run(
        "create topic a replication_factor=3", "create topic b min.insync.replicas=1 replication_factor=3"
    )
    watched.to(S).do("alter cluster min.insync.replicas=2 unclean.leader.election.enable=true").to(2 * S)
    watched.do("create topic c replication_factor=3").to(3 * S)
    topics = watched.state.cluster.topics
    assert {name: topic.min_insync_replicas for name, topic in topics.items()} == {"a": 2, "b": 1, "c": 2}
    assert all(topic.setting("unclean.leader.election.enable") for topic in topics.values())
    watched.do("alter topic a min.insync.replicas=3", "alter cluster min.insync.replicas=1").to(4 * S)
    assert {name: topic.min_insync_replicas for name, topic in topics.items()} == {"a": 3, "b": 1, "c": 1}


def test_r23_a_minimum_of_all_brokers_strikes_out_the_eligible_replicas_of_every_topic() -> None:
    watched = run("create topic t replication_factor=3 min.insync.replicas=2").to(11_500 * MS)
    for broker in (3, 2):
        watched.do(f"kill broker {broker}").to(watched.backend.now_us + 15 * S)
    found = watched.state.cluster.partition("t", 0)
    assert (found.isr, found.elr) == ([1], [2])
    watched.do("alter cluster min.insync.replicas=1").to(watched.backend.now_us + S)
    assert (found.isr, found.elr, watched.state.cluster.topic("t").min_insync_replicas) == ([1], [], 2)


def test_r70_records_go_by_the_retention_that_all_brokers_were_given_at_run_time() -> None:
    watched = run("create topic t", "add producer p topic=t rate=0/s linger=0s", brokers=1).to(S)
    watched.do("send record p").to(2 * S).do("alter cluster log.retention.ms=1000").to(700 * S)
    log = watched.state.cluster.partition("t", 0).led.log
    assert (log.start, log.end) == (1, 1)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (
            "broker.session.timeout.ms=3000",
            r"Cannot update these configs dynamically: Set\(broker.session.timeout.ms\)",
        ),
        ("min.insync.replicas=0", r"Value must be at least 1 \(INVALID_REQUEST \(42\)\)"),
        ("", "say which setting"),
    ],
)
def test_r12_what_brokers_do_not_let_change_is_refused_in_their_words(given: str, words: str) -> None:
    with pytest.raises(Refused, match=words):
        run("create topic t").to(S).do(f"alter cluster {given}")


def test_r12_what_a_new_topic_does_not_say_is_as_the_brokers_have_it() -> None:
    plain = cluster("create topic a", "create topic b partitions=1 replication_factor=1")
    given = {"num.partitions": Value("4"), "default.replication.factor": Value("2")}
    plan = msgspec.structs.replace(plain.cluster, settings=given)
    watched = Run(msgspec.structs.replace(plain, cluster=plan)).to(S)
    sizes = {
        name: (len(t.partitions), t.replication_factor) for name, t in watched.state.cluster.topics.items()
    }
    assert sizes == {"a": (4, 2), "b": (1, 1)}
    watched.do("add broker 4", "create topic c partitions=2").to(2 * S)
    assert [p.replica_ids for p in watched.state.cluster.topic("c").partitions] == [[1, 2], [2, 3]]
