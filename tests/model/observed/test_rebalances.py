"""Rebalances as an onlooker can know them."""

from __future__ import annotations

from mqviz.facts.watched import detail as lag_detail
from mqviz.facts.watched.views import RebalanceNote
from mqviz.model.observed.events import GroupSeen
from mqviz.model.observed.state import SeenMember
from tests.model.observed.watch import S, Watch, member


class Looks:
    """Successive describes of one group."""

    def __init__(self, kind: str = "classic") -> None:
        self.watch, self.kind, self.last_us = Watch(), kind, 0
        self.watch.topic("orders", 6)

    def look(
        self, at_s: float, *members: SeenMember, state: str = "Stable", epoch: int | None = None
    ) -> None:
        self.watch.now_us = int(at_s * S)
        self.watch.post(GroupSeen, self.last_us, "g", self.kind, state, 1, epoch, "range", members)
        self.last_us = self.watch.now_us

    @property
    def notes(self) -> tuple[RebalanceNote, ...]:
        return lag_detail.group_detail(self.watch.state, "g").rebalances


def test_the_first_look_is_no_rebalance() -> None:
    looks = Looks()
    looks.look(0, member("c-1", orders=(0, 1)))
    looks.look(2, member("c-1", orders=(0, 1)))
    assert looks.notes == ()


def test_a_member_that_left_and_who_got_its_partition() -> None:
    looks = Looks()
    looks.look(0, member("c-3", orders=(4,)), member("c-4", orders=(5,)))
    looks.look(2, member("c-3", orders=(4, 5)))
    (note,) = looks.notes
    assert note.sentence == "rebalance: c-4 left, p5 → c-3"
    assert (note.left, note.joined, note.moved, note.took_us) == (("c-4",), (), 1, 0)
    assert (note.since_us, note.at_us, note.at_least, note.going_on) == (0, 2 * S, 1, False)


def test_how_long_it_took_is_at_least_from_the_first_to_the_last_unsettled_look() -> None:
    looks = Looks()
    looks.look(0, member("c-3", orders=(4,)), member("c-4", orders=(5,)))
    looks.look(2, member("c-3"), state="PreparingRebalance")
    looks.look(3.2, member("c-3"), state="CompletingRebalance")
    (note,) = looks.notes
    assert note.going_on
    assert note.sentence == "rebalance: c-4 left, going on for at least 1.2 s"
    looks.look(4, member("c-3", orders=(4, 5)))
    (note,) = looks.notes
    assert note.sentence == "rebalance: c-4 left, p5 → c-3, took at least 1.2 s"
    assert (note.since_us, note.at_us, note.took_us) == (0, 4 * S, 1_200_000)


def test_a_rebalance_that_was_over_between_two_looks_has_no_length() -> None:
    looks = Looks()
    looks.look(0, member("c-1", orders=(0, 1)))
    looks.look(2, member("c-1", orders=(0,)), member("c-2", orders=(1,)))
    assert looks.notes[0].sentence == "rebalance: c-2 joined, p1 → c-2"


def test_epochs_of_the_consumer_protocol_count_rebalances() -> None:
    looks = Looks("consumer")
    looks.look(0, member("c-1", orders=(0, 1)), epoch=3)
    looks.look(5, member("c-1", orders=(0,)), member("c-2", orders=(1,)), epoch=6)
    assert looks.notes[0].at_least == 3
    assert looks.notes[0].sentence.startswith("at least 3 rebalances: c-2 joined")


def test_a_partition_that_nobody_got() -> None:
    looks = Looks()
    looks.look(0, member("c-1", orders=(0,)), member("c-2", orders=(1,)))
    looks.look(2, member("c-1", orders=(0,)))
    assert looks.notes[0].sentence == "rebalance: c-2 left, p1 → nobody"


def test_many_moves_are_counted_and_notes_are_bounded() -> None:
    looks = Looks()
    looks.look(0, member("c-1", orders=range(6)), member("c-2"))
    looks.look(2, member("c-1"), member("c-2", orders=range(6)))
    assert looks.notes[0].sentence == "rebalance: p0 → c-2, p1 → c-2, p2 → c-2, 3 more moved"
    for turn in range(40):
        held = {"orders": range(6)}
        here, there = (held, {}) if turn % 2 else ({}, held)
        looks.look(4 + turn, member("c-1", **here), member("c-2", **there))
    assert len(looks.notes) == 16


def test_uneven_members() -> None:
    looks = Looks()
    looks.watch.commits("g", orders=dict.fromkeys(range(6), 0))
    looks.look(0, member("c-1", orders=range(4)), member("c-2", orders=(4, 5)))
    assert (
        lag_detail.group_detail(looks.watch.state, "g").uneven == "c-1 holds 4 partitions, c-2 2 partitions"
    )
    looks.look(2, member("c-1", orders=range(6)), member("c-2"))
    uneven = lag_detail.group_detail(looks.watch.state, "g").uneven
    assert uneven == "c-2 is idle: no partition left for them"
    looks.look(4, member("c-1", orders=range(3)), member("c-2", orders=range(3, 6)))
    assert lag_detail.group_detail(looks.watch.state, "g").uneven == ""
