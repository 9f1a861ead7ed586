"""The classic group protocol by raw requests: states, errors and their order, the join barrier."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from mqviz.kafka.errors import Error
from mqviz.model.kafka.coordinator.classic.events import (
    GenerationStarted,
    MemberJoined,
    MemberRemoved,
    RebalanceStarted,
)
from mqviz.model.kafka.coordinator.classic.state import MEMBER_MOVES, MOVES
from mqviz.model.kafka.protocol.requests import (
    HeartbeatRequest,
    LeaveGroupRequest,
    OffsetCommitRequest,
    OffsetFetchRequest,
    SyncGroupRequest,
)
from mqviz.model.kafka.protocol.responses import (
    HeartbeatResponse,
    JoinGroupResponse,
    LeaveGroupResponse,
    OffsetCommitResponse,
    OffsetFetchResponse,
    SyncGroupResponse,
)
from mqviz.model.kafka.protocol.subscription import OwnedPartitions
from mqviz.model.moves import IllegalMove, move
from tests.sim.kafka.worlds import MS, Outside, S, of, run, times
from tests.sim.worlds import Run

TOPIC = "create topic t partitions=3"


def world(delay_us: int = 0) -> Run:
    return run(TOPIC, brokers=1, delay_us=delay_us).to(1)


def heartbeat(client: Outside, generation: int, member_id: str = "") -> int:
    """The error of a heartbeat on a connection of its own."""
    other = Outside(client.run, f"{client.name} beats")
    reply = other.ask(HeartbeatRequest("g", generation, member_id or client.member_id))
    assert isinstance(reply, HeartbeatResponse)
    return reply.error


def commit(client: Outside, generation: int, member_id: str | None = None) -> int:
    """The error of a commit on a connection of its own."""
    other = Outside(client.run, f"{client.name} commits")
    who = client.member_id if member_id is None else member_id
    reply = other.ask(OffsetCommitRequest("g", generation, who, (("t", 0, 0),)))
    assert isinstance(reply, OffsetCommitResponse)
    return reply.error


def sync(client: Outside, generation: int, *everybody: Outside) -> SyncGroupResponse | None:
    """The answer to a SyncGroup; with `everybody` as the leader, who deals the three partitions out in turn."""
    count = len(everybody)
    given = tuple(
        (each.member_id, tuple(("t", partition) for partition in range(number, 3, count)))
        for number, each in enumerate(everybody)
    )
    reply = client.ask(SyncGroupRequest("g", generation, client.member_id, given))
    assert reply is None or isinstance(reply, SyncGroupResponse)
    return reply


def state(watched: Run) -> str:
    return watched.state.cluster.groups["g"].state


def stable_pair(watched: Run) -> tuple[Outside, Outside]:
    """Two members of a stable group, m1 the leader, generation 2."""
    one, two = Outside(watched, "m1"), Outside(watched, "m2")
    one.join()
    watched.to(watched.backend.now_us + 10 * MS)
    sync(one, 1, one)
    two.join()
    one.join()
    watched.to(watched.backend.now_us + 10 * MS)
    two.send(SyncGroupRequest("g", 2, two.member_id))
    sync(one, 2, one, two)
    assert state(watched) == "Stable"
    return one, two


def test_r101_the_first_join_only_gives_an_id() -> None:
    watched = world()
    client = Outside(watched, "m1")
    reply = client.ask(client.joining("g", ("t",)))
    assert isinstance(reply, JoinGroupResponse)
    assert (reply.error, reply.member_id) == (Error.MEMBER_ID_REQUIRED, "m1-1")
    assert state(watched) == "Empty"


def test_r100_r104_the_way_of_a_group() -> None:
    watched = world()
    one = Outside(watched, "m1")
    number = one.join()
    watched.to(watched.backend.now_us + 10 * MS)
    joined = one.answer(number)
    assert isinstance(joined, JoinGroupResponse)
    assert (joined.generation, joined.assignor, joined.group_leader) == (1, "range", "m1-1")
    assert joined.members == (("m1-1", ("t",), None, OwnedPartitions()),)
    assert state(watched) == "CompletingRebalance"
    assert heartbeat(one, 1) == Error.NONE
    assert commit(one, 1) == Error.REBALANCE_IN_PROGRESS
    reply = sync(one, 1, one)
    assert reply is not None
    assert reply.assignment == (("t", 0), ("t", 1), ("t", 2))
    assert state(watched) == "Stable"
    assert heartbeat(one, 1) == commit(one, 1) == Error.NONE
    one.ask(LeaveGroupRequest("g", one.member_id))
    assert state(watched) == "Empty"
    assert watched.state.cluster.groups["g"].generation == 2


def test_r100_the_tables_refuse_other_moves() -> None:
    assert move(MOVES, "Stable", "PreparingRebalance", "g") == "PreparingRebalance"
    for table, now, then in (
        (MOVES, "Empty", "Stable"),
        (MOVES, "Stable", "CompletingRebalance"),
        (MEMBER_MOVES, "pending", "stable"),
    ):
        with pytest.raises(IllegalMove, match=f"cannot go from {now} to {then}"):
            move(table, now, then, "g")


def test_r104_unknown_member_before_wrong_generation_before_state() -> None:
    watched = world()
    one, _ = stable_pair(watched)
    assert heartbeat(one, 7) == commit(one, 7) == Error.ILLEGAL_GENERATION
    assert heartbeat(one, 7, "nobody") == commit(one, 7, "nobody") == Error.UNKNOWN_MEMBER_ID
    assert sync(one, 7) == SyncGroupResponse(Error.ILLEGAL_GENERATION)
    assert Outside(watched).ask(SyncGroupRequest("g", 2, "nobody")) == SyncGroupResponse(
        Error.UNKNOWN_MEMBER_ID
    )
    assert Outside(watched).ask(HeartbeatRequest("none", 1, "x")) == HeartbeatResponse(
        Error.UNKNOWN_MEMBER_ID
    )


def test_r95_a_commit_without_membership_needs_an_empty_group() -> None:
    watched = world()
    one, two = stable_pair(watched)
    assert commit(one, -1, "") == Error.UNKNOWN_MEMBER_ID
    for each in (one, two):
        each.ask(LeaveGroupRequest("g", each.member_id))
    assert commit(one, -1, "") == Error.NONE
    assert Outside(watched).ask(OffsetFetchRequest("g", (("t", 0), ("t", 1)))) == OffsetFetchResponse(
        0, (("t", 0, 0, 0), ("t", 1, 0, -1))
    )
    new = OffsetCommitRequest("new", 4, "x", (("t", 0, 0),))
    assert Outside(watched).ask(new) == OffsetCommitResponse(Error.GROUP_ID_NOT_FOUND)
    assert Outside(watched).ask(replace(new, version=8)) == OffsetCommitResponse(Error.ILLEGAL_GENERATION)


def test_r101_session_timeouts_out_of_range_come_first() -> None:
    client = Outside(world())
    client.member_id = "whoever"
    reply = client.ask(client.joining("g", ("t",), session_us=500 * MS))
    assert isinstance(reply, JoinGroupResponse)
    assert reply.error == Error.INVALID_SESSION_TIMEOUT


def test_r105_without_a_common_assignor_the_joiner_is_refused_and_the_group_goes_on() -> None:
    watched = world()
    stable_pair(watched)
    three = Outside(watched, "m3")
    reply = three.ask(three.joining("g", ("t",), assignors=("sticky",)))
    assert isinstance(reply, JoinGroupResponse)
    assert reply.error == Error.INCONSISTENT_GROUP_PROTOCOL
    assert state(watched) == "Stable"


def test_r103_a_rebalance_ends_when_all_have_joined() -> None:
    watched = world()
    one, two = stable_pair(watched)
    three = Outside(watched, "m3")
    late = three.join()
    watched.to(watched.backend.now_us + S)
    assert state(watched) == "PreparingRebalance"
    assert heartbeat(one, 2) == heartbeat(two, 2) == Error.REBALANCE_IN_PROGRESS
    assert commit(one, 2) == Error.NONE
    numbers = [one.join(), two.join()]
    watched.to(watched.backend.now_us + 10 * MS)
    answers = [each.answer(number) for each, number in ((one, numbers[0]), (two, numbers[1]), (three, late))]
    assert [getattr(reply, "generation", 0) for reply in answers] == [3, 3, 3]
    assert [len(getattr(reply, "members", ())) for reply in answers] == [3, 0, 0]


def test_r103_at_the_rebalance_timeout_it_ends_without_the_missing() -> None:
    watched = world()
    one, two = Outside(watched, "m1"), Outside(watched, "m2")
    one.join(rebalance_us=4 * S)
    watched.to(watched.backend.now_us + 10 * MS)
    sync(one, 1, one)
    two.join(rebalance_us=4 * S)
    watched.to(watched.backend.now_us + 10 * MS)
    start = of(watched, RebalanceStarted)[-1].at_us
    watched.to(start + 5 * S)
    assert [(event.client, event.reason) for event in of(watched, MemberRemoved)] == [
        ("m1", "did not rejoin")
    ]
    assert times(watched, GenerationStarted, start) == [4 * S]
    assert heartbeat(one, 1) == Error.UNKNOWN_MEMBER_ID


def test_r104_a_member_that_never_syncs_is_removed() -> None:
    watched = world()
    one = Outside(watched, "m1")
    one.join(rebalance_us=4 * S)
    watched.to(10 * S)
    assert [(event.reason, event.at_us // S) for event in of(watched, MemberRemoved)] == [("did not sync", 4)]
    assert state(watched) == "Empty"


def test_r104_a_follower_that_syncs_first_waits_for_the_leader() -> None:
    watched = world()
    one, two = stable_pair(watched)
    three = Outside(watched, "m3")
    three.join()
    one.join()
    two.join()
    watched.to(watched.backend.now_us + 10 * MS)
    assert sync(two, 3) is None
    assert state(watched) == "CompletingRebalance"
    sync(one, 3, one, two, three)
    watched.to(watched.backend.now_us + 10 * MS)
    reply = sync(three, 3)
    assert reply is not None
    assert reply.assignment == (("t", 2),)


def test_r111_a_follower_that_joins_again_changes_nothing_the_leader_does() -> None:
    watched = world()
    one, two = stable_pair(watched)
    number = two.join()
    watched.to(watched.backend.now_us + 10 * MS)
    assert getattr(two.answer(number), "generation", 0) == 2
    assert state(watched) == "Stable"
    one.join()
    watched.to(watched.backend.now_us + 10 * MS)
    assert state(watched) == "PreparingRebalance"


def test_barrier_a_member_that_waits_in_sync_is_told_of_a_new_rebalance() -> None:
    watched = world()
    one, two = stable_pair(watched)
    three, four = Outside(watched, "m3"), Outside(watched, "m4")
    three.join()
    one.join()
    two.join()
    watched.to(watched.backend.now_us + 10 * MS)
    waiting = two.send(SyncGroupRequest("g", 3, two.member_id))
    watched.to(watched.backend.now_us + 10 * MS)
    assert two.answer(waiting) is None
    four.join()
    watched.to(watched.backend.now_us + 10 * MS)
    assert two.answer(waiting) == SyncGroupResponse(Error.REBALANCE_IN_PROGRESS)
    assert state(watched) == "PreparingRebalance"


def test_barrier_a_join_whose_member_leaves_meanwhile_is_answered() -> None:
    watched = world()
    stable_pair(watched)
    three = Outside(watched, "m3")
    waiting = three.join()
    watched.to(watched.backend.now_us + 10 * MS)
    assert three.answer(waiting) is None
    assert Outside(watched, "admin").ask(LeaveGroupRequest("g", three.member_id)) == LeaveGroupResponse(
        Error.NONE
    )
    assert getattr(three.answer(waiting), "error", 0) == Error.UNKNOWN_MEMBER_ID
    assert Outside(watched, "admin").ask(LeaveGroupRequest("g", three.member_id)) == LeaveGroupResponse(
        Error.UNKNOWN_MEMBER_ID
    )


def test_barrier_a_sync_whose_member_leaves_meanwhile_is_never_answered() -> None:
    watched = world()
    one, two = stable_pair(watched)
    one.join()
    two.join()
    watched.to(watched.backend.now_us + 10 * MS)
    waiting = two.send(SyncGroupRequest("g", 3, two.member_id))
    watched.to(watched.backend.now_us + 10 * MS)
    Outside(watched, "admin").ask(LeaveGroupRequest("g", two.member_id))
    watched.to(watched.backend.now_us + S)
    assert two.answer(waiting) is None
    assert list(watched.state.cluster.groups["g"].members) == [one.member_id]


def test_barrier_a_pending_id_holds_the_rebalance_up_until_its_session_is_over() -> None:
    watched = world()
    one, two = stable_pair(watched)
    three = Outside(watched, "m3")
    three.ask(three.joining("g", ("t",), session_us=7 * S))
    start = watched.backend.now_us
    one.join()
    two.join()
    watched.to(start + S)
    assert state(watched) == "PreparingRebalance"
    watched.to(start + 8 * S)
    assert state(watched) == "CompletingRebalance"
    assert [(event.client, event.reason) for event in of(watched, MemberRemoved)] == [("m3", "never joined")]


def test_barrier_the_second_join_of_a_waiting_member_takes_the_place_of_the_first() -> None:
    watched = world()
    one, two = stable_pair(watched)
    three = Outside(watched, "m3")
    first = three.join()
    watched.to(watched.backend.now_us + 10 * MS)
    again = Outside(watched, "m3 again")
    second = again.send(three.joining("g", ("t",)))
    watched.to(watched.backend.now_us + 10 * MS)
    assert again.answer(second) is None
    one.join()
    two.join()
    watched.to(watched.backend.now_us + 10 * MS)
    assert getattr(again.answer(second), "generation", 0) == 3
    assert three.answer(first) is None


@pytest.mark.parametrize(
    ("joins", "begins", "members"),
    [((0.0, 1.0, 2.5), 6.0, 3), ((0.0,), 3.0, 1), ((0.0, 2.9, 5.9), 9.0, 3)],
)
def test_r102_the_initial_delay(joins: tuple[float, ...], begins: float, members: int) -> None:
    watched = world(delay_us=3 * S)
    start = 100 * MS
    for number, after in enumerate(joins):
        client = Outside(watched, f"m{number}")
        watched.to(start + int(after * S) - 11 * MS)
        client.join()
    watched.to(start + 20 * S)
    initial, began = of(watched, RebalanceStarted)[0], of(watched, GenerationStarted)[0]
    assert began.at_us - initial.at_us == int(begins * S)
    assert began.generation == 1
    assert len([event for event in of(watched, MemberJoined) if event.id < began.id]) == members


def test_r102_the_delay_applies_each_time_the_group_was_empty() -> None:
    watched = world(delay_us=3 * S)
    one = Outside(watched, "m1")
    one.join()
    watched.to(5 * S)
    one.ask(LeaveGroupRequest("g", one.member_id))
    assert state(watched) == "Empty"
    two = Outside(watched, "m2")
    two.join()
    watched.to(20 * S)
    again = [event for event in of(watched, RebalanceStarted) if event.initial][1]
    assert times(watched, GenerationStarted, again.at_us)[0] == 3 * S


def test_r112_a_silent_member_is_out_when_its_session_is_over() -> None:
    watched = world()
    one, _ = stable_pair(watched)
    start = watched.backend.now_us
    for second in range(0, 10, 2):
        watched.to(start + second * S)
        heartbeat(one, 2)
    watched.to(start + 13 * S)
    removed = of(watched, MemberRemoved)
    assert [(event.client, event.reason) for event in removed] == [("m2", "session expired")]
    assert 9_900 * MS < removed[0].at_us - start <= 10 * S


def test_r104_only_the_leader_is_told_who_the_others_are_and_an_old_generation_commits_nothing() -> None:
    watched = run("create topic t", brokers=1)
    a, b = Outside(watched, "a"), Outside(watched, "b")
    watched.to(S)
    first = a.join()
    watched.to(2 * S)
    second = b.join()
    again = a.join()
    watched.to(4 * S)
    assert a.answer(first).generation == 1
    told = [client.answer(number) for client, number in ((a, again), (b, second))]
    assert [answer.generation for answer in told] == [2, 2]
    leaders = [bool(answer.members) for answer in told]
    assert sorted(leaders) == [False, True]
    old = a.ask(OffsetCommitRequest("g", 1, a.member_id, (("t", 0, 0),)))
    assert old.error == Error.ILLEGAL_GENERATION


# -- what real brokers were seen to answer to raw requests ---------------------------------------------------


def test_r103_an_id_that_was_only_given_and_leaves_makes_everybody_join_again() -> None:
    watched = world()
    one, _ = stable_pair(watched)
    three = Outside(watched, "m3")
    reply = three.ask(three.joining("g", ("t",)))
    given = getattr(reply, "member_id", "")
    assert Outside(watched, "admin").ask(LeaveGroupRequest("g", given, "any")) == LeaveGroupResponse()
    assert state(watched) == "PreparingRebalance"
    assert heartbeat(one, 2) == Error.REBALANCE_IN_PROGRESS


def test_r103_where_nobody_is_an_id_that_leaves_begins_nothing() -> None:
    watched = world()
    one = Outside(watched, "m1")
    given = getattr(one.ask(one.joining("g", ("t",))), "member_id", "")
    assert one.ask(LeaveGroupRequest("g", given)) == LeaveGroupResponse()
    assert (state(watched), watched.state.cluster.groups["g"].generation) == ("Empty", 0)


def test_r105_a_member_may_not_change_to_what_it_did_not_support_before() -> None:
    watched = world()
    one = Outside(watched, "m1")
    one.join()
    watched.to(watched.backend.now_us + 10 * MS)
    reply = one.ask(one.joining("g", ("t",), assignors=("sticky",)))
    assert getattr(reply, "error", 0) == Error.INCONSISTENT_GROUP_PROTOCOL


def test_r101_an_id_that_no_group_gave_makes_no_group() -> None:
    watched = world()
    one = Outside(watched, "m1")
    one.member_id = "m1-77"
    assert getattr(one.ask(one.joining("g", ("t",))), "error", 0) == Error.UNKNOWN_MEMBER_ID
    assert "g" not in watched.state.cluster.groups


def test_r85_a_commit_with_an_id_or_a_generation_is_a_members_commit() -> None:
    watched = world()
    one, _ = stable_pair(watched)
    assert commit(one, -1) == Error.ILLEGAL_GENERATION
    assert commit(one, 2, "") == Error.UNKNOWN_MEMBER_ID


def test_r82_topics_that_are_not_there_are_refused_before_the_coordinator_is_asked() -> None:
    watched = world()
    one, _ = stable_pair(watched)
    other = Outside(watched, "other")
    reply = other.ask(OffsetCommitRequest("g", 99, "nobody", (("nowhere", 0, 1),)))
    assert reply == OffsetCommitResponse(Error.UNKNOWN_TOPIC_OR_PARTITION)
    assert commit(one, 2) == Error.NONE
