"""Raw requests and facts of groups of the consumer protocol (KIP-848)."""

from __future__ import annotations

from typing import Any

from mqviz.model.consumer_group import ConsumerGroup
from mqviz.model.request import ConsumerGroupHeartbeat, GroupHeartbeatAnswered
from mqviz.sim.kafka.lookup import coordinator_of
from tests.golden.registry import Args, fact, rpc
from tests.golden.world import MS, World, error_name


@rpc("ConsumerGroupHeartbeat")
def _heartbeat(world: World, request: Args, act: Args) -> Any:
    topics, owned, timeout_ms = (
        request[name] for name in ("subscribedTopicNames", "topicPartitions", "rebalanceTimeoutMs")
    )
    value = ConsumerGroupHeartbeat(
        request["groupId"],
        request["memberId"],
        request["memberEpoch"],
        act.get("client_id", ""),
        request["instanceId"],
        timeout_ms * MS if timeout_ms >= 0 else -1,
        None if topics is None else tuple(topics),
        request["serverAssignor"],
        None if owned is None else _partitions(owned),
    )
    return coordinator_of(world.backend._sim, request["groupId"]), value, _named


def _partitions(owned: list[Args]) -> tuple[tuple[str, int], ...]:
    """Topics of a heartbeat, by name: a recording writes the id of topic t as `id:t`."""
    return tuple((str(t["topicId"]).removeprefix("id:"), p) for t in owned for p in t["partitions"])


def _named(answer: Any) -> Any:
    if not isinstance(answer, GroupHeartbeatAnswered):
        return {"error": error_name(answer.error)}
    given = answer.assignment
    return {
        "error": error_name(answer.error),
        "memberEpoch": answer.member_epoch,
        "assignment": None if given is None else _written(given),
    }


def _written(partitions: tuple[tuple[str, int], ...]) -> list[str]:
    return sorted(f"{topic}-{number}" for topic, number in partitions)


def group_facts(group: ConsumerGroup) -> Any:
    """What the fact `group` says."""
    return {
        "state": group.state,
        "epoch": group.epoch,
        "assignment_epoch": group.assignment_epoch,
        "members": len(group.members),
    }


def assignment(group: ConsumerGroup) -> dict[str, list[str]]:
    """What the fact `assignment` says: what each member was told that it has."""
    return {m.client: _written(m.assigned) for m in group.members.values()}


@fact("member_epochs")
def _epochs(world: World, read: Args) -> Any:
    cluster = world.state.cluster
    groups = cluster.share_groups if read["group"] in cluster.share_groups else cluster.consumer_groups
    group = groups.get(read["group"])
    return {member.client: member.epoch for member in group.members.values()} if group else {}


@fact("target_assignment")
def _target(world: World, read: Args) -> Any:
    group = world.state.cluster.consumer_groups.get(read["group"])
    if group is None:
        return {}
    return {m.client: _written(group.target.get(m.member_id, ())) for m in group.members.values()}
