"""Partitioners by their vectors: Java and librdkafka, with and without a key."""

from __future__ import annotations

import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mqviz.kafka import partitioners as p

THREE = {"user-0": 1, "user-1": 2, "user-2": 2, "user-3": 2, "alice": 0, "bob": 0, "carol": 2, "order-1": 1}
SIX = {"user-0": 1, "user-3": 5, "alice": 3, "order-2": 3}
CRC = {"user-0": 2, "user-1": 2, "user-3": 0, "alice": 2, "bob": 2, "order-1": 1}


@pytest.mark.parametrize(
    ("key", "hashed"),
    [("21", -973932308), ("foobar", -790332482), ("abc", 479470107), ("", 0x106E08D9)],
)
def test_r49_murmur2_vectors(key: str, hashed: int) -> None:
    assert p.murmur2(key.encode()) == hashed


def test_r49_java_hashes_over_all_partitions() -> None:
    assert {key: p.keyed_partition("java", key.encode(), 3) for key in THREE} == THREE
    assert {key: p.keyed_partition("java", key.encode(), 6) for key in SIX} == SIX


def test_r49_java_hashes_the_empty_key() -> None:
    assert p.keyed_partition("java", b"", 3) == 0
    assert p.keyed_partition("java", b"", 6) == 3
    assert p.keyed_partition("java", None, 6) is None


def test_r50_librdkafka_uses_crc32() -> None:
    assert {key: p.keyed_partition("librdkafka", key.encode(), 3) for key in CRC} == CRC


def test_r50_the_empty_key_is_no_key_only_for_consistent_random() -> None:
    for rule in ("librdkafka", "consistent_random"):
        assert p.keyed_partition(rule, b"", 12) is None
    for rule, plain in (("murmur2_random", "murmur2"), ("fnv1a_random", "fnv1a")):
        assert p.keyed_partition(rule, b"", 12) == p.keyed_partition(plain, b"", 12)
    assert p.keyed_partition("murmur2_random", b"", 12) == p.keyed_partition("java", b"", 12) == 9
    assert p.keyed_partition("fnv1a_random", b"", 12) == 3


def test_r50_a_null_key_is_drawn_by_the_random_rules_and_empty_for_the_plain_ones() -> None:
    for rule in ("librdkafka", "consistent_random", "murmur2_random", "fnv1a_random", "random"):
        assert p.keyed_partition(rule, None, 12) is None
    for rule in ("consistent", "murmur2", "fnv1a"):
        assert p.keyed_partition(rule, None, 12) == p.keyed_partition(rule, b"", 12)


@given(st.binary(min_size=1, max_size=40), st.integers(1, 50))
def test_r50_murmur2_random_agrees_with_java_and_crc32_with_zlib(key: bytes, count: int) -> None:
    assert p.keyed_partition("murmur2_random", key, count) == p.keyed_partition("java", key, count)
    assert p.keyed_partition("librdkafka", key, count) == zlib.crc32(key) % count


@given(st.binary(max_size=40), st.integers(1, 50))
def test_same_key_same_partition_in_range(key: bytes, count: int) -> None:
    found = p.java_partition(key, count)
    assert 0 <= found < count
    assert p.java_partition(bytes(key), count) == found


def test_r51_java_stays_while_the_queue_has_room() -> None:
    assert not p.java_moves_before(16383, 16384, has_partial_batch=False)
    assert p.java_moves_before(16384, 16384, has_partial_batch=False)
    assert not p.java_moves_before(20000, 16384, has_partial_batch=True)
    assert not p.java_moves_after(32767, 16384)
    assert p.java_moves_after(32768, 16384)


def test_r52_longer_queues_are_drawn_less_often() -> None:
    """Queues 0, 3, 1: weights 4, 1, 3."""
    drawn = [p.weighted(number / 8, [0, 3, 1]) for number in range(8)]
    assert drawn == [0, 0, 0, 0, 1, 2, 2, 2]
    assert p.weighted(0.999_999, [0, 0, 0]) == 2


def test_rules_read_well() -> None:
    assert p.RULES["java"].format(n=3) == "murmur2(key) % 3"
    assert p.RULES["librdkafka"].format(n=3) == "crc32(key) % 3"
