"""Consumers: commit styles and crashes, seek, pause, resets of groups, polls by command."""

from __future__ import annotations

import pytest

from mqviz import facts
from mqviz.backend import Refused
from mqviz.model.kafka.clients.consumer.events import (
    CommitRefused,
    CommitStarted,
    ConsumerFailed,
    PollEnded,
    PositionsSet,
    RecordsReturned,
)
from tests.sim.kafka.clients.consumer.test_poll import filled
from tests.sim.kafka.worlds import S, of

READER = "group=g topic=t auto_offset_reset=earliest"


def test_r88_offsets_are_reset_only_without_members() -> None:
    watched = filled(4).do(f"add consumer c1 {READER} processing=1ms").to(2 * S)
    with pytest.raises(Refused, match="UNKNOWN_MEMBER_ID"):
        watched.do("reset group g topic=t offset=1")
    watched.do("close consumer c1").to(3 * S).do("reset group g topic=t offset=500").to(4 * S)
    assert facts.committed(watched.state, "g", "t", 0) == 500
    watched.do("reset group g topic=t offset=1").to(5 * S)
    watched.do(f"add consumer c2 {READER} processing=1ms").to(6 * S)
    assert of(watched, RecordsReturned, consumer="c2")[0].parts == (("t", 0, 1, 4),)


def test_r88_seek_reads_again_and_leaves_the_commit() -> None:
    watched = filled(4).do(f"add consumer c1 {READER} commit=none processing=1ms").to(2 * S)
    watched.do("seek consumer c1 offset=2").to(3 * S)
    assert of(watched, RecordsReturned)[-1].parts == (("t", 0, 2, 4),)
    assert facts.committed(watched.state, "g", "t", 0) is None


def test_r81_seek_beyond_the_end_begins_anew_by_the_policy() -> None:
    watched = filled(4).do(f"add consumer c1 {READER} commit=none processing=1ms").to(2 * S)
    watched.do("seek consumer c1 offset=900").to(3 * S)
    assert [event.parts for event in of(watched, RecordsReturned)] == [(("t", 0, 0, 4),)] * 2


def test_r88_a_group_may_begin_beyond_the_end() -> None:
    watched = filled(4).do("reset group g topic=t offset=900").to(2 * S)
    watched.do(f"add consumer c1 {READER} processing=1ms").to(4 * S)
    assert of(watched, RecordsReturned)[0].parts == (("t", 0, 0, 4),)
    assert facts.committed(watched.state, "g", "t", 0) == 4


def test_r89_a_paused_partition_is_not_returned() -> None:
    watched = filled(1).do(f"add consumer c1 {READER} processing=1ms").to(2 * S)
    watched.do("pause partition t-0 consumer=c1", "send record p key=a").to(4 * S)
    assert len(of(watched, RecordsReturned)) == 1
    watched.do("resume partition t-0 consumer=c1").to(5 * S)
    assert len(of(watched, RecordsReturned)) == 2


def test_r79_a_member_that_does_not_loop_polls_when_told() -> None:
    watched = filled(3).do(f"add consumer c1 {READER} commit=none loop=false processing=0s").to(2 * S)
    assert not of(watched, RecordsReturned)
    watched.do("poll consumer c1 timeout=1s").to(4 * S)
    assert [event.exception for event in of(watched, PollEnded)] == [""]
    watched.do("commit consumer c1").to(5 * S)
    assert facts.committed(watched.state, "g", "t", 0) == 3


def test_r95_assign_is_no_membership() -> None:
    watched = (
        filled(3)
        .do("add consumer c1 assign=t-0 commit=none auto_offset_reset=earliest processing=0s")
        .to(2 * S)
    )
    assert of(watched, RecordsReturned)[0].parts == (("t", 0, 0, 3),)
    assert not of(watched, CommitStarted)
    assert not of(watched, CommitRefused)


def test_r81_out_of_range_with_reset_none_throws() -> None:
    watched = (
        filled(3).do("add consumer c1 assign=t-0 commit=none auto_offset_reset=none loop=false").to(2 * S)
    )
    watched.do("seek consumer c1 offset=9", "poll consumer c1").to(4 * S)
    assert [event.exception for event in of(watched, PollEnded)] == ["OffsetOutOfRangeException"]
    assert not of(watched, ConsumerFailed)


def test_r81_by_duration_without_a_young_record_asks_again_after_the_request_timeout() -> None:
    watched = (
        filled(3)
        .do("add consumer c1 assign=t-0 commit=none auto_offset_reset=by_duration:PT0.001S")
        .to(2 * S)
    )
    assert not of(watched, PositionsSet)
