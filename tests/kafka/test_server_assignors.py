"""Server-side assignors of the consumer protocol: uniform with Java's walk, range, the group's choice."""

from __future__ import annotations

from itertools import chain

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mqviz.kafka.assignors import Subscription, TopicPartition
from mqviz.kafka.server_assignors import choose_server_assignor
from mqviz.kafka.uniform import timeline_order, uniform_assignor, walk_order


def uniform(partitions: int, owned: dict[str, list[int]]) -> dict[str, list[int]]:
    """The assignor on one topic, with numbers instead of partitions."""
    subscriptions = {
        member: Subscription(("t",), tuple(TopicPartition("t", n) for n in numbers))
        for member, numbers in owned.items()
    }
    found = uniform_assignor({"t": partitions}, subscriptions)
    return {member: [p.partition for p in found[member]] for member in owned}


def test_r126_the_walk_is_that_of_javas_hash_map() -> None:
    """R126."""
    assert walk_order(["zed", "alpha", "kilo"]) == ["kilo", "alpha", "zed"]
    assert walk_order(["q1", "w2", "e3"]) == ["q1", "w2", "e3"]
    assert "".join(walk_order("fghijklmnopq")) == "pqfghijklmno", "12 names: 16 buckets"
    assert "".join(walk_order("fghijklmnopqr")) == "fghijklmnopqr", "13 names: 32 buckets"
    assert walk_order(["Aa", "BB"]) == ["Aa", "BB"]
    assert walk_order(["BB", "Aa"]) == ["BB", "Aa"], "one bucket: in the order of joining"


@pytest.mark.parametrize(
    ("partitions", "members", "sizes"),
    [
        (7, "ABC", [[0, 1], [2, 3], [4, 5, 6]]),
        (8, "ABC", [[0, 1], [2, 3, 4], [5, 6, 7]]),
        (3, "ABCDE", [[], [], [0], [1], [2]]),
    ],
)
def test_r126_fresh_members_get_runs_and_the_last_of_the_walk_get_more(
    partitions: int, members: str, sizes: list[list[int]]
) -> None:
    """R126."""
    assert list(uniform(partitions, {m: [] for m in members}).values()) == sizes


def test_r126_the_chain_of_joins_and_a_leave() -> None:
    """Who owns more than the quota keeps an extra; the pool is filled in walk order (R126)."""
    one = uniform(7, {"A": []})
    two = uniform(7, {**one, "B": []})
    assert two == {"A": [0, 1, 2, 3], "B": [4, 5, 6]}
    three = uniform(7, {**two, "C": []})
    assert three == {"A": [0, 1, 2], "B": [4, 5], "C": [3, 6]}
    left = uniform(7, {"B": three["B"], "C": three["C"]})
    assert left == {"B": [0, 4, 5], "C": [1, 2, 3, 6]}
    assert uniform(7, {**left, "A": []}) == {"A": [3, 6], "B": [0, 4, 5], "C": [1, 2]}


@given(st.integers(1, 20), st.lists(st.sampled_from([f"m{n}" for n in range(12)]), min_size=1, unique=True))
def test_uniform_is_balanced(partitions: int, members: list[str]) -> None:
    found = uniform(partitions, {member: [] for member in members})
    sizes = [len(numbers) for numbers in found.values()]
    assert sorted(chain.from_iterable(found.values())) == list(range(partitions))
    assert max(sizes) - min(sizes) <= 1
    assert sizes.count(0) == max(0, len(members) - partitions)


@given(
    st.integers(1, 30),
    st.lists(st.sampled_from([f"m{n}" for n in range(9)]), min_size=2, unique=True),
    st.integers(0, 8),
    st.booleans(),
)
def test_uniform_moves_no_more_than_it_must(
    partitions: int, members: list[str], leaver: int, joins: bool
) -> None:
    """Moved = what is above the quotas that members end with, and what those that left had (R117, R126)."""
    before = uniform(partitions, {member: [] for member in members})
    if joins:
        after = uniform(partitions, {**before, "new": []})
    else:
        gone = members[leaver % len(members)]
        after = uniform(partitions, {m: parts for m, parts in before.items() if m != gone})
    moved = sum(len([n for n in parts if n not in before.get(m, [])]) for m, parts in after.items())
    must = sum(max(0, len(parts) - len(after.get(m, []))) for m, parts in before.items())
    assert moved == must


def test_r126_different_subscriptions_are_balanced() -> None:
    """S9: everything is owned by a subscriber, and no move would help."""
    found = uniform_assignor(
        {"t": 4, "u": 4},
        {"a": Subscription(("t", "u")), "b": Subscription(("u",)), "c": Subscription(("t",))},
    )
    assert sorted(map(len, found.values())) == [2, 3, 3]
    assert {p.topic for p in found["b"]} == {"u"}
    assert {p.topic for p in found["c"]} == {"t"}


def test_r126_different_subscriptions_as_kafka_4_2_1_shares_them_out() -> None:
    """Topics with the most partitions a reader first, least loaded readers in turn, then moves from the most loaded."""
    counts = {"t": 4, "u": 4, "v": 2}
    topics = {"mA": "t", "mB": "tu", "mC": "uv", "mD": "tuv", "mE": "v"}
    expected = [
        "mA:t0 t1 t2 t3",
        "mA:t0 t1 t2 t3 mB:u0 u1 u2 u3",
        "mA:t0 t1 t2 t3 mB:u0 u1 u2 mC:u3 v0 v1",
        "mA:t0 t1 mB:u0 u1 u2 mC:u3 v0 v1 mD:t2 t3",
        "mA:t0 t1 mB:u0 u1 u2 mC:u3 v0 mD:t2 t3 mE:v1",
    ]
    target: dict[str, list[TopicPartition]] = {}
    for there, wanted in enumerate(expected, 1):
        members = list(topics)[:there]
        subscriptions = {m: Subscription(tuple(topics[m]), tuple(target.get(m, ()))) for m in members}
        target = uniform_assignor(
            {t: n for t, n in counts.items() if any(t in topics[m] for m in members)}, subscriptions
        )
        assert (
            " ".join(f"{m}:{' '.join(f'{p.topic}{p.partition}' for p in target[m])}" for m in members)
            == wanted
        )
    del target["mA"]
    found = uniform_assignor(
        counts, {m: Subscription(tuple(topics[m]), tuple(target[m])) for m in topics if m != "mA"}
    )
    assert [f"{p.topic}{p.partition}" for p in found["mD"]] == ["t0", "t1", "t2", "t3"]


def test_r126_members_in_one_bucket_of_the_walk_come_as_the_coordinator_walks_its_own_table() -> None:
    """Orders of Kafka's TimelineHashMap, read off its keySet(); the table never shrinks."""
    assert timeline_order(["Zgfg", "ca19c-3gg3", "Y8106645e"], 4) == ["ca19c-3gg3", "Zgfg", "Y8106645e"]
    assert timeline_order(["fa6hbfd37h", "ag", "b283e"], 5) == ["ag", "b283e", "fa6hbfd37h"]
    assert timeline_order(["fa6hbfd37h", "ag", "b283e"], 3) == ["b283e", "ag", "fa6hbfd37h"]


def test_r122_most_votes_choose_the_assignor() -> None:
    """R122."""
    assert choose_server_assignor([None, ""], None, "uniform") == "uniform"
    assert choose_server_assignor([None, None], "range", "uniform") == "range"
    assert choose_server_assignor(["range", "uniform"], "uniform", "range") == "uniform"
    assert choose_server_assignor(["range", "range", "uniform"], "uniform", "range") == "uniform"


def test_r122_where_votes_are_equal_the_members_own_new_vote_wins() -> None:
    """Played on Kafka 4.2.1: the heartbeat that computes puts its member's vote first, unless others have it, too."""
    assert choose_server_assignor(["range"], "uniform", "range") == "uniform"
    assert choose_server_assignor(["uniform"], "range", "uniform") == "range"
    assert choose_server_assignor(["range", "uniform"], None, "range") == "uniform"
    assert choose_server_assignor(["range", "uniform", "uniform"], "range", "range") == "uniform"
