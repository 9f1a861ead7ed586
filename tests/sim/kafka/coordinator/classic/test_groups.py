"""Groups of simulated consumers: rebalances and their pauses, failover, idle members, exact times."""

from __future__ import annotations

from itertools import pairwise

from mqviz import facts
from mqviz.model.kafka.clients.consumer.events import (
    PartitionsAssigned,
    PartitionsRevoked,
    RecordsProcessed,
    RejoinNeeded,
)
from mqviz.model.kafka.coordinator.classic.events import (
    GenerationStarted,
    GroupStabilized,
    MemberJoined,
    MemberRemoved,
)
from mqviz.model.kafka.network.events import RequestSent
from mqviz.model.kafka.protocol.requests import HeartbeatRequest
from mqviz.model.observed import state as observed_state
from tests.sim.kafka.worlds import MS, S, of, run, times
from tests.sim.worlds import Run

SIX = "create topic t1 partitions=6"
THREE = "create topic t partitions=3"


def group(topic: str, *names: str, more: str = "") -> Run:
    """A settled group of these consumers with nothing to read."""
    readers = [f"add consumer {name} group=g topic={topic.split()[2]} {more}" for name in names]
    return run(topic, *readers, brokers=1).to(2 * S)


def owners(watched: Run) -> dict[str, list[int]]:
    """Partition numbers by member, as the members believe."""
    return {
        member.name: [number for _, number in member.partitions]
        for member in facts.members(watched.state, "g")
        if member.state != "dead"
    }


def test_r108_eager_one_generation_and_everything_stops() -> None:
    watched = group(SIX, "a").do("add consumer b group=g").to(8 * S)
    assert [event.generation for event in of(watched, GenerationStarted)] == [1, 2]
    assert of(watched, PartitionsRevoked)[0].partitions == tuple(("t1", n) for n in range(6))
    assert len(of(watched, PartitionsRevoked)) == 1
    assert owners(watched) == {"a": [0, 1, 2], "b": [3, 4, 5]}


def test_r112_failover_after_a_kill() -> None:
    watched = group(SIX, "a", "b", "c").to(100 * S).do("kill consumer c").to(170 * S)
    heartbeats = [
        e.at_us for e in of(watched, RequestSent, name="c") if isinstance(e.request, HeartbeatRequest)
    ]
    removed = of(watched, MemberRemoved)[0]
    assert (removed.client, removed.reason) == ("c", "session expired")
    assert removed.at_us == heartbeats[-1] + MS + 45 * S
    assert 142 * S < removed.at_us <= 145 * S + MS
    told = of(watched, RejoinNeeded, removed.at_us)
    assert {event.consumer for event in told} == {"a", "b"}
    assert all(event.at_us - removed.at_us <= 3 * S + 2 * MS for event in told)
    assert owners(watched) == {"a": [0, 1, 2], "b": [3, 4, 5]}
    assert of(watched, GenerationStarted)[-1].generation == 2


def test_r94_failover_after_a_close() -> None:
    watched = group(SIX, "a", "b", "c").to(100 * S).do("close consumer c").to(110 * S)
    removed = of(watched, MemberRemoved)[0]
    assert (removed.reason, removed.at_us) == ("left", 100 * S + MS)
    settled = times(watched, GroupStabilized, 100 * S)
    assert len(settled) == 1
    assert settled[0] <= 3 * S + 10 * MS
    assert owners(watched) == {"a": [0, 1, 2], "b": [3, 4, 5]}


def test_r106_heartbeats_come_every_3_s_and_tell_of_a_rebalance() -> None:
    watched = group(THREE, "a").to(20 * S)
    heartbeats = [
        e.at_us for e in of(watched, RequestSent, name="a") if isinstance(e.request, HeartbeatRequest)
    ]
    assert {later - earlier for earlier, later in pairwise(heartbeats)} == {3 * S}
    watched.do("add consumer b group=g").to(30 * S)
    told = of(watched, RejoinNeeded)[0]
    assert told.at_us - (heartbeats[-1] + 3 * S) == 2 * MS


def test_r107_one_busy_member_holds_the_whole_group() -> None:
    watched = run(
        THREE,
        "add producer p topic=t rate=0/s",
        "add consumer a group=g topic=t processing=20s auto_offset_reset=earliest",
        "add consumer b group=g topic=t processing=1ms auto_offset_reset=earliest",
        brokers=1,
    ).to(S)
    watched.do("send record p key=alice").to(5 * S).do("add consumer c group=g").to(60 * S)
    joined = of(watched, MemberJoined, client="c")[0].at_us
    done = of(watched, RecordsProcessed, consumer="a")[0].at_us
    settled = of(watched, GroupStabilized)[-1].at_us
    assert done < settled < done + 20 * MS
    assert settled - joined > 15 * S
    stopped = of(watched, PartitionsRevoked, consumer="b")[0].at_us
    assert of(watched, PartitionsAssigned, stopped, consumer="b")[0].at_us - stopped > 12 * S


def test_r108_everybody_gives_up_everything_before_joining_again() -> None:
    watched = group(THREE, "a", "b", "c").do("add consumer d group=g").to(10 * S)
    started = of(watched, GenerationStarted)[-1]
    revoked = [event for event in of(watched, PartitionsRevoked) if event.id < started.id]
    assert {event.consumer for event in revoked} == {"a", "b", "c"}
    assert not [event for event in revoked if event.lost]


def test_eager_revokes_at_most_once_a_generation() -> None:
    watched = group(SIX, "a", "b").do("add consumer c group=g").to(9 * S)
    watched.do("add consumer d group=g", "close consumer a").to(20 * S)
    for name in ("a", "b", "c", "d"):
        given = [event.id for event in of(watched, PartitionsAssigned, consumer=name)]
        taken = [event.id for event in of(watched, PartitionsRevoked, consumer=name)]
        assert len(given) - len(taken) in (0, 1)
        assert sorted([*given, *taken])[::2] == given


def test_r114_more_members_than_partitions_leaves_some_idle() -> None:
    watched = group(THREE, "c1", "c2", "c3", "c4", "c5")
    states = {member.name: member.state for member in facts.members(watched.state, "g")}
    assert states == {"c1": "waiting", "c2": "waiting", "c3": "waiting", "c4": "idle", "c5": "idle"}
    assert facts.idle_members(watched.state, "g") == 2
    assert facts.member_count(watched.state, "g") == 5
    assert facts.owned_partitions(watched.state, "g") == 3


def test_r115_the_next_in_the_list_move_up_when_one_leaves() -> None:
    watched = group(THREE, "c1", "c2", "c3", "c4").do("close consumer c1").to(10 * S)
    assert owners(watched) == {"c2": [0], "c3": [1], "c4": [2]}
    assert facts.owner(watched.state, "g", "t", 0) == "c2"


def test_two_groups_each_get_everything() -> None:
    watched = group(THREE, "c1", "c2").do("add consumer a1 group=h topic=t").to(10 * S)
    assert facts.owned_partitions(watched.state, "g") == facts.owned_partitions(watched.state, "h") == 3
    assert [(each.name, each.state, each.members) for each in facts.groups(watched.state)] == [
        ("g", "Stable", 2),
        ("h", "Stable", 1),
    ]


def test_a_rebalance_shows_members_that_join_and_facts_say_so() -> None:
    watched = group(THREE, "c1", "c2").do("add consumer c3 group=g").to(2 * S + 4 * MS)
    states = {member.name: member.state for member in facts.members(watched.state, "g")}
    assert states == {"c1": "waiting", "c2": "waiting", "c3": "joining"}
    assert isinstance(facts.idle_members(watched.state, "g"), observed_state.Unknown)
    assert facts.groups(watched.state)[0].state == "PreparingRebalance"


def test_the_session_of_a_member_that_waits_for_the_others_does_not_end() -> None:
    """b waits in JoinGroup far longer than its session; only a's rebalance timeout would end that."""
    watched = run(
        THREE,
        "add producer p topic=t rate=0/s",
        "add consumer a group=g topic=t processing=30s auto_offset_reset=earliest",
        brokers=1,
    ).to(S)
    watched.do("send record p key=alice").to(2 * S)
    watched.do("add consumer b group=g session_timeout=6s heartbeat_interval=2s").to(40 * S)
    assert not of(watched, MemberRemoved)
    assert owners(watched) == {"a": [0, 1], "b": [2]}
