"""A share fetch over several partitions of one broker: which of them give records, and how many (R131).

Recorded with Kafka 4.2.1 and its Java client: 3 partitions with a batch of 10 each, polled by one member of a new group.
"""

from __future__ import annotations

import pytest

from mqviz.model.kafka.clients.share.events import ShareRecordsReturned
from mqviz.model.kafka.protocol.requests import ShareFetchRequest
from mqviz.model.kafka.protocol.responses import ShareFetchResponse
from tests.sim.kafka.coordinator.share.test_partition import Member
from tests.sim.kafka.coordinator.share.worlds import share_run
from tests.sim.kafka.worlds import MS, S, of
from tests.sim.worlds import Run

PRODUCER = "add producer p topic=t rate=0/s linger=5ms batch_size=1MiB"


def world(batches: int = 1, partitions: int = 3) -> Run:
    """Each of the partitions has so many batches of 10."""
    return filled(share_run(f"create topic t partitions={partitions}", PRODUCER).to(S), batches, partitions)


def filled(run: Run, batches: int, partitions: int) -> Run:
    for _ in range(batches):
        for partition in range(partitions):
            run.do(f"send record p partition={partition} count=10").to(run.backend.now_us + 20 * MS)
    return run


@pytest.mark.parametrize(("most", "polls"), [(500, [[0], [1, 2]]), (15, [[0], [1, 2]]), (7, [[0], [1], [2]])])
def test_r131_the_first_fetch_of_a_group_gives_one_partition_and_the_next_the_others(
    most: int, polls: list[list[int]]
) -> None:
    run = world().do(f"add share-consumer s1 group=g topic=t processing=0s max_poll_records={most}").to(9 * S)
    returned = [[number for _, number, *_ in event.parts] for event in of(run, ShareRecordsReturned)]
    assert [parts for parts in returned if parts] == polls


@pytest.mark.parametrize(
    ("partitions", "batches", "most", "order"),
    [(3, 4, 1, [1, 0, 2, 0, 1, 2, 1, 0, 2, 0, 1, 2]), (3, 4, 15, [1, 0, 2, 0, 1, 2]), (2, 3, 25, [1, 0])],
)
def test_r131_each_fetch_of_a_session_begins_with_another_partition(
    partitions: int, batches: int, most: int, order: list[int]
) -> None:
    """Recorded twice with raw requests: one fetch in vain, then so many batches of 10 to each partition."""
    run, places = world(0, partitions), tuple(("t", number) for number in range(partitions))
    member, given = Member(run), []
    for epoch in range(len(order) + 1):
        reply = member.ask(ShareFetchRequest("g", "m", epoch, places, most), within_us=600 * MS)
        assert isinstance(reply, ShareFetchResponse)
        given += [number for _, number, *_ in reply.partitions]
        if epoch == 0:
            filled(run, batches, partitions)
    assert given == order
