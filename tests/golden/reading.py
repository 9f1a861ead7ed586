"""Reading: what a fresh consumer gets from the start of a partition, by the simulated consumer itself."""

from __future__ import annotations

from typing import Any

from mqviz.model.consumer import RecordsFetched, RecordsReturned
from tests.golden.world import World

QUIET_MS = 1_500
"""A fetch comes back after 500 ms at the latest: after this the consumer has all that it can get."""


def read_all(world: World, topic: str, partition: int, isolation: str) -> tuple[list[dict[str, Any]], int]:
    """(records in the order of delivery, position at the end) of a consumer with this isolation.level."""
    begin = len(world.log)
    world.notes["readers"] = number = world.notes.get("readers", 0) + 1
    name = f"reader-{number}"
    done = world.do(
        f"add consumer {name} assign={topic}-{partition} isolation.level={isolation} auto.offset.reset=earliest "
        "commit=none processing=0s"
    )
    assert done == "ok", done
    world.wait(QUIET_MS)
    consumer = world.state.cluster.consumers[name]
    position = consumer.claims[world.state.cluster.partition(topic, partition).key].position
    world.do(f"kill consumer {name}")
    log = world.state.cluster.partition(topic, partition).led.log
    events = [e for e in world.log[begin:] if isinstance(e, RecordsReturned) and e.consumer == name]
    fetched = [e for e in world.log[begin:] if isinstance(e, RecordsFetched) and e.consumer == name]
    hidden = [base for event in fetched for _, _, base in event.hidden]
    rows = [
        {"offset": offset, "key": batch.keys[index], "value": batch.value(index), "partition": partition}
        for event in events
        for _, _, first, end in event.parts
        for batch in log.read(first, end)
        if not batch.control and batch.base_offset not in hidden
        for index in range(batch.count)
        if first <= (offset := batch.base_offset + index) < end
    ]
    return rows, -1 if position is None else position
