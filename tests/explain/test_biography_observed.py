"""The biography of a record on a real cluster: every line was told or seen, and what nobody saw is said to be so."""

from __future__ import annotations

from mqviz.explain.biography import biography
from mqviz.facts.views import Biography
from mqviz.model.observed.clients.events import (
    AssignmentReported,
    ClientEnded,
    ClientNotice,
    ClientPaused,
    ClientResumed,
    CommitMade,
    ConsumerStarted,
    ProducerStarted,
    RecordDelivered,
    RecordProcessed,
    RecordProduced,
    RecordSent,
)
from tests.model.observed.watch import S, Watch

MS = 1_000
BORN = [
    ' 1.000 done   produced: shop, key "alice" to P0',
    " 1.008 done   acked: offset 4, told to shop +8",
    "        unseen not seen: when it was appended, copied and readable",
]
FIRST = [*BORN, " 1.100 done   delivered: to c1 +92"]
DONE = [*FIRST, " 1.500 done   processed: by c1 +400"]


class Run(Watch):
    """A watched lesson: a producer, and consumers of one group, the first of which owns P0."""

    def __init__(self, *consumers: str, acks: str = "all") -> None:
        super().__init__()
        self.topic("t", 2)
        self.post(ProducerStarted, 0, "shop", "t", 2.0, acks, "murmur2")
        for name in consumers or ("c1", "c2"):
            self.post(ConsumerStarted, 0, name, "g", "t")
        self.owns("c1", 0, 1)

    def at(self, seconds: float) -> Run:
        self.now_us = round(seconds * S)
        return self

    def owns(self, consumer: str, *partitions: int, settled: bool = True) -> None:
        self.post(AssignmentReported, 0, consumer, tuple(("t", p) for p in partitions), settled)

    def send(self, offset: int, key: str | None = "alice", number: int = 1) -> None:
        """Sent now, acknowledged 8 ms later."""
        sent_us = self.now_us
        self.post(RecordSent, sent_us, "shop", number, "t", key)
        self.now_us += 8 * MS
        self.post(RecordProduced, sent_us, "shop", number, "t", 0, offset, key)

    def gets(self, consumer: str, offset: int = 4, key: str | None = "alice") -> None:
        self.post(RecordDelivered, 0, consumer, "t", 0, offset, key)

    def does(self, consumer: str, offset: int = 4) -> None:
        self.post(RecordProcessed, 0, consumer, "t", 0, offset)

    def commits_to(self, consumer: str, offset: int) -> None:
        self.post(CommitMade, 0, consumer, "t", 0, offset)

    def ended(self, name: str, how: str = "killed") -> None:
        self.post(ClientEnded, 0, name, how)

    def told(self, offset: int = 4) -> Biography:
        found = biography(self.events, "t", 0, offset)
        assert found is not None
        return found

    def lines(self, offset: int = 4) -> list[str]:
        """The stations as text: time, sign, what, detail, ms since the line before."""
        found = []
        for s in self.told(offset).stations:
            unseen = s.sign == "unseen"
            at = f"{s.at_us / S:6.3f}" if not unseen else ""
            after = f" +{s.after_us // MS}" if s.after_us and not unseen else ""
            found.append(f"{at:6} {'' if not unseen else ' '}{s.sign:<6} {s.what}: {s.detail}{after}")
        return found


def delivered(*consumers: str) -> Run:
    """alice has offset 4 and is in the hands of c1."""
    run = Run(*consumers)
    run.at(1).send(4)
    run.at(1.1).gets("c1")
    return run


def processed(commit: int | None = 4) -> Run:
    """c1 has done its work for alice, and the group has committed `commit`."""
    run = Run()
    if commit is not None:
        run.at(0.5).commits_to("c1", commit)
    run.at(1).send(4)
    run.at(1.1).gets("c1")
    run.at(1.5).does("c1")
    return run


# -- once ------------------------------------------------------------------------------------------------------


def test_a_life_from_send_to_commit() -> None:
    run = processed()
    run.at(1.6).commits_to("c1", 5)
    assert run.lines() == [*DONE, " 1.600 done   committed: 5, by c1 +100"]
    told = run.told()
    assert (told.key, told.seen, told.delivered) == ("alice", True, 1)
    assert told.verdict == "once: c1 processed it and committed"


def test_told_as_far_as_it_has_come() -> None:
    run = Run()
    run.at(1).send(4)
    assert run.lines() == BORN
    assert run.told().verdict == "not yet: it waits to be read"
    run.at(1.1).gets("c1")
    assert run.lines() == FIRST
    assert run.told().verdict == "once: c1 has not committed it yet, so it may come again"


def test_nobody_asks_for_a_partition_that_nobody_owns() -> None:
    run = Run()
    run.owns("c1", 1)
    run.events = [event for event in run.events if not isinstance(event, AssignmentReported)]
    run.at(1).send(4)
    assert run.told().verdict == "nobody has asked for it yet"


def test_a_null_key_and_acks_of_the_leader_alone() -> None:
    run = Run(acks="1")
    run.at(1).send(4, None)
    assert run.lines()[:2] == [
        " 1.000 done   produced: shop, no key to P0",
        " 1.008 done   acked: offset 4, by the leader alone +8",
    ]
    assert run.told().key is None
    assert run.told().seen


def test_events_of_other_records_partitions_and_topics_are_not_its_own() -> None:
    run = processed()
    run.gets("c1", 5)
    run.post(RecordDelivered, 0, "c1", "t", 1, 4, "bob")
    run.post(RecordProcessed, 0, "c1", "u", 0, 4)
    run.post(CommitMade, 0, "c1", "t", 1, 9)
    run.ended("c2")
    assert run.lines() == DONE


def test_a_record_that_is_read_before_its_producer_is_told() -> None:
    run = Run()
    run.at(1).post(RecordSent, S, "shop", 1, "t", "alice")
    run.at(1.1).gets("c1")
    assert run.lines()[0] == "        unseen produced: perhaps by shop, not told an offset"
    run.at(1.2).post(RecordProduced, S, "shop", 1, "t", 0, 4, "alice")
    assert run.lines() == [
        BORN[0],
        " 1.100 done   delivered: to c1 +100",
        " 1.200 done   acked: offset 4, told to shop +100",
        BORN[2],
    ]


# -- twice, and why --------------------------------------------------------------------------------------------


def test_killed_before_the_commit() -> None:
    run = processed()
    run.at(1.9).ended("c1")
    run.at(8).owns("c2", 0)
    run.at(12).gets("c2")
    run.at(12.4).does("c2")
    run.at(12.5).commits_to("c2", 5)
    assert run.lines() == [
        *DONE,
        " 1.900 bad    c1 is killed: no commit of 5 seen +400",
        " 1.900 wait   6.1 s: nobody reads P0",
        " 8.000 wait   c2 gets P0: and starts at committed 4 +6100",
        " 8.000 wait   4.0 s: waits to be read in P0",
        "12.000 wait   delivered: to c2, from committed 4  ×2 +4000",
        "12.400 wait   processed: by c2  ×2 +400",
        "12.500 done   committed: 5, by c2 +100",
    ]
    assert run.told().delivered == 2
    assert run.told().verdict == (
        "twice, because c1 had processed it and was killed before it committed 5; "
        "c2 starts at the committed offset, 4"
    )


def test_killed_with_the_record_in_hand_and_nothing_committed() -> None:
    run = delivered()
    run.at(1.2).ended("c1")
    run.at(2).owns("c2", 0)
    run.gets("c2")
    assert run.lines()[4:] == [
        " 1.200 bad    c1 is killed: no commit of 5 seen +100",
        " 2.000 wait   c2 gets P0: nothing was committed +800",
        " 2.000 wait   delivered: to c2  ×2",
    ]
    assert run.told().verdict == (
        "twice, because c1 had it in hand and was killed before it committed 5; "
        "nothing was committed, so c2 starts over"
    )


def test_the_new_owner_starts_at_the_commit_of_when_it_took_over() -> None:
    """What is committed later, on the way to the record, is not where it started."""
    run = processed(commit=2)
    run.at(2).ended("c1")
    run.at(3).owns("c2", 0)
    run.at(3.1).commits_to("c2", 4)
    run.at(3.2).gets("c2")
    assert run.lines()[-1] == " 3.200 wait   delivered: to c2, from committed 2  ×2 +200"
    assert run.told().verdict.endswith("; c2 starts at the committed offset, 2")


def test_revoked_before_the_commit() -> None:
    run = processed()
    run.at(2).owns("c1", settled=False)
    run.at(2.1).owns("c2", 0)
    run.at(2.2).gets("c2")
    assert run.lines()[5:] == [
        " 2.000 bad    c1 loses P0: no commit of 5 seen +500",
        " 2.100 wait   c2 gets P0: and starts at committed 4 +100",
        " 2.200 wait   delivered: to c2, from committed 4  ×2 +100",
    ]
    assert run.told().verdict == (
        "twice, because c1 had processed it and lost P0 before it committed 5; "
        "c2 starts at the committed offset, 4"
    )


def test_revoked_and_given_back_to_the_same_member() -> None:
    run = delivered()
    run.at(2).owns("c1", settled=False)
    run.owns("c1", 0)
    run.at(2.1).gets("c1")
    assert run.told().verdict == (
        "twice, because c1 had it in hand and lost P0 before it committed 5; "
        "nothing was committed, so c1 starts over"
    )


def test_a_commit_whose_answer_comes_just_after_the_partition_went_lost_nothing() -> None:
    run = processed()
    run.at(1.598).owns("c1", settled=False)
    assert run.lines()[-1] == " 1.598 bad    c1 loses P0: no commit of 5 seen +98"
    run.at(1.6).commits_to("c1", 5)
    run.at(4).owns("c2", 0)
    assert run.lines() == [*DONE, " 1.600 done   committed: 5, by c1 +100"]
    assert run.told().verdict == "once: c1 processed it and committed"


def test_closed_with_the_record_in_hand() -> None:
    run = delivered()
    run.at(1.2).owns("c1", settled=False)
    run.at(1.21).ended("c1", "closed")
    run.at(1.5).gets("c2")
    assert run.lines()[4:6] == [
        " 1.200 bad    c1 loses P0: no commit of 5 seen +100",
        " 1.210 bad    c1 closes: no commit of 5 seen +10",
    ]
    assert "because c1 had it in hand and closed before it committed 5; " in run.told().verdict


def test_frozen_until_the_group_gave_up_on_it() -> None:
    run = processed()
    run.at(2).post(ClientPaused, 0, "c1")
    run.at(50).owns("c2", 0)
    run.gets("c2")
    assert run.lines()[5:] == [
        " 2.000 bad    c1 freezes: no commit of 5 seen +500",
        " 2.000 wait   48 s: nobody reads P0",
        "50.000 wait   c2 gets P0: and starts at committed 4 +48000",
        "50.000 wait   delivered: to c2, from committed 4  ×2",
    ]
    assert "c1 had processed it and was frozen before it committed 5" in run.told().verdict


def test_frozen_and_let_go_on_in_time() -> None:
    run = delivered()
    run.at(2).post(ClientPaused, 0, "c1")
    run.at(3).post(ClientResumed, 0, "c1")
    run.at(3.1).does("c1")
    run.at(3.2).commits_to("c1", 5)
    assert run.lines()[4:] == [
        " 2.000 bad    c1 freezes: no commit of 5 seen +900",
        " 3.000 done   c1 goes on: it was frozen +1000",
        " 3.100 done   processed: by c1 +100",
        " 3.200 done   committed: 5, by c1 +100",
    ]
    assert run.told().verdict == "once: c1 processed it and committed"


def test_an_abort_and_a_restart_of_the_same_consumer() -> None:
    run = processed()
    run.at(2).ended("c1", "died")
    run.post(ClientNotice, 0, "c1", "its process ended with signal SIGABRT; it is started again")
    run.post(ConsumerStarted, 0, "c1", "g", "t")
    run.at(48).owns("c1", 0, 1)
    run.gets("c1")
    assert run.lines()[5:7] == [
        " 2.000 bad    c1 dies: no commit of 5 seen +500",
        " 2.000 wait   notice: c1: its process ended with signal SIGABRT; it is started again",
    ]
    assert run.told().verdict == (
        "twice, because c1 had processed it and died before it committed 5; "
        "c1 starts at the committed offset, 4"
    )


def test_a_commit_that_reached_the_broker_though_its_maker_did_not_live_to_tell() -> None:
    run = processed()
    run.at(1.6).ended("c1")
    run.at(2).commits("g", t={0: 5})
    run.at(9).owns("c2", 0)
    assert run.lines()[5:] == [
        " 1.600 bad    c1 is killed: no commit of 5 seen +100",
        " 2.000 done   committed: 5, as its coordinator says +400",
    ]
    assert run.told().delivered == 1


def test_an_older_answer_of_the_coordinator_takes_no_commit_back() -> None:
    run = delivered()
    run.at(1.2).commits_to("c1", 4)
    run.at(1.3).commits("g", t={0: 2})
    run.at(2).ended("c1")
    run.at(9).owns("c2", 0)
    run.gets("c2")
    assert run.told().verdict.endswith("c2 starts at the committed offset, 4")


def test_a_group_that_was_set_back_reads_again() -> None:
    run = processed()
    run.commits_to("c1", 5)
    run.at(2).owns("c1", settled=False)
    run.ended("c1", "closed")
    run.at(3).commits("g", t={0: 0})
    run.at(4).owns("c2", 0)
    run.gets("c2")
    assert run.told().verdict == "twice, because g was set back; c2 starts at the committed offset, 0"


def test_three_times_tells_the_last_reason() -> None:
    run = processed()
    run.at(2).ended("c1")
    run.at(3).gets("c2")
    run.at(4).owns("c2", settled=False)
    run.post(ConsumerStarted, 0, "c3", "g", "t")
    run.owns("c3", 0)
    run.gets("c3")
    told = run.told()
    assert told.delivered == 3
    assert told.verdict == (
        "3 times, because c2 had it in hand and lost P0 before it committed 5; "
        "c3 starts at the committed offset, 4"
    )


def test_two_groups_are_told_apart() -> None:
    run = processed()
    run.commits_to("c1", 5)
    run.at(2).post(ConsumerStarted, 0, "a1", "audit", "t")
    run.owns("a1", 0, 1)
    run.at(2.1).gets("a1")
    assert run.lines()[-1] == " 2.100 done   delivered: to a1 (audit) +600"
    assert run.told().verdict == (
        "audit: once: a1 has not committed it yet, so it may come again; "
        "g: once: c1 processed it and committed"
    )
