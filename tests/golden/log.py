"""Verbs and facts of topics and their logs: settings changed, records deleted; segments, offsets, records."""

from __future__ import annotations

from typing import Any

from mqviz.kafka.errors import Error
from mqviz.model.cluster import TopicAltered
from mqviz.model.command import AlterTopic
from mqviz.model.log import Log, Replica
from mqviz.model.request import DeleteRecords, Offsets
from tests.golden.reading import read_all
from tests.golden.registry import FACTS, Args, fact, shape, verb
from tests.golden.world import World, named_error, topic_config


def replica(world: World, read: Args) -> Replica:
    """The copy that a read is about: the leader's, or that of the broker it names."""
    partition = world.state.cluster.partition(read["topic"], read["partition"])
    return partition.replicas[read.get("broker", partition.leader)]


@verb("alter_topic")
def _alter(world: World, act: Args) -> None:
    config = topic_config(act["config"])
    outcome = world.do(AlterTopic(act["topic"], config)) if config else "ok"
    if config and outcome == "ok":
        world.happens(TopicAltered)
    world.answered(act.get("as"), named_error(outcome))


@verb("delete_records")
def _delete(world: World, act: Args) -> None:
    topic, number = act["topic"], act["partition"]
    if world.state.cluster.find(topic, number) is None:
        world.wait(60_000)  # the admin client looks for its leader as long as it may
        world.answered(act.get("as"), Error.REQUEST_TIMED_OUT.name)
        return
    leader = world.state.cluster.partition(topic, number).leader
    request = world.ask("admin", leader, DeleteRecords(((topic, number, act["before"]),)))

    def outcome() -> Any:
        answer = world.answer_of(request)
        if answer is None:
            return None
        if not isinstance(answer, Offsets):
            return Error(answer.error).name
        _, _, error, start = answer.parts[0]
        return Error(error).name if error else start

    world.later(act.get("as"), outcome)
    if not act.get("as"):
        world.until(lambda: outcome() is not None)


@fact("segments")
def _segments(world: World, read: Args) -> Any:
    segments = replica(world, read).log.segments
    return [each.base_offset if read["what"] == "bases" else each.bytes for each in segments]


@shape("segments")
def _ascending(expected: Any, found: Any) -> bool:
    return found == sorted(found) and (found or [0])[0] == (expected or [0])[0]


if "offsets" not in FACTS:

    @fact("offsets")
    def _offsets(world: World, read: Args) -> Any:
        found = replica(world, read)
        stable = getattr(found, "last_stable_offset", None)
        partition = world.state.cluster.partition(read["topic"], read["partition"])
        return {
            "log_start": found.log.start,
            "end": found.high_watermark,
            "lso": found.high_watermark if stable is None else min(stable, found.high_watermark),
            "leaderEpoch": partition.leader_epoch,
        }


@fact("records")
def _records(world: World, read: Args) -> Any:
    if read.get("stable"):
        world.wait(3_000)
    if "isolation" in read and set(read["fields"]) <= {"offset", "key", "value"}:
        read_by_consumer, _ = read_all(world, read["topic"], read["partition"], read["isolation"])
        read_rows = [[row[name] for name in read["fields"]] for row in read_by_consumer]
        return read_rows if read.get("order", True) else sorted(read_rows, key=str)
    found = replica(world, read)
    committed = read.get("isolation", "read_uncommitted") == "read_committed"
    stable = getattr(found, "last_stable_offset", None)
    end = min(found.high_watermark, stable) if committed and stable is not None else found.high_watermark
    values = readable(found.log, end, committed)
    rows = [[row[name] for name in read["fields"]] for row in values]
    for row in rows if "partition" in read["fields"] else ():
        row[read["fields"].index("partition")] = read["partition"]
    return rows if read.get("order", True) else sorted(rows, key=str)


def readable(log: Log, end: int, committed: bool) -> list[dict[str, Any]]:
    """Records below `end` that a consumer gets from the log's start: no markers, none aborted if `committed`."""
    batches = [batch for batch in log.forwards(log.start) if batch.base_offset < end]
    aborted: set[int] = set()
    open_data: dict[int, list[int]] = {}
    for batch in batches:
        if batch.control:
            data = open_data.pop(batch.producer_id, [])
            aborted |= set(data) if batch.aborts else set()
        elif batch.transactional:
            open_data.setdefault(batch.producer_id, []).append(batch.base_offset)
    return [
        {
            "partition": None,
            "offset": batch.base_offset + index,
            "key": batch.keys[index],
            "value": batch.value(index),
            "bytes": None,
        }
        for batch in batches
        if not batch.control and not (committed and batch.base_offset in aborted)
        for index in range(batch.count)
        if log.start <= batch.base_offset + index < end
    ]
