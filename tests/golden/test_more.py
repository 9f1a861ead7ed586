"""Further cases, written for groups and share groups and recorded on Apache Kafka 4.2.1: every read agrees."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.golden.runner import load, play

MORE = sorted((Path(__file__).parent / "more").glob("*.json"))


@pytest.mark.parametrize("path", MORE, ids=lambda path: path.stem)
def test_the_simulator_does_what_a_real_kafka_did(path: Path) -> None:
    result = play(load(path))
    assert result.good, "\n".join(result.bad)
