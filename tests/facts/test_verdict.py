"""Every verdict, with the numbers it stands on."""

from __future__ import annotations

from mqviz.facts.watched import lag
from mqviz.facts.watched.views import GroupRow
from mqviz.model.observed.events import (
    BrokerLost,
    ConnectionLost,
    GroupHidden,
    GroupListed,
    GroupsListed,
    TopicsSeen,
)
from mqviz.model.observed.state import Unknown
from tests.model.observed.watch import S, Watch, flow, member


def one(partitions: int = 1, members: int = 1, kind: str = "classic") -> Watch:
    watch = Watch()
    watch.topic("t", partitions)
    found = [member(f"c-{n}", t=range(n - 1, partitions, members)) for n in range(1, members + 1)]
    watch.group("g", *found, kind=kind)
    return watch


def row(watch: Watch) -> GroupRow:
    return lag.group_row(watch.state, "g")


def test_ok_while_lag_is_steady() -> None:
    watch = one(2)
    flow(watch, "g", "t", {0: (100, 52), 1: (100, 52)}, {0: (60, 60), 1: (60, 60)})
    found = row(watch)
    assert (found.verdict.word, found.verdict.brief) == ("OK", "lag steady")
    assert found.verdict.evidence == "in 120/s, out 120/s"
    assert (found.lag, found.known, found.total, found.trend) == (96, 2, 2, "level")
    assert (found.in_per_s, found.out_per_s, found.eta_us) == (120, 120, None)


def test_ok_when_everything_is_read_needs_no_second_look() -> None:
    watch = one()
    watch.commits("g", t={0: 7})
    watch.ends(t={0: 7})
    watch.beat("g")
    found = row(watch)
    assert (found.verdict.word, found.verdict.brief, found.eta_us) == ("OK", "all read", 0)
    assert isinstance(found.in_per_s, Unknown)


def test_what_comes_in_within_one_commit_interval_is_not_behind() -> None:
    """A consumer commits every five seconds by default: the saw that this draws is no trend."""
    watch = one()
    watch.ends(t={0: 0})
    for second in range(61):
        watch.now_us = second * S
        if second % 5 == 0:
            watch.commits("g", t={0: second * 100})
        watch.ends(t={0: second * 100 + 1})
        watch.beat("g")
        found = row(watch)
        assert found.verdict.word in ("OK", "UNKNOWN"), (second, found.verdict)
    assert found.verdict.word == "OK"


def test_behind_by_a_hot_partition() -> None:
    watch = one(6, 3, "consumer")
    flow(
        watch, "g", "t", dict.fromkeys(range(6), (10000, 9780)),
        {0: (21, 21), 1: (20, 20), 2: (19, 19), 3: (310, 112), 4: (20, 20), 5: (20, 20)}, 58,
    )  # fmt: skip
    found, verdict = row(watch), row(watch).verdict
    assert found.worst is not None
    assert (found.worst.partition, found.worst.hot, round(found.worst.share, 2)) == (3, True, 0.91)
    assert verdict.word == "BEHIND"
    assert verdict.brief == "p3 gets 310 of 410/s, c-1 reads 112"
    assert verdict.reason == "p3 takes 310 of 410 records/s (76 %), c-1 reads 112 of them"
    assert verdict.evidence == "p3 at 16,276 of 27,980: lag 11,704, growing 198/s for 58 s"
    assert verdict.rule == "one partition has one reader: more members cannot help"
    assert (verdict.lesson, verdict.since_us) == (14, 0)


def test_behind_everywhere() -> None:
    watch = one(3)
    flow(watch, "g", "t", dict.fromkeys(range(3), (100, 100)), dict.fromkeys(range(3), (100, 60)), 60)
    verdict = row(watch).verdict
    assert (verdict.word, verdict.brief, verdict.lesson) == ("BEHIND", "in 300/s, out 180/s", 17)
    assert verdict.evidence == "lag 7,200, growing 120/s for 60 s"


def test_a_large_backlog_that_neither_grows_nor_falls_is_behind_too() -> None:
    watch = one()
    flow(watch, "g", "t", {0: (100_000, 0)}, {0: (100, 100)})
    verdict = row(watch).verdict
    assert (verdict.word, verdict.brief) == ("BEHIND", "steady, but 16 min 40 s behind")


def test_recovering_while_lag_falls_with_the_time_it_will_take() -> None:
    watch = one()
    flow(watch, "g", "t", {0: (10_000, 6_690)}, {0: (410, 460)})
    found = row(watch)
    assert (found.lag, found.trend, found.in_per_s, found.out_per_s) == (310, "down", 410, 460)
    assert found.eta_us == 6_200_000
    assert (found.verdict.word, found.verdict.brief) == ("RECOVERING", "out exceeds in by 50 records/s")
    assert found.verdict.evidence == "lag 310, read up in about 6.2 s"


def test_no_eta_while_lag_grows() -> None:
    watch = one()
    flow(watch, "g", "t", {0: (100, 100)}, {0: (100, 60)}, 60)
    assert row(watch).eta_us is None


def test_stalled_as_a_whole() -> None:
    watch = one(3)
    flow(watch, "g", "t", dict.fromkeys(range(3), (1_000, 900)), dict.fromkeys(range(3), (30, 40)), 10)
    flow(watch, "g", "t", dict.fromkeys(range(3), (1_300, 1_300)), dict.fromkeys(range(3), (29, 0)), 58)
    verdict = row(watch).verdict
    assert verdict.word == "STALLED"
    assert verdict.since_us == 10 * S, "when a commit was last seen to move"
    assert verdict.brief.startswith("alive, no progress for 58 s, log +")
    assert verdict.evidence == "p0 at 1,300 for 58 s, log +1,682, member c-1 alive"


def test_stalled_on_one_partition() -> None:
    watch = one(4, 2)
    flow(watch, "g", "t", dict.fromkeys(range(4), (1_204, 1_204)), dict.fromkeys(range(4), (5, 5)), 20)
    moves = {0: (5.0, 5.0), 1: (5.0, 5.0), 2: (5.0, 5.0), 3: (7.75, 0.0)}
    flow(watch, "g", "t", dict.fromkeys(range(4), (1_304, 1_304)), moves, 40)
    verdict = row(watch).verdict
    assert (verdict.word, verdict.brief) == ("STALLED", "p3 at 1,304 for 40 s, log +310")
    assert verdict.evidence == "p3 at 1,304 for 40 s, log +310, member c-2 alive"
    assert verdict.since_us == 20 * S


def test_a_stalled_partition_that_nobody_holds_says_so() -> None:
    watch = one(2)
    watch.group("g", member("c-1", t=(0,)))
    flow(watch, "g", "t", {0: (10, 10), 1: (10, 10)}, {0: (5, 5), 1: (5, 0)}, 60)
    assert row(watch).verdict.evidence.endswith("no member holds it")


def test_one_unread_offset_a_partition_may_be_a_transaction_marker() -> None:
    watch = one(2)
    flow(watch, "g", "t", {0: (11, 10), 1: (11, 10)}, {0: (0, 0), 1: (0, 0)}, 60)
    assert row(watch).verdict.word == "OK"
    watch = one(2)
    flow(watch, "g", "t", {0: (60, 10), 1: (11, 10)}, {0: (0, 0), 1: (0, 0)}, 60)
    assert row(watch).verdict.word == "STALLED"


def test_a_classic_rebalance_that_does_not_end_is_stalled() -> None:
    watch = one()
    flow(watch, "g", "t", {0: (100, 100)}, {0: (10, 10)}, 10)
    watch.group("g", member("c-1"), state="PreparingRebalance")
    flow(watch, "g", "t", {0: (200, 200)}, {0: (10, 0)}, 40)
    verdict = row(watch).verdict
    assert (verdict.word, verdict.brief) == ("STALLED", "rebalancing for 40 s")


def test_stopped_since_its_members_left() -> None:
    watch = one()
    flow(watch, "g", "t", {0: (1_000, 1_000)}, {0: (10, 10)}, 56)
    watch.group("g")
    flow(watch, "g", "t", {0: (1_560, 1_560)}, {0: (410, 0)}, 20)
    verdict = row(watch).verdict
    assert (verdict.word, verdict.brief) == ("STOPPED", "no members since 12:00:56")
    assert verdict.since_us == 56 * S
    assert "8,200 unread" in verdict.evidence


def test_stopped_without_a_clock_is_told_as_an_age() -> None:
    watch = Watch(wall_us=None)
    watch.topic("t", 1)
    watch.group("g", member("c-1", t=(0,)))
    watch.wait(10)
    watch.group("g")
    watch.wait(215)
    watch.beat("g")
    assert row(watch).verdict.brief == "no members for 3 min 35 s"


def test_a_group_that_was_empty_at_first_sight_stopped_nobody_knows_when() -> None:
    watch = one()
    watch = Watch()
    watch.topic("t", 1)
    watch.group("g")
    flow(watch, "g", "t", {0: (100, 10)}, {0: (0, 0)}, 10)
    verdict = row(watch).verdict
    assert (verdict.word, verdict.brief, verdict.since_us) == ("STOPPED", "no members", None)
    assert verdict.evidence == "90 unread"


def test_members_that_come_back_end_stopped() -> None:
    watch = one()
    watch.group("g")
    watch.group("g", member("c-9", t=(0,)))
    flow(watch, "g", "t", {0: (10, 10)}, {0: (5, 5)}, 10)
    assert row(watch).verdict.word == "OK"


def test_rewound() -> None:
    watch = one()
    flow(watch, "g", "t", {0: (50_000, 50_000)}, {0: (12, 12)}, 20)
    watch.wait(2)
    flow(watch, "g", "t", {0: (50_264, 9_350)}, {0: (12, 905)}, 10)
    found = row(watch)
    assert found.verdict.word == "REWOUND"
    assert found.verdict.brief == "commits moved back 40,890 at 12:00:22"
    assert found.verdict.evidence == "1 partition; t p0 from 50,240 to 9,350"
    assert isinstance(found.out_per_s, float)
    assert found.out_per_s > 0, "commits that moved back are no progress, and no negative rate"
    assert found.trend == "down"
    assert found.eta_us is not None


def test_rewound_ends_when_it_has_read_up_to_where_it_was_and_a_minute_has_passed() -> None:
    watch = one()
    flow(watch, "g", "t", {0: (1_000, 1_000)}, {0: (10, 10)}, 10)
    flow(watch, "g", "t", {0: (1_100, 600)}, {0: (10, 60)}, 10)
    assert row(watch).verdict.word == "REWOUND"
    flow(watch, "g", "t", {0: (1_200, 1_200)}, {0: (10, 10)}, 62)
    assert row(watch).verdict.word == "OK"


def test_deleted_before_it_was_read_is_behind_and_red() -> None:
    watch = one(2)
    watch.starts(t={0: 400})
    flow(watch, "g", "t", {0: (1_000, 100), 1: (10, 10)}, {0: (10, 20), 1: (1, 1)}, 10)
    found = row(watch)
    assert (found.verdict.word, found.verdict.brief) == ("BEHIND", "100 deleted unread at t p0")
    assert (found.breaches, found.verdict.lesson) == (1, 21)


def test_committed_beyond_the_end_is_not_trusted() -> None:
    watch = one(2)
    flow(watch, "g", "t", {0: (100, 130), 1: (100, 100)}, {0: (1, 1), 1: (1, 1)}, 20)
    found = row(watch)
    assert found.lag == 0
    assert found.verdict.word == "UNKNOWN"
    assert found.verdict.brief == "t p0 committed 30 beyond the end"
    assert found.verdict.evidence == "topic recreated or truncated?"


def test_unknown_ends_leave_a_sum_of_what_is_known_and_no_rate() -> None:
    watch = one(12)
    flow(watch, "g", "t", dict.fromkeys(range(12), (1000, 900)), dict.fromkeys(range(12), (10, 10)), 20)
    watch.post(BrokerLost, 0, 2, "127.0.0.1:9092: connection refused")
    watch.beat("g")
    found = row(watch)
    assert (found.lag, found.known, found.total) == (800, 8, 12)
    assert isinstance(found.in_per_s, Unknown)
    assert isinstance(found.eta_us, Unknown) or found.eta_us is None
    assert found.trend == ""
    assert (found.verdict.word, found.verdict.brief) == (
        "UNKNOWN",
        "4 ends unknown: broker 2 does not answer",
    )
    assert found.verdict.evidence == "lag 800 over 8 of 12 partitions"


def test_a_group_that_tells_nothing() -> None:
    watch = Watch()
    watch.post(GroupsListed, 0, 1, {"g": GroupListed(None, "Stable")})
    watch.post(GroupHidden, 0, "g", "both", "no right to read this group")
    found = row(watch)
    assert (found.verdict.word, found.verdict.brief) == ("UNKNOWN", "no right to read this group")
    assert isinstance(found.lag, Unknown)
    assert isinstance(found.members, Unknown)


def test_no_commit_at_all_is_not_zero() -> None:
    watch = one()
    watch.ends(t={0: 9})
    watch.beat("g")
    found = row(watch)
    assert (found.lag, found.known, found.total) == (None, 0, 1)
    assert (found.verdict.word, found.verdict.brief) == ("UNKNOWN", "nothing committed yet")


def test_one_look_tells_lag_but_no_trend() -> None:
    watch = one()
    watch.commits("g", t={0: 1})
    watch.ends(t={0: 9})
    watch.beat("g")
    found = row(watch)
    assert (found.lag, found.trend, found.verdict.word) == (8, "", "UNKNOWN")
    assert found.verdict.brief == "measuring: a trend needs three looks"


def test_a_gone_topic_is_a_reason() -> None:
    watch = one()
    flow(watch, "g", "t", {0: (10, 5)}, {0: (0, 0)}, 4)
    watch.post(TopicsSeen, 0, {}, ("t",))
    watch.beat("g")
    assert row(watch).verdict.brief == "the topic is gone"


def test_a_lost_cluster_makes_rows_stale_and_keeps_their_numbers() -> None:
    watch = one()
    flow(watch, "g", "t", {0: (100, 52)}, {0: (60, 60)}, 10)
    watch.wait(12)
    watch.post(ConnectionLost, watch.now_us, "127.0.0.1:9092: connection refused")
    found = row(watch)
    assert (found.lag, found.stale, found.age_us) == (48, True, 12 * S)
    assert lag.watch(watch.state).lost == Unknown("127.0.0.1:9092: connection refused", watch.now_us)


def test_a_group_whose_coordinator_is_lost_is_stale_and_one_that_was_never_read_says_why() -> None:
    watch = one()
    watch.post(BrokerLost, 0, 1, "x")
    found = row(watch)
    assert found.lag == Unknown("its coordinator, broker 1, does not answer")
    assert found.verdict.brief == "its coordinator, broker 1, does not answer"
    watch = one()
    flow(watch, "g", "t", {0: (100, 52)}, {0: (60, 60)}, 10)
    assert not row(watch).stale
    watch.post(BrokerLost, 0, 1, "x")
    assert row(watch).stale


def test_a_row_that_no_beat_read_for_long_is_stale() -> None:
    watch = one()
    flow(watch, "g", "t", {0: (100, 52)}, {0: (60, 60)}, 10)
    watch.wait(89)
    watch.beat()
    assert not row(watch).stale
    watch.wait(2)
    watch.beat()
    assert row(watch).stale


def test_rows_are_sorted_worst_first() -> None:
    watch = Watch()
    watch.topic("t", 1)
    for name, members in (("ok", 1), ("behind", 1), ("more", 1), ("gone", 0), ("hidden", 1)):
        watch.group(name, *[member("c", t=(0,))] * members)
    watch.post(GroupHidden, 0, "hidden", "both", "no right to read this group")
    for at in range(0, 61, 2):
        watch.now_us = at * S
        watch.ends(t={0: 1_000 + at * 100})
        watch.commits("ok", t={0: 1_000 + at * 100})
        watch.commits("behind", t={0: 1_000 + at * 60})
        watch.commits("more", t={0: 1_000 + at * 40})
        watch.commits("gone", t={0: 1_000})
        watch.beat("ok", "behind", "more", "gone", "hidden")
    rows = lag.group_rows(watch.state)
    assert [(r.group, r.verdict.word) for r in rows] == [
        ("more", "BEHIND"),
        ("behind", "BEHIND"),
        ("gone", "STOPPED"),
        ("hidden", "UNKNOWN"),
        ("ok", "OK"),
    ]


def test_share_and_streams_groups_are_counted_and_not_in_the_table() -> None:
    watch = one()
    assert lag.other_groups(watch.state).sentence == ""
    kinds = {"a": "share", "b": "share", "c": "streams"}
    watch.post(GroupsListed, 0, 1, {name: GroupListed(kind, "Stable") for name, kind in kinds.items()})
    assert lag.other_groups(watch.state).sentence == "3 other groups not shown (share, streams)"
    assert [r.group for r in lag.group_rows(watch.state)] == ["g"]


def test_names_in_sentences_are_escaped() -> None:
    watch = Watch()
    watch.topic("t\x1b[31m", 1)
    watch.group("g", member("c\x07", **{"t\x1b[31m": (0,)}))
    flow(watch, "g", "t\x1b[31m", {0: (10, 10)}, {0: (5, 0)}, 60)
    verdict = row(watch).verdict
    assert "\\x07" in verdict.evidence
    assert verdict.evidence.isprintable()


def test_the_watch_itself() -> None:
    watch = one(3)
    watch.wait(2)
    watch.beat("g")
    watch.wait(0.6)
    watch.post(BrokerLost, 0, 2, "x")
    found = lag.watch(watch.state)
    assert (found.brokers, found.topics, found.partitions, found.groups) == (3, 1, 3, 1)
    assert (found.beat, found.beat_us, found.requests, found.period_us) == (1, 100_000, 7, 2 * S)
    assert (found.age_us, found.lost) == (600_000, None)
    assert found.brokers_lost == ((2, Unknown("x")),)
