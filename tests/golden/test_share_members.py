"""The runner's facts and checks know what share members got, by act and by name."""

from __future__ import annotations

from typing import Any

from tests.golden.runner import play


def read(fact: str, expect: Any, **more: Any) -> dict[str, Any]:
    return {"fact": fact, "expect": expect, "compare": "exact", **more}


def start(member: str) -> dict[str, Any]:
    return {
        "verb": "start_member",
        "member": member,
        "client": "java",
        "type": "share",
        "group": "g",
        "topics": ["t"],
        "loop": True,
    }


def test_r130_loops_of_share_members_are_read_by_their_names() -> None:
    produce = {
        "verb": "produce",
        "producer": "p",
        "topic": "t",
        "records": [{"partition": 0, "value": "v{i}", "count": 30}],
        "each": True,
        "as": "a1",
    }
    three = ["a", "b", "c"]
    case = {
        "id": "T",
        "rules": ["R130"],
        "config": {
            "broker": {"group.share.heartbeat.interval.ms": 500},
            "group": {"g": {"share.auto.offset.reset": "earliest"}},
            "producer": {"p": {"linger.ms": 0}},
        },
        "setup": {"brokers": [1], "controllers": 0, "topics": {"t": {"partitions": 1, "rf": 1}}},
        "steps": [
            {
                "do": "three share members poll all the time",
                "act": [
                    {"verb": "start_producer", "producer": "p", "client": "java"},
                    *map(start, three),
                    {"verb": "wait", "ms": 3000},
                    produce,
                    {"verb": "wait", "ms": 2000},
                ],
                "read": [
                    read("check", True, check="each_offset_once", of=three),
                    read("check", 3, check="members_served", of=three),
                    read("delivered_counts", {"a": 10, "b": 10, "c": 10}, of=three) | {"compare": "shape"},
                    read("group", {"state": "Stable", "members": 3}, group="g"),
                    read("assignment", {name: ["t-0"] for name in three}, group="g"),
                ],
            }
        ],
    }
    result = play(case)
    assert result.good, result.bad
