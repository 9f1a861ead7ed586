"""How often each record was processed, and samples of a number over time."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from mqviz.model.kafka.coordinator.offsets.state import GroupPartition
from mqviz.model.trend import KEPT, WINDOW_US, Samples

ranges = st.lists(st.tuples(st.integers(0, 30), st.integers(1, 8)), max_size=12)


@given(ranges)
def test_the_step_function_counts_what_a_list_would(passes: list[tuple[int, int]]) -> None:
    record = GroupPartition("t", 0)
    counts = [0] * 50
    for first, length in passes:
        record.passed(first, first + length)
        for offset in range(first, first + length):
            counts[offset] += 1
    assert [record.processed(offset) for offset in range(50)] == counts
    assert record.more_than_once() == sum(count > 1 for count in counts)
    assert all(a != b for a, b in pairwise(record.times))
    assert record.ends == sorted(set(record.ends))


def test_a_long_run_is_one_step() -> None:
    record = GroupPartition("t", 0)
    for offset in range(1000):
        record.passed(offset, offset + 1)
    assert (record.ends, record.times) == ([1000], [1])


def test_samples_keep_the_last_value_of_a_window_and_at_most_32() -> None:
    samples = Samples()
    for at_us, value in ((0, 1), (10, 2), (3 * WINDOW_US, 5)):
        samples.note(at_us, value)
    assert samples.over(0, 4) == [2, 2, 2, 5, 5]
    assert samples.over(-2, 0) == [None, None, 2]
    for window in range(4, 100):
        samples.note(window * WINDOW_US, window)
    assert len(samples.windows) == KEPT
    assert samples.over(66, 69) == [None, None, 68, 69]
