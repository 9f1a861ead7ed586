"""Which partition a record goes to, by the rules of each client (R48-R51, R54).

The same key goes to different partitions in different clients: Java hashes with murmur2, librdkafka with
CRC32 unless told otherwise. A record without key sticks to one partition for a while: in Java until enough
bytes went there, in librdkafka for 10 ms.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from functools import lru_cache

_M = 0x5BD1E995
_MASK = 0xFFFFFFFF


def murmur2(key: bytes) -> int:
    """Utils.murmur2 of the Java client: a signed 32-bit number (R49)."""
    length = len(key)
    found = (0x9747B28C ^ length) & _MASK
    for at in range(0, length - 3, 4):
        word = int.from_bytes(key[at : at + 4], "little") * _M & _MASK
        word = (word ^ (word >> 24)) * _M & _MASK
        found = (found * _M & _MASK) ^ word
    rest = key[length & ~3 :]
    if rest:
        found = (found ^ int.from_bytes(rest, "little")) * _M & _MASK
    found = (found ^ (found >> 13)) * _M & _MASK
    found ^= found >> 15
    return found - (1 << 32) if found >> 31 else found


@lru_cache(maxsize=4096)
def java_partition(key: bytes, partitions: int) -> int:
    """Java's rule for a key: murmur2 without its sign bit, modulo all partitions, available or not (R49)."""
    return (murmur2(key) & 0x7FFFFFFF) % partitions


@lru_cache(maxsize=4096)
def crc32_partition(key: bytes, partitions: int) -> int:
    """librdkafka's rule for a key (`consistent`, `consistent_random`): CRC32 modulo all partitions (R50)."""
    return zlib.crc32(key) % partitions


def fnv1a(key: bytes) -> int:
    """32-bit FNV-1a as a signed number, without its sign, as librdkafka takes it (R50)."""
    found = 0x811C9DC5
    for byte in key:
        found = (found ^ byte) * 0x01000193 & _MASK
    return abs(found - (1 << 32) if found >> 31 else found)


@lru_cache(maxsize=4096)
def fnv1a_partition(key: bytes, partitions: int) -> int:
    """librdkafka's rule for a key with `fnv1a` and `fnv1a_random` (R50)."""
    return fnv1a(key) % partitions


RULES = {
    "java": "murmur2(key) % {n}",
    "librdkafka": "crc32(key) % {n}",
    "murmur2_random": "murmur2(key) % {n}",
    "consistent": "crc32(key) % {n}",
    "consistent_random": "crc32(key) % {n}",
    "murmur2": "murmur2(key) % {n}",
    "fnv1a": "fnv1a(key) % {n}",
    "fnv1a_random": "fnv1a(key) % {n}",
    "random": "random",
}
"""The name of each client rule and how it reads on the screen; all but `java` are librdkafka's, which by
itself takes `consistent_random`.
"""

EMPTY_IS_NULL = ("librdkafka", "consistent_random")
"""Names of the one rule for which the empty key is no key (R50)."""

_HASHES: dict[str, Callable[[bytes, int], int]] = {
    "java": java_partition,
    "librdkafka": crc32_partition,
    "consistent": crc32_partition,
    "murmur2": java_partition,
    "fnv1a": fnv1a_partition,
}


def keyed_partition(rule: str, key: bytes | None, partitions: int) -> int | None:
    """The partition of `key` by a client's `rule` (see RULES), or None where the rule does not look at the
    key.

    None is for null keys, and for the empty key in librdkafka's own rule, `consistent_random`; every other
    rule hashes the empty key, and librdkafka's plain ones take a null key for an empty one (R50).
    """
    no_key = not key if rule in EMPTY_IS_NULL else key is None
    drawn = rule in ("java", "librdkafka") or rule.endswith("_random")
    if rule == "random" or (drawn and no_key):
        return None
    return _HASHES[rule.removesuffix("_random")](key or b"", partitions)


def weighted(number: float, lengths: Sequence[int]) -> int:
    """The partition that `number` in [0, 1) draws, each with the weight (longest queue + 1 - its own queue)
    (R52).
    """
    weights = [max(lengths) + 1 - length for length in lengths]
    left = number * sum(weights)
    for partition, weight in enumerate(weights):
        left -= weight
        if left < 0:
            return partition
    return len(weights) - 1


def java_moves_before(sent: int, batch_size: int, has_partial_batch: bool) -> bool:
    """Whether Java leaves its sticky partition before the next record without key.

    `sent`: bytes appended there since it chose it, 61 counted for each new batch; `has_partial_batch`: its
    queue ends in a batch that would still take records (R51).
    """
    return sent >= batch_size and not has_partial_batch


def java_moves_after(sent: int, batch_size: int) -> bool:
    """Whether Java leaves its sticky partition after a record, whatever its queue looks like (R51)."""
    return sent >= 2 * batch_size
