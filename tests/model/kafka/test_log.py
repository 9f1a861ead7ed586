"""Logs: sealed chunks, reading, going backwards."""

from __future__ import annotations

import pytest

from mqviz.model.kafka.log.batch import LOG_APPEND_TIME, Batch
from mqviz.model.kafka.log.state import SEAL, Log
from mqviz.model.packing import pack, unpack


def batch(base: int, count: int = 2, size: int = 100) -> Batch:
    return Batch(base, count, size, "p", -1, 0, base, 0, 0, 0, 0, ("k",) * count)


def log(batches: int) -> Log:
    found = Log()
    for number in range(batches):
        found.append(batch(2 * number))
    return found


def test_every_256_batches_are_sealed() -> None:
    found = log(2 * SEAL + 3)
    assert [len(chunk.batches) for chunk in found.sealed] == [SEAL, SEAL]
    assert [(chunk.base_offset, chunk.end_offset) for chunk in found.sealed] == [(0, 512), (512, 1024)]
    assert (len(found.tail), found.end) == (3, 1030)


def test_sealed_chunks_are_shared_by_copies() -> None:
    found = log(SEAL + 1)
    packed = pack(found)
    again = unpack(packed)
    assert again == found
    assert again.sealed[0] is found.sealed[0]
    assert again.tail is not found.tail
    assert len(packed) < 600


@pytest.mark.parametrize("first", [0, 1, 2, 511, 512, 513, 1023, 1024, 1029])
def test_reading_begins_with_the_batch_that_holds_the_offset(first: int) -> None:
    found = log(2 * SEAL + 3)
    batches = found.read(first, found.end)
    assert batches[0].base_offset <= first < batches[0].end_offset
    assert batches[-1].end_offset == found.end
    assert [b.end_offset for b in batches[:-1]] == [b.base_offset for b in batches[1:]]


def test_reading_ends_by_offset_or_by_bytes_but_gives_at_least_one() -> None:
    found = log(10)
    assert [b.base_offset for b in found.read(4, 9)] == [4, 6, 8]
    assert [b.base_offset for b in found.read(4, 99, most_bytes=250)] == [4, 6]
    assert [b.base_offset for b in found.read(4, 99, most_bytes=1)] == [4]
    assert found.read(20, 99) == ()


def test_backwards_is_the_reverse() -> None:
    found = log(2 * SEAL + 3)
    assert list(found.backwards(found.end)) == list(reversed(found.read(0, found.end)))
    assert next(found.backwards(513)).base_offset == 512
    assert next(found.backwards(512)).base_offset == 510


@pytest.mark.parametrize("offset", [0, 300, 512, 514, 1024, 1026, 1030])
def test_truncation_makes_new_chunks_and_leaves_the_shared_ones(offset: int) -> None:
    found = log(2 * SEAL + 3)
    before, sealed = found.read(0, found.end), list(found.sealed)
    found.truncate(offset)
    assert (found.start, found.end) == (0, offset)
    assert found.read(0, 1030) == tuple(b for b in before if b.end_offset <= offset)
    found.append(batch(offset))
    assert found.read(offset, 2000)[0].base_offset == offset
    assert sealed[0].batches[-1].end_offset == 512, "others may share the old chunk"


def test_the_log_start_moves_up_only_and_a_restart_is_empty() -> None:
    found = log(5)
    found.delete_before(4)
    found.delete_before(2)
    assert (found.start, found.end) == (4, 10)
    found.restart(40)
    assert (found.start, found.end, found.read(40, 99)) == (40, 40, ())


def test_r88_the_first_record_of_a_time_or_later() -> None:
    found = Log()
    found.append(Batch(0, 2, 100, "p", -1, 0, 0, 0, 0, 10, 99, ("k", "k"), None, (10, 30)))
    found.append(Batch(2, 1, 100, "p", -1, 0, 2, 0, 0, 20, 99, ("k",)))
    found.append(Batch(3, 1, 100, "p", -1, 0, 3, LOG_APPEND_TIME, 0, 20, 99, ("k",)))
    assert [found.offset_for_time(at) for at in (0, 10, 11, 30, 31, 100)] == [
        (0, 10),
        (0, 10),
        (1, 30),
        (1, 30),
        (3, 99),
        None,
    ]
    found.delete_before(2)
    assert found.offset_for_time(0) == (2, 20)
