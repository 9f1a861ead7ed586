"""Share-partitions by raw requests: windows, locks, limits, acknowledgements (R131-R134)."""

from __future__ import annotations

import pytest

from mqviz.kafka.errors import Error
from mqviz.model.apply import apply
from mqviz.model.kafka.coordinator.share.events import ShareLeaderMoved, ShareRecordsSettled
from mqviz.model.kafka.coordinator.share.window import Run as Records
from mqviz.model.kafka.coordinator.share.window import to_state
from mqviz.model.kafka.protocol.requests import (
    Acks,
    ShareAcknowledgeRequest,
    ShareFetchRequest,
    ShareGroupHeartbeatRequest,
)
from mqviz.model.kafka.protocol.responses import ShareAcknowledgeResponse, ShareFetchResponse
from mqviz.model.moves import IllegalMove
from tests.sim.kafka.coordinator.share.worlds import TOPIC, runs, share_run, window
from tests.sim.kafka.coordinator.transaction.test_coordinator import Owner
from tests.sim.kafka.worlds import MS, Outside, S, of
from tests.sim.worlds import Run


class Member(Outside):
    """A raw member of g: it joined, and counts its share session."""

    def __init__(self, world: Run, name: str = "m") -> None:
        super().__init__(world, name)
        self.epoch = 0
        self.ask(ShareGroupHeartbeatRequest("g", name, 0, name, ("t",)))

    def take(self, most: int = 500, acks: Acks = (), cut: bool = False) -> list[tuple[int, int, int]]:
        """Fetch: ranges (first, end, deliveries)."""
        reply = self.ask(self.fetch(most, acks, cut), within_us=600 * MS)
        assert isinstance(reply, ShareFetchResponse)
        assert not reply.error, reply
        return [(first, end, count) for _, _, error, first, end, count in reply.partitions if not error]

    def fetch(self, most: int = 500, acks: Acks = (), cut: bool = False) -> ShareFetchRequest:
        self.epoch += 1
        return ShareFetchRequest("g", self.name, self.epoch - 1, (("t", 0),), most, cut, acks)

    def say(self, *moves: tuple[int, int, str]) -> int:
        """Acknowledge (first, end, type); the error of the partition."""
        self.epoch += 1
        acks = tuple(("t", 0, first, end, kind) for first, end, kind in moves)
        reply = self.ask(ShareAcknowledgeRequest("g", self.name, self.epoch - 1, acks))
        assert isinstance(reply, ShareAcknowledgeResponse)
        return reply.error or reply.acked[0][2]


def world(batches: int = 1, of_records: int = 10, version: str = "4.2", **more: str) -> Run:
    """A run of one topic with batches of that many records, at 1 s on."""
    made = share_run(
        TOPIC, "add producer p topic=t rate=0/s linger=5ms batch_size=1MiB", version=version, **more
    )
    for number in range(batches):
        made.to(S + number * 10 * MS).do(f"send record p count={of_records}")
    return made.to(S + batches * 10 * MS + S)


def test_r131_a_record_is_available_acquired_acknowledged_and_then_behind_the_start() -> None:
    run = world()
    member = Member(run)
    assert member.take() == [(0, 10, 1)]
    assert runs(run) == [(0, 10, "Acquired", 1)]
    assert (window(run).start, window(run).end) == (0, 10)
    assert member.say((0, 10, "accept")) == 0
    assert runs(run) == []
    assert (window(run).start, window(run).end, window(run).acknowledged) == (10, 10, 10)


def test_r131_a_thousand_records_alike_are_one_run() -> None:
    run = world(of_records=1000)
    member = Member(run)
    member.take(1000)
    assert len(window(run).runs) == 1
    member.say((500, 501, "accept"))
    assert runs(run) == [(0, 500, "Acquired", 1), (500, 501, "Acknowledged", 1), (501, 1000, "Acquired", 1)]
    member.say((501, 1000, "accept"))
    assert runs(run) == [(0, 500, "Acquired", 1), (500, 1000, "Acknowledged", 1)]


def test_r131_records_of_one_member_are_not_given_to_another() -> None:
    run = world()
    first, second = Member(run, "a"), Member(run, "b")
    assert first.take() == [(0, 10, 1)]
    assert second.take() == []


def test_r131_the_table_of_moves_is_kept() -> None:
    for state in ("Acknowledged", "Archived"):
        with pytest.raises(IllegalMove):
            to_state(Records(0, 1, state), "Available")
    with pytest.raises(IllegalMove):
        to_state(Records(0, 1), "Acknowledged")


def test_r132_accept_reject_release_are_different_ends() -> None:
    run = world(of_records=3)
    member = Member(run)
    member.take()
    assert member.say((0, 1, "release"), (1, 2, "reject"), (2, 3, "accept")) == 0
    assert runs(run) == [(0, 1, "Available", 1), (1, 2, "Archived", 1), (2, 3, "Acknowledged", 1)]
    assert member.take() == [(0, 1, 2)], "only the released one comes again"


def test_r132_a_released_record_is_delivered_5_times_then_archived() -> None:
    run = world(of_records=1)
    member = Member(run)
    counts = []
    for _ in range(5):
        counts += member.take()
        member.say((0, 1, "release"))
    assert counts == [(0, 1, number) for number in (1, 2, 3, 4, 5)]
    assert member.take() == []
    assert (window(run).start, window(run).archived, window(run).poisoned) == (1, 1, 1)


def test_r132_the_limit_of_deliveries_can_be_set() -> None:
    run = share_run(
        TOPIC,
        "add producer p topic=t rate=0/s",
        settings={"group.share.delivery.count.limit": "2"},
    ).to(S)
    run.do("send record p").to(2 * S)
    member = Member(run)
    for _ in range(2):
        assert member.take()
        member.say((0, 1, "release"))
    assert member.take() == []


def test_r132_a_lock_that_is_over_frees_the_records_exactly_then() -> None:
    run = world()
    member = Member(run)
    member.take()
    acquired_us = window(run).runs[0].until_us - 30 * S
    run.to(acquired_us + 40 * S)
    assert [e.at_us - acquired_us for e in of(run, ShareRecordsSettled, because="lock over")] == [30 * S]
    assert runs(run) == [(0, 10, "Available", 1)]


def test_r132_records_acknowledged_in_time_are_not_touched_by_the_lock() -> None:
    run = world()
    member = Member(run)
    member.take()
    member.say((0, 3, "accept"))
    run.to(run.backend.now_us + 40 * S)
    assert runs(run) == [(3, 10, "Available", 1)]


def test_r132_renew_restarts_the_lock() -> None:
    run = world()
    member = Member(run)
    member.take()
    run.to(run.backend.now_us + 20 * S)
    assert member.say((0, 5, "renew")) == 0
    run.to(run.backend.now_us + 15 * S)
    assert runs(run) == [(0, 5, "Acquired", 1), (5, 10, "Available", 1)]
    run.to(run.backend.now_us + 16 * S)
    assert runs(run) == [(0, 10, "Available", 1)]


@pytest.mark.parametrize(("version", "error"), [("4.1", Error.INVALID_REQUEST), ("4.2", Error.NONE)])
def test_r7_renew_comes_with_4_2(version: str, error: Error) -> None:
    run = world(version=version)
    member = Member(run)
    member.take()
    assert member.say((0, 5, "renew")) == error


def test_r133_a_late_acknowledgement_is_an_invalid_record_state() -> None:
    run = world(record_lock_duration_ms="2000")
    first, second = Member(run, "a"), Member(run, "b")
    first.take()
    run.to(run.backend.now_us + 3 * S)
    assert first.say((0, 10, "accept")) == Error.INVALID_RECORD_STATE, "free"
    assert second.take() == [(0, 10, 2)]
    assert first.say((0, 10, "accept")) == Error.INVALID_RECORD_STATE, "somebody else's"
    assert second.say((0, 10, "accept")) == 0


def test_r133_an_acknowledgement_with_a_wrong_part_changes_nothing() -> None:
    run = world()
    member = Member(run)
    member.take()
    assert member.say((0, 5, "accept"), (8, 12, "accept")) == Error.INVALID_REQUEST
    assert runs(run) == [(0, 10, "Acquired", 1)]


def test_r131_the_persisted_start_is_one_write_behind() -> None:
    run = world(of_records=30)
    member = Member(run)
    member.take()
    for offset in (0, 1, 2):
        member.say((offset, offset + 1, "accept"))
    member.say((3, 30, "accept"))
    assert (window(run).start, window(run).persisted) == (30, 3)


def test_r131_whole_batches_are_acquired_until_the_maximum_is_reached() -> None:
    run = world(batches=2)
    member, other = Member(run, "a"), Member(run, "b")
    assert member.take(3) == [(0, 10, 1)]
    assert other.take(11) == [(10, 20, 1)]


def test_r131_what_is_left_of_a_batch_goes_as_a_whole() -> None:
    """A batch of 10, max 3: what was released of it comes back together, not 3 at a time."""
    run = world()
    one, two = Member(run), Member(run, "n")
    assert one.take(most=3) == [(0, 10, 1)]
    assert one.say((0, 3, "accept"), (3, 10, "release")) == 0
    assert two.take(most=3) == [(3, 10, 2)]


def test_r131_what_the_log_lost_at_its_beginning_is_over_for_everybody() -> None:
    """DeleteRecords up to 4 while a member holds 0 and 1: its late word is taken in silence and nothing is written."""
    run = world(batches=6, of_records=1)
    one, two = Member(run), Member(run, "n")
    assert one.take(most=2) == [(0, 2, 1)]
    assert one.say((0, 1, "release")) == 0
    run.do("delete records t partition=0 before=4")
    assert two.take(most=2) == [(4, 6, 1)]
    assert (window(run).start, window(run).persisted) == (4, 0)
    assert one.say((1, 2, "accept")) == 0
    assert (window(run).acknowledged, window(run).persisted) == (0, 0)
    assert two.say((4, 5, "accept")) == 0
    assert (window(run).start, window(run).persisted) == (5, 4)


def test_r133_a_word_on_what_the_start_has_passed_is_taken_in_silence() -> None:
    """A record was archived after its last delivery to another; its first holder's late word changes nothing, but is no error."""
    run = world(
        of_records=1, record_lock_duration_ms="1000", settings={"group.share.delivery.count.limit": "2"}
    )
    one, two = Member(run), Member(run, "n")
    assert one.take() == [(0, 1, 1)]
    run.to(run.backend.now_us + 1100 * MS)
    assert one.say((0, 1, "accept")) == Error.INVALID_RECORD_STATE, "free, and not passed"
    assert two.take() == [(0, 1, 2)]
    run.to(run.backend.now_us + 1100 * MS)
    assert (window(run).start, window(run).archived) == (1, 1)
    assert one.say((0, 1, "accept")) == 0
    assert window(run).acknowledged == 0


def test_r131_the_room_in_the_window_counts_for_what_comes_back_too() -> None:
    """100 of 130 records in the window, 10 released at its front and 10 behind the start finished: 10 come back, no new ones."""
    run = world(batches=130, of_records=1, settings={"group.share.partition.max.record.locks": "100"})
    one, two = Member(run), Member(run, "n")
    assert one.take(most=60) == [(0, 60, 1)]
    assert two.take(most=60) == [(60, 100, 1)]
    assert one.say((0, 10, "accept"), (10, 20, "release"), (20, 30, "accept")) == 0
    assert one.take(most=60) == [(10, 20, 2)]
    assert one.take(most=60) == [(100, 110, 1)]
    assert two.say((70, 80, "release")) == 0
    assert two.take(most=60) == [(70, 80, 2)], "a full window gives only what is free in it"


def test_r131_record_limit_acquires_exactly_so_many() -> None:
    run = world(batches=2)
    member = Member(run)
    assert member.take(3, cut=True) == [(0, 3, 1)]
    assert runs(run) == [(0, 3, "Acquired", 1), (3, 10, "Available", 0)], (
        "the batch is in the window as a whole"
    )
    assert member.take(12, cut=True) == [(3, 10, 1), (10, 15, 1)]


def test_r131_the_in_flight_limit_holds_for_all_members_together() -> None:
    run = share_run(
        TOPIC,
        "add producer p topic=t rate=0/s linger=0s",
        settings={"group.share.partition.max.record.locks": "100"},
    )
    for number in range(130):
        run.to(S + number * MS).do("send record p")
    run.to(3 * S)
    first, second = Member(run, "a"), Member(run, "b")
    assert first.take(60) == [(0, 60, 1)]
    assert second.take() == [(60, 100, 1)]
    assert first.take() == []
    first.say((1, 60, "accept"))
    assert first.take() == [], "the window is still 100 long, as 0 is not finished"
    first.say((0, 1, "accept"))
    assert first.take() == [(100, 130, 1)]


@pytest.mark.parametrize(("version", "limit"), [("4.0", 200), ("4.1", 2000), ("4.2", 2000)])
def test_r7_the_in_flight_limit_of_each_version(version: str, limit: int) -> None:
    run = world(version=version)
    Member(run).take()
    assert window(run).in_flight == limit


def test_r131_released_records_wake_a_fetch_that_waits() -> None:
    run = world()
    first, second = Member(run, "a"), Member(run, "b")
    first.take()
    waiting = second.send(second.fetch())
    run.to(run.backend.now_us + 100 * MS)
    assert second.answer(waiting) is None
    first.say((4, 5, "release"))
    reply = second.answer(waiting)
    assert isinstance(reply, ShareFetchResponse)
    assert reply.partitions == (("t", 0, 0, 4, 5, 2),)


def test_r133_acknowledgements_come_with_the_next_fetch() -> None:
    run = world(batches=2)
    member = Member(run)
    member.take(1)
    assert member.take(1, (("t", 0, 0, 10, "accept"),)) == [(10, 20, 1)]
    assert window(run).start == 10


def test_r132_the_end_of_a_session_frees_what_is_held() -> None:
    run = world()
    member = Member(run)
    member.take()
    reply = member.ask(ShareAcknowledgeRequest("g", "m", -1, (("t", 0, 0, 4, "accept"),)))
    assert isinstance(reply, ShareAcknowledgeResponse)
    assert runs(run) == [(4, 10, "Available", 1)]
    member.epoch = 1
    late = member.ask(member.fetch())
    assert isinstance(late, ShareFetchResponse)
    assert late.error == Error.SHARE_SESSION_NOT_FOUND


def test_r131_a_session_counts_its_requests() -> None:
    run = world()
    member = Member(run)
    member.take()
    member.epoch = 5
    reply = member.ask(member.fetch())
    assert isinstance(reply, ShareFetchResponse)
    assert reply.error == Error.INVALID_SHARE_SESSION_EPOCH


@pytest.mark.parametrize(("reset", "first"), [("earliest", 0), ("latest", 20), ("by_duration:PT1.005S", 10)])
def test_r134_a_new_share_group_begins_where_it_is_told_to(reset: str, first: int) -> None:
    run = share_run(TOPIC, "add producer p topic=t rate=0/s", auto_offset_reset=reset)
    run.to(S).do("send record p count=10").to(2 * S).do("send record p count=10").to(3 * S - 10 * MS)
    Member(run).take()
    assert window(run).start == first


def test_r134_the_log_keeps_its_records_and_other_groups_are_not_touched() -> None:
    run = world()
    member = Member(run)
    member.take()
    member.say((0, 10, "accept"))
    assert run.backend.state.cluster.partition("t", 0).led.log.start == 0
    assert run.backend.state.cluster.groups == {}


def test_r135_a_slow_record_blocks_only_itself() -> None:
    run = world()
    member = Member(run)
    member.take()
    member.say((1, 10, "accept"))
    assert runs(run) == [(0, 1, "Acquired", 1), (1, 10, "Acknowledged", 1)]
    assert window(run).overtaken == (9, 0)


def test_r131_a_new_leader_knows_only_what_was_written() -> None:
    run = world()
    member = Member(run)
    member.take()
    member.say((2, 3, "accept"), (3, 4, "release"))
    apply(run.state, ShareLeaderMoved(run.state.last_event + 1, run.state.now_us, 0, "g", "t", 0, 2))
    found = run.state.cluster.share_groups["g"].windows["t-0"]
    assert [(r.first, r.end, r.state, r.deliveries) for r in found.runs] == [
        (0, 2, "Available", 0),
        (2, 3, "Acknowledged", 1),
        (3, 4, "Available", 1),
        (4, 10, "Available", 0),
    ]


@pytest.mark.parametrize(
    ("level", "got", "while_open"),
    [
        ("read_uncommitted", [(0, 2, 1), (3, 4, 1), (5, 6, 1)], [(6, 7, 1)]),
        ("read_committed", [(0, 2, 1), (5, 6, 1)], []),
    ],
)
def test_r134_share_isolation_level_hides_aborted_and_open_transactions(
    level: str, got: list[tuple[int, int, int]], while_open: list[tuple[int, int, int]]
) -> None:
    """Offsets 0 1 committed, 2 its marker, 3 aborted, 4 its marker, 5 committed, then one that stays open."""
    world = share_run(TOPIC, isolation_level=level).to(S)
    owner, member = Owner(world), Member(world)
    owner.init()
    for values, commit in ((("a", "b"), True), (("c",), False), (("d",), True)):
        owner.send(*values)
        owner.end(commit)
    found = member.take()
    assert found == got, "one fetch gets all, whatever lies between"
    assert member.say(*((first, end, "accept") for first, end, _ in found)) == 0
    assert (window(world).start, window(world).persisted) == (7, 0), (
        "markers are finished with what they follow"
    )
    owner.send("e")
    assert member.take() == [(first + 1, end + 1, n) for first, end, n in while_open]
    owner.end(True)
    assert member.take() == ([] if while_open else [(7, 8, 1)])


def test_r37_r131_what_a_power_failure_took_is_not_there_to_be_delivered_again() -> None:
    """The window outlives the log that it is about; what comes in the place of the lost records is delivered."""
    run = world()
    member = Member(run)
    assert member.take() == [(0, 10, 1)]
    assert member.say((0, 10, "release")) == 0
    run.do("fail power 1").to(4 * S).do("restart broker 1").to(30 * S)
    again = Member(run, "n")
    assert run.state.cluster.partition("t", 0).led.log.end == 0
    assert again.take(most=3) == []
    run.do("send record p count=4").to(31 * S)
    assert again.take(most=3) == [(0, 4, 2)]


def test_r133_words_on_what_nobody_ever_acquired_are_an_invalid_request_while_something_is_in_flight() -> (
    None
):
    run = world(batches=2)
    member = Member(run)
    assert member.take(most=1) == [(0, 10, 1)]
    assert member.say((10, 11, "accept")) == Error.INVALID_REQUEST
    assert member.say((9, 11, "accept")) == Error.INVALID_REQUEST
    assert member.say((0, 10, "accept")) == 0
    assert member.say((10, 11, "accept")) == Error.INVALID_RECORD_STATE, "nothing is in flight"
