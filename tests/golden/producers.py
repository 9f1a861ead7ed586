"""Producers: starting them, sending, their transactions; what became of each record and transaction."""

from __future__ import annotations

import re
import zlib
from itertools import groupby
from statistics import median_low
from typing import Any, NamedTuple

from mqviz.kafka.coordinators import offsets_partition
from mqviz.kafka.errors import Error
from mqviz.model.command.producer import AddProducer
from mqviz.model.kafka.clients.producer.events import (
    RecordsAcknowledged,
    RecordsFailed,
    SendCalled,
    SendFailed,
    TransactionBegan,
    TransactionCallRefused,
    TransactionReturned,
)
from mqviz.model.kafka.clients.producer.state import Call
from mqviz.model.units import Rate
from mqviz.sim.kafka.clients.producer import application as actor
from mqviz.sim.kafka.clients.producer import sender
from tests.golden.registry import Args, NotRun, Until, Waiting, check, fact, pause, shape, verb
from tests.golden.setup import known
from tests.golden.world import MS, PENDING, World


@verb("start_producer")
def _start(world: World, act: Args) -> str:
    if world.state.cluster.topics:
        return _begin(world, act)
    world.notes.setdefault("unborn", {})[act["producer"]] = act  # here it has a topic from the start
    return "ok"


def _begin(world: World, act: Args) -> str:
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
    return _thrown(reason)


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


class Sent(NamedTuple):
    """A produce act: where in the log it began, whose it is, its calls of send()."""

    since: int
    producer: str
    calls: list[Call]


MOST_US = 120_000_000
"""No send() blocks for longer, and nobody waits longer for what becomes of it."""


@verb("produce")
def _produce(world: World, act: Args) -> Waiting:
    """All are sent, then flush() unless it is not to, then at most `wait_ms` for what is still open."""
    calls = [call for record in act["records"] for call in _calls(world, act["topic"], record)]
    label, name, flush = act["as"], act["producer"], act.get("flush", True)
    if name in world.notes.get("unborn", {}):
        _begin(world, world.notes["unborn"].pop(name))
        yield pause(1)
    gap_us, began_us = act.get("gap_us", 0), world.now_us
    sent = world.notes[f"produce {label}"] = Sent(len(world.log), name, calls)
    for index, call in enumerate(calls):
        if gap_us and index:
            yield pause(began_us + index * gap_us - world.now_us)
        _send(world, name, call)
        if act.get("each"):
            world.notes[f"produce {label}"] = sent._replace(calls=calls[: index + 1])
            yield Until(lambda: _all_sent(world, label), MOST_US)
            world.do(f"flush producer {name}")
            yield Until(lambda: PENDING not in results(world, label), act.get("wait_ms", 60_000) * MS)
    yield Until(lambda: _all_sent(world, label), MOST_US * (1 + len(calls)))
    if flush:
        world.do(f"flush producer {name}")
    patience_us = int(act.get("wait_ms", 60_000 if flush else 0) * MS)
    yield Until(lambda: PENDING not in results(world, label), patience_us)
    return results(world, label)


def _all_sent(world: World, label: str) -> bool:
    """Whether all calls of send() are over."""
    return len(results(world, label)) == len(world.notes[f"produce {label}"].calls)


def _send(world: World, name: str, call: Call) -> None:
    sim = world.backend._sim
    sim.cause = 0
    producer = sim.state.cluster.producers[name]
    if actor.send(sim, producer, call):
        sender.drain(sim, producer)


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
    start, name, calls = world.notes[f"produce {label}"]
    count, sent = len(calls), list[Any]()
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
    start, name, calls = world.notes[f"produce {label}"]
    events = [e for e in world.log[start:] if isinstance(e, SendCalled) and e.producer == name]
    return [event.partition for event in events[: len(calls)]]


def _keys(world: World, label: str) -> list[str | None]:
    return [call.key for call in world.notes[f"produce {label}"].calls]


@fact("key_partitions")
def _key_partitions(world: World, read: Args) -> Any:
    keys = _keys(world, read["of"])
    partitions = _sent(world, read["of"])
    if "key" in read:
        return [partitions[keys.index(read["key"])]]
    # where a rule places the empty key at random the recording says null
    rule = world.state.cluster.producers[world.notes[f"produce {read['of']}"].producer].settings.partitioner
    drawn = rule.endswith("_random") or rule == "librdkafka"
    return [None if drawn and key == "" else p for key, p in zip(keys, partitions, strict=True)]


@fact("agreement")
def _agreement(world: World, read: Args) -> Any:
    found = []
    for index, label in enumerate(read["of"]):
        keys, mine = _keys(world, label), _sent(world, label)
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


@fact("partition_counts")
def _counts_of(world: World, read: Args) -> Any:
    sent, calls = _sent(world, read["of"]), world.notes[f"produce {read['of']}"].calls
    count = len(world.state.cluster.topic(calls[0].topic).partitions) if sent else 0
    return [sent.count(number) for number in range(count)]


@check("partitions_used")
def _used(world: World, read: Args) -> Any:
    return sorted(set(_sent(world, read["of"])))


@shape("partition_counts")
def _same_sum(expected: Any, found: Any) -> bool:
    return len(expected) == len(found) and all(found) and sum(expected) == sum(found)


# -- what came of records --------------------------------------------------------------------------------------


@fact("send_counts")
def _counts(world: World, read: Args) -> Any:
    found = world.labels[read["of"]].outcome
    if not isinstance(found, list):
        raise NotRun("counts of an act that is not over")
    acked = sum(isinstance(one, list) for one in found)
    return {"acked": acked, "errors": len(found) - acked}


@check("acked")
def _acked(world: World, read: Args) -> Any:
    """Whether each record of the act got an offset."""
    return _all_acked(world, [read["of"]])


@check("all_acked")
def _each_acked(world: World, read: Args) -> Any:
    return _all_acked(world, read["of"] if isinstance(read["of"], list) else [read["of"]])


def _all_acked(world: World, labels: list[str]) -> bool:
    outcomes = [world.labels[label].outcome for label in labels]
    lists = [found if isinstance(found, list) else [found] for found in outcomes]
    answers = [one for found in lists for one in found]
    return bool(answers) and all(map(_got_an_offset, answers))


def _got_an_offset(answer: Any) -> bool:
    return answer.get("error") == "NONE" if isinstance(answer, dict) else isinstance(answer, list)


@shape("send_results")
def _same_outcomes(expected: Any, found: Any) -> bool:
    """The same records failed, and the same ones have no offset."""

    def kinds(results: Any) -> list[Any]:
        return [[one[0], one[1] < 0] if isinstance(one, list) else "error" for one in results]

    return isinstance(found, list) and kinds(expected) == kinds(found)


# -- transactions ------------------------------------------------------------------------------------------


CALLS = {"init_txn": "init", "begin_txn": "begin", "commit_txn": "commit", "abort_txn": "abort"}


def _call(world: World, act: Args, command: str) -> Waiting:
    """Let the application call, and wait until the call is over."""
    name, begin = act["producer"], len(world.log)
    outcome = world.do(command)
    if outcome != "ok":
        thrown = re.search(r"\((\w+Exception)\)", outcome)
        return thrown[1] if thrown else outcome

    def over() -> str | None:
        for event in world.log[begin:]:
            if getattr(event, "producer", "") != name:
                continue
            if isinstance(event, TransactionBegan):
                return "ok"
            if isinstance(event, TransactionReturned | TransactionCallRefused):
                code = f"/{Error(event.error).name}" if event.error else ""
                return f"{event.thrown}{code}" if event.thrown else "ok"
        return None

    yield Until(lambda: over() is not None, act.get("timeout_ms", 60_000) * MS)
    return over()


@verb("init_txn")
@verb("begin_txn")
@verb("commit_txn")
@verb("abort_txn")
def _plain_call(world: World, act: Args) -> Waiting:
    return _call(world, act, f"{CALLS[act['verb']]} transaction {act['producer']}")


@verb("send_offsets")
def _send_offsets(world: World, act: Args) -> Waiting:
    offsets = ",".join(f"{partition}@{offset}" for partition, offset in act["offsets"].items())
    consumer = world.member(act).process
    return _call(world, act, f"send offsets {act['producer']} consumer={consumer} offsets={offsets}")


@fact("txn_state")
def _state(world: World, read: Args) -> Any:
    found = world.state.cluster.transactions.ids.get(read["transactional_id"])
    if found is None:
        return None
    return {
        "state": found.state,
        "epoch": found.epoch,
        "partitions": sorted(
            [*(f"{topic}-{number}" for topic, number in found.partitions), *_of_groups(world, found.groups)]
        ),
    }


def _of_groups(world: World, groups: list[str]) -> set[str]:
    """The partitions of __consumer_offsets that belong to the transaction."""
    count = world.backend._sim.scenario.cluster.setting("offsets.topic.num.partitions")
    return {f"__consumer_offsets-{offsets_partition(group, count)}" for group in groups}


@fact("producer_epoch")
def _epoch(world: World, read: Args) -> Any:
    """Of the producer whose transaction is open on the partition, else of the transactional one that wrote last."""
    log = world.state.cluster.partition(read["topic"], read["partition"]).led.log
    own = [batch for batch in log.backwards(log.end) if batch.transactional]
    still = [batch for batch in own if batch.producer_id in log.transactions.open]
    return next((batch.producer_epoch for batch in still or own), None)
