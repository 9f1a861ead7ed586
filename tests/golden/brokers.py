"""Verbs of brokers and of the controller: processes that die, stop, freeze and start; disks; elections; raw batches."""

from __future__ import annotations

from typing import Any

from mqviz.kafka.records import BATCH_HEADER, record_size
from mqviz.model.broker import BrokerFenced
from mqviz.model.leadership import PartitionChanged
from mqviz.model.log import Batch
from mqviz.model.request import (
    EpochEnds,
    InitProducerId,
    OffsetForLeaderEpoch,
    Produce,
    ProduceResponse,
    ProducerIdGranted,
)
from mqviz.sim.kafka.lookup import coordinator_of
from tests.golden.registry import Args, moment, rpc, verb
from tests.golden.world import MS, World, error_name, named_error, topic_command

# -- processes -------------------------------------------------------------------------------------------------


@verb("kill_broker")
def _kill(world: World, act: Args) -> None:
    if "coordinator_of" in act:
        brokers = [coordinator_of(world.backend._sim, act["coordinator_of"])]
    else:
        brokers = act.get("brokers") or [act["broker"]]
    outcomes = [world.do(f"kill broker {broker}") for broker in brokers]
    world.answered(act.get("as"), next((each for each in outcomes if each != "ok"), "ok"))


@verb("stop_broker")
def _stop(world: World, act: Args) -> None:
    """Returns when the process has ended."""
    broker = world.state.cluster.brokers[act["broker"]]
    outcome = world.do(f"stop broker {act['broker']}")
    if outcome == "ok":
        world.until(lambda: broker.process in ("stopped", "dead"))
    world.answered(act.get("as"), outcome)


def _simple(verb_name: str, command: str) -> None:
    @verb(verb_name)
    def _do(world: World, act: Args) -> None:
        world.answered(act.get("as"), world.do(f"{command} broker {act['broker']}"))


_simple("start_broker", "restart")
_simple("pause_broker", "pause")
_simple("resume_broker", "resume")


@verb("wipe_disk")
def _wipe(world: World, act: Args) -> None:
    command = f"fail disk {act['broker']} topic={act['topic']} partition={act['partition']}"
    world.answered(act.get("as"), world.do(command))


@moment("fenced")
def _fenced(world: World, since_us: int, broker: str) -> int | None:
    """When the controller fenced that broker first after `since_us`."""
    for event in world.log:
        if isinstance(event, BrokerFenced) and event.broker == int(broker) and event.at_us >= since_us:
            return event.at_us
    return None


# -- elections -------------------------------------------------------------------------------------------------


@verb("elect_leaders")
def _elect(world: World, act: Args) -> None:
    how, place = act["type"].lower(), f"topic={act['topic']} partition={act['partition']}"
    outcome = world.do(f"elect leader {place} how={how}")
    if outcome == "ok":
        world.happens(PartitionChanged)
    world.answered(act.get("as"), named_error(outcome))


# -- topics ----------------------------------------------------------------------------------------------------


@verb("create_topic")
def _create_topic(world: World, act: Args) -> None:
    outcome = world.do(topic_command(act["topic"], act))
    if outcome == "ok":
        world.until(lambda: act["topic"] in world.state.cluster.topics)
    world.answered(act.get("as"), named_error(outcome))


@verb("create_partitions")
def _create_partitions(world: World, act: Args) -> None:
    outcome = world.do(f"add partitions {act['topic']} to={act['partitions']}")
    if outcome == "ok":
        found = world.state.cluster.topics[act["topic"]]
        world.until(lambda: len(found.partitions) >= act["partitions"])
    world.answered(act.get("as"), named_error(outcome))


# -- raw requests ----------------------------------------------------------------------------------------------


@verb("new_pid")
def _new_pid(world: World, act: Args) -> None:
    number = world.ask(f"pid {act['pid']}", 1, InitProducerId())
    world.until(lambda: world.answer_of(number) is not None)
    granted = world.answer_of(number)
    assert isinstance(granted, ProducerIdGranted)
    world.ids[f"pid:{act['pid']}"] = granted.producer_id
    world.answered(act.get("as"), "ok")


def _pid(world: World, act: Args) -> int:
    """The producer id of a raw batch: one that new_pid got, a number as it stands, or none."""
    pid = act.get("pid")
    if pid is None or isinstance(pid, int):
        return -1 if pid is None else pid
    found: int = world.ids[pid if pid in world.ids else f"pid:{pid}"]
    return found


@verb("produce_batch")
def _produce_batch(world: World, act: Args) -> None:
    values = tuple(act["values"])
    size = BATCH_HEADER + sum(record_size(None, len(v.encode()), n) for n, v in enumerate(values))
    topic, partition = act["topic"], act["partition"]
    pid, epoch, first = _pid(world, act), act.get("epoch", -1), act.get("seq", -1)
    now_us, keys = world.now_us, (None,) * len(values)
    batch = Batch(0, len(values), size, "raw", pid, epoch, first, 0, 0, now_us, 0, keys, values)
    wait_us = act.get("timeout_ms", 30_000) * MS
    world.notes["raw batches"] = count = world.notes.get("raw batches", 0) + 1
    request = Produce(act.get("acks", -1), ((topic, partition, batch),), wait_us)
    number = world.ask(f"raw {count}", act["broker"], request)

    def outcome() -> Any:
        answer = world.answer_of(number)
        if answer is None:
            return None
        if not isinstance(answer, ProduceResponse):
            return {"error": error_name(answer.error)}
        (part,) = answer.partitions
        return {"error": error_name(part.error), "baseOffset": part.base_offset}

    if act.get("acks", -1) == 0:
        world.answered(act.get("as"), None)  # nobody answers
        return
    world.later(act.get("as"), outcome)
    if not act.get("as"):
        world.until(lambda: world.answer_of(number) is not None, wait_us / MS + 1_000)


@rpc("OffsetForLeaderEpoch")
def _epoch_ends(world: World, request: Args, act: Args) -> Any:
    parts = tuple(
        (topic["topic"], p["partition"], p["currentLeaderEpoch"], p["leaderEpoch"])
        for topic in request["topics"]
        for p in topic["partitions"]
    )

    def named(answer: Any) -> Any:
        if not isinstance(answer, EpochEnds):
            return {"error": error_name(answer.error)}
        _, partition, error, epoch, end = answer.parts[0]
        return {
            "error": error_name(error),
            "partition": partition,
            "leaderEpoch": epoch,
            "endOffset": end,
        }

    return act.get("broker", 1), OffsetForLeaderEpoch(parts), named
