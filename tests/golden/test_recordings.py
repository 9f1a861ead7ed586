"""Every recording of a real Apache Kafka that the simulator can already play agrees with it, read by read."""

from __future__ import annotations

import pytest

from tests.golden.runner import RECORDINGS, load, play

PLAYED: tuple[str, ...] = (
    "D04-FX7-initial-delay",
    "D04-raw-classic-protocol",
    "D01-batch-bytes",
    "D01-keyed-partitions",
    "D01-null-key-runs",
    "D02-offsets-errors",
    "D05-raw-r125-uniform-6p",
    "D05-raw-fresh-range-3p-mA-mB-mC-mD-mE",
    "D05-raw-fresh-range-5p-q1-w2-e3",
    "D05-raw-fresh-range-7p-m1-m2-m3",
    "D05-raw-fresh-range-7p-zed-alpha-kilo",
    "D05-raw-fresh-uniform-3p-mA-mB-mC-mD-mE",
    "D05-raw-fresh-uniform-5p-q1-w2-e3",
    "D05-raw-fresh-uniform-7p-m1-m2-m3",
    "D05-raw-fresh-uniform-7p-mA-mB-mC",
    "D05-raw-range-7p-join-leave",
    "D05-raw-revocation-timeout",
)
"""Cases that agree whole."""


@pytest.mark.parametrize("name", PLAYED)
def test_the_simulator_does_what_a_real_kafka_did(name: str) -> None:
    result = play(load(RECORDINGS / f"{name}.json"))
    assert result.good, "\n".join(result.bad)
