"""A share consumer's fetch goes on waiting between two polls, and what it buffered is returned in portions (R131)."""

from __future__ import annotations

import pytest

from mqviz.model.kafka.clients.share.events import ShareCommitEnded, ShareRecordsReturned
from tests.sim.kafka.coordinator.share.worlds import TOPIC, runs, share_run
from tests.sim.kafka.worlds import MS, S, of
from tests.sim.worlds import Run

PRODUCER = "add producer p topic=t rate=0/s linger=5ms batch_size=1MiB"


def members(*names: str, topic: str = TOPIC, brokers: int = 1, max_poll_records: int = 500) -> Run:
    """Members that are led by hand, and each has polled once in vain."""
    run = share_run(topic, PRODUCER, brokers=brokers).to(S)
    for name in names:
        run.do(f"add share-consumer {name} group=g topic=t calls=manual max_poll_records={max_poll_records}")
    return polled(run.to(2 * S), *names, wait_ms=300).to(12 * S)


def polled(run: Run, *names: str, wait_ms: int = 1000) -> Run:
    for name in names:
        run.do(f"poll share-consumer {name} timeout={wait_ms}ms")
    return run


def got(run: Run, name: str) -> list[list[tuple[int, int]]]:
    """(first, end) of what each poll() of a member returned that returned something."""
    returned = [event.parts for event in of(run, ShareRecordsReturned, consumer=name)]
    return [[(first, end) for _, _, first, end, _ in parts] for parts in returned if parts]


def test_r131_who_polled_in_vain_gets_the_records_although_somebody_else_polls_now() -> None:
    run = members("s1", "s2")
    run = polled(run, "s2").do("send record p count=30").to(14 * S)
    assert got(run, "s1") == got(run, "s2") == []
    assert runs(run) == [(0, 30, "Acquired", 1)]
    began_us = run.backend.now_us
    polled(run, "s1").to(began_us + 1)
    assert got(run, "s1") == [[(0, 30)]], "it was kept for its next poll()"


def test_r131_batches_that_come_one_by_one_go_to_the_fetches_that_wait() -> None:
    """Three members polled at the same time, and 30 records came in batches of 1, 1 and 28: on a real broker, too."""
    run = polled(members("s1", "s2", "s3"), "s1", "s2", "s3")
    for count in (1, 1, 28):
        run.do(f"send record p count={count}").to(run.backend.now_us + 10 * MS)
    assert sorted(got(run.to(20 * S), name) for name in ("s1", "s2", "s3")) == [
        [[(0, 1)]],
        [[(1, 2)]],
        [[(2, 30)]],
    ]


def test_r131_one_batch_goes_to_one_of_them() -> None:
    run = polled(members("s1", "s2", "s3"), "s1", "s2", "s3").do("send record p count=30").to(20 * S)
    assert sorted(got(run, name) for name in ("s1", "s2", "s3")) == [[], [], [[(0, 30)]]]


def test_r131_a_commit_does_not_wait_for_the_fetch() -> None:
    run = members("s1").do("commit share-consumer s1")
    run.to(run.backend.now_us + 1)
    assert [event.results for event in of(run, ShareCommitEnded)] == [()]


def test_r131_nothing_more_is_fetched_when_records_came() -> None:
    run = polled(members("s1"), "s1").do("send record p count=2").to(13 * S)
    run.do("send record p count=2").to(20 * S)
    assert runs(run) == [(0, 2, "Acquired", 1)], "two more wait in the log, as the application is busy"


def test_r131_poll_returns_no_more_than_max_poll_records_of_what_was_acquired_at_once() -> None:
    """A member that takes 500 acquired 8 batches of 1 and released them: one that takes 3 acquires all 8, and polls 3, 3 and 2."""
    run = share_run(TOPIC, PRODUCER).to(S)
    for _ in range(8):
        run.do("send record p").to(run.backend.now_us + 20 * MS)
    explicit = "share.acknowledgement.mode=explicit"
    run.do(f"add share-consumer s1 group=g topic=t calls=manual {explicit}").to(2 * S)
    polled(run, "s1").to(3 * S).do("acknowledge share-consumer s1 type=release", "commit share-consumer s1")
    run.to(4 * S).do("kill share-consumer s1")
    run.do("add share-consumer s2 group=g topic=t calls=manual max_poll_records=3").to(6 * S)
    for number in range(3):
        polled(run, "s2").to((7 + number) * S)
    assert got(run, "s2") == [[(0, 3)], [(3, 6)], [(6, 8)]]


@pytest.mark.parametrize(("most", "polls"), [(500, [[(0, 4), (0, 4)]]), (3, [[(0, 4)], [(0, 4)]])])
def test_r131_what_two_leaders_answered_between_two_polls_is_returned_as_far_as_it_fits(
    most: int, polls: list[list[tuple[int, int]]]
) -> None:
    run = members("s1", topic="create topic t partitions=2", brokers=2, max_poll_records=most)
    for partition in (0, 1):
        run.do(f"send record p partition={partition} count=4")
    run.to(14 * S)
    for number in range(2):
        polled(run, "s1", wait_ms=300).to((15 + number) * S)
    assert got(run, "s1") == polls
