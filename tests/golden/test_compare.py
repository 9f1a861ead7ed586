"""Comparing: what counts as the same, and what a fact that names everything may not leave out."""

from __future__ import annotations

from typing import Any

import pytest

from tests.golden.compare import agrees


def read(fact: str, expect: Any) -> dict[str, Any]:
    return {"fact": fact, "expect": expect, "compare": "exact"}


@pytest.mark.parametrize(
    ("fact", "expect", "found", "same"),
    [
        ("committed", {}, {}, True),
        ("committed", {}, {"t-0": 0}, False),
        ("committed", {"t-0": 1}, {"t-0": 1, "t-1": 0}, False),
        ("group_events", {}, {"a": [["assign", []]]}, True),
        ("group_events", {}, {"a": [["assign", ["t-0"]]]}, False),
        ("assignment", {"a": ["t-1", "t-0"], "b": []}, {"a": ["t-0", "t-1"]}, True),
        ("assignment", {"a": ["t-0"]}, {"a": ["t-0"], "b": ["t-1"]}, False),
        ("delivered_offsets", {"t-0": [1]}, {"t-0": [1], "t-1": []}, True),
        ("delivered_offsets", {"t-0": [1]}, {"t-0": [1], "t-1": [0]}, False),
        ("group", {"state": "Stable"}, {"state": "Stable", "members": 2}, True),
        ("result", "UnknownMemberIdException/UNKNOWN_MEMBER_ID", "UNKNOWN_MEMBER_ID", True),
    ],
)
def test_facts_that_name_everything_leave_nothing_out(fact: str, expect: Any, found: Any, same: bool) -> None:
    assert agrees(read(fact, expect), found) == same
