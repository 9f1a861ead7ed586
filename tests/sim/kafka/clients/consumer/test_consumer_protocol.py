"""Consumers with group.protocol=consumer: the timeline of a join, callbacks, fencing, static members, refused settings."""

from __future__ import annotations

from itertools import pairwise

import pytest

from mqviz import facts
from mqviz.backend import Refused
from mqviz.kafka.errors import Error
from mqviz.model.kafka.clients.consumer.events import (
    CommitStarted,
    ConsumerChanged,
    ConsumerFailed,
    PartitionsAssigned,
    PartitionsRevoked,
    RecordsProcessed,
)
from mqviz.model.kafka.clients.consumer.state import CLIENT_MOVES
from mqviz.model.kafka.coordinator.consumer.events import (
    ConsumerGroupMemberJoined,
    ConsumerGroupMemberRemoved,
    GroupEpochRaised,
    MemberReconciled,
)
from mqviz.model.kafka.coordinator.offsets.events import OffsetsCommitted
from mqviz.model.kafka.network.events import RequestSent
from mqviz.model.kafka.protocol.requests import ConsumerGroupHeartbeatRequest
from mqviz.model.moves import IllegalMove, move
from tests.sim.kafka.worlds import MS, S, of, run, times
from tests.sim.worlds import Run

TOPIC = "create topic t partitions=6"
A = "add consumer a group=g topic=t group.protocol=consumer auto_offset_reset=earliest processing=1ms"
B = "add consumer b group=g topic=t group.protocol=consumer auto_offset_reset=earliest processing=1ms"


def heartbeats(watched: Run, name: str, since_us: int = 0) -> list[tuple[int, ConsumerGroupHeartbeatRequest]]:
    """When a consumer sent its heartbeats, and what they said."""
    return [
        (event.at_us - since_us, event.request)
        for event in of(watched, RequestSent, since_us, name=name)
        if isinstance(event.request, ConsumerGroupHeartbeatRequest)
    ]


def callbacks(watched: Run, since_us: int = 0) -> list[tuple[int, str, str, list[int]]]:
    """(time, consumer, kind, partitions) of every callback."""
    return [
        (
            event.at_us - since_us,
            event.consumer,
            "assign" if isinstance(event, PartitionsAssigned) else "lost" if event.lost else "revoke",
            [number for _, number in event.partitions],
        )
        for event in watched.log
        if isinstance(event, (PartitionsAssigned, PartitionsRevoked)) and event.at_us >= since_us
    ]


def test_r120_heartbeats_come_at_the_coordinators_interval_and_at_once_after_a_step() -> None:
    watched = run(TOPIC, A, brokers=1).to(11 * S)
    times_us, requests = zip(*heartbeats(watched, "a"), strict=True)
    assert times_us == (0, 2 * MS, 2 * MS + 5 * S, 2 * MS + 10 * S)
    join, acknowledgement, quiet, _ = requests
    assert (join.member_epoch, join.owned, join.rebalance_timeout_us) == (0, (), 300 * S)
    assert join.topics == ("t",)
    assert acknowledgement.member_epoch == 1
    assert acknowledgement.owned == tuple(("t", number) for number in range(6))
    assert acknowledgement.topics is None
    assert (quiet.owned, quiet.topics, quiet.rebalance_timeout_us) == (None, None, -1)


def test_r125_the_timeline_of_a_join() -> None:
    """B joins at 7 s; A hears of it with its next heartbeat, B gets its part with the one after that.

    Partitions 0-2 never stop; 3-5 stop from A's revocation until B's next heartbeat and a round trip.
    """
    watched = run(TOPIC, A, brokers=1).to(7 * S).do(B).to(20 * S)
    joined_us = 7 * S
    assert times(watched, ConsumerGroupMemberJoined, joined_us) == [1 * MS]
    told = [
        (e.at_us - joined_us, e.member_id, e.state, e.epoch) for e in of(watched, MemberReconciled, joined_us)
    ]
    assert told == [
        (1 * MS, "b-1", "UNRELEASED", 2),
        (3 * MS, "b-1", "UNRELEASED", 2),
        (3_003 * MS, "a-1", "UNREVOKED", 1),
        (3_005 * MS, "a-1", "STABLE", 2),
        (5_003 * MS, "b-1", "STABLE", 2),
    ]
    assert callbacks(watched, joined_us) == [
        (3_004 * MS, "a", "revoke", [3, 4, 5]),
        (5_004 * MS, "b", "assign", [3, 4, 5]),
    ]
    assert facts.group_epoch(watched.state, "g") == facts.assignment_epoch(watched.state, "g") == 2
    assert {m.name: [n for _, n in m.partitions] for m in facts.members(watched.state, "g")} == {
        "a": [0, 1, 2],
        "b": [3, 4, 5],
    }


def test_r125_what_is_kept_is_read_on_while_the_rest_moves() -> None:
    """Between B's join and the end of the move A goes on with 0-2, without a gap (R108, R109, R123)."""
    producer = "add producer p topic=t rate=30/s keys=k1,k2,k3,k4,k5,k6,k7,k8"
    watched = run(TOPIC, A, producer, brokers=1).to(7 * S).do(B).to(20 * S)
    done = {n: of(watched, RecordsProcessed, 7 * S, consumer="a", partition=n) for n in range(3)}
    read = [events for events in done.values() if events]
    assert read
    for events in read:
        assert len(events) > 20
        assert max(late.at_us - early.at_us for early, late in pairwise(events)) < 1 * S
    assert {e.partition for e in of(watched, RecordsProcessed, 8 * S, consumer="b")} <= {3, 4, 5}


def test_r124_a_busy_member_gives_up_its_partitions_at_its_next_poll() -> None:
    """The background thread is told, the application does it; meanwhile B waits for those partitions only."""
    slow = A.replace("processing=1ms", "processing=9s")
    watched = run(TOPIC, slow, "add producer p topic=t rate=1/s", brokers=1)
    watched.to(4 * S).do(B).to(60 * S)
    told_us = times(watched, MemberReconciled, state="UNREVOKED")[0]
    revoked_us = times(watched, PartitionsRevoked, consumer="a")[0]
    assert revoked_us - told_us > 100 * MS
    assert not of(watched, ConsumerGroupMemberRemoved)


def test_r124_positions_are_committed_before_partitions_are_given_up() -> None:
    watched = run(TOPIC, A + " commit=auto", "add producer p topic=t rate=10/s", brokers=1)
    watched.to(7 * S).do(B + " commit=auto").to(14 * S)
    revoked_us = times(watched, PartitionsRevoked, consumer="a")[0]
    commit = of(watched, CommitStarted, 7 * S, consumer="a", purpose="reconcile")[0]
    stored = of(watched, OffsetsCommitted, commit.at_us, client="a")[0]
    assert commit.at_us < stored.at_us <= revoked_us


def test_r94_close_says_goodbye_and_the_others_hear_of_it_by_their_next_heartbeat() -> None:
    watched = run(TOPIC, A, B, brokers=1).to(20 * S).do("close consumer b").to(30 * S)
    assert times(watched, ConsumerGroupMemberRemoved, 20 * S, reason="left") == [1 * MS]
    assert [kind for _, name, kind, _ in callbacks(watched, 20 * S) if name == "b"] == ["revoke"]
    assert [event.state for event in of(watched, ConsumerChanged, consumer="b")] == [
        "closing",
        "leaving",
        "closed",
    ]
    assert [(name, kind) for _, name, kind, _ in callbacks(watched, 20 * S + 1)] == [("a", "assign")]


def test_r122_after_a_kill_the_session_must_end_first() -> None:
    """Failover: last heartbeat + 45 s, plus at most 5 s until the other's heartbeat."""
    watched = run(TOPIC, A, B, brokers=1).to(20 * S)
    heard_us = facts_heard(watched, "b-1")
    watched.do("kill consumer b").to(80 * S)
    removed_us = times(watched, ConsumerGroupMemberRemoved)[0]
    assert removed_us == heard_us + 45 * S
    back_us = times(watched, PartitionsAssigned, removed_us, consumer="a")[0]
    assert back_us <= 5 * S + 2 * MS


def facts_heard(watched: Run, member_id: str) -> int:
    return watched.state.cluster.consumer_groups["g"].members[member_id].heard_at_us


def test_r121_a_zombie_is_fenced_loses_everything_and_joins_again_with_epoch_0() -> None:
    """Frozen for longer than its session: its next heartbeat gets 25; lost comes before the rejoin (R93)."""
    watched = run(TOPIC, A, B, brokers=1).to(20 * S).do("pause consumer b").to(90 * S)
    assert [e.member_id for e in of(watched, ConsumerGroupMemberRemoved)] == ["b-1"]
    assert facts.owner(watched.state, "g", "t", 5) == "a"
    watched.do("resume consumer b").to(110 * S)
    after = [(name, kind) for _, name, kind, _ in callbacks(watched, 90 * S)]
    assert after == [("b", "lost"), ("a", "revoke"), ("b", "assign")]
    assert [request.member_epoch for _, request in heartbeats(watched, "b", 90 * S)][:2] == [2, 0]
    assert facts.group_epoch(watched.state, "g") == 4


def test_r93_a_poll_that_comes_too_late_makes_the_member_leave() -> None:
    """With its own goodbye, after max.poll.interval.ms; the next poll() loses everything and joins again."""
    slow = A.replace("processing=1ms", "processing=12s") + " max.poll.interval.ms=10000"
    watched = run(TOPIC, slow, "add producer p topic=t rate=1/s", brokers=1).to(30 * S)
    assert of(watched, ConsumerGroupMemberRemoved)[0].reason == "left"
    kinds = [kind for _, _, kind, _ in callbacks(watched)]
    assert kinds[:3] == ["assign", "lost", "assign"]


def test_r128_a_static_member_restarts_without_a_rebalance() -> None:
    static = B + " group.instance.id=i"
    watched = run(TOPIC, A, static, brokers=1).to(20 * S)
    raised = len(of(watched, GroupEpochRaised))
    watched.do("close consumer b").to(25 * S)
    assert [request.member_epoch for _, request in heartbeats(watched, "b")][-1] == -2
    assert not of(watched, ConsumerGroupMemberRemoved)
    watched.do(static).to(35 * S)
    assert len(of(watched, GroupEpochRaised)) == raised
    assert [kind for _, name, kind, _ in callbacks(watched, 20 * S) if name == "a"] == []
    assert [e.replaces for e in of(watched, ConsumerGroupMemberJoined)][-1] == "b-1"


def test_r128_the_same_instance_id_twice_is_refused() -> None:
    static = " group.instance.id=i"
    watched = run(TOPIC, A + static, brokers=1).to(10 * S).do(B + static).to(20 * S)
    assert [(e.consumer, e.exception) for e in of(watched, ConsumerFailed)] == [
        ("b", "UnreleasedInstanceIdException")
    ]
    assert watched.state.cluster.consumers["b"].state == "closed"


def test_r120_an_unknown_assignor_fails_at_the_first_heartbeat() -> None:
    """R120."""
    watched = run(TOPIC, A + " group.remote.assignor=nosuch", brokers=1).to(5 * S)
    assert [e.exception for e in of(watched, ConsumerFailed)] == ["UnsupportedAssignorException"]
    assert Error.UNSUPPORTED_ASSIGNOR == 112


def test_r122_the_group_uses_the_assignor_that_most_ask_for() -> None:
    watched = run(TOPIC, A + " group.remote.assignor=range", B, brokers=1).to(20 * S)
    assert watched.state.cluster.consumer_groups["g"].assignor == "range"


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ("session.timeout.ms=6000", "session.timeout.ms cannot be set when group.protocol=CONSUMER"),
        ("heartbeat.interval.ms=500", "heartbeat.interval.ms cannot be set when group.protocol=CONSUMER"),
        (
            "partition.assignment.strategy=range",
            "partition.assignment.strategy cannot be set when group.protocol=CONSUMER",
        ),
    ],
)
def test_r120_settings_of_the_classic_protocol_are_refused(setting: str, words: str) -> None:
    """R120."""
    with pytest.raises(Refused, match=words):
        run(TOPIC, brokers=1).to(1).do(f"{A} {setting}")


def test_r120_group_remote_assignor_is_refused_by_the_classic_protocol() -> None:
    """R120."""
    with pytest.raises(Refused, match=r"group.remote.assignor cannot be set when group.protocol=CLASSIC"):
        run(TOPIC, brokers=1).to(1).do("add consumer c group=g topic=t group.remote.assignor=range")


def test_r124_moves_of_the_client_are_a_table() -> None:
    assert move(CLIENT_MOVES, "RECONCILING", "ACKNOWLEDGING", "c") == "ACKNOWLEDGING"
    with pytest.raises(IllegalMove):
        move(CLIENT_MOVES, "FENCED", "STABLE", "c")


def test_r122_a_topic_that_grows_reaches_the_members() -> None:
    watched = run("create topic t partitions=2", A, brokers=1).to(7 * S)
    progress = facts.member_progress(watched.state, "g")
    assert [(m.name, m.state, m.epoch, m.process) for m in progress] == [("a", "STABLE", 1, "STABLE")]
    assert facts.groups(watched.state)[0].kind == "consumer"
    assert facts.groups(watched.state)[0].state == "Stable"
