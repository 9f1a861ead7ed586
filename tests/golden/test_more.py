"""Further cases: recorded on Apache Kafka 4.2.1 for groups and share groups (more), or written from the rules (written)."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.golden.runner import cases, load, play

FOLDERS = [Path(__file__).parent / name for name in ("more", "written")]


@pytest.mark.parametrize("path", cases(FOLDERS), ids=lambda path: path.stem)
def test_every_read_of_a_further_case_agrees(path: Path) -> None:
    result = play(load(path))
    assert result.good, "\n".join(result.bad)
