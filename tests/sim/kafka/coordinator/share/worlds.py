"""Small helpers for tests of share groups."""

from __future__ import annotations

import msgspec

from mqviz.model.kafka.coordinator.share.events import ShareRecordsAcquired
from mqviz.model.kafka.coordinator.share.window import SharePartition
from mqviz.model.units import Value
from tests.sim.kafka.worlds import cluster, of
from tests.sim.worlds import Run

TOPIC = "create topic t partitions=1"


def share_run(
    *contents: str,
    brokers: int = 1,
    version: str = "4.2",
    settings: dict[str, str] | None = None,
    **group: str,
) -> Run:
    """A run whose share group g begins at the earliest record, with these group settings (`_` for `.`)."""
    world = cluster(*contents, brokers=brokers)
    table = {"share.auto.offset.reset": "earliest"}
    table |= {f"share.{name.replace('_', '.')}": value for name, value in group.items()}
    plan = msgspec.structs.replace(
        world.cluster,
        scaled=True,
        groups={"g": {name: Value(value) for name, value in table.items()}},
        settings={name: Value(value) for name, value in (settings or {}).items()},
    )
    return Run(msgspec.structs.replace(world, cluster=plan, kafka_version=version))


def window(run: Run, partition: int = 0) -> SharePartition:
    """The window of g on t."""
    return run.backend.state.cluster.share_groups["g"].windows[f"t-{partition}"]


def runs(run: Run) -> list[tuple[int, int, str, int]]:
    """The window as (first, end, state, deliveries)."""
    return [(r.first, r.end, r.state, r.deliveries) for r in window(run).runs]


def deliveries(run: Run, offset: int) -> list[tuple[int, str]]:
    """When a record was acquired, and by whom."""
    return [
        (event.at_us, event.client)
        for event in of(run, ShareRecordsAcquired)
        if any(first <= offset < end for first, end, _ in event.ranges)
    ]
