"""A copy forgets the leader epochs of which the log start has left no record, and its first epoch begins at the log start (R25)."""

from __future__ import annotations

from mqviz.model.kafka.log.batch import Batch
from mqviz.model.kafka.log.state import Log
from mqviz.model.kafka.protocol.requests import DeleteRecordsRequest
from tests.sim.kafka.log.test_retention import scaled_cluster
from tests.sim.kafka.worlds import Outside, S
from tests.sim.worlds import Run


def log() -> Log:
    """Epochs 0, 1 and 2 begin at offsets 0, 4 and 8; the log ends at 10."""
    found = Log()
    for base in range(10):
        found.append(Batch(base, 1, 70, "p", -1, -1, base, 0, base // 4, base, base, (None,)))
    return found


def cut(offset: int) -> list[tuple[int, int]]:
    found = log()
    found.delete_before(offset)
    return found.epochs


def test_r25_epochs_without_records_are_forgotten_and_the_first_one_begins_at_the_log_start() -> None:
    assert cut(0) == [(0, 0), (1, 4), (2, 8)]
    assert cut(3) == [(0, 3), (1, 4), (2, 8)]
    assert cut(4) == [(1, 4), (2, 8)]
    assert cut(6) == [(1, 6), (2, 8)]
    assert cut(10) == [(2, 10)]


def test_r25_a_leader_that_has_forgotten_an_epoch_says_where_its_first_one_begins() -> None:
    found = log()
    assert found.end_of_epoch(0) == (0, 4)
    found.delete_before(6)
    assert found.end_of_epoch(0) == (0, 6)
    assert found.end_of_epoch(1) == (1, 8)
    found.begin_epoch(5)
    assert found.end_of_epoch(2) == (2, 10)


def test_r25_every_copy_is_cut_where_its_own_log_begins() -> None:
    topic, producer = "create topic t replication_factor=3", "add producer p topic=t rate=20/s linger=0s"
    world = Run(scaled_cluster(topic, producer, brokers=3))
    world.to(S).do("stop broker 1").to(4 * S).do("restart broker 1").to(40 * S)
    copies = world.state.cluster.partition("t", 0).replicas
    leader = world.state.cluster.partition("t", 0).leader
    (_, second) = copies[leader].log.epochs[1]
    assert all(copy.log.epochs[1] == (1, second) for copy in copies.values())
    Outside(world).ask(DeleteRecordsRequest((("t", 0, second + 3),)), leader)
    world.to(world.backend.now_us + 2 * S)
    assert all(copy.log.epochs[0] == (1, second + 3) for copy in copies.values())
