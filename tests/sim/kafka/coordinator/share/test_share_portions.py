"""What is released comes again in the portions in which it was acquired, and a few at a time when it was often delivered (R131)."""

from __future__ import annotations

import pytest

from tests.sim.kafka.coordinator.share.test_partition import Member, world
from tests.sim.kafka.coordinator.share.worlds import runs, window


def test_r131_a_portion_of_two_batches_comes_again_as_a_whole() -> None:
    run = world(batches=3)
    one, two = Member(run), Member(run, "n")
    assert one.take(most=15) == [(0, 20, 1)]
    assert one.say((0, 20, "release")) == 0
    assert two.take(most=3) == [(0, 20, 2)]
    assert one.take(most=3) == [(20, 30, 1)]


def test_r131_portions_are_acquired_one_after_the_other_until_there_are_enough() -> None:
    run = world(batches=6, of_records=2)
    one, two = Member(run), Member(run, "n")
    assert [one.take(most=3), one.take(most=3), one.take(most=3)] == [[(0, 4, 1)], [(4, 8, 1)], [(8, 12, 1)]]
    assert one.say((0, 2, "release"), (4, 8, "release"), (8, 9, "release")) == 0
    assert two.take(most=3) == [(0, 2, 2), (4, 8, 2)]
    assert two.take(most=3) == [(8, 9, 2)]


def test_r131_record_limit_takes_the_batch_into_the_window_and_gives_a_part() -> None:
    run = world(settings={"group.share.partition.max.record.locks": "100"})
    one, two = Member(run), Member(run, "n")
    assert one.take(most=3, cut=True) == [(0, 3, 1)]
    assert (window(run).end, window(run).portions) == (10, [(0, 10)])
    assert two.take(most=3) == [(3, 10, 1)]


RELEASED = [
    *((0, 10, 1), (0, 10, 2), (0, 10, 3), (0, 5, 4)),
    *((first, first + 1, 5) for first in range(5)),
    (5, 10, 4),
    *((first, first + 1, 5) for first in range(5, 10)),
]
"""Recorded: a batch of 10 that is released each time."""


@pytest.mark.parametrize(
    ("version", "given"), [("4.1", [(0, 10, count) for count in range(1, 6)]), ("4.2", RELEASED)]
)
def test_r131_often_delivered_records_come_a_few_at_a_time_and_alone_at_last(
    version: str, given: list[tuple[int, int, int]]
) -> None:
    run = world(version=version)
    member, found = Member(run), []
    for _ in given:
        taken = member.take()
        assert member.say(*((first, end, "release") for first, end, _ in taken)) == 0
        found += taken
    assert found == given
    assert member.take() == []
    assert (runs(run), window(run).archived) == ([], 10)


def test_r131_nothing_else_comes_with_records_that_were_often_delivered() -> None:
    run = world(batches=2, of_records=2)
    member = Member(run)
    for count in (1, 2, 3):
        assert member.take(most=1) == [(0, 2, count)]
        assert member.say((0, 2, "release")) == 0
    assert member.take() == [(0, 1, 4)]
    assert member.take() == [(1, 2, 4)]
    assert member.take() == [(2, 4, 1)]
