"""Round-robin and the sticky assignors, of Java and of librdkafka."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from mqviz.kafka.assignors import (
    Assignor,
    StickyUserData,
    Subscription,
    TopicPartition,
    round_robin_assignor,
)
from mqviz.kafka.assignors_sticky import (
    ASSIGNORS,
    cooperates,
    cooperative_sticky_assignor,
    librdkafka_cooperative_sticky_assignor,
    sticky_assignor,
)

Owned = dict[str, list[TopicPartition]]


def tps(text: str) -> tuple[TopicPartition, ...]:
    """Partitions from `t-0 t-1`."""
    pairs = [each.rsplit("-", 1) for each in text.split()]
    return tuple(TopicPartition(topic, int(number)) for topic, number in pairs)


def told(found: dict[str, list[TopicPartition]]) -> dict[str, str]:
    return {member: " ".join(str(tp) for tp in given) for member, given in found.items()}


def fresh(assignor: Assignor, partitions: dict[str, int], **topics: str) -> dict[str, str]:
    return told(assignor(partitions, {m: Subscription(tuple(names.split())) for m, names in topics.items()}))


def sticky(partitions: dict[str, int], topics: str = "t", generation: int = 1, **had: str) -> dict[str, str]:
    """StickyAssignor where each member had these partitions."""
    subscriptions = {
        m: Subscription(tuple(topics.split()), user_data=StickyUserData(tps(parts), generation))
        for m, parts in had.items()
    }
    return told(sticky_assignor(partitions, subscriptions))


def cooperative(
    assignor: Assignor, partitions: dict[str, int], topics: str = "t", **owned: str
) -> dict[str, str]:
    subscriptions = {
        m: Subscription(tuple(topics.split()), tps(parts), generation_id=1) for m, parts in owned.items()
    }
    return told(assignor(partitions, subscriptions))


def settled(
    assignor: Assignor, partitions: dict[str, int], topics: str = "t", **owned: str
) -> dict[str, str]:
    """After as many generations as it takes."""
    while True:
        then = cooperative(assignor, partitions, topics, **owned)
        if then == owned:
            return then
        owned = then


def test_r116_dealt_like_cards() -> None:
    assert fresh(round_robin_assignor, {"t": 7}, a="t", b="t", c="t") == {
        "a": "t-0 t-3 t-6",
        "b": "t-1 t-4",
        "c": "t-2 t-5",
    }


def test_r116_goes_on_over_topics() -> None:
    assert fresh(round_robin_assignor, {"t1": 3, "t2": 3}, a="t1 t2", b="t1 t2") == {
        "a": "t1-0 t1-2 t2-1",
        "b": "t1-1 t2-0 t2-2",
    }


def test_r116_round_robin_passes_over_who_does_not_subscribe() -> None:
    assert fresh(round_robin_assignor, {"t": 3, "u": 2}, a="t", b="t u") == {
        "a": "t-0 t-2",
        "b": "t-1 u-0 u-1",
    }


def test_r117_a_fresh_group_is_as_round_robin() -> None:
    assert fresh(sticky_assignor, {"t": 7}, a="t", b="t", c="t") == {
        "a": "t-0 t-3 t-6",
        "b": "t-1 t-4",
        "c": "t-2 t-5",
    }


def test_r117_a_newcomer_takes_the_least_that_balances() -> None:
    assert sticky({"t": 6}, a="t-0 t-1 t-2 t-3 t-4 t-5", b="") == {"a": "t-0 t-1 t-2", "b": "t-3 t-4 t-5"}
    assert sticky({"t": 6}, a="t-0 t-1 t-2", b="t-3 t-4 t-5", c="") == {
        "a": "t-0 t-1",
        "b": "t-3 t-4",
        "c": "t-2 t-5",
    }


def test_r117_what_a_leaver_had_is_shared_out() -> None:
    assert sticky({"t": 6}, a="t-0 t-3", b="t-1 t-4") == {"a": "t-0 t-2 t-3", "b": "t-1 t-4 t-5"}


def test_r117_only_so_many_members_keep_one_more() -> None:
    assert sticky({"t": 7}, a="t-0 t-1 t-2", b="t-3 t-4 t-5", c="t-6") == {
        "a": "t-0 t-1 t-2",
        "b": "t-3 t-4",
        "c": "t-5 t-6",
    }


def test_r118_the_claim_of_the_higher_generation_wins() -> None:
    subscriptions = {
        "a": Subscription(("t",), user_data=StickyUserData(tps("t-0 t-1"), 1)),
        "b": Subscription(("t",), user_data=StickyUserData(tps("t-0"), 2)),
    }
    assert told(sticky_assignor({"t": 2}, subscriptions)) == {"a": "t-1", "b": "t-0"}


def test_r118_two_claims_of_one_generation_are_none() -> None:
    assert sticky({"t": 4}, a="t-0 t-2", b="t-0 t-3") == {"a": "t-0 t-2", "b": "t-1 t-3"}
    found = cooperative(cooperative_sticky_assignor, {"t": 4}, a="t-0 t-2", b="t-0 t-3")
    assert found == {"a": "t-2", "b": "t-1 t-3"}, "t-0 is withheld until both have let go"


def test_r118_unequal_subscriptions_begin_with_the_least_wanted_topic() -> None:
    found = fresh(sticky_assignor, {"t": 3, "u": 2, "v": 2}, a="t u", b="t", c="t u v")
    assert found == {"a": "t-2 u-0 u-1", "b": "t-0 t-1", "c": "v-0 v-1"}


def test_s9_unequal_subscriptions_move_only_what_evens_out_the_load() -> None:
    subscriptions = {
        "a": Subscription(("t", "u"), user_data=StickyUserData(tps("t-0 t-1 t-2 t-3"), 1)),
        "b": Subscription(("t",), user_data=StickyUserData((), 1)),
    }
    assert told(sticky_assignor({"t": 4, "u": 1}, subscriptions)) == {"a": "t-2 t-3 u-0", "b": "t-0 t-1"}


def test_r119_what_changes_its_owner_is_withheld_for_a_generation() -> None:
    first = cooperative(cooperative_sticky_assignor, {"t": 6}, a="t-0 t-1 t-2 t-3 t-4 t-5", b="")
    assert first == {"a": "t-0 t-1 t-2", "b": ""}
    assert cooperative(cooperative_sticky_assignor, {"t": 6}, **first) == {
        "a": "t-0 t-1 t-2",
        "b": "t-3 t-4 t-5",
    }


def test_r119_what_nobody_has_is_given_at_once() -> None:
    assert cooperative(cooperative_sticky_assignor, {"t": 6}, a="t-0 t-2", b="t-1 t-3") == {
        "a": "t-0 t-2 t-4",
        "b": "t-1 t-3 t-5",
    }


def test_r117_librdkafka_moves_the_first_partitions_where_java_moves_the_last() -> None:
    lib = librdkafka_cooperative_sticky_assignor
    one = settled(lib, {"t": 7}, m01="")
    two = settled(lib, {"t": 7}, **one, m02="")
    assert two == {"m01": "t-3 t-4 t-5 t-6", "m02": "t-0 t-1 t-2"}
    assert settled(lib, {"t": 7}, **two, m03="") == {"m01": "t-4 t-5 t-6", "m02": "t-1 t-2", "m03": "t-0 t-3"}
    topics = settled(lib, {"ta": 3, "tb": 3}, "ta tb", m01="ta-0 ta-1 ta-2 tb-0 tb-1 tb-2", m02="")
    assert topics == {"m01": "tb-0 tb-1 tb-2", "m02": "ta-0 ta-1 ta-2"}


def test_r117_librdkafka_gives_what_nobody_owns_backwards_and_takes_first_from_whoever_has_most() -> None:
    lib = librdkafka_cooperative_sticky_assignor
    three = settled(lib, {"t": 7}, m02="t-1 t-2", m03="t-0 t-3")
    assert three == {"m02": "t-1 t-2 t-4 t-6", "m03": "t-0 t-3 t-5"}
    four = settled(lib, {"t": 7}, **three, m04="")
    assert four == {"m02": "t-2 t-4 t-6", "m03": "t-3 t-5", "m04": "t-0 t-1"}
    five = settled(lib, {"t": 7}, **four, m05="")
    assert five == {"m02": "t-4 t-6", "m03": "t-3 t-5", "m04": "t-0 t-1", "m05": "t-2"}
    del five["m02"]
    assert settled(lib, {"t": 7}, **five) == {"m03": "t-3 t-4 t-5", "m04": "t-0 t-1", "m05": "t-2 t-6"}


def unequal(partitions: dict[str, int], *members: tuple[str, str, str, int]) -> dict[str, str]:
    """StickyAssignor for members of (name, topics, what it had, since which generation)."""
    subscriptions = {
        name: Subscription(tuple(topics.split()), user_data=StickyUserData(tps(had), generation))
        for name, topics, had, generation in members
    }
    return told(sticky_assignor(partitions, subscriptions))


def test_r118_what_nobody_had_moves_before_what_somebody_has() -> None:
    assert unequal(
        {"t": 5, "u": 7},
        ("m01", "t u", "t-1 u-2 u-5", 7),
        ("m03", "t", "t-0 t-2 t-3", 7),
        ("m04", "u", "u-0 u-1 u-3", 7),
    ) == {"m01": "t-1 u-2 u-5 u-6", "m03": "t-0 t-2 t-3 t-4", "m04": "u-0 u-1 u-3 u-4"}


def test_r118_a_member_that_was_away_gets_back_what_it_had() -> None:
    assert unequal(
        {"t": 3, "u": 2},
        ("m01", "t u", "t-1 u-0 u-1", 6),
        ("m02", "t", "t-0 t-2", 6),
        ("m03", "t", "t-1", 5),
    ) == {"m01": "u-0 u-1", "m02": "t-2", "m03": "t-0 t-1"}


def test_r110_the_default_strategy_is_eager() -> None:
    assert not cooperates(("range", "cooperative-sticky"))
    assert cooperates(("cooperative-sticky",))


members = st.lists(st.sampled_from("abcdefg"), min_size=1, max_size=6, unique=True)


@given(st.integers(1, 20), members, st.sampled_from(sorted(ASSIGNORS)))
def test_every_partition_has_one_owner_and_the_load_is_even(
    partitions: int, names: list[str], name: str
) -> None:
    found = ASSIGNORS[name]({"t": partitions}, {m: Subscription(("t",)) for m in names})
    assert sorted(tp for given in found.values() for tp in given) == [
        TopicPartition("t", number) for number in range(partitions)
    ]
    loads = [len(given) for given in found.values()]
    assert max(loads) - min(loads) <= 1
    assert loads.count(0) == max(0, len(names) - partitions)


@given(st.integers(1, 20), members, members)
def test_sticky_moves_no_more_than_balance_asks(partitions: int, before: list[str], after: list[str]) -> None:
    had = sticky_assignor({"t": partitions}, {m: Subscription(("t",)) for m in before})
    now = sticky_assignor(
        {"t": partitions},
        {m: Subscription(("t",), user_data=StickyUserData(tuple(had.get(m, [])), 1)) for m in after},
    )
    quota, extra = divmod(partitions, len(after))
    stayed = sorted((len(had[m]) for m in after if m in had), reverse=True)
    may_keep = sum(min(n, quota + (at < extra)) for at, n in enumerate(stayed))
    kept = sum(tp in had.get(m, []) for m, given in now.items() for tp in given)
    assert kept == may_keep


topics = st.lists(st.sampled_from("tuvw"), min_size=1, max_size=4, unique=True)


@given(
    st.dictionaries(st.sampled_from("tuvw"), st.integers(1, 6), min_size=1),
    st.dictionaries(st.sampled_from("abcd"), topics, min_size=1),
    st.sampled_from(sorted(ASSIGNORS)),
)
def test_unequal_subscriptions_leave_no_wanted_partition_alone(
    partitions: dict[str, int], wanted: dict[str, list[str]], name: str
) -> None:
    found = ASSIGNORS[name](partitions, {m: Subscription(tuple(names)) for m, names in wanted.items()})
    given_away = [tp for given in found.values() for tp in given]
    asked = {topic for names in wanted.values() for topic in names}
    assert sorted(given_away) == sorted(
        TopicPartition(topic, number)
        for topic, n in partitions.items()
        if topic in asked
        for number in range(n)
    )
    assert all(tp.topic in wanted[member] for member, given in found.items() for tp in given)
