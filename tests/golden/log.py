"""Topics and their logs: made, grown, changed, records deleted; segments, offsets, batches, records."""

from __future__ import annotations

from typing import Any

from mqviz.kafka.errors import Error
from mqviz.model.command.topic import AlterTopic
from mqviz.model.kafka.clients.consumer.events import RecordsFetched, RecordsReturned
from mqviz.model.kafka.controller.events import TopicAltered
from mqviz.model.kafka.log.batch import Batch
from mqviz.model.kafka.log.state import Log, Replica
from mqviz.model.kafka.protocol.requests import DeleteRecordsRequest, FetchRequest
from mqviz.model.kafka.protocol.responses import DeleteRecordsResponse, FetchResponse
from tests.golden.registry import Args, NotRun, Until, Waiting, check, fact, pause, shape, verb
from tests.golden.setup import topic_command, topic_config
from tests.golden.world import World, named_error


@verb("create_topic")
def _create(world: World, act: Args) -> Waiting:
    outcome = world.do(topic_command(act["topic"], act))
    if outcome == "ok":
        yield Until(lambda: act["topic"] in world.state.cluster.topics)
    return named_error(outcome)


@verb("create_partitions")
def _grow(world: World, act: Args) -> Waiting:
    outcome = world.do(f"add partitions {act['topic']} to={act['partitions']}")
    if outcome == "ok":
        found = world.state.cluster.topics[act["topic"]]
        yield Until(lambda: len(found.partitions) >= act["partitions"])
    return named_error(outcome)


@verb("alter_topic")
def _alter(world: World, act: Args) -> Waiting:
    config = topic_config(act["config"])
    if not config:
        return "ok"
    outcome = world.do(AlterTopic(act["topic"], config))
    if outcome == "ok":
        yield world.happens(TopicAltered)
    return named_error(outcome)


@verb("delete_records")
def _delete(world: World, act: Args) -> Waiting:
    topic, number = act["topic"], act["partition"]
    found = world.state.cluster.find(topic, number)
    if found is None:
        yield pause(60_000_000)  # the admin client looks for its leader as long as it may
        return Error.REQUEST_TIMED_OUT.name
    asked = world.ask("admin", found.leader, DeleteRecordsRequest(((topic, number, act["before"]),)))
    answer = yield from world.answered(asked)
    if not isinstance(answer, DeleteRecordsResponse):
        return Error(answer.error).name
    _, _, error, start = answer.partitions[0]
    return Error(error).name if error else start


# -- a log ---------------------------------------------------------------------------------------------------


def replica(world: World, read: Args) -> Replica:
    """The copy that a read is about: the leader's, or that of the broker it names."""
    partition = world.state.cluster.partition(read["topic"], read["partition"])
    return partition.replicas[named_broker(read) or partition.leader]


def named_broker(read: Args) -> int:
    """The broker that a read is from, by either word; 0: whichever leads."""
    return int(read.get("broker", read.get("from", 0)))


@fact("segments")
def _segments(world: World, read: Args) -> Any:
    segments = replica(world, read).log.segments
    return [each.base_offset if read["what"] == "bases" else each.bytes for each in segments]


@shape("segments")
def _ascending(expected: Any, found: Any) -> bool:
    return found == sorted(found) and (found or [0])[0] == (expected or [0])[0]


@fact("offsets")
def _offsets(world: World, read: Args) -> Any:
    found = replica(world, read)
    partition = world.state.cluster.partition(read["topic"], read["partition"])
    return {
        "log_start": found.log.start,
        "end": found.high_watermark,
        "lso": stable(found),
        "leaderEpoch": partition.leader_epoch,
    }


def stable(copy: Replica) -> int:
    """As far as a read_committed consumer reads: the last stable offset, which a leader knows (R63)."""
    known = getattr(copy, "last_stable_offset", None)
    return copy.high_watermark if known is None else min(known, copy.high_watermark)


FIELDS = ("partition", "offset", "key", "value")
"""Of a record that is read."""


@fact("records")
def _records(world: World, read: Args) -> Any:
    """What a fresh consumer reads, from the leader or the broker that is named; or the error it gets."""
    if not set(read["fields"]) <= set(FIELDS):
        raise NotRun(f"fields {read['fields']} of records")
    if read.get("stable"):
        world.wait(3_000)
    rows, _ = read_all(world, read)
    if isinstance(rows, str):
        return rows
    found = [[row[name] for name in read["fields"]] for row in rows]
    return found if read.get("order", True) else sorted(found, key=str)


@shape("records")
def _same_content(expected: Any, found: Any) -> bool:
    """The same keys and values, which are all that is left of them here (see compare.tidy)."""
    return bool(expected == found)


@fact("read_position")
def _read_position(world: World, read: Args) -> Any:
    return read_all(world, read)[1]


# -- copies ----------------------------------------------------------------------------------------------------


def _epochs(log: Log) -> list[list[Any]]:
    rows = _rows(log, log.start, log.end)
    return [[row["offset"], batch.leader_epoch, row["value"]] for batch, row in rows]


@fact("broker_log")
def _broker_log(world: World, read: Args) -> Any:
    return _epochs(replica(world, read).log)


@fact("logs_equal")
def _equal(world: World, read: Args) -> Any:
    copies = world.state.cluster.partition(read["topic"], read["partition"]).replicas
    logs = [_epochs(copies[broker].log) for broker in read["brokers"]]
    return all(log == logs[0] for log in logs)


def _values(world: World, read: Args) -> list[Any]:
    found = replica(world, read)
    return [row["value"] for row in readable(found.log, found.high_watermark, False)]


@check("read_count")
def _count(world: World, read: Args) -> Any:
    return len(_values(world, read))


@check("distinct")
def _distinct(world: World, read: Args) -> Any:
    return len(set(_values(world, read)))


@check("in_order")
def _in_order(world: World, read: Args) -> Any:
    found = _values(world, read)
    return found == [read["values"].replace("{i}", str(i)) for i in range(len(found))]


@fact("copies")
def _copies(world: World, read: Args) -> Any:
    return _values(world, read).count(read["value"])


@check("copies_at_least")
def _copies_at_least(world: World, read: Args) -> Any:
    return _copies(world, read) >= read["limit"]


@fact("batch_sizes")
def _batch_sizes(world: World, read: Args) -> Any:
    log = world.state.cluster.partition(read["topic"], read["partition"]).led.log
    fields = read.get("fields", ["records", "bytes"])
    found: list[tuple[Batch, int, int]] = []
    for batch in log.forwards(log.start):
        if found and _same_batch(found[-1][0], batch):
            found[-1] = (batch, found[-1][1] + batch.count, found[-1][2] + batch.bytes)
        else:
            found.append((batch, batch.count, batch.bytes))
    return [[count if name == "records" else size for name in fields] for _, count, size in found]


def _same_batch(before: Batch, after: Batch) -> bool:
    """Whether they are what the cleaner left of one batch, which here are its runs of neighbours."""
    names = ("producer_id", "producer_epoch", "appended_at_us", "created_at_us", "leader_epoch")
    same = all(getattr(before, name) == getattr(after, name) for name in names)
    return same and after.base_offset > before.end_offset


@shape("batch_sizes")
def _same_records(expected: Any, found: Any) -> bool:
    return sum(each[0] for each in expected) == sum(each[0] for each in found)


@fact("metadata_order")
def _metadata_order(world: World, read: Args) -> Any:
    return [partition.number for partition in world.state.cluster.topics[read["topic"]].partitions]


@shape("metadata_order")
def _same_partitions(expected: Any, found: Any) -> bool:
    return sorted(expected) == sorted(found)


# -- what can be read of it ---------------------------------------------------------------------------------


def readable(log: Log, end: int, committed: bool) -> list[dict[str, Any]]:
    """Records below `end` that a consumer gets from the log's start: no markers, none aborted if `committed`."""
    aborted = _aborted(log, end) if committed else set()
    return [row for batch, row in _rows(log, log.start, end) if batch.base_offset not in aborted]


def records_of(log: Log, first: int, end: int) -> list[dict[str, Any]]:
    """Offset, key and value of the records that are there from `first` on, below `end`; no markers."""
    return [row for _, row in _rows(log, first, end)]


def _rows(log: Log, first: int, end: int) -> list[tuple[Batch, dict[str, Any]]]:
    """(its batch, record)."""
    return [
        (batch, {"offset": offset, "key": batch.keys[index], "value": batch.value(index)})
        for batch in log.read(first, end)
        if not batch.control
        for index in range(batch.count)
        if max(first, log.start) <= (offset := batch.base_offset + index) < end
    ]


def _aborted(log: Log, end: int) -> set[int]:
    """Base offsets of batches of transactions whose ABORT marker lies below `end`."""
    aborted: set[int] = set()
    open_data: dict[int, list[int]] = {}
    for batch in log.forwards(log.start):
        if batch.base_offset >= end:
            break
        if batch.control:
            data = open_data.pop(batch.producer_id, [])
            aborted |= set(data) if batch.aborts else set()
        elif batch.transactional:
            open_data.setdefault(batch.producer_id, []).append(batch.base_offset)
    return aborted


QUIET_MS = 1_500
"""A fetch comes back after 500 ms at the latest: after this a consumer has all that it can get."""


def read_all(world: World, read: Args) -> tuple[list[dict[str, Any]] | str, int]:
    """(records in the order of delivery, or an error; position at the end) of a fresh consumer."""
    committed = read.get("isolation") == "read_committed"
    if named_broker(read):
        return _fetched_from(world, read, committed)
    topic, number = read["topic"], read["partition"]
    begin = len(world.log)
    world.notes["readers"] = count = world.notes.get("readers", 0) + 1
    name = f"reader-{count}"
    isolation = "read_committed" if committed else "read_uncommitted"
    done = world.do(
        f"add consumer {name} assign={topic}-{number} isolation.level={isolation} auto.offset.reset=earliest "
        "commit=none processing=0s"
    )
    assert done == "ok", done
    world.wait(QUIET_MS)
    found = world.state.cluster.partition(topic, number)
    position = world.state.cluster.consumers[name].partition_states[found.key].position
    world.do(f"kill consumer {name}")
    events = [e for e in world.log[begin:] if getattr(e, "consumer", "") == name]
    hidden = [base for e in events if isinstance(e, RecordsFetched) for _, _, base in e.hidden]
    rows = [
        row | {"partition": number}
        for event in events
        if isinstance(event, RecordsReturned)
        for _, _, first, end in event.parts
        for batch, row in _rows(found.led.log, first, end)
        if batch.base_offset not in hidden
    ]
    return rows, -1 if position is None else position


def _fetched_from(world: World, read: Args, committed: bool) -> tuple[list[dict[str, Any]] | str, int]:
    """By raw fetches of that broker, which need not lead."""
    copy = replica(world, read)
    number, position = read["partition"], copy.log.start
    while True:
        request = FetchRequest(((read["topic"], number, position),), 0, committed=committed)
        answer = world.told("reader", named_broker(read), request)
        if answer is None:
            return Error.REQUEST_TIMED_OUT.name, position
        parts = answer.partitions if isinstance(answer, FetchResponse) else ()
        error, end = next(((part.error, part.end) for part in parts), (answer.error, 0))
        if error:
            return Error(error).name, position
        if end <= position:
            rows = readable(copy.log, position, committed)
            return [row | {"partition": number} for row in rows], position
        position = end
