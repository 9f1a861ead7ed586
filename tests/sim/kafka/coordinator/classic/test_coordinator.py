"""The coordinator of a classic group, asked by raw requests: static members, bounds, another coordinator."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from mqviz.kafka.errors import Error
from mqviz.model.kafka.clients.consumer.events import PartitionsAssigned, PartitionsRevoked
from mqviz.model.kafka.controller.events import CoordinatorsMoved
from mqviz.model.kafka.coordinator.classic.events import (
    GenerationStarted,
    GroupLoaded,
    GroupStabilized,
    MemberRemoved,
    RebalanceStarted,
)
from mqviz.model.kafka.protocol.requests import (
    AnyRequest,
    HeartbeatRequest,
    JoinGroupRequest,
    LeaveGroupRequest,
    OffsetCommitRequest,
    SyncGroupRequest,
)
from mqviz.model.kafka.protocol.responses import AnyResponse
from mqviz.model.units import Value
from mqviz.sim.kafka.clients.consumer import coordinator_client
from mqviz.sim.kafka.coordinator import lookup
from mqviz.sim.kafka.coordinator.classic import failover as classic_failover
from tests.sim.kafka.worlds import MS, Outside, S, cluster, of
from tests.sim.worlds import Run


def world(*contents: str, brokers: int = 1, delay_us: int = 0, **settings: str) -> Run:
    scenario = cluster("create topic t partitions=4", *contents, brokers=brokers, delay_us=delay_us)
    config = {name.replace("_", "."): Value(text) for name, text in settings.items()}
    return Run(replace(scenario, cluster=replace(scenario.cluster, settings=config)), 7)


def joining(
    name: str, member_id: str = "", instance: str | None = None, session_us: int = 10 * S
) -> JoinGroupRequest:
    return JoinGroupRequest("g", member_id, name, session_us, 60 * S, ("range",), ("t",), instance)


def asked(client: Outside, request: AnyRequest) -> AnyResponse:
    found = client.ask(request)
    assert found is not None, f"{request} waits"
    return found


def error(client: Outside, request: AnyRequest) -> Error:
    return Error(asked(client, request).error)


def static_in(watched: Run, name: str, instance: str) -> tuple[Outside, str]:
    """A static member from outside that joined alone and synced."""
    one = Outside(watched, name)
    joined = asked(one, joining(name, instance=instance))
    member_id = getattr(joined, "member_id", "")
    share = ((member_id, (("t", 0), ("t", 1), ("t", 2), ("t", 3))),)
    generation = getattr(joined, "generation", -1)
    assert error(one, SyncGroupRequest("g", generation, member_id, share, instance)) == Error.NONE
    return one, member_id


def test_r113_a_static_member_needs_no_id_first() -> None:
    watched = world()
    _, member_id = static_in(watched, "a", "s1")
    assert member_id == "s1-1"
    assert watched.state.cluster.groups["g"].static == {"s1": "s1-1"}


def test_r113_82_for_all_that_the_older_process_asks() -> None:
    watched = world()
    old, member_id = static_in(watched, "a", "s1")
    new = Outside(watched, "b")
    again = asked(new, joining("b", instance="s1"))
    assert (again.error, getattr(again, "member_id", ""), getattr(again, "generation", 0)) == (0, "s1-2", 1)
    assert getattr(again, "skip_assignment", False), "the leader came back: nothing to compute"
    share = asked(new, SyncGroupRequest("g", 1, "s1-2", (), "s1"))
    assert len(getattr(share, "assignment", ())) == 4
    requests: list[AnyRequest] = [
        HeartbeatRequest("g", 1, member_id, "s1"),
        SyncGroupRequest("g", 1, member_id, (), "s1"),
        OffsetCommitRequest("g", 1, member_id, (("t", 0, 0),), "s1"),
        LeaveGroupRequest("g", member_id, "s1"),
        joining("a", member_id, "s1"),
    ]
    assert [error(old, request) for request in requests] == [Error.FENCED_INSTANCE_ID] * 5
    assert error(old, HeartbeatRequest("g", 1, member_id)) == Error.UNKNOWN_MEMBER_ID
    assert error(new, HeartbeatRequest("g", 1, "s1-2", "s1")) == Error.NONE
    assert len(of(watched, GenerationStarted)) == 1


def test_r113_an_unknown_instance_id_is_an_unknown_member() -> None:
    watched = world()
    one, member_id = static_in(watched, "a", "s1")
    assert error(one, HeartbeatRequest("g", 1, member_id, "other")) == Error.UNKNOWN_MEMBER_ID


def test_r113_an_administrator_removes_a_static_member_by_its_instance_id() -> None:
    watched = world()
    one, _ = static_in(watched, "a", "s1")
    assert error(one, LeaveGroupRequest("g", "", "s1")) == Error.NONE
    assert watched.state.cluster.groups["g"].state == "Empty"


def test_r103_r113_static_members_outlast_a_rebalance_that_they_miss() -> None:
    """One goes on with its heartbeats, so that its session does not end before the rebalance timeout."""
    watched = world()
    one, member_id = static_in(watched, "a", "s1")
    new = Outside(watched, "b")
    given = getattr(asked(new, joining("b")), "member_id", "")
    number = new.send(joining("b", given))
    since_us = watched.backend.now_us
    while not of(watched, GenerationStarted, since_us):
        assert watched.backend.now_us < since_us + 61 * S
        assert error(one, HeartbeatRequest("g", 1, member_id, "s1")) == Error.REBALANCE_IN_PROGRESS
        watched.to(watched.backend.now_us + 5 * S)
    assert not of(watched, MemberRemoved)
    assert set(watched.state.cluster.groups["g"].members) == {member_id, given}
    assert getattr(new.answer(number), "generation", 0) == 2


def member_in(watched: Run, name: str, *assignors: str) -> tuple[Outside, JoinGroupRequest]:
    """A dynamic member from outside in a stable group of its own, and its JoinGroup."""
    one = Outside(watched, name)
    given = getattr(asked(one, joining(name)), "member_id", "")
    join = replace(joining(name, given), assignors=assignors or ("range",))
    generation = getattr(asked(one, join), "generation", -1)
    assert error(one, SyncGroupRequest("g", generation, given, ((given, (("t", 0),)),))) == Error.NONE
    return one, join


def test_r105_a_member_is_asked_what_it_said_before_when_it_changes_its_assignors() -> None:
    watched = world()
    one, join = member_in(watched, "a", "range", "roundrobin")
    assert error(one, replace(join, assignors=("sticky",))) == Error.INCONSISTENT_GROUP_PROTOCOL
    assert error(one, replace(join, assignors=())) == Error.INCONSISTENT_GROUP_PROTOCOL
    assert error(one, replace(join, protocol_type="connect")) == Error.INCONSISTENT_GROUP_PROTOCOL
    assert watched.state.cluster.groups["g"].state == "Stable"
    again = asked(one, replace(join, assignors=("sticky", "roundrobin")))
    assert (again.error, getattr(again, "assignor", "")) == (0, "sticky")


def test_r104_23_for_a_sync_that_believes_in_another_assignor() -> None:
    watched = world()
    one, join = member_in(watched, "a")
    wrong = SyncGroupRequest("g", 1, join.member_id, (), None, "consumer", "sticky")
    assert error(one, wrong) == Error.INCONSISTENT_GROUP_PROTOCOL
    assert error(one, replace(wrong, generation=2)) == Error.ILLEGAL_GENERATION
    assert error(one, replace(wrong, protocol_name="range")) == Error.NONE


def test_r101_a_member_id_of_no_group_is_unknown_and_makes_none() -> None:
    watched = world()
    one = Outside(watched, "a")
    assert error(one, joining("a", "a-1")) == Error.UNKNOWN_MEMBER_ID
    assert error(one, LeaveGroupRequest("g", "a-1")) == Error.UNKNOWN_MEMBER_ID
    assert "g" not in watched.state.cluster.groups
    assert error(one, replace(joining("a"), group="")) == Error.INVALID_GROUP_ID


def test_r100_who_leaves_before_it_joined_lets_a_stable_group_rebalance() -> None:
    watched = world()
    member_in(watched, "a")
    other = Outside(watched, "b")
    given = getattr(asked(other, joining("b")), "member_id", "")
    assert watched.state.cluster.groups["g"].state == "Stable"
    assert error(other, LeaveGroupRequest("g", given)) == Error.NONE
    assert watched.state.cluster.groups["g"].state == "PreparingRebalance"


def test_r102_an_id_that_expires_ends_the_initial_delay_if_nobody_else_is_missing() -> None:
    watched = world(delay_us=20 * S)
    never, one = Outside(watched, "never"), Outside(watched, "a")
    asked(never, joining("never", session_us=10 * S))
    watched.to(5 * S)
    one.join("g", rebalance_us=60 * S, session_us=10 * S)
    watched.to(20 * S)
    assert [event.at_us // S for event in of(watched, GenerationStarted)] == [10]


def test_r102_the_first_window_is_whole_even_if_a_rebalance_may_not_last_so_long() -> None:
    watched = world(delay_us=9 * S)
    one, other = Outside(watched, "a"), Outside(watched, "b")
    one.join("g", rebalance_us=4 * S, session_us=20 * S)
    watched.to(5 * S)
    other.join("g", rebalance_us=4 * S, session_us=20 * S)
    watched.to(10 * S)
    assert [event.at_us // S for event in of(watched, GenerationStarted)] == [9]
    assert len(watched.state.cluster.groups["g"].members) == 2


def test_r101_a_rejoin_brings_new_timeouts() -> None:
    watched = world()
    one, join = member_in(watched, "a")
    watched.to(5 * S)
    asked(one, replace(join, session_timeout_us=6 * S, rebalance_timeout_us=9 * S))
    member = watched.state.cluster.groups["g"].members[join.member_id]
    assert (member.session_timeout_us, member.rebalance_timeout_us) == (6 * S, 9 * S)
    watched.to(12 * S)
    removed = of(watched, MemberRemoved, reason="session expired")
    assert [event.at_us // S for event in removed] == [11]


def test_r85_a_commit_with_an_id_but_without_generation_has_an_illegal_one() -> None:
    watched = world()
    one, join = member_in(watched, "a")
    assert (
        error(one, OffsetCommitRequest("g", -1, join.member_id, (("t", 0, 1),))) == Error.ILLEGAL_GENERATION
    )
    assert error(one, OffsetCommitRequest("g", -1, "", (("t", 0, 1),))) == Error.UNKNOWN_MEMBER_ID


def test_r82_a_commit_of_a_partition_that_does_not_exist() -> None:
    watched = world()
    one = Outside(watched, "a")
    assert error(one, OffsetCommitRequest("g", -1, "", (("t", 9, 1),))) == Error.UNKNOWN_TOPIC_OR_PARTITION
    assert error(one, OffsetCommitRequest("g", -1, "", (("u", 0, 1),))) == Error.UNKNOWN_TOPIC_OR_PARTITION


def test_r99_the_coordinator_follows_the_number_of_offsets_partitions() -> None:
    watched = world(brokers=3, offsets_topic_num_partitions="1")
    sim = watched.backend._sim
    assert {lookup.coordinator_of(sim, group) for group in ("g", "h", "i", "j", "k")} == {1}


def test_r101_the_brokers_bounds_of_the_session_timeout_are_settings() -> None:
    watched = world(group_min_session_timeout_ms="1000")
    one = Outside(watched, "a")
    assert error(one, joining("a", session_us=900 * MS)) == Error.INVALID_SESSION_TIMEOUT
    assert error(one, joining("a", session_us=1_000 * MS)) == Error.MEMBER_ID_REQUIRED


def test_81_a_group_is_full_at_group_max_size() -> None:
    watched = world(group_max_size="1")
    static_in(watched, "a", "s1")
    other = Outside(watched, "b")
    assert error(other, joining("b")) == Error.GROUP_MAX_SIZE_REACHED
    assert error(other, joining("b", instance="s2")) == Error.GROUP_MAX_SIZE_REACHED
    assert watched.state.cluster.groups["g"].state == "Stable"


def test_r99_other_brokers_are_not_the_coordinator() -> None:
    watched = world(brokers=3)
    where = lookup.coordinator_of(watched.backend._sim, "g")
    one = Outside(watched, "a")
    elsewhere = next(broker for broker in (1, 2, 3) if broker != where)
    found = one.ask(joining("a"), elsewhere)
    assert found is not None
    assert found.error == Error.NOT_COORDINATOR


def moved(monkeypatch: pytest.MonkeyPatch, broker: int) -> None:
    for module in (classic_failover, coordinator_client):
        monkeypatch.setattr(module, "coordinator_of", lambda sim, group: broker)


def test_r99_the_generation_survives_another_coordinator(monkeypatch: pytest.MonkeyPatch) -> None:
    members = [f"add consumer {name} group=g topic=t processing=0ms" for name in "ab"]
    watched = world(*members, brokers=3, delay_us=1 * S)
    watched.to(10 * S)
    before = watched.state.cluster.groups["g"]
    old, generation = before.coordinator, before.generation
    new = next(broker for broker in (1, 2, 3) if broker != old)
    moved(monkeypatch, -1)
    watched.to(15 * S)
    moved(monkeypatch, new)
    watched.to(120 * S)
    group = watched.state.cluster.groups["g"]
    assert (group.coordinator, group.generation, group.state) == (new, generation, "Stable")
    assert [event.coordinator for event in of(watched, GroupLoaded)] == [new]
    assert not of(watched, RebalanceStarted, 10 * S)
    assert not of(watched, PartitionsRevoked, 10 * S)


def test_r99_a_rebalance_that_went_on_is_forgotten_and_begins_again(monkeypatch: pytest.MonkeyPatch) -> None:
    members = [f"add consumer {name} group=g topic=t processing=0ms" for name in "ab"]
    watched = world(*members, brokers=3, delay_us=1 * S)
    watched.to(10 * S)
    new = next(broker for broker in (1, 2, 3) if broker != watched.state.cluster.groups["g"].coordinator)
    watched.do("add consumer c group=g topic=t processing=0ms")
    watched.to(10 * S + 10 * MS)
    assert watched.state.cluster.groups["g"].state == "PreparingRebalance"
    moved(monkeypatch, new)
    sim = watched.backend._sim
    sim.emit(CoordinatorsMoved(*sim.stamp(), (((new,), new),)))
    watched.to(60 * S)
    group = watched.state.cluster.groups["g"]
    assert (group.state, group.coordinator, len(group.members)) == ("Stable", new, 3)
    assert of(watched, PartitionsAssigned, 10 * S, consumer="c")


def test_r111_more_partitions_are_seen_with_the_leaders_next_metadata(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    member = "add consumer a group=g topic=t processing=0ms metadata.max.age.ms=20000"
    watched = world(member)
    watched.to(5 * S)
    monkeypatch.setattr(
        "mqviz.sim.kafka.clients.consumer.assignors.partitions_of", lambda sim, topics: {"t": 3}
    )
    watched.to(60 * S)
    assert len(of(watched, GroupStabilized)) == 2
    assert 20 * S <= of(watched, RebalanceStarted)[1].at_us <= 20 * S + 10 * MS
