"""A new leader whose high watermark is below the start of its epoch does not say where a log ends for consumers (R25)."""

from __future__ import annotations

from mqviz.kafka.errors import Error
from mqviz.model.kafka.clients.consumer.events import PositionsSet
from mqviz.model.kafka.protocol.requests import ListOffsetsRequest
from tests.sim.kafka.coordinator.transaction.test_coordinator import Owner, world
from tests.sim.kafka.worlds import MS, Outside, S, of, run
from tests.sim.worlds import Run

NOT_YET = (Error.OFFSET_NOT_AVAILABLE, -1)


def lagging(*more: str) -> Run:
    """Broker 3 is frozen, so 2 leads t with 8 records, of which it knows 5 to be committed; one record each 100 ms."""
    topic = "create topic t replicas=1/2/3"
    watched = run(topic, "add producer p topic=t rate=0/s linger=0s acks=1", *more).to(5 * S)
    for number in range(8):
        if number == 5:
            watched.to(7 * S).do("pause broker 3")
        watched.do("send record p").to(watched.backend.now_us + 100 * MS)
    watched.do("stop broker 1").to(8 * S)
    copy = watched.state.cluster.partition("t", 0).replicas[2]
    assert (copy.leader, copy.log.epochs, copy.high_watermark) == (2, [(0, 0), (1, 8)], 5)
    return watched


def listed(
    watched: Run, which: str, at_us: int = 0, committed: bool = False, broker: int = 2
) -> tuple[int, int]:
    """(error, offset) of the answer."""
    answer = Outside(watched).ask(ListOffsetsRequest(which, (("t", 0),), at_us, committed), broker)
    error, offset = answer.partitions[0][2:]
    return error, offset


def test_r25_the_end_is_not_available_and_the_beginning_is() -> None:
    watched = lagging()
    assert listed(watched, "latest") == listed(watched, "latest", committed=True) == NOT_YET
    assert listed(watched, "earliest") == (0, 0)


def test_r25_a_time_is_found_below_the_high_watermark_only() -> None:
    watched = lagging()
    assert listed(watched, "time", 5 * S + 250 * MS) == (0, 3)
    assert listed(watched, "time", 7 * S) == NOT_YET
    assert listed(watched, "time", 60 * S) == NOT_YET, "nor does it say that there is none"


def test_r25_it_is_over_when_the_high_watermark_has_reached_the_epoch() -> None:
    watched = lagging().do("resume broker 3").to(9 * S)
    assert listed(watched, "latest") == (0, 8)
    assert listed(watched, "time", 7 * S) == (0, 5)
    assert listed(watched, "time", 60 * S) == (0, -1)


def test_r25_an_open_transaction_from_before_the_epoch_is_no_reason() -> None:
    watched = world(brokers=3)
    owner = Owner(watched)
    owner.init()
    owner.send("x")
    leader = watched.state.cluster.partition("t", 0).leader
    watched.do(f"stop broker {leader}").to(watched.backend.now_us + S)
    now = watched.state.cluster.partition("t", 0)
    assert now.led.high_watermark == now.led.log.epochs[-1][1] == 1
    assert listed(watched, "latest", committed=True, broker=now.leader) == (0, 0)


def test_r25_a_consumer_asks_again_about_that_partition_alone() -> None:
    consumer = "add consumer c group=g topics=t,u auto_offset_reset=latest processing=0s"
    watched = lagging("create topic u replicas=2").do(consumer).to(12 * S)
    begun = [part[:3] for event in of(watched, PositionsSet) for part in event.positions]
    assert begun == [("u", 0, 0)]
    watched.do("resume broker 3").to(14 * S)
    begun = [part[:3] for event in of(watched, PositionsSet) for part in event.positions]
    assert begun == [("u", 0, 0), ("t", 0, 8)]
