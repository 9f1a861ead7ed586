"""Which broker coordinates a group: Java's string hash over the partitions of __consumer_offsets (R99)."""

from __future__ import annotations

from functools import lru_cache

OFFSETS_PARTITIONS = 50
"""offsets.topic.num.partitions"""


def java_hash(text: str) -> int:
    """String.hashCode of Java, a signed 32-bit number: 31 * h + unit over the UTF-16 units."""
    units = text.encode("utf-16-be")
    found = 0
    for index in range(0, len(units), 2):
        found = (31 * found + (units[index] << 8) + units[index + 1]) & 0xFFFFFFFF
    return found - (1 << 32) if found >> 31 else found


@lru_cache(maxsize=4096)
def offsets_partition(group: str, partitions: int = OFFSETS_PARTITIONS) -> int:
    """The partition of __consumer_offsets that holds `group`; its leader is the group's coordinator.

    Kafka's Utils.abs clears the sign bit only for the smallest number, else it is the absolute value.
    """
    found = java_hash(group)
    return (0 if found == -(1 << 31) else abs(found)) % partitions
