"""Raw requests: those of groups, of consumers and producers, and who coordinates what."""

from __future__ import annotations

from typing import Any

from mqviz.kafka.errors import Error
from mqviz.model.kafka.log.batch import Batch
from mqviz.model.kafka.log.sizes import BATCH_HEADER, record_size
from mqviz.model.kafka.protocol.requests import (
    ConsumerGroupHeartbeatRequest,
    FetchRequest,
    HeartbeatRequest,
    InitProducerIdRequest,
    JoinGroupRequest,
    LeaveGroupRequest,
    ListOffsetsRequest,
    OffsetCommitRequest,
    OffsetFetchRequest,
    OffsetForLeaderEpochRequest,
    ProduceRequest,
    ShareFetchRequest,
    ShareGroupHeartbeatRequest,
    SyncGroupRequest,
)
from mqviz.model.kafka.protocol.responses import (
    ConsumerGroupHeartbeatResponse,
    FetchResponse,
    InitProducerIdResponse,
    JoinGroupResponse,
    OffsetFetchResponse,
    OffsetForLeaderEpochResponse,
    ProduceResponse,
    ShareFetchResponse,
    ShareGroupHeartbeatResponse,
)
from mqviz.sim.kafka.broker import verification
from mqviz.sim.kafka.coordinator.lookup import coordinator_of
from tests.golden.members import tp
from tests.golden.registry import RPC, Args, NotRun, Waiting, pause, rpc, verb
from tests.golden.world import MS, World, error_name

FOREVER_US = 1 << 40


@verb("rpc")
def _rpc(world: World, act: Args) -> Waiting:
    """The answer's fields; the last one's, if it is sent every_ms for for_ms, or until an error."""
    if act["api"] not in RPC:
        raise NotRun(f"rpc {act['api']}")
    began_us, most_us = world.now_us, max(60_000, act.get("timeout_ms", 0)) * MS
    while True:
        sent_us, given = world.now_us, world.named_ids(act["request"], group_of(act["request"]))
        broker, request, named = RPC[act["api"]](world, given, act)
        number = world.ask(act.get("conn", "raw"), act.get("broker", broker), request)
        answer = yield from world.answered(
            number, most_us if act.get("wait_for_answer", True) else FOREVER_US
        )
        told = None if answer is None else named(answer)
        if "every_ms" not in act or (act.get("until_error") and told["error"] != "NONE"):
            return told
        yield pause(sent_us + int(act["every_ms"] * MS) - world.now_us)
        if world.now_us - began_us >= act["for_ms"] * MS:
            return told


def group_of(request: Args) -> str:
    """The group that a request is about, if it is about one."""
    return str(request.get("groupId") or "")


@verb("close_connection")
def _close_connection(world: World, act: Args) -> None:
    """What was asked on it was answered before; nothing more comes by it."""


@rpc("FindCoordinator")
def _find(world: World, request: Args, act: Args) -> Any:
    """Any broker says what it knows (here: what all know) when the request has come and gone as any other."""
    (key,) = request.get("coordinatorKeys") or [request["key"]]
    kind = request.get("keyType", 0)
    if kind not in COORDINATORS:
        raise NotRun(f"FindCoordinator of type {kind}")

    def named(_: Any) -> Any:
        broker = COORDINATORS[kind](world.backend._sim, key)
        error = Error.NONE if broker > 0 else Error.COORDINATOR_NOT_AVAILABLE
        return {"error": error.name, "nodeId": broker if broker > 0 else -1}

    return 1, ListOffsetsRequest("latest", ()), named


COORDINATORS = {0: coordinator_of, 1: verification.coordinator_of}
"""By key_type: of groups and of transactional ids."""


# -- the classic protocol -----------------------------------------------------------------------------------


def _coordinator(world: World, request: Args) -> int:
    return coordinator_of(world.backend._sim, request["groupId"])


@rpc("JoinGroup")
def _join(world: World, request: Args, act: Args) -> Any:
    value = JoinGroupRequest(
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
        if not isinstance(answer, JoinGroupResponse):
            return {"error": error_name(answer.error)}
        if answer.member_id:
            world.ids[request["groupId"], f"id:{act.get('client_id', 'raw')}"] = answer.member_id
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
    value = SyncGroupRequest(
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
        HeartbeatRequest(
            request["groupId"], request["generationId"], request["memberId"], request.get("groupInstanceId")
        ),
        _plain,
    )


@rpc("LeaveGroup")
def _leave(world: World, request: Args, act: Args) -> Any:
    *others, member = [
        LeaveGroupRequest(request["groupId"], m["memberId"], m.get("groupInstanceId"))
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
    value = OffsetCommitRequest(
        request["groupId"], generation, request["memberId"], offsets, instance, act["version"]
    )
    return _coordinator(world, request), value, _plain


@rpc("OffsetFetch")
def _offset_fetch(world: World, request: Args, act: Args) -> Any:
    (group,) = request["groups"]
    places = tuple((t["name"], p) for t in group["topics"] for p in t["partitionIndexes"])
    value = OffsetFetchRequest(group["groupId"], places, request.get("requireStable", False))
    return coordinator_of(world.backend._sim, group["groupId"]), value, _committed


def _committed(answer: Any) -> dict[str, Any]:
    if not isinstance(answer, OffsetFetchResponse) or answer.error:
        return {"error": error_name(answer.error)}
    _, _, error, offset = answer.partitions[0]
    return {"committedOffset": offset, "error": error_name(error)}


# -- the consumer protocol and share groups ------------------------------------------------------------------


@rpc("ConsumerGroupHeartbeat")
def _modern_heartbeat(world: World, request: Args, act: Args) -> Any:
    topics, owned, timeout_ms = (
        request[name] for name in ("subscribedTopicNames", "topicPartitions", "rebalanceTimeoutMs")
    )
    value = ConsumerGroupHeartbeatRequest(
        request["groupId"],
        request["memberId"],
        request["memberEpoch"],
        act.get("client_id", ""),
        request["instanceId"],
        timeout_ms * MS if timeout_ms >= 0 else -1,
        None if topics is None else tuple(topics),
        request["serverAssignor"],
        None if owned is None else _of_topics(owned),
    )
    return coordinator_of(world.backend._sim, request["groupId"]), value, _modern_named


def _of_topics(owned: list[Args]) -> tuple[tuple[str, int], ...]:
    """Partitions by name, each a number or with its index: a recording writes the id of topic t as `id:t`."""
    return tuple(
        (str(t["topicId"]).removeprefix("id:"), p["partitionIndex"] if isinstance(p, dict) else p)
        for t in owned
        for p in t["partitions"]
    )


def _modern_named(answer: Any) -> Any:
    if not isinstance(answer, ConsumerGroupHeartbeatResponse):
        return {"error": error_name(answer.error)}
    given = answer.assignment
    return {
        "error": error_name(answer.error),
        "memberEpoch": answer.member_epoch,
        "assignment": None if given is None else sorted(tp(*each) for each in given),
    }


def _written(partitions: tuple[tuple[str, int], ...]) -> list[str]:
    return sorted(f"{topic}-{number}" for topic, number in partitions)


@rpc("ShareGroupHeartbeat")
def _share_heartbeat(world: World, request: Args, act: Args) -> Any:
    group, topics = request["groupId"], request["subscribedTopicNames"]
    names = None if topics is None else tuple(topics)
    member_id, epoch = request["memberId"], request["memberEpoch"]
    value = ShareGroupHeartbeatRequest(group, member_id, epoch, act.get("client_id", member_id), names)

    def named(answer: Any) -> Any:
        heard = (
            answer
            if isinstance(answer, ShareGroupHeartbeatResponse)
            else ShareGroupHeartbeatResponse(answer.error)
        )
        given = heard.assignment
        parts = None if given is None else sorted(tp(*each) for each in given)
        return {
            "error": error_name(answer.error),
            "memberEpoch": heard.member_epoch,
            "assignment": parts,
        }

    return coordinator_of(world.backend._sim, group), value, named


@rpc("ShareFetch")
def _share_fetch(world: World, request: Args, act: Args) -> Any:
    """`acquired`: [partition, first offset, last offset, delivery count]. It always waits for 500 ms here."""
    parts = _of_topics(request["topics"])
    leader = world.state.cluster.partition(*parts[0]).leader
    group, member_id, epoch = request["groupId"], request["memberId"], request["shareSessionEpoch"]
    value = ShareFetchRequest(group, member_id, epoch, parts, request["maxRecords"])

    def named(answer: Any) -> Any:
        given = answer.partitions if isinstance(answer, ShareFetchResponse) else ()
        found = [[tp(t, n), first, end - 1, count] for t, n, _, first, end, count in given if end > first]
        return {"error": error_name(answer.error), "acquired": found}

    return leader, value, named


# -- producers and consumers ---------------------------------------------------------------------------------


@verb("new_pid")
def _new_pid(world: World, act: Args) -> Waiting:
    number = world.ask(f"pid {act['pid']}", 1, InitProducerIdRequest())
    granted = yield from world.answered(number)
    assert isinstance(granted, InitProducerIdResponse)
    world.ids["", _pid_name(act["pid"])] = granted.producer_id
    return "ok"


def _pid_name(pid: Any) -> str:
    """As requests call it: `pid:1`."""
    return f"pid:{str(pid).removeprefix('pid:')}"


def _pid(world: World, act: Args) -> int:
    """The producer id of a raw batch: one that new_pid got, a number as it stands, or none."""
    pid = act.get("pid", -1)
    return int(world.ids["", _pid_name(pid)]) if isinstance(pid, str) else pid


@verb("produce_batch")
def _produce_batch(world: World, act: Args) -> Waiting:
    values = tuple(act["values"])
    size = BATCH_HEADER + sum(record_size(None, len(v.encode()), n) for n, v in enumerate(values))
    pid, epoch, first = _pid(world, act), act.get("epoch", -1), act.get("seq", -1)
    now_us, keys = world.now_us, (None,) * len(values)
    batch = Batch(0, len(values), size, "raw", pid, epoch, first, 0, 0, now_us, 0, keys, values)
    wait_us, acks = act.get("timeout_ms", 30_000) * MS, act.get("acks", -1)
    world.notes["raw batches"] = count = world.notes.get("raw batches", 0) + 1
    request = ProduceRequest(acks, ((act["topic"], act["partition"], batch),), wait_us)
    number = world.ask(f"raw {count}", act["broker"], request)
    if acks == 0:
        return None  # nobody answers
    answer = yield from world.answered(number, wait_us + 60_000 * MS)
    if answer is None:
        return None
    if not isinstance(answer, ProduceResponse):
        return {"error": error_name(answer.error)}
    (part,) = answer.partitions
    return {"error": error_name(part.error), "baseOffset": part.base_offset}


@rpc("OffsetForLeaderEpoch")
def _epoch_ends(world: World, request: Args, act: Args) -> Any:
    parts = tuple(
        (topic["topic"], p["partition"], p["currentLeaderEpoch"], p["leaderEpoch"])
        for topic in request["topics"]
        for p in topic["partitions"]
    )

    def named(answer: Any) -> Any:
        if not isinstance(answer, OffsetForLeaderEpochResponse):
            return {"error": error_name(answer.error)}
        _, partition, error, epoch, end = answer.partitions[0]
        return {
            "error": error_name(error),
            "partition": partition,
            "leaderEpoch": epoch,
            "endOffset": end,
        }

    return 1, OffsetForLeaderEpochRequest(parts), named


@rpc("Fetch")
def _fetch(world: World, request: Args, act: Args) -> Any:
    asked = [
        (t["topic"], p["partition"], p["fetchOffset"]) for t in request["topics"] for p in t["partitions"]
    ]
    most = [p["partitionMaxBytes"] for t in request["topics"] for p in t["partitions"]]
    epochs = tuple(p.get("currentLeaderEpoch", -1) for t in request["topics"] for p in t["partitions"])
    wait_us, broker, sent_us = request["maxWaitMs"] * MS, act.get("broker", 1), world.now_us
    value = FetchRequest(
        tuple(asked),
        wait_us,
        request["minBytes"],
        request["maxBytes"],
        min(most),
        request["isolationLevel"] == 1,
        request.get("rackId", ""),
        epochs,
    )

    def named(answer: Any) -> Any:
        waited = "max wait" if world.now_us - sent_us >= wait_us else "at once"
        return _fetched(world, broker, *asked[0][:2], answer) | {"waited": waited}

    return broker, value, named


def _fetched(world: World, broker: int, topic: str, number: int, answer: Any) -> Args:
    """What the answer says of the partition."""
    found = world.state.cluster.find(topic, number)
    copy = found.replicas.get(broker) if found else None
    parts = answer.partitions if isinstance(answer, FetchResponse) else ()
    mine = ((p.error, p.first, p.end) for p in parts if (p.topic, p.partition) == (topic, number))
    error, first, end = next(mine, (answer.error, 0, 0))
    batches = copy.log.read(first, end) if copy and end > first else ()
    return {
        "error": error_name(error),
        "highWatermark": -1 if error or copy is None else copy.high_watermark,
        "logStartOffset": -1 if error or copy is None else copy.log.start,
        "batches": [[batch.base_offset, batch.end_offset - 1] for batch in batches],
        "bytes": sum(batch.bytes for batch in batches),
    }
