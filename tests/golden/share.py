"""Share consumers as applications that poll, acknowledge and commit by hand, and what they got.

Their acts have the same verbs as those of other members; `World.act` and `World.read` look here first for a share
member's.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mqviz.kafka.errors import Error, java_class
from mqviz.model.share import ShareRecordsSettled
from mqviz.model.share_consumer import (
    ShareCallFailed,
    ShareCommitEnded,
    ShareRecordsReturned,
    ShareRequestEnded,
)
from tests.golden.registry import SHARE_VERBS, Args, fact, shape
from tests.golden.world import MS, World

Row = dict[str, Any]
"""A delivered record: topic, partition, offset, key, value, delivery_count."""


def _outcome(code: int) -> str:
    """What the Java client says of a partition's acknowledgements."""
    return f"{java_class(code)}/{Error(code).name}" if code else "OK"


def _verb(name: str) -> Callable[[Any], Any]:
    def register(function: Any) -> Any:
        SHARE_VERBS[name] = function
        return function

    return register


@_verb("start_member")
def _start(world: World, act: Args) -> None:
    name, group = act["member"], act["group"]
    world.notes.setdefault("share", {})[name] = len(world.log)
    config = {"share.acknowledgement.mode": "implicit", **world.config("share", name, group)}
    words = " ".join(f"{key}={value}" for key, value in config.items())
    calls = "loop" if act.get("loop") else "manual"
    topics = ",".join(act["topics"])
    outcome = world.do(
        f"add share-consumer {name} group={group} topic={topics} processing=0s calls={calls} {words}"
    )
    world.answered(act.get("as"), outcome)


@_verb("poll")
def _poll(world: World, act: Args) -> None:
    """poll(), again and again as the act says; a call that throws ends it."""
    name, label = act["member"], act.get("as", "")
    rows: list[Row] = []
    world.notes.setdefault("rows", {})[label] = rows
    end_us = world.now_us + int(act.get("for_ms", 0) * MS)
    calls = 0
    while True:
        calls += 1
        begin = len(world.log)
        if not _call(world, name, f"poll share-consumer {name} timeout={act['ms']}ms", ShareRecordsReturned):
            failed = [e for e in world.log[begin:] if isinstance(e, ShareCallFailed)]
            world.answered(label, failed[0].exception if failed else "refused")
            return
        rows += _rows(world, name, begin)
        again = world.now_us < end_us or calls < act.get("tries", 1)
        if not again or (rows and not act.get("keep") and len(rows) >= act.get("count", 1)):
            world.answered(label, "ok")
            return


def _call(world: World, name: str, command: str, ended: type[Any]) -> bool:
    """Give the command and let time pass until the call ended; False if it threw."""
    begin = len(world.log)
    if world.do(command) != "ok":
        return False

    def over() -> bool:
        return any(isinstance(e, ended | ShareCallFailed) and e.consumer == name for e in world.log[begin:])

    world.until(over)
    return any(isinstance(e, ended) and e.consumer == name for e in world.log[begin:])


def _rows(world: World, name: str, begin: int) -> list[Row]:
    return [
        row
        for event in world.log[begin:]
        if isinstance(event, ShareRecordsReturned) and event.consumer == name
        for part in event.parts
        for row in _records(world, *part)
    ]


def _records(world: World, topic: str, number: int, first: int, end: int, count: int) -> list[Row]:
    log = world.state.cluster.partition(topic, number).led.log
    found = {
        batch.base_offset + index: (batch.keys[index], batch.value(index))
        for batch in log.read(first, end)
        for index in range(batch.count)
    }
    return [
        {"topic": topic, "partition": number, "offset": offset, "delivery_count": count}
        | dict(zip(("key", "value"), found.get(offset, (None, None)), strict=True))
        for offset in range(first, end)
    ]


def rows_of(world: World, name: str) -> list[Row] | None:
    """What this act, or this share member since the last mark, got; None: it is no share member's."""
    if name in world.notes.get("rows", {}):
        found: list[Row] = world.notes["rows"][name]
        return found
    start = world.notes.get("share", {}).get(name)
    return None if start is None else _rows(world, name, max(start, world.notes.get("marked", 0)))


@_verb("ack")
def _ack(world: World, act: Args) -> None:
    """acknowledge() of these offsets, or of what an act got."""
    wanted: dict[tuple[str, int], list[int]] = {}
    for key, offsets in act.get("offsets", {}).items():
        topic, _, number = key.rpartition("-")
        wanted[topic, int(number)] = offsets
    for row in world.notes.get("rows", {}).get(act.get("of"), ()):
        if "values" not in act or row["value"] in act["values"]:
            wanted.setdefault((row["topic"], row["partition"]), []).append(row["offset"])
    begin, refused = len(world.log), ""
    for (topic, partition), offsets in wanted.items():
        outcome = world.do(
            f"acknowledge share-consumer {act['member']} type={act['type'].lower()} topic={topic} "
            f"partition={partition} offsets={','.join(map(str, offsets))}"
        )
        refused = refused or ("" if outcome == "ok" else "IllegalStateException")
    world.to(world.now_us + 1)
    thrown = [e.exception for e in world.log[begin:] if isinstance(e, ShareCallFailed)]
    world.answered(act.get("as"), refused or (thrown[0] if thrown else "ok"))


@_verb("commit")
def _commit(world: World, act: Args) -> None:
    begin, name = len(world.log), act["member"]
    _call(world, name, f"commit share-consumer {name}", ShareCommitEnded)
    results = [e.results for e in world.log[begin:] if isinstance(e, ShareCommitEnded) and e.consumer == name]
    codes = [code for _, _, code in results[-1]] if results else []
    world.answered(act.get("as"), [_outcome(code) for code in codes])


@_verb("close_member")
def _close(world: World, act: Args) -> None:
    name = act["member"]
    world.do(f"close share-consumer {name}")
    consumers = world.state.cluster.share_consumers
    world.later(act.get("as"), lambda: "ok" if consumers[name].state == "closed" else None)


@_verb("kill_member")
def _kill(world: World, act: Args) -> None:
    world.answered(act.get("as"), world.do(f"kill share-consumer {act['member']}"))


@fact("share_start")
def _share_start(world: World, read: Args) -> Any:
    """Partitions of which no state was written yet have none."""
    windows = world.state.cluster.share_groups[read["group"]].windows
    written = {
        f"{event.topic}-{event.partition}"
        for event in world.log
        if isinstance(event, ShareRecordsSettled) and event.group == read["group"]
    }
    return {window.key: window.persisted for window in windows.values() if window.key in written}


@shape("share_start")
def _within_the_log(expected: Any, found: Any) -> bool:
    return bool(set(expected) == set(found))


@fact("ack_callback")
def _callback(world: World, read: Args) -> Any:
    """Outcomes since the start of the step before, one for each partition of each request that took acknowledgements along."""
    since_us = world.step_began[max(0, world.step - 1)]
    return [
        _outcome(code)
        for event in world.log
        if isinstance(event, ShareRequestEnded)
        and event.consumer == read["member"]
        and event.at_us >= since_us
        for _, _, code in event.acked
    ]
