"""What administrators do to groups: dynamic settings, deleted groups, deleted offsets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mqviz.model.event import Event, Weight, applies

if TYPE_CHECKING:
    from mqviz.model.state import State


class GroupAltered(Event, frozen=True):
    """Dynamic settings of a group, by Kafka's names; they outlive the group."""

    weight = Weight.MOMENT
    group: str
    config: tuple[tuple[str, str], ...]


class GroupDeleted(Event, frozen=True):
    """A group without members is gone, with its offsets or with where its share-partitions were."""

    weight = Weight.MOMENT
    group: str


class OffsetsDeleted(Event, frozen=True):
    """The coordinator forgot what the group had committed of these partitions."""

    weight = Weight.MOMENT
    group: str
    partitions: tuple[tuple[str, int], ...]


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
