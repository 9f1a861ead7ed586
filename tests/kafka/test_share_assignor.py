"""The assignor `simple` of share groups: R130."""

from __future__ import annotations

import pytest

from mqviz.kafka.share_assignor import simple, wanted


def test_r130_two_members_share_three_partitions_two_and_one() -> None:
    found = simple({"t": 3}, {"a": ["t"], "b": ["t"]})
    assert found == {"a": (("t", 0), ("t", 2)), "b": (("t", 1),)}


def test_r130_three_members_all_have_the_only_partition() -> None:
    found = simple({"t": 1}, {name: ["t"] for name in "abc"})
    assert set(found.values()) == {(("t", 0),)}


@pytest.mark.parametrize(("members", "partitions"), [(m, p) for m in range(1, 9) for p in range(1, 9)])
def test_r130_each_partition_has_enough_members_and_nobody_is_idle(members: int, partitions: int) -> None:
    sharing = -(-members // partitions)
    found = simple({"t": partitions}, {f"m{i}": ["t"] for i in range(members)})
    readers = [sum(("t", number) in given for given in found.values()) for number in range(partitions)]
    assert [len(given) for given in found.values()] == wanted(members, partitions)
    assert readers == [sharing] * partitions
    assert all(len(set(given)) == len(given) >= 1 for given in found.values())


def test_r130_what_a_member_has_it_keeps_up_to_its_share() -> None:
    before = simple({"t": 4}, {"a": ["t"]})
    after = simple({"t": 4}, {"a": ["t"], "b": ["t"]}, before)
    assert after == {"a": (("t", 0), ("t", 1)), "b": (("t", 2), ("t", 3))}


def test_r130_topics_are_shared_out_among_their_own_subscribers() -> None:
    found = simple({"t": 1, "u": 1}, {"a": ["t"], "b": ["t", "u"]})
    assert found == {"a": (("t", 0),), "b": (("t", 0), ("u", 0))}
