"""Rules are quoted in words, short enough to be read whole; their numbers are ours and never shown."""

import ast
import re
from pathlib import Path

import pytest

from mqviz.explain import rules, shares

WIDEST = 52

EXPLAIN = Path(rules.__file__).parent


def _literals(tree: ast.AST) -> list[str]:
    return [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]


def _named(tree: ast.Module) -> dict[str, list[str]]:
    """The texts of each constant, and of each local variable `rule` or `order`."""
    found: dict[str, list[str]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            target = node.targets[0] if isinstance(node, ast.Assign) else node.target
            if isinstance(target, ast.Name):
                found.setdefault(target.id, []).extend(_literals(node.value))
    return found


def _quoted() -> list[tuple[str, str]]:
    """Each rule that some explanation quotes: the fourth argument of `told`, or `rule=`; and all of rules.py."""
    found = [
        ("rules", text)
        for texts in _named(ast.parse((EXPLAIN / "rules.py").read_text())).values()
        for text in texts
    ]
    for path in sorted((EXPLAIN / "why").rglob("*.py")):
        tree = ast.parse(path.read_text())
        named = _named(tree)
        for call in (
            node
            for node in ast.walk(tree)
            if isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id in ("told", "_why")
        ):
            for said in [*call.args[3:4], *(word.value for word in call.keywords if word.arg == "rule")]:
                texts = _literals(said) + [
                    text
                    for node in ast.walk(said)
                    if isinstance(node, ast.Name)
                    for text in named.get(node.id, [])
                ]
                found += [(path.stem, text) for text in texts if text]
    return sorted(set(found))


QUOTED = _quoted()


@pytest.mark.parametrize(("name", "text"), QUOTED)
def test_a_rule_is_short_and_has_no_number(name: str, text: str) -> None:
    assert len(text) <= WIDEST, name
    assert not text.endswith("."), name
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
