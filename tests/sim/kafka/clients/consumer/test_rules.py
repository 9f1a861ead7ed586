"""Consumers, rule by rule: fetch limits, where they begin, both clients' commits, pauses, lag, expiry of offsets, replay."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from mqviz import facts
from mqviz.backend import Refused
from mqviz.kafka.errors import Error
from mqviz.model.kafka.clients.consumer.events import (
    CommitEnded,
    CommitRefused,
    CommitRetried,
    CommitStarted,
    ConsumerFailed,
    PartitionsAssigned,
    PartitionsRevoked,
    PollEnded,
    PositionsSet,
    RecordsProcessed,
    RecordsReturned,
)
from mqviz.model.kafka.coordinator.offsets.events import OffsetsCommitted, OffsetsExpired
from mqviz.model.kafka.network.events import RequestSent
from mqviz.model.kafka.protocol.requests import DeleteRecordsRequest as DeleteRequest
from mqviz.model.kafka.protocol.requests import FetchRequest, HeartbeatRequest, ListOffsetsRequest
from mqviz.model.kafka.protocol.responses import DeleteRecordsResponse, ListOffsetsResponse
from mqviz.model.units import Value
from tests.sim.kafka.clients.consumer.test_poll import filled
from tests.sim.kafka.coordinator.transaction.test_coordinator import Owner
from tests.sim.kafka.worlds import MS, Outside, S, cluster, of, run, times
from tests.sim.worlds import Run

READER = "add consumer c1 group=g topic=t auto_offset_reset=earliest"
BY_HAND = "add consumer c1 assign=t-0 commit=none loop=false processing=0s"


def returned(watched: Run, consumer: str = "c1") -> list[tuple[int, int]]:
    """(first, end) of what each poll returned of t-0."""
    parts = [part for event in of(watched, RecordsReturned, consumer=consumer) for part in event.parts]
    return [(first, end) for _, _, first, end in parts]


def with_settings(watched: str, **settings: str) -> Run:
    """A run of one topic with broker settings (`_` for `.`)."""
    scenario = cluster(watched, "add producer p topic=t rate=0/s linger=0s")
    named = {name.replace("_", "."): Value(value) for name, value in settings.items()}
    return Run(replace(scenario, cluster=replace(scenario.cluster, settings=named, scaled=True))).to(S)


# -- fetching -----------------------------------------------------------------------------------------------


def batches(count: int) -> Run:
    """So many batches of one record of about 1,000 bytes in t-0."""
    watched = run("create topic t", "add producer p topic=t rate=0/s linger=0s value_size=1000B")
    for _ in range(count):
        watched.do("send record p key=a").to(watched.backend.now_us + 20 * MS)
    return watched.to(S)


@pytest.mark.parametrize(
    ("settings", "first"),
    [
        ("", (0, 6)),
        ("max.partition.fetch.bytes=2500", (0, 2)),
        ("max.partition.fetch.bytes=10", (0, 1)),
        ("fetch.max.bytes=2500", (0, 2)),
        ("fetch.max.bytes=10", (0, 1)),
    ],
)
def test_r80_whole_batches_up_to_the_limits_and_the_first_always(
    settings: str, first: tuple[int, int]
) -> None:
    watched = batches(6).do(f"{READER} processing=0s {settings}").to(3 * S)
    assert returned(watched)[0] == first
    assert returned(watched)[-1][1] == 6


def test_r80_fewer_than_fetch_min_bytes_wait_for_fetch_max_wait() -> None:
    watched = batches(1).do(f"{READER} processing=0s fetch.min.bytes=5000 fetch.max.wait.ms=700").to(3 * S)
    sent = next(e.at_us for e in of(watched, RequestSent) if isinstance(e.request, FetchRequest))
    assert times(watched, RecordsReturned)[0] - sent == 702 * MS


def test_r79_a_batch_that_begins_earlier_comes_whole_and_is_skipped_to_the_position() -> None:
    watched = filled(5).do(BY_HAND).to(2 * S)
    watched.do("seek consumer c1 offset=3", "poll consumer c1").to(4 * S)
    assert returned(watched) == [(3, 5)]


def test_r98_one_partition_fills_the_polls_until_it_is_drained() -> None:
    watched = run("create topic t partitions=2", "add producer p topic=t rate=0/s linger=0s", brokers=1).to(S)
    watched.do("send record p key=a count=30 partition=0", "send record p key=a count=30 partition=1").to(
        2 * S
    )
    watched.do(f"{READER} processing=1ms max_poll_records=10").to(4 * S)
    polls = [event.parts for event in of(watched, RecordsReturned)]
    assert [[(p, first, end) for _, p, first, end in parts] for parts in polls] == [
        [(number, first, first + 10)] for number in (0, 1) for first in (0, 10, 20)
    ]


# -- where it begins ------------------------------------------------------------------------------------------


def test_r81_latest_is_the_last_stable_offset_for_read_committed() -> None:
    watched = run("create topic t", brokers=1).to(S)
    owner = Owner(watched)
    owner.init()
    owner.send("a")
    owner.end()
    owner.send("b")
    for name, level, begin in (("c1", "read_uncommitted", 3), ("c2", "read_committed", 2)):
        watched.do(
            f"add consumer {name} assign=t-0 commit=none auto_offset_reset=latest isolation.level={level}"
        )
        watched.to(watched.backend.now_us + S)
        assert of(watched, PositionsSet, consumer=name)[0].positions == (("t", 0, begin, "latest"),)


def test_r81_by_duration_begins_with_the_first_record_young_enough() -> None:
    watched = run("create topic t", "add producer p topic=t rate=1/s linger=0s").to(10_500 * MS)
    watched.do("add consumer c1 assign=t-0 commit=none auto_offset_reset=by_duration:PT4S processing=0s").to(
        11 * S
    )
    ((topic, partition, offset, because),) = of(watched, PositionsSet)[0].positions
    assert (topic, partition, because) == ("t", 0, "by_duration")
    first = watched.state.cluster.partition("t", 0).led.log.offset_for_time(6_500 * MS)
    assert first is not None
    assert offset == first[0]


@pytest.mark.parametrize(
    ("reset", "offset", "got"),
    [
        ("earliest", 1, (3, 6)),
        ("earliest", 9, (3, 6)),
        ("latest", 1, None),
        ("latest", 9, None),
        ("latest", 3, (3, 6)),
    ],
)
def test_r72_r81_out_of_range_goes_where_auto_offset_reset_says(
    reset: str, offset: int, got: tuple[int, int] | None
) -> None:
    watched = filled(6).do("delete records t before=3", f"{BY_HAND} auto_offset_reset={reset}").to(2 * S)
    watched.do(f"seek consumer c1 offset={offset}", "poll consumer c1 timeout=2s").to(5 * S)
    assert returned(watched) == ([got] if got else [])
    assert facts.position(watched.state, "", "t", 0) in (None, 6) or got


def test_r81_the_log_end_is_in_range() -> None:
    watched = filled(3).do(f"{BY_HAND} auto_offset_reset=none").to(2 * S)
    watched.do("seek consumer c1 offset=3", "poll consumer c1").to(4 * S)
    assert [event.exception for event in of(watched, PollEnded)] == [""]


def test_r72_records_are_deleted_up_to_the_high_watermark() -> None:
    watched = filled(4)
    admin, leader = Outside(watched, "admin"), watched.state.cluster.partition("t", 0).leader
    for before, error, start in ((2, 0, 2), (9, Error.OFFSET_OUT_OF_RANGE, -1), (-1, 0, 4)):
        reply = admin.ask(DeleteRequest((("t", 0, before),)), leader)
        assert isinstance(reply, DeleteRecordsResponse)
        assert reply.partitions[0][2:] == (error, start)


# -- commits --------------------------------------------------------------------------------------------------


def test_r82_the_last_write_wins_and_may_go_backwards() -> None:
    watched = filled(4).do(f"{READER} commit=none loop=false processing=0s").to(2 * S)
    watched.do("poll consumer c1").to(4 * S).do("commit consumer c1").to(5 * S)
    watched.do("seek consumer c1 offset=1", "commit consumer c1").to(6 * S)
    assert [event.offsets[0][2] for event in of(watched, OffsetsCommitted)] == [4, 1]
    assert facts.committed(watched.state, "g", "t", 0) == 1


def at_work(*more: str) -> Run:
    """A consumer with librdkafka in the middle of the second of its 3-second records when the timer commits."""
    words = f"{READER} client=librdkafka commit=auto processing=3s {' '.join(more)}"
    return filled(4).do(words)


def assigned_us(watched: Run) -> int:
    return times(watched, PartitionsAssigned)[0]


def test_r84_librdkafka_commits_the_message_that_is_being_worked_on_and_a_crash_loses_it() -> None:
    watched = at_work().to(2 * S)
    watched.to(assigned_us(watched) + 5_500 * MS)
    assert facts.committed(watched.state, "g", "t", 0) == 2
    watched.do("kill consumer c1").to(60 * S).do(READER.replace("c1", "c2") + " processing=0s").to(70 * S)
    assert [(e.first, e.end) for e in of(watched, RecordsProcessed)] == [(0, 1), (2, 4)]


def test_r84_offsets_stored_after_the_work_lose_nothing() -> None:
    watched = at_work("enable.auto.offset.store=false").to(2 * S)
    watched.to(assigned_us(watched) + 5_500 * MS)
    assert facts.committed(watched.state, "g", "t", 0) == 1
    watched.do("kill consumer c1").to(60 * S).do(READER.replace("c1", "c2") + " processing=0s").to(70 * S)
    assert [(e.first, e.end) for e in of(watched, RecordsProcessed)] == [(0, 1), (1, 4)]


@pytest.mark.parametrize(("store", "committed"), [("false", None), ("true", 4)])
def test_r84_without_store_offsets_nothing_is_committed_unless_the_client_stores(
    store: str, committed: int | None
) -> None:
    watched = at_work(f"enable.auto.offset.store={store} store_offsets=never").to(30 * S)
    assert [(e.first, e.end) for e in of(watched, RecordsProcessed)] == [(0, 1), (1, 2), (2, 3), (3, 4)]
    assert facts.committed(watched.state, "g", "t", 0) == committed
    watched.do("close consumer c1").to(40 * S)
    assert facts.committed(watched.state, "g", "t", 0) == committed
    assert bool(of(watched, CommitStarted)) is (committed is not None)
    watched.do(READER.replace("c1", "c2") + " processing=0s").to(50 * S)
    again = [(e.first, e.end) for e in of(watched, RecordsProcessed, consumer="c2")]
    assert again == ([] if committed else [(0, 4)]), "all is read again"


def test_r84_javas_client_stores_no_offsets() -> None:
    with pytest.raises(Refused, match=r"store_offsets\(\) is a call of librdkafka: say client=librdkafka"):
        filled(1).do(f"{READER} commit=auto store_offsets=never")


def test_r84_librdkafkas_timer_runs_from_the_assignment() -> None:
    watched = at_work().to(2 * S)
    watched.to(assigned_us(watched) + 4_900 * MS).do("kill consumer c1").to(30 * S)
    assert facts.committed(watched.state, "g", "t", 0) is None
    watched = at_work().to(2 * S)
    watched.to(assigned_us(watched) + 11 * S)
    started = times(watched, CommitStarted, assigned_us(watched))
    assert started == [5 * S, 10 * S]


@pytest.mark.parametrize(("order", "tries"), [("after", True), ("async", False)])
def test_r85_commit_sync_tries_again_and_commit_async_does_not(order: str, tries: bool) -> None:
    """The coordinator dies while the records are worked on."""
    watched = run("create topic t replication_factor=3", "add producer p topic=t rate=0/s linger=0s").to(S)
    watched.do("send record p key=a count=2", f"{READER} processing=1s commit={order} max_poll_records=2").to(
        2 * S
    )
    broker = watched.state.cluster.groups["g"].coordinator
    watched.to(of(watched, RecordsReturned)[0].at_us + 1_900 * MS).do(f"kill broker {broker}").to(30 * S)
    assert bool(of(watched, CommitRetried)) is tries
    assert facts.committed(watched.state, "g", "t", 0) == (2 if tries else None)
    assert bool(of(watched, CommitRefused)) is not tries


@pytest.mark.parametrize("protocol", ["classic", "consumer"])
def test_r83_an_auto_commit_that_failed_for_now_comes_again_after_the_backoff(protocol: str) -> None:
    """The coordinator dies just before the auto-commit is due."""
    watched = run("create topic t replication_factor=3", "add producer p topic=t rate=10/s linger=0s")
    watched.do(f"{READER} processing=0s commit=auto group.protocol={protocol}").to(8 * S)
    broker = watched.state.cluster.groups["g"].coordinator
    due_us = watched.state.cluster.consumers["c1"].committed_at_us + 5 * S
    watched.to(due_us - 10 * MS).do(f"kill broker {broker}").to(due_us + 60 * S)
    tries = times(watched, CommitStarted, due_us)
    failed = times(watched, CommitRetried, due_us)
    assert len(failed) > 2
    assert not of(watched, CommitRefused)
    assert all(any(0 <= again - time - 100 * MS <= 200 * MS for again in tries) for time in failed)
    ended = times(watched, CommitEnded, due_us)
    assert 0 <= min(ended) - max(failed) <= 300 * MS
    assert 4_900 * MS <= ended[1] - ended[0] <= 5_200 * MS, "then the interval counts again"


@pytest.mark.parametrize("since_ms", [1_000, 2_500, 4_500])
def test_r87_a_crash_with_auto_commit_repeats_what_came_since_the_last_commit(since_ms: int) -> None:
    """10 records a second: about 10 times the seconds since the commit, and one poll at most."""
    quick = "commit=auto processing=1ms session_timeout=6s heartbeat_interval=1s"
    watched = run("create topic t", "add producer p topic=t rate=10/s linger=0s", f"{READER} {quick}")
    watched.to(5_500 * MS)
    committed = times(watched, CommitEnded)[-1]
    watched.to(committed + since_ms * MS).do("kill consumer c1", f"{READER.replace('c1', 'c2')} {quick}")
    watched.to(committed + since_ms * MS + 8 * S)
    assert abs(facts.ledger(watched.state, "g").twice - since_ms / 100) <= 1


def test_r95_two_consumers_by_hand_read_the_same_partition_and_commit_only_while_the_group_is_empty() -> None:
    watched = filled(3)
    words = "assign=t-0 group=g commit=none loop=false processing=0s auto_offset_reset=earliest"
    watched.do(f"add consumer a {words}", f"add consumer b {words}").to(2 * S)
    watched.do("poll consumer a", "poll consumer b").to(4 * S)
    assert returned(watched, "a") == returned(watched, "b") == [(0, 3)]
    assert not [e for e in of(watched, RequestSent) if isinstance(e.request, HeartbeatRequest)]
    watched.do("commit consumer a").to(5 * S)
    assert facts.committed(watched.state, "g", "t", 0) == 3
    watched.do(READER).to(7 * S).do("commit consumer b").to(8 * S)
    assert [event.named for event in of(watched, CommitRefused)] == ["UNKNOWN_MEMBER_ID (25)"]


# -- replay, pause --------------------------------------------------------------------------------------------


def test_r88_replay() -> None:
    """g and h read 100 records and committed; g is set back to 40; then retention moves the log start to 50."""
    watched = filled(100).do(
        f"{READER} processing=0s", "add consumer h1 group=h auto_offset_reset=earliest processing=0s"
    )
    watched.to(3 * S)
    assert (facts.committed(watched.state, "g", "t", 0), facts.lag(watched.state, "g")) == (100, 0)
    watched.do("close consumer c1").to(4 * S).do("reset group g offset=40").to(5 * S)
    assert facts.lag(watched.state, "g") == 60
    watched.do(f"{READER.replace('c1', 'c2')} processing=0s").to(8 * S)
    assert returned(watched, "c2") == [(40, 100)]
    assert returned(watched, "h1") == [(0, 100)]
    assert facts.committed(watched.state, "h", "t", 0) == 100
    watched.do("close consumer c2").to(9 * S).do("delete records t before=50")
    for name, reset, begin in (("c3", "earliest", 50), ("c4", "latest", 100)):
        watched.do("reset group g offset=40").to(watched.backend.now_us + S)
        words = f"add consumer {name} group=g topic=t auto_offset_reset={reset} processing=0s"
        watched.do(words).to(watched.backend.now_us + 3 * S)
        assert of(watched, PositionsSet, consumer=name)[-1].positions == (("t", 0, begin, reset),)
        watched.do(f"close consumer {name}").to(watched.backend.now_us + S)


def test_r88_offsets_for_times_is_the_first_offset_of_that_time_or_later() -> None:
    watched = run("create topic t", "add producer p topic=t rate=0/s linger=0s").to(10 * MS)
    for seconds in (0, 1, 3, 2, 4):
        watched.do(f"send record p key=a timestamp_ms={1_000 * seconds}").to(watched.backend.now_us + 50 * MS)
    client, leader = Outside(watched), watched.state.cluster.partition("t", 0).leader
    found = []
    for at_ms in (500, 1_000, 1_500, 2_500, 3_500, 5_000):
        reply = client.ask(ListOffsetsRequest("time", (("t", 0),), at_ms * MS), leader)
        assert isinstance(reply, ListOffsetsResponse)
        found.append(reply.partitions[0][3])
    assert found == [1, 1, 2, 2, 4, -1]


def test_r88_seek_to_a_time() -> None:
    watched = run("create topic t", "add producer p topic=t rate=1/s linger=0s").to(10_500 * MS)
    watched.do(f"{BY_HAND} auto_offset_reset=latest").to(11 * S)
    watched.do("seek consumer c1 time=6500ms", "poll consumer c1").to(13 * S)
    first = watched.state.cluster.partition("t", 0).led.log.offset_for_time(6_500 * MS)
    assert first is not None
    assert returned(watched)[0][0] == first[0]


def test_r89_a_pause_keeps_the_assignment_and_is_lost_with_it() -> None:
    watched = filled(1).do(f"{READER} processing=1ms session_timeout=6s heartbeat_interval=1s").to(2 * S)
    watched.do("pause partition t-0 consumer=c1", "send record p key=a").to(20 * S)
    assert facts.owner(watched.state, "g", "t", 0) == "c1"
    assert len(of(watched, RecordsReturned)) == 1
    watched.do("add consumer c0 group=g").to(22 * S).do("close consumer c0").to(30 * S)
    assert returned(watched, "c0") == [(1, 2)]
    watched.do("send record p key=a").to(32 * S)
    assert returned(watched)[-1] == (2, 3)


@pytest.mark.parametrize(("client", "committed"), [("java", False), ("librdkafka", True)])
def test_r90_the_clients_differ_in_their_isolation_level(client: str, committed: bool) -> None:
    watched = filled(1).do(f"{READER} client={client}").to(2 * S)
    fetches = [e.request for e in of(watched, RequestSent) if isinstance(e.request, FetchRequest)]
    assert {request.committed for request in fetches} == {committed}


# -- lag ------------------------------------------------------------------------------------------------------


def test_r91_tool_lag_minus_client_lag_is_what_was_returned_and_not_committed() -> None:
    watched = filled(10).do(f"{READER} commit=none processing=100ms max_poll_records=4").to(1_700 * MS)
    position = facts.position(watched.state, "g", "t", 0)
    assert position == 8
    assert facts.lag(watched.state, "g", "t", 0) is None
    watched.do("commit consumer c1").to(1_750 * MS)
    assert facts.lag(watched.state, "g", "t", 0) == 10 - position
    watched.to(1_950 * MS)
    position, lag = facts.position(watched.state, "g", "t", 0), facts.lag(watched.state, "g", "t", 0)
    assert (position, lag) == (10, 2)
    assert lag - (10 - position) == position - facts.committed(watched.state, "g", "t", 0)


def test_r91_lag_counts_offsets_that_retention_took() -> None:
    watched = filled(10).do(f"{READER} processing=1ms max_poll_records=2").to(1_020 * MS)
    watched.do("kill consumer c1", "delete records t before=8").to(2 * S)
    committed = facts.committed(watched.state, "g", "t", 0)
    assert committed is not None
    assert committed < 8
    assert facts.lag(watched.state, "g", "t", 0) == 10 - committed


def test_r92_time_lag_is_the_age_of_the_first_unread_record_and_its_end_is_arithmetic() -> None:
    """2 records a second come, 4 a second are read: a lag of n is caught up in about n / (4 - 2) seconds."""
    watched = run("create topic t", "add producer p topic=t rate=2/s linger=0s").to(20 * S)
    watched.do(f"{READER} processing=250ms commit=each").to(22 * S)
    lag = facts.lag(watched.state, "g")
    assert isinstance(lag, int)
    first = watched.state.cluster.partition("t", 0).led.log
    committed = facts.committed(watched.state, "g", "t", 0)
    assert isinstance(committed, int)
    stamp = next(first.forwards(committed)).timestamp_us(0)
    assert facts.time_lag(watched.state, "g", "t", 0) == watched.state.now_us - stamp
    watched.to(watched.backend.now_us + round(lag / 2 * 0.8) * S)
    assert facts.lag(watched.state, "g") > 1
    watched.to(watched.backend.now_us + round(lag / 2 * 0.4) * S)
    assert facts.lag(watched.state, "g") <= 1


# -- membership -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "settings",
    [
        "",
        "group.protocol=consumer",
        "group.instance.id=i",
        "partition.assignment.strategy=cooperative-sticky",
    ],
)
def test_r94_close_calls_revoked_with_everything_owned(settings: str) -> None:
    watched = filled(1).do(f"{READER} processing=1ms {settings}").to(4 * S).do("close consumer c1").to(6 * S)
    revoked = of(watched, PartitionsRevoked)
    assert [(event.partitions, event.lost) for event in revoked] == [((("t", 0),), False)]


def test_r93_lost_comes_in_the_next_poll_before_the_rejoin() -> None:
    watched = filled(1).do(f"{READER} commit=none processing=0s max_poll_interval=3s").to(2 * S)
    watched.do("busy consumer c1 time=6s").to(7 * S)
    assert not of(watched, PartitionsRevoked)
    watched.to(12 * S)
    kinds = [e for e in watched.log if isinstance(e, PartitionsRevoked | PartitionsAssigned)]
    assert [(type(e).__name__, getattr(e, "lost", None)) for e in kinds] == [
        ("PartitionsAssigned", None),
        ("PartitionsRevoked", True),
        ("PartitionsAssigned", None),
    ]
    assert not of(watched, ConsumerFailed)


@pytest.mark.parametrize(("each_ms", "leaves"), [(9, False), (11, True)])
def test_r93_records_of_a_poll_times_the_time_of_each_must_fit(each_ms: int, leaves: bool) -> None:
    """500 records a poll, max.poll.interval 5 s: 10 ms a record is the edge."""
    watched = filled(500).do(f"{READER} processing={each_ms}ms max_poll_interval=5s").to(20 * S)
    assert bool(of(watched, CommitRefused)) is leaves


def test_r96_offsets_of_an_empty_group_expire_at_the_check_after_the_retention() -> None:
    watched = with_settings(
        "create topic t",
        offsets_retention_minutes="1",
        offsets_retention_check_interval_ms="40000",
    )
    watched.do("send record p key=a count=3", f"{READER} processing=1ms").to(5 * S)
    watched.do("close consumer c1").to(6 * S)
    emptied = watched.state.cluster.groups["g"].emptied_at_us
    watched.to(200 * S)
    (expired,) = of(watched, OffsetsExpired)
    assert 60 * S <= expired.at_us - emptied <= 100 * S
    assert expired.at_us % (40 * S) == 0
    assert facts.committed(watched.state, "g", "t", 0) is None
    watched.do(READER.replace("c1", "c2")).to(203 * S)
    assert of(watched, PositionsSet, consumer="c2")[0].positions == (("t", 0, 0, "earliest"),)


def test_r96_offsets_of_a_group_with_members_stay() -> None:
    settings = {"offsets_retention_minutes": "1", "offsets_retention_check_interval_ms": "40000"}
    watched = with_settings("create topic t", **settings)
    watched.do("send record p key=a count=3", f"{READER} processing=1ms").to(200 * S)
    assert not of(watched, OffsetsExpired)


@pytest.mark.parametrize("protocol", ["classic", "consumer"])
def test_r96_offsets_of_a_topic_that_no_member_reads_any_more_expire(protocol: str) -> None:
    """c1 reads t and u and leaves; c2, which reads t, stays and commits."""
    settings = {"offsets_retention_minutes": "1", "offsets_retention_check_interval_ms": "40000"}
    watched = with_settings("create topic t", **settings).do("create topic u").to(2 * S)
    each = f"group=g processing=1ms auto_offset_reset=earliest group.protocol={protocol}"
    watched.do(
        f"add consumer c1 topics=t,u commit=after {each}", f"add consumer c2 topic=t commit=after {each}"
    )
    watched.do("add producer q topic=u rate=1/s").to(20 * S).do("close consumer c1").to(25 * S)
    kept = watched.state.cluster.groups["g"].records["u-0"]
    last = kept.committed_at_us
    assert kept.committed is not None
    watched.to(last + 60 * S - 1)
    assert not of(watched, OffsetsExpired)
    watched.to(last + 101 * S)
    (expired,) = of(watched, OffsetsExpired)
    assert expired.partitions == (("u", 0),)
    assert expired.at_us % (40 * S) == 0
    assert facts.committed(watched.state, "g", "u", 0) is None


def test_r96_what_a_transaction_holds_does_not_expire() -> None:
    settings = {"offsets_retention_minutes": "1", "offsets_retention_check_interval_ms": "40000"}
    watched = with_settings("create topic t", **settings)
    watched.do("add producer T topic=t rate=0/s transactional.id=T transaction.timeout.ms=200000")
    watched.do(f"{READER} processing=1ms commit=none loop=false").to(S)
    watched.do("init transaction T").to(2 * S).do("begin transaction T").to(3 * S)
    watched.do("reset group g2 topic=t offset=0").to(4 * S)
    watched.do("send offsets T consumer=c1 offsets=t-0@0").to(5 * S)
    watched.do("commit transaction T").to(6 * S).do("begin transaction T").to(7 * S)
    watched.do("send offsets T consumer=c1 offsets=t-0@0").to(8 * S).do("kill consumer c1").to(190 * S)
    assert ("g", (("t", 0),)) not in [
        (event.group, event.partitions) for event in of(watched, OffsetsExpired)
    ]
    watched.do("abort transaction T").to(300 * S)
    assert ("g", (("t", 0),)) in [(event.group, event.partitions) for event in of(watched, OffsetsExpired)]


def test_r97_members_beyond_the_partitions_do_not_make_a_group_faster() -> None:
    def done(members: int) -> int:
        watched: Any = filled(60, 3)
        watched.do(
            *(
                f"add consumer c{n} group=g topic=t auto_offset_reset=earliest processing=100ms"
                for n in range(members)
            )
        )
        watched.to(5 * S)
        return sum(event.end - event.first for event in of(watched, RecordsProcessed))

    one, three, five = done(1), done(3), done(5)
    assert one <= 10 * 4
    assert 2.5 * one <= three <= 3.1 * one
    assert five <= three


def test_r120_auto_commit_asks_for_a_group() -> None:
    with pytest.raises(Refused, match="InvalidConfigurationException"):
        run("create topic t").do(f"{BY_HAND} enable.auto.commit=true".replace("commit=none ", "", 1))


def test_r85_commit_without_a_group_is_refused_even_if_there_is_nothing_to_commit() -> None:
    watched = run("create topic t").do(BY_HAND).to(S).do("commit consumer c1").to(2 * S)
    assert [event.named for event in of(watched, CommitRefused)] == ["InvalidGroupIdException"]
