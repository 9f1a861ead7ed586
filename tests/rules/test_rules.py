"""The table of rules is complete and up to date: no rule without a test, no test of a rule that is none."""

from __future__ import annotations

from tests.rules import table
from tests.rules.lines import PARTS, RULES


def test_every_rule_has_a_line_and_belongs_to_a_part() -> None:
    assert list(RULES) == list(range(1, 136))
    assert [first for first, _ in PARTS] == sorted(first for first, _ in PARTS)
    assert all("|" not in line and line.strip() for line in RULES.values())


def test_every_rule_is_tested_or_left_out_with_a_reason() -> None:
    assert [f"R{rule}" for rule in table.gaps()] == []


def test_tests_are_named_after_rules_that_there_are() -> None:
    assert set(table.tests()) <= set(RULES)


def test_names_are_read_as_far_as_they_are_numbers() -> None:
    assert table.rules_of("test_r10_e2_fx2_r21_a_broker_of_r99") == [10, 21]
    assert table.rules_of("test_i4_marks") == []


def test_the_page_is_up_to_date() -> None:
    told = "run `python -m tests.rules`, and look at the difference"
    assert table.PAGE.read_text("utf-8") == table.page(), told
