"""What a partition leader says of acknowledgement batches that overlap, descend, or span offsets that hold nothing (R133)."""

from __future__ import annotations

import pytest

from mqviz.kafka.errors import Error
from mqviz.model.kafka.protocol.requests import ShareFetchRequest
from mqviz.model.kafka.protocol.responses import ShareFetchResponse
from tests.sim.kafka.coordinator.share.test_partition import Member, world
from tests.sim.kafka.coordinator.share.worlds import TOPIC, runs, share_run, window
from tests.sim.kafka.coordinator.transaction.test_coordinator import Owner
from tests.sim.kafka.worlds import S

INVALID, STATE = Error.INVALID_REQUEST, Error.INVALID_RECORD_STATE


@pytest.mark.parametrize(
    ("moves", "error"),
    [
        (((0, 5, "accept"), (3, 8, "accept")), INVALID),
        (((0, 8, "accept"), (2, 4, "release")), INVALID),
        (((5, 8, "accept"), (0, 3, "accept")), INVALID),
        (((3, 3, "accept"),), INVALID),
        (((5, 3, "accept"),), INVALID),
        # Kafka lets a batch begin at the last offset of the one before, and then finds that record finished
        (((0, 5, "accept"), (4, 8, "accept")), STATE),
        (((0, 5, "accept"), (7, 10, "release")), Error.NONE),
    ],
)
def test_r133_acknowledgement_batches_ascend_and_do_not_overlap(
    moves: tuple[tuple[int, int, str], ...], error: Error
) -> None:
    run = world()
    member = Member(run)
    member.take()
    assert member.say(*moves) == error
    if error:
        assert runs(run) == [(0, 10, "Acquired", 1)], "all of it counts or nothing"


def test_r133_batches_that_overlap_are_told_before_what_is_wrong_with_their_records() -> None:
    run = world()
    member = Member(run)
    member.take()
    assert member.say((20, 25, "accept"), (22, 30, "accept")) == INVALID
    other = Member(run, "n")
    other.take()
    assert other.say((0, 3, "accept"), (1, 2, "accept")) == INVALID


def test_r133_a_fetch_tells_it_too_and_gives_records_all_the_same() -> None:
    run = world(batches=2)
    member = Member(run)
    member.take(1)
    acks = (("t", 0, 0, 5, "accept"), ("t", 0, 3, 8, "accept"))
    reply = member.ask(ShareFetchRequest("g", "m", 1, (("t", 0),), 1, False, acks))
    assert isinstance(reply, ShareFetchResponse)
    assert reply.acked == (("t", 0, INVALID),)
    assert reply.partitions == (("t", 0, 0, 10, 20, 1),)
    assert (window(run).start, window(run).acknowledged) == (0, 0)


def test_r133_a_range_may_span_the_marker_of_a_transaction() -> None:
    """Offsets 0 1 committed, 2 its marker, 3 committed, 4 its marker."""
    run = share_run(TOPIC).to(S)
    owner, member = Owner(run), Member(run)
    owner.init()
    for values in (("a", "b"), ("c",)):
        owner.send(*values)
        owner.end(True)
    assert member.take() == [(0, 2, 1), (3, 4, 1)]
    assert member.say((0, 2, "accept"), (2, 3, "gap"), (3, 4, "release")) == 0
    assert member.take() == [(3, 4, 2)]
    assert member.say((1, 5, "accept")) == 0
    assert (window(run).start, window(run).acknowledged) == (5, 3)
    owner.send("d")
    owner.end(True)
    assert member.take() == [(5, 6, 1)]
    assert member.say((5, 7, "accept")) == 0
    assert window(run).start == 7
