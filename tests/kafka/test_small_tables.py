"""Error codes, sizes in bytes, coordinators, settings."""

from __future__ import annotations

import pytest

from mqviz.kafka import settings
from mqviz.kafka.coordinators import java_hash, offsets_partition
from mqviz.kafka.errors import Error, named
from mqviz.model.kafka.log.sizes import BATCH_HEADER, record_size, varint_size


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("OFFSET_OUT_OF_RANGE", 1),
        ("NOT_LEADER_OR_FOLLOWER", 6),
        ("NOT_ENOUGH_REPLICAS", 19),
        ("ILLEGAL_GENERATION", 22),
        ("INCONSISTENT_GROUP_PROTOCOL", 23),
        ("UNKNOWN_MEMBER_ID", 25),
        ("REBALANCE_IN_PROGRESS", 27),
        ("MEMBER_ID_REQUIRED", 79),
        ("FENCED_MEMBER_EPOCH", 110),
        ("INVALID_RECORD_STATE", 121),
    ],
)
def test_r8_names_and_codes(name: str, code: int) -> None:
    assert Error[name] == code
    assert named(code) == f"{name} ({code})"


def test_r40_sizes_of_records() -> None:
    assert record_size(None, 100) == 109
    assert record_size(None, 100, offset_delta=63) == 109
    assert record_size(None, 100, offset_delta=64) == 110
    assert record_size(6, 100) == 115
    assert record_size(None, 20000) + BATCH_HEADER == 20072
    assert BATCH_HEADER + sum(record_size(None, 0, n) for n in range(10)) == 131


@pytest.mark.parametrize(
    ("value", "size"), [(0, 1), (-1, 1), (63, 1), (-64, 1), (64, 2), (8191, 2), (8192, 3)]
)
def test_r40_varints_are_zigzag(value: int, size: int) -> None:
    assert varint_size(value) == size


def test_r40_a_full_batch() -> None:
    assert BATCH_HEADER + sum(record_size(None, 100, n) for n in range(148)) == 16277
    assert BATCH_HEADER + sum(record_size(6, 100, n) for n in range(141)) == 16353


@pytest.mark.parametrize(
    ("text", "hashed"),
    [("", 0), ("a", 97), ("hello", 99162322), ("polygenelubricants", -(1 << 31)), ("😀", 1772899)],
)
def test_r99_java_string_hash(text: str, hashed: int) -> None:
    assert java_hash(text) == hashed


def test_r99_the_smallest_number_has_no_absolute_value() -> None:
    assert offsets_partition("polygenelubricants") == 0
    assert offsets_partition("hello") == 22
    assert all(0 <= offsets_partition(f"group-{n}") < 50 for n in range(200))


def test_settings_are_refused_in_kafkas_words() -> None:
    assert settings.refused("acks", "2") == (
        "Invalid value 2 for configuration acks: String must be one of: all, -1, 0, 1"
    )
    assert settings.refused("max.poll.records", 0) == (
        "Invalid value 0 for configuration max.poll.records: Value must be at least 1"
    )
    assert settings.refused("linger.ms", 0) is None
    assert settings.refused_producer(True, 6) is not None
    assert settings.refused_producer(False, 1000) is None


def test_r120_heartbeats_must_be_shorter_than_the_session() -> None:
    assert settings.refused_consumer(6000, 6000) == "Heartbeat must be set lower than the session timeout"
    assert settings.refused_consumer(6000, 5999) is None


def test_r101_session_timeouts_have_a_range() -> None:
    assert not settings.session_timeout_in_range(5999)
    assert settings.session_timeout_in_range(6000)
    assert settings.session_timeout_in_range(1_800_000)
    assert not settings.session_timeout_in_range(1_800_001)
