"""Sizes in bytes of records and batches, format version 2, exact to the byte (R40), and what compression
makes of them (R55).
"""

from __future__ import annotations

RATIOS = {"none": 1.0, "gzip": 0.35, "snappy": 0.5, "lz4": 0.5, "zstd": 0.33}
"""What a record's bytes shrink to, by compression.type: typical of short texts (R55)."""


def compressed(kind: str, size: int) -> int:
    """Bytes that a record of `size` bytes takes in a batch compressed with `kind`, at least one."""
    return max(1, round(size * RATIOS[kind]))
