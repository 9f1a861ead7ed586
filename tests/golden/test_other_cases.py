"""Cases that nobody recorded, as the rules want them: the runner takes any case of the format."""

from __future__ import annotations

import json
from typing import Any

from tests.golden.runner import RECORDINGS, play
from tests.golden.world import named_error

Steps = list[tuple[list[dict[str, Any]], list[dict[str, Any]]]]


def case(steps: Steps, brokers: int = 3, features: dict[str, int] | None = None) -> dict[str, Any]:
    """A case with the timers of the recordings, topic t of three replicas, and steps of acts and reads."""
    config = json.loads((RECORDINGS / "D11-rows-e-f.json").read_text(encoding="utf-8"))["config"]
    config["features"] |= features or {}
    replicas = {"partitions": 1, "replicas": [[1, 2, 3]], "config": {"min.insync.replicas": 2}}
    return {
        "id": "other",
        "rules": ["R21"],
        "config": config,
        "setup": {"brokers": list(range(1, brokers + 1)), "controllers": 1, "topics": {"t": replicas}},
        "steps": [{"do": "", "act": acts, "read": reads} for acts, reads in steps],
    }


def until(**equals: Any) -> dict[str, Any]:
    fact = {"fact": "partition_state", "topic": "t", "partition": 0, "equals": equals}
    return {"verb": "wait", "until": fact, "timeout_ms": 30_000}


def states(topic: str, number: int, *records: tuple[Any, ...]) -> dict[str, Any]:
    names = ("leader", "leaderEpoch", "partitionEpoch", "isr", "elr", "lastKnownElr", "recovering")
    expect = [dict(zip(names, record, strict=True)) for record in records]
    place = {"topic": topic, "partition": number}
    return {"fact": "partition_states", "expect": expect, "compare": "exact", **place}


def good(steps: Steps, **more: Any) -> None:
    result = play(case(steps, **more))
    assert result.good, "\n".join(result.bad)


def test_r12_a_topic_made_while_a_broker_is_fenced_has_it_in_no_isr_and_in_its_first_record() -> None:
    good(
        [
            ([{"verb": "kill_broker", "broker": 2}, until(isr=[1, 3])], []),
            (
                [
                    {"verb": "create_topic", "topic": "u", "replicas": [[2, 3, 4], [4, 2, 1]]},
                    {"verb": "wait", "ms": 1_000},
                ],
                [
                    states("u", 0, (3, 0, 0, [3, 4], [], [], 0)),
                    states("u", 1, (4, 0, 0, [4, 1], [], [], 0)),
                ],
            ),
            (
                [
                    {"verb": "create_partitions", "topic": "t", "partitions": 2},
                    {"verb": "wait", "ms": 1_000},
                ],
                [states("t", 1, (3, 0, 0, [3, 4, 1], [], [], 0))],
            ),
        ],
        brokers=4,
    )


def test_r22_a_cluster_formatted_without_eligible_replicas_keeps_the_last_one_in_sync() -> None:
    kills = [
        ([{"verb": "kill_broker", "broker": broker}, {"verb": "wait", "ms": 4_500}], [])
        for broker in (3, 2, 1)
    ]
    records = [
        (1, 0, 0, [1, 2, 3], [], [], 0),
        (1, 0, 1, [1, 2], [], [], 0),
        (1, 0, 2, [1], [], [], 0),
        (-1, 1, 3, [1], [], [], 0),
    ]
    good([*kills, ([], [states("t", 0, *records)])], features={"eligible.leader.replicas.version": 0})


def test_r12_what_is_refused_is_told_by_its_own_error() -> None:
    def refused(error: str, verb: str, **arguments: Any) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        read = {"fact": "result", "of": f"a{error} {arguments}", "expect": error, "compare": "exact"}
        return [{"verb": verb, "as": read["of"], **arguments}], [read]

    assert named_error("no (PREFERRED_LEADER_NOT_AVAILABLE (80))") == "PREFERRED_LEADER_NOT_AVAILABLE"
    good(
        [
            refused("INVALID_PARTITIONS", "create_topic", topic="u", partitions=0, rf=1),
            refused("INVALID_REPLICATION_FACTOR", "create_topic", topic="u", partitions=1, rf=0),
            refused("INVALID_TOPIC_EXCEPTION", "create_topic", topic="u v", partitions=1, rf=1),
            refused("INVALID_CONFIG", "create_topic", topic="u", config={"no.such.setting": 1}),
            refused("ok", "create_topic", topic="u", config={"index.interval.bytes": 4096}),
            refused("INVALID_CONFIG", "alter_topic", topic="t", config={"min.insync.replicas": 0}),
            refused("UNKNOWN_TOPIC_OR_PARTITION", "alter_topic", topic="w", config={"retention.ms": 1}),
            refused("ELECTION_NOT_NEEDED", "elect_leaders", topic="t", partition=0, type="UNCLEAN"),
        ]
    )


def test_records_are_counted_by_member_where_acts_are_named() -> None:
    sent = {"records": [{"partition": 0, "count": 4, "value": "v{i}"}]}
    polls = [{"verb": "poll", "member": "c", "ms": 300, "for_ms": 1_500, "as": f"q{n}"} for n in (1, 2)]
    counted = {"fact": "delivered_counts", "of": ["q1", "q2"], "expect": {"c": 4}, "compare": "exact"}
    good(
        [
            (
                [
                    {"verb": "start_producer", "producer": "p", "client": "java"},
                    {"verb": "produce", "producer": "p", "topic": "t", "as": "s", **sent},
                    {
                        "verb": "start_member",
                        "member": "c",
                        "client": "java",
                        "assign": ["t-0"],
                        "loop": False,
                    },
                    *polls,
                ],
                [counted],
            )
        ]
    )
