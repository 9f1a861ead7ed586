"""Consumers whose applications are told what to do: their verbs, what they got, where they are; raw fetches."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Any

from mqviz.kafka.errors import Error
from mqviz.model.consumer import CommitEnded, CommitRefused, RecordsReturned
from mqviz.model.consuming import CommitRetried, PollEnded
from mqviz.model.isolation import current_lag, reads_committed
from mqviz.model.log import Batch
from mqviz.model.request import Fetch, FetchResponse, ListOffsets, OffsetCommit, Offsets
from mqviz.sim.kafka import positions
from mqviz.sim.kafka.lookup import coordinator_of
from tests.golden.facts_groups import thrown, tp
from tests.golden.log import readable
from tests.golden.registry import Args, check, fact, rpc, shape, verb
from tests.golden.share import rows_of
from tests.golden.world import MS, World

Row = dict[str, Any]
"""A record that poll() returned: topic, partition, offset, key, value."""

COMMIT_FAILED = {
    Error.UNKNOWN_MEMBER_ID: "CommitFailedException",
    Error.ILLEGAL_GENERATION: "CommitFailedException",
    Error.REBALANCE_IN_PROGRESS: "RebalanceInProgressException",
    Error.FENCED_INSTANCE_ID: "FencedInstanceIdException",
}
"""What commitSync() throws for a refusal of the coordinator (R85)."""

# -- what the application does ------------------------------------------------------------------------------


@verb("poll")
def _poll(world: World, act: Args) -> None:
    """poll(), again and again as the act says; a call that throws ends it."""
    name, label = act["member"], act.get("as", "")
    begin, calls, end_us = len(world.log), 0, world.now_us + int(act.get("for_ms", 0) * MS)
    world.notes.setdefault("polled", {})[label] = (name, begin, begin)
    enough = act.get("count", 1)
    while True:
        calls += 1
        exception = _call(world, name, act["ms"])
        world.notes["polled"][label] = (name, begin, len(world.log))
        many = "tries" in act or "for_ms" in act or "count" in act
        over = calls >= act["tries"] if "tries" in act else "for_ms" in act and world.now_us >= end_us
        got = not act.get("keep") and len(_rows(world, *world.notes["polled"][label])) >= enough
        if exception or over or got or not many or calls >= 1000:
            world.answered(label, thrown(exception) if exception else "ok")
            return


def _call(world: World, name: str, ms: float) -> str:
    """One poll(); returns the exception that it threw, or nothing."""
    begin = len(world.log)
    outcome = _told(world, f"poll consumer {name} timeout={ms}ms")
    if outcome != "ok":
        return outcome

    def ended() -> list[PollEnded]:
        return [e for e in world.log[begin:] if isinstance(e, PollEnded) and e.consumer == name]

    world.until(lambda: bool(ended()))
    return ended()[0].exception if ended() else ""


def _told(world: World, command: str) -> str:
    """What calling the client does: "ok", or the exception that it throws where the command is refused (R95)."""
    outcome = world.do(command)
    found = re.search(r"\((\w+Exception)\)$", outcome)
    if found:
        return found[1]
    ended = outcome.endswith((" has ended", " is closing", " is leaving", " is closed"))
    return "IllegalStateException" if ended else outcome


@verb("poll_loop")
def _loop(world: World, act: Args) -> None:
    on = str(act["on"]).lower()
    world.answered(act.get("as"), world.do(f"set consumer {act['member']} loop={on}"))


@verb("busy_member")
def _busy(world: World, act: Args) -> None:
    until_us = world.now_us + act["ms"] * MS
    outcome = world.do(f"busy consumer {act['member']} time={act['ms']}ms")
    world.later(act.get("as"), lambda: outcome if world.now_us >= until_us else None)


@verb("seek")
def _seek(world: World, act: Args) -> None:
    place = f"topic={act['topic']} partition={act['partition']} offset={act['offset']}"
    world.answered(act.get("as"), _told(world, f"seek consumer {act['member']} {place}"))


@verb("pause_partition")
def _pause(world: World, act: Args) -> None:
    _set_paused(world, act, "pause")


@verb("resume_partition")
def _resume(world: World, act: Args) -> None:
    _set_paused(world, act, "resume")


def _set_paused(world: World, act: Args, word: str) -> None:
    place = tp(act["topic"], act["partition"])
    world.answered(act.get("as"), _told(world, f"{word} partition {place} consumer={act['member']}"))


@verb("commit")
def _commit(world: World, act: Args) -> None:
    """commitSync(): the runner waits until it returned or threw."""
    name, begin = act["member"], len(world.log)
    outcome = _told(world, f"commit consumer {name}")
    waits = bool(world.state.cluster.consumers[name].commits)
    world.to(world.now_us + 1)

    def ended() -> str | None:
        found = [e for e in world.log[begin:] if isinstance(e, CommitEnded | CommitRefused)]
        for event in found:
            if event.consumer == name:
                return "ok" if isinstance(event, CommitEnded) else _commit_failed(event)
        retried = any(isinstance(e, CommitRetried) and e.consumer == name for e in world.log[begin:])
        return None if waits or retried or outcome != "ok" else "ok"

    world.until(lambda: outcome != "ok" or ended() is not None or not waits)
    world.answered(act.get("as"), ended() if outcome == "ok" else outcome)


def _commit_failed(event: CommitRefused) -> str:
    return COMMIT_FAILED.get(Error(event.error), Error(event.error).name) if event.error else event.named


@verb("reset_offsets")
def _reset(world: World, act: Args) -> None:
    offsets = tuple((*place(text), offset) for text, offset in act["offsets"].items())
    if any(offset < 0 for _, _, offset in offsets):  # OffsetAndMetadata cannot be made
        world.answered(act.get("as"), "IllegalArgumentException")
        return
    request = OffsetCommit(act["group"], -1, "", offsets)
    number = world.ask("admin", coordinator_of(world.backend._sim, act["group"]), request)
    world.until(lambda: world.answer_of(number) is not None)
    world.answered(act.get("as"), Error(world.answer_of(number).error).name)  # type: ignore[union-attr]


def place(text: str) -> tuple[str, int]:
    """(topic, partition) of `topic-partition`."""
    topic, _, number = text.rpartition("-")
    return topic, int(number)


# -- what it got --------------------------------------------------------------------------------------------


def _rows(world: World, name: str, begin: int, end: int) -> list[Row]:
    """Records that poll() of this consumer returned among these events, in order."""
    events = [e for e in world.log[begin:end] if isinstance(e, RecordsReturned) and e.consumer == name]
    return [row for event in events for part in event.parts for row in _records(world, name, *part)]


def _records(world: World, name: str, topic: str, number: int, first: int, end: int) -> list[Row]:
    log = world.state.cluster.partition(topic, number).led.log
    committed = reads_committed(world.state.cluster.consumers[name].settings)
    if committed or any(batch.control for batch in log.read(first, end)):
        found = [row | {"topic": topic} for row in readable(log, end, committed) if row["offset"] >= first]
        return [row | {"partition": number} for row in found]
    return [
        {"topic": topic, "partition": number, "offset": offset, "key": key, "value": value}
        for batch in log.read(first, end)
        for offset, key, value in _of(batch)
        if first <= offset < end
    ]


def _of(batch: Batch) -> list[tuple[int, str | None, str | None]]:
    return [(batch.base_offset + k, batch.keys[k], batch.value(k)) for k in range(batch.count)]


def got(world: World, of: str | list[str]) -> list[Row]:
    """What these acts or members got; members since the last mark, else since they started."""
    found: list[Row] = []
    for name in of if isinstance(of, list) else [of]:
        shared = rows_of(world, name)
        if shared is not None:
            found += shared
        elif name in world.notes.get("polled", {}):
            found += _rows(world, *world.notes["polled"][name])
        elif name in world.state.cluster.consumers:
            begin = max(world.notes.get("marked", 0), world.notes.get("started", {}).get(name, 0))
            found += _rows(world, name, begin, len(world.log))
    return found


def _in(read: Args, rows: list[Row]) -> list[Row]:
    wanted = read.get("partition")
    return rows if wanted is None else [r for r in rows if tp(r["topic"], r["partition"]) == wanted]


@fact("delivered")
def _delivered(world: World, read: Args) -> Any:
    offsets = [row["offset"] for row in _in(read, got(world, read["of"]))]
    first, last = (offsets[0], offsets[-1]) if offsets else (None, None)
    return {"first": first, "last": last, "max": max(offsets, default=None), "count": len(offsets)}


@fact("deliveries")
def _deliveries(world: World, read: Args) -> Any:
    return [[row.get(name) for name in read["fields"]] for row in got(world, read["of"])]


@fact("delivered_offsets")
def _offsets(world: World, read: Args) -> Any:
    expected = read["expect"]
    found: dict[str, list[int]] = {name: [] for name in expected}
    for row in got(world, read["of"]):
        found.setdefault(tp(row["topic"], row["partition"]), []).append(row["offset"])
    return found


@fact("delivered_counts")
def _counts(world: World, read: Args) -> Any:
    """Records by member, also where acts are named."""
    found: dict[str, int] = {}
    for name in read["of"]:
        member = world.labels[name].act["member"] if name in world.labels else name
        found[member] = found.get(member, 0) + len(got(world, name))
    return found


@shape("delivered_counts")
def _same_sum(expected: Any, found: Any) -> bool:
    return bool(sum(expected.values()) == sum(found.values()))


@fact("polls")
def _polls(world: World, read: Args) -> Any:
    name, begin, end = world.notes["polled"][read["of"]]
    events = [e for e in world.log[begin:end] if isinstance(e, RecordsReturned) and e.consumer == name]
    if read["what"] == "partitions":
        return [len(event.parts) for event in events]
    return [sum(len(_records(world, name, *part)) for part in event.parts) for event in events]


@shape("polls")
def _same_records(expected: Any, found: Any) -> bool:
    return bool(sum(expected) == sum(found) and max(found, default=0) <= max(expected, default=0))


# -- where it is --------------------------------------------------------------------------------------------


@fact("position")
def _position(world: World, read: Args) -> Any:
    """position(): it looks for the position if there is none, for so long as it may."""
    consumer = world.state.cluster.consumers[read["member"]]
    key = world.state.cluster.partition(read["topic"], read["partition"]).key

    def known() -> bool:
        return key in consumer.claims and consumer.claims[key].position is not None

    if key not in consumer.claims:
        return "IllegalStateException"
    begin = len(world.log)

    def thrown_here() -> list[PollEnded]:
        return [e for e in world.log[begin:] if isinstance(e, PollEnded) and e.consumer == consumer.name]

    if not known():
        sim = world.backend._sim
        sim.cause = 0
        positions.locate(sim, consumer)
        world.until(lambda: known() or any(e.exception for e in thrown_here()), read.get("timeout_ms", 5_000))
    if known():
        return consumer.claims[key].position
    return next((e.exception for e in thrown_here() if e.exception), "TimeoutException/REQUEST_TIMED_OUT")


@fact("current_lag")
def _current_lag(world: World, read: Args) -> Any:
    return current_lag(world.state, read["member"], read["topic"], read["partition"])


@fact("offsets_for_times")
def _for_times(world: World, read: Args) -> Any:
    topic, number = read["topic"], read["partition"]
    leader = world.state.cluster.partition(topic, number).leader
    found: list[int | None] = []
    for timestamp in read["timestamps"]:
        asked = world.ask("times", leader, ListOffsets("time", ((topic, number),), timestamp * MS))
        world.until(lambda asked=asked: world.answer_of(asked) is not None)  # type: ignore[misc]
        answer = world.answer_of(asked)
        offset = answer.parts[0][3] if isinstance(answer, Offsets) else -1
        found.append(offset if offset >= 0 else None)
    return found


@check("poll_returned")
def _returned(world: World, read: Args) -> Any:
    return world.labels[read["of"]].outcome == "ok"


@check("each_partition_in_order")
def _in_order(world: World, read: Args) -> Any:
    offsets: dict[tuple[str, int], list[int]] = {}
    for row in got(world, read["of"]):
        offsets.setdefault((row["topic"], row["partition"]), []).append(row["offset"])
    return all(b == a + 1 for each in offsets.values() for a, b in pairwise(each))


@check("each_offset_once")
def _once(world: World, read: Args) -> Any:
    places = [(row["topic"], row["partition"], row["offset"]) for row in got(world, read["of"])]
    return len(places) == len(set(places))


@check("members_served")
def _served(world: World, read: Args) -> Any:
    names = read["of"] if isinstance(read["of"], list) else [read["of"]]
    return sum(bool(got(world, name)) for name in names)


# -- raw fetches --------------------------------------------------------------------------------------------


@rpc("Fetch")
def _fetch(world: World, request: Args, act: Args) -> Any:
    asked = [
        (t["topic"], p["partition"], p["fetchOffset"]) for t in request["topics"] for p in t["partitions"]
    ]
    most = [p["partitionMaxBytes"] for t in request["topics"] for p in t["partitions"]]
    epochs = tuple(p.get("currentLeaderEpoch", -1) for t in request["topics"] for p in t["partitions"])
    wait_us, broker, sent_us = request["maxWaitMs"] * MS, act.get("broker", 1), world.now_us
    value = Fetch(
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


def _fetched(world: World, broker: int, topic: str, number: int, answer: Any) -> Row:
    """What the answer says of the partition."""
    found = world.state.cluster.find(topic, number)
    copy = found.replicas.get(broker) if found else None
    parts = answer.partitions if isinstance(answer, FetchResponse) else ()
    mine = ((p.error, p.first, p.end) for p in parts if (p.topic, p.partition) == (topic, number))
    error, first, end = next(mine, (answer.error, 0, 0))
    batches = copy.log.read(first, end) if copy and end > first else ()
    return {
        "error": Error(error).name,
        "highWatermark": -1 if error or copy is None else copy.high_watermark,
        "logStartOffset": -1 if error or copy is None else copy.log.start,
        "batches": [[batch.base_offset, batch.end_offset - 1] for batch in batches],
        "bytes": sum(batch.bytes for batch in batches),
    }
