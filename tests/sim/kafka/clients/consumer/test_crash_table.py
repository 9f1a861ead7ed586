"""The crash table, row by row: what a crash of a consumer makes its group read again, do twice, or never do (R86)."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from mqviz.kafka.errors import Error
from mqviz.model.kafka.clients.consumer.events import (
    CommitEnded,
    RecordsProcessed,
    RecordsReturned,
    RecordsSkipped,
)
from mqviz.model.kafka.protocol.requests import FetchRequest
from mqviz.model.kafka.protocol.responses import FetchResponse
from tests.sim.kafka.clients.consumer.test_poll import filled
from tests.sim.kafka.coordinator.transaction.test_coordinator import Owner
from tests.sim.kafka.worlds import MS, Outside, S, cluster, of
from tests.sim.worlds import Run

N = 4
"""Records in the batch B that poll() returns."""
WORK_US = 100 * MS
READER = f"group=g topic=t auto_offset_reset=earliest processing={WORK_US // MS}ms"


def _done_us(run: Run, number: int) -> int:
    return of(run, RecordsProcessed)[number - 1].at_us


def _end_us(run: Run) -> int:
    return max(_done_us(run, N), *[event.at_us for event in of(run, CommitEnded)], 0)


MOMENTS: dict[str, Callable[[Run], int]] = {
    "before step 1": lambda run: of(run, RecordsReturned)[0].at_us - 1,
    "after C, before P": lambda run: of(run, CommitEnded)[0].at_us + 1,
    "2 of 4": lambda run: _done_us(run, 2) + WORK_US // 2,
    "P done, C not": lambda run: _done_us(run, N) + 1,
    "both done": lambda run: _end_us(run) + 1,
}
"""When the process dies, by what a run without a crash shows."""


def crashed(style: str, moment: str) -> Run:
    """c1 dies at that moment; c2 takes over with the same commit style and gets to the end."""
    probe = filled(N).do(f"add consumer c1 {READER} commit={style}").to(10 * S)
    at_us = MOMENTS[moment](probe)
    run = filled(N).do(f"add consumer c1 {READER} commit={style}").to(at_us - 2)
    if moment != "P done, C not":
        return _taken_over(run.to(at_us).do("kill consumer c1"), style)
    other = _bystander(run)  # the commit that follows at once does not get through while c1 is a member
    run.do(f"isolate broker {other} also=c1").to(at_us).do("kill consumer c1").to(60 * S)
    return _taken_over(run.do(f"heal broker {other}"), style)


def _bystander(run: Run) -> int:
    """A broker that neither leads t-0 nor coordinates g."""
    busy = run.state.cluster.groups["g"].coordinator, run.state.cluster.partition("t", 0).leader
    return next(number for number in run.state.cluster.brokers if number not in busy)


def _taken_over(run: Run, style: str) -> Run:
    return run.to(70 * S).do(f"add consumer c2 {READER} commit={style}").to(90 * S)


def outcome(run: Run) -> tuple[int, int, int, int]:
    """(read again or for the first time by c2, lost, done twice, recognised as done)."""
    again = sum(e - f for event in of(run, RecordsReturned, consumer="c2") for _, _, f, e in event.parts)
    times = [0] * N
    for event in of(run, RecordsProcessed):
        for offset in range(event.first, event.end):
            times[offset] += 1
    skipped = sum(event.end - event.first for event in of(run, RecordsSkipped))
    return again, times.count(0), sum(count > 1 for count in times), skipped


@pytest.mark.parametrize(
    ("style", "moment", "again", "lost", "twice", "skipped"),
    [
        # poll, C, P: at most once
        ("before", "before step 1", 4, 0, 0, 0),
        ("before", "after C, before P", 0, 4, 0, 0),
        ("before", "2 of 4", 0, 2, 0, 0),
        ("before", "both done", 0, 0, 0, 0),
        # poll, P, C: at least once
        ("after", "before step 1", 4, 0, 0, 0),
        ("after", "2 of 4", 4, 0, 2, 0),
        ("after", "P done, C not", 4, 0, 4, 0),
        ("after", "both done", 0, 0, 0, 0),
        ("async", "before step 1", 4, 0, 0, 0),
        ("async", "2 of 4", 4, 0, 2, 0),
        ("async", "P done, C not", 4, 0, 4, 0),
        ("async", "both done", 0, 0, 0, 0),
        # the same record by record
        ("each", "before step 1", 4, 0, 0, 0),
        ("each", "2 of 4", 2, 0, 0, 0),
        ("each", "P done, C not", 1, 0, 1, 0),
        ("each", "both done", 0, 0, 0, 0),
        # auto-commit of the Java client: C in a later poll (R83)
        ("auto", "before step 1", 4, 0, 0, 0),
        ("auto", "2 of 4", 4, 0, 2, 0),
        ("auto", "P done, C not", 4, 0, 4, 0),
        ("auto", "both done", 0, 0, 0, 0),
        # nobody commits
        ("none", "2 of 4", 4, 0, 2, 0),
        ("none", "both done", 4, 0, 4, 0),
        # poll, P deduped by id, C: effectively once
        ("dedupe", "before step 1", 4, 0, 0, 0),
        ("dedupe", "2 of 4", 4, 0, 0, 2),
        ("dedupe", "P done, C not", 4, 0, 0, 4),
        ("dedupe", "both done", 0, 0, 0, 0),
    ],
)
def test_r86_a_crash(style: str, moment: str, again: int, lost: int, twice: int, skipped: int) -> None:
    assert outcome(crashed(style, moment)) == (again, lost, twice, skipped)


# -- poll, P and C in one transaction: exactly once, for read_committed readers --------------------------------


class Worker(Owner):
    """Reads t, writes a result of each record to out, and commits its offsets in the same transaction."""

    def begin(self) -> int:
        """initTransactions(), then where the group goes on reading t."""
        while self.init():  # CONCURRENT_TRANSACTIONS while what another one left open is aborted
            self.run.to(self.run.backend.now_us + 100 * MS)
        offset = self.committed()[1]
        return max(0, offset)

    def work(self, values: list[str]) -> None:
        for value in values:
            self.send(f"done {value}", topic="out")


def _visible(run: Run, committed: bool) -> list[str | None]:
    """Results that a reader of out sees from the beginning."""
    leader = run.state.cluster.partition("out", 0)
    reader = Outside(run, f"reader {committed}")
    offset, found = 0, []
    while True:
        reply = reader.ask(
            FetchRequest((("out", 0, offset),), 10 * MS, committed=committed), leader.leader, 20 * MS
        )
        assert isinstance(reply, FetchResponse)
        if not reply.partitions:
            return found
        first, offset = reply.partitions[0].first, reply.partitions[0].end
        for batch in leader.led.log.read(first, offset):
            hidden = committed and leader.led.log.transactions.hides(batch)
            if not batch.control and not hidden:
                found += [batch.value(index) for index in range(batch.count)]


@pytest.mark.parametrize(
    ("moment", "again", "unseen"),
    [
        ("before step 1", 4, 0),
        ("2 of 4", 4, 2),
        ("P done, C not", 4, 4),
        ("P and C done, not ended", 4, 4),
        ("both done", 0, 0),
    ],
)
def test_r86_a_crash_inside_a_transaction_is_unseen_by_read_committed(
    moment: str, again: int, unseen: int
) -> None:
    run = Run(cluster("create topic t", "create topic out", brokers=1)).to(10 * MS)
    values = ["a", "b", "c", "d"]
    worker = Worker(run, "first")
    begun = worker.begin()
    worker.work({"before step 1": [], "2 of 4": values[:2]}.get(moment, values[begun:]))
    if moment in ("P and C done, not ended", "both done"):
        worker.offsets(N)
    if moment == "both done":
        worker.end()
    follower = Worker(run, "second")  # the first one is never heard of again
    begun = follower.begin()
    assert N - begun == again
    follower.work(values[begun:])
    follower.offsets(N)
    follower.end()
    run.to(run.backend.now_us + S)
    assert _visible(run, committed=True) == [f"done {value}" for value in values]
    assert len(_visible(run, committed=False)) == N + unseen
    assert follower.committed() == (Error.NONE, N)
