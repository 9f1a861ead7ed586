"""Cases in the format of the recordings that were written from the rules and from Kafka's sources, not recorded."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.golden.runner import load, play

WRITTEN = sorted((Path(__file__).parent / "written").glob("*.json"))


@pytest.mark.parametrize("path", WRITTEN, ids=lambda path: path.stem)
def test_the_simulator_does_what_the_rules_say(path: Path) -> None:
    result = play(load(path))
    assert result.good, "\n".join(result.bad)
