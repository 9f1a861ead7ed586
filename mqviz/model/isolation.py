"""Isolation: what isolation.level means to a consumer: how far it reads, what it passes over, how far behind it is (R63, R90)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mqviz.model.command import AddConsumer
from mqviz.model.event import Event, applies

if TYPE_CHECKING:
    from mqviz.model.log import Replica
    from mqviz.model.state import State


class PositionsMoved(Event, frozen=True):
    """These ranges held nothing that the application may see (markers, aborted records): the position jumps over them (R63)."""

    consumer: str
    parts: tuple[tuple[str, int, int, int], ...]


def reads_committed(settings: AddConsumer) -> bool:
    """Whether isolation.level is read_committed: the default of librdkafka, not of the Java client (R90)."""
    given = settings.config.get("isolation.level")
    if given is None:
        return settings.client == "librdkafka"
    return given == "read_committed"


def readable_to(replica: Replica, committed: bool) -> int:
    """Up to where a consumer may read: the high watermark, or the last stable offset for read_committed (R63, R90)."""
    return replica.last_stable_offset if committed else replica.high_watermark


def current_lag(state: State, consumer: str, topic: str, partition: int) -> int | None:
    """How many offsets are left to read for this consumer: up to the last stable offset if it reads committed (R91).

    None: it does not know its position, does not own the partition, or nobody leads it. Raises KeyError for an unknown name.
    """
    found = state.cluster.partition(topic, partition)
    claim = state.cluster.consumers[consumer].claims.get(found.key)
    copy = found.replicas.get(found.leader)
    if claim is None or claim.position is None or copy is None:
        return None
    return max(
        0, readable_to(copy, reads_committed(state.cluster.consumers[consumer].settings)) - claim.position
    )


@applies(PositionsMoved)
def _moved(state: State, event: PositionsMoved) -> None:
    consumer = state.cluster.consumers[event.consumer]
    group = state.cluster.groups.get(consumer.settings.group)
    for topic, number, first, end in event.parts:
        key = state.cluster.partition(topic, number).key
        consumer.move(key, end)
        if group is not None:  # there is nothing to do: as good as done
            group.record(key, topic, number).passed(first, end)
