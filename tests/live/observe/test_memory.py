"""What is told is only what changed, with the earliest time at which it can have changed."""

import struct

from mqviz.live.observe.memory import Difference, KnownGroup, KnownOffsets, Memory, by_topic, sentence
from mqviz.model.observed.events import GroupCommits, GroupListed
from mqviz.model.observed.state import SeenMember
from mqviz.wire import asks
from mqviz.wire.reading import Offsets


def offsets(*rows: tuple[int, int, int]) -> Offsets:
    return Offsets("iqh", b"".join(struct.pack(">iqh", *row) for row in rows))


def commits(**topics: list[tuple[int, int, int]]) -> asks.Commits:
    return asks.Commits(0, tuple((topic, offsets(*parts)) for topic, parts in topics.items()))


def test_an_answer_like_the_one_before_is_no_news() -> None:
    known = KnownOffsets()
    assert known.learn(1, offsets((0, 5, 0), (1, 6, 0)), 10, whole=False) == Difference(
        0, {0: 5, 1: 6}, {}, ()
    )
    assert not known.learn(1, offsets((0, 5, 0), (1, 6, 0)), 20, whole=False)
    assert known.learn(1, offsets((0, 5, 0), (1, 7, 0)), 30, whole=False) == Difference(20, {1: 7}, {}, ())


def test_a_partition_that_was_not_asked_for_is_not_gone_unless_the_answer_is_whole() -> None:
    known = KnownOffsets()
    known.learn(1, offsets((0, 5, 0), (1, 6, 0)), 10, whole=False)
    assert not known.learn(
        1,
        offsets(
            (1, 6, 0),
        ),
        20,
        whole=False,
    )
    assert known.learn(1, offsets((1, 6, 0), (2, 1, 0)), 30, whole=True) == Difference(20, {2: 1}, {}, (0,))


def test_two_leaders_of_one_topic_do_not_hide_each_others_answers() -> None:
    known: dict[str, KnownOffsets] = {}
    by_topic(known, 1, {"orders": offsets((0, 5, 0))}, 10)
    by_topic(known, 2, {"orders": offsets((1, 6, 0))}, 10)
    assert by_topic(known, 1, {"orders": offsets((0, 5, 0))}, 20) == {}
    assert by_topic(known, 2, {"orders": offsets((1, 8, 0))}, 20)["orders"].offsets == {1: 8}


def test_an_offset_that_is_not_told_is_unknown_with_its_reason_and_never_a_number() -> None:
    known = KnownOffsets()
    news = known.learn(1, offsets((0, -1, 6), (1, -1, 0), (2, 9, 3)), 10, whole=False)
    assert news.offsets == {}
    assert news.unknown == {0: sentence(6), 1: "the broker did not tell it", 2: sentence(3)}
    assert known.learn(1, offsets((0, 4, 0), (1, -1, 0), (2, 9, 3)), 20, whole=False).offsets == {0: 4}


def test_every_reason_is_a_sentence_with_kafkas_name_where_there_is_no_better() -> None:
    assert sentence(29) == "no right to read this topic"
    assert sentence(58) == "the broker answered SASL_AUTHENTICATION_FAILED"
    assert sentence(999) == "the broker answered error 999"


def test_commits_tell_what_moved_what_vanished_and_since_when() -> None:
    group = KnownGroup(1, "classic", "Stable")
    first = group.learn_commits(commits(a=[(0, 5, 0)], b=[(0, 1, 0), (1, 2, 0)]), 10)
    assert first == (0, GroupCommits({"a": {0: 5}, "b": {0: 1, 1: 2}}, {}, {}))
    assert group.learn_commits(commits(a=[(0, 5, 0)], b=[(0, 1, 0), (1, 2, 0)]), 20) is None
    assert group.learn_commits(commits(b=[(0, 3, 0)]), 30) == (
        20,
        GroupCommits({"b": {0: 3}}, {"a": (0,), "b": (1,)}, {}),
    )
    assert group.topics() == {"b"}


def test_commits_that_were_hidden_are_told_again_even_if_nothing_moved() -> None:
    group = KnownGroup(1, "classic", "Stable")
    group.learn_commits(commits(a=[(0, 5, 0)]), 10)
    group.hidden["commits"] = "no right"
    assert group.learn_commits(commits(a=[(0, 5, 0)]), 20) == (10, GroupCommits())


def member(name: str, *partitions: int) -> asks.Member:
    return asks.Member(name, None, name, "/127.0.0.1", -1, (asks.Held("orders", partitions),), None)


def described(*members: asks.Member, state: str = "Stable") -> asks.Described:
    return asks.Described("g", 0, state, "range", -1, -1, members)


def test_members_keep_their_order_and_are_told_when_anything_about_them_changed() -> None:
    group = KnownGroup(1, "classic", "Stable")
    assert group.learn_members(described(member("m", 1, 0)), 10) == 0
    assert group.learn_members(described(member("m", 0, 1)), 20) is None
    assert group.learn_members(described(member("a", 0), member("m", 1)), 30) == 20
    assert [m.id for m in group.members] == ["m", "a"]
    assert group.members[1] == SeenMember("a", "a", "/127.0.0.1", None, {"orders": (0,)}, None)
    assert (
        group.learn_members(described(member("a", 0), member("m", 1), state="PreparingRebalance"), 40) == 30
    )
    assert group.topics() == {"orders"}


def test_only_new_and_changed_groups_are_listed() -> None:
    memory = Memory()
    both = [asks.Listed("g", "Classic", "Stable", "consumer"), asks.Listed("old", "", "Empty", "consumer")]
    assert memory.learn_listing(1, both) == {
        "g": GroupListed("classic", "Stable"),
        "old": GroupListed(None, "Empty"),
    }
    assert memory.learn_listing(1, both) == {}
    assert memory.learn_listing(2, both[:1]) == {"g": GroupListed("classic", "Stable")}


def topic(name: str, identity: str, leader: int = 1, error: int = 0) -> asks.Topic:
    partitions = (asks.Partition(1, leader, 0, (1,), (1,), 0), asks.Partition(0, 2, 0, (1,), (1,), 0))
    return asks.Topic(name, identity, False, partitions, error)


def cluster(*topics: asks.Topic) -> asks.Cluster:
    return asks.Cluster("id", 1, (asks.Broker(1, "h", 1, None),), topics)


def test_topics_are_told_when_new_changed_gone_or_made_anew() -> None:
    memory = Memory()
    news, gone = memory.learn_topics(cluster(topic("a", "01"), topic("b", "02")))
    assert [(p.leader) for p in news["a"].partitions] == [2, 1]
    assert memory.learn_topics(cluster(topic("a", "01"), topic("b", "02"))) == ({}, ())
    memory.ends["a"], memory.ends["b"] = KnownOffsets(), KnownOffsets()
    news, gone = memory.learn_topics(cluster(topic("a", "03")))
    assert (list(news), gone) == (["a"], ("b",))
    assert memory.ends == {}


def test_topics_that_only_commits_name_are_found() -> None:
    memory = Memory()
    memory.learn_topics(cluster(topic("a", "01")))
    memory.learn_listing(1, [asks.Listed("g", "classic", "Empty", "consumer")])
    memory.groups["g"].learn_commits(commits(a=[(0, 1, 0)], gone=[(0, 1, 0)]), 1)
    assert memory.unlisted_topics() == {"gone"}


def test_brokers_are_told_when_they_change() -> None:
    memory = Memory()
    assert memory.learn_brokers(cluster())
    assert not memory.learn_brokers(cluster())
    assert memory.learn_brokers(asks.Cluster("id", 1, (), ()))
