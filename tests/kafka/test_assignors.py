"""The range assignor and the choice of an assignor."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from mqviz.kafka.assignors import Subscription, TopicPartition, choose_assignor, range_assignor


def shared(partitions: dict[str, int], **topics: str) -> dict[str, list[str]]:
    """The range assignment by member, partitions as `t1-0`."""
    subscriptions = {member: Subscription(tuple(names.split())) for member, names in topics.items()}
    found = range_assignor(partitions, subscriptions)
    return {member: [str(each) for each in parts] for member, parts in found.items()}


def test_r115_seven_partitions_three_members() -> None:
    assert shared({"t": 7}, a="t", b="t", c="t") == {
        "a": ["t-0", "t-1", "t-2"],
        "b": ["t-3", "t-4"],
        "c": ["t-5", "t-6"],
    }


def test_r115_skew_grows_with_topics() -> None:
    assert shared({"t1": 3, "t2": 3}, a="t1 t2", b="t1 t2") == {
        "a": ["t1-0", "t1-1", "t2-0", "t2-1"],
        "b": ["t1-2", "t2-2"],
    }


def test_r114_members_beyond_the_partitions_are_idle() -> None:
    found = shared({"t": 3}, c1="t", c2="t", c3="t", c4="t", c5="t")
    assert [member for member, parts in found.items() if not parts] == ["c4", "c5"]


def test_r114_with_range_more_topics_do_not_help_the_idle() -> None:
    found = shared({"t": 1, "u": 1}, a="t u", b="t u")
    assert found == {"a": ["t-0", "u-0"], "b": []}


def test_r115_static_members_come_first() -> None:
    subscriptions = {
        "a-1": Subscription(("t",)),
        "z-1": Subscription(("t",), group_instance_id="z"),
        "y-1": Subscription(("t",), group_instance_id="y"),
    }
    found = range_assignor({"t": 3}, subscriptions)
    assert found == {
        "y-1": [TopicPartition("t", 0)],
        "z-1": [TopicPartition("t", 1)],
        "a-1": [TopicPartition("t", 2)],
    }


def test_r115_only_subscribers_of_the_topic_count() -> None:
    assert shared({"t": 4, "u": 1}, a="t", b="t u", c="u") == {
        "a": ["t-0", "t-1"],
        "b": ["t-2", "t-3", "u-0"],
        "c": [],
    }


@given(st.integers(0, 40), st.integers(1, 12))
def test_range_is_balanced_and_complete(partitions: int, count: int) -> None:
    members = [f"c{number}" for number in range(count)]
    found = range_assignor({"t": partitions}, {member: Subscription(("t",)) for member in members})
    counts = [len(parts) for parts in found.values()]
    assert max(counts) - min(counts) <= 1
    assert counts.count(0) == max(0, count - partitions)
    assert sorted(each for parts in found.values() for each in parts) == [("t", n) for n in range(partitions)]


def test_r105_most_votes_win() -> None:
    votes = {"a": ("roundrobin", "range"), "b": ("range", "roundrobin"), "c": ("roundrobin", "range")}
    assert choose_assignor(votes) == "roundrobin"


def test_r105_only_what_all_support() -> None:
    assert choose_assignor({"a": ("sticky", "range"), "b": ("range",)}) == "range"
    assert choose_assignor({"a": ("sticky",), "b": ("range",)}) is None


def test_r105_equal_votes() -> None:
    both = ("cooperative-sticky", "roundrobin", "range", "sticky")
    for first, second, winner in (
        ("range", "sticky", "sticky"),
        ("roundrobin", "range", "range"),
        ("cooperative-sticky", "roundrobin", "roundrobin"),
    ):
        votes = {"a": (first, *both), "b": (second, *both)}
        assert choose_assignor(votes) == winner
