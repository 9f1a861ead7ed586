"""Splitting: how a batch that the broker found too large is cut (R47).

Like a real broker: as the Java client, first into batches of batch.size, then, if one of these is refused
too, by halves; order is kept. Left out: headers.
"""

from __future__ import annotations

from mqviz.model.kafka.clients.producer.accumulator import OpenBatch
from mqviz.model.kafka.clients.producer.state import Producer
from mqviz.model.kafka.log.sizes import BATCH_HEADER, record_size


def parts(producer: Producer, batch: OpenBatch) -> tuple[tuple[int, int], ...]:
    """(records, bytes) of the batches that `batch` is cut into, in order."""
    count = len(batch.keys)
    target = max(int(producer.settings.batch_size), 1)
    if batch.split:
        target = max(batch.bytes // 2, BATCH_HEADER + 1)
    found: list[tuple[int, int]] = []
    number, size = 0, BATCH_HEADER
    for index in range(count):
        following = _size(producer, batch, index, number)
        if number and size + following > target:
            found.append((number, size))
            number, size = 0, BATCH_HEADER
            following = _size(producer, batch, index, 0)
        number += 1
        size += following
    return (*found, (number, size))


def _size(producer: Producer, batch: OpenBatch, index: int, delta: int) -> int:
    key = batch.keys[index]
    value = "" if batch.values is None else batch.values[index]
    length: int | None = int(producer.settings.value_size)
    if value != "":
        length = None if value is None else len(value.encode())
    elif batch.lengths is not None:
        length = batch.lengths[index]
    stamps = batch.created
    ms_delta = 0 if stamps is None else stamps[index] // 1000 - stamps[0] // 1000
    return record_size(None if key is None else len(key.encode()), length, delta, ms_delta)
