"""Rules are quoted in words, short enough to be read whole; their numbers are ours and never shown."""

import re

import pytest

from mqviz.model import rules, shares

WIDEST = 52

QUOTED = [
    (name, text)
    for name, value in vars(rules).items()
    if name.isupper()
    for text in (value.values() if isinstance(value, dict) else (value,))
]


@pytest.mark.parametrize(("name", "text"), QUOTED)
def test_a_rule_is_short_and_has_no_number(name: str, text: str) -> None:
    assert len(text) <= WIDEST, name
    assert not re.search(r"\b[A-Z]\d+\b", text), name


def test_how_partitions_are_told() -> None:
    assert shares.listed([]) == "nothing"
    assert shares.listed([("t", 0), ("t", 1), ("t", 2)]) == "P0, P1 and P2"
    assert shares.listed([("t", 0), ("u", 0)]) == "t P0 and u P0"
    assert shares.listed([("t", number) for number in range(12)]) == "12 partitions"


def test_how_a_group_shares_out() -> None:
    dealt_out = shares.dealt_out
    assert (
        dealt_out([("c1", [("t", 0), ("t", 1), ("t", 2)])]) == "3 partitions, 1 member: c1 gets P0, P1 and P2"
    )
    assert dealt_out([("c1", [("t", 0)]), ("c2", [])]) == "1 partition, 2 members, so c2 gets nothing"
    many = [(f"c{at}", [("t", at)] if at < 2 else []) for at in range(9)]
    assert dealt_out(many) == "2 partitions, 9 members, so c2, c3, c4 and 4 more get nothing"
    four = [(f"c{at}", [("t", at)] * (at // 2 + 1)) for at in range(4)]
    assert dealt_out(four) == "6 partitions, 4 members, so each gets 1 or 2"
    uneven = [("c1", [("t", at) for at in range(4)]), *four[:3]]
    assert dealt_out(uneven) == "8 partitions, 4 members, so each gets 1 to 4"
