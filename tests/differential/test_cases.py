"""Every case of `cases/`: what clients and brokers show is the same on the simulator and on a real Apache Kafka."""

from collections.abc import Callable
from pathlib import Path

import pytest

from mqviz.live.managed.cluster import Cluster
from tests.differential.case import all_cases, read_case
from tests.differential.play import Reading, agree, compare
from tests.differential.table import lines, summary


@pytest.mark.kafka
@pytest.mark.parametrize("path", all_cases(), ids=lambda path: path.stem)
def test_the_simulator_and_kafka_agree(
    path: Path, request: pytest.FixtureRequest, record_property: Callable[[str, object], None]
) -> None:
    """On the shared broker; a case whose brokers die has some of its own."""

    def start(brokers: int) -> Cluster:
        wanted = "kafka" if brokers == 1 else "kafka_cluster"
        found = request.getfixturevalue(wanted)
        return found if brokers == 1 else found(brokers)  # type: ignore[no-any-return]

    verdict = compare(path, start)
    for row in verdict.rows:
        record_property("differential", row)
    if verdict.before:
        record_property("played-again", path.stem)
        print(f"{path.stem} differed before:", *verdict.before, sep="\n")
    assert not verdict.bad, "\n".join(verdict.bad)


@pytest.mark.parametrize("path", all_cases(), ids=lambda path: path.stem)
def test_a_case_can_be_read_and_compares_something(path: Path) -> None:
    steps = read_case(path).steps
    assert any(step.exact for step in steps)


def test_what_differs_is_told_and_speaks_for_no_rule() -> None:
    case = read_case(all_cases()[0])

    def said(how: str, value: object) -> Reading:
        return Reading(0, how, "R49 R50", "fact", value)

    same = agree(case, "D0", [said("exact", [1])], [said("exact", [1])])
    assert [row for row in same.rows if row[2] == "exact"] == [("D0", "R49", "exact"), ("D0", "R50", "exact")]
    assert not same.bad
    other = agree(case, "D0", [said("exact", [1])], [said("exact", [2])])
    assert not any(row[2] == "exact" for row in other.rows)
    assert "real      [2]\n    simulated [1]" in other.bad[0]
    outside = agree(case, "D0", [said("bound", "9, not within")], [said("bound", "9, not within")])
    assert outside.bad, "two that are wrong in the same way"
    missing = agree(case, "D0", [said("exact", [1])], [])
    assert missing.bad, "nothing was read"


def test_the_table_counts_by_rule_and_gives_reasons() -> None:
    rows = [
        ("D2-x", "R9", "exact"),
        ("D1-y", "R10", "bound"),
        ("D1-y", "R9", "exact"),
        ("D1-y", "R126", "skipped: why"),
    ]
    assert [line.split() for line in lines(rows)[1:]] == [
        ["R9", "2", "-", "-", "D1", "D2"],
        ["R10", "-", "1", "-", "D1"],
        ["R126", "-", "-", "-", "D1", "skipped:", "why"],
    ]


def test_what_agreed_only_when_played_again_is_named() -> None:
    told = summary([("differential", ("D1-y", "R9", "exact")), ("played-again", "D1-y"), ("other", 1)])
    assert told[-1] == "agreed only when played again: D1-y"
    assert summary([("other", 1)]) == []
