"""Administration of groups: dynamic settings, deleted groups and offsets, refused in Kafka's words where Kafka refuses."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from mqviz.backend import Refused
from mqviz.model.kafka.coordinator.consumer.events import ConsumerGroupMemberRemoved
from mqviz.model.kafka.protocol.requests import ConsumerGroupHeartbeatRequest
from mqviz.model.kafka.protocol.responses import ConsumerGroupHeartbeatResponse
from mqviz.scenario import read_scenario
from mqviz.yamlfile import FileError
from tests.sim.kafka.coordinator.share.worlds import share_run, window
from tests.sim.kafka.worlds import MS, Outside, S, cluster, of
from tests.sim.worlds import Run


def with_member(protocol: str) -> Run:
    """Group g with a member that committed t-0 and t-1."""
    run = Run(cluster("create topic t partitions=2", "create topic u"))
    words = f"add consumer c group=g topics=t commit=none processing=0s group.protocol={protocol} auto.offset.reset=earliest"
    return run.to(S).do(words).to(10 * S).do("commit consumer c").to(11 * S)


@pytest.mark.parametrize("protocol", ["classic", "consumer"])
def test_r129_a_group_with_members_is_not_deleted(protocol: str) -> None:
    run = with_member(protocol)
    with pytest.raises(Refused, match=r"The group is not empty\. \(NON_EMPTY_GROUP \(68\)\)"):
        run.do("delete group g")
    run.do("close consumer c").to(20 * S).do("delete group g").to(21 * S)
    cluster_now = run.state.cluster
    assert "g" not in cluster_now.groups
    assert "g" not in cluster_now.consumer_groups
    with pytest.raises(Refused, match="GROUP_ID_NOT_FOUND"):
        run.do("delete group g")
    run.do("add consumer c group=g topics=t").to(90 * S)
    assert [r.committed for r in run.state.cluster.groups["g"].records.values()] == [None, None], (
        "a new group"
    )


@pytest.mark.parametrize("protocol", ["classic", "consumer"])
def test_r129_offsets_of_a_topic_that_is_read_are_not_deleted(protocol: str) -> None:
    run = with_member(protocol)
    with pytest.raises(Refused, match=r"actively subscribed to it.*GROUP_SUBSCRIBED_TO_TOPIC"):
        run.do("delete offsets g topic=t")
    run.do("delete offsets g topic=u")
    run.do("close consumer c").to(20 * S).do("delete offsets g topic=t partition=0").to(21 * S)
    records = run.state.cluster.groups["g"].records
    assert [(key, r.committed) for key, r in records.items()] == [("t-0", None), ("t-1", 0)]


def test_r134_a_share_group_with_members_is_not_deleted() -> None:
    run = share_run("create topic t partitions=1").to(S)
    run.do("add share-consumer s group=g topic=t").to(3 * S)
    with pytest.raises(Refused, match="NON_EMPTY_GROUP"):
        run.do("delete group g")
    run.do("close share-consumer s").to(9 * S).do("delete group g").to(60 * S)
    assert "g" not in run.state.cluster.share_groups


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        (
            "consumer.session.timeout.ms=500",
            "must be greater than or equal to group.consumer.min.session.timeout.ms",
        ),
        (
            "consumer.session.timeout.ms=70000",
            "must be less than or equal to group.consumer.max.session.timeout.ms",
        ),
        ("share.record.lock.duration.ms=500", "Value must be at least 1000"),
        ("share.auto.offset.reset=none", "The value must be either 'earliest', 'latest' or of the format"),
        ("share.delivery.count.limit=3", "Unknown group config name: share.delivery.count.limit"),
        ("consumer.session.timeout.ms=abc", "Not a number of type INT"),
        ("share.isolation.level=x", "String must be one of: read_committed, read_uncommitted"),
    ],
)
def test_r120_dynamic_settings_that_kafka_refuses(setting: str, words: str) -> None:
    run = Run(cluster("create topic t partitions=1")).to(S)
    with pytest.raises(Refused, match=rf"{words}.*\(INVALID_CONFIG \(40\)\)"):
        run.do(f"alter group g {setting}")


def test_r120_a_dynamic_session_timeout_holds_for_members_that_are_there() -> None:
    run = Run(cluster("create topic t partitions=1"))
    heartbeat = ConsumerGroupHeartbeatRequest("g", "mA", 0, "mA", None, 30 * S, ("t",), None, ())
    client = Outside(run.to(S))
    client.ask(heartbeat)
    run.do("alter group g consumer.session.timeout.ms=60000 consumer.heartbeat.interval.ms=7000").to(2 * S)
    reply = client.ask(replace(heartbeat, member_epoch=1, owned=None, topics=None, rebalance_timeout_us=-1))
    assert isinstance(reply, ConsumerGroupHeartbeatResponse)
    assert reply.heartbeat_interval_us == 7_000 * MS
    removed = of(run.to(61 * S), ConsumerGroupMemberRemoved)
    assert not removed
    assert [e.reason for e in of(run.to(63 * S), ConsumerGroupMemberRemoved)] == ["session expired"]


def test_r131_a_dynamic_lock_duration_holds_from_the_next_delivery_on() -> None:
    run = share_run(
        "create topic t partitions=1", "add producer p topic=t rate=0/s", record_lock_duration_ms="20000"
    ).to(S)
    run.do(
        "add share-consumer s group=g topic=t calls=manual share.acknowledgement.mode=explicit",
        "send record p",
    )
    run.to(2 * S).do("poll share-consumer s").to(3 * S)
    run.do("alter group g share.record.lock.duration.ms=15000").to(4 * S)
    assert window(run).runs[0].until_us > 21 * S, "a lock that holds is not changed"
    assert window(run).lock_us == 15 * S


@pytest.mark.parametrize(
    ("plan", "words"),
    [
        (
            "settings: {group.consumer.session.timeout.ms: 6000}",
            "group.consumer.session.timeout.ms must be greater than or",
        ),
        (
            "settings: {group.share.max.heartbeat.interval.ms: 4000}",
            "max.heartbeat.interval.ms must be greater than or equal",
        ),
        ("settings: {group.share.delivery.count.limit: 1}", "Value must be at least 2"),
        (
            "groups: {g: {share.record.lock.duration.ms: 90000}}",
            "less than or equal to group.share.max.record.lock",
        ),
        ("groups: {g: {share.delivery.count.limit: 3}}", "Unknown group config name"),
    ],
)
def test_r120_a_scenario_with_limits_that_do_not_go_together_is_refused(plan: str, words: str) -> None:
    text = f"title: x\nuntil: 1s\nscene: partition-log\ncluster:\n  {plan}\n"
    with pytest.raises(FileError, match=words):
        read_scenario(text, "x.yaml")
    if "at least" not in words:
        read_scenario(text.replace("cluster:", "kafka_version: '4.3'\ncluster:\n  scaled: true"), "x.yaml")
