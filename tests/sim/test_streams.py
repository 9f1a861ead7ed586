"""Named streams: their state is a count, they do not disturb each other, and their means are what they say."""

from hypothesis import given
from hypothesis import strategies as st

from mqviz.sim.streams import Numbers, Stream, block, exponential, uniform


@given(st.integers(0, 5_000), st.integers(0, 3))
def test_a_stream_goes_on_from_its_count_alone(count: int, seed: int) -> None:
    stream = Stream(seed, "mail")
    for _ in range(count):
        stream.random()
    again = Stream(seed, "mail", stream.count)
    assert [again.random() for _ in range(1_100)] == [stream.random() for _ in range(1_100)]


@given(st.integers(0, 1 << 40))
def test_number_n_is_the_same_drawn_in_turn_or_alone(start: int) -> None:
    stream = Stream(7, "mail", start)
    numbers = Numbers(7, "mail")
    assert [stream.random() for _ in range(3)] == [numbers.random(start + i) for i in range(3)]


def test_streams_differ_by_seed_name_and_block() -> None:
    first = {block(*which)[0] for which in ((7, "a", 0), (7, "b", 0), (8, "a", 0), (7, "a", 1))}
    assert len(first) == 4


def test_the_numbers_never_change() -> None:
    """Old captures replay only while these stay."""
    assert [round(Numbers(7, "mail").random(i), 12) for i in (0, 1, 1024)] == [
        0.030976468035,
        0.811048759081,
        0.682430653438,
    ]


def test_helpers_stay_in_range_and_have_their_means() -> None:
    stream = Stream(7, "helpers")
    evens = [stream.uniform(3, 5) for _ in range(30_000)]
    assert set(evens) == {3, 4, 5}
    assert abs(sum(evens) / len(evens) - 4) < 0.02
    waits = [stream.exponential(10_000) for _ in range(30_000)]
    assert min(waits) >= 0
    assert abs(sum(waits) / len(waits) - 10_000) < 3 * 10_000 / 30_000**0.5
    assert {stream.choice("abc") for _ in range(100)} == set("abc")
    assert uniform(0.999999, 0, 9) == 9
    assert exponential(0.0, 5) == 0
