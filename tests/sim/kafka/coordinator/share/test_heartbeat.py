"""Share groups, the coordinator's side: members, epochs, sessions, partitions (R130)."""

from __future__ import annotations

from mqviz.kafka.errors import Error
from mqviz.model.kafka.coordinator.share.events import ShareMemberRemoved, ShareTargetAssigned
from mqviz.model.kafka.protocol.requests import ShareGroupHeartbeatRequest
from mqviz.model.kafka.protocol.responses import ShareGroupHeartbeatResponse
from tests.sim.kafka.coordinator.share.worlds import TOPIC, share_run
from tests.sim.kafka.worlds import Outside, S, of
from tests.sim.worlds import Run


def heard(
    raw: Outside, member: str, epoch: int, topics: tuple[str, ...] | None = None, broker: int = 1
) -> ShareGroupHeartbeatResponse:
    reply = raw.ask(ShareGroupHeartbeatRequest("g", member, epoch, member, topics), broker)
    assert isinstance(reply, ShareGroupHeartbeatResponse)
    return reply


def raw_world(partitions: int = 3, **more: str) -> tuple[Run, Outside]:
    world = share_run(f"create topic t partitions={partitions}", **more)
    return world, Outside(world.to(1))


def test_r130_a_member_joins_with_epoch_0_and_gets_its_partitions_at_once() -> None:
    _, raw = raw_world()
    reply = heard(raw, "a", 0, ("t",))
    assert (reply.error, reply.member_epoch, reply.interval_us) == (0, 1, 5 * S)
    assert reply.assignment == (("t", 0), ("t", 1), ("t", 2))
    assert heard(raw, "a", 1).assignment is None, "nothing changed"


def test_r130_members_hear_of_a_change_with_their_next_heartbeat() -> None:
    _, raw = raw_world()
    heard(raw, "a", 0, ("t",))
    second = heard(raw, "b", 0, ("t",))
    assert (second.member_epoch, second.assignment) == (2, (("t", 2),))
    first = heard(raw, "a", 1)
    assert (first.member_epoch, first.assignment) == (2, (("t", 0), ("t", 1)))


def test_r130_more_members_than_partitions_all_get_one() -> None:
    _, raw = raw_world(partitions=1)
    given = [heard(raw, name, 0, ("t",)).assignment for name in "abcd"]
    assert given == [(("t", 0),)] * 4


def test_r130_epochs_are_checked() -> None:
    _, raw = raw_world()
    assert heard(raw, "nobody", 3).error == Error.UNKNOWN_MEMBER_ID
    assert heard(raw, "a", 0).error == Error.INVALID_REQUEST
    heard(raw, "a", 0, ("t",))
    heard(raw, "b", 0, ("t",))
    assert heard(raw, "a", 7).error == Error.FENCED_MEMBER_EPOCH
    assert heard(raw, "a", 1).member_epoch == 2
    assert heard(raw, "a", 1).error == Error.NONE, "the answer may have been lost: the epoch before is taken"
    heard(raw, "c", 0, ("t",))
    heard(raw, "a", 2)
    assert heard(raw, "a", 1).error == Error.FENCED_MEMBER_EPOCH


def test_r130_a_group_is_full_with_200_members() -> None:
    world, raw = raw_world()
    errors = [heard(raw, f"m{number}", 0, ("t",)).error for number in range(201)]
    assert errors == [0] * 200 + [Error.GROUP_MAX_SIZE_REACHED]
    assert world.backend.state.cluster.share_groups["g"].epoch == 200


def test_r130_a_silent_member_is_out_after_its_session() -> None:
    world, raw = raw_world()
    heard(raw, "a", 0, ("t",))
    joined_us = world.backend.state.cluster.share_groups["g"].members["a"].heard_at_us
    world.to(60 * S)
    assert [e.at_us - joined_us for e in of(world, ShareMemberRemoved, reason="session expired")] == [45 * S]
    assert world.backend.state.cluster.share_groups["g"].state == "Empty"


def test_r130_who_leaves_is_out_at_once_and_others_get_its_partitions() -> None:
    world, raw = raw_world()
    heard(raw, "a", 0, ("t",))
    heard(raw, "b", 0, ("t",))
    assert heard(raw, "b", -1).member_epoch == -1
    assert heard(raw, "a", 1).assignment == (("t", 0), ("t", 1), ("t", 2))
    assert heard(raw, "b", 2).error == Error.UNKNOWN_MEMBER_ID
    assert len(of(world, ShareTargetAssigned)) == 3


def test_r130_heartbeats_come_every_5_s_and_keep_the_member() -> None:
    world = share_run(TOPIC).do("add share-consumer s1 group=g topic=t").to(120 * S)
    sent = [e.at_us for e in world.log if "ShareGroupHeartbeat" in str(getattr(e, "request", ""))]
    assert len(sent) == 24
    assert list(world.backend.state.cluster.share_groups["g"].members) == ["s1-1"]


def test_r130_only_the_coordinator_answers() -> None:
    world = share_run(TOPIC, brokers=3)
    raw = Outside(world.to(1))
    errors = [heard(raw, "a", 0, ("t",), broker).error for broker in (1, 2, 3)]
    assert sorted(errors) == [0, Error.NOT_COORDINATOR, Error.NOT_COORDINATOR]
