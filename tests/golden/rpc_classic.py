"""Raw requests of the classic group protocol."""

from __future__ import annotations

from typing import Any

from mqviz.model.request import Heartbeat, Joined, JoinGroup, LeaveGroup, OffsetCommit, SyncGroup
from mqviz.sim.kafka.lookup import coordinator_of
from tests.golden.registry import Args, rpc
from tests.golden.world import MS, World, error_name


def _coordinator(world: World, request: Args) -> int:
    return coordinator_of(world.backend._sim, request["groupId"])


@rpc("JoinGroup")
def _join(world: World, request: Args, act: Args) -> Any:
    value = JoinGroup(
        request["groupId"],
        request["memberId"],
        act.get("client_id", "raw"),
        request["sessionTimeoutMs"] * MS,
        request["rebalanceTimeoutMs"] * MS,
        tuple(p["name"] for p in request["protocols"]),
        tuple(dict.fromkeys(topic for p in request["protocols"] for topic in p["metadata"]["subscription"])),
        request.get("groupInstanceId"),
        protocol_type=request.get("protocolType", "consumer"),
    )

    def named(answer: Any) -> Any:
        if not isinstance(answer, Joined):
            return {"error": error_name(answer.error)}
        if answer.member_id:
            world.ids[f"id:{act.get('client_id', 'raw')}"] = answer.member_id
        return {
            "error": error_name(answer.error),
            "member_id_given": bool(answer.member_id),
            "member_id_prefix": answer.member_id.rpartition("-")[0],
            "generation": answer.generation,
            "leader": bool(answer.member_id) and answer.group_leader == answer.member_id,
            "members": len(answer.members),
            "protocol": answer.assignor,
        }

    return _coordinator(world, request), value, named


def _plain(answer: Any) -> Any:
    return {"error": error_name(answer.error)}


@rpc("SyncGroup")
def _sync(world: World, request: Args, act: Args) -> Any:
    assignments = tuple((a["memberId"], _partitions(a["assignment"])) for a in request["assignments"])
    value = SyncGroup(
        request["groupId"],
        request["generationId"],
        request["memberId"],
        assignments,
        request.get("groupInstanceId"),
        request.get("protocolType"),
        request.get("protocolName"),
    )
    return _coordinator(world, request), value, _plain


def _partitions(assignment: Any) -> tuple[tuple[str, int], ...]:
    """The partitions of an assignment, each `t-0` or a topic with its numbers."""
    found: list[tuple[str, int]] = []
    for item in assignment["partitions"] if isinstance(assignment, dict) else assignment:
        if isinstance(item, str):
            topic, _, number = item.rpartition("-")
            found.append((topic, int(number)))
        else:
            found += [(item["topic"], number) for number in item["partitions"]]
    return tuple(found)


@rpc("Heartbeat")
def _heartbeat(world: World, request: Args, act: Args) -> Any:
    return (
        _coordinator(world, request),
        Heartbeat(
            request["groupId"], request["generationId"], request["memberId"], request.get("groupInstanceId")
        ),
        _plain,
    )


@rpc("LeaveGroup")
def _leave(world: World, request: Args, act: Args) -> Any:
    *others, member = [
        LeaveGroup(request["groupId"], m["memberId"], m.get("groupInstanceId"))
        for m in request.get("members", [request])
    ]
    for other in others:  # one request a member
        world.ask(act.get("conn", "raw"), _coordinator(world, request), other)
    return _coordinator(world, request), member, _plain


@rpc("OffsetCommit")
def _commit(world: World, request: Args, act: Args) -> Any:
    generation = request.get("generationIdOrMemberEpoch", request.get("generationId", -1))
    offsets = tuple(
        (t["name"], p["partitionIndex"], p["committedOffset"])
        for t in request["topics"]
        for p in t["partitions"]
    )
    instance = request.get("groupInstanceId")
    value = OffsetCommit(
        request["groupId"], generation, request["memberId"], offsets, instance, act["version"]
    )
    return _coordinator(world, request), value, _plain
