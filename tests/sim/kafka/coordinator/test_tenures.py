"""Who read which partition when: no gap is invented, no pause is hidden."""

from __future__ import annotations

from mqviz import facts
from mqviz.model.kafka.clients.consumer.events import PartitionsAssigned, PartitionsRevoked
from tests.sim.kafka.worlds import S, of, run

GROUP = (
    "create topic t partitions=2",
    "add producer p topic=t rate=20/s keys=a,b,c,d",
    "add consumer c1 group=g topic=t processing=5ms auto_offset_reset=earliest",
)


def test_a_pause_is_the_time_between_two_readers() -> None:
    watched = run(*GROUP).to(5 * S).do("add consumer c2 group=g topic=t").to(15 * S)
    moved = facts.tenures(watched.state, "g")[1]
    assert [stretch.member for stretch in moved.stretches] == ["c1", "", "c2"]
    given_up = of(watched, PartitionsRevoked)[-1].at_us
    assert given_up == moved.stretches[1].begin_us
    assert (
        moved.paused_us(watched.state.now_us)
        == of(watched, PartitionsAssigned, consumer="c2")[0].at_us - given_up
        > 0
    )


def test_a_killed_reader_leaves_a_pause_that_goes_on() -> None:
    watched = run(*GROUP).to(5 * S).do("kill consumer c1").to(9 * S)
    for tenure in facts.tenures(watched.state, "g"):
        assert [stretch.member for stretch in tenure.stretches] == ["c1", ""]
        assert tenure.stretches[-1].end_us is None
        assert tenure.paused_us(9 * S) == 4 * S
