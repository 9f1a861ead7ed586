"""The book of rules is complete, its index is up to date, and every rule that the project cites is in it."""

from __future__ import annotations

import re
from pathlib import Path

from tests.rules import citations, table
from tests.rules.book import ROOT, number, parts, rules

RECORDING = re.compile(r"\b[A-Z]\d+-(?!R\d)[\w-]+")


def test_every_rule_has_a_line_a_text_and_a_source() -> None:
    for rule in rules().values():
        assert re.fullmatch(r"[RS]\d+", rule.name)
        assert rule.line
        assert "|" not in rule.line
        assert rule.text
        assert rule.source or rule.name[0] == "S", rule.name


def test_rules_stand_in_order_and_once() -> None:
    names = [rule.name for part in parts() for rule in part.rules]
    assert names == sorted(set(names), key=lambda name: (name[0], number(name)))


def test_recordings_that_are_named_as_sources_are_there() -> None:
    there = {path.stem for path in (ROOT / "tests").rglob("*.json")}
    named = {name for rule in rules().values() for name in RECORDING.findall(rule.source)}
    assert sorted(named - there) == []


def test_every_rule_is_tested_or_left_out_with_a_reason() -> None:
    assert table.gaps() == []


def test_names_are_read_as_far_as_they_are_numbers() -> None:
    assert table.rules_of("test_r10_s2_r21_a_broker_of_r99") == ["R10", "S2", "R21"]
    assert table.rules_of("r4_marks") == []


def test_every_citation_is_a_rule_of_the_book() -> None:
    book = set(rules())
    found = {_place(path): sorted(citations.cited(path) - book) for path in citations.files()}
    assert {path: unknown for path, unknown in found.items() if unknown} == {}


def test_no_other_kind_of_number_is_cited() -> None:
    found = {_place(path): sorted(citations.others(path)) for path in citations.files()}
    assert {path: numbers for path, numbers in found.items() if numbers} == {}


def test_every_simplification_is_cited() -> None:
    outside = [path for path in citations.files() if "docs" not in path.parts]
    used = set().union(*(citations.cited(path) for path in outside))
    assert [rule for rule in rules() if rule[0] == "S" and rule not in used] == []


def test_every_invariant_says_what_it_holds() -> None:
    found = dict(table.invariants())
    assert len(found) > 20
    assert all(found.values())


def test_the_page_is_up_to_date() -> None:
    told = "run `python -m tests.rules`, and look at the difference"
    assert table.PAGE.read_text("utf-8") == table.page(), told


def _place(path: Path) -> str:
    return str(path.relative_to(ROOT))
