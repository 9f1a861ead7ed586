"""The runner itself: members of one name, acts that go on meanwhile, what a wait and a read may see."""

from __future__ import annotations

from typing import Any

import pytest

from tests.golden.compare import agrees
from tests.golden.runner import play

Acts = list[dict[str, Any]]


def case(acts: Acts, *reads: dict[str, Any], brokers: int = 1, **config: Any) -> dict[str, Any]:
    """One step, on topic t of one partition on all brokers."""
    replicas = {"partitions": 1, "replicas": [list(range(1, brokers + 1))]}
    return {
        "id": "runner",
        "rules": [],
        "config": {"broker": {"group.initial.rebalance.delay.ms": 0}, **config},
        "setup": {"brokers": list(range(1, brokers + 1)), "controllers": 1, "topics": {"t": replicas}},
        "steps": [{"do": "", "act": acts, "read": list(reads)}],
    }


def good(acts: Acts, *reads: dict[str, Any], **more: Any) -> None:
    result = play(case(acts, *reads, **more))
    assert result.good, "\n".join(result.bad)


def read(fact: str, expect: Any, **more: Any) -> dict[str, Any]:
    return {"fact": fact, "expect": expect, "compare": "exact", **more}


def start(member: str, group: str = "", **more: Any) -> dict[str, Any]:
    plain = {"verb": "start_member", "member": member, "client": "java", "loop": False}
    return plain | ({"group": group, "topics": ["t"]} if group else {"assign": ["t-0"]}) | more


def rpc(api: str, request: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"verb": "rpc", "api": api, "version": 4, "request": request, **more}


def answered(*labels: str) -> Acts:
    return [{"verb": "wait", "until": {"answered": label}} for label in labels]


PRODUCER = {"verb": "start_producer", "producer": "p", "client": "java"}


def produce(count: int, label: str = "s", **more: Any) -> dict[str, Any]:
    records = [{"partition": 0, "value": "v{i}", "count": count}]
    return {"verb": "produce", "producer": "p", "topic": "t", "records": records, "as": label, **more}


# -- members of one name -----------------------------------------------------------------------------------


def test_two_groups_may_have_members_of_the_same_name() -> None:
    both = ("g", "h")
    good(
        [
            PRODUCER,
            produce(4),
            *(start("m", group, loop=True) for group in both),
            {"verb": "wait", "ms": 3_000},
            {"verb": "mark", "as": "now"},
            produce(2, "later"),
            {"verb": "wait", "ms": 1_000},
            {"verb": "close_member", "member": "m", "group": "h"},
        ],
        *(read("delivered_offsets", {"t-0": [4, 5]}, of="m", group=group) for group in both),
        read("assignment", {"m": ["t-0"]}, group="g"),
        read("assignment", {}, group="h"),
        read("group_events", {}, group="g"),
        read("group_events", {"m": [["revoke", ["t-0"]], ["closed", []]]}, group="h"),
        read("position", 6, member="m", group="g", topic="t", partition=0),
        consumer={"*": {"auto.offset.reset": "earliest"}},
    )


def test_a_name_that_two_groups_have_is_not_guessed_at() -> None:
    kill = {"verb": "kill_member", "member": "m"}
    (told,) = play(case([start("m", "g"), start("m", "h"), kill])).bad
    assert "member m is in 2 groups: say which" in told


def test_raw_members_of_the_same_name_have_ids_of_their_own() -> None:
    def join(group: str, label: str, member_id: str) -> dict[str, Any]:
        protocol = {"name": "range", "metadata": {"subscription": ["t"]}}
        times = {"sessionTimeoutMs": 30_000, "rebalanceTimeoutMs": 60_000}
        request = {"groupId": group, "memberId": member_id, "protocols": [protocol], **times}
        return rpc("JoinGroup", request, client_id="m") | {"as": label}

    first = [join("g", "g1", ""), join("h", "h0", ""), join("h", "h1", "")]
    joins = [*first, join("g", "g2", "id:m"), join("h", "h2", "id:m")]
    good(joins, *(read("answer", {"error": "NONE", "generation": 1}, of=label) for label in ("g2", "h2")))


# -- who is asked ------------------------------------------------------------------------------------------


def test_any_broker_says_who_coordinates() -> None:
    found = [
        rpc("FindCoordinator", {"keyType": kind, "coordinatorKeys": ["g"]}, broker=b) | {"as": f"f{kind}{b}"}
        for kind in (0, 1)
        for b in (1, 2, 3)
    ]
    coordinator = play(case(found, read("answer", {"nodeId": 0}, of="f01"), brokers=3)).bad[0]
    wanted = {"error": "NONE", "nodeId": int(coordinator.rpartition('"nodeId": ')[2].rstrip("}"))}
    assert wanted["nodeId"] in (1, 2, 3)
    good(found, *(read("answer", wanted, of=f"f0{b}") for b in (1, 2, 3)), brokers=3)


def test_nobody_coordinates_while_the_only_one_is_dead() -> None:
    replicated = {"offsets.topic.replication.factor": 1, "offsets.topic.num.partitions": 1}
    acts = [
        {"verb": "kill_broker", "coordinator_of": "g"},
        {"verb": "wait", "ms": 15_000},
        *(rpc("FindCoordinator", {"key": "g"}, broker=b, timeout_ms=1_000) | {"as": f"f{b}"} for b in (1, 2)),
    ]
    missing = {"error": "COORDINATOR_NOT_AVAILABLE", "nodeId": -1}
    results = [
        play(case(acts, read("answer", missing, of=f"f{b}"), brokers=2, broker=replicated)) for b in (1, 2)
    ]
    assert sorted(result.good for result in results) == [False, True]  # the dead one does not answer


def test_a_request_goes_to_the_broker_that_it_names() -> None:
    beat = {"groupId": "g", "generationId": 1, "memberId": "x"}
    beats = [rpc("Heartbeat", beat, broker=b) | {"as": f"b{b}"} for b in (1, 2, 3)]
    result = play(
        case(beats, *(read("answer", {"error": "NOT_COORDINATOR"}, of=f"b{b}") for b in (1, 2, 3)), brokers=3)
    )
    (told,) = result.bad
    assert "UNKNOWN_MEMBER_ID" in told


@pytest.mark.parametrize("word", ["broker", "from"])
def test_records_are_read_from_the_broker_that_is_named(word: str) -> None:
    place = {"topic": "t", "partition": 0, "fields": ["offset", "value"]}
    rows = [[0, "v0"], [1, "v1"]]
    acts = [PRODUCER, produce(2), {"verb": "wait", "ms": 1_000}, {"verb": "pause_broker", "broker": 2}]
    good(
        acts,
        read("records", rows, **place, at=3, **{word: 2}),
        read("records", rows, **place),
        read("records", "REQUEST_TIMED_OUT", **place, **{word: 2}),
        brokers=2,
    )


# -- acts that go on meanwhile -----------------------------------------------------------------------------


def test_members_poll_at_the_same_time() -> None:
    polls = [
        {"verb": "poll", "member": m, "ms": 2_000, "as": m + "1", "wait_for_answer": False} for m in "ab"
    ]
    same = {"fact": "ms", "compare": "bound", "expect": 0}
    good(
        [
            start("a"),
            start("b"),
            *polls,
            PRODUCER,
            {"verb": "wait", "ms": 500},
            produce(3),
            *answered("a1", "b1"),
        ],
        same | {"from": "a1", "to": "b1", "bounds": [0, 1]},
        same | {"from": "a1", "to": "a1.done", "bounds": [500, 600]},
        read("result", "PENDING", of="a1", at=5),
        read("delivered_counts", {"a": 3, "b": 3}, of=["a1", "b1"]),
        read("polls", [3], of="b1", what="sizes"),
        consumer={"*": {"auto.offset.reset": "earliest"}},
    )


def test_answers_to_raw_requests_may_come_later() -> None:
    def fetch(wait_ms: int) -> dict[str, Any]:
        parts = [{"partition": 0, "fetchOffset": 0, "partitionMaxBytes": 1 << 20}]
        limits = {"maxWaitMs": wait_ms, "minBytes": 1, "maxBytes": 1 << 20, "isolationLevel": 0}
        more = {"conn": f"c{wait_ms}", "as": f"f{wait_ms}", "wait_for_answer": False}
        return rpc("Fetch", {"topics": [{"topic": "t", "partitions": parts}], **limits}, **more)

    good(
        [fetch(100_000), fetch(200), {"verb": "wait", "ms": 70_000}, PRODUCER, produce(1)],
        read("answer", None, of="f100000", at=4),
        read("answer", {"batches": [], "waited": "max wait"}, of="f200", at=3),
        read("answer", {"batches": [[0, 0]], "waited": "at once"}, of="f100000"),
    )


# -- what a wait and a read may see ------------------------------------------------------------------------


def test_nothing_is_empty_before_anything_was_written() -> None:
    def until(fact: str, **more: Any) -> dict[str, Any]:
        label = more.pop("label", fact)
        condition = {"fact": fact, "group": "g", "equals": {}, **more}
        return {"verb": "wait", "until": condition, "timeout_ms": 500, "as": label}

    reset = {"verb": "reset_offsets", "group": "g", "offsets": {"t-0": 0}}
    facts = ("committed", "assignment", "share_start")
    good(
        [
            *map(until, facts),
            start("m", "g"),
            {"verb": "poll", "member": "m", "ms": 3_000},
            until("assignment", label="held"),
            {"verb": "close_member", "member": "m"},
            until("assignment", label="left"),
            reset,
            until("committed", label="commits"),
        ],
        *(read("reached", False, of=label) for label in (*facts, "held", "commits")),
        read("reached", True, of="left"),
    )


def test_a_read_comes_after_all_that_happens_at_its_instant() -> None:
    good(
        [
            PRODUCER,
            produce(1, "warm"),
            produce(10, gap_us=1_000, wait_for_answer=False),
            {"verb": "wait", "from": "s", "ms": 5},
        ],
        read("partition_list", [0] * 6, of="s"),
    )


@pytest.mark.parametrize(
    ("fields", "expect", "found", "same"),
    [
        (["offset", "key", "value"], [[0, "k", "v"]], [[7, "k", "v"]], True),
        (["offset", "key", "value"], [[0, "k", "v"]], [[0, "k", "w"]], False),
        (["offset", "value"], [[0, "a"], [1, "b"]], [[0, "b"], [1, "a"]], False),
        (["offset", "value"], [[0, "a"]], [[0, "a"], [1, "b"]], False),
        (["value"], [["a"]], "NOT_LEADER_OR_FOLLOWER", False),
    ],
)
def test_the_shape_of_records_is_their_keys_and_values(
    fields: list[str], expect: Any, found: Any, same: bool
) -> None:
    shape = {"fact": "records", "fields": fields, "expect": expect, "compare": "shape"}
    assert agrees(shape, found) == same


def test_a_field_that_records_do_not_have_is_not_read_as_nothing() -> None:
    wrong = read("records", [], topic="t", partition=0, fields=["offset", "vlaue"])
    assert "not run" in play(case([], wrong)).bad[0]
