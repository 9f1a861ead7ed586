"""Transactional producers as applications, and what brokers and coordinators know of their transactions."""

from __future__ import annotations

import re
from typing import Any

from mqviz.kafka.coordinators import offsets_partition
from mqviz.kafka.errors import Error
from mqviz.model.request import OffsetFetch, Offsets
from mqviz.model.transactional import TransactionBegan, TransactionCallRefused, TransactionReturned
from mqviz.sim.kafka.lookup import coordinator_of
from tests.golden.reading import read_all
from tests.golden.registry import Args, fact, rpc, verb
from tests.golden.world import World

CALLS = {"init_txn": "init", "begin_txn": "begin", "commit_txn": "commit", "abort_txn": "abort"}


def _call(world: World, act: Args, command: str) -> None:
    """Let the application call, and wait until the call is over."""
    name, label, begin = act["producer"], act.get("as"), len(world.log)
    outcome = world.do(command)
    if outcome != "ok":
        thrown = re.search(r"\((\w+Exception)\)", outcome)
        world.answered(label, thrown[1] if thrown else outcome)
        return

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

    world.later(label, over)
    if act.get("wait_for_answer", True):
        world.until(lambda: over() is not None, act.get("timeout_ms", 60_000))


@verb("init_txn")
@verb("begin_txn")
@verb("commit_txn")
@verb("abort_txn")
def _plain_call(world: World, act: Args) -> None:
    _call(world, act, f"{CALLS[act['verb']]} transaction {act['producer']}")


@verb("send_offsets")
def _send_offsets(world: World, act: Args) -> None:
    offsets = ",".join(f"{partition}@{offset}" for partition, offset in act["offsets"].items())
    _call(world, act, f"send offsets {act['producer']} consumer={act['member']} offsets={offsets}")


@fact("read_position")
def _read_position(world: World, read: Args) -> Any:
    return read_all(world, read["topic"], read["partition"], read["isolation"])[1]


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


@rpc("OffsetFetch")
def _offset_fetch(world: World, request: Args, act: Args) -> Any:
    (group,) = request["groups"]
    places = tuple((t["name"], p) for t in group["topics"] for p in t["partitionIndexes"])
    value = OffsetFetch(group["groupId"], places, request.get("requireStable", False))
    return coordinator_of(world.backend._sim, group["groupId"]), value, _committed


def _committed(answer: Any) -> dict[str, Any]:
    if not isinstance(answer, Offsets) or answer.error:
        return {"error": Error(answer.error).name}
    _, _, error, offset = answer.parts[0]
    return {"committedOffset": offset, "error": Error(error).name}
