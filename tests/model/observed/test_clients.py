"""Clients that mqviz runs: what they tell gives the same readings as a simulated cluster."""

from __future__ import annotations

from mqviz import facts
from mqviz.facts.views import Cell, Flight, Ledger
from mqviz.model.observed.clients.events import (
    AssignmentReported,
    ClientEnded,
    ClientNotice,
    ClientPaused,
    ClientResumed,
    CommitMade,
    ConsumerStarted,
    ProducerRateSet,
    ProducerStarted,
    RecordDelivered,
    RecordFailed,
    RecordProcessed,
    RecordProduced,
    RecordSent,
)
from mqviz.model.observed.state import Unknown
from tests.model.observed.watch import S, Watch, member


def lesson(consumers: int = 2) -> Watch:
    watch = Watch()
    watch.topic("t", 2)
    watch.post(ProducerStarted, 0, "shop", "t", 2.0, "all", "murmur2_random", 71)
    for number in range(1, consumers + 1):
        watch.post(ConsumerStarted, 0, f"c{number}", "g", "t", 71 + number)
    return watch


def send(watch: Watch, number: int, partition: int, offset: int, key: str | None = "A") -> None:
    watch.post(RecordSent, watch.now_us, "shop", number, "t", key)
    watch.post(RecordProduced, watch.now_us, "shop", number, "t", partition, offset, key)


def read(watch: Watch, consumer: str, partition: int, offset: int, key: str | None = "A") -> None:
    watch.post(RecordDelivered, 0, consumer, "t", partition, offset, key)
    watch.post(RecordProcessed, 0, consumer, "t", partition, offset)


def ledger(watch: Watch) -> Ledger:
    found = facts.ledger(watch.state, "g")
    assert isinstance(found, Ledger)
    total = found.done + found.in_hand + found.waiting + found.not_readable + found.in_flight + found.lost
    assert total == found.sent
    return found


def test_a_producer_is_read_as_it_runs() -> None:
    watch = lesson()
    send(watch, 1, 0, 0)
    watch.post(RecordSent, 0, "shop", 2, "t", "B")
    watch.post(ProducerRateSet, 0, "shop", 5.0)
    (shop,) = facts.producers(watch.state)
    assert (shop.name, shop.topic, shop.state, shop.acks) == ("shop", "t", "running", "all")
    assert (shop.partitioner, shop.rate_per_s) == ("murmur2_random", 5.0)
    assert (shop.sent, shop.acknowledged, shop.in_flight) == (2, 1, 1)
    watch.post(ClientPaused, 0, "shop")
    assert facts.producers(watch.state)[0].state == "paused"
    watch.post(ClientResumed, 0, "shop")
    watch.post(ClientEnded, 0, "shop", "died", "librdkafka aborted")
    assert facts.producers(watch.state)[0].state == "dead"
    watch.post(ProducerStarted, 0, "shop", "t", 2.0, "all", "murmur2_random")
    watch.post(ClientEnded, 0, "shop", "closed")
    assert facts.producers(watch.state) == ()


def test_cells_have_keys_where_a_client_of_ours_wrote_or_read_them() -> None:
    watch = lesson()
    watch.ends(t={0: 3})
    watch.now_us = 5
    send(watch, 1, 0, 3, "A")
    send(watch, 2, 0, 4, None)
    watch.post(RecordDelivered, 0, "c1", "t", 0, 1, "Z")
    cells = facts.tape(watch.state, "t", 0, 10).cells
    assert cells == (
        Cell(0, None, False),
        Cell(1, "Z", True, "", 0),
        Cell(2, None, False),
        Cell(3, "A", True, "shop", 5),
        Cell(4, None, True, "shop", 5),
    )
    assert facts.key_letters(watch.state) == ("A", "Z"), "in the order in which they appeared"


def test_an_acknowledged_record_moves_the_log_end_at_once() -> None:
    watch = lesson()
    watch.ends(t={0: 0, 1: 0})
    send(watch, 1, 1, 0)
    assert facts.tape(watch.state, "t", 1, 5).log_end == 1
    watch.ends(t={1: 1})
    assert facts.tape(watch.state, "t", 1, 5).log_end == 1


def test_a_flight_is_shown_only_where_both_ends_are_known() -> None:
    watch = lesson()
    watch.now_us = 10
    watch.post(RecordSent, 0, "shop", 1, "t", "A", 1, 25)
    watch.post(RecordSent, 0, "shop", 2, "t", "B")
    assert facts.flights(watch.state) == (Flight("produce", "t", 1, "shop", ("A",), None, 10, 25),)
    watch.now_us = 25
    watch.post(RecordProduced, 10, "shop", 1, "t", 1, 0, "A")
    assert facts.flights(watch.state) == ()
    assert facts.producers(watch.state)[0].in_flight == 1


def test_members_say_what_they_do() -> None:
    watch = lesson(3)
    assert [m.state for m in facts.members(watch.state, "g")] == ["joining"] * 3
    assert isinstance(facts.idle_members(watch.state, "g"), Unknown)
    watch.post(AssignmentReported, 0, "c1", (("t", 0),))
    watch.post(AssignmentReported, 0, "c2", (("t", 1),))
    watch.post(AssignmentReported, 0, "c3", ())
    assert [m.state for m in facts.members(watch.state, "g")] == ["waiting", "waiting", "idle"]
    assert facts.idle_members(watch.state, "g") == 1
    assert facts.owner(watch.state, "g", "t", 1) == "c2"
    watch.now_us = 7
    watch.post(RecordDelivered, 0, "c1", "t", 0, 4, "A")
    c1 = facts.members(watch.state, "g")[0]
    assert (c1.state, c1.fetched, c1.processed) == ("working", 1, 0)
    assert c1.in_hand is not None
    assert (c1.in_hand.offset, c1.in_hand.key, c1.in_hand.started_at_us) == (4, "A", 7)
    assert isinstance(c1.in_hand.ends_at_us, Unknown)
    assert facts.position(watch.state, "g", "t", 0) == 5
    watch.post(RecordProcessed, 0, "c1", "t", 0, 4)
    assert facts.processed(watch.state, "g") == 1
    watch.post(AssignmentReported, 0, "c1", (), False)
    assert facts.members(watch.state, "g")[0].state == "joining"
    assert facts.owner(watch.state, "g", "t", 0) is None


def test_positions_are_kept_over_a_rebalance_only_for_what_stays() -> None:
    watch = lesson()
    watch.post(AssignmentReported, 0, "c1", (("t", 0), ("t", 1)))
    watch.post(RecordDelivered, 0, "c1", "t", 0, 4, "A")
    watch.post(RecordDelivered, 0, "c1", "t", 1, 8, "A")
    watch.post(AssignmentReported, 0, "c1", (("t", 1),))
    assert facts.position(watch.state, "g", "t", 1) == 9
    assert facts.position(watch.state, "g", "t", 0) is None


def test_a_position_before_the_first_record_is_the_commit_or_unknown() -> None:
    watch = lesson()
    watch.post(AssignmentReported, 0, "c1", (("t", 0), ("t", 1)))
    watch.commits("g", t={0: 12})
    assert facts.position(watch.state, "g", "t", 0) == 12
    assert isinstance(facts.position(watch.state, "g", "t", 1), Unknown)


def test_a_commit_of_ours_is_a_commit_of_the_group() -> None:
    watch = lesson()
    watch.ends(t={0: 5})
    watch.now_us = 9
    watch.post(CommitMade, 0, "c1", "t", 0, 3)
    assert facts.committed(watch.state, "g", "t", 0) == 3
    assert facts.lag(watch.state, "g", "t", 0) == 2
    assert watch.state.observed.groups["g"].progress_us == 9


def test_a_killed_consumer_stays_until_the_group_has_removed_it() -> None:
    watch = lesson()
    watch.post(AssignmentReported, 0, "c1", (("t", 0),))
    watch.post(AssignmentReported, 0, "c2", (("t", 1),))
    watch.group("g", member("c1", t=(0,)), member("c2", t=(1,)))
    watch.post(ClientEnded, 0, "c1", "killed")
    assert [m.state for m in facts.members(watch.state, "g")] == ["dead", "waiting"]
    assert facts.owner(watch.state, "g", "t", 0) == "c1", "the group has not noticed yet"
    assert facts.member_count(watch.state, "g") == 1
    watch.group("g", member("c1", t=(0,)), member("c2", t=(1,)))
    assert len(facts.members(watch.state, "g")) == 2
    watch.post(AssignmentReported, 0, "c2", (("t", 0), ("t", 1)))
    assert facts.owner(watch.state, "g", "t", 0) == "c2"
    watch.group("g", member("c2", t=(0, 1)))
    assert [m.name for m in facts.members(watch.state, "g")] == ["c2"]


def test_a_closed_consumer_is_gone_at_once() -> None:
    watch = lesson()
    watch.post(AssignmentReported, 0, "c1", (("t", 0),))
    watch.post(ClientEnded, 0, "c1", "closed")
    assert [m.name for m in facts.members(watch.state, "g")] == ["c2"]
    assert facts.owner(watch.state, "g", "t", 0) is None


def test_members_that_are_not_ours_stand_beside_ours() -> None:
    watch = lesson(1)
    watch.post(AssignmentReported, 0, "c1", (("t", 0),))
    watch.group("g", member("c1", t=(0,)), member("stranger", t=(1,)))
    assert [(m.name, m.member_id) for m in facts.members(watch.state, "g")] == [
        ("c1", "c1-0af1"),
        ("stranger", "stranger-0af1"),
    ]
    assert facts.owner(watch.state, "g", "t", 1) == "stranger"
    (group,) = facts.groups(watch.state)
    assert (group.members, group.topics) == (2, ("t",))


def test_a_group_of_ours_is_there_before_the_cluster_lists_it() -> None:
    watch = lesson(1)
    (group,) = facts.groups(watch.state)
    assert (group.name, group.members, group.topics) == ("g", 1, ("t",))
    assert isinstance(group.state, Unknown)


def test_the_ledger_adds_up_on_every_step() -> None:
    watch = lesson()
    watch.post(AssignmentReported, 0, "c1", (("t", 0), ("t", 1)))
    assert ledger(watch) == Ledger(0, 0, 0, 0, 0, 0, 0, 0)
    for number, (partition, offset) in enumerate([(0, 0), (0, 1), (1, 0), (0, 2)], 1):
        send(watch, number, partition, offset)
    assert ledger(watch) == Ledger(4, 0, 0, 4, 0, 0, 0, 0)
    watch.post(RecordSent, 0, "shop", 5, "t", "A")
    assert ledger(watch) == Ledger(5, 0, 0, 4, 0, 1, 0, 0)
    watch.post(RecordFailed, 0, "shop", 5, "timed out")
    assert ledger(watch) == Ledger(5, 0, 0, 4, 0, 0, 1, 0)
    watch.post(RecordDelivered, 0, "c1", "t", 0, 0, "A")
    assert ledger(watch) == Ledger(5, 0, 1, 3, 0, 0, 1, 0)
    watch.post(RecordProcessed, 0, "c1", "t", 0, 0)
    assert ledger(watch) == Ledger(5, 1, 0, 3, 0, 0, 1, 0)
    read(watch, "c1", 0, 0)
    assert ledger(watch) == Ledger(5, 1, 0, 3, 0, 0, 1, 1), "twice is still one record"
    watch.post(CommitMade, 0, "c1", "t", 0, 2)
    assert ledger(watch) == Ledger(5, 1, 0, 2, 0, 0, 2, 1), "offset 1 was committed and never processed"
    watch.post(RecordDelivered, 0, "c1", "t", 0, 0, "A")
    assert ledger(watch).in_hand == 0, "a record that is done and comes again is done"


def test_records_of_others_are_not_in_the_ledger() -> None:
    watch = lesson()
    watch.post(AssignmentReported, 0, "c1", (("t", 0),))
    send(watch, 1, 0, 100)
    read(watch, "c1", 0, 7)
    read(watch, "c1", 0, 300)
    assert ledger(watch) == Ledger(1, 0, 0, 1, 0, 0, 0, 0)
    read(watch, "c1", 0, 100)
    assert ledger(watch) == Ledger(1, 1, 0, 0, 0, 0, 0, 0)


def test_a_ledger_needs_a_producer_of_ours() -> None:
    assert isinstance(facts.ledger(Watch().state, "g"), Unknown)


def test_acks_0_tells_no_offset() -> None:
    watch = lesson()
    watch.post(RecordSent, 0, "shop", 1, "t", "A")
    watch.post(RecordProduced, 0, "shop", 1, "t", 0, -1, "A")
    assert facts.producers(watch.state)[0].acknowledged == 1
    assert ledger(watch).in_flight == 1, "nobody knows whether it arrived"


def test_a_topic_made_anew_forgets_its_records() -> None:
    watch = lesson()
    send(watch, 1, 0, 0)
    watch.topic("t", 2, id="another")
    assert watch.state.observed.driven.partitions == {}
    watch.ends(t={0: 1})
    assert facts.tape(watch.state, "t", 0, 5).cells == (Cell(0, None, False),)


def test_records_kept_are_bounded() -> None:
    watch = lesson()
    for number in range(600):
        watch.now_us = number * S // 100
        send(watch, number + 1, 0, number)
    assert len(watch.state.observed.driven.partitions["t"][0].last_records) == 256
    cells = facts.tape(watch.state, "t", 0, 600).cells
    assert [cell.offset for cell in cells if cell.seen] == list(range(344, 600))
    assert ledger(watch).sent == 600


def test_a_notice_changes_nothing() -> None:
    watch = lesson()
    before = facts.members(watch.state, "g")
    watch.post(ClientNotice, 0, "c1", "broker transport failure")
    assert facts.members(watch.state, "g") == before


def test_a_client_that_is_started_again_goes_on_counting() -> None:
    watch = lesson()
    watch.post(AssignmentReported, 0, "c1", (("t", 0),))
    send(watch, 1, 0, 0)
    read(watch, "c1", 0, 0)
    watch.post(RecordSent, 0, "shop", 2, "t", "A")
    for name in ("shop", "c1"):
        watch.post(ClientEnded, 0, name, "died", "it aborted")
    assert ledger(watch) == Ledger(2, 1, 0, 0, 0, 0, 1, 0), "nobody will tell what became of the second"
    watch.post(ProducerStarted, 0, "shop", "t", 2.0, "all", "murmur2_random")
    watch.post(ConsumerStarted, 0, "c1", "g", "t")
    send(watch, 1, 0, 1)
    assert ledger(watch) == Ledger(3, 1, 0, 1, 0, 0, 1, 0)
    assert facts.processed(watch.state, "g", "c1") == 1
    assert facts.members(watch.state, "g")[0].state == "joining"


def test_an_answer_that_is_told_after_the_end_is_not_lost() -> None:
    watch = lesson()
    watch.post(RecordSent, 0, "shop", 1, "t", "A")
    watch.post(ClientEnded, 0, "shop", "killed")
    assert ledger(watch).lost == 1
    watch.post(RecordProduced, 0, "shop", 1, "t", 0, 0, "A")
    assert ledger(watch) == Ledger(1, 0, 0, 1, 0, 0, 0, 0)
