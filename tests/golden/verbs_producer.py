"""Verbs and facts of producers: starting them, sending, what became of each record."""

from __future__ import annotations

import zlib
from functools import partial
from itertools import groupby
from statistics import median_low
from typing import Any

from mqviz.kafka.errors import Error
from mqviz.model.batch import Batch
from mqviz.model.command import AddProducer
from mqviz.model.producer import Call, RecordsAcknowledged, RecordsFailed, SendCalled
from mqviz.model.retries import SendFailed
from mqviz.model.units import Rate
from mqviz.sim.kafka import producer as actor
from tests.golden.registry import Args, fact, shape, verb
from tests.golden.world import MS, Label, World, known

PENDING = "PENDING"


@verb("start_producer")
def _start(world: World, act: Args) -> None:
    if world.state.cluster.topics:
        _begin(world, act)
    else:  # here it has a topic from the start: it begins when there is one
        world.notes.setdefault("unborn", {})[act["producer"]] = act
        world.answered(act.get("as"), "ok")


def _begin(world: World, act: Args) -> None:
    name = act["producer"]
    config = dict(world.config("producer", name))
    client: Any = "java"
    if act.get("client", "java") != "java":
        table = world.case["config"].get("producer", {})
        given = {**table.get("*", {}), **table.get(name, {})}
        said = {ALIASES[key]: value for key, value in given.items() if key in ALIASES}
        config |= known(said, "producer")
        client = str(config.pop("partitioner", "librdkafka"))
    topic = next(iter(world.state.cluster.topics), "")
    reason = world.do(AddProducer(name, topic, rate=Rate(0), partitioner=client, config=config))
    world.answered(act.get("as"), _thrown(reason))


ALIASES = {
    "compression.codec": "compression.type",
    "max.in.flight": "max.in.flight.requests.per.connection",
    "message.send.max.retries": "retries",
    "queue.buffering.max.ms": "linger.ms",
    "request.required.acks": "acks",
}
"""librdkafka's other names of settings."""


def _thrown(reason: str) -> str:
    if reason == "ok" or "Kafka refuses" not in reason:
        return reason
    return "KafkaException<-ConfigException" if "Failed to construct" in reason else "ConfigException"


@verb("produce")
def _produce(world: World, act: Args) -> None:
    calls = [call for record in act["records"] for call in _calls(world, act["topic"], record)]
    label, name = act.get("as") or "(produce)", act["producer"]
    if name in world.notes.get("unborn", {}):
        _begin(world, {**world.notes["unborn"].pop(name), "as": None})
        world.to(world.now_us + 1)
    world.labels.setdefault(label, Label(world.now_us, act=act))
    waits, gap_us, began_us = act.get("wait_for_answer", True), act.get("gap_us", 0), world.now_us
    note = world.notes[f"produce {label}"] = (len(world.log), name, len(calls), [call.key for call in calls])
    for index, call in enumerate(calls):
        if not gap_us:
            _send(world, name, call)
        elif waits:
            world.to(began_us + index * gap_us)
            _send(world, name, call)
        else:
            world.plan(began_us + index * gap_us, partial(_send, world, name, call))
        if act.get("each"):
            world.notes[f"produce {label}"] = (note[0], name, index + 1, [])
            world.until(lambda sent=index + 1: _gone(world, label, sent), MOST_MS)  # type: ignore[misc]
            world.do(f"flush producer {name}")
            world.until(lambda sent=index + 1: _done(world, label, sent), act.get("wait_ms", 60_000))  # type: ignore[misc]
    world.notes[f"produce {label}"] = note
    world.later(label, _Outcome(world, act, label, len(calls)))
    if waits:
        world.until(lambda: world.labels[label].ended_us is not None, MOST_MS * (1 + len(calls)))


MOST_MS = 120_000
"""No send() blocks for longer, and nobody waits longer for what becomes of it."""


class _Outcome:
    """What became of a produce: all were sent, then flush() unless it is not to, then at most `wait_ms` for the rest."""

    def __init__(self, world: World, act: Args, label: str, count: int) -> None:
        self.world, self.act, self.label, self.count = world, act, label, count
        self.flush = act.get("flush", True)
        self.patience_us = int(act.get("wait_ms", 60_000 if self.flush else 0) * MS)
        self.sent_us: int | None = None

    def __call__(self) -> list[Any] | None:
        world = self.world
        found = results(world, self.label)
        if len(found) < self.count:
            return None
        if self.sent_us is None:
            self.sent_us = world.now_us
            world.plan(self.sent_us + self.patience_us, lambda: None)
            if self.flush:
                world.do(f"flush producer {self.act['producer']}")
        over = PENDING not in found or world.now_us - self.sent_us >= self.patience_us
        return found if over else None


def _gone(world: World, label: str, sent: int) -> bool:
    """Whether so many calls of send() are over."""
    return len(results(world, label)) == sent


def _done(world: World, label: str, sent: int) -> bool:
    """Whether what became of this many records is known."""
    found = results(world, label)
    return len(found) == sent and PENDING not in found


def _send(world: World, name: str, call: Call) -> None:
    sim = world.backend._sim
    sim.cause = 0
    producer = sim.state.cluster.producers[name]
    if actor.send(sim, producer, call):
        actor.drain(sim, producer)


def _calls(world: World, topic: str, record: Args) -> list[Call]:
    keys = [record.get("key")] * record.get("count", 1)
    if "each_key" in record:
        keys = world.case["data"][record["each_key"]]
    found = []
    for index, key in enumerate(keys):
        name = None if key is None else key.replace("{i}", str(index))
        value = record.get("value", "" if "bytes" in record else None)
        text = "" if value is None else value.replace("{i}", str(index))
        length = record.get("bytes", 0 if text == "" else -1)
        tombstone = "value" in record and value is None
        stamp_us = _stamp_us(world, record)
        partitions = record.get("partitions", [record.get("partition", -1)])
        partition = partitions[index % len(partitions)]
        found.append(Call(topic, partition, name, None if tombstone else text, stamp_us, length, False))
    return found


def _stamp_us(world: World, record: Args) -> int | None:
    """The timestamp that a record is given; None: the client's clock."""
    if "ts_abs" in record:
        return int(record["ts_abs"]) * 1_000
    stamp = record.get("ts", "now")
    return None if stamp == "now" else world.now_us + stamp * 1_000


def results(world: World, label: str) -> list[Any]:
    """[partition, offset], `Class/ERROR` or PENDING of each record of a produce that has left send()."""
    start, name, count, _ = world.notes[f"produce {label}"]
    sent: list[Any] = []
    known: dict[tuple[str, int, int], Any] = {}
    for event in world.log[start:]:
        if getattr(event, "producer", "") != name:
            continue
        if isinstance(event, SendFailed) and len(sent) < count:
            sent.append(f"{event.thrown}/{Error(event.error).name}")
        elif isinstance(event, SendCalled) and len(sent) < count:
            sent.append((event.topic, event.partition, event.sequence))
        elif isinstance(event, RecordsAcknowledged):
            for k in range(event.count):
                place = (event.topic, event.partition, event.first_number + k)
                known[place] = [event.partition, event.base_offset + k]
        elif isinstance(event, RecordsFailed):
            for k in range(event.count):
                place = (event.topic, event.partition, event.first_number + k)
                thrown, code = event.exception(k)
                known[place] = f"{thrown}/{Error(code).name}" if code else thrown
    return [one if isinstance(one, str) else known.get(one, PENDING) for one in sent]


@fact("send_results")
def _results(world: World, read: Args) -> Any:
    found = world.labels[read["of"]].outcome
    return results(world, read["of"]) if found == PENDING else found


def _sent(world: World, label: str) -> list[int]:
    """The partition of each record of a produce."""
    start, name, count, _ = world.notes[f"produce {label}"]
    events = [e for e in world.log[start:] if isinstance(e, SendCalled) and e.producer == name]
    return [event.partition for event in events[:count]]


@fact("key_partitions")
def _key_partitions(world: World, read: Args) -> Any:
    keys = world.notes[f"produce {read['of']}"][3]
    partitions = _sent(world, read["of"])
    if "key" in read:
        return [partitions[keys.index(read["key"])]]
    # where a rule places the empty key at random the recording says null
    rule = world.state.cluster.producers[world.notes[f"produce {read['of']}"][1]].settings.partitioner
    drawn = rule.endswith("_random") or rule == "librdkafka"
    return [None if drawn and key == "" else p for key, p in zip(keys, partitions, strict=True)]


@fact("agreement")
def _agreement(world: World, read: Args) -> Any:
    found = []
    for index, label in enumerate(read["of"]):
        keys, mine = world.notes[f"produce {label}"][3], _sent(world, label)
        if isinstance(read["with"], str):
            other = [zlib.crc32(key.encode()) % read["partitions"][index] for key in keys]
        else:
            other = _sent(world, read["with"][index])
        found.append(sum(a == b for key, a, b in zip(keys, mine, other, strict=True) if key))
    return found


@fact("runs")
def _runs(world: World, read: Args) -> Any:
    pairs = [[p, len(list(group))] for p, group in groupby(_sent(world, read["of"]))]
    if read.get("what") == "pairs":
        return pairs
    low = read["bounds"][0]
    # runs add up where the same partition is drawn again, and a few are shorter: the recording bounds the usual one
    return median_low([length // max(1, round(length / low)) for _, length in pairs[:-1]])


@shape("runs")
def _same_runs(expected: Any, found: Any) -> bool:
    return sum(length for _, length in expected) == sum(length for _, length in found)


@fact("partition_list")
def _partition_list(world: World, read: Args) -> Any:
    return _sent(world, read["of"])


@shape("partition_list")
def _same_cycle(expected: Any, found: Any) -> bool:
    cycle = len(set(expected))
    return len(expected) == len(found) and all(
        sorted(found[k : k + cycle]) == sorted(set(expected)) for k in range(0, len(found), cycle)
    )


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
