"""Observed: a real Kafka as far as it was seen; each value, or Unknown with its reason."""

from __future__ import annotations

import msgspec


class Unknown(msgspec.Struct, frozen=True):
    """A value that could not be seen: why, and since when (microseconds)."""

    reason: str
    since_us: int = 0


class Observed(msgspec.Struct):
    """Brokers, topics, offsets and groups of a real Kafka."""
