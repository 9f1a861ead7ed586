"""The consumer protocol (KIP-848) by raw requests: epochs, targets, the steps of members, errors, states."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from mqviz.kafka.errors import Error
from mqviz.model.kafka.coordinator.consumer.events import ConsumerGroupMemberRemoved, TargetAssigned
from mqviz.model.kafka.coordinator.consumer.state import (
    CONSUMER_GROUP_MOVES,
    CONSUMER_MEMBER_MOVES,
    ConsumerGroup,
)
from mqviz.model.kafka.protocol.requests import ConsumerGroupHeartbeatRequest, OffsetCommitRequest
from mqviz.model.kafka.protocol.responses import ConsumerGroupHeartbeatResponse, OffsetCommitResponse
from mqviz.model.moves import IllegalMove, move
from mqviz.model.units import Value
from mqviz.sim.kafka.coordinator.lookup import coordinator_of
from tests.sim.kafka.worlds import MS, Outside, S, cluster, of, times
from tests.sim.worlds import Run

Told = tuple[int, int, list[int] | None]


class World:
    """A run with topics, and members by their ids; each beats on a connection of its own."""

    def __init__(self, *topics: str, version: str = "4.2", brokers: int = 1, **settings: str) -> None:
        scenario = cluster(*topics, brokers=brokers)
        given = {name.replace("_", "."): Value(value) for name, value in settings.items()}
        plan = replace(scenario.cluster, settings=given, scaled=True)
        self.run = Run(replace(scenario, cluster=plan, kafka_version=version)).to(1)

    def heartbeat(
        self,
        member: str,
        epoch: int,
        owned: list[int] | None = None,
        *,
        assignor: str | None = None,
        topics: tuple[str, ...] | None = None,
        instance: str | None = None,
        timeout_ms: int = -1,
        group: str = "g",
        later: bool = False,
    ) -> Told:
        """Send a heartbeat; returns error, epoch and partitions (of the only topic) of the answer."""
        if epoch == 0:
            topics, owned = topics or ("t",), owned or []
            timeout_ms = 30_000 if timeout_ms < 0 else timeout_ms
        request = ConsumerGroupHeartbeatRequest(
            group,
            member,
            epoch,
            member,
            instance,
            timeout_ms * 1_000 if timeout_ms >= 0 else -1,
            topics,
            assignor,
            None if owned is None else tuple(("t", n) for n in owned),
        )
        broker = coordinator_of(self.run.backend._sim, group)
        reply = Outside(self.run, member).ask(request, broker)
        assert isinstance(reply, ConsumerGroupHeartbeatResponse)
        given = None if reply.assignment is None else [number for _, number in reply.assignment]
        return reply.error, reply.member_epoch, given

    @property
    def group(self) -> ConsumerGroup:
        return self.run.state.cluster.consumer_groups["g"]

    def states(self) -> tuple[str, int, int]:
        """The group's state, epoch and assignment epoch."""
        return self.group.state, self.group.epoch, self.group.assignment_epoch

    def epochs(self) -> dict[str, int]:
        return {member.member_id: member.epoch for member in self.group.members.values()}

    def commit(self, member: str, epoch: int, group: str = "g") -> int:
        """The error of a commit."""
        request = OffsetCommitRequest(group, epoch, member, (("t", 0, 0),))
        reply = Outside(self.run, "commits").ask(request, coordinator_of(self.run.backend._sim, group))
        assert isinstance(reply, OffsetCommitResponse)
        return reply.error

    def wait(self, us: int) -> None:
        self.run.to(self.run.backend.now_us + us)


def pair(partitions: int = 6, **settings: str) -> World:
    """mA and mB share the topic, both stable at epoch 2."""
    world = World(f"create topic t partitions={partitions}", **settings)
    half = list(range(partitions // 2))
    world.heartbeat("mA", 0)
    world.heartbeat("mB", 0)
    world.heartbeat("mA", 1)
    world.heartbeat("mA", 1, half)
    world.heartbeat("mB", 2)
    assert world.states() == ("Stable", 2, 2)
    return world


def test_r120_the_coordinator_says_how_often_to_beat() -> None:
    world = World("create topic t partitions=1", group_consumer_heartbeat_interval_ms="700")
    request = ConsumerGroupHeartbeatRequest("g", "mA", 0, "mA", None, 30 * S, ("t",), None, ())
    reply = Outside(world.run).ask(request)
    assert isinstance(reply, ConsumerGroupHeartbeatResponse)
    assert reply.heartbeat_interval_us == 700 * MS


def test_r121_a_join_is_answered_with_epoch_and_assignment() -> None:
    world = World("create topic t partitions=3")
    assert world.heartbeat("mA", 0) == (0, 1, [0, 1, 2])
    assert world.heartbeat("mA", 1, [0, 1, 2]) == (0, 1, None)


def test_r121_a_complete_request_is_answered_with_the_assignment_again() -> None:
    """A member that is not sure what it was told sends everything (R121)."""
    world = World("create topic t partitions=3")
    world.heartbeat("mA", 0)
    assert world.heartbeat("mA", 1, [0, 1, 2], topics=("t",), timeout_ms=30_000) == (0, 1, [0, 1, 2])


def test_r121_a_lost_answer_is_no_reason_to_fence() -> None:
    """The previous epoch with owned partitions among the assigned ones is answered with the current epoch (R121)."""
    world = pair()
    assert world.heartbeat("mA", 1, [0, 1, 2]) == (0, 2, None)
    assert world.heartbeat("mA", 1, [0, 1, 2, 3]) == (Error.FENCED_MEMBER_EPOCH, 0, None)
    assert world.heartbeat("mA", 1) == (Error.FENCED_MEMBER_EPOCH, 0, None)
    assert world.heartbeat("mA", 9) == (Error.FENCED_MEMBER_EPOCH, 0, None)
    assert world.heartbeat("mA", 2) == (0, 2, None), "it is still a member"
    assert world.heartbeat("mZ", 2) == (Error.UNKNOWN_MEMBER_ID, 0, None)


def test_r121_an_incomplete_join_is_invalid() -> None:
    world = World("create topic t partitions=3")
    for request in (
        ConsumerGroupHeartbeatRequest("g", "mA", 0, "mA", None, -1, ("t",), None, ()),
        ConsumerGroupHeartbeatRequest("g", "mA", 0, "mA", None, 1, None, None, ()),
        ConsumerGroupHeartbeatRequest("g", "mA", 0, "mA", None, 1, ("t",), None, (("t", 0),)),
        ConsumerGroupHeartbeatRequest("g", "", 0, "mA", None, 1, ("t",), None, ()),
        ConsumerGroupHeartbeatRequest("g", "mA", -2, "mA"),
        ConsumerGroupHeartbeatRequest("g", "mA", -3, "mA"),
    ):
        reply = Outside(world.run).ask(request)
        assert getattr(reply, "error", 0) == Error.INVALID_REQUEST, request
    assert world.heartbeat("mA", 1) == (Error.GROUP_ID_NOT_FOUND, 0, None)


def test_r122_a_leave_only_raises_the_epoch_and_the_next_heartbeat_computes() -> None:
    """A leaver's target goes at once, the others' stay until the next computation (R122, R129)."""
    world = pair()
    assert world.heartbeat("mB", -1) == (0, -1, None)
    assert world.states() == ("Assigning", 3, 2)
    assert world.group.target == {"mA": (("t", 0), ("t", 1), ("t", 2))}
    assert world.heartbeat("mA", 2) == (0, 3, [0, 1, 2, 3, 4, 5])
    assert world.states() == ("Stable", 3, 3)
    world.heartbeat("mA", -1)
    assert world.states() == ("Empty", 4, 3)
    assert world.heartbeat("mB", 0) == (0, 5, [0, 1, 2, 3, 4, 5])


def test_r122_a_silent_member_is_removed_when_its_session_ends() -> None:
    """The session is the coordinator's setting, and begins with the member's last heartbeat."""
    world = pair(group_consumer_session_timeout_ms="6000")
    heard_us = world.group.members["mB"].heard_at_us
    world.wait(3 * S)
    world.heartbeat("mA", 2)
    world.run.to(heard_us + 6 * S + 1)
    removed = of(world.run, ConsumerGroupMemberRemoved)
    assert [(e.at_us, e.member_id, e.reason) for e in removed] == [
        (heard_us + 6 * S, "mB", "session expired")
    ]
    assert world.states() == ("Assigning", 3, 2)
    assert world.heartbeat("mB", 2) == (Error.UNKNOWN_MEMBER_ID, 0, None)
    assert world.heartbeat("mA", 2) == (0, 3, [0, 1, 2, 3, 4, 5])


def test_r122_topics_made_or_grown_are_noticed_by_the_next_heartbeat() -> None:
    """Joining for a topic that is not there gives [] and raises the epoch all the same (R122)."""
    world = World()
    world.run.do("create topic other partitions=1")
    assert world.heartbeat("mA", 0) == (0, 1, [])
    assert world.heartbeat("mB", 0) == (0, 2, [])
    assert world.heartbeat("mA", 1) == (0, 2, None)
    assert world.states() == ("Stable", 2, 2)
    world.run.do("create topic t partitions=3")
    world.wait(10 * MS)
    assert world.states() == ("Stable", 2, 2)
    assert world.heartbeat("mA", 2, []) == (0, 3, [0])
    assert world.heartbeat("mB", 2, []) == (0, 3, [1, 2])


def test_r122_most_members_choose_the_assignor_and_null_keeps_a_choice() -> None:
    world = World("create topic t partitions=7")
    world.heartbeat("mA", 0, assignor="range")
    assert world.group.assignor == "range"
    world.heartbeat("mB", 0)
    assert world.group.assignor == "range", "who does not choose has no vote"
    world.heartbeat("mC", 0, assignor="uniform")
    world.heartbeat("mD", 0, assignor="uniform")
    assert world.group.assignor == "uniform"
    assert world.heartbeat("mE", 0, assignor="nosuch") == (Error.UNSUPPORTED_ASSIGNOR, 0, None)


def test_r122_another_subscription_raises_the_epoch_but_another_assignor_does_not() -> None:
    world = World("create topic t partitions=2", "create topic u partitions=2")
    world.heartbeat("mA", 0)
    world.heartbeat("mA", 1, assignor="range")
    assert world.states() == ("Stable", 1, 1)
    world.heartbeat("mA", 1, topics=("t", "u"))
    assert world.states() == ("Stable", 2, 2)
    assert world.group.assignor == "range"


@pytest.mark.parametrize("version", ["4.2", "4.3"])
def test_r122_from_4_3_on_targets_are_a_second_apart(version: str) -> None:
    """KIP-1263 (R7): the first is computed at once, the second not earlier than a second later, by a heartbeat."""
    world = World("create topic t partitions=4", version=version)
    assert world.heartbeat("mA", 0) == (0, 1, [0, 1, 2, 3])
    world.heartbeat("mB", 0)
    if version == "4.2":
        assert world.states() == ("Reconciling", 2, 2)
        return
    assert world.states() == ("Assigning", 2, 1)
    world.wait(1 * S)
    assert world.states() == ("Assigning", 2, 1)
    assert world.heartbeat("mB", 1) == (0, 2, None)
    first, second = times(world.run, TargetAssigned)
    assert second - first >= 1 * S


def test_r123_revoke_first_then_take_what_is_free() -> None:
    """R125 step by step: B waits until A has said that it gave 3-5 up; A's 0-2 are not touched."""
    world = World("create topic t partitions=6")
    assert world.heartbeat("mA", 0) == (0, 1, [0, 1, 2, 3, 4, 5])
    assert world.heartbeat("mB", 0) == (0, 2, [])
    assert world.states() == ("Reconciling", 2, 2)
    assert world.group.members["mB"].state == "UNRELEASED"
    assert world.heartbeat("mB", 2) == (0, 2, None)
    assert world.heartbeat("mA", 1) == (0, 1, [0, 1, 2])
    assert world.group.members["mA"].state == "UNREVOKED"
    assert world.heartbeat("mA", 1, [0, 1, 2, 3, 4, 5]) == (0, 1, None)
    assert world.heartbeat("mB", 2) == (0, 2, None), "A still has them"
    assert world.heartbeat("mA", 1, [0, 1, 2]) == (0, 2, None)
    assert world.heartbeat("mB", 2) == (0, 2, [3, 4, 5])
    assert world.states() == ("Stable", 2, 2)


def test_r123_a_heartbeat_without_an_owned_list_acknowledges_nothing() -> None:
    """R123; and while a member revokes, a newer target is not looked at (then it lands on that one at once)."""
    world = World("create topic t partitions=6")
    world.heartbeat("mA", 0)
    world.heartbeat("mB", 0)
    assert world.heartbeat("mA", 1) == (0, 1, [0, 1, 2])
    world.heartbeat("mB", -1)
    world.heartbeat("mC", 0)
    world.heartbeat("mC", -1)
    world.heartbeat("mB", 0)
    assert world.group.epoch == 6
    assert world.heartbeat("mA", 1) == (0, 1, None)
    assert world.heartbeat("mA", 1, [0, 1, 2]) == (0, 6, None)
    assert world.heartbeat("mB", 6) == (0, 6, [3, 4, 5])


def test_r123_leaving_unrevoked_may_ask_for_another_revocation() -> None:
    """The next step is computed with the member's own epoch, which it then keeps (R123)."""
    world = World("create topic t partitions=6")
    world.heartbeat("mA", 0)
    world.heartbeat("mB", 0)
    assert world.heartbeat("mA", 1) == (0, 1, [0, 1, 2])
    world.heartbeat("mC", 0)
    assert world.group.target["mA"] == (("t", 0), ("t", 1))
    assert world.heartbeat("mA", 1, [0, 1, 2]) == (0, 1, [0, 1])
    assert world.heartbeat("mA", 1, [0, 1]) == (0, 3, None)


def test_r123_who_does_not_revoke_in_time_is_removed() -> None:
    """After the rebalance timeout, counted from the heartbeat that told it; its next one gets 25 (R123)."""
    world = World("create topic t partitions=4")
    world.heartbeat("mA", 0, timeout_ms=1_500)
    world.heartbeat("mA", 1, [0, 1, 2, 3])
    world.heartbeat("mB", 0)
    told_us = world.run.backend.now_us + 1 * MS
    assert world.heartbeat("mA", 1) == (0, 1, [0, 1])
    world.wait(1 * S)
    assert world.heartbeat("mA", 1) == (0, 1, None)
    world.wait(1 * S)
    assert times(world.run, ConsumerGroupMemberRemoved, told_us) == [1_500 * MS]
    assert world.states() == ("Assigning", 3, 2)
    assert world.epochs() == {"mB": 2}
    assert world.heartbeat("mA", 1) == (Error.UNKNOWN_MEMBER_ID, 0, None)
    assert world.heartbeat("mB", 2) == (0, 3, [0, 1, 2, 3])


def test_r123_an_acknowledged_revocation_ends_its_timer() -> None:
    world = World("create topic t partitions=4")
    world.heartbeat("mA", 0, timeout_ms=1_500)
    world.heartbeat("mB", 0)
    world.heartbeat("mA", 1)
    world.heartbeat("mA", 1, [0, 1])
    world.wait(2 * S)
    assert not of(world.run, ConsumerGroupMemberRemoved)


def test_r123_a_stable_member_jumps_over_epochs() -> None:
    """R122."""
    world = World("create topic t partitions=1")
    world.heartbeat("mA", 0)
    for _ in range(3):
        world.heartbeat("mB", 0)
        world.heartbeat("mB", -1)
    assert world.heartbeat("mA", 1) == (0, 7, None)


def test_r123_a_topic_that_a_member_drops_is_given_up() -> None:
    world = World("create topic t partitions=2", "create topic u partitions=2")
    world.heartbeat("mA", 0, topics=("t", "u"))
    assert world.heartbeat("mA", 1, topics=("u",)) == (0, 1, [0, 1])
    assert world.group.members["mA"].revoking == (("t", 0), ("t", 1))


def test_r123_moves_outside_of_the_tables_raise() -> None:
    assert move(CONSUMER_MEMBER_MOVES, "UNREVOKED", "UNRELEASED", "m") == "UNRELEASED"
    for table, now, then in (
        (CONSUMER_MEMBER_MOVES, "gone", "STABLE"),
        (CONSUMER_GROUP_MOVES, "Dead", "Empty"),
        (CONSUMER_GROUP_MOVES, "Stable", "Stable"),
    ):
        with pytest.raises(IllegalMove):
            move(table, now, then, "it")


def test_r127_range_puts_static_members_first() -> None:
    world = World("create topic t partitions=7", group_consumer_assignors="range,uniform")
    world.heartbeat("a", 0)
    world.heartbeat("b", 0)
    world.heartbeat("z", 0, instance="i")
    target = {member: [n for _, n in parts] for member, parts in world.group.target.items()}
    assert target == {"z": [0, 1, 2], "a": [3, 4], "b": [5, 6]}


def static_pair() -> World:
    world = World("create topic t partitions=4", group_consumer_session_timeout_ms="6000")
    world.heartbeat("mA", 0, instance="i1")
    world.heartbeat("mB", 0, instance="i2")
    world.heartbeat("mA", 1, instance="i1")
    world.heartbeat("mA", 1, [0, 1], instance="i1")
    world.heartbeat("mB", 2, instance="i2")
    assert world.states() == ("Stable", 2, 2)
    return world


def test_r128_an_instance_id_in_use_is_refused() -> None:
    world = static_pair()
    assert world.heartbeat("mC", 0, instance="i1") == (Error.UNRELEASED_INSTANCE_ID, 0, None)
    assert world.heartbeat("mC", 2, instance="i1") == (Error.FENCED_INSTANCE_ID, 0, None)
    assert world.heartbeat("mC", 2, instance="i9") == (Error.UNKNOWN_MEMBER_ID, 0, None)


def test_r128_a_static_member_comes_back_without_a_rebalance() -> None:
    """Taking over raises neither group epoch nor member epoch; the replaced id gets 82 (R128, R129)."""
    world = static_pair()
    assert world.heartbeat("mA", -2, instance="i1") == (0, -2, None)
    assert world.states() == ("Reconciling", 2, 2)
    assert world.heartbeat("mA2", 0, instance="i1") == (0, 2, [0, 1])
    assert world.states() == ("Stable", 2, 2)
    assert world.epochs() == {"mB": 2, "mA2": 2}
    assert world.heartbeat("mA", 2, instance="i1") == (Error.FENCED_INSTANCE_ID, 0, None)


def test_r128_a_temporary_leave_does_not_restart_the_session() -> None:
    """Expiry counts from the last heartbeat before it (R128)."""
    world = static_pair()
    heard_us = world.group.members["mA"].heard_at_us
    world.wait(3 * S)
    world.heartbeat("mA", -2, instance="i1")
    world.run.to(heard_us + 5 * S)
    world.heartbeat("mB", 2, instance="i2")
    world.run.to(heard_us + 6 * S + 1)
    assert times(world.run, ConsumerGroupMemberRemoved) == [heard_us + 6 * S]


def test_r128_commits_with_another_epoch_are_stale() -> None:
    """113 for older and newer epochs, 25 for the unknown and for those without membership; never 110 (R85)."""
    world = pair()
    assert world.commit("mA", 2) == 0
    assert world.run.state.cluster.groups["g"].records["t-0"].committed == 0
    assert world.commit("mA", 1) == world.commit("mA", 3) == Error.STALE_MEMBER_EPOCH
    assert world.commit("mZ", 2) == world.commit("", -1) == Error.UNKNOWN_MEMBER_ID
    world.heartbeat("mA", -1)
    assert world.commit("mA", 2) == Error.UNKNOWN_MEMBER_ID
    world.heartbeat("mB", -1)
    assert world.commit("", -1) == 0


def test_r129_a_classic_group_with_members_is_no_consumer_group() -> None:
    world = World("create topic t partitions=1")
    Outside(world.run, "classic").join("g")
    world.wait(10 * MS)
    assert world.heartbeat("mA", 0) == (Error.GROUP_ID_NOT_FOUND, 0, None)


def test_r120_a_full_group_takes_nobody_else() -> None:
    world = World("create topic t partitions=1", group_consumer_max_size="1")
    world.heartbeat("mA", 0)
    assert world.heartbeat("mB", 0) == (Error.GROUP_MAX_SIZE_REACHED, 0, None)
    assert world.heartbeat("mA", 1) == (0, 1, None)


def test_r99_only_the_coordinator_answers() -> None:
    world = World("create topic t partitions=1", brokers=3)
    other = coordinator_of(world.run.backend._sim, "g") % 3 + 1
    request = ConsumerGroupHeartbeatRequest("g", "mA", 0, "mA", None, 30 * S, ("t",), None, ())
    reply = Outside(world.run).ask(request, other)
    assert reply is not None
    assert reply.error == Error.NOT_COORDINATOR


def test_epochs_never_go_back() -> None:
    world = pair()
    world.heartbeat("mB", -1)
    world.heartbeat("mA", 2)
    epochs = [event.epoch for event in of(world.run, TargetAssigned)]
    assert epochs == sorted(epochs)


def test_r128_an_empty_instance_id_is_none_that_kafka_takes() -> None:
    world = pair()
    assert world.heartbeat("mC", 0, instance="")[0] == Error.INVALID_REQUEST
    assert world.states() == ("Stable", 2, 2), "nothing happened"


def test_r85_a_commit_of_a_version_without_member_epochs_is_refused() -> None:
    world = pair()
    request = OffsetCommitRequest("g", 2, "mA", (("t", 0, 0),), None, 8)
    broker = coordinator_of(world.run.backend._sim, "g")
    assert Outside(world.run, "old").ask(request, broker) == OffsetCommitResponse(Error.UNSUPPORTED_VERSION)
    assert Outside(world.run, "old").ask(replace(request, version=9), broker) == OffsetCommitResponse(
        Error.NONE
    )


# -- what real brokers were seen to answer to raw requests ---------------------------------------------------


def test_r121_a_member_may_join_again_at_any_epoch() -> None:
    """It is told its epoch and what it has; nothing is raised."""
    world = pair()
    assert world.heartbeat("mA", 0) == (0, 2, [0, 1, 2])
    world.heartbeat("mC", 0)
    world.heartbeat("mB", 2)
    assert world.heartbeat("mA", 0) == (0, 3, [0, 1]), "who joins again owns nothing: all is given up"
    assert world.states() == ("Reconciling", 3, 3)


def test_r128_a_static_member_that_leaves_for_a_while_has_given_up_what_it_should() -> None:
    world = static_pair()
    world.heartbeat("mC", 0)
    assert world.heartbeat("mB", 2, instance="i2") == (0, 2, [2])
    assert world.group.members["mB"].state == "UNREVOKED"
    world.heartbeat("mB", -2, instance="i2")
    assert world.group.owners == {"t-0": "mA", "t-1": "mA", "t-2": "mB"}
    assert world.heartbeat("mB2", 0, instance="i2") == (0, 3, [2])
    assert world.group.members["mB2"].state == "STABLE"
