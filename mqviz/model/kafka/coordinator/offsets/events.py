"""Offsets of a group are committed, deleted, and expire; groups are altered and deleted."""

from __future__ import annotations

from mqviz.model.event import Event, Weight


class OffsetsCommitted(Event, frozen=True, omit_defaults=True):
    """The group's committed offsets are stored on __consumer_offsets: (topic, partition, next to read) (R82).

    `before`: what was committed until now, partition by partition, None for the first time. `by_hand`: an
    administrator set them (R88). `written`: for offsets of a transaction the events that wrote them, else
    this one did (R82).
    """

    weight = Weight.STEP
    group: str
    client: str
    offsets: tuple[tuple[str, int, int], ...]
    before: tuple[int | None, ...]
    by_hand: bool = False
    written: tuple[int, ...] = ()


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


class OffsetsExpired(Event, frozen=True):
    """No member was subscribed to their topics for too long: the committed offsets of these partitions are
    gone (R96).
    """

    weight = Weight.MOMENT
    group: str
    partitions: tuple[tuple[str, int], ...]
