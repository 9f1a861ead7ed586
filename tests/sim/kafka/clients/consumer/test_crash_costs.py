"""What a crash is said to cost is what it costs: any commit style, any moment of death (R86)."""

from __future__ import annotations

from collections import Counter
from random import Random

import pytest

from mqviz import facts
from mqviz.facts.crash import Exposure
from mqviz.model.kafka.clients.consumer.events import RecordsProcessed, RecordsReturned
from tests.sim.kafka.worlds import MS, S, of, run
from tests.sim.worlds import Run

STYLES = ("before", "after", "each", "async", "auto", "none", "dedupe")


def exposure(watched: Run) -> Exposure:
    (found,) = facts.exposures(watched.state, "t", 0)
    return found


def done(watched: Run) -> Counter[int]:
    """How often each offset was worked on, by the events."""
    events = of(watched, RecordsProcessed)
    return Counter(offset for event in events for offset in range(event.first, event.end))


@pytest.mark.parametrize("seed", range(21))
def test_r86_the_cost_that_is_told_is_the_one_that_comes(seed: int) -> None:
    draw = Random(seed)
    style, most, work_ms = STYLES[seed % 7], draw.choice((2, 5, 8)), draw.choice((20, 45, 90))
    reader = (
        f"group=g topic=t auto_offset_reset=earliest commit={style} processing={work_ms}ms max_poll_records={most} "
        "session_timeout=6s heartbeat_interval=1s auto.commit.interval.ms=1000"
    )
    watched = run("create topic t", "add producer p topic=t rate=20/s count=60 linger=0s", seed=seed)
    watched.do(f"add consumer c1 {reader}").to(draw.randrange(300, 3_500) * MS).do("kill consumer c1")
    watched.to(watched.backend.now_us + 100 * MS)  # what was on its way has arrived
    told = exposure(watched)
    assert told.member == ""
    watched.do(f"add consumer c2 {reader}").to(watched.backend.now_us + 16 * S)
    found, times = exposure(watched), done(watched)
    assert found.tally.waiting == found.tally.in_hand == 0

    taken = of(watched, RecordsReturned, consumer="c2")
    again = sum(max(0, min(end, told.position) - first) for e in taken for _, _, first, end in e.parts)
    assert again == told.now.again == found.did.again
    assert sum(count > 1 for count in times.values()) == told.now.twice == found.did.twice
    assert 60 - len(times) == told.now.lost + told.did.lost == found.did.lost
    assert {o for o, count in times.items() if count > 1} <= set(range(told.begin, told.position))
    if style == "before":
        assert not told.now.twice
    elif style != "none":
        assert not found.did.lost
