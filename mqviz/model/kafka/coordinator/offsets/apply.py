"""What becomes of a group's committed offsets and settings."""

from __future__ import annotations

from mqviz.model.event import applies
from mqviz.model.kafka.cluster import Partition
from mqviz.model.kafka.coordinator.offsets.events import (
    GroupAltered,
    GroupDeleted,
    OffsetsCommitted,
    OffsetsDeleted,
    OffsetsExpired,
)
from mqviz.model.state import State


@applies(OffsetsCommitted)
def _committed(state: State, event: OffsetsCommitted) -> None:
    group = state.cluster.groups[event.group]
    written = event.written or (event.id,) * len(event.offsets)
    for (topic, number, offset), by in zip(event.offsets, written, strict=True):
        partition = state.cluster.partition(topic, number)
        record = group.record(partition.key, topic, number)
        record.committed = offset
        record.committed_at_us = event.at_us
        record.written = by
        record.outside |= event.client not in state.cluster.consumers
        record.limit = limit_of(state, partition, event.client, offset)
        record.moved = record.moved or event.by_hand
        record.commits.note(event.at_us, offset)


def limit_of(state: State, partition: Partition, client: str, offset: int) -> int:
    """The most that `client` may commit: the end of the leader's log, or how far it had read.

    The log may have lost what was read, with its disk or to an unclean leader. `offset`: the answer while
    nobody leads.
    """
    led = partition.replicas.get(partition.leader)
    consumer = state.cluster.consumers.get(client)
    partition_state = consumer.partition_states.get(partition.key) if consumer else None
    return max(
        offset if led is None else led.log.end, (partition_state.position or 0) if partition_state else 0
    )


@applies(GroupAltered)
def _altered(state: State, event: GroupAltered) -> None:
    cluster = state.cluster
    cluster.group_settings.setdefault(event.group, {}).update(event.config)
    lock_ms = dict(event.config).get("share.record.lock.duration.ms")
    if lock_ms is not None and event.group in cluster.share_groups:
        for window in cluster.share_groups[event.group].windows.values():
            window.lock_us = 1_000 * int(lock_ms)


@applies(GroupDeleted)
def _deleted(state: State, event: GroupDeleted) -> None:
    for groups in (state.cluster.groups, state.cluster.consumer_groups, state.cluster.share_groups):
        groups.pop(event.group, None)


@applies(OffsetsDeleted)
def _forgotten(state: State, event: OffsetsDeleted) -> None:
    records = state.cluster.groups[event.group].records
    for topic, number in event.partitions:
        records[state.cluster.partition(topic, number).key].committed = None


@applies(OffsetsExpired)
def _expired(state: State, event: OffsetsExpired) -> None:
    group = state.cluster.groups[event.group]
    for topic, number in event.partitions:
        group.records[state.cluster.partition(topic, number).key].committed = None
