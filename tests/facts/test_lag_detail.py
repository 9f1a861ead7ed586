"""One group in detail: every way to have a lag, or none."""

from __future__ import annotations

import pytest

from mqviz.facts.watched import detail as lag_detail
from mqviz.facts.watched import trends
from mqviz.facts.watched.views import PartitionRow
from mqviz.live.observe.memory import sentence
from mqviz.model.observed.events import BrokerLost, CommitsSeen, GroupCommits, TopicSeen, TopicsSeen
from mqviz.model.observed.state import NO_RIGHT, Unknown
from mqviz.model.observed.track import Track
from tests.model.observed.watch import S, Watch, flow, member


def rows(watch: Watch) -> list[PartitionRow]:
    return list(lag_detail.group_detail(watch.state, "g").partitions)


def watched(partitions: int = 2) -> Watch:
    watch = Watch()
    watch.topic("t", partitions)
    watch.group("g", member("c-1", t=range(partitions)))
    return watch


def test_a_number() -> None:
    watch = watched()
    flow(watch, "g", "t", {0: (100, 40), 1: (30, 30)}, {0: (10, 8), 1: (5, 5)}, 20)
    first, second = rows(watch)
    assert (first.current_offset, first.log_end_offset, first.lag, first.kind) == (200, 300, 100, "number")
    assert (first.in_per_s, first.out_per_s) == (10, 8)
    assert (first.behind_us, first.behind_capped) == (10 * S, False), "the record at 200 was written 10 s ago"
    assert (first.consumer, first.consumer_id, first.host, first.client_id) == (
        "c-1",
        "c-1-0af1",
        "/10.0.0.1",
        "c-1",
    )
    assert (first.trend, second.trend, second.lag, second.behind_us) == ("up", "level", 0, 0)
    assert (first.share, second.share) == (1, 0)
    assert first.still_us == 0
    assert first.samples[-1] == (20 * S, 100)


def test_no_commit_is_not_zero_and_tells_what_would_be_read() -> None:
    watch = watched(1)
    watch.ends(t={0: 50})
    watch.starts(t={0: 20})
    (row,) = rows(watch)
    assert (row.lag, row.kind, row.current_offset, row.to_read) == (None, "no commit", None, 30)
    assert row.behind_us is None


def test_end_unknown_keeps_its_reason() -> None:
    watch = watched()
    watch.commits("g", t={0: 1, 1: 1})
    watch.ends({"t": {0: "the partition's leader is changing"}}, t={1: 5})
    watch.starts(t={0: 0})
    first, second = rows(watch)
    assert first.lag == first.log_end_offset == Unknown("the partition's leader is changing")
    assert (first.kind, second.kind, second.lag) == ("end unknown", "number", 4)
    assert first.to_read is None
    assert first.behind_us == first.lag


def test_commit_unknown() -> None:
    watch = watched(1)
    watch.ends(t={0: 5})
    watch.post(CommitsSeen, 0, 1, {"g": GroupCommits({}, {}, {"t": {0: "the broker answered UNSTABLE"}})})
    (row,) = rows(watch)
    assert (row.kind, row.lag) == ("commit unknown", Unknown("the broker answered UNSTABLE"))


def test_not_authorised_and_topic_gone() -> None:
    watch = watched(1)
    watch.commits("g", t={0: 1})
    watch.ends(t={0: 5})
    watch.post(TopicsSeen, 0, {"t": TopicSeen("", False, (), "no right to read this topic")})
    assert rows(watch)[0].kind == "not authorised"
    watch.post(TopicsSeen, 0, {}, ("t",))
    assert (rows(watch)[0].kind, rows(watch)[0].lag) == ("topic gone", Unknown("the topic is gone"))


def test_stale_keeps_the_last_number() -> None:
    watch = watched(1)
    flow(watch, "g", "t", {0: (100, 40)}, {0: (10, 8)}, 4)
    watch.wait(91)
    watch.beat()
    (row,) = rows(watch)
    assert (row.kind, row.lag) == ("stale", 68)
    assert lag_detail.group_detail(watch.state, "g").row.age_us == 91 * S


def test_deleted_unread_and_beyond_the_end() -> None:
    watch = watched()
    watch.commits("g", t={0: 10, 1: 40})
    watch.ends(t={0: 100, 1: 33})
    watch.starts(t={0: 25, 1: 0})
    first, second = rows(watch)
    assert (first.breach, first.lag) == (15, 90)
    assert (second.ahead, second.lag) == (7, 0)


def test_nobody_holds_a_partition() -> None:
    watch = watched()
    watch.group("g", member("c-1", t=(0,)))
    watch.commits("g", t={1: 3})
    assert [row.consumer for row in rows(watch)] == ["c-1", None]


def test_the_peak_and_the_others() -> None:
    watch = watched(3)
    watch.commits("g", t={0: 0, 1: 0, 2: 0})
    watch.ends(t={0: 5, 1: 90, 2: 7})
    watch.beat("g")
    detail = lag_detail.group_detail(watch.state, "g")
    assert (detail.peak, detail.others_lag) == (1, 12)
    assert [load.lag for load in detail.members] == [102]


def test_rows_are_sorted_by_topic_and_number() -> None:
    watch = Watch()
    watch.topic("b", 11)
    watch.topic("a", 1)
    watch.commits("g", b={10: 0, 2: 0}, a={0: 0})
    assert [(row.topic, row.partition) for row in rows(watch)] == [("a", 0), ("b", 2), ("b", 10)]


def test_a_broker_that_is_lost_makes_only_its_own_partitions_unknown() -> None:
    watch = watched(3)
    flow(watch, "g", "t", dict.fromkeys(range(3), (10, 5)), dict.fromkeys(range(3), (1, 1)), 4)
    watch.post(BrokerLost, 0, 2, "refused")
    assert [row.kind for row in rows(watch)] == ["number", "end unknown", "number"]


def test_the_observing_half_words_a_missing_right_so_that_it_is_known_as_one() -> None:
    assert all(sentence(code).startswith(NO_RIGHT) for code in (29, 30)), "topic, group authorization failed"


# -- trends ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([0, 10, 20, 30, 40], "up"),
        ([40, 30, 20, 10, 0], "down"),
        ([20, 0, 20, 0, 20, 0, 20], "level"),
        ([5, 5, 5, 5], "level"),
        ([5, 6, 5, 6], "level"),
        ([5, 50], ""),
        ([0, 0, 0, 0, 0, 0, 0, 900], "level"),
        (
            [1, 1, 1, 0, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 1, 2, 1, 0, 1, 2, 2, 3, 4, 5, 6, 7, 7, 8, 8, 8, 8],
            "up",
        ),
        ([9, 9, 8, 9, 9, 9, 9, 9, 8, 8, 8, 9, 9, 8, 7, 7, 7, 7, 6, 5, 3, 2, 1], "down"),
        ([1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 4, 6, 6, 6, 6, 6], "level"),
        (
            [4, 3, 4, 3, 3, 3, 4, 4, 3, 3, 3, 3, 3, 4, 4, 4, 4, 4, 5, 5, 5, 4, 4, 3, 4, 3, 3, 4, 3, 4, 4, 3],
            "level",
        ),
    ],
)
def test_a_trend_shows_in_the_highest_and_the_lowest(values: list[int], expected: str) -> None:
    assert trends.trend([(at * 2 * S, value) for at, value in enumerate(values)]) == expected


def _over_time(values: list[int]) -> list[str]:
    """The trend at each look, of the last 32 looks."""
    points = [(at * 2 * S, value) for at, value in enumerate(values)]
    return [trends.trend(points[max(0, end - 32) : end]) for end in range(1, len(points) + 1)]


@pytest.mark.parametrize("period", [2, 3, 5, 8, 13, 15])
def test_a_steady_saw_never_has_a_trend(period: int) -> None:
    """Whatever the interval of its commits: once two of them were seen, the lag of a steady group is level."""
    saw = [at % period * 100 + at * 7 % 40 for at in range(200)]
    assert set(_over_time(saw)[max(32, 2 * period) :]) == {"level"}


def test_a_climb_after_a_long_quiet_time_is_seen_and_stays_seen() -> None:
    """The quiet half of the window does not outvote what happens now; level again when the climb is over."""
    found = _over_time([at % 3 for at in range(40)] + [2 + at for at in range(40)] + [41] * 40)
    assert set(found[32:44]) == {"level"}
    assert set(found[48:80]) == {"up"}
    assert set(found[-8:]) == {"level"}


def test_a_rate_needs_two_looks_and_leaves_out_what_moved_back() -> None:
    assert isinstance(trends.rate([], 0), Unknown)
    assert isinstance(trends.rate([(0, 5)], 100_000), Unknown)
    assert trends.rate([(0, 5)], 10 * S) == 0
    assert trends.rate([(0, 0), (5 * S, 100), (10 * S, 50), (20 * S, 150)], 20 * S) == 10


def test_a_rate_is_of_the_last_minute() -> None:
    """What was last seen to change long ago was the same at the beginning of the minute."""
    assert trends.rate([(0, 0), (290 * S, 600)], 300 * S) == 10


def test_time_lag_is_read_off_the_line_between_two_looks() -> None:
    ends = [(0, 100), (10 * S, 200), (20 * S, 200), (30 * S, 400)]
    assert trends.behind_us(ends, 400, 30 * S) == (0, False)
    assert trends.behind_us(ends, 300, 30 * S) == (5 * S, False)
    assert trends.behind_us(ends, 150, 30 * S) == (25 * S, False)
    assert trends.behind_us(ends, 99, 30 * S) == (30 * S, True), "older than was looked back"
    assert trends.behind_us([], 5, 0) == (0, False)
    assert trends.behind_us([(0, 100), (200 * S, 200)], 100, 200 * S) == (60 * S, True), (
        "capped at the window"
    )


def test_a_track_keeps_a_minute_in_about_32_changes() -> None:
    track = Track()
    for second in range(300):
        track.see(second * S, {0: second, 1: 5} if second == 0 else {0: second})
    assert track.now == {0: 299, 1: 5}
    assert len(track.changes) <= 33
    assert 299 - 92 <= track.before_us // S <= 299 - 58
    assert track.points(0)[0] == (track.before_us, track.before_us // S)
    assert track.points(0)[-1] == (299 * S, 299)
    assert track.points(1) == [(track.before_us, 5)]
    assert track.points(7) == []


def test_a_track_of_a_slow_beat_still_has_two_looks() -> None:
    track = Track()
    for at in (0, 30, 60, 90):
        track.see(at * S, {0: at * 10})
    assert trends.rate(track.points(0), 90 * S) == 10
