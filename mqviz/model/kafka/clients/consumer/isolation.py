"""Isolation: what isolation.level means to a consumer: how far it reads (R63, R90)."""

from __future__ import annotations

from mqviz.model.command.consumer import AddConsumer
from mqviz.model.kafka.log.state import Replica


def reads_committed(settings: AddConsumer) -> bool:
    """Whether isolation.level is read_committed: the default of librdkafka, not of the Java client (R90)."""
    given = settings.config.get("isolation.level")
    if given is None:
        return settings.client == "librdkafka"
    return given == "read_committed"


def readable_to(replica: Replica, committed: bool) -> int:
    """Up to where a consumer may read: the high watermark, or the last stable offset for read_committed (R63,
    R90).
    """
    return replica.last_stable_offset if committed else replica.high_watermark
