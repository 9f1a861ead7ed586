"""What a partition leader says of acknowledgement batches that overlap, descend, or span offsets that hold nothing (E76)."""

from __future__ import annotations

import pytest

from mqviz.kafka.errors import Error
from mqviz.model.share_messages import ShareFetch, ShareFetched
from tests.sim.kafka.share_worlds import runs, window
from tests.sim.kafka.test_share_partition import Member, world

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
def test_e76_acknowledgement_batches_ascend_and_do_not_overlap(
    moves: tuple[tuple[int, int, str], ...], error: Error
) -> None:
    run = world()
    member = Member(run)
    member.take()
    assert member.say(*moves) == error
    if error:
        assert runs(run) == [(0, 10, "Acquired", 1)], "all of it counts or nothing"


def test_e76_batches_that_overlap_are_told_before_what_is_wrong_with_their_records() -> None:
    run = world()
    member = Member(run)
    member.take()
    assert member.say((20, 25, "accept"), (22, 30, "accept")) == INVALID
    other = Member(run, "n")
    other.take()
    assert other.say((0, 3, "accept"), (1, 2, "accept")) == INVALID


def test_e76_a_fetch_tells_it_too_and_gives_records_all_the_same() -> None:
    run = world(batches=2)
    member = Member(run)
    member.take(1)
    acks = (("t", 0, 0, 5, "accept"), ("t", 0, 3, 8, "accept"))
    reply = member.ask(ShareFetch("g", "m", 1, (("t", 0),), 1, False, acks))
    assert isinstance(reply, ShareFetched)
    assert reply.acked == (("t", 0, INVALID),)
    assert reply.parts == (("t", 0, 0, 10, 20, 1),)
    assert (window(run).start, window(run).acknowledged) == (0, 0)
