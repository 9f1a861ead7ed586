"""Consumers: where they begin, what poll() returns, commits, leaving, dying, freezing."""

from __future__ import annotations

from itertools import pairwise

import pytest

from mqviz import facts
from mqviz.backend import Refused
from mqviz.model.kafka.clients.consumer.events import (
    CommitEnded,
    CommitRefused,
    CommitStarted,
    ConsumerChanged,
    ConsumerFailed,
    PartitionsAssigned,
    PartitionsRevoked,
    PollCalled,
    PositionsSet,
    RecordsProcessed,
    RecordsReturned,
)
from mqviz.model.kafka.coordinator.classic.events import MemberRemoved
from mqviz.model.kafka.coordinator.offsets.events import OffsetsCommitted
from mqviz.model.kafka.network.events import RequestSent
from mqviz.model.kafka.protocol.requests import FetchRequest, LeaveGroupRequest
from tests.sim.kafka.worlds import MS, S, of, run, times
from tests.sim.worlds import Run

ONE = "create topic t partitions=1"
READER = "add consumer c1 group=g topic=t auto_offset_reset=earliest"


def polls(watched: Run, since_us: int = 0) -> list[tuple[int, int]]:
    """(records, partitions) of what each poll returned."""
    return [
        (sum(end - first for _, _, first, end in event.parts), len(event.parts))
        for event in of(watched, RecordsReturned, since_us)
    ]


def filled(records: int, partitions: int = 1, **plan: int) -> Run:
    """A topic with so many records in each partition, and nobody who reads."""
    keys = {1: ("a",), 3: ("alice", "dave", "carol")}[partitions]
    watched = run(
        f"create topic t partitions={partitions}", "add producer p topic=t rate=0/s linger=0s", **plan
    )
    watched.do(*(f"send record p key={key} count={records}" for key in keys))
    return watched.to(S)


def test_r79_one_poll_returns_at_most_max_poll_records() -> None:
    watched = filled(12).do(f"{READER} max_poll_records=5 processing=1ms").to(2 * S)
    assert polls(watched) == [(5, 1), (5, 1), (2, 1)]


def test_r79_partitions_are_drained_one_after_the_other() -> None:
    watched = filled(7, 3, brokers=1).do(f"{READER} max_poll_records=5 processing=1ms").to(2 * S)
    assert polls(watched) == [(5, 1), (5, 2), (5, 2), (5, 1), (1, 1)]


def test_r79_the_next_fetch_leaves_before_the_records_are_worked_on() -> None:
    watched = filled(3).do(f"{READER} processing=100ms").to(1_200 * MS)
    returned = of(watched, RecordsReturned)[0]
    after = [event for event in of(watched, RequestSent, client="consumer") if event.id > returned.id]
    assert isinstance(after[0].request, FetchRequest)
    assert after[0].at_us == returned.at_us
    assert after[0].request.offsets == (("t", 0, 3),)


def test_r79_no_fetch_for_a_partition_whose_records_still_wait() -> None:
    watched = filled(12).do(f"{READER} max_poll_records=5 processing=50ms").to(1_300 * MS)
    fetches = [e.request for e in of(watched, RequestSent) if isinstance(e.request, FetchRequest)]
    assert [request.offsets[0][2] for request in fetches] == [0]
    watched.to(2 * S)
    fetches = [e.request for e in of(watched, RequestSent) if isinstance(e.request, FetchRequest)]
    assert [request.offsets[0][2] for request in fetches][:2] == [0, 12]


def test_r80_a_fetch_is_answered_at_once_or_with_data_or_after_500_ms() -> None:
    watched = filled(1).do(f"{READER} processing=0s").to(10 * S)
    sent = [event for event in of(watched, RequestSent) if isinstance(event.request, FetchRequest)]
    assert sent[1].at_us - sent[0].at_us == 2 * MS
    assert sent[3].at_us - sent[2].at_us == 502 * MS
    watched.do("send record p key=a").to(10 * S + 4 * MS + 401)
    assert len(of(watched, RecordsReturned)) == 2


def test_r81_a_new_group_begins_by_auto_offset_reset() -> None:
    for reset, begin in (("earliest", 0), ("latest", 4)):
        watched = filled(4).do(f"add consumer c1 group=g topic=t auto_offset_reset={reset}").to(2 * S)
        assert of(watched, PositionsSet)[0].positions == (("t", 0, begin, reset),)
        watched.do("send record p key=a").to(3 * S)
        assert of(watched, RecordsReturned)[-1].parts[-1][3] == 5
        assert of(watched, RecordsReturned)[0].parts[0][2] == begin


def test_r81_without_an_offset_and_reset_none_poll_throws() -> None:
    watched = filled(4).do("add consumer c1 group=g topic=t auto_offset_reset=none").to(3 * S)
    assert [event.exception for event in of(watched, ConsumerFailed)] == ["NoOffsetForPartitionException"]
    assert [event.reason for event in of(watched, MemberRemoved)] == ["left"]
    assert facts.members(watched.state, "g") == ()


def test_r81_r82_a_committed_offset_comes_first_and_is_the_next_to_read() -> None:
    watched = filled(4).do(f"{READER} processing=1ms").to(2 * S)
    assert facts.committed(watched.state, "g", "t", 0) == 4
    watched.do("close consumer c1").to(3 * S).do("add consumer c2 group=g topic=t auto_offset_reset=earliest")
    watched.to(4 * S)
    assert of(watched, PositionsSet)[-1].positions == (("t", 0, 4, "committed"),)


def test_r82_a_commit_takes_the_way_of_a_replicated_write() -> None:
    for brokers, round_trip in ((1, 2 * MS), (3, 4 * MS)):
        watched = filled(1, brokers=brokers).do(f"{READER} processing=1ms").to(2 * S)
        started, ended = of(watched, CommitStarted)[0], of(watched, CommitEnded)[0]
        assert ended.at_us - started.at_us == round_trip


def test_r85_commit_sync_blocks_the_loop_until_its_answer() -> None:
    watched = filled(2).do(f"{READER} processing=1ms max_poll_records=1").to(2 * S)
    first, second = of(watched, RecordsReturned)[:2]
    done = of(watched, RecordsProcessed)[0]
    assert (done.at_us - first.at_us, second.at_us - done.at_us) == (MS, 4 * MS)


def test_r82_a_commit_names_every_assigned_partition() -> None:
    watched = filled(0 + 1, 3).do(f"{READER} processing=1ms").to(2 * S)
    assert all(len(event.offsets) == 3 for event in of(watched, OffsetsCommitted))
    watched = run("create topic t partitions=3", "add producer p topic=t rate=0/s").to(S)
    watched.do("add consumer c1 group=g topic=t processing=1ms auto_offset_reset=earliest").to(2 * S)
    watched.do("send record p key=alice").to(3 * S)
    assert of(watched, OffsetsCommitted)[0].offsets == (("t", 0, 1), ("t", 1, 0), ("t", 2, 0))


def test_r83_auto_commit_happens_in_poll_every_5_s_with_earlier_positions() -> None:
    watched = run(ONE, "add producer p topic=t rate=10/s", f"{READER} commit=auto processing=1ms").to(21 * S)
    started = of(watched, CommitStarted)
    assert [event.purpose for event in started] == ["timer"] * 4
    assert [round(event.at_us / S) for event in started] == [5, 10, 15, 20]
    returned = [event for event in of(watched, RecordsReturned) if event.id < started[0].id]
    assert of(watched, OffsetsCommitted)[0].offsets == (("t", 0, returned[-1].parts[0][3]),)


def test_r83_the_interval_begins_anew_when_the_group_has_settled_and_not_with_commits_by_hand() -> None:
    watched = run("create topic t", "add producer p topic=t rate=0/s linger=0s", delay_us=8 * S)
    watched.do("send record p key=a count=9").to(S)
    watched.do(f"{READER} commit=auto processing=0s max_poll_records=3").to(10 * S)
    assigned_us = of(watched, PartitionsAssigned)[0].at_us
    watched.to(assigned_us + 3 * S).do("commit consumer c1").to(assigned_us + 6 * S)
    started = [(e.purpose, e.at_us - assigned_us) for e in of(watched, CommitStarted)]
    assert [purpose for purpose, _ in started] == ["command", "timer"]
    assert 5 * S <= started[1][1] <= 5 * S + 10 * MS


def test_r83_auto_commit_waits_for_a_busy_application() -> None:
    watched = filled(1).do(f"{READER} commit=auto processing=8s").to(20 * S)
    done = of(watched, RecordsProcessed)[0].at_us
    assert done > 9 * S
    assert of(watched, CommitStarted)[0].at_us == done


def test_r83_auto_commit_before_partitions_are_given_up_and_in_close() -> None:
    watched = filled(2).do(f"{READER} commit=auto processing=1ms").to(2 * S)
    watched.do("add consumer c2 group=g").to(6 * S)
    assert of(watched, CommitStarted, consumer="c1")[0].purpose == "rejoin"
    assert facts.committed(watched.state, "g", "t", 0) == 2
    watched.do("send record p key=a").to(6_500 * MS).do("close consumer c1").to(10 * S)
    assert of(watched, CommitStarted, consumer="c1")[-1].purpose == "close"
    assert facts.committed(watched.state, "g", "t", 0) == 3


def test_r91_lag_is_the_high_watermark_minus_the_commit() -> None:
    watched = filled(5).do(f"{READER} processing=1s max_poll_records=2")
    watched.to(1_500 * MS)
    lag = facts.partition_lag(watched.state, "g", "t", 0)
    assert (lag.value, lag.known) == (None, 0)
    watched.to(3_500 * MS)
    assert facts.partition_lag(watched.state, "g", "t", 0).value == 3
    assert facts.position(watched.state, "g", "t", 0) == 4
    assert facts.group_lag(watched.state, "g").worst == ("t", 0, 3)
    assert facts.lag(watched.state, "g") == 3


def test_r94_close_finishes_the_records_in_hand_commits_and_leaves() -> None:
    watched = filled(3).do(f"{READER} processing=100ms max_poll_records=2").to(1_050 * MS)
    watched.do("close consumer c1").to(2 * S)
    assert len(of(watched, RecordsProcessed)) == 2
    assert facts.committed(watched.state, "g", "t", 0) == 2
    assert [event.reason for event in of(watched, MemberRemoved)] == ["left"]
    states = [event.state for event in of(watched, ConsumerChanged)]
    assert states == ["closing", "leaving", "closed"]
    assert of(watched, MemberRemoved)[0].at_us < 1_300 * MS


def test_r94_close_inside_poll_leaves_at_once() -> None:
    watched = filled(1).do(f"{READER} processing=1ms").to(2 * S).do("close consumer c1").to(2_001 * MS)
    leaves = [
        event for event in of(watched, RequestSent, 2 * S) if isinstance(event.request, LeaveGroupRequest)
    ]
    assert [event.at_us for event in leaves] == [2 * S]


def test_r97_one_partition_is_read_no_faster_than_its_owner_works() -> None:
    watched = filled(100).do(f"{READER} processing=50ms").to(4 * S)
    done = len(of(watched, RecordsProcessed))
    assert 55 <= done <= 60


def test_r98_offsets_are_returned_in_order() -> None:
    watched = run(
        "create topic t partitions=3",
        "add producer p topic=t rate=50/s keys=alice,dave,carol",
        f"{READER} processing=5ms max_poll_records=4",
    ).to(10 * S)
    ends: dict[int, int] = {}
    for event in of(watched, RecordsReturned):
        for _, partition, first, end in event.parts:
            assert first == ends.get(partition, 0)
            ends[partition] = end
    assert len(ends) == 3


def test_what_is_read_twice_lies_between_the_commit_and_the_position_at_the_crash() -> None:
    watched = filled(6).do(f"{READER} processing=100ms max_poll_records=4").to(1_250 * MS)
    committed, position = 0, facts.position(watched.state, "g", "t", 0)
    watched.do("kill consumer c1", "add consumer c2 group=g auto_offset_reset=earliest").to(60 * S)
    assert of(watched, RecordsReturned, consumer="c2")[0].parts[0][2] == committed
    assert position == 4
    ledger = facts.ledger(watched.state, "g")
    assert (ledger.sent, ledger.done, ledger.twice, ledger.lost) == (6, 6, 2, 0)


def test_a_killed_member_owns_its_partitions_until_the_group_misses_it() -> None:
    watched = filled(1).do(f"{READER} processing=1ms").to(2 * S).do("kill consumer c1").to(40 * S)
    member = facts.members(watched.state, "g")[0]
    assert (member.name, member.state, member.partitions) == ("c1", "dead", (("t", 0),))
    assert facts.owner(watched.state, "g", "t", 0) == "c1"
    assert facts.position(watched.state, "g", "t", 0) is None
    watched.to(60 * S)
    assert facts.members(watched.state, "g") == ()
    assert facts.owner(watched.state, "g", "t", 0) is None


def test_a_frozen_consumer_goes_on_with_the_record_it_had() -> None:
    watched = filled(2).do(f"{READER} processing=1s").to(1_500 * MS).do("pause consumer c1").to(9 * S)
    assert facts.members(watched.state, "g")[0].state == "paused"
    assert not of(watched, RecordsProcessed)
    watched.do("resume consumer c1").to(12 * S)
    begun = of(watched, RecordsReturned)[0].at_us
    assert [event.at_us for event in of(watched, RecordsProcessed)] == [
        begun + S + 7_500 * MS,
        begun + 2 * S + 7_500 * MS,
    ]


def test_r85_a_zombie_may_not_commit_and_what_it_did_is_done_again() -> None:
    watched = filled(2).do(f"{READER} processing=1s").to(1_500 * MS)
    watched.do("add consumer c2 group=g auto_offset_reset=earliest processing=1s", "pause consumer c1")
    watched.to(80 * S).do("resume consumer c1").to(90 * S)
    refused = of(watched, CommitRefused)
    assert [(event.consumer, event.named) for event in refused] == [("c1", "CommitFailedException")]
    assert [event.lost for event in of(watched, PartitionsRevoked, consumer="c1")] == [True]
    assert facts.ledger(watched.state, "g").twice == 2


def test_r85_a_commit_before_the_member_knows_is_refused_by_the_coordinator() -> None:
    """It wakes up just before its work is done, so it commits before a heartbeat can tell it anything."""
    watched = filled(2).do(f"{READER} processing=1s max_poll_records=1").to(1_500 * MS)
    ends = of(watched, RecordsReturned)[0].at_us + S
    watched.to(ends - 500).do("pause consumer c1").to(80 * S).do("resume consumer c1").to(90 * S)
    assert [event.named for event in of(watched, CommitRefused)] == ["UNKNOWN_MEMBER_ID (25)"]
    assert facts.ledger(watched.state, "g").twice == 1


def test_r93_a_poll_that_comes_too_late_leaves_the_group() -> None:
    watched = filled(1).do(f"{READER} processing=20s max_poll_interval=10s").to(15 * S)
    assert [(event.client, event.reason) for event in of(watched, MemberRemoved)] == [("c1", "left")]
    watched.to(30 * S)
    assert [event.named for event in of(watched, CommitRefused)] == ["CommitFailedException"]
    assert len(of(watched, PartitionsAssigned)) == 2


def test_another_processing_time_from_the_next_record_on() -> None:
    watched = filled(4).do(f"{READER} processing=1s").to(1_500 * MS)
    watched.do("set consumer c1 processing=10ms").to(4 * S)
    done = times(watched, RecordsProcessed)
    assert [later - earlier for earlier, later in pairwise(done)] == [10 * MS] * 3


def test_exponential_service_times_have_the_mean() -> None:
    watched = filled(2000).do(f"{READER} processing=10ms service_times=exponential").to(60 * S)
    done = times(watched, RecordsProcessed)
    assert 2000 * 9 * MS < done[-1] - S < 2000 * 11 * MS


def test_names_group_and_topic_are_filled_in() -> None:
    watched = run(ONE)
    with pytest.raises(Refused, match="which group\\? there is none yet: say group=NAME"):
        watched.do("add consumer")
    watched.do("add consumer group=g", "add consumer").to(S)
    assert [member.name for member in facts.members(watched.state, "g")] == ["c1", "c2"]
    watched.do("add consumer group=h")
    with pytest.raises(Refused, match="which group\\? say group=NAME with one of g, h, or a new one"):
        watched.do("add consumer")
    watched.do("create topic u").to(2 * S).do("add consumer group=g").to(3 * S)
    assert [consumer.topics for consumer in watched.state.cluster.consumers.values()] == [["t"]] * 4
    with pytest.raises(Refused, match="which topic\\? say topic=NAME with one of t, u"):
        watched.do("add consumer group=new")


def test_values_that_kafka_refuses() -> None:
    watched = run(ONE)
    for settings, sentence in (
        ("session_timeout=5s", "INVALID_SESSION_TIMEOUT"),
        ("session_timeout=6s heartbeat_interval=6s", "Heartbeat must be set lower than the session timeout"),
        ("max_poll_records=0", "Invalid value 0 for configuration max.poll.records"),
        ("auto_offset_reset=middle", "Invalid value middle for configuration auto.offset.reset"),
        ("topic=x", "there is no topic x: there are t"),
    ):
        with pytest.raises(Refused, match=sentence):
            watched.do(f"add consumer group=g {settings}")


def test_commands_to_consumers_that_are_not_there() -> None:
    watched = run(ONE, READER).to(S)
    for text, sentence in (
        ("close consumer c9", "there is no consumer c9"),
        ("add consumer c1 group=g", "consumer c1 runs already"),
        ("resume consumer c1", "consumer c1 is not paused"),
    ):
        with pytest.raises(Refused, match=sentence):
            watched.do(text)
    watched.do("pause consumer c1")
    with pytest.raises(Refused, match="is paused: resume it first, or kill it"):
        watched.do("close consumer c1")
    watched.do("kill consumer c1")
    with pytest.raises(Refused, match="consumer c1 has ended"):
        watched.do("kill consumer c1")


def test_a_killed_name_starts_again_as_another_member() -> None:
    watched = filled(1).do(f"{READER} processing=1ms").to(2 * S).do("kill consumer c1").to(3 * S)
    watched.do(READER).to(4 * S)
    shown = [(member.name, member.state) for member in facts.members(watched.state, "g")]
    assert shown == [("c1", "joining"), ("c1-1", "dead")]
    watched.to(60 * S)
    assert [(m.name, m.member_id) for m in facts.members(watched.state, "g")] == [("c1", "c1-2")]
    assert of(watched, PollCalled)


def test_the_ledger_of_a_group_that_began_later_counts_from_there() -> None:
    watched = filled(4).do("add consumer c1 group=g topic=t processing=1ms").to(2 * S)
    watched.do("send record p key=a count=3").to(3 * S)
    ledger = facts.ledger(watched.state, "g")
    assert (ledger.sent, ledger.done, ledger.waiting) == (3, 3, 0)
