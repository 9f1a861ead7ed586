"""Sizes in bytes of records and batches, format version 2, exact to the byte (R40)."""

from __future__ import annotations

from functools import lru_cache

BATCH_HEADER = 61


def varint_size(value: int) -> int:
    """Bytes of `value` as Kafka writes lengths and deltas: zig-zag, seven bits a byte."""
    zigzag = (value << 1) ^ (value >> 63)
    return max(1, -(-zigzag.bit_length() // 7))


@lru_cache(maxsize=65536)
def record_size(key: int | None, value: int | None, offset_delta: int = 0, ms_delta: int = 0) -> int:
    """Bytes of one record without headers inside a batch; `key` and `value` are lengths, None is null."""
    body = (
        1 + varint_size(ms_delta) + varint_size(offset_delta) + _field(key) + _field(value) + varint_size(0)
    )
    return varint_size(body) + body


def _field(length: int | None) -> int:
    return varint_size(-1) if length is None else varint_size(length) + length
